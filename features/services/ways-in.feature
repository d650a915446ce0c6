@network
Feature: Ways into a Service
  Whichever address a Service has, from wherever it is asked, whatever protocol it speaks: it leads to every Pod that it selects.

  Rule: every address that a Service has leads to every Pod

    # A Pod that nobody selects lends its address to the load balancer. Whoever does not know of that address as the Service's finds this Pod.
    @services/every-type-balances @services/load-balancer @services/node-port-serves @services/proxy-follows-services @services/proxy-follows-endpoints
    Scenario: cluster IP, node port and a provided address, until the Service is gone
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
        metadata: {name: outside}
        spec:
          hostNetwork: true
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: lender}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve, --port=8081, --udp=9000]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve, --port=8080, --udp=5300]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve, --port=8080, --udp=5300]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: front}
        spec:
          type: LoadBalancer
          loadBalancerClass: example.com/nobody
          selector: {app: web}
          ports: [{name: http, port: 8081, targetPort: 8080}, {name: ask, port: 9000, targetPort: 5300, protocol: UDP}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: each}
        spec: {clusterIP: None, selector: {app: web}, ports: [{port: 8080}]}
        """
      And Pods "client, outside, lender, one, two" are Ready
      And "spec.clusterIP" of Service "front" is remembered as "address"
      And "spec.ports[0].nodePort" of Service "front" is remembered as "port"
      And the address of the node of Pod "one" is remembered as "node"
      And "status.podIP" of Pod "lender" is remembered as "lent"
      Then the ready endpoints of Service "each" come to be exactly the Pods "one, two"
      And requests from Pod "client" to "http://${address}:8081/" come to be answered by exactly the Pods "one, two"
      And requests from Pod "client" to "http://${node}:${port}/" come to be answered by exactly the Pods "one, two"
      And requests from Pod "outside" to "http://${node}:${port}/" come to be answered by exactly the Pods "one, two"
      And requests from Pod "client" to "http://${lent}:8081/" come to be answered by exactly the Pods "lender"
      When the status of Service "front" is patched with:
        """
        status: {loadBalancer: {ingress: [{ip: "${lent}"}]}}
        """
      Then it is accepted
      And requests from Pod "client" to "http://${lent}:8081/" come to be answered by exactly the Pods "one, two"
      And requests from Pod "client" to "udp://${lent}:9000" come to be answered by exactly the Pods "one, two"
      # A load balancer that is a proxy has something to do to requests: who takes the short way past it takes that away.
      When the status of Service "front" is patched with:
        """
        status: {loadBalancer: {ingress: [{ip: "${lent}", ipMode: Proxy}]}}
        """
      Then it is accepted
      And requests from Pod "client" to "http://${lent}:8081/" come to be answered by exactly the Pods "lender"
      When the status of Service "front" is patched with:
        """
        status: {loadBalancer: {ingress: [{ip: "${lent}", ipMode: VIP}]}}
        """
      Then it is accepted
      And requests from Pod "client" to "http://${lent}:8081/" come to be answered by exactly the Pods "one, two"
      # Without a Pod, the address is the Service's still: whoever lets requests pass to where it leads is answered by the lender.
      When Pod "one" is relabelled "app=apart"
      And Pod "two" is relabelled "app=apart"
      Then requests from Pod "client" to "http://${lent}:8081/" come to be refused
      And requests from Pod "client" to "udp://${lent}:9000" come to be refused
      When Pod "one" is relabelled "app=web"
      And Pod "two" is relabelled "app=web"
      Then requests from Pod "client" to "http://${lent}:8081/" come to be answered by exactly the Pods "one, two"
      And requests from Pod "client" to "udp://${lent}:9000" come to be answered by exactly the Pods "one, two"
      When Service "front" is deleted
      Then requests from Pod "client" to "http://${lent}:8081/" come to be answered by exactly the Pods "lender"
      And requests from Pod "outside" to "http://${node}:${port}/" come to be answered by none of the Pods "one, two"
      And requests from Pod "client" to "http://${address}:8081/" come to be answered by none of the Pods "one, two"

    # The label is among Kubernetes' well-known ones. Not every proxy goes by it.
    @should @services/proxy-follows-services
    Scenario: not where it says that it is another proxy's
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
        kind: Service
        metadata: {name: others, labels: {service.kubernetes.io/service-proxy-name: example.com-nobody}}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pods "client, one" are Ready
      And the ready endpoints of Service "others" come to be exactly the Pods "one"
      # What came after it is served.
      And these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: ours}, spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}
        """
      And "spec.clusterIP" of Service "others" is remembered as "others"
      And "spec.clusterIP" of Service "ours" is remembered as "ours"
      And requests from Pod "client" to "http://${ours}/" come to be answered by exactly the Pods "one"
      Then requests from Pod "client" to "http://${others}/" come to be answered by none of the Pods "one"
      When "metadata.labels" of Service "others" is set to "null"
      Then it is accepted
      And requests from Pod "client" to "http://${others}/" come to be answered by exactly the Pods "one"

    # The lender lends its address here, too. Kubernetes has such addresses from its first days on, and advises against them by now: a cluster may
    # forbid them.
    @should @services/every-type-balances @services/proxy-follows-services
    Scenario: an address from outside that the Service claims, as long as it does
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
        metadata: {name: lender}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve, --port=8081]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve, --port=8080]}]
        """
      And Pods "client, lender, one" are Ready
      And "status.podIP" of Pod "lender" is remembered as "lent"
      And these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, externalIPs: ["${lent}"], ports: [{port: 8081, targetPort: 8080}]}}
        """
      Then requests from Pod "client" to "http://${lent}:8081/" come to be answered by exactly the Pods "one"
      When "spec.externalIPs" of Service "web" is set to "null"
      Then it is accepted
      And requests from Pod "client" to "http://${lent}:8081/" come to be answered by exactly the Pods "lender"

    # The lender lends its address here, too.
    @services/every-type-balances @services/external-name @services/proxy-follows-services
    Scenario: each way is open as long as the Service has its type
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
        metadata: {name: lender}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve, --port=8081]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {type: NodePort, selector: {app: web}, ports: [{port: 8081, targetPort: 8080}]}
        """
      And Pods "client, lender, one" are Ready
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And "spec.ports[0].nodePort" of Service "web" is remembered as "port"
      And "status.podIP" of Pod "lender" is remembered as "lent"
      And the address of the node of Pod "client" is remembered as "node"
      Then requests from Pod "client" to "http://${address}:8081/" come to be answered by exactly the Pods "one"
      And requests from Pod "client" to "http://${node}:${port}/" come to be answered by exactly the Pods "one"
      When Service "web" is patched with:
        """
        spec: {type: ExternalName, externalName: web.example.com}
        """
      Then it is accepted
      And requests from Pod "client" to "http://${node}:${port}/" come to be answered by none of the Pods "one"
      And requests from Pod "client" to "http://${address}:8081/" come to be answered by none of the Pods "one"
      When Service "web" is patched with:
        """
        spec: {type: LoadBalancer, loadBalancerClass: example.com/nobody}
        """
      Then it is accepted
      When the status of Service "web" is patched with:
        """
        status: {loadBalancer: {ingress: [{ip: "${lent}"}]}}
        """
      Then it is accepted
      Given "spec.clusterIP" of Service "web" is remembered as "second"
      And "spec.ports[0].nodePort" of Service "web" is remembered as "another"
      Then requests from Pod "client" to "http://${second}:8081/" come to be answered by exactly the Pods "one"
      And requests from Pod "client" to "http://${node}:${another}/" come to be answered by exactly the Pods "one"
      And requests from Pod "client" to "http://${lent}:8081/" come to be answered by exactly the Pods "one"
      When Service "web" is patched with:
        """
        spec: {type: NodePort}
        """
      Then it is accepted
      And requests from Pod "client" to "http://${lent}:8081/" come to be answered by exactly the Pods "lender"
      And requests from Pod "client" to "http://${node}:${another}/" come to be answered by exactly the Pods "one"
      When Service "web" is patched with:
        """
        spec: {type: ClusterIP}
        """
      Then it is accepted
      And requests from Pod "client" to "http://${node}:${another}/" come to be answered by none of the Pods "one"
      And requests from Pod "client" to "http://${second}:8081/" come to be answered by exactly the Pods "one"

  Rule: a Pod reaches itself

    # Whoever sends the Pod its own packets as they are, from its own address, has it drop them.
    @services/load-balances @services/every-type-balances
    Scenario: the only one of its Service asks itself, at every address and by every protocol
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers:
          - {name: app, image: "${image}", command: [/workload, serve, --port=8080, --udp=5300]}
          - {name: client, image: "${image}", command: [/workload, wait]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          type: NodePort
          selector: {app: web}
          ports: [{name: http, port: 80, targetPort: 8080}, {name: ask, port: 53, targetPort: 5300, protocol: UDP}]
        """
      And Pod "one" is Ready
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And "spec.ports[name=http].nodePort" of Service "web" is remembered as "port"
      And "spec.ports[name=ask].nodePort" of Service "web" is remembered as "asked"
      And the address of the node of Pod "one" is remembered as "node"
      Then requests from Pod "one" to "http://${address}/" come to be answered by exactly the Pods "one"
      And requests from Pod "one" to "udp://${address}:53" come to be answered by exactly the Pods "one"
      And requests from Pod "one" to "http://${node}:${port}/" come to be answered by exactly the Pods "one"
      And requests from Pod "one" to "udp://${node}:${asked}" come to be answered by exactly the Pods "one"

  Rule: every node leads there

    @multi-node @services/node-port-everywhere @services/proxy-on-every-node @services/load-balances
    Scenario: one Pod, asked from every node, by its Pods and by itself, at every node, and by the Pod itself
      Given the number of nodes that take Pods is remembered as "nodes"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers:
          - {name: app, image: "${image}", command: [/workload, serve]}
          - {name: client, image: "${image}", command: [/workload, wait]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: near}
        spec: {type: NodePort, internalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: pods}
        spec:
          replicas: ${nodes}
          selector: {matchLabels: {app: pods}}
          template:
            metadata: {labels: {app: pods}}
            spec:
              affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: pods}}}]}}
              containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: hosts}
        spec:
          replicas: ${nodes}
          selector: {matchLabels: {app: hosts}}
          template:
            metadata: {labels: {app: hosts}}
            spec:
              hostNetwork: true
              affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: hosts}}}]}}
              containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "one" is Ready
      And ReplicaSet "pods" comes to have a Ready Pod on every node that takes Pods
      And ReplicaSet "hosts" comes to have a Ready Pod on every node that takes Pods
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And "spec.ports[0].nodePort" of Service "web" is remembered as "port"
      Then requests from every Pod of ReplicaSet "pods" to "http://${address}/" come to be answered by exactly the Pods "one"
      And requests from every Pod of ReplicaSet "hosts" to "http://${address}/" come to be answered by exactly the Pods "one"
      And requests from every Pod of ReplicaSet "pods" to the port "${port}" of every node come to be answered by exactly the Pods "one"
      And requests from every Pod of ReplicaSet "hosts" to the port "${port}" of every node come to be answered by exactly the Pods "one"
      And requests from Pod "one" to "http://${address}/" come to be answered by exactly the Pods "one"
      # A Service that keeps to the node leads nowhere where it has no Pod.
      Given "spec.clusterIP" of Service "near" is remembered as "near"
      Then requests from the Pods of ReplicaSet "pods" on the node of Pod "one" to "http://${near}/" come to be answered by exactly the Pods "one"
      And requests from the Pods of ReplicaSet "pods" on other nodes than Pod "one" to "http://${near}/" come to be answered by none of the Pods "one"
      # That is about its cluster IP: for its node ports there is another policy.
      Given "spec.ports[0].nodePort" of Service "near" is remembered as "beside"
      Then requests from every Pod of ReplicaSet "hosts" to the port "${beside}" of every node come to be answered by exactly the Pods "one"

    # A preference is no condition: who has nobody near is answered by whoever there is.
    @multi-node @services/proxy-on-every-node @services/load-balances
    Scenario: one Pod of Services that prefer who is near, asked from every node
      Given the number of nodes that take Pods is remembered as "nodes"
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
        metadata: {name: zone}
        spec: {trafficDistribution: PreferClose, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: node}
        spec: {trafficDistribution: PreferSameNode, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: pods}
        spec:
          replicas: ${nodes}
          selector: {matchLabels: {app: pods}}
          template:
            metadata: {labels: {app: pods}}
            spec:
              affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: pods}}}]}}
              containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "one" is Ready
      And ReplicaSet "pods" comes to have a Ready Pod on every node that takes Pods
      And "spec.clusterIP" of Service "zone" is remembered as "zone"
      And "spec.clusterIP" of Service "node" is remembered as "node"
      Then requests from every Pod of ReplicaSet "pods" to "http://${zone}/" come to be answered by exactly the Pods "one"
      And requests from every Pod of ReplicaSet "pods" to "http://${node}/" come to be answered by exactly the Pods "one"

    @should @multi-node @services/load-balances @services/proxy-follows-endpoints
    Scenario: who asks a Service that prefers its node is answered there, and elsewhere while nobody is there
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web, place: here}}
        spec:
          containers:
          - {name: app, image: "${image}", command: [/workload, serve]}
          - {name: client, image: "${image}", command: [/workload, wait]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: web}}
        spec:
          affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {place: here}}}]}}
          containers:
          - {name: app, image: "${image}", command: [/workload, serve]}
          - {name: client, image: "${image}", command: [/workload, wait]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {trafficDistribution: PreferSameNode, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pods "one, two" are Ready
      And the ready endpoints of Service "web" come to be exactly the Pods "one, two"
      And "spec.clusterIP" of Service "web" is remembered as "address"
      Then requests from Pod "one" to "http://${address}/" come to be answered by exactly the Pods "one"
      And requests from Pod "two" to "http://${address}/" come to be answered by exactly the Pods "two"
      When Pod "one" is relabelled "app=apart"
      Then requests from Pod "one" to "http://${address}/" come to be answered by exactly the Pods "two"
      When Pod "one" is relabelled "app=web"
      Then requests from Pod "one" to "http://${address}/" come to be answered by exactly the Pods "one"
      When "spec.trafficDistribution" of Service "web" is set to "null"
      Then it is accepted
      And requests from Pod "one" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      And requests from Pod "two" to "http://${address}/" come to be answered by exactly the Pods "one, two"

    @multi-node @services/node-port-everywhere @services/load-balancer
    Scenario: what comes from outside may be kept to the nodes that have a Pod, and each node tells a load balancer whether it has one
      Given the number of nodes that take Pods is remembered as "nodes"
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
        metadata: {name: web}
        spec: {type: LoadBalancer, loadBalancerClass: example.com/nobody, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: hosts}
        spec:
          replicas: ${nodes}
          selector: {matchLabels: {app: hosts}}
          template:
            metadata: {labels: {app: hosts}}
            spec:
              hostNetwork: true
              affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: hosts}}}]}}
              containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "one" is Ready
      And ReplicaSet "hosts" comes to have a Ready Pod on every node that takes Pods
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: apart}
        spec:
          affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "apart" is Ready
      And "spec.ports[0].nodePort" of Service "web" is remembered as "port"
      And "spec.healthCheckNodePort" of Service "web" is remembered as "health"
      And the address of the node of Pod "one" is remembered as "here"
      And the address of the node of Pod "apart" is remembered as "there"
      Then requests from the Pods of ReplicaSet "hosts" on other nodes than Pod "one" to "http://${here}:${port}/" come to be answered by exactly the Pods "one"
      And requests from Pod "apart" to "http://${here}:${health}/healthz" come to be answered with the status 200
      And requests from Pod "apart" to "http://${there}:${health}/healthz" come to be answered with the status 503
      # What comes from inside of the cluster is kept to no node, where it asks at the load balancer's address.
      When the status of Service "web" is patched with:
        """
        status: {loadBalancer: {ingress: [{ip: 198.51.100.7}]}}
        """
      Then it is accepted
      And requests from Pod "apart" to "http://198.51.100.7/" come to be answered by exactly the Pods "one"
      # The times of all requests so far are more than a packet holds, so that the packets between nodes are as large as they may be.
      And requests from Pod "apart" to "http://198.51.100.7/count" come to be answered with the status 200
      When Pod "apart" is labelled "app=web"
      Then requests from Pod "apart" to "http://${there}:${health}/healthz" come to be answered with the status 200
      When Pod "one" is deleted with a grace period of 0 seconds
      Then requests from Pod "apart" to "http://${here}:${health}/healthz" come to be answered with the status 503

    # Whoever is on another node's own network is outside of the cluster for the node, but not to all proxies.
    @should @multi-node @services/node-port-everywhere @services/proxy-follows-endpoints @services/load-balancer
    Scenario: of what is kept to a node, the last Pod there serves until it ends, while the load balancer is told to go elsewhere
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web, place: here}}
        spec:
          terminationGracePeriodSeconds: 60
          containers: [{name: app, image: "${image}", command: [/workload, serve, --term-delay=25s]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: web}}
        spec:
          affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {place: here}}}]}}
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: outside}
        spec:
          hostNetwork: true
          affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {place: here}}}]}}
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {type: LoadBalancer, loadBalancerClass: example.com/nobody, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pods "one, two, outside" are Ready
      And "spec.ports[0].nodePort" of Service "web" is remembered as "port"
      And "spec.healthCheckNodePort" of Service "web" is remembered as "health"
      And the address of the node of Pod "one" is remembered as "here"
      And requests from Pod "outside" to "http://${here}:${port}/" come to be answered by exactly the Pods "one"
      And requests from Pod "outside" to "http://${here}:${health}/healthz" come to be answered with the status 200
      When Pod "one" is deleted
      Then the endpoint of Pod "one" in Service "web" comes to be "ready=false, serving=true, terminating=true"
      And requests from Pod "outside" to "http://${here}:${health}/healthz" come to be answered with the status 503
      When Pod "outside" sends 6 requests to "http://${here}:${port}/", one every 1 seconds
      Then every request is answered
      And they are all answered by one of the Pods "one"

    @cluster @services/node-port-everywhere @services/load-balancer
    Scenario: who is outside of the cluster is answered by the nodes that have a Pod, and by no other
      Given a cluster of its own with 2 nodes
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve, --port=8080, --udp=5300]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          type: NodePort
          externalTrafficPolicy: Local
          selector: {app: web}
          ports: [{name: http, port: 80, targetPort: 8080}, {name: ask, port: 53, targetPort: 5300, protocol: UDP}]
        """
      And Pod "one" is Ready
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: apart}
        spec:
          affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "apart" is Ready
      And "spec.ports[name=http].nodePort" of Service "web" is remembered as "port"
      And "spec.ports[name=ask].nodePort" of Service "web" is remembered as "asked"
      And the address of the node of Pod "one" is remembered as "here"
      And the address of the node of Pod "apart" is remembered as "there"
      And the address of a machine outside of the cluster is remembered as "machine"
      Then requests from outside of the cluster to "http://${here}:${port}/" come to be answered by exactly the Pods "one"
      And requests from outside of the cluster to "http://${there}:${port}/" come to be answered by none of the Pods "one"
      And requests from outside of the cluster to "udp://${here}:${asked}" come to be answered by exactly the Pods "one"
      # Traffic that is kept to a node keeps its sender too.
      When a machine outside of the cluster begins "/workload http http://${here}:${port}/"
      Then what was begun exits with 0
      And its output contains ""remoteAddr":"${machine}:"

    # To some proxies another node's own network is a part of the cluster, from which every Pod may be reached.
    @should @multi-node @services/node-port-everywhere
    Scenario: who is on a node's own network and asks another node is outside of the cluster for that one
      Given the number of nodes that take Pods is remembered as "nodes"
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
        metadata: {name: web}
        spec: {type: NodePort, externalTrafficPolicy: Local, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: hosts}
        spec:
          replicas: ${nodes}
          selector: {matchLabels: {app: hosts}}
          template:
            metadata: {labels: {app: hosts}}
            spec:
              hostNetwork: true
              affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: hosts}}}]}}
              containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "one" is Ready
      And ReplicaSet "hosts" comes to have a Ready Pod on every node that takes Pods
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: apart}
        spec:
          affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "apart" is Ready
      And "spec.ports[0].nodePort" of Service "web" is remembered as "port"
      And the address of the node of Pod "apart" is remembered as "there"
      Then requests from the Pods of ReplicaSet "hosts" on other nodes than Pod "apart" to "http://${there}:${port}/" come to be answered by none of the Pods "one"

    # Firewalls between the nodes may let through what they know.
    @should @multi-node @services/load-balances @services/endpoints-object
    Scenario: one Pod on its node's own network, asked from the same node, from another, and by itself
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: host, labels: {app: web}}
        spec:
          hostNetwork: true
          containers:
          - {name: app, image: "${image}", command: [/workload, serve, --port=28080, --name=host], ports: [{containerPort: 28080}]}
          - {name: client, image: "${image}", command: [/workload, wait]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 28080}]}
        """
      And Pod "host" is Ready
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: near}
        spec:
          affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: apart}
        spec:
          affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pods "near, apart" are Ready
      And "spec.clusterIP" of Service "web" is remembered as "address"
      Then the ready endpoints of Service "web" come to be exactly the Pods "host"
      And requests from Pod "near" to "http://${address}/" come to be answered by exactly the Pods "host"
      And requests from Pod "apart" to "http://${address}/" come to be answered by exactly the Pods "host"
      And requests from Pod "host" to "http://${address}/" come to be answered by exactly the Pods "host"

  Rule: every port and protocol of a Service leads there

    @services/load-balances @services/proxy-follows-endpoints
    Scenario: HTTP, TCP and UDP, to ports that each Pod names, until no Pod is left
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
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --port=8080, --tcp=9000, --udp=5300]
            ports: [{name: http, containerPort: 8080}, {name: echo, containerPort: 9000}, {name: ask, containerPort: 5300, protocol: UDP}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: web}}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --port=8090, --tcp=9001, --udp=5301]
            ports: [{name: http, containerPort: 8090}, {name: echo, containerPort: 9001}, {name: ask, containerPort: 5301, protocol: UDP}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          type: NodePort
          selector: {app: web}
          ports:
          - {name: http, port: 80, targetPort: http}
          - {name: echo, port: 9000, targetPort: echo}
          - {name: ask, port: 9000, targetPort: ask, protocol: UDP}
        """
      And Pods "client, one, two" are Ready
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And "spec.ports[name=http].nodePort" of Service "web" is remembered as "port"
      And "spec.ports[name=ask].nodePort" of Service "web" is remembered as "asked"
      And the address of the node of Pod "client" is remembered as "node"
      Then requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      And requests from Pod "client" to "tcp://${address}:9000" come to be answered by exactly the Pods "one, two"
      And requests from Pod "client" to "udp://${address}:9000" come to be answered by exactly the Pods "one, two"
      And requests from Pod "client" to "http://${node}:${port}/" come to be answered by exactly the Pods "one, two"
      And requests from Pod "client" to "udp://${node}:${asked}" come to be answered by exactly the Pods "one, two"
      When Pod "one" is deleted
      And Pod "two" is deleted
      Then requests from Pod "client" to "http://${address}/" come to be refused
      And requests from Pod "client" to "tcp://${address}:9000" come to be refused
      And requests from Pod "client" to "udp://${address}:9000" come to be refused
      And requests from Pod "client" to "http://${node}:${port}/" come to be refused
      And requests from Pod "client" to "udp://${node}:${asked}" come to be refused

    # The name counts together with the protocol: the first container has one of the same name for datagrams.
    @services/load-balances @services/endpoints-object
    Scenario: a port that a sidecar names
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
          initContainers:
          - {name: proxy, image: "${image}", restartPolicy: Always, command: [/workload, serve, --port=8088], ports: [{name: front, containerPort: 8088}]}
          containers:
          - {name: app, image: "${image}", command: [/workload, serve, --port=8080, --udp=5300], ports: [{name: front, containerPort: 5300, protocol: UDP}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          selector: {app: web}
          ports: [{name: http, port: 80, targetPort: front}, {name: ask, port: 80, targetPort: front, protocol: UDP}]
        """
      And Pods "client, one" are Ready
      And "spec.clusterIP" of Service "web" is remembered as "address"
      Then requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one"
      And requests from Pod "client" to "udp://${address}:80" come to be answered by exactly the Pods "one"
      And "subsets[0].ports[name=http].port" of Endpoints "web" becomes "8088"
      And "subsets[0].ports[name=ask].port" of Endpoints "web" is "5300"

    # The first Pod is on another node than its client: a kernel forgets by itself what it masquerades to an interface that goes away.
    @multi-node @services/proxy-follows-endpoints @services/node-port-everywhere
    Scenario: datagrams of one sender find another Pod when theirs is gone
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: client, labels: {app: client}}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: ask}}
        spec:
          affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: client}}}]}}
          containers: [{name: app, image: "${image}", command: [/workload, serve, --udp=5300]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: spare}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve, --udp=5300]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: ask}
        spec: {type: NodePort, selector: {app: ask}, ports: [{port: 53, targetPort: 5300, protocol: UDP}]}
        """
      And Pods "client, one, two" are Ready
      And "spec.clusterIP" of Service "ask" is remembered as "address"
      And "spec.ports[0].nodePort" of Service "ask" is remembered as "port"
      And the address of the node of Pod "client" is remembered as "node"
      Then datagrams from the port 20001 of Pod "client" to "${address}:53" come to be answered by Pod "one"
      And datagrams from the port 20002 of Pod "client" to "${node}:${port}" come to be answered by Pod "one"
      When Pod "two" is labelled "app=ask"
      And Pod "one" is deleted with a grace period of 0 seconds
      Then the ready endpoints of Service "ask" come to be exactly the Pods "two"
      And datagrams from the port 20001 of Pod "client" to "${address}:53" come to be answered by Pod "two"
      And datagrams from the port 20002 of Pod "client" to "${node}:${port}" come to be answered by Pod "two"

    # The second container tells a name of its own.
    @services/proxy-follows-services @services/proxy-follows-endpoints
    Scenario: datagrams of one sender go to another port of the Pod when their Service's target changes
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
        metadata: {name: one, labels: {app: ask}}
        spec:
          containers:
          - {name: app, image: "${image}", command: [/workload, serve, --udp=5300]}
          - {name: aside, image: "${image}", command: [/workload, serve, --udp=5301, --name=aside]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: ask}
        spec: {type: NodePort, selector: {app: ask}, ports: [{port: 53, targetPort: 5300, protocol: UDP}]}
        """
      And Pods "client, one" are Ready
      And "spec.clusterIP" of Service "ask" is remembered as "address"
      And "spec.ports[0].nodePort" of Service "ask" is remembered as "port"
      And the address of the node of Pod "client" is remembered as "node"
      Then datagrams from the port 20001 of Pod "client" to "${address}:53" come to be answered by Pod "one"
      And datagrams from the port 20002 of Pod "client" to "${node}:${port}" come to be answered by Pod "one"
      When Service "ask" is patched with:
        """
        spec: {ports: [{port: 53, targetPort: 5301, protocol: UDP, nodePort: ${port}}]}
        """
      Then it is accepted
      And datagrams from the port 20001 of Pod "client" to "${address}:53" come to be answered by Pod "aside"
      And datagrams from the port 20002 of Pod "client" to "${node}:${port}" come to be answered by Pod "aside"

    # The kernel goes on with the datagrams of one port as it began with the first of them, for as long as they come.
    @serial @services/proxy-follows-services @services/proxy-follows-endpoints
    Scenario: who sent datagrams before there was a Service is answered once there is one
      Given a node port that is free is remembered as "free"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: spare}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve, --udp=5300]}]
        """
      And Pods "client, one" are Ready
      And the address of the node of Pod "client" is remembered as "node"
      When container "client" of Pod "client" executes "/workload udp ${node}:${free} --from-port=20003 --count=2 --timeout=1s"
      Then it exits with 1
      Given these objects exist:
        """
        apiVersion: v1
        kind: Service
        metadata: {name: ask}
        spec: {type: NodePort, selector: {app: ask}, ports: [{port: 53, targetPort: 5300, protocol: UDP, nodePort: ${free}}]}
        """
      And "spec.clusterIP" of Service "ask" is remembered as "address"
      And requests from Pod "client" to "udp://${address}:53" come to be refused
      When Pod "one" is labelled "app=ask"
      Then datagrams from the port 20003 of Pod "client" to "${node}:${free}" come to be answered by Pod "one"

    @services/proxy-follows-endpoints
    Scenario: the last Pod of a Service goes on to be asked while it serves
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
        metadata: {name: last, labels: {app: web}}
        spec:
          terminationGracePeriodSeconds: 60
          containers: [{name: app, image: "${image}", command: [/workload, serve, --term-delay=25s]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pods "client, last" are Ready
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "last"
      When Pod "last" is deleted
      Then the endpoint of Pod "last" in Service "web" comes to be "ready=false, serving=true, terminating=true"
      When Pod "client" sends 8 requests to "http://${address}/", one every 1 seconds
      Then every request is answered

    @services/proxy-follows-endpoints
    Scenario: beside a ready Pod, one that terminates is asked no more, although it serves
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
        metadata: {name: last, labels: {app: web}}
        spec:
          terminationGracePeriodSeconds: 90
          containers: [{name: app, image: "${image}", command: [/workload, serve, --term-delay=60s]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: other, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pods "client, last, other" are Ready
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "last, other"
      When Pod "last" is deleted
      Then the endpoint of Pod "last" in Service "web" comes to be "ready=false, serving=true, terminating=true"
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "other"
      # It would still have answered.
      And the endpoint of Pod "last" in Service "web" comes to be "ready=false, serving=true, terminating=true"

    @should @services/load-balances
    Scenario: the load is even
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pod "client" is Ready
      And ReplicaSet "web" comes to have 3 Ready Pods
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And the Pods of ReplicaSet "web" are remembered as "pods"
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "${pods}"
      When Pod "client" sends 500 requests to "http://${address}/"
      Then they are spread over the Pods "${pods}" no less evenly than by chance

  @services/session-affinity
  Rule: a Service can keep a client with one Pod

    Scenario: as long as it keeps asking, at every address, and as long as its Service says so
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: keeping}
        spec: {type: NodePort, sessionAffinity: ClientIP, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      Then "spec.sessionAffinityConfig.clientIP.timeoutSeconds" of Service "keeping" is "10800"
      Given Pod "client" is Ready
      And ReplicaSet "web" comes to have 3 Ready Pods
      And the Pods of ReplicaSet "web" are remembered as "pods"
      And "spec.clusterIP" of Service "keeping" is remembered as "keeping"
      And "spec.ports[0].nodePort" of Service "keeping" is remembered as "port"
      And the address of the node of Pod "client" is remembered as "node"
      And the ready endpoints of Service "keeping" come to be exactly the Pods "${pods}"
      And requests from Pod "client" to "http://${keeping}/" come to be answered by one of the Pods "${pods}"
      And requests from Pod "client" to "http://${node}:${port}/" come to be answered by one of the Pods "${pods}"
      When Pod "client" sends 60 requests to "http://${keeping}/"
      Then they are all answered by one of the Pods "${pods}"
      # Whoever forgets it in between chooses anew for each.
      When Pod "client" sends 10 requests to "http://${keeping}/", one every 2 seconds
      Then they are all answered by one of the Pods "${pods}"
      When "spec.sessionAffinity" of Service "keeping" is set to "None"
      Then it is accepted
      And requests from Pod "client" to "http://${keeping}/" come to be answered by exactly the Pods "${pods}"
      And requests from Pod "client" to "http://${node}:${port}/" come to be answered by exactly the Pods "${pods}"
      When "spec.sessionAffinity" of Service "keeping" is set to "ClientIP"
      Then it is accepted
      And requests from Pod "client" to "http://${keeping}/" come to be answered by one of the Pods "${pods}"
      And requests from Pod "client" to "http://${node}:${port}/" come to be answered by one of the Pods "${pods}"

    Scenario: whoever sends datagrams is kept as well
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, serve, --udp=5300]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: keeping}
        spec: {sessionAffinity: ClientIP, selector: {app: web}, ports: [{port: 53, protocol: UDP, targetPort: 5300}]}
        """
      And Pod "client" is Ready
      And ReplicaSet "web" comes to have 3 Ready Pods
      And the Pods of ReplicaSet "web" are remembered as "pods"
      And "spec.clusterIP" of Service "keeping" is remembered as "keeping"
      And the ready endpoints of Service "keeping" come to be exactly the Pods "${pods}"
      Then requests from Pod "client" to "udp://${keeping}:53" come to be answered by one of the Pods "${pods}"

    # How exactly a proxy counts the time is its own affair. Three Pods: sixteen choices by chance fall on one of them less than once in a
    # million times (3 to the power of -15).
    @should @long
    Scenario: no longer than the timeout after it asked last
      Given these objects exist:
        """
        # All the time there is a Pod that its Service may not lead to; the run's invariants look at it.
        apiVersion: v1
        kind: Pod
        metadata: {name: shy, labels: {app: shy}}
        spec:
          restartPolicy: Never
          containers: [{name: app, image: "${image}", command: [/workload, wait], readinessProbe: {tcpSocket: {port: 1}}}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: shy}
        spec: {selector: {app: shy}, ports: [{port: 80, targetPort: 8080}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: forgetting}
        spec: {sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 1}}, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pod "client" is Ready
      And ReplicaSet "web" comes to have 3 Ready Pods
      And the Pods of ReplicaSet "web" are remembered as "pods"
      And "spec.clusterIP" of Service "forgetting" is remembered as "forgetting"
      And the ready endpoints of Service "forgetting" come to be exactly the Pods "${pods}"
      And requests from Pod "client" to "http://${forgetting}/" come to be answered with the status 200
      When Pod "client" sends 16 requests to "http://${forgetting}/", one every 2 seconds
      Then they are answered by more than one of the Pods "${pods}"

    # Upstream keeps the clients of each port by itself. Twenty choices between two Pods by chance fall on the same one less than once in a million
    # times (2 to the power of -20), be it one for each port that forgets whom it kept, or one for each of its requests.
    Scenario: another Pod that joins changes nothing, and who is not ready any more is left
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
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {httpGet: {path: /readyz, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 2}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: spare}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: spread}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: keeping}
        spec:
          sessionAffinity: ClientIP
          selector: {app: web}
          ports:
            [ {name: p1, port: 8001, targetPort: 8080}, {name: p2, port: 8002, targetPort: 8080}, {name: p3, port: 8003, targetPort: 8080}, {name: p4, port: 8004, targetPort: 8080}, {name: p5, port: 8005, targetPort: 8080},
              {name: p6, port: 8006, targetPort: 8080}, {name: p7, port: 8007, targetPort: 8080}, {name: p8, port: 8008, targetPort: 8080}, {name: p9, port: 8009, targetPort: 8080}, {name: p10, port: 8010, targetPort: 8080},
              {name: p11, port: 8011, targetPort: 8080}, {name: p12, port: 8012, targetPort: 8080}, {name: p13, port: 8013, targetPort: 8080}, {name: p14, port: 8014, targetPort: 8080}, {name: p15, port: 8015, targetPort: 8080},
              {name: p16, port: 8016, targetPort: 8080}, {name: p17, port: 8017, targetPort: 8080}, {name: p18, port: 8018, targetPort: 8080}, {name: p19, port: 8019, targetPort: 8080}, {name: p20, port: 8020, targetPort: 8080} ]
        """
      And Pods "client, one, two" are Ready
      And "spec.clusterIP" of Service "spread" is remembered as "spread"
      And requests from Pod "client" to every port of Service "keeping" come to be answered by exactly the Pods "one"
      When Pod "two" is labelled "app=web"
      Then the ready endpoints of Service "keeping" come to be exactly the Pods "one, two"
      And requests from Pod "client" to "http://${spread}/" come to be answered by exactly the Pods "one, two"
      When Pod "client" sends 2 requests to every port of Service "keeping"
      Then they are all answered by one of the Pods "one"
      When container "app" of Pod "one" executes "/workload control path=/readyz status=503"
      Then the ready endpoints of Service "keeping" come to be exactly the Pods "two"
      And requests from Pod "client" to every port of Service "keeping" come to be answered by exactly the Pods "two"

  @services/loose-coupling
  Rule: Services, Pods and the sets that make them are coupled by labels alone

    Scenario: one Service spans two ReplicaSets, and each lives on without the other
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: old}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web, version: "1"}}
          template:
            metadata: {labels: {app: web, version: "1"}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: new}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web, version: "2"}}
          template:
            metadata: {labels: {app: web, version: "2"}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: other}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pod "client" is Ready
      And ReplicaSet "old" comes to have 1 Ready Pod
      And ReplicaSet "new" comes to have 1 Ready Pod
      And the Pods of ReplicaSet "old" are remembered as "old"
      And the Pods of ReplicaSet "new" are remembered as "new"
      And "spec.clusterIP" of Service "web" is remembered as "web"
      And "spec.clusterIP" of Service "other" is remembered as "other"
      Then requests from Pod "client" to "http://${web}/" come to be answered by exactly the Pods "${old}, ${new}"
      When Service "web" is deleted
      Then Service "web" is gone
      And requests from Pod "client" to "http://${web}/" come to be answered by none of the Pods "${old}, ${new}"
      And requests from Pod "client" to "http://${other}/" come to be answered by exactly the Pods "${old}, ${new}"
      And ReplicaSet "old" still has the same Pods as "old"
      And ReplicaSet "new" still has the same Pods as "new"
      When ReplicaSet "old" is deleted
      Then requests from Pod "client" to "http://${other}/" come to be answered by exactly the Pods "${new}"
      And ReplicaSet "new" still has the same Pods as "new"
