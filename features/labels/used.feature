Feature: What Kubernetes uses labels and annotations for
  Labels are not only for people: a Service and a ReplicaSet find their Pods by them, as anybody does who lists. Annotations tell
  programs what nobody selects by.

  @labels/used-by-kubernetes
  Rule: who selects by labels finds the same Pods

    # The Pods want a scheduler that there is not, so that they cost nothing; a set adopts them all the same.
    @api
    Scenario Outline: a ReplicaSet with the expression <expression> adopts what the selector <selector> lists
      Given these objects exist:
        """
        {apiVersion: v1, kind: Pod, metadata: {name: absent, labels: {app: web}}, spec: {schedulerName: example.com/nobody, containers: [{name: app, image: "example.com/app:1"}]}}
        ---
        {apiVersion: v1, kind: Pod, metadata: {name: empty, labels: {app: web, tier: ""}}, spec: {schedulerName: example.com/nobody, containers: [{name: app, image: "example.com/app:1"}]}}
        ---
        {apiVersion: v1, kind: Pod, metadata: {name: front, labels: {app: web, tier: front}}, spec: {schedulerName: example.com/nobody, containers: [{name: app, image: "example.com/app:1"}]}}
        ---
        {apiVersion: v1, kind: Pod, metadata: {name: back, labels: {app: web, tier: back}}, spec: {schedulerName: example.com/nobody, containers: [{name: app, image: "example.com/app:1"}]}}
        ---
        {apiVersion: v1, kind: Pod, metadata: {name: other, labels: {app: other, tier: front}}, spec: {schedulerName: example.com/nobody, containers: [{name: app, image: "example.com/app:1"}]}}
        """
      And the controller of ReplicaSets has seen all sets and Pods
      And these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: set}
        spec:
          replicas: <count>
          selector: {matchLabels: {app: web}, matchExpressions: [<expression>]}
          template:
            metadata: {labels: {app: web<template>}}
            spec: {schedulerName: example.com/nobody, containers: [{name: app, image: "example.com/app:1"}]}
        """
      Then ReplicaSet "set" comes to control exactly the Pods "<finds>"
      # A set that adopts too many has adopted these on its way.
      And ReplicaSet "set" keeps exactly <count> Pods for 2 seconds
      And the selector "app=web,<selector>" finds exactly the Pods "<finds>"
      And the selector "app" finds exactly the Pods "absent, back, empty, front, other"

      Examples:
        | expression                                          | selector               | template       | count | finds              |
        | {key: tier, operator: In, values: [front, ""]}      | tier in (front,)       | , tier: front  | 2     | empty, front       |
        | {key: tier, operator: NotIn, values: [front]}       | tier notin (front)     |                | 3     | absent, back, empty |
        | {key: tier, operator: Exists}                       | tier                   | , tier: front  | 3     | back, empty, front |
        | {key: tier, operator: DoesNotExist}                 | !tier                  |                | 1     | absent             |

    @workloads
    Scenario: a Service leads to what its selector lists
      Given these objects exist:
        """
        {apiVersion: v1, kind: Pod, metadata: {name: both, labels: {app: web, tier: front}}, spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}}
        ---
        {apiVersion: v1, kind: Pod, metadata: {name: one, labels: {app: web}}, spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}}
        ---
        {apiVersion: v1, kind: Pod, metadata: {name: another, labels: {app: web, tier: back}}, spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: narrow}, spec: {selector: {app: web, tier: front}, ports: [{port: 80}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: wide}, spec: {selector: {app: web}, ports: [{port: 80}]}}
        """
      And Pods "both, one, another" are Ready
      Then the ready endpoints of Service "wide" come to be exactly the Pods "another, both, one"
      And the selector "app=web" finds exactly the Pods "another, both, one"
      And the ready endpoints of Service "narrow" come to be exactly the Pods "both"
      And the selector "app=web,tier=front" finds exactly the Pods "both"

  @annotations/special-scheduler @workloads
  Rule: an annotation can tell a scheduler of somebody's own what it needs to know

    # The suite is the scheduler: it puts the Pod beside the one that the annotation names.
    Scenario: a Pod that names another scheduler waits for it
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: special, annotations: {example.com/beside: ordinary}}
        spec:
          schedulerName: example.com/beside
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: ordinary}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "ordinary" is Ready
      # Whoever schedules all Pods has had this one before the other.
      Then "spec.nodeName" of Pod "special" is absent
      And "status.phase" of Pod "special" is "Pending"
      Given "metadata.annotations['example.com/beside']" of Pod "special" is remembered as "neighbour"
      And "spec.nodeName" of Pod "${neighbour}" is remembered as "node"
      When Pod "special" is bound to the node "${node}"
      Then it is accepted
      And Pod "special" becomes Ready
      And "spec.nodeName" of Pod "special" is "${node}"
      When Pod "special" is bound to the node "${node}"
      Then it is refused with 409 "Conflict"
