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
