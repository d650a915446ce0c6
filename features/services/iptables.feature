@implementation @network
Feature: Rules
  The book says how a Service's address leads to Pods: by iptables rules on every node. Other mechanisms are as good; this looks for that one,
  in the nodes of a cluster that the run owns.

  @services/iptables
  Rule: a Service is rules on every node

    Scenario: they come with the Service, follow its endpoints, and go with it; other people's stay
      Given somebody else's chain "NOBODY-KNOWS" is among the iptables rules of every node
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: other}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pods "one, two" are Ready
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And "status.podIP" of Pod "one" is remembered as "one"
      And "status.podIP" of Pod "two" is remembered as "two"
      Then the iptables rules of every node come to name "-d ${address}/32"
      And the iptables rules of every node come to name "--to-destination ${one}:8080"
      When Pod "two" is labelled "app=web"
      Then the iptables rules of every node come to name "--to-destination ${two}:8080"
      When Service "web" is deleted
      Then the iptables rules of no node come to name "${address}"
      And the iptables rules of no node come to name "${one}:8080"
      And the iptables rules of every node come to name ":NOBODY-KNOWS "

    # Others have rules in the same tables, in the kernel's chains and in their own, some of which have names like a proxy's.
    Scenario: nothing is left behind by a Service of many ways, and nothing else is touched
      Given these rules of somebody else are among the iptables rules of every node:
        | table  | chain          | rule                     |
        | nat    | PREROUTING     | -d 192.0.2.91 -j RETURN  |
        | nat    | POSTROUTING    | -s 192.0.2.92 -j RETURN  |
        | nat    | OUTPUT         | -d 192.0.2.93 -j RETURN  |
        | nat    | KUBE-NEIGHBOUR | -d 192.0.2.94 -j RETURN  |
        | filter | INPUT          | -s 192.0.2.95 -j DROP    |
        | filter | FORWARD        | -s 192.0.2.96 -j DROP    |
        | filter | OUTPUT         | -d 192.0.2.97 -j DROP    |
        | filter | KUBE-NEIGHBOUR | -s 192.0.2.98 -j DROP    |
      And these objects exist:
        """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          type: LoadBalancer
          loadBalancerClass: example.com/nobody
          sessionAffinity: ClientIP
          externalTrafficPolicy: Local
          ports: [{name: one, port: 80}, {name: two, port: 53, protocol: UDP}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
        addressType: IPv4
        ports: [{name: one, port: 8080}, {name: two, port: 8053, protocol: UDP}]
        endpoints: [{addresses: [192.0.2.81]}, {addresses: [192.0.2.82]}]
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And "spec.ports[0].nodePort" of Service "web" is remembered as "port"
      And "spec.ports[1].nodePort" of Service "web" is remembered as "second"
      Then the iptables rules of every node come to name "--to-destination 192.0.2.81:8080"
      And the iptables rules of every node come to name "--to-destination 192.0.2.82:8053"
      And the iptables rules of every node come to name "--dport ${port} "
      And the iptables rules of every node come to name "--dport ${second} "
      When the chains that iptables rules about "${address}, ${port}, ${second}" lead to on every node, and no others, are remembered
      And EndpointSlice "web-1" is patched with:
        """
        endpoints: [{addresses: [192.0.2.81]}, {addresses: [192.0.2.83]}]
        """
      Then the iptables rules of every node come to name "--to-destination 192.0.2.83:8053"
      And the iptables rules of no node come to name "192.0.2.82:8053"
      When Service "web" is deleted
      Then the iptables rules of no node come to name "${address}"
      And the iptables rules of no node come to name "--dport ${port} "
      And the iptables rules of no node come to name "192.0.2.8"
      And the remembered chains come to be gone from every node
      And the rules of somebody else are as they were on every node
