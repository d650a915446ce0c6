@api
Feature: Manifests
  A Pod is described by a manifest, a text in YAML or in JSON. What the manifest says wrongly is refused by name, and
  nothing of it is kept.

  @pods/manifest-yaml-json
  Rule: YAML and JSON say the same

    Scenario: the same Pod in both forms
      When this text is submitted to the Pod collection as "application/yaml":
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: by-yaml}
        spec:
          automountServiceAccountToken: false
          containers:
          - name: app
            image: example.com/app:1
            ports:
            - containerPort: 80
        """
      Then it is accepted
      When this text is submitted to the Pod collection as "application/json":
        """
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "by-json"},
         "spec": {"automountServiceAccountToken": false, "containers": [{"name": "app", "image": "example.com/app:1", "ports": [{"containerPort": 80}]}]}}
        """
      Then it is accepted
      # No token is mounted, for the names of such volumes are drawn by chance.
      And "spec.containers" of Pod "by-yaml" is remembered as "containers"
      And "spec.containers" of Pod "by-json" is "${containers}"
      And "spec.containers[0].ports[0].protocol" of Pod "by-json" is "TCP"
      And "spec.restartPolicy" of Pod "by-json" is "Always"

    Scenario Outline: <what> is refused
      When this text is submitted to the Pod collection as "<type>":
        """
        <text>
        """
      Then it is refused with <code>
      And there is no Pod "bad"

      Examples:
        | what                  | type             | code | text                                                                                          |
        | malformed JSON        | application/json | 400  | {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}                               |
        | malformed YAML        | application/yaml | 400  | {apiVersion: v1, kind: Pod, metadata: {name: bad}, spec: [                                    |
        | an empty body         | application/json | 400  |                                                                                               |
        | another kind          | application/json | 400  | {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "bad"}}                          |
        | an unknown version    | application/json | 400  | {"apiVersion": "v9", "kind": "Pod", "metadata": {"name": "bad"}}                              |
        | a list for a map      | application/json | 400  | {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}, "spec": []}                  |
        | text for a number     | application/json | 400  | {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}, "spec": {"activeDeadlineSeconds": "ten", "containers": [{"name": "a", "image": "x"}]}} |
        | an unknown media type | text/csv         | 415  | kind,Pod                                                                                      |

    # Of malformed JSON Kubernetes tells what it stumbled over, and not where.
    Scenario: what is malformed is refused with the line that it breaks off at
      When this text is submitted to the Pod collection as "application/yaml":
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: bad
          labels: app: web
        """
      Then it is refused with 400 "BadRequest"
      And the refusal says "line 5"
      And there is no Pod "bad"

    Scenario Outline: <what> is refused, and the refusal names the field
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: bad}
        spec: <spec>
        """
      Then it is refused with 400 "BadRequest"
      And the refusal says "<field>"
      And there is no Pod "bad"

      Examples:
        | what                       | spec                                                                    | field                         |
        | a word for a number        | {activeDeadlineSeconds: ten, containers: [{name: a, image: x}]}         | activeDeadlineSeconds         |
        | a fraction for a number    | {terminationGracePeriodSeconds: 1.5, containers: [{name: a, image: x}]} | terminationGracePeriodSeconds |
        | a word for yes or no       | {hostNetwork: "yes", containers: [{name: a, image: x}]}                 | hostNetwork                   |
        | a number for a word        | {containers: [{name: a, image: 7}]}                                     | containers.image              |
        | one value for a list of it | {containers: [{name: a, image: x, command: run}]}                       | containers.command            |

    Scenario: the warning about an unknown field comes without being asked for
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          colour: blue
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is accepted with a warning that says "spec.colour"
      And "spec.colour" of Pod "web" is absent

    Scenario: an unknown field is dropped with a warning
      When this is submitted with warning field validation:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          colour: blue
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is accepted with a warning that says "spec.colour"
      And "spec.colour" of Pod "web" is absent

    Scenario: an unknown field is refused where the user asks for it
      When this is submitted with strict field validation:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          colour: blue
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is refused with 400 "BadRequest"
      And the refusal says "spec.colour"
      And there is no Pod "web"

    Scenario: an unknown field is dropped in silence where the user asks for that
      When this is submitted with ignoring field validation:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          colour: blue
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is accepted without a warning that says "spec.colour"
      And "spec.colour" of Pod "web" is absent

    Scenario: a dry run answers and stores nothing
      When this is submitted as a dry run:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is accepted
      And the answer has "30" in "spec.terminationGracePeriodSeconds"
      And there is no Pod "web"

    Scenario: a dry run of a change answers as if, and stores nothing
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: thing}, data: {colour: green}}
        """
      When kubectl runs "patch configmap thing --dry-run=server --type=merge --patch='data: {colour: red}' -o jsonpath={.data.colour}"
      Then it exits with 0
      And it prints "red"
      And "data.colour" of ConfigMap "thing" is still "green"

    Scenario Outline: a Pod with the name <name> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: "<name>"}
        spec:
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is refused with 422 "Invalid" naming "metadata.name"

      Examples:
        | name      |
        | Web       |
        | web_1     |
        | -web      |

    Scenario Outline: a Pod with <what> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec: <spec>
        """
      Then it is refused with 422 "Invalid" naming "<field>"
      And there is no Pod "web"

      Examples:
        | what                                         | spec                                                                                                                                   | field                                                       |
        | a configMap key for a variable that is none  | {containers: [{name: a, image: x, env: [{name: A, valueFrom: {configMapKeyRef: {name: m, key: a/b}}}]}]}                               | spec.containers[0].env[0].valueFrom.configMapKeyRef.key     |
        | a secret key for a variable that is none     | {containers: [{name: a, image: x, env: [{name: A, valueFrom: {secretKeyRef: {name: m, key: a/b}}}]}]}                                  | spec.containers[0].env[0].valueFrom.secretKeyRef.key        |
        | a gRPC probe of no port                      | {containers: [{name: a, image: x, readinessProbe: {grpc: {port: 0}}}]}                                                                 | spec.containers[0].readinessProbe.grpc.port                 |
        | an init container that is restarted at times | {containers: [{name: a, image: x}], initContainers: [{name: b, image: x, restartPolicy: Sometimes}]}                                   | spec.initContainers[0].restartPolicy                        |
        | a negative group of files                    | {containers: [{name: a, image: x}], securityContext: {fsGroup: -1}}                                                                    | spec.securityContext.fsGroup                                |
        | a negative group                             | {containers: [{name: a, image: x, securityContext: {runAsGroup: -1}}]}                                                                 | spec.containers[0].securityContext.runAsGroup               |
        | a secret volume of no secret                 | {containers: [{name: a, image: x}], volumes: [{name: v, secret: {}}]}                                                                  | spec.volumes[0].secret.secretName                           |
        | a file of a secret of no key                 | {containers: [{name: a, image: x}], volumes: [{name: v, secret: {secretName: s, items: [{path: p}]}}]}                                 | spec.volumes[0].secret.items[0].key                         |
        | a file of a projection of no key             | {containers: [{name: a, image: x}], volumes: [{name: v, projected: {sources: [{configMap: {name: m, items: [{path: p}]}}]}}]}          | spec.volumes[0].projected.sources[0].configMap.items[0].key |
        | a file about a field that there is not       | {containers: [{name: a, image: x}], volumes: [{name: v, downwardAPI: {items: [{path: p, fieldRef: {fieldPath: metadata.colour}}]}}]}   | spec.volumes[0].downwardAPI.fieldRef.fieldPath              |
        | a file about the limit of no container       | {containers: [{name: a, image: x}], volumes: [{name: v, downwardAPI: {items: [{path: p, resourceFieldRef: {resource: limits.cpu}}]}}]} | spec.volumes[0].downwardAPI.resourceFieldRef.containerName  |

    Scenario: a Pod with a name that is taken is refused
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers: [{name: app, image: example.com/app:1}]
        """
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers: [{name: other, image: example.com/other:1}]
        """
      Then it is refused with 409 "AlreadyExists"
      And "spec.containers[0].name" of Pod "web" is still "app"

    Scenario: an object that is too large is refused
      When a ConfigMap is submitted with 4Mi bytes in "data.text":
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: large}
        """
      Then it is refused with 413
      And there is no ConfigMap "large"

    Scenario: kubectl refuses an unknown field by name
      Given the file "pod.yaml":
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          colour: blue
          containers: [{name: app, image: example.com/app:1}]
        """
      When kubectl runs "apply -f pod.yaml"
      Then it exits with 1
      And its error output contains "spec.colour"
      And there is no Pod "web"

  @pods/node-is-for-life
  Rule: a Pod never changes its node

    Scenario: neither an update nor a second binding moves it
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          nodeName: no-such-node
          containers: [{name: app, image: example.com/app:1}]
        """
      When "spec.nodeName" of Pod "web" is set to "another-node"
      Then it is refused with 422 "Invalid" naming "spec"
      When Pod "web" is bound to the node "another-node"
      Then it is refused with 409 "Conflict"
      And "spec.nodeName" of Pod "web" is still "no-such-node"
