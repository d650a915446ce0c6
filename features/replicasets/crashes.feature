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

  @pods/custom-grace-period
  Rule: what is ending when its agent is killed goes on to end, within the time that it had

    # Somebody else's finalizer keeps both to be seen. A period that began anew, as upstream's does, is over 12 seconds later.
    @should @long
    Scenario: kill -9 of a node's agent, while Pods end
      Given a cluster of its own with 2 nodes
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: polite, finalizers: [example.com/hold]}
        spec:
          nodeName: node-2
          terminationGracePeriodSeconds: 60
          containers: [{name: app, image: "${image}", command: [/workload, wait, --term-delay=22s, --term-code=7]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: stubborn, finalizers: [example.com/hold]}
        spec:
          nodeName: node-2
          terminationGracePeriodSeconds: 26
          containers: [{name: app, image: "${image}", command: [/workload, wait, --ignore-sigterm]}]
        """
      And Pods "polite, stubborn" are Ready
      And the log of Pod "polite" is followed
      And the log of Pod "stubborn" is followed
      When Pod "polite" is deleted
      And Pod "stubborn" is deleted
      And "metadata.deletionTimestamp" of Pod "stubborn" is remembered as "due"
      Then the log of Pod "polite" says "signal=SIGTERM"
      And the log of Pod "stubborn" says "signal=SIGTERM"
      And Pod "stubborn" exists for 12 seconds
      When the agent of the last node is killed
      Then "status.phase" of Pod "polite" becomes "Failed"
      And "status.containerStatuses[name=app].state.terminated.exitCode" of Pod "polite" is "7"
      And "status.phase" of Pod "stubborn" becomes "Failed"
      And "status.containerStatuses[name=app].state.terminated.exitCode" of Pod "stubborn" is "137"
      And "status.containerStatuses[name=app].state.terminated.finishedAt" of Pod "stubborn" is between 0 and 8 seconds after "${due}"
