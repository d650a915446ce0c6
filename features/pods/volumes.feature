Feature: Volumes
  A volume belongs to a Pod, and each of its containers mounts it where it likes.

  @pods/volumes-shared
  Rule: one volume, several containers, each at its own path

    Scenario: an init container leaves a file, containers read and write it elsewhere
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: shared, emptyDir: {}}]
          initContainers:
          - {name: first, image: "${image}", command: [/workload, write, /begin/note, prepared], volumeMounts: [{name: shared, mountPath: /begin}]}
          containers:
          - name: writer
            image: "${image}"
            command: [/workload, wait]
            volumeMounts: [{name: shared, mountPath: /out}, {name: shared, mountPath: /also, readOnly: true}]
          - {name: reader, image: "${image}", command: [/workload, wait], volumeMounts: [{name: shared, mountPath: /deep/down/in, readOnly: true}]}
        """
      And Pod "app" is Ready
      When container "reader" of Pod "app" executes "/workload cat /deep/down/in/note"
      Then it prints "prepared"
      When container "writer" of Pod "app" executes "/workload write /out/note changed"
      And container "reader" of Pod "app" executes "/workload cat /deep/down/in/note"
      Then it prints "changed"
      When container "writer" of Pod "app" executes "/workload cat /also/note"
      Then it prints "changed"
      When container "reader" of Pod "app" executes "/workload exists /out"
      Then it exits with 1

    Scenario: what is mounted to be read only cannot be written through that path
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: shared, emptyDir: {}}]
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            volumeMounts: [{name: shared, mountPath: /rw}, {name: shared, mountPath: /ro, readOnly: true}]
        """
      And Pod "app" is Ready
      And container "app" of Pod "app" has executed "/workload write /rw/note here"
      When container "app" of Pod "app" executes "/workload write /ro/note changed"
      Then it exits with 1
      And its error output contains "read-only file system"
      When container "app" of Pod "app" executes "/workload rm /ro/note"
      Then it exits with 1
      When container "app" of Pod "app" executes "/workload cat /rw/note"
      Then it prints "here"

    Scenario: a part of a volume, made where it is missing
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: shared, emptyDir: {}}]
          containers:
          - {name: whole, image: "${image}", command: [/workload, wait], volumeMounts: [{name: shared, mountPath: /whole}]}
          - {name: part, image: "${image}", command: [/workload, wait], volumeMounts: [{name: shared, mountPath: /part, subPath: one/two}]}
          - name: named
            image: "${image}"
            command: [/workload, wait]
            env: [{name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
            volumeMounts: [{name: shared, mountPath: /own, subPathExpr: "of-$(POD)"}]
        """
      And Pod "app" is Ready
      And container "whole" of Pod "app" has executed "/workload write /whole/beside here"
      When container "part" of Pod "app" executes "/workload write /part/note inside"
      And container "named" of Pod "app" executes "/workload write /own/note mine"
      And container "whole" of Pod "app" executes "/workload cat /whole/one/two/note /whole/of-app/note"
      Then it prints "insidemine"
      When container "part" of Pod "app" executes "/workload ls /part"
      Then it prints "note"

    Scenario: a part of a volume is as open as the volume
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          securityContext: {runAsUser: 1234, runAsGroup: 1235}
          volumes: [{name: shared, emptyDir: {}}]
          containers:
          - {name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: shared, mountPath: /part, subPath: one/two}]}
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload write /part/note here"
      Then it exits with 0

    Scenario Outline: a part that is named by <what> is none
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: shared, emptyDir: {}}]
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            env: [{name: <variable>, value: "<value>"}]
            volumeMounts: [{name: shared, mountPath: /in, subPathExpr: "$(PART)"}]
        """
      Then container "app" of Pod "app" comes to have failed, or to wait with a reason
      And a warning is recorded for Pod "app" that says "<why>"

      Examples:
        | what                         | variable | value   | why     |
        | a variable that is not there | ANOTHER  | a       | PART    |
        | an empty variable            | PART     |         | PART    |
        | an absolute path             | PART     | /etc    | /etc    |
        | a way up                     | PART     | a/../.. | a/../.. |

    Scenario: a part whose name is none is there once the name is one
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app, annotations: {example.com/part: /etc}}
        spec:
          volumes: [{name: shared, emptyDir: {}}]
          containers:
          - {name: whole, image: "${image}", command: [/workload, wait], volumeMounts: [{name: shared, mountPath: /whole}]}
          - name: app
            image: "${image}"
            command: [/workload, wait]
            env: [{name: PART, valueFrom: {fieldRef: {fieldPath: "metadata.annotations['example.com/part']"}}}]
            volumeMounts: [{name: shared, mountPath: /in, subPathExpr: "$(PART)"}]
        """
      Then container "app" of Pod "app" comes to have failed, or to wait with a reason
      When Pod "app" is annotated "example.com/part=mine"
      Then Pod "app" becomes Ready when what was missing is looked for again
      When container "app" of Pod "app" executes "/workload write /in/note here"
      And container "whole" of Pod "app" executes "/workload cat /whole/mine/note"
      Then it prints "here"

    Scenario: a part that is to be read only is, and stays in its place
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {colour: blue}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          terminationGracePeriodSeconds: 2
          volumes: [{name: shared, emptyDir: {}}, {name: settings, configMap: {name: settings}}]
          containers:
          - {name: whole, image: "${image}", command: [/workload, wait], volumeMounts: [{name: shared, mountPath: /whole}]}
          - name: part
            image: "${image}"
            command: [/workload, wait]
            volumeMounts:
            - {name: shared, mountPath: /read, subPath: one/two, readOnly: true}
            - {name: shared, mountPath: /written, subPath: one/two}
            - {name: settings, mountPath: /chosen, subPath: colour}
        """
      And Pod "app" is Ready
      And container "part" of Pod "app" has executed "/workload write /written/note here"
      When container "part" of Pod "app" executes "/workload write /read/note changed"
      Then it exits with 1
      And its error output contains "read-only file system"
      When container "part" of Pod "app" executes "/workload write /chosen green"
      Then it exits with 1
      And its error output contains "read-only file system"
      Given the log of container "part" of Pod "app" is followed
      When container "part" of Pod "app" executes "/workload signal 1 SIGTERM"
      Then container "part" of Pod "app" is restarted
      And Pod "app" becomes Ready
      When container "part" of Pod "app" executes "/workload cat /read/note /chosen"
      Then it prints "hereblue"
      # That nothing is left of it holds nobody up.
      Given container "whole" of Pod "app" has executed "/workload rm --recursive /whole/one"
      When Pod "app" is deleted
      Then Pod "app" is gone

    Scenario: a link does not lead a part of a volume out of it
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: shared, emptyDir: {}}]
          initContainers:
          - {name: first, image: "${image}", command: [/workload, link, /etc, /begin/way-out], volumeMounts: [{name: shared, mountPath: /begin}]}
          containers:
          - {name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: shared, mountPath: /in, subPath: way-out}]}
        """
      Then container "app" of Pod "app" comes to have failed, or to wait with a reason
      And a warning is recorded for Pod "app" that says "subPath"

    @slow
    Scenario: what is mounted follows its config map and its secret, but for single files
      Given these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings}
        data: {colour: blue, shape: round}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: password}
        stringData: {word: open}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: going}, data: {note: here}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app, labels: {tier: front}}
        spec:
          volumes:
          - {name: settings, configMap: {name: settings}}
          - {name: password, secret: {secretName: password}}
          - {name: later, configMap: {name: later, optional: true}}
          - {name: going, configMap: {name: going, optional: true}}
          - {name: about, downwardAPI: {items: [{path: tier, fieldRef: {fieldPath: "metadata.labels['tier']"}}]}}
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            volumeMounts:
            - {name: settings, mountPath: /settings}
            - {name: password, mountPath: /password}
            - {name: later, mountPath: /later}
            - {name: going, mountPath: /going}
            - {name: settings, mountPath: /single, subPath: colour}
            - {name: about, mountPath: /about}
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload cat /going/note"
      Then it prints "here"
      When ConfigMap "going" is deleted
      And ConfigMap "settings" is patched with:
        """
        data: {colour: green, shape: null}
        """
      And "stringData.word" of Secret "password" is set to "shut"
      And these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: later}, data: {note: here}}
        """
      Then container "app" of Pod "app" comes to print "green" when it executes "/workload cat /settings/colour"
      And container "app" of Pod "app" comes to print "shut" when it executes "/workload cat /password/word"
      And container "app" of Pod "app" comes to print "here" when it executes "/workload cat /later/note"
      And container "app" of Pod "app" comes to print "" when it executes "/workload cat /going/note"
      When container "app" of Pod "app" executes "/workload exists /settings/shape"
      Then it exits with 1
      When container "app" of Pod "app" executes "/workload cat /single"
      Then it prints "blue"
      When Pod "app" is labelled "tier=back"
      Then container "app" of Pod "app" comes to print "back" when it executes "/workload cat /about/tier"
      And container "app" of Pod "app" has not been restarted

    Scenario: one file of a config map, beside what the image has there
      Given these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings}
        data: {colour: blue, shape: round}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: settings, configMap: {name: settings}}]
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            volumeMounts: [{name: settings, mountPath: /chosen, subPath: colour}, {name: settings, mountPath: /all}]
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload cat /chosen /all/shape"
      Then it prints "blueround"
      When container "app" of Pod "app" executes "/workload exists /workload"
      Then it exits with 0
      When container "app" of Pod "app" executes "/workload write /all/shape square"
      Then it exits with 1
      And its error output contains "read-only file system"

    # The node writes a file of its own there, unless the Pod has one.
    Scenario: a file where the node would have its own
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: names}, data: {hosts: "192.0.2.9 mine"}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: names, configMap: {name: names}}]
          containers:
          - {name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: names, mountPath: /etc/hosts, subPath: hosts}]}
          - {name: beside, image: "${image}", command: [/workload, wait]}
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload cat /etc/hosts"
      Then it prints "192.0.2.9 mine"
      When container "beside" of Pod "app" executes "/workload cat /etc/hosts"
      Then its output contains "localhost"

    @api
    Scenario Outline: <what> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: <volumes>
          containers: [{name: app, image: example.com/app:1, volumeMounts: <mounts>}]
        """
      Then it is refused with 422 "Invalid" naming "<field>"
      And there is no Pod "app"

      Examples:
        | what                           | volumes                                           | mounts                                                      | field                                           |
        | a mount without a path         | [{name: v, emptyDir: {}}]                         | [{name: v}]                                                 | spec.containers[0].volumeMounts[0].mountPath    |
        | a mount without a volume       | [{name: v, emptyDir: {}}]                         | [{mountPath: /v}]                                           | spec.containers[0].volumeMounts[0].name         |
        | a path that is taken           | [{name: v, emptyDir: {}}]                         | [{name: v, mountPath: /v}, {name: v, mountPath: /v}]        | spec.containers[0].volumeMounts[1].mountPath    |
        | an absolute part               | [{name: v, emptyDir: {}}]                         | [{name: v, mountPath: /v, subPath: /etc}]                   | spec.containers[0].volumeMounts.subPath         |
        | a part that leads up           | [{name: v, emptyDir: {}}]                         | [{name: v, mountPath: /v, subPath: a/../../etc}]            | spec.containers[0].volumeMounts.subPath         |
        | a part whose name leads up     | [{name: v, emptyDir: {}}]                         | [{name: v, mountPath: /v, subPathExpr: a/../../etc}]        | spec.containers[0].volumeMounts.subPathExpr     |
        | a part given twice             | [{name: v, emptyDir: {}}]                         | [{name: v, mountPath: /v, subPath: a, subPathExpr: b}]      | spec.containers[0].volumeMounts[0].subPathExpr  |
        | a volume's name for the second | [{name: v, emptyDir: {}}, {name: v, emptyDir: {}}] | []                                                         | spec.volumes[1].name                            |
        | a volume of two kinds          | [{name: v, emptyDir: {}, hostPath: {path: /x}}]   | []                                                          | spec.volumes[0].hostPath                        |
        | a volume with a bad name       | [{name: A_b, emptyDir: {}}]                       | []                                                          | spec.volumes[0].name                            |
        | an emptyDir of less than none  | [{name: v, emptyDir: {sizeLimit: -1}}]            | []                                                          | spec.volumes[0].emptyDir.sizeLimit              |

  @pods/volumes-shared
  Rule: several sources can make one volume

    Scenario: a config map and the Pod's own fields in one directory
      Given these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings}
        data: {colour: blue, shape: round}
        binaryData: {word: c3dvcmRmaXNo}
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: app
          labels: {tier: "front", app: web}
          annotations: {note: "two\nlines"}
        spec:
          volumes:
          - name: both
            projected:
              defaultMode: 0440
              sources:
              - configMap: {name: settings, items: [{key: colour, path: look/colour, mode: 0400}, {key: word, path: word}]}
              - configMap: {name: not-there, optional: true}
              - downwardAPI:
                  items:
                  - {path: labels, fieldRef: {fieldPath: metadata.labels}}
                  - {path: note, fieldRef: {fieldPath: "metadata.annotations['note']"}}
                  - {path: limits/cpu, resourceFieldRef: {containerName: app, resource: limits.cpu, divisor: 1m}}
          containers:
          - {name: app, image: "${image}", command: [/workload, wait], resources: {limits: {cpu: 250m}}, volumeMounts: [{name: both, mountPath: /both}]}
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload cat /both/look/colour"
      Then it prints "blue"
      When container "app" of Pod "app" executes "/workload cat /both/word"
      Then it prints "swordfish"
      When container "app" of Pod "app" executes "/workload cat /both/labels"
      Then its output matches "(?m)^app="web"$"
      And its output matches "(?m)^tier="front"$"
      When container "app" of Pod "app" executes "/workload cat /both/note"
      Then its output matches "^two\nlines$"
      When container "app" of Pod "app" executes "/workload cat /both/limits/cpu"
      Then it prints "250"
      When container "app" of Pod "app" executes "/workload exists /both/shape"
      Then it exits with 1
      When container "app" of Pod "app" executes "/workload stat /both/look/colour"
      Then its output contains ""mode":"0400""
      When container "app" of Pod "app" executes "/workload stat --follow /both/labels"
      Then its output contains ""mode":"0440""

    # The node may have annotations of its own among them.
    Scenario: whatever an annotation says, it is one line of the file of all
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: app
          labels: {app.kubernetes.io/name: web, empty: ""}
          annotations:
            example.com/quotes: 'she said "yes"'
            example.com/lines: "two\nlines"
            example.com/signs: "back\\slash = tab\t."
        spec:
          volumes:
          - name: about
            downwardAPI:
              items:
              - {path: labels, fieldRef: {fieldPath: metadata.labels}}
              - {path: annotations, fieldRef: {fieldPath: metadata.annotations}}
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: about, mountPath: /about}]}]
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload cat /about/annotations"
      Then its output matches "(?m)^example\.com/quotes="she said \\"yes\\""$"
      And its output matches "(?m)^example\.com/lines="two\\nlines"$"
      And its output matches "(?m)^example\.com/signs="back\\\\slash = tab\\t\."$"
      When container "app" of Pod "app" executes "/workload cat /about/labels"
      Then its output matches "(?m)^app\.kubernetes\.io/name="web"$"
      And its output matches "(?m)^empty=""$"

    @pods/kubelet-creates-containers
    Scenario: a secret, as files in memory, beside a config map, and as variables
      Given these objects exist:
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: keys}
        stringData: {first: swordfish, SECOND: trout}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings}
        data: {colour: blue}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes:
          - {name: chosen, secret: {secretName: keys, items: [{key: first, path: door/key, mode: 0400}]}}
          - {name: all, projected: {sources: [{secret: {name: keys}}, {configMap: {name: settings}}, {secret: {name: not-there, optional: true}}]}}
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            env:
            - {name: KEY, valueFrom: {secretKeyRef: {name: keys, key: first}}}
            - {name: NO_KEY, valueFrom: {secretKeyRef: {name: keys, key: third, optional: true}}}
            envFrom: [{prefix: OF_, secretRef: {name: keys}}]
            volumeMounts: [{name: chosen, mountPath: /chosen}, {name: all, mountPath: /all}]
        """
      Then "type" of Secret "keys" is "Opaque"
      And "data.first" of Secret "keys" is "c3dvcmRmaXNo"
      And "stringData" of Secret "keys" is absent
      Given Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload cat /chosen/door/key"
      Then it prints "swordfish"
      When container "app" of Pod "app" executes "/workload stat /chosen/door/key"
      Then its output contains ""mode":"0400""
      # Whose kernel is another than its node's sees the node's memory through a file system between the two.
      And its output matches ""fileSystem":"(?:tmpfs|ramfs|fuse|9p)""
      When container "app" of Pod "app" executes "/workload exists /chosen/SECOND"
      Then it exits with 1
      When container "app" of Pod "app" executes "/workload cat /all/SECOND /all/colour"
      Then its output matches "^trout\s*blue\s*$"
      When container "app" of Pod "app" executes "/workload env KEY"
      Then it prints "swordfish"
      When container "app" of Pod "app" executes "/workload env OF_SECOND"
      Then it prints "trout"
      When container "app" of Pod "app" executes "/workload env NO_KEY"
      Then it exits with 1

    Scenario: a file for one user alone is for the Pod's group, too
      Given these objects exist:
        """
        {apiVersion: v1, kind: Secret, metadata: {name: keys}, stringData: {first: hidden}}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {colour: blue}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          securityContext: {runAsUser: 1234, runAsGroup: 1235, fsGroup: 3456}
          volumes:
          - {name: keys, secret: {secretName: keys, defaultMode: 0400}}
          - {name: settings, configMap: {name: settings, defaultMode: 0400}}
          containers:
          - {name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: keys, mountPath: /keys}, {name: settings, mountPath: /settings}]}
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload cat /keys/first"
      Then it prints "hidden"
      When container "app" of Pod "app" executes "/workload cat /settings/colour"
      Then it prints "blue"

    Scenario: files are as open as their volume says, and each as it says of itself
      Given the cluster leaves Pods as they are written
      And these objects exist:
        """
        {apiVersion: v1, kind: Secret, metadata: {name: keys}, stringData: {first: hidden}}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {colour: blue, shape: round}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app, labels: {tier: front}}
        spec:
          securityContext: {runAsUser: 1234, runAsGroup: 1235}
          volumes:
          - name: open
            projected:
              sources:
              - secret: {name: keys}
              - configMap: {name: settings}
              - downwardAPI: {items: [{path: name, fieldRef: {fieldPath: metadata.name}}]}
          - {name: settings, configMap: {name: settings, defaultMode: 0400, items: [{key: colour, path: colour}, {key: shape, path: shape, mode: 0444}]}}
          - {name: keys, secret: {secretName: keys, defaultMode: 0440}}
          - name: about
            downwardAPI:
              defaultMode: 0400
              items:
              - {path: name, fieldRef: {fieldPath: metadata.name}}
              - {path: tier, mode: 0444, fieldRef: {fieldPath: "metadata.labels['tier']"}}
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            volumeMounts: [{name: open, mountPath: /open}, {name: settings, mountPath: /settings}, {name: keys, mountPath: /keys}, {name: about, mountPath: /about}]
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload cat /open/first /open/colour /open/name"
      Then it prints "hiddenblueapp"
      When container "app" of Pod "app" executes "/workload stat --follow /open/first"
      Then its output contains ""mode":"0644""
      When container "app" of Pod "app" executes "/workload cat /settings/shape /about/tier"
      Then it prints "roundfront"
      When container "app" of Pod "app" executes "/workload cat /settings/colour"
      Then it exits with 1
      And its error output contains "permission denied"
      When container "app" of Pod "app" executes "/workload cat /about/name"
      Then it exits with 1
      And its error output contains "permission denied"
      When container "app" of Pod "app" executes "/workload stat --follow /keys/first"
      Then its output contains ""mode":"0440""

    Scenario: a secret that is not there is waited for, by a volume and by a variable
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: volume}
        spec:
          volumes: [{name: keys, secret: {secretName: keys}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: keys, mountPath: /keys}]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: variable}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait], env: [{name: KEY, valueFrom: {secretKeyRef: {name: keys, key: first}}}]}]
        """
      Then a warning is recorded for Pod "volume" that says "keys"
      And container "app" of Pod "variable" comes to have failed, or to wait with a reason
      When these objects exist:
        """
        {apiVersion: v1, kind: Secret, metadata: {name: keys}, stringData: {first: swordfish}}
        """
      Then Pods "volume, variable" become Ready when what was missing is looked for again
      When container "app" of Pod "volume" executes "/workload cat /keys/first"
      Then it prints "swordfish"
      When container "app" of Pod "variable" executes "/workload env KEY"
      Then it prints "swordfish"

    Scenario: the Pod waits for what its volume is made of, and says so
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: settings, projected: {sources: [{configMap: {name: settings}}]}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: settings, mountPath: /settings}]}]
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: incomplete}
        data: {colour: blue}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: choosy}
        spec:
          volumes: [{name: chosen, configMap: {name: incomplete, items: [{key: shape, path: form}]}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: chosen, mountPath: /chosen}]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: content}
        spec:
          volumes: [{name: chosen, configMap: {name: incomplete, optional: true, items: [{key: shape, path: form}, {key: colour, path: colour}]}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: chosen, mountPath: /chosen}]}]
        """
      Then a warning is recorded for Pod "app" that says "settings"
      And a warning is recorded for Pod "choosy" that says "shape"
      Given Pod "content" is Ready
      When container "app" of Pod "content" executes "/workload cat /chosen/colour"
      Then it prints "blue"
      When container "app" of Pod "content" executes "/workload exists /chosen/form"
      Then it exits with 1
      And "status.containerStatuses[name=app].state.waiting.reason" of Pod "app" becomes "ContainerCreating"
      When these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings}
        data: {colour: blue}
        """
      And ConfigMap "incomplete" is patched with:
        """
        data: {shape: round}
        """
      Then Pods "app, choosy" become Ready when what was missing is looked for again
      When container "app" of Pod "app" executes "/workload cat /settings/colour"
      Then it prints "blue"
      When container "app" of Pod "choosy" executes "/workload cat /chosen/form"
      Then it prints "round"

  @pods/empty-dir
  Rule: an emptyDir can have a medium and a size

    Scenario Outline: an emptyDir <where> is open to everybody
      Given the cluster leaves Pods as they are written
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          securityContext: {runAsUser: 1234, runAsGroup: 1235}
          volumes: [{name: work, emptyDir: <source>}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: work, mountPath: /work}]}]
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload stat /work"
      Then its output contains ""mode":"0777""
      When container "app" of Pod "app" executes "/workload write /work/note here"
      Then it exits with 0

      Examples:
        | where     | source           |
        | on disk   | {}               |
        | in memory | {medium: Memory} |

    Scenario: memory, no more than its limit
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: fast, emptyDir: {medium: Memory, sizeLimit: 4Mi}}]
          containers:
          - {name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: fast, mountPath: /fast}]}
          - {name: other, image: "${image}", command: [/workload, wait], volumeMounts: [{name: fast, mountPath: /same}]}
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload stat /fast"
      Then its output contains ""fileSystem":"tmpfs""
      And its output contains ""capacity":4194304"
      When container "app" of Pod "app" executes "/workload fill /fast/small --bytes=3Mi"
      Then it exits with 0
      When container "app" of Pod "app" executes "/workload fill /fast/large --bytes=3Mi"
      Then it exits with 1
      And its output contains ""class":"full""
      And "status.phase" of Pod "app" is "Running"
      # One for all containers of the Pod, and for all their runs.
      When container "other" of Pod "app" executes "/workload stat /same/small"
      Then its output contains ""size":3145728"
      Given the log of container "app" of Pod "app" is followed
      When container "app" of Pod "app" executes "/workload signal 1 SIGTERM"
      Then container "app" of Pod "app" is restarted
      And Pod "app" becomes Ready
      When container "app" of Pod "app" executes "/workload stat /fast/small"
      Then its output contains ""size":3145728"

    @slow
    Scenario: disk, and the Pod is evicted that uses more than its limit
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: scratch, emptyDir: {sizeLimit: 4Mi}}]
          # It fails when it is told to end: a Pod whose containers all end well may come to be Succeeded upstream, evicted or not.
          containers: [{name: app, image: "${image}", command: [/workload, steps, "fill /scratch/large --bytes=16Mi", wait --term-code=3], volumeMounts: [{name: scratch, mountPath: /scratch}]}]
        """
      And Pod "app" is Ready
      Then Pod "app" is evicted, and told "scratch"
      And a warning is recorded for Pod "app" that says "scratch"

  @pods/host-path
  Rule: a hostPath is a path of the node, and stays when the Pod goes

    # Kubernetes' own documentation: who writes to a hostPath runs as root in a privileged container, or the node's files have to be opened
    # to it. Nodes that enforce SELinux let no other in.

    Scenario: what one Pod left on a node, the next one there finds
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: first}
        spec:
          volumes: [{name: host, hostPath: {path: "/tmp/${namespace}", type: DirectoryOrCreate}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], securityContext: {privileged: true}, volumeMounts: [{name: host, mountPath: /host}]}]
        """
      And Pod "first" is Ready
      And "spec.nodeName" of Pod "first" is remembered as "node"
      And container "app" of Pod "first" has executed "/workload write /host/note left"
      When Pod "first" is deleted with a grace period of 1 second
      Then Pod "first" is gone
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: second}
        spec:
          nodeName: "${node}"
          volumes: [{name: host, hostPath: {path: "/tmp/${namespace}"}}, {name: tmp, hostPath: {path: /tmp, type: Directory}}]
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            securityContext: {privileged: true}
            volumeMounts: [{name: host, mountPath: /host, readOnly: true}, {name: tmp, mountPath: /tmp-of-node}]
        """
      And Pod "second" is Ready
      When container "app" of Pod "second" executes "/workload cat /host/note"
      Then it prints "left"
      When container "app" of Pod "second" executes "/workload write /host/note changed"
      Then it exits with 1
      And its error output contains "read-only file system"
      And container "app" of Pod "second" has executed "/workload rm --recursive /tmp-of-node/${namespace}"

    @storage @multi-node
    Scenario: a node's path is not another node's
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: here}
        spec:
          volumes: [{name: tmp, hostPath: {path: /tmp}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], securityContext: {privileged: true}, volumeMounts: [{name: tmp, mountPath: /tmp-of-node}]}]
        """
      And Pod "here" is Ready
      And "spec.nodeName" of Pod "here" is remembered as "node"
      And container "app" of Pod "here" has executed "/workload mkdir /tmp-of-node/${namespace}"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: elsewhere}
        spec:
          affinity:
            nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: NotIn, values: ["${node}"]}]}]}}
          volumes: [{name: tmp, hostPath: {path: /tmp}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], securityContext: {privileged: true}, volumeMounts: [{name: tmp, mountPath: /tmp-of-node}]}]
        """
      And Pod "elsewhere" is Ready
      When container "app" of Pod "here" executes "/workload exists /tmp-of-node/${namespace}"
      Then it exits with 0
      When container "app" of Pod "elsewhere" executes "/workload exists /tmp-of-node/${namespace}"
      Then it exits with 1
      And container "app" of Pod "here" has executed "/workload rm --recursive /tmp-of-node/${namespace}"

    Scenario: each type takes what is of its kind, and two make what is missing
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
      And container "app" of Pod "maker" has executed "/workload mkdir /tmp-of-node/${namespace}"
      And container "app" of Pod "maker" has executed "/workload write /tmp-of-node/${namespace}/file kept"
      When container "app" of Pod "maker" executes "/workload mknod /tmp-of-node/${namespace}/socket socket"
      Then it exits with 0
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          nodeName: "${node}"
          volumes:
          - {name: directory, hostPath: {path: "/tmp/${namespace}", type: Directory}}
          - {name: directory-made, hostPath: {path: "/tmp/${namespace}/made/deep", type: DirectoryOrCreate}}
          - {name: file, hostPath: {path: "/tmp/${namespace}/file", type: File}}
          - {name: file-there, hostPath: {path: "/tmp/${namespace}/file", type: FileOrCreate}}
          - {name: file-made, hostPath: {path: "/tmp/${namespace}/made-file", type: FileOrCreate}}
          - {name: socket, hostPath: {path: "/tmp/${namespace}/socket", type: Socket}}
          - {name: char, hostPath: {path: /dev/null, type: CharDevice}}
          - {name: whatever, hostPath: {path: "/tmp/${namespace}/socket", type: ""}}
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            securityContext: {privileged: true}
            volumeMounts:
            - {name: directory, mountPath: /directory}
            - {name: directory-made, mountPath: /directory-made}
            - {name: file, mountPath: /file}
            - {name: file-there, mountPath: /file-there}
            - {name: file-made, mountPath: /file-made}
            - {name: socket, mountPath: /socket}
            - {name: char, mountPath: /char}
            - {name: whatever, mountPath: /whatever}
        """
      Then Pod "app" becomes Ready
      When container "app" of Pod "app" executes "/workload cat /file /file-there /file-made /directory/file"
      Then it prints "keptkeptkept"
      When container "app" of Pod "app" executes "/workload stat /char"
      Then its output contains ""type":"char""
      When container "app" of Pod "app" executes "/workload stat /whatever"
      Then its output contains ""type":"socket""
      When container "app" of Pod "app" executes "/workload write /directory-made/note here"
      And container "app" of Pod "maker" executes "/workload cat /tmp-of-node/${namespace}/made/deep/note"
      Then it prints "here"
      When container "app" of Pod "maker" executes "/workload stat /tmp-of-node/${namespace}/made/deep"
      Then its output contains ""mode":"0755""
      When container "app" of Pod "maker" executes "/workload stat /tmp-of-node/${namespace}/made-file"
      Then its output contains ""mode":"0644""
      And container "app" of Pod "maker" has executed "/workload rm --recursive /tmp-of-node/${namespace}"

    Scenario: a block device is taken for one
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
      And container "app" of Pod "maker" has executed "/workload mkdir /tmp-of-node/${namespace}"
      And container "app" of Pod "maker" makes the block device "/tmp-of-node/${namespace}/block", if its node lets it
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          nodeName: "${node}"
          volumes: [{name: block, hostPath: {path: "/tmp/${namespace}/block", type: BlockDevice}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], securityContext: {privileged: true}, volumeMounts: [{name: block, mountPath: /block}]}]
        """
      Then Pod "app" becomes Ready
      When container "app" of Pod "app" executes "/workload stat /block"
      Then its output contains ""type":"block""
      And container "app" of Pod "maker" has executed "/workload rm --recursive /tmp-of-node/${namespace}"

    Scenario Outline: the type <type> refuses <what>, and says so
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: host, hostPath: {path: "<path>", type: <type>}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: host, mountPath: /host}]}]
        """
      Then a warning is recorded for Pod "app" that says "host"
      And "status.phase" of Pod "app" is "Pending"
      And "status.containerStatuses[name=app].state.waiting.reason" of Pod "app" becomes "ContainerCreating"

      Examples:
        | type              | what               | path                    |
        | Directory         | a device           | /dev/null               |
        | Directory         | what is not there  | /tmp/${namespace}/none  |
        | DirectoryOrCreate | a device           | /dev/null               |
        | File              | a directory        | /etc                    |
        | File              | what is not there  | /tmp/${namespace}/none  |
        | FileOrCreate      | a directory        | /etc                    |
        | FileOrCreate      | a file in nowhere  | /tmp/${namespace}/a/b   |
        | Socket            | a device           | /dev/null               |
        | CharDevice        | a directory        | /etc                    |
        | BlockDevice       | another device     | /dev/null               |

    @should
    Scenario: what cannot be mounted is told in upstream's events
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: directory}
        spec:
          volumes: [{name: host, hostPath: {path: /dev/null, type: Directory}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: host, mountPath: /host}]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: file}
        spec:
          volumes: [{name: host, hostPath: {path: /etc, type: File}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: host, mountPath: /host}]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: nowhere}
        spec:
          volumes: [{name: host, hostPath: {path: "/tmp/${namespace}/a/b", type: FileOrCreate}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: host, mountPath: /host}]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: socket}
        spec:
          volumes: [{name: host, hostPath: {path: /dev/null, type: Socket}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: host, mountPath: /host}]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: char}
        spec:
          volumes: [{name: host, hostPath: {path: /etc, type: CharDevice}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: host, mountPath: /host}]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: block}
        spec:
          volumes: [{name: host, hostPath: {path: /dev/null, type: BlockDevice}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: host, mountPath: /host}]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: secret}
        spec:
          volumes: [{name: keys, secret: {secretName: keys}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: keys, mountPath: /keys}]}]
        """
      Then an event "FailedMount" is recorded for Pod "directory" that says "is not a directory"
      And an event "FailedMount" is recorded for Pod "file" that says "is not a file"
      And an event "FailedMount" is recorded for Pod "nowhere" that says "no such file or directory"
      And an event "FailedMount" is recorded for Pod "socket" that says "is not a socket file"
      And an event "FailedMount" is recorded for Pod "char" that says "is not a character device"
      And an event "FailedMount" is recorded for Pod "block" that says "is not a block device"
      And an event "FailedMount" is recorded for Pod "secret" that says "not found"

    Scenario: a Pod that waits for a path starts once it is there
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: host, hostPath: {path: "/tmp/${namespace}/late", type: Directory}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: host, mountPath: /host}]}]
        """
      And a warning is recorded for Pod "app" that says "host"
      And "spec.nodeName" of Pod "app" is remembered as "node"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: maker}
        spec:
          nodeName: "${node}"
          volumes: [{name: tmp, hostPath: {path: /tmp}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], securityContext: {privileged: true}, volumeMounts: [{name: tmp, mountPath: /tmp-of-node}]}]
        """
      And Pod "maker" is Ready
      When container "app" of Pod "maker" executes "/workload mkdir /tmp-of-node/${namespace}/late"
      Then Pod "app" becomes Ready when what was missing is looked for again
      And container "app" of Pod "app" has not been restarted
      And container "app" of Pod "maker" has executed "/workload rm --recursive /tmp-of-node/${namespace}"

    @api
    Scenario Outline: a hostPath with <what> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: host, hostPath: <source>}]
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is refused with 422 "Invalid" naming "spec.volumes[0].hostPath.<field>"
      And there is no Pod "app"

      Examples:
        | what                | source                       | field |
        | no path             | {}                           | path  |
        | a path that leads up | {path: /tmp/../etc}         | path  |
        | an unknown type     | {path: /tmp, type: Folder}   | type  |
