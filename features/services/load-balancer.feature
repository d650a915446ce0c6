@load-balancer
Feature: Load balancers
  A provider gives a Service of type LoadBalancer an address, and brings in what comes to that from outside of the cluster.

  @services/load-balancer-provider
  Rule: the address leads from outside of the cluster to the Pods

    @services/every-type-balances
    Scenario: to every Pod, from inside as well, until the Service is gone
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
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
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: front}
        spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 81, targetPort: 8080}]}
        """
      And Pods "client, one, two" are Ready
      Then "status.loadBalancer.ingress[0].ip" of Service "front" comes to be present
      And "spec.clusterIP" of Service "front" is present
      And "spec.ports[0].nodePort" of Service "front" is present
      Given "status.loadBalancer.ingress[0].ip" of Service "front" is remembered as "address"
      Then requests from outside of the cluster to "http://${address}:81/" come to be answered by exactly the Pods "one, two"
      And requests from Pod "client" to "http://${address}:81/" come to be answered by exactly the Pods "one, two"
      When Service "front" is deleted
      Then Service "front" is gone
      And requests from outside of the cluster to "http://${address}:81/" come to be answered by none of the Pods "one, two"

    Scenario: to the node that has the Pod, where no other node is to forward
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
        metadata: {name: front}
        spec: {type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 81, targetPort: 8080}]}
        """
      And Pod "one" is Ready
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: apart}}
        spec:
          affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        """
      And Pod "two" is Ready
      Then "status.loadBalancer.ingress[0].ip" of Service "front" comes to be present
      Given "status.loadBalancer.ingress[0].ip" of Service "front" is remembered as "address"
      Then requests from outside of the cluster to "http://${address}:81/" come to be answered by exactly the Pods "one"
      When Pod "one" is relabelled "app=apart"
      And Pod "two" is relabelled "app=web"
      Then requests from outside of the cluster to "http://${address}:81/" come to be answered by exactly the Pods "two"
      And "status.loadBalancer.ingress[0].ip" of Service "front" is still "${address}"

    # Only the node with the Pod takes the traffic in: it has the address, until it is lost.
    @cluster
    Scenario: to another node when the one that took it in is lost
      Given a cluster of its own with 2 nodes and the server flags "--node-monitor-grace-period=20s"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          nodeSelector: {kubernetes.io/hostname: node-2}
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: apart}}
        spec:
          nodeSelector: {kubernetes.io/hostname: node-1}
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: front}
        spec: {type: LoadBalancer, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 81, targetPort: 8080}]}
        """
      And Pods "one, two" are Ready
      Then "status.loadBalancer.ingress[0].ip" of Service "front" comes to be present
      Given "status.loadBalancer.ingress[0].ip" of Service "front" is remembered as "address"
      Then requests from outside of the cluster to "http://${address}:81/" come to be answered by exactly the Pods "one"
      When node "node-2" is stopped
      Then Node "node-2" becomes not Ready
      When Pod "two" is relabelled "app=web"
      Then requests from outside of the cluster to "http://${address}:81/" come to be answered by exactly the Pods "two"

    # What the platform cannot do it may ignore.
    @should
    Scenario: to those that come from the Service's source ranges
      Given the address of a machine outside of the cluster is remembered as "machine"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: front}
        spec: {type: LoadBalancer, loadBalancerSourceRanges: ["${machine}/32"], selector: {app: web}, ports: [{port: 81, targetPort: 8080}]}
        """
      And Pod "one" is Ready
      Then "status.loadBalancer.ingress[0].ip" of Service "front" comes to be present
      Given "status.loadBalancer.ingress[0].ip" of Service "front" is remembered as "address"
      Then requests from outside of the cluster to "http://${address}:81/" come to be answered by exactly the Pods "one"
      When Service "front" is patched with:
        """
        spec: {loadBalancerSourceRanges: [192.0.2.0/24]}
        """
      Then it is accepted
      And requests from outside of the cluster to "http://${address}:81/" come to be answered by none of the Pods "one"
      When Service "front" is patched with:
        """
        spec: {loadBalancerSourceRanges: [192.0.2.0/24, "${machine}/32"]}
        """
      Then it is accepted
      And requests from outside of the cluster to "http://${address}:81/" come to be answered by exactly the Pods "one"
      When Service "front" is patched with:
        """
        spec: {loadBalancerSourceRanges: null}
        """
      Then it is accepted
      And requests from outside of the cluster to "http://${address}:81/" come to be answered by exactly the Pods "one"

  @services/load-balancer-provider
  Rule: a Service has an address as long as it asks for one

    Scenario: its type becomes LoadBalancer, and another again
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
        spec: {selector: {app: web}, ports: [{port: 81, targetPort: 8080}]}
        """
      And Pod "one" is Ready
      When "spec.type" of Service "web" is set to "LoadBalancer"
      Then it is accepted
      And "status.loadBalancer.ingress[0].ip" of Service "web" comes to be present
      Given "status.loadBalancer.ingress[0].ip" of Service "web" is remembered as "address"
      Then requests from outside of the cluster to "http://${address}:81/" come to be answered by exactly the Pods "one"
      When "spec.type" of Service "web" is set to "ClusterIP"
      Then it is accepted
      And "status.loadBalancer.ingress" of Service "web" is absent
      And requests from outside of the cluster to "http://${address}:81/" come to be answered by none of the Pods "one"
      When "spec.type" of Service "web" is set to "LoadBalancer"
      Then it is accepted
      And "status.loadBalancer.ingress[0].ip" of Service "web" comes to be present
      Given "status.loadBalancer.ingress[0].ip" of Service "web" is remembered as "second"
      Then requests from outside of the cluster to "http://${second}:81/" come to be answered by exactly the Pods "one"
      When Service "web" is patched with:
        """
        spec: {type: ExternalName, externalName: web.example.com}
        """
      Then it is accepted
      And "status.loadBalancer.ingress" of Service "web" is absent
      And requests from outside of the cluster to "http://${second}:81/" come to be answered by none of the Pods "one"
      When "spec.type" of Service "web" is set to "LoadBalancer"
      Then it is accepted
      And "status.loadBalancer.ingress[0].ip" of Service "web" comes to be present
      Given "status.loadBalancer.ingress[0].ip" of Service "web" is remembered as "third"
      Then requests from outside of the cluster to "http://${third}:81/" come to be answered by exactly the Pods "one"
      When Service "web" is deleted
      Then Service "web" is gone

    # The one is asked for after the other: when it has its address, the other has been passed over.
    Scenario: one with a class is left to the provider of that class
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: other}, spec: {type: LoadBalancer, loadBalancerClass: example.com/nobody, ports: [{port: 81}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, ports: [{port: 81}]}}
        """
      Then "status.loadBalancer.ingress[0].ip" of Service "web" comes to be present
      And "status.loadBalancer.ingress" of Service "other" is absent
      And "metadata.finalizers" of Service "other" is absent

    @cluster
    Scenario: an address that was given back is given again
      Given a cluster of its own with 1 node
      Given as many Services "taken" of type LoadBalancer exist as the provider has addresses
      And these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: late}, spec: {type: LoadBalancer, ports: [{port: 81}]}}
        """
      And "status.loadBalancer.ingress[0].ip" of Service "taken-3" is remembered as "freed"
      When Service "taken-3" is deleted
      Then "status.loadBalancer.ingress[0].ip" of Service "late" becomes "${freed}"

    # A provider may ignore the choice.
    @should @cluster
    Scenario: an address is given to whom it was chosen for
      Given a cluster of its own with 1 node
      And these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: first}, spec: {type: LoadBalancer, ports: [{port: 81}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: second}, spec: {type: LoadBalancer, ports: [{port: 81}]}}
        """
      Then "status.loadBalancer.ingress[0].ip" of Service "first" comes to be present
      And "status.loadBalancer.ingress[0].ip" of Service "second" comes to be present
      Given "status.loadBalancer.ingress[0].ip" of Service "second" is remembered as "chosen"
      When Service "second" is deleted
      And Service "first" is deleted
      Then Service "first" is gone
      And Service "second" is gone
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: third}, spec: {type: LoadBalancer, loadBalancerIP: "${chosen}", ports: [{port: 81}]}}
        """
      Then "status.loadBalancer.ingress[0].ip" of Service "third" becomes "${chosen}"
