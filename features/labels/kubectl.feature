@api
Feature: Labels and annotations by kubectl
  People find and mark objects from the command line. This is the real kubectl; its words and exit codes are part of
  what people and their scripts rely on.

  Background:
    Given these objects exist:
      """
      {apiVersion: v1, kind: ConfigMap, metadata: {name: blue, labels: {app: paint, color: blue}}}
      ---
      {apiVersion: v1, kind: ConfigMap, metadata: {name: green, labels: {app: paint, color: green}}}
      ---
      {apiVersion: v1, kind: ConfigMap, metadata: {name: plain, labels: {app: paint}}}
      """

  @labels/kubectl-finds
  Rule: kubectl finds and manages objects by their labels

    Scenario Outline: get -l <selector>
      When kubectl runs "get configmaps -l '<selector>' -o name"
      Then it exits with 0
      And it prints these lines:
        """
        <lines>
        """

      Examples:
        | selector                           | lines                |
        | app=paint,color=blue               | configmap/blue       |
        | app=paint,color notin (blue,green) | configmap/plain      |
        | app=paint,!color                   | configmap/plain      |
        | app=paint,color!=green,color       | configmap/blue       |

    Scenario: labels as columns
      When kubectl runs "get configmaps -l app=paint -L color --no-headers --sort-by=.metadata.name"
      Then it exits with 0
      And its output matches "^blue +0 +\S+ +blue *\ngreen +0 +\S+ +green *\nplain +0 +\S+ *\n$"
      When kubectl runs "get configmaps -l app=paint --show-labels"
      Then it prints the columns "NAME, DATA, AGE, LABELS"
      And its output contains "app=paint,color=green"

    Scenario: label, refuse to overwrite, overwrite, remove
      When kubectl runs "label configmap plain color=white"
      Then it exits with 0
      And it prints "configmap/plain labeled"
      When kubectl runs "label configmap plain color=black"
      Then it exits with 1
      And its error output contains "already has a value (white), and --overwrite is false"
      When kubectl runs "label configmap plain color=black --overwrite"
      Then it exits with 0
      And "metadata.labels.color" of ConfigMap "plain" is "black"
      When kubectl runs "label configmap plain color-"
      Then it exits with 0
      And it prints "configmap/plain unlabeled"
      And "metadata.labels.color" of ConfigMap "plain" is absent

    Scenario: delete -l
      When kubectl runs "delete configmaps -l 'app=paint,color in (blue,green)'"
      Then it exits with 0
      And the selector "app=paint" finds exactly the ConfigMaps "plain"

    Scenario: a selector that makes no sense
      When kubectl runs "get configmaps -l 'color in blue'"
      Then it exits with 1
      And its error output contains "unable to parse requirement"

  @labels/syntax
  Rule: labels are restricted in form

    Scenario Outline: the label <label> is refused
      When this is submitted:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: bad, labels: {<label>}}}
        """
      Then it is refused with 422 "Invalid" naming "metadata.labels"
      And there is no ConfigMap "bad"

      Examples:
        | label                                                                         |
        | "a key": x                                                                    |
        | "-key": x                                                                     |
        | "key-": x                                                                     |
        | "Example.com/key": x                                                          |
        | "example.com/": x                                                             |
        | "a/b/c": x                                                                    |
        | key: "a value"                                                                |
        | key: "-value"                                                                 |
        | key: "value/with/slashes"                                                     |
        | key: "0123456789012345678901234567890123456789012345678901234567890123"       |
        | "k123456789012345678901234567890123456789012345678901234567890123": x         |

    Scenario: the longest that is allowed
      When this is submitted:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: good
          labels:
            example.com/k12345678901234567890123456789012345678901234567890123456789012: "012345678901234567890123456789012345678901234567890123456789012"
            k.e_y-1: ""
        """
      Then it is accepted

  @annotations/kubectl
  Rule: kubectl annotates

    Scenario: annotate, refuse to overwrite, overwrite, remove
      When kubectl runs "annotate configmap plain note='first draft, by hand'"
      Then it exits with 0
      And it prints "configmap/plain annotated"
      And "metadata.annotations.note" of ConfigMap "plain" is "first draft, by hand"
      When kubectl runs "annotate configmap plain note=second"
      Then it exits with 1
      And its error output contains "--overwrite is false"
      When kubectl runs "annotate configmap plain note=second --overwrite"
      Then it exits with 0
      And "metadata.annotations.note" of ConfigMap "plain" is "second"
      When kubectl runs "annotate configmap plain note-"
      Then it exits with 0
      And "metadata.annotations.note" of ConfigMap "plain" is absent

    Scenario: apply remembers what it applied
      Given the file "thing.yaml":
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: thing}
        data: {kept: "yes", dropped: "yes"}
        """
      When kubectl runs "apply -f thing.yaml"
      Then it exits with 0
      And it prints "configmap/thing created"
      And "metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']" of ConfigMap "thing" is present
      When kubectl runs "apply -f thing.yaml"
      Then it prints "configmap/thing unchanged"
      When "data.by-hand" of ConfigMap "thing" is set to "also"
      Given the file "thing.yaml":
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: thing}
        data: {kept: "still"}
        """
      When kubectl runs "diff -f thing.yaml"
      Then it exits with 1
      And its output contains "+  kept: still"
      When kubectl runs "apply -f thing.yaml"
      Then it prints "configmap/thing configured"
      And "data.kept" of ConfigMap "thing" is "still"
      And "data.dropped" of ConfigMap "thing" is absent
      And "data.by-hand" of ConfigMap "thing" is "also"

  @annotations/free-form
  Rule: annotations are free in form

    Scenario: JSON, lines, Unicode
      When this is submitted:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: noted
          annotations:
            example.com/json: '{"a": [1, 2], "b": "c d"}'
            Example.Com/Mixed: "Grüße, 世界 🌍"
            lines: "one\ntwo\n"
        """
      Then it is accepted
      And "metadata.annotations['example.com/json']" of ConfigMap "noted" matches "^\{"a": \[1, 2\], "b": "c d"\}$"
      And "metadata.annotations.lines" of ConfigMap "noted" matches "^one\ntwo\n$"
      And "metadata.annotations['Example.Com/Mixed']" of ConfigMap "noted" is "Grüße, 世界 🌍"

    Scenario: as much as 256 KiB, and no more
      When a ConfigMap is submitted with 262000 bytes in "metadata.annotations.long":
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: long}}
        """
      Then it is accepted
      When a ConfigMap is submitted with 262144 bytes in "metadata.annotations.long":
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: longer}}
        """
      Then it is refused with 422 "Invalid" naming "metadata.annotations"
      And there is no ConfigMap "longer"

  @annotations/not-selectable
  Rule: what is to be selected by has to be a label

    Scenario: an annotation is not found, the promoted label is
      Given ConfigMap "plain" is annotated "team=red"
      Then the selector "team=red" finds exactly the ConfigMaps ""
      When ConfigMap "plain" is labelled "team=red"
      Then the selector "team=red" finds exactly the ConfigMaps "plain"

  @annotations/no-guarantee
  Rule: nobody checks what an annotation says, with few exceptions

    Scenario: nonsense is stored
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: nonsense
          annotations: {example.com/replicas: "minus many", kubernetes.io/created-by: "{{not json"}
        spec:
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is accepted
      And "metadata.annotations['kubernetes.io/created-by']" of Pod "nonsense" is "{{not json"

    Scenario: a revision that somebody made up is corrected
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, annotations: {deployment.kubernetes.io/revision: many}}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: app, image: "${image}"}]}
        """
      Then "metadata.annotations['deployment.kubernetes.io/revision']" of Deployment "web" becomes "1"
      When Deployment "web" is annotated "deployment.kubernetes.io/revision=minus-one"
      Then it is accepted
      And "metadata.annotations['deployment.kubernetes.io/revision']" of Deployment "web" becomes "1"
      And Deployment "web" has exactly the revisions "1" for 2 seconds

    Scenario: a deletion cost that is no number is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: costly
          annotations: {controller.kubernetes.io/pod-deletion-cost: cheap}
        spec:
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is refused with 422 "Invalid" naming "metadata.annotations[controller.kubernetes.io/pod-deletion-cost]"
      And there is no Pod "costly"

    Scenario Outline: <what> in an annotation is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: marked
          annotations: {<annotation>}
        spec:
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is refused with 422 "Invalid" naming "metadata.annotations<key>"
      And there is no Pod "marked"

      Examples:
        | what                                     | annotation                                                                             | key                                                      |
        | an AppArmor profile of no known form     | container.apparmor.security.beta.kubernetes.io/app: strict                             | [container.apparmor.security.beta.kubernetes.io/app]     |
        | an AppArmor profile of no container      | container.apparmor.security.beta.kubernetes.io/other: runtime/default                  | [container.apparmor.security.beta.kubernetes.io/other]   |
        | a seccomp profile of no known form       | seccomp.security.alpha.kubernetes.io/pod: strict                                       | .seccomp.security.alpha.kubernetes.io/pod                |
        | a seccomp profile outside of its folder  | container.seccomp.security.alpha.kubernetes.io/app: localhost/../app.json              | .container.seccomp.security.alpha.kubernetes.io/app      |
        | a deletion cost with a sign before it    | controller.kubernetes.io/pod-deletion-cost: "+1"                                       | [controller.kubernetes.io/pod-deletion-cost]             |

    Scenario: an AppArmor profile cannot be annotated later
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: plain}
        spec:
          schedulerName: example.com/nobody
          containers: [{name: app, image: example.com/app:1}]
        """
      When Pod "plain" is annotated "container.apparmor.security.beta.kubernetes.io/app=runtime/default"
      Then it is refused with 422 "Invalid" naming "metadata.annotations[container.apparmor.security.beta.kubernetes.io/app]"

    @workloads
    Scenario: nonsense about topology keeps no Pod from running, and none from its Service
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web, annotations: {service.kubernetes.io/topology-mode: "{{perhaps"}}, spec: {selector: {app: web}, ports: [{port: 80}]}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web, topology.kubernetes.io/zone: nowhere}}
        spec:
          topologySpreadConstraints: [{maxSkew: 1, topologyKey: example.com/no-such-key, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: nothing}}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: another, labels: {app: web}, annotations: {service.kubernetes.io/topology-mode: nonsense}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then Pods "one, another" become Ready
      And the ready endpoints of Service "web" come to be exactly the Pods "another, one"
