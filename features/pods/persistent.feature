Feature: Storage that outlives Pods
  A PersistentVolume is a piece of storage, and a claim asks for one. A Pod names the claim, so that what it leaves is there for the
  next one.

  @pods/persistent-volume-survives @api
  Rule: a claim gets a volume that has what it asks for, and nobody else gets that volume

    Scenario: a volume that is large enough
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-small"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/small"}}
        ---
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-fit"}
        spec: {capacity: {storage: 2Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/fit"}}
        """
      And "status.phase" of PersistentVolume "${namespace}-small" becomes "Available"
      And "status.phase" of PersistentVolume "${namespace}-fit" becomes "Available"
      # Whoever has bound a volume made after all that has seen that they are to be had.
      And these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-last"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/last"}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: before}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", volumeName: "${namespace}-last", resources: {requests: {storage: 1Gi}}}
        """
      And "status.phase" of PersistentVolumeClaim "before" becomes "Bound"
      When these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1500Mi}}}
        """
      Then "status.phase" of PersistentVolumeClaim "data" becomes "Bound"
      And "spec.volumeName" of PersistentVolumeClaim "data" is "${namespace}-fit"
      And "status.capacity.storage" of PersistentVolumeClaim "data" is "2Gi"
      And "status.accessModes[0]" of PersistentVolumeClaim "data" is "ReadWriteOnce"
      And "status.phase" of PersistentVolume "${namespace}-fit" is "Bound"
      And "spec.claimRef.name" of PersistentVolume "${namespace}-fit" is "data"
      And "spec.claimRef.namespace" of PersistentVolume "${namespace}-fit" is "${namespace}"
      Given "metadata.uid" of PersistentVolumeClaim "data" is remembered as "uid"
      Then "spec.claimRef.uid" of PersistentVolume "${namespace}-fit" is "${uid}"
      And "status.phase" of PersistentVolume "${namespace}-small" is "Available"

    # What is more than was asked for is kept from others. Kubernetes promises as much as was asked for, and tries for no more.
    @should
    Scenario: of several volumes that are large enough, the smallest
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-huge"}
        spec: {capacity: {storage: 5Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/huge"}}
        ---
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-fit"}
        spec: {capacity: {storage: 2Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/fit"}}
        """
      And "status.phase" of PersistentVolume "${namespace}-huge" becomes "Available"
      And "status.phase" of PersistentVolume "${namespace}-fit" becomes "Available"
      # Whoever has bound a volume made after all that has seen that they are to be had.
      And these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-last"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/last"}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: before}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", volumeName: "${namespace}-last", resources: {requests: {storage: 1Gi}}}
        """
      And "status.phase" of PersistentVolumeClaim "before" becomes "Bound"
      When these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1500Mi}}}
        """
      Then "status.phase" of PersistentVolumeClaim "data" becomes "Bound"
      And "spec.volumeName" of PersistentVolumeClaim "data" is "${namespace}-fit"

    Scenario Outline: <what> is not what a claim asks for
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-other", labels: {medium: disk}}
        spec: <other>
        """
      And "status.phase" of PersistentVolume "${namespace}-other" becomes "Available"
      When these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec:
          accessModes: [ReadWriteMany]
          storageClassName: "${namespace}"
          resources: {requests: {storage: 1Gi}}
          selector: {matchLabels: {medium: disk}, matchExpressions: [{key: worn, operator: DoesNotExist}]}
        """
      And "status.phase" of PersistentVolumeClaim "data" becomes "Pending"
      And these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-fit", labels: {medium: disk, colour: blue}}
        spec: {capacity: {storage: 9Gi}, accessModes: [ReadWriteOnce, ReadWriteMany], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/fit"}}
        """
      Then "status.phase" of PersistentVolumeClaim "data" becomes "Bound"
      And "spec.volumeName" of PersistentVolumeClaim "data" is "${namespace}-fit"
      And "status.phase" of PersistentVolume "${namespace}-other" is "Available"
      And "spec.claimRef" of PersistentVolume "${namespace}-other" is absent

      Examples:
        | what                  | other                                                                                                                                                              |
        | a smaller volume      | {capacity: {storage: 1023Mi}, accessModes: [ReadWriteMany], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/o"}}                               |
        | another class         | {capacity: {storage: 1Gi}, accessModes: [ReadWriteMany], storageClassName: "${namespace}-x", hostPath: {path: "/tmp/${namespace}/o"}}                                |
        | no class              | {capacity: {storage: 1Gi}, accessModes: [ReadWriteMany], hostPath: {path: "/tmp/${namespace}/o"}}                                                                    |
        | another access mode   | {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce, ReadOnlyMany], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/o"}}                    |
        | a raw block device    | {capacity: {storage: 1Gi}, accessModes: [ReadWriteMany], storageClassName: "${namespace}", volumeMode: Block, hostPath: {path: "/tmp/${namespace}/o"}}               |

    Scenario Outline: a volume whose labels <what> the claim's selector stays free
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-other", labels: <labels>}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/o"}}
        ---
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-fit", labels: {medium: disk, tier: fast}}
        spec: {capacity: {storage: 9Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/fit"}}
        """
      And "status.phase" of PersistentVolume "${namespace}-other" becomes "Available"
      And "status.phase" of PersistentVolume "${namespace}-fit" becomes "Available"
      When these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec:
          accessModes: [ReadWriteOnce]
          storageClassName: "${namespace}"
          resources: {requests: {storage: 1Gi}}
          selector: {matchLabels: {medium: disk}, matchExpressions: [{key: tier, operator: In, values: [fast, faster]}, {key: worn, operator: DoesNotExist}]}
        """
      Then "status.phase" of PersistentVolumeClaim "data" becomes "Bound"
      And "spec.volumeName" of PersistentVolumeClaim "data" is "${namespace}-fit"
      And "status.phase" of PersistentVolume "${namespace}-other" is "Available"

      Examples:
        | what                | labels                              |
        | differ from         | {medium: tape, tier: fast}          |
        | lack a key of       | {medium: disk}                      |
        | have one too many for | {medium: disk, tier: fast, worn: ""} |

    Scenario: a volume has one claim, and is not given on when that is deleted
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-only"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteMany], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/only"}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: first}
        spec: {accessModes: [ReadWriteMany], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        """
      And "status.phase" of PersistentVolumeClaim "first" becomes "Bound"
      And these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: second}
        spec: {accessModes: [ReadWriteMany], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        """
      When PersistentVolumeClaim "first" is deleted
      Then PersistentVolumeClaim "first" is gone
      And "status.phase" of PersistentVolume "${namespace}-only" becomes "Released"
      And "status.phase" of PersistentVolumeClaim "second" is "Pending"
      When PersistentVolume "${namespace}-only" is patched with:
        """
        spec: {claimRef: null}
        """
      Then "status.phase" of PersistentVolumeClaim "second" becomes "Bound"
      And "spec.volumeName" of PersistentVolumeClaim "second" is "${namespace}-only"
      And "status.phase" of PersistentVolume "${namespace}-only" is "Bound"

    Scenario: a volume that is reserved for a claim waits for it
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-reserved"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", claimRef: {namespace: "${namespace}", name: late}, hostPath: {path: "/tmp/${namespace}/r"}}
        ---
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-free"}
        spec: {capacity: {storage: 2Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/f"}}
        """
      And "status.phase" of PersistentVolume "${namespace}-reserved" becomes "Available"
      And "status.phase" of PersistentVolume "${namespace}-free" becomes "Available"
      When these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: early}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        """
      Then "status.phase" of PersistentVolumeClaim "early" becomes "Bound"
      And "spec.volumeName" of PersistentVolumeClaim "early" is "${namespace}-free"
      When these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: late}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 500Mi}}}
        """
      Then "status.phase" of PersistentVolumeClaim "late" becomes "Bound"
      And "spec.volumeName" of PersistentVolumeClaim "late" is "${namespace}-reserved"
      And "status.capacity.storage" of PersistentVolumeClaim "late" is "1Gi"

    Scenario: a claim may name its volume, if that is what it asks for and free
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-one"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/one"}}
        ---
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-two"}
        spec: {capacity: {storage: 2Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/two"}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: too-large}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", volumeName: "${namespace}-two", resources: {requests: {storage: 3Gi}}}
        """
      Then a warning is recorded for PersistentVolumeClaim "too-large" that says "${namespace}-two"
      When these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: named}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", volumeName: "${namespace}-two", resources: {requests: {storage: 1Gi}}}
        """
      Then "status.phase" of PersistentVolumeClaim "named" becomes "Bound"
      And "status.capacity.storage" of PersistentVolumeClaim "named" is "2Gi"
      When these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: late}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", volumeName: "${namespace}-two", resources: {requests: {storage: 1Gi}}}
        """
      Then a warning is recorded for PersistentVolumeClaim "late" that says "${namespace}-two"
      And "status.phase" of PersistentVolumeClaim "late" is "Pending"
      And "status.phase" of PersistentVolumeClaim "too-large" is "Pending"
      And "status.phase" of PersistentVolume "${namespace}-one" is "Available"

    Scenario Outline: a claim for which there is no volume waits, and says why: <why>
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: <class>, resources: {requests: {storage: 1Gi}}}
        """
      Then an event is recorded for PersistentVolumeClaim "data"
      And "status.phase" of PersistentVolumeClaim "data" is "Pending"

      Examples:
        | why                     | class                  |
        | no class, and no volume | ""                     |
        | no such class           | "${namespace}-nowhere" |

    @should
    Scenario: why claims wait, or are lost, is told in upstream's events
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-two"}
        spec: {capacity: {storage: 2Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/two"}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: too-large}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", volumeName: "${namespace}-two", resources: {requests: {storage: 3Gi}}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: classless}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: nowhere}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}-nowhere", resources: {requests: {storage: 1Gi}}}
        """
      Then an event "VolumeMismatch" is recorded for PersistentVolumeClaim "too-large" that says "too small"
      And an event "FailedBinding" is recorded for PersistentVolumeClaim "classless" that says "no persistent volumes"
      And an event "ProvisioningFailed" is recorded for PersistentVolumeClaim "nowhere" that says "not found"
      When these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: named}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", volumeName: "${namespace}-two", resources: {requests: {storage: 1Gi}}}
        """
      Then "status.phase" of PersistentVolumeClaim "named" becomes "Bound"
      When these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: late}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", volumeName: "${namespace}-two", resources: {requests: {storage: 1Gi}}}
        """
      Then an event "FailedBinding" is recorded for PersistentVolumeClaim "late" that says "already bound to a different claim"
      When PersistentVolume "${namespace}-two" is deleted
      And PersistentVolume "${namespace}-two" is patched with:
        """
        metadata: {finalizers: null}
        """
      Then an event "ClaimLost" is recorded for PersistentVolumeClaim "named"

    Scenario: a volume that has a claim is deleted only when that is gone, and its claim is not lost before
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-used"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/used"}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        """
      And "status.phase" of PersistentVolumeClaim "data" becomes "Bound"
      When PersistentVolume "${namespace}-used" is deleted
      Then "metadata.deletionTimestamp" of PersistentVolume "${namespace}-used" comes to be present
      And PersistentVolume "${namespace}-used" exists for 3 seconds
      And "status.phase" of PersistentVolumeClaim "data" is "Bound"
      When PersistentVolumeClaim "data" is deleted
      Then PersistentVolumeClaim "data" is gone
      And PersistentVolume "${namespace}-used" is gone

    Scenario: a claim whose volume is taken away by force is lost
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-used"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/used"}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        """
      And "status.phase" of PersistentVolumeClaim "data" becomes "Bound"
      When PersistentVolume "${namespace}-used" is deleted
      And PersistentVolume "${namespace}-used" is patched with:
        """
        metadata: {finalizers: null}
        """
      Then PersistentVolume "${namespace}-used" is gone
      And "status.phase" of PersistentVolumeClaim "data" becomes "Lost"

    Scenario: what a claim asks for does not change, but for its labels
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-used"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/used"}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        """
      And "status.phase" of PersistentVolumeClaim "data" becomes "Bound"
      When "spec.accessModes" of PersistentVolumeClaim "data" is set to "[ReadOnlyMany]"
      Then it is refused with 422 "Invalid" naming "spec"
      When "spec.storageClassName" of PersistentVolumeClaim "data" is set to "other"
      Then it is refused with 422 "Invalid" naming "spec"
      When "spec.volumeName" of PersistentVolumeClaim "data" is set to "other"
      Then it is refused with 422 "Invalid" naming "spec"
      When "spec.resources.requests.storage" of PersistentVolumeClaim "data" is set to "500Mi"
      Then it is refused with 422 "Invalid" naming "spec.resources.requests.storage"
      When "spec.resources.requests.storage" of PersistentVolumeClaim "data" is set to "2Gi"
      Then it is refused with 403 "Forbidden"
      When "spec.hostPath.path" of PersistentVolume "${namespace}-used" is set to "/tmp/${namespace}/other"
      Then it is refused with 422 "Invalid" naming "spec.persistentvolumesource"
      When PersistentVolumeClaim "data" is labelled "colour=blue"
      Then "metadata.labels.colour" of PersistentVolumeClaim "data" is "blue"

    Scenario Outline: a volume with <what> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-bad"}
        spec: <spec>
        """
      Then it is refused with 422 "Invalid" naming "<field>"
      And there is no PersistentVolume "${namespace}-bad"

      Examples:
        | what                          | spec                                                                                                                          | field                              |
        | no size                       | {accessModes: [ReadWriteOnce], hostPath: {path: /tmp/x}}                                                                      | spec.capacity                      |
        | a size below nothing          | {capacity: {storage: -1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /tmp/x}}                                           | spec.capacity[storage]             |
        | no access mode                | {capacity: {storage: 1Gi}, hostPath: {path: /tmp/x}}                                                                          | spec.accessModes                   |
        | an unknown access mode        | {capacity: {storage: 1Gi}, accessModes: [WriteTwice], hostPath: {path: /tmp/x}}                                               | spec.accessModes                   |
        | no source                     | {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce]}                                                                      | spec                               |
        | two sources                   | {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /tmp/x}, nfs: {server: nfs.example.com, path: /x}}  | spec.nfs                           |
        | an unknown policy             | {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: Burn, hostPath: {path: /tmp/x}}        | spec.persistentVolumeReclaimPolicy |
        | an unknown mode               | {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], volumeMode: Tape, hostPath: {path: /tmp/x}}                           | spec.volumeMode                    |
        | a malformed class             | {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: No_Class, hostPath: {path: /tmp/x}}                 | spec.storageClassName              |
        | a disk of no node             | {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], local: {path: /mnt/x}}                                               | spec.nodeAffinity                  |
        | nodes that nothing can choose | {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], local: {path: /mnt/x}, nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Near}]}]}}} | spec.nodeAffinity.required.nodeSelectorTerms[0].matchExpressions[0].operator |

    Scenario Outline: a claim with <what> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: bad}
        spec: <spec>
        """
      Then it is refused with 422 "Invalid" naming "<field>"
      And there is no PersistentVolumeClaim "bad"

      Examples:
        | what                        | spec                                                                                                                | field                     |
        | no size                     | {accessModes: [ReadWriteOnce], storageClassName: ""}                                                                | spec.resources[storage]   |
        | a size of nothing           | {accessModes: [ReadWriteOnce], storageClassName: "", resources: {requests: {storage: 0}}}                           | spec.resources[storage]   |
        | no access mode              | {storageClassName: "", resources: {requests: {storage: 1Gi}}}                                                       | spec.accessModes          |
        | an unknown access mode      | {accessModes: [WriteTwice], storageClassName: "", resources: {requests: {storage: 1Gi}}}                            | spec.accessModes          |
        | one user and many           | {accessModes: [ReadWriteOncePod, ReadWriteOnce], storageClassName: "", resources: {requests: {storage: 1Gi}}}       | spec.accessModes          |
        | an unknown mode             | {accessModes: [ReadWriteOnce], volumeMode: Tape, storageClassName: "", resources: {requests: {storage: 1Gi}}}       | spec.volumeMode           |
        | a malformed class           | {accessModes: [ReadWriteOnce], storageClassName: No_Class, resources: {requests: {storage: 1Gi}}}                   | spec.storageClassName     |
        | a selector that is no such  | {accessModes: [ReadWriteOnce], storageClassName: "", selector: {matchExpressions: [{key: a, operator: Near}]}, resources: {requests: {storage: 1Gi}}} | spec.selector.matchExpressions[0].operator |

    Scenario Outline: a storage class with <what> is refused
      When this is submitted:
        """
        apiVersion: storage.k8s.io/v1
        kind: StorageClass
        metadata: {name: "${namespace}"}
        provisioner: <provisioner>
        reclaimPolicy: <policy>
        volumeBindingMode: <mode>
        """
      Then it is refused with 422 "Invalid" naming "<field>"
      And there is no StorageClass "${namespace}"

      Examples:
        | what                    | provisioner      | policy  | mode      | field             |
        | no provisioner          | ""               | Delete  | Immediate | provisioner       |
        | a malformed provisioner | example.com/a/b  | Delete  | Immediate | provisioner       |
        | a policy it cannot have | example.com/none | Recycle | Immediate | reclaimPolicy     |
        | an unknown binding mode | example.com/none | Delete  | Tomorrow  | volumeBindingMode |

    Scenario: who makes a class's volumes, and how, does not change
      Given these objects exist:
        """
        apiVersion: storage.k8s.io/v1
        kind: StorageClass
        metadata: {name: "${namespace}"}
        provisioner: example.com/none
        parameters: {kind: slow}
        """
      And "reclaimPolicy" of StorageClass "${namespace}" is "Delete"
      And "volumeBindingMode" of StorageClass "${namespace}" is "Immediate"
      When "provisioner" of StorageClass "${namespace}" is set to "example.com/other"
      Then it is refused with 422 "Invalid" naming "provisioner"
      When "parameters.kind" of StorageClass "${namespace}" is set to "fast"
      Then it is refused with 422 "Invalid" naming "parameters"
      When "reclaimPolicy" of StorageClass "${namespace}" is set to "Retain"
      Then it is refused with 422 "Invalid" naming "reclaimPolicy"
      When "allowVolumeExpansion" of StorageClass "${namespace}" is set to "true"
      Then it is accepted

    Scenario: kubectl shows claims and volumes
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-used"}
        spec: {capacity: {storage: 2Gi}, accessModes: [ReadWriteOnce, ReadOnlyMany], storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}/used"}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        """
      And "status.phase" of PersistentVolumeClaim "data" becomes "Bound"
      When kubectl runs "get pvc data"
      Then its output matches "NAME +STATUS +VOLUME +CAPACITY +ACCESS MODES +STORAGECLASS +VOLUMEATTRIBUTESCLASS +AGE"
      And its output matches "data +Bound +${namespace}-used +2Gi +RWO,ROX +${namespace} +<unset> "
      When kubectl runs "get pv ${namespace}-used"
      Then its output matches "${namespace}-used +2Gi +RWO,ROX +Retain +Bound +${namespace}/data +${namespace} +<unset> "

  @pods/persistent-volume-survives @storage
  Rule: what one Pod leaves on a volume, the next one finds

    Scenario: the second Pod reads what the first one wrote, and then writes on
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: maker}
        spec:
          volumes: [{name: tmp, hostPath: {path: /tmp}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], securityContext: {privileged: true}, volumeMounts: [{name: tmp, mountPath: /tmp-of-node}]}]
        """
      And Pod "maker" is Ready
      And "spec.nodeName" of Pod "maker" is remembered as "node"
      And "metadata.labels['kubernetes.io/hostname']" of Node "${node}" is remembered as "host"
      And these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-kept"}
        spec:
          capacity: {storage: 1Gi}
          accessModes: [ReadWriteOnce]
          storageClassName: "${namespace}"
          hostPath: {path: "/tmp/${namespace}", type: DirectoryOrCreate}
          nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: ["${host}"]}]}]}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: first}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], securityContext: {privileged: true}, volumeMounts: [{name: data, mountPath: /data}]}]
        """
      And Pod "first" is Ready
      And "spec.nodeName" of Pod "first" is "${node}"
      And container "app" of Pod "first" has executed "/workload write /data/note left"
      When Pod "first" is deleted with a grace period of 1 second
      Then Pod "first" is gone
      And "status.phase" of PersistentVolumeClaim "data" is "Bound"
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: second}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            securityContext: {privileged: true}
            volumeMounts: [{name: data, mountPath: /data}, {name: data, mountPath: /part, subPath: deep/part}]
        """
      And Pod "second" is Ready
      And "spec.nodeName" of Pod "second" is "${node}"
      When container "app" of Pod "second" executes "/workload cat /data/note"
      Then it prints "left"
      When container "app" of Pod "second" executes "/workload write /part/note inside"
      And container "app" of Pod "maker" executes "/workload cat /tmp-of-node/${namespace}/deep/part/note"
      Then it prints "inside"
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: reader}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: data, readOnly: true}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], securityContext: {privileged: true}, volumeMounts: [{name: data, mountPath: /data}]}]
        """
      And Pod "reader" is Ready
      When container "app" of Pod "reader" executes "/workload cat /data/note"
      Then it prints "left"
      When container "app" of Pod "reader" executes "/workload write /data/note changed"
      Then it exits with 1
      And its error output contains "read-only file system"
      When Pod "second" is deleted with a grace period of 1 second
      And Pod "reader" is deleted with a grace period of 1 second
      And PersistentVolumeClaim "data" is deleted
      Then PersistentVolumeClaim "data" is gone
      And "status.phase" of PersistentVolume "${namespace}-kept" becomes "Released"
      When container "app" of Pod "maker" executes "/workload cat /tmp-of-node/${namespace}/note"
      Then it prints "left"
      And container "app" of Pod "maker" has executed "/workload rm --recursive /tmp-of-node/${namespace}"

    Scenario: a claim in use waits to be deleted, and takes no other Pod meanwhile
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-kept"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: /etc, type: Directory}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: user}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: data, readOnly: true}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      And Pod "user" is Ready
      # It waits for another claim, too: when that is seen, what became of the first has been seen before.
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: late}
        spec:
          volumes:
          - {name: data, persistentVolumeClaim: {claimName: data, readOnly: true}}
          - {name: other, persistentVolumeClaim: {claimName: other, readOnly: true}}
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      And "status.conditions[type=PodScheduled].reason" of Pod "late" becomes "Unschedulable"
      When PersistentVolumeClaim "data" is deleted
      Then "metadata.deletionTimestamp" of PersistentVolumeClaim "data" comes to be present
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-other"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: /etc, type: Directory}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: other}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        """
      And "status.phase" of PersistentVolumeClaim "other" becomes "Bound"
      Then a warning is recorded for Pod "late" that says "data"
      And "status.conditions[type=PodScheduled].reason" of Pod "late" stays "Unschedulable" for 4 seconds
      And "status.conditions[type=PodScheduled].message" of Pod "late" contains "data"
      And PersistentVolumeClaim "data" exists for 3 seconds
      And "status.phase" of PersistentVolume "${namespace}-kept" is "Bound"
      When container "app" of Pod "user" executes "/workload exists /data/hosts"
      Then it exits with 0
      When Pod "user" is deleted with a grace period of 1 second
      Then PersistentVolumeClaim "data" is gone
      And "status.phase" of PersistentVolume "${namespace}-kept" becomes "Released"

    Scenario: a claim is in use as long as its Pod is there, ended or not
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-kept"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: /etc, type: Directory}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: user}
        spec:
          restartPolicy: Never
          volumes: [{name: data, persistentVolumeClaim: {claimName: data, readOnly: true}}]
          containers: [{name: app, image: "${image}", command: [/workload, exit, --code=0], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      And "status.phase" of Pod "user" becomes "Succeeded"
      When PersistentVolumeClaim "data" is deleted
      Then "metadata.deletionTimestamp" of PersistentVolumeClaim "data" comes to be present
      And PersistentVolumeClaim "data" exists for 4 seconds
      When Pod "user" is deleted
      Then PersistentVolumeClaim "data" is gone

    Scenario: a Pod waits for its claim, and its claim for a volume
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: data, readOnly: true}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      And "status.conditions[type=PodScheduled].reason" of Pod "app" becomes "Unschedulable"
      And "status.conditions[type=PodScheduled].message" of Pod "app" contains "data"
      When these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "app" stays "Unschedulable" for 5 seconds
      And "spec.nodeName" of Pod "app" is absent
      And "status.phase" of PersistentVolumeClaim "data" is "Pending"
      When these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-late"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: /etc, type: Directory}}
        """
      Then Pod "app" becomes Ready

    @multi-node
    Scenario: where binding waits for the first Pod, the claim gets a volume of that Pod's node
      Given these objects exist:
        """
        apiVersion: storage.k8s.io/v1
        kind: StorageClass
        metadata: {name: "${namespace}"}
        provisioner: kubernetes.io/no-provisioner
        volumeBindingMode: WaitForFirstConsumer
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: web}}}]}}
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And ReplicaSet "web" comes to have 2 Ready Pods
      And one Pod of ReplicaSet "web" is remembered as "here"
      And "spec.nodeName" of Pod "${here}" is remembered as "node"
      And "metadata.labels['kubernetes.io/hostname']" of Node "${node}" is remembered as "host"
      And these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-elsewhere"}
        spec:
          capacity: {storage: 1Gi}
          accessModes: [ReadWriteOnce]
          storageClassName: "${namespace}"
          hostPath: {path: /etc, type: Directory}
          nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: NotIn, values: ["${host}"]}]}]}}
        ---
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-here"}
        spec:
          capacity: {storage: 3Gi}
          accessModes: [ReadWriteOnce]
          storageClassName: "${namespace}"
          hostPath: {path: /etc, type: Directory}
          nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: ["${host}"]}]}]}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        """
      Then "status.phase" of PersistentVolumeClaim "data" stays "Pending" for 5 seconds
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          nodeSelector: {kubernetes.io/hostname: "${host}"}
          volumes: [{name: data, persistentVolumeClaim: {claimName: data, readOnly: true}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      Then Pod "app" becomes Ready
      And "spec.nodeName" of Pod "app" is "${node}"
      And "spec.volumeName" of PersistentVolumeClaim "data" is "${namespace}-here"
      And "status.phase" of PersistentVolume "${namespace}-elsewhere" is "Available"
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: lost}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: NotIn, values: ["${host}"]}]}]}}}
          volumes: [{name: data, persistentVolumeClaim: {claimName: data, readOnly: true}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "lost" becomes "Unschedulable"

    Scenario: a claim for one Pod at a time lets the second wait for the first
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-single"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOncePod], storageClassName: "${namespace}", csi: {driver: none.example.com, volumeHandle: none}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOncePod], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: first}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      And "status.conditions[type=PodScheduled].status" of Pod "first" becomes "True"
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: second}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "second" becomes "Unschedulable"
      When Pod "first" is deleted with a grace period of 1 second
      Then "status.conditions[type=PodScheduled].status" of Pod "second" becomes "True"

    @should
    Scenario: why Pods wait for their claims is told in upstream's events
      Given these objects exist:
        """
        apiVersion: storage.k8s.io/v1
        kind: StorageClass
        metadata: {name: "${namespace}-late"}
        provisioner: kubernetes.io/no-provisioner
        volumeBindingMode: WaitForFirstConsumer
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: late}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}-late", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-single"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOncePod], storageClassName: "${namespace}", csi: {driver: none.example.com, volumeHandle: none}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: single}
        spec: {accessModes: [ReadWriteOncePod], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: first}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: single}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: unbound}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}-none", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: early}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: unbound}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: alone}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: nothing}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      Then an event "WaitForFirstConsumer" is recorded for PersistentVolumeClaim "late"
      And an event "FailedScheduling" is recorded for Pod "early" that says "unbound immediate PersistentVolumeClaims"
      And an event "FailedScheduling" is recorded for Pod "alone" that says "nothing"
      Given "status.conditions[type=PodScheduled].status" of Pod "first" becomes "True"
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: second}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: single}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      Then an event "FailedScheduling" is recorded for Pod "second" that says "ReadWriteOncePod"

    Scenario: a Pod may have a claim made for itself, which goes with it
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-own"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", hostPath: {path: /etc, type: Directory}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes:
          - name: own
            ephemeral:
              volumeClaimTemplate:
                metadata: {labels: {colour: blue}}
                spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: own, mountPath: /own, readOnly: true}]}]
        """
      Then Pod "app" becomes Ready
      And "status.phase" of PersistentVolumeClaim "app-own" is "Bound"
      And "metadata.labels.colour" of PersistentVolumeClaim "app-own" is "blue"
      And "metadata.ownerReferences[0].kind" of PersistentVolumeClaim "app-own" is "Pod"
      And "metadata.ownerReferences[0].name" of PersistentVolumeClaim "app-own" is "app"
      When container "app" of Pod "app" executes "/workload exists /own/hosts"
      Then it exits with 0
      When Pod "app" is deleted with a grace period of 1 second
      Then Pod "app" is gone
      And PersistentVolumeClaim "app-own" is gone
      And "status.phase" of PersistentVolume "${namespace}-own" becomes "Released"

    Scenario: a disk of the node that is not there keeps the Pod waiting, with a reason, until it is
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: maker}
        spec:
          volumes: [{name: tmp, hostPath: {path: /tmp}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], securityContext: {privileged: true}, volumeMounts: [{name: tmp, mountPath: /tmp-of-node}]}]
        """
      And Pod "maker" is Ready
      And "spec.nodeName" of Pod "maker" is remembered as "node"
      And "metadata.labels['kubernetes.io/hostname']" of Node "${node}" is remembered as "host"
      And these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-disk"}
        spec:
          capacity: {storage: 1Gi}
          accessModes: [ReadWriteOnce]
          storageClassName: "${namespace}"
          local: {path: "/tmp/${namespace}/disk"}
          nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: ["${host}"]}]}]}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], securityContext: {privileged: true}, volumeMounts: [{name: data, mountPath: /data}]}]
        """
      Then a warning is recorded for Pod "app" that says "${namespace}-disk"
      And "status.phase" of Pod "app" is "Pending"
      When container "app" of Pod "maker" executes "/workload mkdir /tmp-of-node/${namespace}"
      And container "app" of Pod "maker" executes "/workload mkdir /tmp-of-node/${namespace}/disk"
      Then Pod "app" becomes Ready when what was missing is looked for again
      And container "app" of Pod "app" has executed "/workload write /data/note here"
      When container "app" of Pod "maker" executes "/workload cat /tmp-of-node/${namespace}/disk/note"
      Then it prints "here"
      When Pod "app" is deleted with a grace period of 1 second
      Then Pod "app" is gone
      And container "app" of Pod "maker" has executed "/workload rm --recursive /tmp-of-node/${namespace}"

    @api
    Scenario Outline: a Pod that uses <what> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: data, <source>}]
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is refused with 422 "Invalid" naming "spec.volumes[0].<field>"
      And there is no Pod "app"

      Examples:
        | what                          | source                                                                                      | field                                                  |
        | a claim without a name        | persistentVolumeClaim: {}                                                                   | persistentVolumeClaim.claimName                        |
        | a claim of its own of nothing | ephemeral: {}                                                                               | ephemeral.volumeClaimTemplate                          |
        | a claim of its own of no mode | ephemeral: {volumeClaimTemplate: {spec: {resources: {requests: {storage: 1Gi}}}}}           | ephemeral.volumeClaimTemplate.spec.accessModes         |

    @should @api
    Scenario: a volume under /tmp that is to be deleted with its claim goes with it
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-passing"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: Delete, storageClassName: "${namespace}", hostPath: {path: "/tmp/${namespace}"}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        """
      And "status.phase" of PersistentVolumeClaim "data" becomes "Bound"
      When PersistentVolumeClaim "data" is deleted
      Then PersistentVolumeClaim "data" is gone
      And PersistentVolume "${namespace}-passing" is gone

  @pods/persistent-volume-survives @provisioner @storage
  Rule: where somebody makes volumes, a claim gets one of its own

    Scenario: a claim without a class gets the default class, a volume, and that goes with the claim
      Given the default storage class is remembered as "class"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: place}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        """
      And Pod "place" is Ready
      And "spec.nodeName" of Pod "place" is remembered as "node"
      And "metadata.labels['kubernetes.io/hostname']" of Node "${node}" is remembered as "host"
      And these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: none}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: first}
        spec:
          nodeSelector: {kubernetes.io/hostname: "${host}"}
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      And "spec.storageClassName" of PersistentVolumeClaim "data" is "${class}"
      And Pod "first" becomes Ready once its volume is made
      And "status.phase" of PersistentVolumeClaim "data" is "Bound"
      And "spec.volumeName" of PersistentVolumeClaim "data" is remembered as "volume"
      And "spec.storageClassName" of PersistentVolume "${volume}" is "${class}"
      And "spec.claimRef.name" of PersistentVolume "${volume}" is "data"
      And container "app" of Pod "first" has executed "/workload write /data/note left"
      When Pod "first" is deleted with a grace period of 1 second
      Then Pod "first" is gone
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: second}
        spec:
          nodeSelector: {kubernetes.io/hostname: "${host}"}
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      And Pod "second" becomes Ready once its volume is made
      When container "app" of Pod "second" executes "/workload cat /data/note"
      Then it prints "left"
      When Pod "second" is deleted with a grace period of 1 second
      And "spec.persistentVolumeReclaimPolicy" of PersistentVolume "${volume}" is "Delete"
      And PersistentVolumeClaim "data" is deleted
      Then PersistentVolumeClaim "data" is gone
      And PersistentVolume "${volume}" is gone, with what it was made of
      And "status.phase" of PersistentVolumeClaim "none" is "Pending"

  @pods/network-storage @storage
  Rule: storage on the network is mounted where the node can, and where it cannot the Pod waits and says why

    Scenario Outline: a Pod with <what> waits, and an event names the volume
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: remote, <source>}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: remote, mountPath: /remote}]}]
        """
      Then a warning is recorded for Pod "app" that says "remote"
      And "status.phase" of Pod "app" is "Pending"
      And "status.containerStatuses[name=app].state.waiting.reason" of Pod "app" becomes "ContainerCreating"
      And "spec.nodeName" of Pod "app" is present
      When Pod "app" is deleted with a grace period of 1 second
      Then Pod "app" is gone

      Examples:
        | what                                 | source                          |
        | a disk of a driver that is not there | csi: {driver: none.example.com} |

      # A node that has the programs for it tries for a while.
      @should
      Examples:
        | what                      | source                                                                            |
        | a disk that nobody serves | iscsi: {targetPortal: "127.0.0.1:1", iqn: "iqn.2026-01.com.example:none", lun: 0} |

    # What is attached before it is mounted may be waited for, for two minutes or more, before anybody says so.
    Scenario: a Pod with a volume of a driver that nobody runs waits
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-remote"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", csi: {driver: none.example.com, volumeHandle: disk}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      And "status.phase" of PersistentVolumeClaim "data" becomes "Bound"
      Then "spec.nodeName" of Pod "app" comes to be present
      And "status.containerStatuses[name=app].state.waiting.reason" of Pod "app" becomes "ContainerCreating"
      And Pod "app" stays unready for 5 seconds
      And "status.phase" of Pod "app" is "Pending"
      And "status.containerStatuses[name=app].started" of Pod "app" is "false"
      When Pod "app" is deleted with a grace period of 1 second
      Then Pod "app" is gone

    @should @slow
    Scenario: a Pod with a volume of a driver that nobody runs is told for which volume it waits
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-remote"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: "${namespace}", csi: {driver: none.example.com, volumeHandle: disk}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteOnce], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      And Pod "app" exists for 150 seconds
      Then a warning is recorded for Pod "app" that says "${namespace}-remote"
      And "status.phase" of Pod "app" is "Pending"

    # Whether a node can is its kernel's to say. A Pod beside the server serves an export from its memory, and two others mount it, by the
    # server's address and port. On a node that has NFS in its kernel, and the program by which others mount it, they have to become Ready: one
    # when it has written, the other when it finds what the first has written. On any other node they may do so, too; if not, they wait
    # with an event. They go before the server does, or an unmount could wait for it.
    Scenario: an export is mounted by every Pod that wants it, where the node can
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: server}
        spec:
          volumes: [{name: root, hostPath: {path: /}}]
          containers:
          - {name: app, image: "${image}", command: [/workload, nfs, --port=2049], volumeMounts: [{name: root, mountPath: /node, readOnly: true}], readinessProbe: {tcpSocket: {port: 2049}, periodSeconds: 1}}
        """
      And Pod "server" is Ready
      And "status.podIP" of Pod "server" is remembered as "server"
      And "spec.nodeName" of Pod "server" is remembered as "node"
      And these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-remote"}
        spec:
          capacity: {storage: 1Gi}
          accessModes: [ReadWriteMany]
          storageClassName: "${namespace}"
          mountOptions: [nfsvers=3, tcp, port=2049, mountport=2049, nolock, soft, timeo=100, retry=0]
          nfs: {server: "${server}", path: /shared}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteMany], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: writer}
        spec:
          nodeName: "${node}"
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
          containers:
          - {name: app, image: "${image}", command: [/workload, steps, write /data/note kept, wait], volumeMounts: [{name: data, mountPath: /data}], readinessProbe: {exec: {command: [/workload, exists, /data/note]}, periodSeconds: 1}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: reader}
        spec:
          nodeName: "${node}"
          volumes: [{name: data, persistentVolumeClaim: {claimName: data, readOnly: true}}]
          containers:
          - {name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}], readinessProbe: {exec: {command: [/workload, exists, /data/note]}, periodSeconds: 1}}
        """
      Then Pod "writer" mounts NFS and becomes Ready, or waits with an event that names "${namespace}-remote", as its node, which Pod "server" has at "/node", can
      And Pod "reader" mounts NFS and becomes Ready, or waits with an event that names "${namespace}-remote", as its node, which Pod "server" has at "/node", can
      When Pod "writer" is deleted with a grace period of 1 second
      And Pod "reader" is deleted with a grace period of 1 second
      Then Pod "writer" is gone
      And Pod "reader" is gone

    @multi-node
    Scenario: an export is mounted on another node than its server's, where that node can
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: server, labels: {app: server}}
        spec:
          containers:
          - {name: app, image: "${image}", command: [/workload, nfs, --port=2049], readinessProbe: {tcpSocket: {port: 2049}, periodSeconds: 1}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: looker}
        spec:
          affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: server}}}]}}
          volumes: [{name: root, hostPath: {path: /}}]
          containers:
          - {name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: root, mountPath: /node, readOnly: true}]}
        """
      And Pods "server, looker" are Ready
      And "status.podIP" of Pod "server" is remembered as "server"
      And "spec.nodeName" of Pod "looker" is remembered as "node"
      And these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-remote"}
        spec:
          capacity: {storage: 1Gi}
          accessModes: [ReadWriteMany]
          storageClassName: "${namespace}"
          mountOptions: [nfsvers=3, tcp, port=2049, mountport=2049, nolock, soft, timeo=100, retry=0]
          nfs: {server: "${server}", path: /shared}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteMany], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: writer}
        spec:
          nodeName: "${node}"
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
          containers:
          - {name: app, image: "${image}", command: [/workload, steps, write /data/note kept, wait], volumeMounts: [{name: data, mountPath: /data}], readinessProbe: {exec: {command: [/workload, exists, /data/note]}, periodSeconds: 1}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: reader}
        spec:
          nodeName: "${node}"
          volumes: [{name: data, persistentVolumeClaim: {claimName: data, readOnly: true}}]
          containers:
          - {name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}], readinessProbe: {exec: {command: [/workload, exists, /data/note]}, periodSeconds: 1}}
        """
      Then Pod "writer" mounts NFS and becomes Ready, or waits with an event that names "${namespace}-remote", as its node, which Pod "looker" has at "/node", can
      And Pod "reader" mounts NFS and becomes Ready, or waits with an event that names "${namespace}-remote", as its node, which Pod "looker" has at "/node", can
      When Pod "writer" is deleted with a grace period of 1 second
      And Pod "reader" is deleted with a grace period of 1 second
      Then Pod "writer" is gone
      And Pod "reader" is gone

    # Without mount options a node that can mount NFS would try for two minutes before it says anything.
    Scenario: a Pod with an export that nobody serves waits, and an event names the volume
      Given these objects exist:
        """
        apiVersion: v1
        kind: PersistentVolume
        metadata: {name: "${namespace}-remote"}
        spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteMany], storageClassName: "${namespace}", mountOptions: [retry=0], nfs: {server: 127.0.0.1, path: /nowhere}}
        ---
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: data}
        spec: {accessModes: [ReadWriteMany], storageClassName: "${namespace}", resources: {requests: {storage: 1Gi}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: data, mountPath: /data}]}]
        """
      Then a warning is recorded for Pod "app" that says "${namespace}-remote"
      And "status.phase" of Pod "app" is "Pending"
      And "status.containerStatuses[name=app].state.waiting.reason" of Pod "app" becomes "ContainerCreating"
      When Pod "app" is deleted with a grace period of 1 second
      Then Pod "app" is gone

    @api
    Scenario Outline: <what> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: remote, <source>}]
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is refused with 422 "Invalid" naming "spec.volumes[0].<field>"
      And there is no Pod "app"

      Examples:
        | what                       | source                                                    | field              |
        | an export of no server     | nfs: {path: /x}                                           | nfs.server         |
        | an export without its path | nfs: {server: nfs.example.com}                            | nfs.path           |
        | a relative export          | nfs: {server: nfs.example.com, path: x}                   | nfs.path           |
        | a target without a name    | iscsi: {targetPortal: "10.0.0.1:3260", lun: 0}            | iscsi.iqn          |
        | a target with another name | iscsi: {targetPortal: "10.0.0.1:3260", iqn: disk, lun: 0} | iscsi.iqn          |
        | an unnamed disk            | awsElasticBlockStore: {}                                  | awsElasticBlockStore.volumeID |
        | an unnamed driver          | csi: {}                                                   | csi.driver         |
