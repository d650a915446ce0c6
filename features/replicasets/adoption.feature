@workloads
Feature: Adoption and quarantine
  A ReplicaSet and its Pods are coupled loosely. Pods that exist already are adopted, when their labels match and nobody
  owns them; a Pod whose labels are changed is let go, and lives on for whoever wants to look at it.

  @replicasets/adopt
  Rule: matching Pods without an owner are adopted

    Scenario: an orphan is adopted as it is and counts
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: early, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "early" is Ready
      And "metadata.uid" of Pod "early" is remembered as "uid"
      And "status.containerStatuses[name=app].containerID" of Pod "early" is remembered as "container"
      And the controller of ReplicaSets has seen all sets and Pods
      When this is submitted:
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
      Then it is accepted
      And ReplicaSet "web" comes to control Pod "early"
      And ReplicaSet "web" comes to have 2 Ready Pods
      And "metadata.uid" of Pod "early" is still "${uid}"
      And "status.containerStatuses[name=app].containerID" of Pod "early" is still "${container}"
      And container "app" of Pod "early" has not been restarted
      And "metadata.ownerReferences[kind=ReplicaSet].controller" of Pod "early" is "true"
      And "metadata.ownerReferences[kind=ReplicaSet].blockOwnerDeletion" of Pod "early" is "true"

    Scenario: more orphans than wanted: the surplus goes
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: three, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pods "one, two, three" are Ready
      And the controller of ReplicaSets has seen all sets and Pods
      When this is submitted:
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
      Then it is accepted
      And there come to be exactly 1 Pods with the selector "app=web"
      And ReplicaSet "web" comes to have 1 Ready Pod

    Scenario: a Pod that another controller owns is left alone
      Given these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: owner}
        """
      And "metadata.uid" of ConfigMap "owner" is remembered as "owner"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: owned
          labels: {app: web}
          ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, uid: "${owner}", controller: true}]
        spec:
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
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then ReplicaSet "web" comes to have 1 Ready Pod
      And there come to be exactly 2 Pods with the selector "app=web"
      And "metadata.ownerReferences[0].kind" of Pod "owned" is still "ConfigMap"

    Scenario: a Pod that has failed is not adopted
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: dead, labels: {app: web}}
        spec:
          restartPolicy: Never
          containers: [{name: app, image: "${image}", command: [/workload, exit, --code=1]}]
        """
      And "status.phase" of Pod "dead" becomes "Failed"
      And the controller of ReplicaSets has seen all sets and Pods
      And these objects exist:
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
      Then ReplicaSet "web" comes to have 1 Ready Pod
      And Pod "dead" has no controller for 3 seconds
      And Pod "dead" still exists

  @replicasets/quarantine
  Rule: a Pod whose labels no longer match is let go

    @api
    Scenario: who else owns it, and does not control it, stays its owner
      Given these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: notes}
        """
      And "metadata.uid" of ConfigMap "notes" is remembered as "notes"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: early
          labels: {app: web}
          ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: notes, uid: "${notes}"}]
        spec:
          schedulerName: example.com/nobody
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And the controller of ReplicaSets has seen all sets and Pods
      And these objects exist:
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
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then ReplicaSet "web" comes to control Pod "early"
      And "metadata.ownerReferences[kind=ConfigMap].uid" of Pod "early" is "${notes}"
      When Pod "early" is relabelled "app=quarantine"
      Then Pod "early" comes to have no controller
      And "metadata.ownerReferences[kind=ConfigMap].uid" of Pod "early" is "${notes}"
      And "metadata.ownerReferences[kind=ReplicaSet].uid" of Pod "early" is absent

    Scenario: it lives on, and another takes its place
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
      And one Pod of ReplicaSet "web" is remembered as "sick"
      When Pod "${sick}" is relabelled "app=quarantine"
      Then Pod "${sick}" comes to have no controller
      And ReplicaSet "web" comes to have 2 Ready Pods
      And the Pods "${sick}" still run, without a controller and with no restart
      And Pod "${sick}" exists for 3 seconds

    Scenario: relabelled back it is adopted again, and the surplus goes
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
      And one Pod of ReplicaSet "web" is remembered as "sick"
      When Pod "${sick}" is relabelled "app=quarantine"
      Then Pod "${sick}" comes to have no controller
      And ReplicaSet "web" comes to have 1 Ready Pod
      When Pod "${sick}" is relabelled "app=web"
      Then there come to be exactly 1 Pods with the selector "app=web"
      And ReplicaSet "web" comes to have 1 Ready Pod

  @replicasets/find-manager
  Rule: a Pod names the set that manages it

    Scenario: a controller reference that was removed by hand comes back
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
      And one Pod of ReplicaSet "web" is remembered as "pod"
      # What it still has to do for the Pod's start would bring it to the Pod again.
      And "status.availableReplicas" of ReplicaSet "web" becomes "1"
      And the controller of ReplicaSets has seen all sets and Pods
      And "metadata.uid" of ReplicaSet "web" is remembered as "uid"
      Then "metadata.ownerReferences[kind=ReplicaSet].uid" of Pod "${pod}" is "${uid}"
      When "metadata.ownerReferences" of Pod "${pod}" is set to "null"
      Then it is accepted
      And ReplicaSet "web" comes to control Pod "${pod}"
      And ReplicaSet "web" keeps exactly 1 Pod for 3 seconds
