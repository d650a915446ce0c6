@api
Feature: Declarative and imperative
  What is done by hand lasts until the next manifest is applied. Who manages a set by files has to keep the files up to date.

  Background:
    Given the file "web.yaml":
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
    And the file "open.yaml":
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

  @replicasets/declarative-wins
  Rule: the next apply undoes what was done by hand

    Scenario: client-side apply brings back the file's number
      When kubectl runs "apply -f web.yaml"
      Then it prints "replicaset.apps/web created"
      When kubectl runs "scale rs/web --replicas=3"
      Then "spec.replicas" of ReplicaSet "web" is "3"
      When kubectl runs "apply -f web.yaml"
      Then it prints "replicaset.apps/web configured"
      And "spec.replicas" of ReplicaSet "web" is "2"

    Scenario: a file that never said a number leaves it alone
      When kubectl runs "apply -f open.yaml"
      And kubectl runs "scale rs/web --replicas=3"
      And kubectl runs "apply -f open.yaml"
      Then it exits with 0
      And "spec.replicas" of ReplicaSet "web" is "3"

    Scenario: a number that is taken out of the file becomes the default
      When kubectl runs "apply -f web.yaml"
      And kubectl runs "apply -f open.yaml"
      Then it exits with 0
      And "spec.replicas" of ReplicaSet "web" is "1"

    Scenario: server-side apply refuses to undo in silence
      When kubectl runs "apply --server-side -f web.yaml"
      Then it prints "replicaset.apps/web serverside-applied"
      When kubectl runs "scale rs/web --replicas=3"
      And kubectl runs "apply --server-side -f web.yaml"
      Then it exits with 1
      And its error output contains "conflict"
      And its error output contains ".spec.replicas"
      And "spec.replicas" of ReplicaSet "web" is "3"
      When kubectl runs "apply --server-side --force-conflicts -f web.yaml"
      Then it exits with 0
      And "spec.replicas" of ReplicaSet "web" is "2"

  @replicasets/scale-imperative
  Rule: kubectl scale has to be told what to scale

    Scenario: a name without a type, and a set that is not there
      When kubectl runs "scale web --replicas=3"
      Then it exits with 1
      When kubectl runs "scale rs/nothing --replicas=3"
      Then it exits with 1
      And its error output contains "not found"

    Scenario: a negative number
      When kubectl runs "apply -f web.yaml"
      And kubectl runs "scale rs/web --replicas=-1"
      Then it exits with 1
      When kubectl runs "patch rs/web --subresource=scale --type=merge --patch='spec: {replicas: -1}'"
      Then it exits with 1
      And its error output contains "spec.replicas"
      And "spec.replicas" of ReplicaSet "web" is "2"
