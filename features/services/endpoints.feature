Feature: Endpoints
  What a Service leads to is written down in objects that anybody can read: Endpoints and EndpointSlices. A controller writes them for
  Services with a selector; for those without one the user does.

  @workloads @services/endpoints-object
  Rule: endpoints follow the Pods, whatever becomes of them

    @services/readiness-managed @pods/grace-period-finishes-requests
    Scenario: not ready, terminating, published all the same
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          terminationGracePeriodSeconds: 40
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --term-delay=15s]
            readinessProbe: {httpGet: {path: /readyz, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 2}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: web}}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --answer=/readyz=503]
            readinessProbe: {httpGet: {path: /readyz, port: 8080}, timeoutSeconds: 10, periodSeconds: 1}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: eager}
        spec: {publishNotReadyAddresses: true, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      Then Pod "one" becomes Ready
      And the endpoint of Pod "one" in Service "web" comes to be "ready=true, serving=true, terminating=false"
      And the endpoint of Pod "two" in Service "web" comes to be "ready=false, serving=false, terminating=false"
      And the endpoint of Pod "two" in Service "eager" comes to be "ready=true, serving=false, terminating=false"
      And the Endpoints "web" come to list exactly the Pods "one"
      And the Endpoints "eager" come to list exactly the Pods "one, two"
      When Pod "one" is deleted
      Then the endpoint of Pod "one" in Service "web" comes to be "ready=false, serving=true, terminating=true"
      And the endpoint of Pod "one" in Service "eager" comes to be "ready=true, serving=true, terminating=true"
      And the Endpoints "web" come to list exactly the Pods ""
      And the endpoint of Pod "one" in Service "web" comes to be "absent"

    # Upstream's slices leave it out, and its Endpoints do not. The other Pod is made later: once it is listed, the first has been passed over.
    @should
    Scenario: a Pod that says that it is ready on a node that there is not is in no slice
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: nowhere, labels: {app: web}}
        spec:
          nodeName: node-that-there-is-not
          terminationGracePeriodSeconds: 0
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      When the status of Pod "nowhere" is patched with:
        """
        status: {phase: Running, podIP: 192.0.2.66, podIPs: [{ip: 192.0.2.66}], conditions: [{type: Ready, status: "True"}]}
        """
      Then it is accepted
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: somewhere, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then the endpoint of Pod "somewhere" in Service "web" comes to be "ready=true, serving=true, terminating=false"
      # At once: who is on such a node is removed after a while.
      When kubectl runs "get endpointslices --selector=kubernetes.io/service-name=web -o jsonpath={.items[*].endpoints[*].targetRef.name}"
      Then it prints "somewhere"

    Scenario: labels of Pods and of the Service's selector, named ports, and the Service's end
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve], ports: [{name: http, containerPort: 8080}]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: other}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve], ports: [{name: http, containerPort: 8080}]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{name: web, port: 80, targetPort: http}]}
        """
      Then the ready endpoints of Service "web" come to be exactly the Pods "one"
      And "subsets[0].ports[0].port" of Endpoints "web" becomes "8080"
      And "subsets[0].ports[0].name" of Endpoints "web" is "web"
      When Pod "two" is labelled "app=web"
      Then the ready endpoints of Service "web" come to be exactly the Pods "one, two"
      And the Endpoints "web" come to list exactly the Pods "one, two"
      When Service "web" is patched with:
        """
        spec: {selector: {app: other}}
        """
      Then the ready endpoints of Service "web" come to be exactly the Pods ""
      When Pod "one" is labelled "app=other"
      Then the ready endpoints of Service "web" come to be exactly the Pods "one"
      And the Endpoints "web" come to list exactly the Pods "one"
      When Service "web" is deleted
      Then Endpoints "web" is gone
      And there come to be no EndpointSlices with the selector "kubernetes.io/service-name=web"

    Scenario: what somebody else deletes or changes is put right
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: listed}
        spec: {ports: [{port: 80}]}
        ---
        apiVersion: v1
        kind: Endpoints
        metadata: {name: listed}
        subsets: [{addresses: [{ip: 10.1.0.1, targetRef: {kind: Pod, name: by-hand, namespace: "${namespace}"}}], ports: [{port: 8080}]}]
        """
      And Pod "one" is Ready
      And the ready endpoints of Service "web" come to be exactly the Pods "one"
      And the Endpoints "web" come to list exactly the Pods "one"
      When kubectl runs "delete endpointslices -l kubernetes.io/service-name=web"
      Then it exits with 0
      And the ready endpoints of Service "web" come to be exactly the Pods "one"
      When Endpoints "web" is deleted
      Then it is accepted
      And the Endpoints "web" come to list exactly the Pods "one"
      When kubectl runs "get endpointslices -l kubernetes.io/service-name=web -o jsonpath={.items[0].metadata.name}"
      And what it prints is remembered as "slice"
      And EndpointSlice "${slice}" is patched with:
        """
        endpoints: []
        """
      Then it is accepted
      And the ready endpoints of Service "web" come to be exactly the Pods "one"
      # The slice of a Service without a selector is made from its Endpoints.
      Given the ready endpoints of Service "listed" come to be exactly the Pods "by-hand"
      When kubectl runs "delete endpointslices -l kubernetes.io/service-name=listed"
      Then it exits with 0
      And the ready endpoints of Service "listed" come to be exactly the Pods "by-hand"

    # Its address may be another Pod's by now. Upstream's controller is not woken by the phase alone, so that an ended Pod may stay as one that is
    # not ready, until another one comes.
    @should
    Scenario: a Pod that has ended is no endpoint any more
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: done, labels: {app: web}}
        spec:
          restartPolicy: Never
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: broken, labels: {app: web}}
        spec:
          restartPolicy: Never
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pods "done, broken" are Ready
      And the ready endpoints of Service "web" come to be exactly the Pods "done, broken"
      And the Endpoints "web" come to list exactly the Pods "done, broken"
      When container "app" of Pod "done" executes "/workload control exit=0"
      And container "app" of Pod "broken" executes "/workload control exit=3"
      Then "status.phase" of Pod "done" becomes "Succeeded"
      And "status.phase" of Pod "broken" becomes "Failed"
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: later, labels: {app: web}}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, serve]}]}
        """
      Then the ready endpoints of Service "web" come to be exactly the Pods "later"
      And the endpoint of Pod "done" in Service "web" comes to be "absent"
      And the endpoint of Pod "broken" in Service "web" comes to be "absent"
      And the Endpoints "web" come to list exactly the Pods "later"

    @should
    Scenario: the labels of a Service are those of its endpoints, too
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web, labels: {colour: blue}}
        spec: {selector: {app: web}, ports: [{port: 80}]}
        """
      And Pod "one" is Ready
      And the ready endpoints of Service "web" come to be exactly the Pods "one"
      When kubectl runs "get endpointslices -l kubernetes.io/service-name=web -o jsonpath={.items[0].metadata.name}"
      And what it prints is remembered as "slice"
      Then "metadata.labels.colour" of EndpointSlice "${slice}" is "blue"
      And "metadata.labels.colour" of Endpoints "web" becomes "blue"
      When Service "web" is relabelled "colour=green"
      Then "metadata.labels.colour" of EndpointSlice "${slice}" becomes "green"
      And "metadata.labels.colour" of Endpoints "web" becomes "green"
      And "metadata.labels['kubernetes.io/service-name']" of EndpointSlice "${slice}" is "web"

    Scenario: what a Service says of its port's application is said of its endpoints, too
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, appProtocol: example.com/own}]}
        """
      And Pod "one" is Ready
      And the ready endpoints of Service "web" come to be exactly the Pods "one"
      When kubectl runs "get endpointslices -l kubernetes.io/service-name=web -o jsonpath={.items[0].metadata.name}"
      And what it prints is remembered as "slice"
      Then "ports[0].appProtocol" of EndpointSlice "${slice}" is "example.com/own"
      And "subsets[0].ports[0].appProtocol" of Endpoints "web" becomes "example.com/own"
      When Service "web" is patched with:
        """
        spec: {ports: [{port: 80, appProtocol: http}]}
        """
      Then "subsets[0].ports[0].appProtocol" of Endpoints "web" becomes "http"

    @cluster
    Scenario: the zone of an endpoint is its node's
      Given a cluster of its own with 1 node
      And Node "node-1" is labelled "topology.kubernetes.io/zone=here"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          nodeSelector: {topology.kubernetes.io/zone: here}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80}]}
        """
      And Pod "one" is Ready
      And the ready endpoints of Service "web" come to be exactly the Pods "one"
      When kubectl runs "get endpointslices -l kubernetes.io/service-name=web -o jsonpath={.items[0].metadata.name}"
      And what it prints is remembered as "slice"
      # Whoever had yet to hear of the node's label looks again.
      And Service "web" is annotated "example.com/look=again"
      Then "endpoints[0].zone" of EndpointSlice "${slice}" becomes "here"

    # A preference is a hint for proxies. The Pods have host names, so that each is found in its slice.
    @should
    Scenario: a Service that prefers the node of whoever asks says so of its endpoints that are ready, until it does not any more
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          hostname: one
          subdomain: web
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: web}}
        spec:
          hostname: two
          subdomain: web
          containers: [{name: app, image: "${image}", command: [/workload, wait], readinessProbe: {tcpSocket: {port: 1}}}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {trafficDistribution: PreferSameNode, selector: {app: web}, ports: [{port: 80}]}
        """
      And Pod "one" is Ready
      And "spec.nodeName" of Pod "one" is remembered as "node"
      And the endpoint of Pod "one" in Service "web" comes to be "ready=true, serving=true, terminating=false"
      And the endpoint of Pod "two" in Service "web" comes to be "ready=false, serving=false, terminating=false"
      When kubectl runs "get endpointslices -l kubernetes.io/service-name=web -o jsonpath={.items[0].metadata.name}"
      And what it prints is remembered as "slice"
      Then "endpoints[hostname=one].hints.forNodes[0].name" of EndpointSlice "${slice}" becomes "${node}"
      And "endpoints[hostname=one].hints.forNodes[1]" of EndpointSlice "${slice}" is absent
      And "endpoints[hostname=two].hostname" of EndpointSlice "${slice}" is "two"
      And "endpoints[hostname=two].hints" of EndpointSlice "${slice}" is absent
      When "spec.trafficDistribution" of Service "web" is set to "PreferSameZone"
      Then it is accepted
      And "endpoints[hostname=one].hints.forNodes" of EndpointSlice "${slice}" becomes ""
      When "spec.trafficDistribution" of Service "web" is set to "PreferSameNode"
      Then it is accepted
      And "endpoints[hostname=one].hints.forNodes[0].name" of EndpointSlice "${slice}" becomes "${node}"
      When "spec.trafficDistribution" of Service "web" is set to "null"
      Then it is accepted
      And "endpoints[hostname=one].hints" of EndpointSlice "${slice}" becomes ""

    @should @cluster
    Scenario: a Service that prefers the zone of whoever asks says so of its endpoints, and of their nodes as well if it prefers those
      Given a cluster of its own with 1 node
      And Node "node-1" is labelled "topology.kubernetes.io/zone=here"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          nodeSelector: {topology.kubernetes.io/zone: here}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {trafficDistribution: PreferSameZone, selector: {app: web}, ports: [{port: 80}]}
        """
      And Pod "one" is Ready
      And the ready endpoints of Service "web" come to be exactly the Pods "one"
      When kubectl runs "get endpointslices -l kubernetes.io/service-name=web -o jsonpath={.items[0].metadata.name}"
      And what it prints is remembered as "slice"
      # Whoever had yet to hear of the node's label looks again.
      And Service "web" is annotated "example.com/look=again"
      Then "endpoints[0].hints.forZones[0].name" of EndpointSlice "${slice}" becomes "here"
      And "endpoints[0].hints.forNodes" of EndpointSlice "${slice}" is absent
      When "spec.trafficDistribution" of Service "web" is set to "PreferSameNode"
      Then it is accepted
      And "endpoints[0].hints.forNodes[0].name" of EndpointSlice "${slice}" becomes "node-1"
      And "endpoints[0].hints.forZones[0].name" of EndpointSlice "${slice}" is "here"
      # The older word for the zone.
      When "spec.trafficDistribution" of Service "web" is set to "PreferClose"
      Then it is accepted
      And "endpoints[0].hints.forNodes" of EndpointSlice "${slice}" becomes ""
      And "endpoints[0].hints.forZones[0].name" of EndpointSlice "${slice}" is "here"
      When "spec.trafficDistribution" of Service "web" is set to "null"
      Then it is accepted
      And "endpoints[0].hints" of EndpointSlice "${slice}" becomes ""
      And "endpoints[0].zone" of EndpointSlice "${slice}" is "here"

    # The controller writes a slice of its own when the Pod gets its label, and has all of the Service's before its eyes then.
    @network @services/proxy-follows-endpoints
    Scenario: with a selector, somebody else's slice serves beside the controller's, and is left alone
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one}
        spec:
          containers:
          - {name: app, image: "${image}", command: [/workload, serve]}
          - {name: client, image: "${image}", command: [/workload, wait]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pods "one, two" are Ready
      And "status.podIP" of Pod "one" is remembered as "one"
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And these objects exist:
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: by-hand, labels: {kubernetes.io/service-name: web, endpointslice.kubernetes.io/managed-by: example.com}}
        addressType: IPv4
        ports: [{port: 8080, protocol: TCP}]
        endpoints: [{addresses: ["${one}"]}]
        """
      And "metadata.resourceVersion" of EndpointSlice "by-hand" is remembered as "slice"
      Then requests from Pod "one" to "http://${address}/" come to be answered by exactly the Pods "one"
      When Pod "two" is labelled "app=web"
      Then requests from Pod "one" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      When Pod "two" is relabelled "app=other"
      Then requests from Pod "one" to "http://${address}/" come to be answered by exactly the Pods "one"
      And "metadata.resourceVersion" of EndpointSlice "by-hand" is still "${slice}"

  @network @services/without-selector
  Rule: without a selector the endpoints are the user's

    Scenario: traffic goes where the user's slice, or the user's Endpoints, say; nobody else writes them
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
        metadata: {name: one}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: sliced}
        spec: {ports: [{port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: listed}
        spec: {ports: [{port: 80}]}
        """
      And Pods "client, one, two" are Ready
      And "status.podIP" of Pod "one" is remembered as "one"
      And "status.podIP" of Pod "two" is remembered as "two"
      And "spec.clusterIP" of Service "sliced" is remembered as "sliced"
      And "spec.clusterIP" of Service "listed" is remembered as "listed"
      Then requests from Pod "client" to "http://${sliced}/" come to be refused
      Given these objects exist:
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: by-hand, labels: {kubernetes.io/service-name: sliced}}
        addressType: IPv4
        ports: [{port: 8080, protocol: TCP}]
        endpoints: [{addresses: ["${one}"]}]
        ---
        apiVersion: v1
        kind: Endpoints
        metadata: {name: listed}
        subsets: [{addresses: [{ip: "${one}"}], ports: [{port: 8080}]}]
        """
      And "metadata.resourceVersion" of EndpointSlice "by-hand" is remembered as "slice"
      And "metadata.resourceVersion" of Endpoints "listed" is remembered as "list"
      Then requests from Pod "client" to "http://${sliced}/" come to be answered by exactly the Pods "one"
      And requests from Pod "client" to "http://${listed}/" come to be answered by exactly the Pods "one"
      And "metadata.resourceVersion" of EndpointSlice "by-hand" is still "${slice}"
      And "metadata.resourceVersion" of Endpoints "listed" is still "${list}"
      And there is no Endpoints "sliced"
      # A Service may have several slices.
      Given these objects exist:
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: by-hand-too, labels: {kubernetes.io/service-name: sliced}}
        addressType: IPv4
        ports: [{port: 8080, protocol: TCP}]
        endpoints: [{addresses: ["${two}"]}]
        """
      Then requests from Pod "client" to "http://${sliced}/" come to be answered by exactly the Pods "one, two"
      When EndpointSlice "by-hand-too" is deleted
      Then requests from Pod "client" to "http://${sliced}/" come to be answered by exactly the Pods "one"
      When EndpointSlice "by-hand" is patched with:
        """
        endpoints: [{addresses: ["${one}"]}, {addresses: ["${two}"]}]
        """
      And Endpoints "listed" is patched with:
        """
        subsets: [{addresses: [{ip: "${two}"}], ports: [{port: 8080}]}]
        """
      Then requests from Pod "client" to "http://${sliced}/" come to be answered by exactly the Pods "one, two"
      And requests from Pod "client" to "http://${listed}/" come to be answered by exactly the Pods "two"
      When Endpoints "listed" is patched with:
        """
        subsets: [{addresses: [{ip: "${one}"}], notReadyAddresses: [{ip: "${two}"}], ports: [{port: 8080}]}]
        """
      Then requests from Pod "client" to "http://${listed}/" come to be answered by exactly the Pods "one"
      When EndpointSlice "by-hand" is deleted
      And Endpoints "listed" is deleted
      Then requests from Pod "client" to "http://${sliced}/" come to be refused
      And requests from Pod "client" to "http://${listed}/" come to be refused

    # Of a Service of several ports a slice need not name all.
    Scenario: a slice that names one of two ports leads there from that port alone
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
        metadata: {name: one}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve, --port=8080]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve, --port=8090]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: split}
        spec: {ports: [{name: http, port: 80}, {name: more, port: 81}]}
        """
      And Pods "client, one, two" are Ready
      And "status.podIP" of Pod "one" is remembered as "one"
      And "status.podIP" of Pod "two" is remembered as "two"
      And "spec.clusterIP" of Service "split" is remembered as "split"
      And these objects exist:
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: of-http, labels: {kubernetes.io/service-name: split}}
        addressType: IPv4
        ports: [{name: http, port: 8080, protocol: TCP}]
        endpoints: [{addresses: ["${one}"]}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: of-more, labels: {kubernetes.io/service-name: split}}
        addressType: IPv4
        ports: [{name: more, port: 8090, protocol: TCP}]
        endpoints: [{addresses: ["${two}"]}]
        """
      Then requests from Pod "client" to "http://${split}/" come to be answered by exactly the Pods "one"
      And requests from Pod "client" to "http://${split}:81/" come to be answered by exactly the Pods "two"
      When EndpointSlice "of-http" is patched with:
        """
        ports: [{name: http, port: 8080, protocol: TCP}, {name: more, port: 8080, protocol: TCP}]
        """
      Then requests from Pod "client" to "http://${split}:81/" come to be answered by exactly the Pods "one, two"
      And requests from Pod "client" to "http://${split}/" come to be answered by exactly the Pods "one"

    Scenario: Endpoints of two parts lead from each part's port to its own addresses
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
        metadata: {name: one}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve, --port=8080]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve, --port=8090]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: split}
        spec: {ports: [{name: http, port: 80}, {name: more, port: 81}]}
        """
      And Pods "client, one, two" are Ready
      And "status.podIP" of Pod "one" is remembered as "one"
      And "status.podIP" of Pod "two" is remembered as "two"
      And "spec.clusterIP" of Service "split" is remembered as "split"
      And these objects exist:
        """
        apiVersion: v1
        kind: Endpoints
        metadata: {name: split}
        subsets:
        - {addresses: [{ip: "${one}"}], ports: [{name: http, port: 8080}]}
        - {addresses: [{ip: "${two}"}], ports: [{name: more, port: 8090}]}
        """
      Then requests from Pod "client" to "http://${split}/" come to be answered by exactly the Pods "one"
      And requests from Pod "client" to "http://${split}:81/" come to be answered by exactly the Pods "two"

    # The label is among Kubernetes' well-known ones. Not every proxy goes by it. Another Service is served after the Service got it: by then
    # its effect would be seen.
    @should @services/proxy-follows-services
    Scenario: a slice that says that it is of a headless Service leads nowhere; what a Service says of that is no matter
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
        metadata: {name: one}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: sliced}
        spec: {ports: [{port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: later}
        spec: {ports: [{port: 80}]}
        """
      And Pods "client, one" are Ready
      And "status.podIP" of Pod "one" is remembered as "one"
      And "spec.clusterIP" of Service "sliced" is remembered as "sliced"
      And "spec.clusterIP" of Service "later" is remembered as "later"
      And these objects exist:
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: by-hand, labels: {kubernetes.io/service-name: sliced}}
        addressType: IPv4
        ports: [{port: 8080, protocol: TCP}]
        endpoints: [{addresses: ["${one}"]}]
        """
      Then requests from Pod "client" to "http://${sliced}/" come to be answered by exactly the Pods "one"
      When EndpointSlice "by-hand" is labelled "service.kubernetes.io/headless="
      Then requests from Pod "client" to "http://${sliced}/" come to be answered by none of the Pods "one"
      When EndpointSlice "by-hand" is labelled "service.kubernetes.io/headless-"
      Then requests from Pod "client" to "http://${sliced}/" come to be answered by exactly the Pods "one"
      When Service "sliced" is labelled "service.kubernetes.io/headless="
      Then it is accepted
      Given these objects exist:
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: of-later, labels: {kubernetes.io/service-name: later}}
        addressType: IPv4
        ports: [{port: 8080, protocol: TCP}]
        endpoints: [{addresses: ["${one}"]}]
        """
      Then requests from Pod "client" to "http://${later}/" come to be answered by exactly the Pods "one"
      And requests from Pod "client" to "http://${sliced}/" come to be answered by exactly the Pods "one"

    Scenario: a hint that leaves nobody, or that is not a ready one's, is none
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
        metadata: {name: one}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: sliced}
        spec: {ports: [{port: 80}]}
        """
      And Pods "client, one, two" are Ready
      And "status.podIP" of Pod "one" is remembered as "one"
      And "status.podIP" of Pod "two" is remembered as "two"
      And "spec.nodeName" of Pod "client" is remembered as "node"
      And "spec.clusterIP" of Service "sliced" is remembered as "sliced"
      And these objects exist:
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: by-hand, labels: {kubernetes.io/service-name: sliced}}
        addressType: IPv4
        ports: [{port: 8080, protocol: TCP}]
        endpoints:
        - {addresses: ["${one}"], hints: {forZones: [{name: nowhere}], forNodes: [{name: node-that-there-is-not}]}}
        - {addresses: ["${two}"], hints: {forZones: [{name: nowhere-else}], forNodes: [{name: node-that-there-is-not}]}}
        """
      Then requests from Pod "client" to "http://${sliced}/" come to be answered by exactly the Pods "one, two"
      When EndpointSlice "by-hand" is patched with:
        """
        endpoints:
        - {addresses: ["${one}"], hints: {forNodes: [{name: node-that-there-is-not}]}}
        - {addresses: [192.0.2.9], conditions: {ready: false, serving: false}, hints: {forNodes: [{name: "${node}"}]}}
        """
      Then requests from Pod "client" to "http://${sliced}/" come to be answered by exactly the Pods "one"

    # A proxy may take what hints there are.
    @should
    Scenario: a hint that not every endpoint has is none
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one}
        spec:
          containers:
          - {name: app, image: "${image}", command: [/workload, serve]}
          - {name: client, image: "${image}", command: [/workload, wait]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: sliced}
        spec: {ports: [{port: 80}]}
        """
      And Pods "one, two" are Ready
      And "status.podIP" of Pod "one" is remembered as "one"
      And "status.podIP" of Pod "two" is remembered as "two"
      And "spec.nodeName" of Pod "one" is remembered as "node"
      And "spec.clusterIP" of Service "sliced" is remembered as "sliced"
      And these objects exist:
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: by-hand, labels: {kubernetes.io/service-name: sliced}}
        addressType: IPv4
        ports: [{port: 8080, protocol: TCP}]
        endpoints: [{addresses: ["${one}"]}, {addresses: ["${two}"], hints: {forNodes: [{name: "${node}"}]}}]
        """
      Then requests from Pod "one" to "http://${sliced}/" come to be answered by exactly the Pods "one, two"

  @api @services/without-selector
  Rule: the user's Endpoints are mirrored into slices, unless they say that they are not to be

    # One controller mirrors both: when the later ones are mirrored, it has had the first before it, too.
    Scenario: neither those that come with the label, nor those that get it
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: first}, spec: {ports: [{port: 80}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: later}, spec: {ports: [{port: 80}]}}
        ---
        apiVersion: v1
        kind: Endpoints
        metadata: {name: first, labels: {endpointslice.kubernetes.io/skip-mirror: "true"}}
        subsets: [{addresses: [{ip: 10.1.0.1}], ports: [{port: 8080}]}]
        ---
        apiVersion: v1
        kind: Endpoints
        metadata: {name: later}
        subsets: [{addresses: [{ip: 10.1.0.2}], ports: [{port: 8080}]}]
        """
      Then the ready endpoints of Service "later" come to be exactly the Pods "10.1.0.2"
      And the selector "kubernetes.io/service-name=first" finds exactly the EndpointSlices ""
      When Endpoints "later" is labelled "endpointslice.kubernetes.io/skip-mirror=true"
      Then there come to be no EndpointSlices with the selector "kubernetes.io/service-name=later"

    # How much of a long list is printed is up to the server.
    @should
    Scenario: kubectl shows the first of them, and how many more there are
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: few}, spec: {ports: [{port: 80}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: many}, spec: {ports: [{port: 80}]}}
        ---
        apiVersion: v1
        kind: Endpoints
        metadata: {name: few, labels: {endpointslice.kubernetes.io/skip-mirror: "true"}}
        subsets: [{addresses: [{ip: 192.0.2.1}, {ip: 192.0.2.2}, {ip: 192.0.2.3}], notReadyAddresses: [{ip: 192.0.2.4}], ports: [{port: 80}]}]
        ---
        apiVersion: v1
        kind: Endpoints
        metadata: {name: many, labels: {endpointslice.kubernetes.io/skip-mirror: "true"}}
        subsets: [{addresses: [{ip: 192.0.2.1}, {ip: 192.0.2.2}], ports: [{name: a, port: 80}, {name: b, port: 90}]}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: few-1, labels: {kubernetes.io/service-name: few}}
        addressType: IPv4
        ports: [{name: a, port: 80}, {name: b, port: 443}]
        endpoints: [{addresses: [192.0.2.1]}, {addresses: [192.0.2.2]}, {addresses: [192.0.2.3]}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: many-1, labels: {kubernetes.io/service-name: many}}
        addressType: IPv4
        ports: []
        endpoints: [{addresses: [192.0.2.1]}, {addresses: [192.0.2.2]}, {addresses: [192.0.2.3]}, {addresses: [192.0.2.4]}, {addresses: [192.0.2.5]}]
        """
      When kubectl runs "get endpoints"
      Then it prints the columns "NAME, ENDPOINTS, AGE"
      And its output matches "(?m)^few +192.0.2.1:80,192.0.2.2:80,192.0.2.3:80 +\w+ *$"
      And its output matches "(?m)^many +192.0.2.\d:\d0,192.0.2.\d:\d0,192.0.2.\d:\d0 \+ 1 more... +\w+ *$"
      When kubectl runs "get endpointslices"
      Then it prints the columns "NAME, ADDRESSTYPE, PORTS, ENDPOINTS, AGE"
      And its output matches "(?m)^few-1 +IPv4 +80,443 +192.0.2.1,192.0.2.2,192.0.2.3 +\w+ *$"
      And its output matches "(?m)^many-1 +IPv4 +<unset> +192.0.2.1,192.0.2.2,192.0.2.3 \+ 2 more... +\w+ *$"

  @workloads @services/cluster-ip-assigned
  Rule: a container is told of the Services that were there before it

    Scenario: addresses and ports in its environment, unless the Pod does not want them
      Given these objects exist:
        """
        apiVersion: v1
        kind: Service
        metadata: {name: web-front}
        spec: {ports: [{name: http, port: 80, targetPort: 8080}, {name: ask-me, port: 53, targetPort: 5300, protocol: UDP}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: each}
        spec: {clusterIP: None, ports: [{port: 80}]}
        """
      And "spec.clusterIP" of Service "web-front" is remembered as "address"
      # A node may hear of a Service late: a container that was started too early ends, and the next one is told.
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: told}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, steps, env WEB_FRONT_SERVICE_HOST, wait]
            readinessProbe: {exec: {command: [/workload, env, WEB_FRONT_SERVICE_HOST]}, periodSeconds: 1, timeoutSeconds: 10}
          - name: own
            image: "${image}"
            command: [/workload, steps, env WEB_FRONT_SERVICE_PORT, wait]
            env: [{name: WEB_FRONT_SERVICE_HOST, value: elsewhere}]
            readinessProbe: {exec: {command: [/workload, env, WEB_FRONT_SERVICE_PORT]}, periodSeconds: 1, timeoutSeconds: 10}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: untold}
        spec:
          enableServiceLinks: false
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pods "told, untold" are Ready
      When container "app" of Pod "told" executes "/workload env WEB_FRONT_SERVICE_HOST"
      Then it prints "${address}"
      When container "app" of Pod "told" executes "/workload env WEB_FRONT_SERVICE_PORT"
      Then it prints "80"
      When container "app" of Pod "told" executes "/workload env WEB_FRONT_SERVICE_PORT_HTTP"
      Then it prints "80"
      When container "app" of Pod "told" executes "/workload env WEB_FRONT_SERVICE_PORT_ASK_ME"
      Then it prints "53"
      When container "app" of Pod "told" executes "/workload env WEB_FRONT_PORT"
      Then it prints "tcp://${address}:80"
      When container "app" of Pod "told" executes "/workload env WEB_FRONT_PORT_80_TCP"
      Then it prints "tcp://${address}:80"
      When container "app" of Pod "told" executes "/workload env WEB_FRONT_PORT_80_TCP_PROTO"
      Then it prints "tcp"
      When container "app" of Pod "told" executes "/workload env WEB_FRONT_PORT_80_TCP_PORT"
      Then it prints "80"
      When container "app" of Pod "told" executes "/workload env WEB_FRONT_PORT_80_TCP_ADDR"
      Then it prints "${address}"
      When container "app" of Pod "told" executes "/workload env WEB_FRONT_PORT_53_UDP"
      Then it prints "udp://${address}:53"
      When container "app" of Pod "told" executes "/workload env WEB_FRONT_PORT_53_UDP_PROTO"
      Then it prints "udp"
      When container "app" of Pod "told" executes "/workload env WEB_FRONT_PORT_53_UDP_PORT"
      Then it prints "53"
      When container "app" of Pod "told" executes "/workload env WEB_FRONT_PORT_53_UDP_ADDR"
      Then it prints "${address}"
      When container "app" of Pod "told" executes "/workload env EACH_SERVICE_HOST"
      Then it exits with 1
      # Where the cluster's DNS is a Service of this name, that is in another namespace.
      When container "app" of Pod "told" executes "/workload env KUBE_DNS_SERVICE_HOST"
      Then it exits with 1
      # What the container says itself has the last word.
      When container "own" of Pod "told" executes "/workload env WEB_FRONT_SERVICE_HOST"
      Then it prints "elsewhere"
      When container "app" of Pod "untold" executes "/workload env WEB_FRONT_SERVICE_HOST"
      Then it exits with 1
      When container "app" of Pod "untold" executes "/workload env KUBERNETES_SERVICE_HOST"
      Then it exits with 0
