@cluster
Feature: Proxies
  Each node has a proxy of its own. Whenever it begins, it finds the Services that there are, and harms nothing that goes on.

  @services/proxy-on-every-node @services/node-port-everywhere @services/node-port-serves @services/proxy-follows-services
  Rule: a node that joins later serves what was there before

    Scenario: to its own Pods, and at its own address
      Given a cluster of its own with 1 node
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
        spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pod "one" is Ready
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And "spec.ports[0].nodePort" of Service "web" is remembered as "port"
      Then requests from outside of the cluster to the port "${port}" of every node come to be answered by exactly the Pods "one"
      When one more node joins, whose name is remembered as "node"
      Then Node "${node}" becomes Ready
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec:
          nodeSelector: {kubernetes.io/hostname: "${node}"}
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "client" is Ready
      Then requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one"
      And requests from outside of the cluster to the port "${port}" of every node come to be answered by exactly the Pods "one"
      Given the address of the node of Pod "client" is remembered as "there"
      When Pod "one" is deleted with a grace period of 0 seconds
      Then requests from outside of the cluster to "http://${there}:${port}/" come to be refused

  @services/proxy-on-every-node @services/proxy-follows-endpoints
  Rule: a proxy that is restarted disturbs no traffic

    # Who asks is outside, so that nothing of the orchestrator but the node's rules is in the way.
    @implementation
    Scenario: kill -9 of a node's proxy, while its node port is asked
      Given a cluster of its own with 2 nodes
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
        kind: Service
        metadata: {name: web}
        spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pod "one" is Ready
      And "spec.ports[0].nodePort" of Service "web" is remembered as "port"
      And the address of the node of Pod "one" is remembered as "node"
      And requests from outside of the cluster to "http://${node}:${port}/" come to be answered by exactly the Pods "one"
      And these rules of somebody else are among the iptables rules of every node:
        | table  | chain          | rule                    |
        | nat    | PREROUTING     | -d 192.0.2.91 -j RETURN |
        | nat    | KUBE-NEIGHBOUR | -d 192.0.2.94 -j RETURN |
        | filter | FORWARD        | -s 192.0.2.96 -j DROP   |
        | filter | KUBE-NEIGHBOUR | -s 192.0.2.98 -j DROP   |
      When a machine outside of the cluster begins "/workload http http://${node}:${port}/ --for=6s --interval=10ms --timeout=5s"
      And the proxy of the last node is killed
      # Whatever reaches the rules now is the next proxy's work.
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: web}}
        spec:
          nodeSelector: {kubernetes.io/hostname: node-1}
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        """
      And Pod "two" is Ready
      Then requests from outside of the cluster to "http://${node}:${port}/" come to be answered by exactly the Pods "one, two"
      And what was begun exits with 0
      And the rules of somebody else are as they were on every node
