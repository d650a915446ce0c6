Feature: Placement
  The scheduler finds a node for each Pod, once. It counts what containers request, and places a Pod as a whole.

  @pods/one-node
  Rule: all containers of a Pod run on one and the same node

    Scenario: every container tells of the same node
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: tmp, hostPath: {path: /tmp}}]
          initContainers:
          - {name: first, image: "${image}", command: [/workload, mkdir, "/tmp-of-node/${namespace}"], securityContext: {privileged: true}, volumeMounts: [{name: tmp, mountPath: /tmp-of-node}]}
          - {name: sidecar, restartPolicy: Always, image: "${image}", command: [/workload, wait], securityContext: {privileged: true}, volumeMounts: [{name: tmp, mountPath: /tmp-of-node}]}
          containers:
          - name: one
            image: "${image}"
            command: [/workload, wait]
            env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}, {name: HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}]
            securityContext: {privileged: true}
            volumeMounts: [{name: tmp, mountPath: /tmp-of-node}]
          - name: two
            image: "${image}"
            command: [/workload, wait]
            env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}, {name: HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}]
            securityContext: {privileged: true}
            volumeMounts: [{name: tmp, mountPath: /tmp-of-node}]
        """
      And Pod "app" is Ready
      And "spec.nodeName" of Pod "app" is remembered as "node"
      And "status.hostIP" of Pod "app" is remembered as "host"
      Then "status.addresses[type=InternalIP].address" of Node "${node}" is "${host}"
      When container "one" of Pod "app" executes "/workload env NODE"
      Then it prints "${node}"
      When container "two" of Pod "app" executes "/workload env NODE"
      Then it prints "${node}"
      When container "two" of Pod "app" executes "/workload env HOST"
      Then it prints "${host}"
      When container "one" of Pod "app" executes "/workload exists /tmp-of-node/${namespace}"
      Then it exits with 0
      When container "two" of Pod "app" executes "/workload exists /tmp-of-node/${namespace}"
      Then it exits with 0
      When container "sidecar" of Pod "app" executes "/workload rm --recursive /tmp-of-node/${namespace}"
      Then it exits with 0
      When container "one" of Pod "app" executes "/workload exists /tmp-of-node/${namespace}"
      Then it exits with 1

    Scenario: containers that only two nodes together could hold are not parted
      Given the cpu of the largest node is remembered as "cpu"
      And 60% of "cpu" is remembered as "half and more"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers:
          - {name: one, image: "${image}", command: [/workload, wait], resources: {requests: {cpu: "${half and more}"}}}
          - {name: two, image: "${image}", command: [/workload, wait], resources: {requests: {cpu: "${half and more}"}}}
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "app" becomes "Unschedulable"
      And "status.conditions[type=PodScheduled].message" of Pod "app" matches "(?i)cpu"
      And "spec.nodeName" of Pod "app" is absent
      And "status.containerStatuses" of Pod "app" is absent

  @pods/spread
  Rule: the Pods of one application are spread over the nodes

    # They never run, for their volume is made of what is not there: all that they cost is being placed. Dice would put more than 39 of 60 on one of
    # three nodes, or more than 48 on one of two, less than once in a million times; with 24 that would be 20, and 23.
    Scenario: replicas lie over the nodes no less evenly than dice would put them
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 60
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              volumes: [{name: none, configMap: {name: none}}]
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then the Pods of ReplicaSet "web" lie over the nodes no less evenly than by chance

    Scenario: a constraint makes the spread even
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 7
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              topologySpreadConstraints:
              - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then the Pods of ReplicaSet "web" come to lie over the nodes with a difference of at most 1

    @api
    Scenario Outline: a constraint with <what> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          topologySpreadConstraints: [<constraint>]
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is refused with 422 "Invalid" naming "spec.topologySpreadConstraints[0].<field>"
      And there is no Pod "app"

      Examples:
        | what              | constraint                                                                       | field             |
        | no skew           | {maxSkew: 0, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule} | maxSkew           |
        | no key            | {maxSkew: 1, whenUnsatisfiable: DoNotSchedule}                                   | topologyKey       |
        | an unknown action | {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: Perhaps}    | whenUnsatisfiable |

  @pods/requests-minimum
  Rule: a Pod needs the sum of what its containers request, and a full node takes no more

    @serial
    Scenario: sums, the largest init container, and room that is given back
      Given a node and its free cpu are remembered as "node" and "room"
      And 20% of "room" is remembered as "fifth"
      And 30% of "room" is remembered as "third"
      And 15% of "room" is remembered as "too much"
      And 10% of "room" is remembered as "tenth"
      And 8% of "room" is remembered as "little"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: sum}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          initContainers:
          - {name: sidecar, restartPolicy: Always, image: "${image}", command: [/workload, wait], resources: {requests: {cpu: "${fifth}"}}}
          containers:
          - {name: one, image: "${image}", command: [/workload, wait], resources: {requests: {cpu: "${fifth}"}}}
          - {name: two, image: "${image}", command: [/workload, wait], resources: {requests: {cpu: "${fifth}"}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: begin}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          initContainers:
          - {name: large, image: "${image}", command: [/workload, exit], resources: {requests: {cpu: "${third}"}}}
          containers:
          - {name: small, image: "${image}", command: [/workload, wait], resources: {requests: {cpu: "${tenth}"}}}
        """
      And Pods "sum, begin" are Ready
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: more}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          containers: [{name: app, image: "${image}", command: [/workload, wait], resources: {requests: {cpu: "${too much}"}}}]
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "more" becomes "Unschedulable"
      And "status.conditions[type=PodScheduled].message" of Pod "more" matches "(?i)cpu"
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: less}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          containers: [{name: app, image: "${image}", command: [/workload, wait], resources: {requests: {cpu: "${little}"}}}]
        """
      Then Pod "less" becomes Ready
      And "spec.nodeName" of Pod "more" is absent
      When Pod "begin" is deleted with a grace period of 1 second
      Then Pod "more" becomes Ready
      And "spec.nodeName" of Pod "more" is "${node}"

    @serial
    Scenario: a Pod that has ended gives its room back before it is deleted
      Given a node and its free cpu are remembered as "node" and "room"
      And 60% of "room" is remembered as "most"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: first}
        spec:
          restartPolicy: Never
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          containers: [{name: app, image: "${image}", command: [/workload, serve], resources: {requests: {cpu: "${most}"}}}]
        """
      And Pod "first" is Ready
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: second}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          containers: [{name: app, image: "${image}", command: [/workload, wait], resources: {requests: {cpu: "${most}"}}}]
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "second" becomes "Unschedulable"
      When container "app" of Pod "first" executes "/workload control exit=0"
      Then "status.phase" of Pod "first" becomes "Succeeded"
      And Pod "second" becomes Ready
      And Pod "first" still exists

    @serial
    Scenario: a Pod on its way out holds its room until it has ended
      Given a node and its free cpu are remembered as "node" and "room"
      And 60% of "room" is remembered as "most"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: first}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          containers: [{name: app, image: "${image}", command: [/workload, wait, --term-delay=8s], resources: {requests: {cpu: "${most}"}}}]
        """
      And Pod "first" is Ready
      And the log of Pod "first" is followed
      When Pod "first" is deleted
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: second}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          containers: [{name: app, image: "${image}", command: [/workload, wait], resources: {requests: {cpu: "${most}"}}}]
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "second" becomes "Unschedulable"
      And Pod "second" becomes Ready

    @workloads
    Scenario: a node refuses what is put on it past the scheduler and finds no room there
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: known}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        """
      And Pod "known" is Ready
      And "spec.nodeName" of Pod "known" is remembered as "node"
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: forced}
        spec:
          nodeName: "${node}"
          containers: [{name: app, image: "${image}", command: [/workload, wait], resources: {requests: {cpu: "100000"}}}]
        """
      Then "status.phase" of Pod "forced" becomes "Failed"

    # The words are the kubelet's.
    @should
    Scenario: a node that refuses a Pod which was put on it says what it misses
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: known}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        """
      And Pod "known" is Ready
      And "spec.nodeName" of Pod "known" is remembered as "node"
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: computing}
        spec:
          nodeName: "${node}"
          containers: [{name: app, image: "${image}", command: [/workload, wait], resources: {requests: {cpu: "100000"}}}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: remembering}
        spec:
          nodeName: "${node}"
          containers: [{name: app, image: "${image}", command: [/workload, wait], resources: {requests: {memory: 1Pi}}}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: picky}
        spec:
          nodeName: "${node}"
          nodeSelector: {example.com/tier: nowhere}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then "status.reason" of Pod "computing" becomes "OutOfcpu"
      And "status.reason" of Pod "remembering" becomes "OutOfmemory"
      And "status.reason" of Pod "picky" becomes "NodeAffinity"
      And "status.phase" of Pod "picky" is "Failed"

    @api
    Scenario Outline: <what>: <class>
      Given the cluster leaves Pods as they are written
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          initContainers: [{name: first, image: example.com/app:1, resources: <first>}]
          containers:
          - {name: one, image: example.com/app:1, resources: <one>}
          - {name: two, image: example.com/app:1, resources: <two>}
        """
      Then "status.qosClass" of Pod "app" is "<class>"

      Examples:
        | what                               | first                              | one                                                              | two                                | class      |
        | nothing is asked for               | {}                                 | {}                                                               | {}                                 | BestEffort |
        | one container asks                 | {}                                 | {requests: {cpu: 1m}}                                            | {}                                 | Burstable  |
        | an init container asks             | {requests: {memory: 1Mi}}          | {}                                                               | {}                                 | Burstable  |
        | all have limits                    | {limits: {cpu: 1m, memory: 1Mi}}   | {limits: {cpu: 2m, memory: 2Mi}}                                 | {limits: {cpu: 3m, memory: 3Mi}}   | Guaranteed |
        | one may exceed what it asks for    | {limits: {cpu: 1m, memory: 1Mi}}   | {limits: {cpu: 2m, memory: 2Mi}, requests: {cpu: 1m}}            | {limits: {cpu: 3m, memory: 3Mi}}   | Burstable  |
        | memory is limited, CPU is not      | {limits: {memory: 1Mi}}            | {limits: {memory: 2Mi}}                                          | {limits: {memory: 3Mi}}            | Burstable  |
        | the init container has no limit    | {}                                 | {limits: {cpu: 2m, memory: 2Mi}}                                 | {limits: {cpu: 3m, memory: 3Mi}}   | Burstable  |

    # What is asked for is the node's room to the byte: one byte more would be too much.
    @serial
    Scenario: the sum of what is asked of memory fits exactly, and nothing beside it
      Given a node and its free memory are remembered as "node" and "room"
      And 60% of "room" is remembered as "most"
      And what "most" leaves of "room" of memory is remembered as "rest"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: too-much}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          containers:
          - {name: one, image: "${image}", command: [/workload, wait], resources: {requests: {memory: "${most}"}}}
          - {name: two, image: "${image}", command: [/workload, wait], resources: {requests: {memory: "${most}"}}}
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "too-much" becomes "Unschedulable"
      And "status.conditions[type=PodScheduled].message" of Pod "too-much" matches "(?i)memory"
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: exact}
        spec:
          terminationGracePeriodSeconds: 1
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          containers:
          - {name: one, image: "${image}", command: [/workload, wait], resources: {requests: {memory: "${most}"}}}
          - {name: two, image: "${image}", command: [/workload, wait], resources: {requests: {memory: "${rest}"}}}
        """
      Then Pod "exact" becomes Ready
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: byte}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          containers: [{name: one, image: "${image}", command: [/workload, wait], resources: {requests: {memory: "1"}}}]
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "byte" becomes "Unschedulable"
      When Pod "exact" is deleted
      Then Pod "byte" becomes Ready

  @pods/scheduled-where-resources-fit
  Rule: a Pod is placed where its own terms allow it, and those of the Pods that are there

    # Upstream's scheduler hears of the other one's end since kubernetes#135325.
    Scenario: a Pod that does not want somebody's company is not given it by others
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: loner}
        spec:
          terminationGracePeriodSeconds: 1
          affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: noisy}}}]}}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "loner" is Ready
      And "spec.nodeName" of Pod "loner" is remembered as "node"
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: noisy, labels: {app: noisy}}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "noisy" becomes "Unschedulable"
      When Pod "loner" is deleted
      Then Pod "noisy" becomes Ready
      And "spec.nodeName" of Pod "noisy" is "${node}"

    Scenario: of several terms one is enough, and of one term all
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: either}
        spec:
          affinity:
            nodeAffinity:
              requiredDuringSchedulingIgnoredDuringExecution:
                nodeSelectorTerms:
                - matchExpressions: [{key: plumbline.dev/nowhere, operator: Exists}]
                - matchExpressions: [{key: kubernetes.io/hostname, operator: Exists}]
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: both}
        spec:
          affinity:
            nodeAffinity:
              requiredDuringSchedulingIgnoredDuringExecution:
                nodeSelectorTerms:
                - matchExpressions: [{key: plumbline.dev/nowhere, operator: Exists}, {key: kubernetes.io/hostname, operator: Exists}]
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then Pod "either" is Ready
      And "status.conditions[type=PodScheduled].reason" of Pod "both" becomes "Unschedulable"

    Scenario: a Pod that wants somebody's company waits for one who comes, or who gets the label
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: early}
        spec:
          affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: later}
        spec:
          affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {tier: front}}}]}}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "early" becomes "Unschedulable"
      And "status.conditions[type=PodScheduled].reason" of Pod "later" becomes "Unschedulable"
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: host, labels: {app: web}}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        """
      Then Pods "host, early" become Ready
      And "spec.nodeName" of Pod "host" is remembered as "node"
      And "spec.nodeName" of Pod "early" is "${node}"
      And "spec.nodeName" of Pod "later" is absent
      When Pod "host" is labelled "tier=front"
      Then it is accepted
      And Pod "later" becomes Ready
      And "spec.nodeName" of Pod "later" is "${node}"

    Scenario: a Pod that waits for another reason has waited since it began to
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: gated}
        spec:
          schedulingGates: [{name: example.com/one}]
          nodeSelector: {example.com/no-such-node: "${namespace}"}
          containers: [{name: app, image: example.com/app:1}]
        """
      And "status.conditions[type=PodScheduled].reason" of Pod "gated" becomes "SchedulingGated"
      And "status.conditions[type=PodScheduled].lastTransitionTime" of Pod "gated" is remembered as "since"
      And "status.conditions[type=PodScheduled].reason" of Pod "gated" stays "SchedulingGated" for 3 seconds
      When "spec.schedulingGates" of Pod "gated" is set to "null"
      Then it is accepted
      And "status.conditions[type=PodScheduled].reason" of Pod "gated" becomes "Unschedulable"
      And "status.conditions[type=PodScheduled].lastTransitionTime" of Pod "gated" is still "${since}"

    Scenario: a Pod with a gate waits until somebody opens it
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: gated}
        spec:
          schedulingGates: [{name: example.com/one}, {name: example.com/other}]
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "gated" becomes "SchedulingGated"
      When Pod "gated" is patched with:
        """
        spec: {schedulingGates: [{name: example.com/other}]}
        """
      Then it is accepted
      And "status.conditions[type=PodScheduled].reason" of Pod "gated" stays "SchedulingGated" for 3 seconds
      And "spec.nodeName" of Pod "gated" is absent
      When "spec.schedulingGates" of Pod "gated" is set to "null"
      Then it is accepted
      And Pod "gated" becomes Ready

    # Whatever runs there, runs Linux.
    @workloads
    Scenario: a node refuses a Pod that is for another operating system
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: known}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        """
      And Pod "known" is Ready
      And "spec.nodeName" of Pod "known" is remembered as "node"
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: foreign}
        spec:
          nodeName: "${node}"
          os: {name: windows}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then "status.phase" of Pod "foreign" becomes "Failed"

  @pods/packing
  Rule: right-sized requests pack a node, as far as the arithmetic goes

    @serial
    Scenario: as many as fit, and no more
      Given a node and its free memory are remembered as "node" and "room"
      And 22% of "room" is remembered as "size"
      And 10% of "room" is remembered as "gap"
      And these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: large}
        spec:
          replicas: 6
          selector: {matchLabels: {app: large}}
          template:
            metadata: {labels: {app: large}}
            spec:
              terminationGracePeriodSeconds: 1
              affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
              containers: [{name: app, image: "${image}", command: [/workload, wait], resources: {requests: {memory: "${size}"}}}]
        """
      Then exactly 4 Pods of ReplicaSet "large" come to be Ready, and the others to wait for memory
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: small}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          containers: [{name: app, image: "${image}", command: [/workload, wait], resources: {requests: {memory: "${gap}"}}}]
        """
      Then Pod "small" becomes Ready
      When "spec.replicas" of ReplicaSet "large" is set to "5"
      Then exactly 4 Pods of ReplicaSet "large" come to be Ready, and the others to wait for memory
