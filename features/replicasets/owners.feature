@api
Feature: Owners
  A set owns its Pods as any object may own another: by a reference in what is owned. What has no owner left goes, and what has one stays.

  @replicasets/delete-cascades
  Rule: an object goes when the last of its owners has gone

    Scenario: an owner that never existed
      Given these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: other}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: foundling
          ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: nobody, uid: 5d0ab9a2-0000-4000-8000-000000000001}]
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: mistaken
          ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: other, uid: 5d0ab9a2-0000-4000-8000-000000000002}]
        """
      Then ConfigMap "foundling" is gone
      # Its owner has the name of one that there is, and is another.
      And ConfigMap "mistaken" is gone
      And ConfigMap "other" still exists

    Scenario: one of two owners goes in the foreground, then the other
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: other}}
        """
      And "metadata.uid" of ConfigMap "one" is remembered as "one"
      And "metadata.uid" of ConfigMap "other" is remembered as "other"
      And these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: child
          ownerReferences:
          - {apiVersion: v1, kind: ConfigMap, name: one, uid: "${one}", blockOwnerDeletion: true}
          - {apiVersion: v1, kind: ConfigMap, name: other, uid: "${other}", blockOwnerDeletion: true}
        """
      When ConfigMap "one" is deleted with propagation "Foreground"
      Then it is accepted
      And ConfigMap "one" is gone
      And "metadata.ownerReferences[0].name" of ConfigMap "child" becomes "other"
      And ConfigMap "child" exists for 3 seconds
      When ConfigMap "other" is deleted with propagation "Foreground"
      Then it is accepted
      And ConfigMap "other" is gone
      And ConfigMap "child" is gone

    Scenario Outline: two that own each other, one of them deleted in the <propagation>
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: one}}
        """
      And "metadata.uid" of ConfigMap "one" is remembered as "one"
      And these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: other
          ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: one, uid: "${one}", blockOwnerDeletion: true}]
        """
      And "metadata.uid" of ConfigMap "other" is remembered as "other"
      When ConfigMap "one" is patched with:
        """
        metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: other, uid: "${other}", blockOwnerDeletion: true}]}
        """
      Then it is accepted
      And ConfigMap "one" exists for 2 seconds
      And ConfigMap "other" still exists
      When ConfigMap "one" is deleted with propagation "<propagation>"
      Then it is accepted
      And ConfigMap "one" is gone
      And ConfigMap "other" is gone

      Examples:
        | propagation |
        | Background  |
        | Foreground  |

    Scenario: what something of the whole cluster owns stays while that stays
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-owner"}
        spec:
          capacity: {storage: 1Gi}
          accessModes: [ReadWriteOnce]
          storageClassName: plumbline-nobodys
          hostPath: {path: "/tmp/${namespace}"}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: other}}
        """
      And "metadata.uid" of PersistentVolume "${namespace}-owner" is remembered as "owner"
      And "metadata.uid" of ConfigMap "other" is remembered as "other"
      And these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: child
          ownerReferences:
          - {apiVersion: v1, kind: ConfigMap, name: other, uid: "${other}"}
          - {apiVersion: v1, kind: PersistentVolume, name: "${namespace}-owner", uid: "${owner}"}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: foundling
          ownerReferences: [{apiVersion: v1, kind: PersistentVolume, name: "${namespace}-owner", uid: 5d0ab9a2-0000-4000-8000-000000000003}]
        """
      Then ConfigMap "foundling" is gone
      # Whoever has lost one owner is looked at for the others.
      When ConfigMap "other" is deleted
      Then "metadata.ownerReferences[0].kind" of ConfigMap "child" becomes "PersistentVolume"
      And ConfigMap "child" exists for 3 seconds
      When PersistentVolume "${namespace}-owner" is deleted
      Then it is accepted
      And ConfigMap "child" is gone

    # The API server's own Service is in the namespace default. No object owns what is in another namespace.
    Scenario: what owns from another namespace is no owner
      When kubectl runs "get service kubernetes --namespace=default -o jsonpath={.metadata.uid}"
      Then it exits with 0
      Given what it prints is remembered as "elsewhere"
      And these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: owner}}
        """
      And "metadata.uid" of ConfigMap "owner" is remembered as "owner"
      And these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: foundling
          ownerReferences: [{apiVersion: v1, kind: Service, name: kubernetes, uid: "${elsewhere}"}]
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: child
          ownerReferences:
          - {apiVersion: v1, kind: Service, name: kubernetes, uid: "${elsewhere}"}
          - {apiVersion: v1, kind: ConfigMap, name: owner, uid: "${owner}"}
        """
      Then ConfigMap "foundling" is gone
      And "metadata.ownerReferences[0].name" of ConfigMap "child" becomes "owner"
      And ConfigMap "child" exists for 2 seconds

    # The same owner is missing in the one namespace, and there in the other (kubernetes#65200).
    Scenario: who is missing where somebody names it is not missing where it is
      Given these objects exist:
        """
        {apiVersion: v1, kind: Namespace, metadata: {name: "${namespace}-other"}}
        ---
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
          name: child
          ownerReferences:
          - {apiVersion: v1, kind: ConfigMap, name: second, uid: "${second}"}
          - {apiVersion: v1, kind: ConfigMap, name: first, uid: "${first}"}
        """
      When kubectl runs with this input "create --namespace=${namespace}-other -f -":
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: stray
          ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: first, uid: "${first}"}]
        """
      Then it exits with 0
      When kubectl runs "wait --namespace=${namespace}-other --for=delete configmap/stray --timeout=45s"
      Then it exits with 0
      When ConfigMap "second" is deleted
      Then "metadata.ownerReferences[0].name" of ConfigMap "child" becomes "first"
      And ConfigMap "child" exists for 3 seconds

  @replicasets/delete-cascades
  Rule: finalizers hold what is deleted

    Scenario: in the foreground an owner waits for what blocks it, and is held as long as that
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: owner}}
        """
      And "metadata.uid" of ConfigMap "owner" is remembered as "owner"
      And these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: child
          finalizers: [example.com/hold]
          ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, uid: "${owner}", blockOwnerDeletion: true}]
        """
      When ConfigMap "owner" is deleted with propagation "Foreground"
      Then it is accepted
      And "metadata.deletionTimestamp" of ConfigMap "child" comes to be present
      And ConfigMap "owner" exists for 3 seconds
      When "metadata.finalizers" of ConfigMap "child" is set to "null"
      Then it is accepted
      And ConfigMap "child" is gone
      And ConfigMap "owner" is gone

    Scenario: in the foreground an owner goes once what blocked it does so no more
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: owner}}
        """
      And "metadata.uid" of ConfigMap "owner" is remembered as "owner"
      And these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: child
          finalizers: [example.com/hold]
          ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, uid: "${owner}", blockOwnerDeletion: true}]
        """
      When ConfigMap "owner" is deleted with propagation "Foreground"
      Then it is accepted
      And "metadata.deletionTimestamp" of ConfigMap "child" comes to be present
      And ConfigMap "owner" exists for 3 seconds
      When ConfigMap "child" is patched with:
        """
        metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, uid: "${owner}", blockOwnerDeletion: false}]}
        """
      Then it is accepted
      And ConfigMap "owner" is gone
      And ConfigMap "child" still exists
      When "metadata.finalizers" of ConfigMap "child" is set to "null"
      Then ConfigMap "child" is gone

    Scenario: in the foreground all generations go from the last to the first
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: first}}
        """
      And "metadata.uid" of ConfigMap "first" is remembered as "first"
      And these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: second
          ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: first, uid: "${first}", blockOwnerDeletion: true}]
        """
      And "metadata.uid" of ConfigMap "second" is remembered as "second"
      And these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: third
          finalizers: [example.com/hold]
          ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: second, uid: "${second}", blockOwnerDeletion: true}]
        """
      When ConfigMap "first" is deleted with propagation "Foreground"
      Then it is accepted
      And "metadata.deletionTimestamp" of ConfigMap "third" comes to be present
      And ConfigMap "second" exists for 3 seconds
      And ConfigMap "first" still exists
      When "metadata.finalizers" of ConfigMap "third" is set to "null"
      Then it is accepted
      And ConfigMap "third" is gone
      And ConfigMap "second" is gone
      And ConfigMap "first" is gone

    Scenario: a set that is held does nothing any more
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web, finalizers: [example.com/hold]}
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
      When ReplicaSet "web" is deleted
      Then it is accepted
      And "metadata.deletionTimestamp" of ReplicaSet "web" is present
      # Else the Pod may be replaced.
      And the controller of ReplicaSets has seen all sets and Pods
      When Pod "${pod}" is deleted
      Then Pod "${pod}" is gone
      # It is there still, so that its other Pod stays; but it makes no new one.
      And ReplicaSet "web" keeps exactly 1 Pod for 3 seconds
      When "metadata.finalizers" of ReplicaSet "web" is set to "null"
      Then it is accepted
      And ReplicaSet "web" is gone
      And there come to be no Pods with the selector "app=web"

    @replicasets/adopt
    Scenario: a set that is held adopts nobody
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web, finalizers: [example.com/hold]}
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
      When ReplicaSet "web" is deleted
      Then it is accepted
      And "metadata.deletionTimestamp" of ReplicaSet "web" is present
      And the controller of ReplicaSets has seen all sets and Pods
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: late, labels: {app: web}}
        spec:
          schedulerName: example.com/nobody
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then Pod "late" has no controller for 3 seconds
      When "metadata.finalizers" of ReplicaSet "web" is set to "null"
      Then it is accepted
      And ReplicaSet "web" is gone
      And there come to be exactly 1 Pods with the selector "app=web"
      And Pod "late" still exists
