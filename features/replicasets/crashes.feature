@cluster @implementation
Feature: Crashes
  Whatever part of the orchestrator is killed, it comes back and goes on where it was: what was stored is still there, what
  ran still runs, and the number that was asked for is reached.

  @replicasets/reconcile
  Rule: a part that is killed costs nothing but time

    Scenario Outline: kill -9 of <what>, while a set grows to 50
      Given a cluster of its own with 2 nodes
      And these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 4
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And ReplicaSet "web" comes to have 4 Ready Pods
      And the containers of ReplicaSet "web" are remembered
      When "spec.replicas" of ReplicaSet "web" is set to "50"
      Then it is accepted
      And ReplicaSet "web" has come to have at least 10 Pods
      When the <part> of the <node> node is killed
      Then the API server answers again
      And "spec.replicas" of ReplicaSet "web" is "50"
      And ReplicaSet "web" comes to have 50 Ready Pods
      And the remembered containers still run, none restarted
      And ReplicaSet "web" keeps exactly 50 Pods for 2 seconds
      And the nodes run exactly 50 processes "/workload wait"

      Examples:
        | what                       | part    | node  |
        | the server                 | server  | first |
        | a node's agent             | agent   | last  |
        | a node's container runtime | runtime | last  |
