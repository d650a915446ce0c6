@workloads
Feature: Deletion
  Deleting a ReplicaSet deletes its Pods, unless one asks for them to be kept.

  Background:
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
            containers: [{name: app, image: "${image}", command: [/workload, wait, --term-delay=2s]}]
      """
    And ReplicaSet "web" comes to have 2 Ready Pods
    And the Pods of ReplicaSet "web" are remembered as "its Pods"

  @replicasets/delete-cascades
  Rule: the Pods go with the set

    Scenario: in the background, the set goes first
      When ReplicaSet "web" is deleted with propagation "Background"
      Then it is accepted
      And there is no ReplicaSet "web"
      And there come to be no Pods with the selector "app=web"

    Scenario: a deletion that says nothing is one in the background
      When ReplicaSet "web" is deleted
      Then it is accepted
      And there is no ReplicaSet "web"
      And there come to be no Pods with the selector "app=web"

    Scenario: in the foreground, the set stays until its Pods are gone
      Given the garbage collector has seen all Pods
      When ReplicaSet "web" is deleted with propagation "Foreground"
      Then it is accepted
      And the answer has "foregroundDeletion" in "metadata.finalizers[0]"
      And ReplicaSet "web" goes only after the Pods "${its Pods}"

    Scenario Outline: kubectl delete --cascade=<cascade>
      When kubectl runs "delete replicaset web --cascade=<cascade>"
      Then it exits with 0
      And its output contains "replicaset.apps"
      And there is no ReplicaSet "web"
      And there come to be no Pods with the selector "app=web"

      Examples:
        | cascade    |
        | background |
        | foreground |

    Scenario: sets that are deleted together take their Pods with them, and leave another its own
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: other}
        spec:
          replicas: 1
          selector: {matchLabels: {app: other}}
          template:
            metadata: {labels: {app: other}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And ReplicaSet "other" comes to have 1 Ready Pod
      And the Pods of ReplicaSet "other" are remembered as "others"
      When ReplicaSet "web" is labelled "when=now"
      And the ReplicaSets with the selector "when=now" are deleted together
      Then it is accepted
      And ReplicaSet "web" is gone
      And there come to be no Pods with the selector "app=web"
      And ReplicaSet "other" still has the same Pods as "others"

    Scenario: an unknown propagation is refused, and nothing is deleted
      When ReplicaSet "web" is deleted with propagation "Sideways"
      Then it is refused with 422 "Invalid"
      And "metadata.deletionTimestamp" of ReplicaSet "web" is absent
      And ReplicaSet "web" still has the same Pods as "its Pods"

    @api
    Scenario: what two others own goes with the last of them
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: first}}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: second}}
        """
      And "metadata.uid" of ConfigMap "first" is remembered as "first"
      And "metadata.uid" of ConfigMap "second" is remembered as "second"
      And these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: shared
          ownerReferences:
          - {apiVersion: v1, kind: ConfigMap, name: first, uid: "${first}"}
          - {apiVersion: v1, kind: ConfigMap, name: second, uid: "${second}"}
        """
      When ConfigMap "first" is deleted
      Then "metadata.ownerReferences[0].uid" of ConfigMap "shared" becomes "${second}"
      And ConfigMap "shared" exists for 3 seconds
      When ConfigMap "second" is deleted
      Then ConfigMap "shared" is gone

    Scenario: in the foreground, an owner waits for those alone that say so
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: owner}}
        """
      And "metadata.uid" of ConfigMap "owner" is remembered as "owner"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: slow
          ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, uid: "${owner}"}]
        spec:
          terminationGracePeriodSeconds: 90
          containers: [{name: app, image: "${image}", command: [/workload, wait, --term-delay=60s]}]
        """
      And Pod "slow" is Ready
      And the log of Pod "slow" is followed
      When ConfigMap "owner" is deleted with propagation "Foreground"
      Then ConfigMap "owner" is gone within 40 seconds
      And Pod "slow" still exists
      And "metadata.deletionTimestamp" of Pod "slow" comes to be present
      When Pod "slow" is deleted with a grace period of 0 seconds
      Then Pod "slow" is gone

  @replicasets/delete-orphans
  Rule: the Pods can be kept

    Scenario: orphaned Pods run on, and a new set adopts them
      Given the garbage collector has seen all Pods
      When ReplicaSet "web" is deleted with propagation "Orphan"
      Then it is accepted
      And ReplicaSet "web" is gone
      And the Pods "${its Pods}" still run, without a controller and with no restart
      Given the controller of ReplicaSets has seen all sets and Pods
      When this is submitted:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: heir}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then it is accepted
      And ReplicaSet "heir" comes to have 2 Ready Pods
      And ReplicaSet "heir" still has the same Pods as "its Pods"

    Scenario Outline: kubectl delete --cascade=<cascade>
      Given the garbage collector has seen all Pods
      When kubectl runs "delete replicaset web --cascade=<cascade>"
      Then it exits with 0
      And ReplicaSet "web" is gone
      And the Pods "${its Pods}" still run, without a controller and with no restart

      Examples:
        | cascade |
        | orphan  |
        | false   |
