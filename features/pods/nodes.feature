@cluster
Feature: Nodes that fail
  A Pod is bound to its node for life. What outlives a node is not the Pod but whoever makes another.

  @pods/no-rescheduling
  Rule: a Pod is not scheduled again when its node fails

    @long
    Scenario: a node is lost and comes back
      Given a cluster of its own with 2 nodes and the server flags "--node-monitor-grace-period=20s"
      # All Pods come to be on the node that will fail.
      And Node "node-2" is labelled "example.com/place=here"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: bare, labels: {app: bare}}
        spec:
          nodeSelector: {example.com/place: here}
          terminationGracePeriodSeconds: 1
          initContainers: [{name: first, image: "${image}", command: [/workload, exit]}]
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: brief, labels: {app: brief}}
        spec:
          nodeSelector: {example.com/place: here}
          terminationGracePeriodSeconds: 1
          tolerations:
          - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 1}
          - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 1}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              nodeSelector: {example.com/place: here}
              terminationGracePeriodSeconds: 1
              tolerations:
              - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 1}
              - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 1}
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pods "bare, brief" are Ready
      And ReplicaSet "web" comes to have 1 Ready Pod
      And one Pod of ReplicaSet "web" is remembered as "before"
      And "metadata.uid" of Pod "bare" is remembered as "uid"
      And "status.initContainerStatuses[name=first].state.terminated.finishedAt" of Pod "bare" is remembered as "first"
      And "spec.nodeName" of Pod "bare" is "node-2"
      And "spec.nodeName" of Pod "${before}" is "node-2"
      And Node "node-1" is labelled "example.com/place=here"
      When node "node-2" is stopped
      Then Node "node-2" becomes not Ready
      And "status.conditions[type=Ready].status" of Node "node-2" is "Unknown"
      And "spec.taints[effect=NoExecute].key" of Node "node-2" becomes "node.kubernetes.io/unreachable"
      And "status.conditions[type=Ready].status" of Pod "bare" becomes "False"
      And "status.conditions[type=Ready].status" of Pod "${before}" becomes "False"
      And ReplicaSet "web" comes to have 1 Ready Pod
      And one Pod of ReplicaSet "web" is remembered as "after"
      And "spec.nodeName" of Pod "${after}" is "node-1"
      And "spec.nodeName" of Pod "${before}" is still "node-2"
      And "spec.nodeName" of Pod "bare" is still "node-2"
      And "metadata.uid" of Pod "bare" is still "${uid}"
      And "metadata.deletionTimestamp" of Pod "bare" is absent
      And "metadata.deletionGracePeriodSeconds" of Pod "brief" becomes "1"
      And there come to be exactly 1 Pods with the selector "app=bare"
      When node "node-2" is started again
      Then Node "node-2" becomes Ready
      And Pod "${before}" is gone
      And Pod "brief" is gone
      And Pod "bare" becomes Ready
      And "metadata.uid" of Pod "bare" is still "${uid}"
      # It begins from its beginning.
      And "status.initContainerStatuses[name=first].state.terminated.finishedAt" of Pod "bare" is between 1 and 86400 seconds after "${first}"
      And "spec.nodeName" of Pod "bare" is still "node-2"
      And there is no Pod "brief"
      And ReplicaSet "web" still has the same Pods as "after"
      # The node takes Pods as before.
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: again}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [node-2]}]}]}}}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then Pod "again" becomes Ready

  @pods/memory-pressure
  Rule: when a node runs out of memory, those who use more than they requested go

    @long
    Scenario: the Pod above its request goes, the one within it stays
      Given a cluster of its own with 2 nodes, of which those besides the server's have 768Mi of memory
      And "status.capacity.memory" of Node "node-2" is the quantity "768Mi"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: within}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [node-2]}]}]}}}
          restartPolicy: Never
          containers:
          - {name: app, image: "${image}", command: [/workload, use-memory, --bytes=160Mi, --hold], resources: {requests: {memory: 224Mi}}}
        """
      And Pod "within" is Ready
      And "spec.nodeName" of Pod "within" is "node-2"
      And the log of Pod "within" says "holding"
      # It grows slowly enough for a node agent that looks every ten seconds.
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: above}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [node-2]}]}]}}}
          restartPolicy: Never
          terminationGracePeriodSeconds: 1
          containers:
          - {name: app, image: "${image}", command: [/workload, use-memory, --bytes=768Mi, --first=256Mi, --over=60s, --hold], resources: {requests: {memory: 32Mi}}}
        """
      Then Pod "above" is evicted or killed for its memory
      And Pod "within" stays Ready for 5 seconds
      And container "app" of Pod "within" has not been restarted
      And Node "node-2" becomes Ready

    @should @slow
    Scenario: the node says that its memory is short, and who is furthest above the request goes first
      Given a cluster of its own with 2 nodes, of which those besides the server's have 768Mi of memory
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: within}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [node-2]}]}]}}}
          restartPolicy: Never
          containers: [{name: app, image: "${image}", command: [/workload, use-memory, --bytes=96Mi, --hold], resources: {requests: {memory: 160Mi}}}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: modest}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [node-2]}]}]}}}
          restartPolicy: Never
          containers: [{name: app, image: "${image}", command: [/workload, use-memory, --bytes=96Mi, --hold], resources: {requests: {memory: 64Mi}}}]
        """
      And Pods "within, modest" are Ready
      And the log of Pod "within" says "holding"
      And the log of Pod "modest" says "holding"
      # It comes to be furthest above its request soon, and short of memory only after the node has measured that: every ten seconds or so.
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: above}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [node-2]}]}]}}}
          restartPolicy: Never
          terminationGracePeriodSeconds: 1
          containers: [{name: app, image: "${image}", command: [/workload, use-memory, --bytes=768Mi, --first=96Mi, --over=130s, --hold], resources: {requests: {memory: 32Mi}}}]
        """
      Then Pod "above" is evicted or killed for its memory
      And "status.conditions[type=MemoryPressure].status" of Node "node-2" becomes "True"
      And an event "Evicted" is recorded for Pod "above" that says "low on resource: memory"
      And "status.phase" of Pod "within" is "Running"
      And "status.phase" of Pod "modest" is "Running"
      And Pods "within, modest" are Ready

  @pods/scheduled-where-resources-fit @labels/used-by-kubernetes
  Rule: what a Pod wants of its node counts until it is placed

    Scenario: a Pod that waits for a label of a node is placed when a node gets it, and stays when that loses it
      Given a cluster of its own with 1 node
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: picky}
        spec:
          nodeSelector: {example.com/tier: wanted}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: patient}
        spec:
          nodeSelector: {example.com/tier: closed}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "picky" becomes "Unschedulable"
      And "status.conditions[type=PodScheduled].reason" of Pod "patient" becomes "Unschedulable"
      When Node "node-1" is labelled "example.com/tier=other"
      Then it is accepted
      And "spec.nodeName" of Pod "picky" is absent
      # It has the label, but takes no new Pods.
      When "spec.unschedulable" of Node "node-1" is set to "true"
      Then it is accepted
      And "spec.taints[key=node.kubernetes.io/unschedulable].effect" of Node "node-1" becomes "NoSchedule"
      When Node "node-1" is relabelled "example.com/tier=closed"
      Then it is accepted
      And "status.conditions[type=PodScheduled].reason" of Pod "patient" stays "Unschedulable" for 3 seconds
      When "spec.unschedulable" of Node "node-1" is set to "null"
      Then Pod "patient" becomes Ready
      When Node "node-1" is relabelled "example.com/tier=wanted"
      Then Pod "picky" becomes Ready
      When Node "node-1" is relabelled "example.com/tier-"
      Then it is accepted
      And Pod "picky" stays Ready for 4 seconds
      And container "app" of Pod "picky" has not been restarted

  @pods/scheduled-where-resources-fit @pods/requests-minimum
  Rule: what a node has is not for its agent alone to say

    # Kubernetes' documentation: somebody says of a node that it has something, and Pods ask for it as they do for CPU.
    Scenario: a thing that somebody says a node has goes from one Pod to the next
      Given a cluster of its own with 1 node
      When the status of Node "node-1" is patched with:
        """
        status: {capacity: {example.com/dongle: "1"}}
        """
      Then it is accepted
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: first}
        spec:
          terminationGracePeriodSeconds: 1
          containers: [{name: app, image: "${image}", command: [/workload, wait], resources: {limits: {example.com/dongle: "1"}}}]
        """
      Then Pod "first" becomes Ready
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: second}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait], resources: {limits: {example.com/dongle: "1"}}}]
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "second" becomes "Unschedulable"
      And "status.conditions[type=PodScheduled].message" of Pod "second" contains "example.com/dongle"
      When Pod "first" is deleted
      Then Pod "second" becomes Ready

  @pods/scheduled-where-resources-fit
  Rule: a node may keep Pods away, and drive them out

    # The Pod that is to wait wants a label that the node gets with its taint: who knows of the one knows of the other.
    Scenario: a taint keeps away who does not tolerate it, and drives out whom it is to drive out
      Given a cluster of its own with 1 node
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: tolerant}
        spec:
          tolerations: [{key: example.com/kept, operator: Equal, value: us}]
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: plain}
        spec:
          terminationGracePeriodSeconds: 1
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: mistaken}
        spec:
          terminationGracePeriodSeconds: 1
          tolerations: [{key: example.com/kept, operator: Equal, value: them}]
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: patient}
        spec:
          terminationGracePeriodSeconds: 1
          tolerations: [{key: example.com/kept, operator: Exists, effect: NoExecute, tolerationSeconds: 300}]
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: hasty}
        spec:
          terminationGracePeriodSeconds: 1
          tolerations: [{operator: Exists, effect: NoExecute, tolerationSeconds: 3}]
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pods "tolerant, plain, mistaken, patient, hasty" are Ready
      When Node "node-1" is patched with:
        """
        metadata: {labels: {example.com/tainted: "yes"}}
        spec: {taints: [{key: example.com/kept, value: us, effect: NoSchedule}]}
        """
      Then it is accepted
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: late}
        spec:
          nodeSelector: {example.com/tainted: "yes"}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: welcome}
        spec:
          tolerations: [{key: example.com/kept, operator: Exists, effect: NoSchedule}]
          terminationGracePeriodSeconds: 1
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: content}
        spec:
          tolerations: [{operator: Exists}]
          nodeSelector: {example.com/tainted: "yes"}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "late" becomes "Unschedulable"
      And Pods "welcome, content" become Ready
      And Pods "tolerant, plain, mistaken, patient, hasty" are Ready
      When Node "node-1" is patched with:
        """
        spec: {taints: [{key: example.com/kept, value: us, effect: NoExecute}]}
        """
      Then it is accepted
      And Pod "plain" is gone
      And Pod "mistaken" is gone
      And Pod "welcome" is gone
      And Pod "hasty" is gone
      And Pods "tolerant, patient, content" are Ready
      And "spec.nodeName" of Pod "late" is absent
      When Node "node-1" is patched with:
        """
        spec: {taints: null}
        """
      Then it is accepted
      And Pod "late" becomes Ready
      And Pods "tolerant, patient, content" are Ready
      And container "app" of Pod "tolerant" has not been restarted

    # Who is on its way out shows that the taints were seen; then there is time enough left to the other.
    @long
    Scenario: of several times that a Pod tolerates taints the shortest counts, and none once they are gone
      Given a cluster of its own with 1 node
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: hasty}
        spec:
          terminationGracePeriodSeconds: 20
          tolerations:
          - {key: example.com/one, operator: Exists, effect: NoExecute, tolerationSeconds: 300}
          - {key: example.com/two, operator: Exists, effect: NoExecute, tolerationSeconds: 3}
          - {key: example.com/three, operator: Exists, effect: NoExecute, tolerationSeconds: 200}
          containers: [{name: app, image: "${image}", command: [/workload, wait, --term-delay=15s]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: spared}
        spec:
          tolerations:
          - {key: example.com/one, operator: Exists, effect: NoExecute}
          - {key: example.com/two, operator: Exists, effect: NoExecute, tolerationSeconds: 30}
          - {key: example.com/three, operator: Exists, effect: NoExecute}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pods "hasty, spared" are Ready
      When Node "node-1" is patched with:
        """
        spec: {taints: [{key: example.com/one, effect: NoExecute}, {key: example.com/two, effect: NoExecute}, {key: example.com/three, effect: NoExecute}]}
        """
      Then it is accepted
      And "metadata.deletionTimestamp" of Pod "hasty" comes to be present
      When Node "node-1" is patched with:
        """
        spec: {taints: null}
        """
      Then it is accepted
      And Pod "spared" stays Ready for 32 seconds
      And container "app" of Pod "spared" has not been restarted
