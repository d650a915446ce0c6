Feature: Rollouts
  A Deployment makes a ReplicaSet of each template that it is given. In annotations it notes which revision that is and why it came
  to be; whoever goes back goes by them.

  @api @annotations/rollout-status
  Rule: each template gets a ReplicaSet, a number, and the cause

    # Without Pods all that is said here holds as well, and it holds where no node is.
    Scenario: revisions are counted, causes are noted, and going back makes the old one the newest
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, annotations: {kubernetes.io/change-cause: the beginning}}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, version: one}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      Then "metadata.annotations['deployment.kubernetes.io/revision']" of Deployment "web" becomes "1"
      And "metadata.annotations['kubernetes.io/change-cause']" of ReplicaSet "${first}" is "the beginning"
      And "metadata.ownerReferences[0].name" of ReplicaSet "${first}" is "web"
      And "metadata.labels['pod-template-hash']" of ReplicaSet "${first}" is remembered as "hash"
      And "spec.selector.matchLabels['pod-template-hash']" of ReplicaSet "${first}" is "${hash}"
      And "spec.template.metadata.labels['pod-template-hash']" of ReplicaSet "${first}" is "${hash}"
      And "spec.template.metadata.labels.version" of ReplicaSet "${first}" is "one"
      When Deployment "web" is patched with:
        """
        metadata: {annotations: {kubernetes.io/change-cause: a new version}}
        spec: {template: {metadata: {labels: {version: two}}}}
        """
      Then Deployment "web" comes to have exactly the revisions "1, 2"
      And "metadata.annotations['deployment.kubernetes.io/revision']" of Deployment "web" becomes "2"
      And the ReplicaSet of Deployment "web" with the revision "2" is remembered as "second"
      And "spec.template.metadata.labels.version" of ReplicaSet "${second}" is "two"
      And "metadata.annotations['kubernetes.io/change-cause']" of ReplicaSet "${second}" is "a new version"
      And "metadata.annotations['kubernetes.io/change-cause']" of ReplicaSet "${first}" is "the beginning"
      When kubectl runs "rollout history deployment/web"
      Then it exits with 0
      And its output matches "(?m)^1 +the beginning$"
      And its output matches "(?m)^2 +a new version$"
      When kubectl runs "rollout history deployment/web --revision=1"
      Then its output contains "version=one"
      When kubectl runs "rollout undo deployment/web"
      Then it exits with 0
      And Deployment "web" comes to have exactly the revisions "2, 3"
      And "metadata.annotations['deployment.kubernetes.io/revision']" of Deployment "web" becomes "3"
      And "metadata.annotations['deployment.kubernetes.io/revision']" of ReplicaSet "${first}" becomes "3"
      And "metadata.annotations['deployment.kubernetes.io/revision']" of ReplicaSet "${second}" is "2"
      And "spec.template.metadata.labels.version" of Deployment "web" is "one"
      And "metadata.annotations['kubernetes.io/change-cause']" of Deployment "web" is "the beginning"
      When kubectl runs "rollout undo deployment/web --to-revision=2"
      Then it exits with 0
      And Deployment "web" comes to have exactly the revisions "3, 4"
      And "spec.template.metadata.labels.version" of Deployment "web" is "two"
      When kubectl runs "rollout undo deployment/web --to-revision=7"
      Then it exits with 1
      And its error output contains "unable to find specified revision 7 in history"

    # For kubectl alone, which shows it nowhere.
    @should
    Scenario: a set that is used again notes which number it had
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, version: one}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      When Deployment "web" is patched with:
        """
        spec: {template: {metadata: {labels: {version: two}}}}
        """
      Then Deployment "web" comes to have exactly the revisions "1, 2"
      When kubectl runs "rollout undo deployment/web"
      Then it exits with 0
      And Deployment "web" comes to have exactly the revisions "2, 3"
      And "metadata.annotations['deployment.kubernetes.io/revision-history']" of ReplicaSet "${first}" becomes "1"

    Scenario: what is no change of the template is no revision
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      When Deployment "web" is patched with:
        """
        metadata: {labels: {tier: front}, annotations: {example.com/owner: shop}}
        spec: {minReadySeconds: 1, progressDeadlineSeconds: 60}
        """
      Then it is accepted
      And "metadata.annotations['example.com/owner']" of ReplicaSet "${first}" becomes "shop"
      And "spec.minReadySeconds" of ReplicaSet "${first}" becomes "1"
      And Deployment "web" has exactly the revisions "1" for 3 seconds

    Scenario: whatever changes in the template, it is a revision
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      When kubectl runs "set image deployment/web app=example.com/other:1"
      Then it exits with 0
      And Deployment "web" comes to have exactly the revisions "1, 2"
      And the ReplicaSet of Deployment "web" with the revision "2" is remembered as "second"
      And "spec.template.spec.containers[0].image" of ReplicaSet "${second}" is "example.com/other:1"
      And "spec.template.spec.containers[0].image" of ReplicaSet "${first}" is "${image}"
      # It annotates the template, and changes nothing else.
      When kubectl runs "rollout restart deployment/web"
      Then it exits with 0
      And Deployment "web" comes to have exactly the revisions "1, 2, 3"

    Scenario: while it is paused, changes make no revision; once it goes on, they make one together
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, version: one}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Deployment "web" comes to have exactly the revisions "1"
      When "spec.template.metadata.labels.version" of Deployment "web" is set to "two"
      Then Deployment "web" comes to have exactly the revisions "1, 2"
      When kubectl runs "rollout pause deployment/web"
      Then it exits with 0
      And "status.conditions[type=Progressing].reason" of Deployment "web" becomes "DeploymentPaused"
      When "spec.template.metadata.labels.version" of Deployment "web" is set to "three"
      And "spec.template.metadata.labels.tier" of Deployment "web" is set to "front"
      Then Deployment "web" has exactly the revisions "1, 2" for 3 seconds
      When kubectl runs "rollout undo deployment/web"
      Then it exits with 1
      And its error output contains "paused"
      When kubectl runs "rollout resume deployment/web"
      Then it exits with 0
      And Deployment "web" comes to have exactly the revisions "1, 2, 3"
      And the ReplicaSet of Deployment "web" with the revision "3" is remembered as "third"
      And "spec.template.metadata.labels.version" of ReplicaSet "${third}" is "three"
      And "spec.template.metadata.labels.tier" of ReplicaSet "${third}" is "front"

    Scenario: while it is paused, it is scaled all the same
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
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
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      When kubectl runs "rollout pause deployment/web"
      Then "status.conditions[type=Progressing].reason" of Deployment "web" becomes "DeploymentPaused"
      When kubectl runs "scale deployment/web --replicas=3"
      Then it exits with 0
      And "spec.replicas" of ReplicaSet "${first}" becomes "3"
      And ReplicaSet "${first}" comes to have 3 Pods

    Scenario: the history is as long as the Deployment says
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 0
          revisionHistoryLimit: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, version: one}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Deployment "web" comes to have exactly the revisions "1"
      When "spec.template.metadata.labels.version" of Deployment "web" is set to "two"
      Then Deployment "web" comes to have exactly the revisions "1, 2"
      When "spec.template.metadata.labels.version" of Deployment "web" is set to "three"
      Then Deployment "web" comes to have exactly the revisions "2, 3"
      When kubectl runs "rollout undo deployment/web --to-revision=1"
      Then it exits with 1
      When "spec.revisionHistoryLimit" of Deployment "web" is set to "0"
      Then Deployment "web" comes to have exactly the revisions "3"

    Scenario: what kubectl noted on it when it was applied is not handed down
      Given the file "web.yaml":
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, annotations: {example.com/owner: shop}}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      When kubectl runs "apply -f web.yaml"
      Then it exits with 0
      Given the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      Then "metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']" of Deployment "web" is present
      And "metadata.annotations['example.com/owner']" of ReplicaSet "${first}" is "shop"
      And "metadata.annotations['kubectl.kubernetes.io/last-applied-configuration']" of ReplicaSet "${first}" is absent

    Scenario: the ReplicaSets go with it
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      And the garbage collector has seen all ReplicaSets
      When Deployment "web" is deleted with propagation "Foreground"
      Then Deployment "web" is gone
      And there is no ReplicaSet "${first}"

    Scenario: a set that somebody deletes is made again
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
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
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      And ReplicaSet "${first}" comes to have 1 Pod
      # Whatever else is still to be done would bring the controller to the Deployment, too.
      And "status.unavailableReplicas" of Deployment "web" becomes "1"
      And "status.unavailableReplicas" of Deployment "web" stays "1" for 2 seconds
      And "metadata.uid" of ReplicaSet "${first}" is remembered as "uid"
      When ReplicaSet "${first}" is deleted
      Then "metadata.uid" of ReplicaSet "${first}" ceases to be "${uid}"
      And Deployment "web" comes to have exactly the revisions "1"
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "next"
      And "status.replicas" of ReplicaSet "${next}" becomes "1"

    Scenario: the name of its set is somebody else's already
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "taken"
      # Whoever has yet to hear that the Deployment is gone would make its set again: the next Deployment shows that it is known.
      When Deployment "web" is deleted with propagation "Orphan"
      Then Deployment "web" is gone
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: after}
        spec:
          replicas: 0
          selector: {matchLabels: {app: after}}
          template:
            metadata: {labels: {app: after}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Deployment "after" comes to have exactly the revisions "1"
      When ReplicaSet "${taken}" is deleted
      Then ReplicaSet "${taken}" is gone
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: "${taken}"}
        spec:
          replicas: 0
          selector: {matchLabels: {app: other}}
          template:
            metadata: {labels: {app: other}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then Deployment "web" comes to have exactly the revisions "1"
      And "status.collisionCount" of Deployment "web" becomes "1"
      And "spec.selector.matchLabels.app" of ReplicaSet "${taken}" is "other"
      And "metadata.ownerReferences" of ReplicaSet "${taken}" is absent

    Scenario: its sets mean no more Pods than it does, by expressions too
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 1
          selector: {matchExpressions: [{key: app, operator: In, values: [web, site]}]}
          template:
            metadata: {labels: {app: web}}
            spec:
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      Then "spec.selector.matchExpressions[0].key" of ReplicaSet "${first}" is "app"
      And "spec.selector.matchExpressions[0].operator" of ReplicaSet "${first}" is "In"
      And "spec.selector.matchLabels['pod-template-hash']" of ReplicaSet "${first}" is present
      Given ReplicaSet "${first}" comes to have 1 Pod
      And one Pod of ReplicaSet "${first}" is remembered as "pod"
      When Pod "${pod}" is relabelled "app=quarantine"
      Then Pod "${pod}" comes to have no controller
      And ReplicaSet "${first}" comes to have 1 Pod

    # Whose labels it does not mean is not its own, though its name is still taken.
    Scenario: a set that is relabelled is let go, and another takes its place
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
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
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      And ReplicaSet "${first}" comes to have 1 Pod
      And "status.replicas" of Deployment "web" becomes "1"
      And the Pods of ReplicaSet "${first}" are remembered as "before"
      When ReplicaSet "${first}" is relabelled "app=quarantine"
      Then it is accepted
      And "metadata.ownerReferences[0].name" of ReplicaSet "${first}" ceases to be "web"
      Given the ReplicaSet of Deployment "web" with the revision "1" is remembered as "second"
      Then "metadata.labels.app" of ReplicaSet "${second}" is "web"
      And ReplicaSet "${second}" comes to have 1 Pod
      And ReplicaSet "${first}" still has the same Pods as "before"
      And "spec.replicas" of ReplicaSet "${first}" is "1"

    Scenario: the sets that one has left behind are those of the next
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      And the garbage collector has seen all ReplicaSets
      When kubectl runs "delete deployment web --cascade=orphan"
      Then it exits with 0
      And Deployment "web" is gone
      And "metadata.ownerReferences[0].uid" of ReplicaSet "${first}" is absent
      # As long as it is paused it makes no set of its own: its controller may hear of it before it hears that the set is nobody's.
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          paused: true
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And "metadata.uid" of Deployment "web" is remembered as "uid"
      Then "metadata.ownerReferences[0].uid" of ReplicaSet "${first}" becomes "${uid}"
      And "metadata.ownerReferences[0].controller" of ReplicaSet "${first}" is "true"
      When kubectl runs "rollout resume deployment/web"
      Then it exits with 0
      And Deployment "web" has exactly the revisions "1" for 3 seconds
      And "metadata.annotations['deployment.kubernetes.io/revision']" of Deployment "web" becomes "1"

    Scenario Outline: a Deployment with <what> is refused
      When this is submitted:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec: {<fields>, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: "${image}"}]}}}
        """
      Then it is refused with 422 "Invalid" naming "<field>"
      And there is no Deployment "web"

      Examples:
        | what                               | fields                                                                                           | field                                      |
        | no selector                        | replicas: 1                                                                                      | spec.selector                              |
        | a selector that its Pods lack      | selector: {matchLabels: {app: db}}                                                               | spec.template.metadata.labels              |
        | a negative number of replicas      | replicas: -1, selector: {matchLabels: {app: web}}                                                | spec.replicas                              |
        | a negative history                 | revisionHistoryLimit: -1, selector: {matchLabels: {app: web}}                                    | spec.revisionHistoryLimit                  |
        | a negative time to be ready        | minReadySeconds: -1, selector: {matchLabels: {app: web}}                                         | spec.minReadySeconds                       |
        | a deadline that readiness outlasts | minReadySeconds: 60, progressDeadlineSeconds: 60, selector: {matchLabels: {app: web}}            | spec.progressDeadlineSeconds               |
        | an unknown strategy                | strategy: {type: BlueGreen}, selector: {matchLabels: {app: web}}                                 | spec.strategy                              |
        | no room to move                    | strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}, selector: {matchLabels: {app: web}} | spec.strategy.rollingUpdate.maxUnavailable |
        | more than all unavailable          | strategy: {rollingUpdate: {maxUnavailable: 101%}}, selector: {matchLabels: {app: web}}           | spec.strategy.rollingUpdate.maxUnavailable |
        | a surge that is no number          | strategy: {rollingUpdate: {maxSurge: many}}, selector: {matchLabels: {app: web}}                 | spec.strategy.rollingUpdate.maxSurge       |
        | room to move and no need of it     | strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}, selector: {matchLabels: {app: web}}    | spec.strategy.rollingUpdate                |

    Scenario: the selector is settled
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, tier: front}}
            spec:
              containers: [{name: app, image: "${image}"}]
        """
      When Deployment "web" is patched with:
        """
        spec: {selector: {matchLabels: {tier: front}}}
        """
      Then it is refused with 422 "Invalid" naming "spec.selector"

  @workloads @annotations/rollout-status
  Rule: one template takes the place of another while the Pods go on

    Scenario: never more Pods than may be, never fewer Ready ones
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 4
          strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 1}}
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, version: one}}
            spec:
              terminationGracePeriodSeconds: 1
              containers: [{name: app, image: "${image}", command: [/workload, serve], readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1}}]
        """
      And Deployment "web" comes to have 4 Ready Pods of the version "one", and no others
      When kubectl runs "rollout status deployment/web --timeout=60s"
      Then it exits with 0
      And Deployment "web" is rolled out to the version "two", with at most 5 Pods and at least 3 Ready ones at any time
      When kubectl runs "rollout status deployment/web --timeout=60s"
      Then it exits with 0
      And its output contains "successfully rolled out"
      And "status.updatedReplicas" of Deployment "web" is "4"
      And "status.availableReplicas" of Deployment "web" is "4"
      When kubectl runs "rollout undo deployment/web"
      Then it exits with 0
      And Deployment "web" comes to have 4 Ready Pods of the version "one", and no others

    Scenario: half of them at a time; a share is rounded for the Pods' good
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 3
          strategy: {rollingUpdate: {maxSurge: 34%, maxUnavailable: 34%}}
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, version: one}}
            spec:
              terminationGracePeriodSeconds: 1
              containers: [{name: app, image: "${image}", command: [/workload, serve], readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1}}]
        """
      And Deployment "web" comes to have 3 Ready Pods of the version "one", and no others
      Then Deployment "web" is rolled out to the version "two", with at most 5 Pods and at least 2 Ready ones at any time

    Scenario: all the old ones go before the first new one comes, if it is to be so
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 2
          strategy: {type: Recreate}
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, version: one}}
            spec:
              terminationGracePeriodSeconds: 3
              containers: [{name: app, image: "${image}", command: [/workload, serve, --ignore-sigterm], readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1}}]
        """
      And Deployment "web" comes to have 2 Ready Pods of the version "one", and no others
      Then Deployment "web" is rolled out to the version "two", with Pods of one version at any time

    Scenario: a version that does not come to be ready leaves the old one in place, says so, and can be taken back
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 2
          progressDeadlineSeconds: 5
          strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, version: one}}
            spec:
              terminationGracePeriodSeconds: 1
              containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        """
      And Deployment "web" comes to have 2 Ready Pods of the version "one", and no others
      And "status.conditions[type=Available].status" of Deployment "web" becomes "True"
      When Deployment "web" is patched with:
        """
        spec: {template: {metadata: {labels: {version: two}}, spec: {containers: [{name: app, image: example.com/there-is-none:1, imagePullPolicy: Never}]}}}
        """
      Then "status.conditions[type=Progressing].reason" of Deployment "web" becomes "ProgressDeadlineExceeded"
      And "status.conditions[type=Progressing].status" of Deployment "web" is "False"
      And "status.conditions[type=Available].status" of Deployment "web" is "True"
      And "status.availableReplicas" of Deployment "web" stays "2" for 3 seconds
      And "status.updatedReplicas" of Deployment "web" is "1"
      When kubectl runs "rollout status deployment/web --timeout=60s"
      Then it exits with 1
      And its error output contains "exceeded its progress deadline"
      When kubectl runs "rollout undo deployment/web"
      Then it exits with 0
      And Deployment "web" comes to have 2 Ready Pods of the version "one", and no others

    Scenario: scaled in the middle of a rollout, its sets share in proportion
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 3
          strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, version: one}}
            spec:
              terminationGracePeriodSeconds: 1
              containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        """
      And Deployment "web" comes to have 3 Ready Pods of the version "one", and no others
      And "status.availableReplicas" of Deployment "web" becomes "3"
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      When Deployment "web" is patched with:
        """
        spec: {template: {metadata: {labels: {version: two}}, spec: {containers: [{name: app, image: example.com/there-is-none:1, imagePullPolicy: Never}]}}}
        """
      And the ReplicaSet of Deployment "web" with the revision "2" is remembered as "second"
      Then "spec.replicas" of ReplicaSet "${second}" becomes "1"
      And "status.updatedReplicas" of Deployment "web" becomes "1"
      # Three of four and one of four make five and two of seven: a version that does not work gains no more by it than one that does.
      When kubectl runs "scale deployment/web --replicas=6"
      Then it exits with 0
      And "spec.replicas" of ReplicaSet "${first}" becomes "5"
      And "spec.replicas" of ReplicaSet "${second}" becomes "2"
      And ReplicaSet "${first}" stays at 5 replicas for 3 seconds
      And ReplicaSet "${second}" stays at 2 replicas for 3 seconds
      # Five of six are fewer than may be.
      And "status.availableReplicas" of Deployment "web" becomes "5"
      And "status.conditions[type=Available].status" of Deployment "web" becomes "False"
      And "status.conditions[type=Available].reason" of Deployment "web" is "MinimumReplicasUnavailable"
      When kubectl runs "scale deployment/web --replicas=2"
      Then it exits with 0
      And "spec.replicas" of ReplicaSet "${first}" becomes "2"
      And "spec.replicas" of ReplicaSet "${second}" becomes "1"
      And "status.conditions[type=Available].status" of Deployment "web" becomes "True"
      When kubectl runs "rollout undo deployment/web"
      Then it exits with 0
      And Deployment "web" comes to have 2 Ready Pods of the version "one", and no others

    Scenario: it is scaled like a set, and keeps its number
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, version: one}}
            spec:
              terminationGracePeriodSeconds: 1
              containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        """
      And Deployment "web" comes to have 1 Ready Pods of the version "one", and no others
      When kubectl runs "scale deployment/web --replicas=3"
      Then it exits with 0
      And Deployment "web" comes to have 3 Ready Pods of the version "one", and no others
      # The status follows the Pods. Here it only rises, so that what is awaited once stays.
      And "status.availableReplicas" of Deployment "web" becomes "3"
      When kubectl runs "get deployment web"
      Then it prints the columns "NAME, READY, UP-TO-DATE, AVAILABLE, AGE"
      And its output matches "web +3/3 +3 +3 "
      # Who changes the set's number is overruled.
      Given the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      When "spec.replicas" of ReplicaSet "${first}" is set to "1"
      Then "spec.replicas" of ReplicaSet "${first}" becomes "3"
      And Deployment "web" comes to have 3 Ready Pods of the version "one", and no others

  # What a node would tell of the Pods is written by hand, so that none is needed.
  @api @annotations/rollout-status
  Rule: a rollout goes by what is available, and tells how far it has come

    Scenario: an old Pod stays until a new one has been Ready for as long as the Deployment says
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 1
          minReadySeconds: 3600
          progressDeadlineSeconds: 7200
          strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, version: one}}
            spec:
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      Then "spec.minReadySeconds" of ReplicaSet "${first}" is "3600"
      And ReplicaSet "${first}" comes to have 1 Pod
      Given one Pod of ReplicaSet "${first}" is remembered as "old"
      When the status of Pod "${old}" is patched with:
        """
        status: {conditions: [{type: Ready, status: "True", lastTransitionTime: "2020-01-01T00:00:00Z"}]}
        """
      Then it is accepted
      And "status.availableReplicas" of Deployment "web" becomes "1"
      When "spec.template.metadata.labels.version" of Deployment "web" is set to "two"
      Then Deployment "web" comes to have exactly the revisions "1, 2"
      Given the ReplicaSet of Deployment "web" with the revision "2" is remembered as "second"
      And ReplicaSet "${second}" comes to have 1 Pod
      And one Pod of ReplicaSet "${second}" is remembered as "new"
      And the present moment is remembered as "now"
      When the status of Pod "${new}" is patched with:
        """
        status: {conditions: [{type: Ready, status: "True", lastTransitionTime: "${now}"}]}
        """
      Then it is accepted
      And "status.readyReplicas" of ReplicaSet "${second}" becomes "1"
      And ReplicaSet "${first}" stays at 1 replica for 3 seconds
      And "status.availableReplicas" of Deployment "web" is "1"
      When the status of Pod "${new}" is patched with:
        """
        status: {conditions: [{type: Ready, status: "True", lastTransitionTime: "2020-01-01T00:00:00Z"}]}
        """
      Then it is accepted
      And "spec.replicas" of ReplicaSet "${first}" becomes "0"
      And "status.conditions[type=Progressing].reason" of Deployment "web" becomes "NewReplicaSetAvailable"

    Scenario: what has been rolled out is never late, whatever becomes of its Pods
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 1
          progressDeadlineSeconds: 3
          strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web, version: one}}
            spec:
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      And ReplicaSet "${first}" comes to have 1 Pod
      And one Pod of ReplicaSet "${first}" is remembered as "pod"
      When the status of Pod "${pod}" is patched with:
        """
        status: {conditions: [{type: Ready, status: "True"}]}
        """
      Then it is accepted
      And "status.conditions[type=Progressing].reason" of Deployment "web" becomes "NewReplicaSetAvailable"
      And "status.conditions[type=Available].status" of Deployment "web" becomes "True"
      When the status of Pod "${pod}" is patched with:
        """
        status: {conditions: [{type: Ready, status: "False"}]}
        """
      Then it is accepted
      And "status.conditions[type=Available].status" of Deployment "web" becomes "False"
      And "status.readyReplicas" of Deployment "web" becomes "0"
      And "status.availableReplicas" of Deployment "web" becomes "0"
      And "status.conditions[type=Progressing].reason" of Deployment "web" stays "NewReplicaSetAvailable" for 6 seconds
      And "status.conditions[type=Progressing].status" of Deployment "web" is "True"

    # What it has until it is late is told while it is paused, so that no slow machine is late before.
    Scenario: the time that it was paused is none of a rollout's
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
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
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      And ReplicaSet "${first}" comes to have 1 Pod
      When kubectl runs "rollout pause deployment/web"
      Then "status.conditions[type=Progressing].reason" of Deployment "web" becomes "DeploymentPaused"
      When "spec.progressDeadlineSeconds" of Deployment "web" is set to "12"
      Then it is accepted
      And "status.conditions[type=Progressing].reason" of Deployment "web" stays "DeploymentPaused" for 14 seconds
      When kubectl runs "rollout resume deployment/web"
      Then "status.conditions[type=Progressing].reason" of Deployment "web" becomes "DeploymentResumed"
      And "status.conditions[type=Progressing].reason" of Deployment "web" stays "DeploymentResumed" for 4 seconds
      And "status.conditions[type=Progressing].reason" of Deployment "web" becomes "ProgressDeadlineExceeded"

    Scenario: Pods that its set cannot create are told of by the Deployment, too
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              serviceAccountName: nobodys
              schedulerName: example.com/nobody
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And the ReplicaSet of Deployment "web" with the revision "1" is remembered as "first"
      Then "status.conditions[type=ReplicaFailure].status" of Deployment "web" becomes "True"
      And "status.conditions[type=ReplicaFailure].reason" of Deployment "web" is "FailedCreate"
      And "status.conditions[type=ReplicaFailure].message" of Deployment "web" contains "nobodys"
      When this is submitted:
        """
        {apiVersion: v1, kind: ServiceAccount, metadata: {name: nobodys}}
        """
      Then it is accepted
      And ReplicaSet "${first}" comes to have 1 Pod
      And "status.conditions[type=ReplicaFailure].status" of Deployment "web" ceases to be "True"
