@network
Feature: Names of Services
  Nobody has to know an address: whoever knows a Service's name asks the cluster's DNS, which is a Service itself.

  # What the domain of the cluster is called, no API tells: it is learned from what a Pod is told. Names that end with a dot are asked for
  # as they are; others go through the Pod's search list.
  Background:
    Given these objects exist:
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: client}
      spec:
        containers: [{name: client, image: "${image}", command: [/workload, wait]}]
      """
    And Pod "client" is Ready
    And the domain of the cluster, as Pod "client" is told, is remembered as "domain"

  @services/dns-name
  Rule: a Service has a name, that leads to its cluster IP

    Scenario: by its short name, with its namespace, and in full; over UDP and TCP
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pod "one" is Ready
      And "spec.clusterIP" of Service "web" is remembered as "address"
      Then Pod "client" comes to resolve "web" to exactly "${address}"
      And Pod "client" comes to resolve "web.${namespace}" to exactly "${address}"
      And Pod "client" comes to resolve "web.${namespace}.svc" to exactly "${address}"
      And Pod "client" comes to resolve "web.${namespace}.svc.${domain}." to exactly "${address}"
      And Pod "client" comes to resolve "web.${namespace}.svc.${domain}." over TCP to exactly "${address}"
      And requests from Pod "client" to "http://web/" come to be answered by exactly the Pods "one"

    Scenario: a Service of another namespace, by its name and that
      Given the address of the API server's Service, as Pod "client" may know it, is remembered as "address"
      Then Pod "client" comes to resolve "kubernetes.default" to exactly "${address}"
      And Pod "client" comes to be told that there is no name "kubernetes.${namespace}.svc.${domain}."

    # A resolver that is told that there is no such name, because it asked for an address of the other family, gives up.
    Scenario: a name that has no address of the other family exists nonetheless
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ipFamilyPolicy: SingleStack, ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      Then Pod "client" comes to resolve "web.${namespace}.svc.${domain}." to exactly "${address}"
      And Pod "client" comes to resolve "web.${namespace}.svc.${domain}." to no address of another family than "${address}"

    Scenario: what is not there has no name, what comes gets one, and what goes loses it
      Given Pod "client" comes to be told that there is no name "web.${namespace}.svc.${domain}."
      And Pod "client" comes to be told that there is no name "web.no-such-namespace.svc.${domain}."
      And Pod "client" comes to be told that there is no name "web.${namespace}.${domain}."
      When these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      Then Pod "client" comes to resolve "web.${namespace}.svc.${domain}." to exactly "${address}"
      When Service "web" is deleted
      Then Pod "client" comes to be told that there is no name "web.${namespace}.svc.${domain}."

    Scenario: a Service that is made anew with another address is found there
      Given an address of the range that is free is remembered as "second"
      And these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "web" is remembered as "first"
      And Pod "client" comes to resolve "web" to exactly "${first}"
      When Service "web" is deleted
      And these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: "${second}", ports: [{port: 80}]}}
        """
      Then Pod "client" comes to resolve "web" to exactly "${second}"

    Scenario: ports that have names are found by them; addresses lead back to names
      Given these objects exist:
        """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {ports: [{name: http, port: 80}, {name: metrics, port: 9090}, {name: lookup, protocol: UDP, port: 53}]}
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And the name under which "${address}" is asked for in reverse is remembered as "reverse"
      Then Pod "client" comes to resolve "_http._tcp.web.${namespace}.svc.${domain}." as SRV to exactly "80 web.${namespace}.svc.${domain}."
      And Pod "client" comes to resolve "_metrics._tcp.web.${namespace}.svc.${domain}." as SRV to exactly "9090 web.${namespace}.svc.${domain}."
      And Pod "client" comes to resolve "_lookup._udp.web.${namespace}.svc.${domain}." as SRV to exactly "53 web.${namespace}.svc.${domain}."
      And Pod "client" comes to be told that there is no name "_http._udp.web.${namespace}.svc.${domain}."
      And Pod "client" comes to resolve "${reverse}" as PTR to exactly "web.${namespace}.svc.${domain}."

  @services/dns-name
  Rule: a headless Service's name leads to its Pods

    Scenario: to those that are ready, as they come and go
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: web}}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1, failureThreshold: 1}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {clusterIP: None, selector: {app: web}, ports: [{port: 8080}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: all}
        spec: {clusterIP: None, selector: {app: web}, publishNotReadyAddresses: true, ports: [{port: 8080}]}
        """
      And Pods "one, two" are Ready
      And "status.podIP" of Pod "one" is remembered as "first"
      And "status.podIP" of Pod "two" is remembered as "second"
      Then Pod "client" comes to resolve "web" to exactly "${first}, ${second}"
      # Which of them is asked is up to the order in which the name server tells them.
      When Pod "client" sends 8 requests to "http://web:8080/"
      Then every request is answered
      When container "app" of Pod "two" executes "/workload control path=/ready status=503"
      And Pod "two" becomes unready
      Then Pod "client" comes to resolve "web" to exactly "${first}"
      And Pod "client" comes to resolve "all" to exactly "${first}, ${second}"
      When container "app" of Pod "two" executes "/workload control path=/ready status=200"
      And Pod "two" becomes Ready
      Then Pod "client" comes to resolve "web" to exactly "${first}, ${second}"
      When Pod "one" is deleted with a grace period of 0 seconds
      Then Pod "client" comes to resolve "web" to exactly "${second}"

    @services/endpoints-object
    Scenario: to its Pods, though it names no port
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        {apiVersion: v1, kind: Service, metadata: {name: bare}, spec: {clusterIP: None, selector: {app: web}}}
        """
      And Pod "one" is Ready
      And "status.podIP" of Pod "one" is remembered as "first"
      Then the ready endpoints of Service "bare" come to be exactly the Pods "one"
      And the Endpoints "bare" come to list exactly the Pods "one"
      And Pod "client" comes to resolve "bare" to exactly "${first}"

    Scenario: a Pod with a host name below the Service's has a name of its own
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: db}}
        spec:
          hostname: primary
          subdomain: db
          containers: [{name: client, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: db}}
        spec:
          subdomain: db
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: db}
        spec: {clusterIP: None, selector: {app: db}, ports: [{name: http, port: 8080}]}
        """
      And Pods "one, two" are Ready
      And "status.podIP" of Pod "one" is remembered as "first"
      And "status.podIP" of Pod "two" is remembered as "second"
      And the name under which "${first}" is asked for in reverse is remembered as "reverse"
      Then Pod "client" comes to resolve "db" to exactly "${first}, ${second}"
      And Pod "client" comes to resolve "primary.db" to exactly "${first}"
      And Pod "client" comes to be told that there is no name "spare.db.${namespace}.svc.${domain}."
      And Pod "client" comes to resolve "${reverse}" as PTR to exactly "primary.db.${namespace}.svc.${domain}."
      # The Pod knows itself by the same name.
      When container "client" of Pod "one" executes "/workload cat /etc/hosts"
      Then its output contains "primary.db.${namespace}.svc.${domain}"

    # Of a headless Service it is the Pod's own port that is told.
    Scenario: its ports that have names are found at its Pods
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          hostname: primary
          subdomain: web
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --udp=5300]
            ports: [{name: http, containerPort: 8080}, {name: lookup, containerPort: 5300, protocol: UDP}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: web}}
        spec:
          hostname: spare
          subdomain: web
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --port=8090]
            ports: [{name: http, containerPort: 8090}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}, {name: lookup, protocol: UDP, port: 53, targetPort: lookup}]}
        """
      And Pods "one, two" are Ready
      Then Pod "client" comes to resolve "_http._tcp.web.${namespace}.svc.${domain}." as SRV to exactly "8080 primary.web.${namespace}.svc.${domain}., 8090 spare.web.${namespace}.svc.${domain}."
      And Pod "client" comes to resolve "_lookup._udp.web.${namespace}.svc.${domain}." as SRV to exactly "5300 primary.web.${namespace}.svc.${domain}."
      And Pod "client" comes to be told that there is no name "_http._udp.web.${namespace}.svc.${domain}."
      When Pod "two" is deleted with a grace period of 0 seconds
      Then Pod "client" comes to resolve "_http._tcp.web.${namespace}.svc.${domain}." as SRV to exactly "8080 primary.web.${namespace}.svc.${domain}."

    Scenario: without a selector, to the addresses that somebody wrote
      Given these objects exist:
        """
        apiVersion: v1
        kind: Service
        metadata: {name: old}
        spec: {clusterIP: None, ports: [{name: http, port: 80}]}
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: old-1, labels: {kubernetes.io/service-name: old}}
        addressType: IPv4
        endpoints: [{addresses: [192.0.2.7], hostname: mainframe}, {addresses: [192.0.2.8]}]
        ports: [{name: http, port: 80}]
        """
      Then Pod "client" comes to resolve "old" to exactly "192.0.2.7, 192.0.2.8"
      And Pod "client" comes to resolve "mainframe.old" to exactly "192.0.2.7"

  @services/dns-name
  Rule: a Pod's address is a name, too

    # Kubernetes documents these names; not every cluster's DNS has them.
    @should
    Scenario: with dashes in it, below the Pod's namespace
      Given "status.podIP" of Pod "client" is remembered as "address"
      And the address "${address}", written with dashes, is remembered as "dashed"
      Then Pod "client" comes to resolve "${dashed}.${namespace}.pod" to exactly "${address}"
      And Pod "client" comes to resolve "${dashed}.${namespace}.pod.${domain}." to exactly "${address}"

  @services/external-name
  Rule: an ExternalName is told as another name

    Scenario: as a CNAME, which follows the Service
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: db}, spec: {type: ExternalName, externalName: db.example.com}}
        """
      Then Pod "client" comes to resolve "db.${namespace}.svc.${domain}." as CNAME to exactly "db.example.com."
      When "spec.externalName" of Service "db" is set to "spare.example.com"
      Then it is accepted
      And Pod "client" comes to resolve "db.${namespace}.svc.${domain}." as CNAME to exactly "spare.example.com."

    Scenario: the name of another Service leads to that one's address
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: alias}, spec: {type: ExternalName, externalName: "web.${namespace}.svc.${domain}"}}
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      Then Pod "client" comes to resolve "web" to exactly "${address}"
      And Pod "client" comes to resolve "alias" to exactly "${address}"
