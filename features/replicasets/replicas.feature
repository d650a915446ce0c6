@workloads
Feature: Replicas
  A ReplicaSet keeps a set of Pods at a number. It compares what it wants with what it finds, and creates or deletes Pods
  until both agree.

  @replicasets/manage-a-set
  Rule: a ReplicaSet brings its Pods to the number it declares

    Scenario Outline: <count> replicas
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: <count>
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then ReplicaSet "web" comes to have <count> Ready Pods
      And ReplicaSet "web" keeps exactly <count> Pods for 2 seconds
      And "status.observedGeneration" of ReplicaSet "web" becomes "1"
      And "status.replicas" of ReplicaSet "web" becomes "<count>"
      And "status.readyReplicas" of ReplicaSet "web" becomes "<count>"
      And "status.availableReplicas" of ReplicaSet "web" becomes "<count>"

      Examples:
        | count |
        | 0     |
        | 1     |
        | 3     |

    Scenario: a Pod is available when it has been ready for as long as the set says
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 1
          minReadySeconds: 6
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then ReplicaSet "web" comes to have 1 Ready Pod
      And "status.readyReplicas" of ReplicaSet "web" becomes "1"
      And "status.availableReplicas" of ReplicaSet "web" becomes "1"

    # The columns are upstream's. The Pods of the second set are refused, since their account is not there.
    @should @api
    Scenario: get shows what a set wants, what it has, and what of that is ready
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              schedulerName: example.com/nobody
              containers: [{name: one, image: example.com/one:1}, {name: other, image: example.com/other:2}]
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: without}
        spec:
          replicas: 3
          selector: {matchLabels: {app: without}}
          template:
            metadata: {labels: {app: without}}
            spec:
              serviceAccountName: nobodys
              schedulerName: example.com/nobody
              containers: [{name: app, image: example.com/app:1}]
        """
      And ReplicaSet "web" comes to have 2 Pods
      And one Pod of ReplicaSet "web" is remembered as "pod"
      When the status of Pod "${pod}" is patched with:
        """
        status: {conditions: [{type: Ready, status: "True"}]}
        """
      Then it is accepted
      And "status.readyReplicas" of ReplicaSet "web" becomes "1"
      And "status.replicas" of ReplicaSet "web" becomes "2"
      When kubectl runs "get rs"
      Then it prints the columns "NAME, DESIRED, CURRENT, READY, AGE"
      And its output matches "(?m)^web +2 +2 +1 +\S+$"
      And its output matches "(?m)^without +3 +0 +0 +\S+$"
      When kubectl runs "get rs web -o wide"
      Then it prints the columns "NAME, DESIRED, CURRENT, READY, AGE, CONTAINERS, IMAGES, SELECTOR"
      And its output matches "(?m)^web +2 +2 +1 +\S+ +one,other +example\.com/one:1,example\.com/other:2 +app=web$"

    @api
    Scenario: only another wish is another generation
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And "status.observedGeneration" of ReplicaSet "web" becomes "1"
      When ReplicaSet "web" is labelled "tier=front"
      Then it is accepted
      And "metadata.generation" of ReplicaSet "web" is "1"
      When "spec.minReadySeconds" of ReplicaSet "web" is set to "1"
      Then it is accepted
      And "metadata.generation" of ReplicaSet "web" is "2"
      And "status.observedGeneration" of ReplicaSet "web" becomes "2"

    @api
    Scenario: without a number it is one
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then "spec.replicas" of ReplicaSet "web" is "1"
      And ReplicaSet "web" comes to have 1 Pod

    @api
    Scenario Outline: a ReplicaSet with <what> is refused
      When this is submitted:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec: <spec>
        """
      Then it is refused with 422 "Invalid" naming "<field>"
      And there is no ReplicaSet "web"

      Examples:
        | what                      | field                                | spec |
        | a negative number         | spec.replicas                        | {replicas: -1, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: x}]}}} |
        | no selector               | spec.selector                        | {template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: x}]}}} |
        | an empty selector         | spec.selector                        | {selector: {}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: x}]}}} |
        | a selector beside it      | spec.template.metadata.labels        | {selector: {matchLabels: {a: c}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: x}]}}} |
        | a Pod that may end        | spec.template.spec.restartPolicy     | {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {restartPolicy: Never, containers: [{name: a, image: x}]}}} |
        | a negative time to be ready | spec.minReadySeconds               | {minReadySeconds: -1, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: x}]}}} |
        | an unknown operator       | spec.selector.matchExpressions[0].operator | {selector: {matchExpressions: [{key: a, operator: Like, values: [b]}]}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: x}]}}} |

    Scenario: a Pod counts as available when it has been Ready for as long as the set says
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 2
          minReadySeconds: 5
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then ReplicaSet "web" comes to count 2 Pods as available, and none before it has been Ready for 5 seconds
      And "status.readyReplicas" of ReplicaSet "web" is "2"

    # Nobody schedules the Pods.
    @api
    Scenario: a scale is a new generation; a status written by hand is none, and does not last
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And "status.observedGeneration" of ReplicaSet "web" becomes "1"
      When kubectl runs "scale replicaset web --replicas=2"
      Then "metadata.generation" of ReplicaSet "web" is "2"
      And "status.observedGeneration" of ReplicaSet "web" becomes "2"
      And "status.replicas" of ReplicaSet "web" becomes "2"
      When the status of ReplicaSet "web" is patched with:
        """
        status: {replicas: 7}
        """
      Then it is accepted
      And "status.replicas" of ReplicaSet "web" becomes "2"
      And "metadata.generation" of ReplicaSet "web" is "2"

    @api
    Scenario: a Pod that lacks a label of the template counts, but not as fully labelled
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, tier: front}}
            spec: {schedulerName: example.com/nobody, containers: [{name: app, image: "${image}"}]}
        """
      And ReplicaSet "web" comes to have 2 Pods
      And "status.fullyLabeledReplicas" of ReplicaSet "web" becomes "2"
      And the Pods of ReplicaSet "web" are remembered as "its Pods"
      And one Pod of ReplicaSet "web" is remembered as "pod"
      When Pod "${pod}" is relabelled "tier-"
      Then "status.fullyLabeledReplicas" of ReplicaSet "web" becomes "1"
      And "status.replicas" of ReplicaSet "web" is "2"
      And ReplicaSet "web" still has the same Pods as "its Pods"

    # What a node would tell of the Pod is written by hand, so that none is needed.
    @api
    Scenario: a Pod that is not Ready any more does not count as Ready any more
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And ReplicaSet "web" comes to have 2 Pods
      And one Pod of ReplicaSet "web" is remembered as "pod"
      When the status of Pod "${pod}" is patched with:
        """
        status: {conditions: [{type: Ready, status: "True"}]}
        """
      Then it is accepted
      And "status.readyReplicas" of ReplicaSet "web" becomes "1"
      And "status.availableReplicas" of ReplicaSet "web" becomes "1"
      When the status of Pod "${pod}" is patched with:
        """
        status: {conditions: [{type: Ready, status: "False"}]}
        """
      Then it is accepted
      And "status.readyReplicas" of ReplicaSet "web" becomes "0"
      And "status.availableReplicas" of ReplicaSet "web" becomes "0"
      And "status.replicas" of ReplicaSet "web" becomes "2"

    # Kubernetes calls the field beta.
    @api @should
    Scenario: a Pod that is on its way out is counted as that
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}, finalizers: [example.com/hold]}
            spec:
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And ReplicaSet "web" comes to have 1 Pod
      And one Pod of ReplicaSet "web" is remembered as "leaving"
      When Pod "${leaving}" is deleted
      Then it is accepted
      And "status.terminatingReplicas" of ReplicaSet "web" becomes "1"
      When "metadata.finalizers" of Pod "${leaving}" is set to "null"
      Then it is accepted
      And "status.terminatingReplicas" of ReplicaSet "web" becomes "0"

    @api
    Scenario: Pods that cannot be created are told of, until they can
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              serviceAccountName: nobodys
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then "status.conditions[type=ReplicaFailure].status" of ReplicaSet "web" becomes "True"
      And "status.conditions[type=ReplicaFailure].reason" of ReplicaSet "web" is "FailedCreate"
      And "status.conditions[type=ReplicaFailure].message" of ReplicaSet "web" contains "nobodys"
      And "status.replicas" of ReplicaSet "web" is "0"
      And a warning is recorded for ReplicaSet "web" that says "nobodys"
      When this is submitted:
        """
        {apiVersion: v1, kind: ServiceAccount, metadata: {name: nobodys}}
        """
      Then it is accepted
      And ReplicaSet "web" comes to have 2 Pods
      And "status.conditions[type=ReplicaFailure].status" of ReplicaSet "web" ceases to be "True"
      And "status.replicas" of ReplicaSet "web" becomes "2"

    # Its own cluster, because so many Pods leave the others' no room. A node takes 110.
    @cluster @slow @services/endpoints-object
    Scenario: 200 replicas over three nodes
      Given a cluster of its own with 3 nodes
      And these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 200
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              terminationGracePeriodSeconds: 1
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80}]}
        """
      Then ReplicaSet "web" grows to exactly 200 Ready Pods, and never has more
      And the Pods of ReplicaSet "web" lie over the nodes no less evenly than by chance
      And ReplicaSet "web" keeps exactly 200 Pods for 5 seconds
      And "status.replicas" of ReplicaSet "web" becomes "200"
      And "status.fullyLabeledReplicas" of ReplicaSet "web" becomes "200"
      And "status.readyReplicas" of ReplicaSet "web" becomes "200"
      And "status.availableReplicas" of ReplicaSet "web" becomes "200"
      # A slice has no more than a hundred endpoints.
      Given the Pods of ReplicaSet "web" are remembered as "all"
      Then the ready endpoints of Service "web" come to be exactly the Pods "${all}"
      And the Endpoints "web" come to list exactly the Pods "${all}"
      When "spec.replicas" of ReplicaSet "web" is set to "120"
      Then ReplicaSet "web" shrinks to exactly 120 Pods, and never has fewer
      And ReplicaSet "web" keeps exactly 120 Pods for 5 seconds
      And "status.replicas" of ReplicaSet "web" becomes "120"
      Given the Pods of ReplicaSet "web" are remembered as "rest"
      Then the ready endpoints of Service "web" come to be exactly the Pods "${rest}"
      And the Endpoints "web" come to list exactly the Pods "${rest}"
      When "spec.replicas" of ReplicaSet "web" is set to "0"
      Then ReplicaSet "web" shrinks to exactly 0 Pods, and never has fewer
      And "status.replicas" of ReplicaSet "web" becomes "0"

  @replicasets/reconcile
  Rule: when what is there differs from what is wanted, Pods are created or deleted

    Scenario: a Pod that is deleted is replaced by another
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And ReplicaSet "web" comes to have 2 Ready Pods
      And one Pod of ReplicaSet "web" is remembered as "victim"
      When Pod "${victim}" is deleted
      Then Pod "${victim}" is gone
      And ReplicaSet "web" comes to have 2 Ready Pods

    @api
    Scenario: a Pod that has failed is replaced, and stays to be looked at
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              nodeSelector: {example.com/no-such-node: "${namespace}"}
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And ReplicaSet "web" comes to have 1 Pod
      And one Pod of ReplicaSet "web" is remembered as "victim"
      When the status of Pod "${victim}" is patched with:
        """
        status: {phase: Failed}
        """
      Then it is accepted
      And there come to be exactly 2 Pods with the selector "app=web"
      And ReplicaSet "web" comes to have 1 Pod
      And Pod "${victim}" still exists

    Scenario: more and fewer
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And ReplicaSet "web" comes to have 1 Ready Pod
      When "spec.replicas" of ReplicaSet "web" is set to "4"
      Then ReplicaSet "web" comes to have 4 Ready Pods
      When "spec.replicas" of ReplicaSet "web" is set to "0"
      Then there come to be no Pods with the selector "app=web"
      And "status.replicas" of ReplicaSet "web" becomes "0"

    @long
    Scenario: a settled set writes nothing
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And ReplicaSet "web" comes to have 2 Ready Pods
      And "status.availableReplicas" of ReplicaSet "web" becomes "2"
      Then nothing of ReplicaSet "web" and its Pods is written for 40 seconds

    @api
    Scenario: a Pod that is deleted and does not go yet has a successor all the same
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}, finalizers: [example.com/hold]}
            spec:
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And ReplicaSet "web" comes to have 1 Pod
      And one Pod of ReplicaSet "web" is remembered as "leaving"
      Then "metadata.finalizers[0]" of Pod "${leaving}" is "example.com/hold"
      When Pod "${leaving}" is deleted
      Then it is accepted
      And there come to be exactly 2 Pods with the selector "app=web"
      And ReplicaSet "web" keeps exactly 1 Pod for 3 seconds
      And "status.replicas" of ReplicaSet "web" is "1"
      And Pod "${leaving}" still exists
      When "spec.replicas" of ReplicaSet "web" is set to "0"
      Then ReplicaSet "web" comes to have 0 Pods
      And "status.replicas" of ReplicaSet "web" becomes "0"

    @api
    Scenario: a changed template is for the Pods to come
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}, annotations: {example.com/colour: blue}}
            spec:
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait], env: [{name: COLOUR, value: blue}]}]
        """
      And ReplicaSet "web" comes to have 2 Pods
      And the Pods of ReplicaSet "web" are remembered as "its Pods"
      And one Pod of ReplicaSet "web" is remembered as "old"
      When ReplicaSet "web" is patched with:
        """
        spec:
          template:
            metadata: {annotations: {example.com/colour: green}}
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait], env: [{name: COLOUR, value: green}]}]}
        """
      Then it is accepted
      And "status.observedGeneration" of ReplicaSet "web" becomes "2"
      And ReplicaSet "web" keeps exactly 2 Pods for 3 seconds
      And ReplicaSet "web" still has the same Pods as "its Pods"
      And "metadata.annotations['example.com/colour']" of Pod "${old}" is "blue"
      And "spec.containers[0].env[0].value" of Pod "${old}" is "blue"
      When "spec.replicas" of ReplicaSet "web" is set to "0"
      Then there come to be no Pods with the selector "app=web"
      When "spec.replicas" of ReplicaSet "web" is set to "1"
      Then ReplicaSet "web" comes to have 1 Pod
      Given one Pod of ReplicaSet "web" is remembered as "new"
      Then "metadata.annotations['example.com/colour']" of Pod "${new}" is "green"
      And "spec.containers[0].env[0].value" of Pod "${new}" is "green"
      And "spec.schedulerName" of Pod "${new}" is "example.com/nobody"

  @replicasets/loose-coupling
  Rule: the selector alone couples a ReplicaSet to its Pods

    @api
    Scenario: the selector cannot be changed
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, tier: front}}
            spec:
              containers: [{name: app, image: "${image}"}]
        """
      When ReplicaSet "web" is patched with:
        """
        spec: {selector: {matchLabels: {tier: front}}}
        """
      Then it is refused with 422 "Invalid" naming "spec.selector"

    Scenario: two sets with disjoint selectors leave each other's Pods alone
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: red}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web, color: red}}
          template:
            metadata: {labels: {app: web, color: red}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: blue}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web, color: blue}}
          template:
            metadata: {labels: {app: web, color: blue}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And ReplicaSet "red" comes to have 2 Ready Pods
      And ReplicaSet "blue" comes to have 1 Ready Pod
      And the Pods of ReplicaSet "blue" are remembered as "the blue ones"
      When "spec.replicas" of ReplicaSet "red" is set to "0"
      Then there come to be no Pods with the selector "color=red"
      And ReplicaSet "blue" still has the same Pods as "the blue ones"

    @api
    Scenario: two sets with one selector count each its own
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: one}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And ReplicaSet "one" comes to have 2 Pods
      And the Pods of ReplicaSet "one" are remembered as "its Pods"
      And the controller of ReplicaSets has seen all sets and Pods
      When this is submitted:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: other}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then it is accepted
      And ReplicaSet "other" comes to have 1 Pod
      And "status.replicas" of ReplicaSet "other" becomes "1"
      When "spec.replicas" of ReplicaSet "other" is set to "0"
      Then ReplicaSet "other" comes to have 0 Pods
      And ReplicaSet "one" keeps exactly 2 Pods for 3 seconds
      And ReplicaSet "one" still has the same Pods as "its Pods"
      And "status.replicas" of ReplicaSet "one" is "2"

  @replicasets/find-pods
  Rule: the set's labels find its Pods

    Scenario: kubectl get pods -l
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web-first, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: web-second, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pods "web-first, web-second" are Ready
      And the controller of ReplicaSets has seen all sets and Pods
      And these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: other, labels: {app: other}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And ReplicaSet "web" comes to control exactly the Pods "web-first, web-second"
      And the Pods of ReplicaSet "web" are remembered as "its Pods"
      Then the selector "app=web" finds exactly the Pods "${its Pods}"
      When kubectl runs "get pods -l app=web --no-headers"
      Then it exits with 0
      And its output contains "web-first"
      And its output contains "web-second"
      And its output does not contain "other"

  @replicasets/scale-imperative
  Rule: kubectl scale changes the number

    Scenario: up, down, and only from the number that is expected
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      When kubectl runs "scale replicaset web --replicas=3"
      Then it exits with 0
      And it prints "replicaset.apps/web scaled"
      And ReplicaSet "web" comes to have 3 Pods
      When kubectl runs "scale replicaset web --replicas=1 --current-replicas=7"
      Then it exits with 1
      And its error output contains "Expected replicas to be 7, was 3"
      And "spec.replicas" of ReplicaSet "web" is still "3"
      When kubectl runs "scale replicaset web --replicas=1 --current-replicas=3"
      Then it exits with 0
      And ReplicaSet "web" comes to have 1 Pod
