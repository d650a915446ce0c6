@autoscaling
Feature: Autoscaling
  A HorizontalPodAutoscaler scales a set by what its Pods use. It stands beside the set, and knows it by name only.

  @replicasets/autoscale
  Rule: replicas follow the use, within bounds

    @workloads @long
    Scenario: load raises the number to the maximum, idling lowers it to the minimum
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              terminationGracePeriodSeconds: 1
              containers:
              - name: app
                image: "${image}"
                command: [/workload, wait]
                resources: {requests: {cpu: 50m}, limits: {cpu: 200m}}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          minReplicas: 1
          maxReplicas: 3
          metrics:
          - type: Resource
            resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}
          behavior: {scaleDown: {stabilizationWindowSeconds: 0}}
        """
      And ReplicaSet "web" comes to have 1 Ready Pod
      And one Pod of ReplicaSet "web" is remembered as "busy"
      When container "app" of Pod "${busy}" begins "/workload use-cpu"
      Then the autoscaler brings ReplicaSet "web" to 3 replicas
      And the condition "ScalingLimited" of HorizontalPodAutoscaler "web" becomes "True" with the reason "TooManyReplicas"
      And the condition "ScalingActive" of HorizontalPodAutoscaler "web" becomes "True" with the reason "ValidMetricFound"
      And "status.currentMetrics[0].resource.current.averageUtilization" of HorizontalPodAutoscaler "web" comes to be present
      And ReplicaSet "web" comes to have 3 Ready Pods
      When Pod "${busy}" is deleted
      Then the autoscaler brings ReplicaSet "web" to 1 replica

    @workloads @long
    Scenario Outline: a <target> that uses more memory than it shall is raised by <what>
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: <target>
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: <target>, name: web}
          maxReplicas: 8
          metrics:
          - <metric>
          behavior: {scaleUp: {policies: [{type: <type>, value: <value>, periodSeconds: 300}]}}
        """
      Then the autoscaler brings <target> "web" to <to> replicas
      And the condition "ScalingLimited" of HorizontalPodAutoscaler "web" becomes "True" with the reason "ScaleUpLimit"
      And <target> "web" stays at <to> replicas for 20 seconds
      And "status.currentMetrics[0].<source>.current.averageValue" of HorizontalPodAutoscaler "web" is present

      Examples:
        | target     | what                     | type    | value | to | source            | metric |
        | ReplicaSet | so many as a policy says | Pods    | 2     | 3  | resource          | {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 64Ki}}} |
        | Deployment | a part as a policy says  | Percent | 50    | 2  | containerResource | {type: ContainerResource, containerResource: {name: memory, container: app, target: {type: AverageValue, averageValue: 64Ki}}} |

    @workloads @long
    Scenario Outline: fewer are needed, and <what>
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
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 2Gi}}}
          behavior: {scaleDown: <rules>}
        """
      Then the condition "<condition>" of HorizontalPodAutoscaler "web" becomes "True" with the reason "<reason>"
      And ReplicaSet "web" stays at 2 replicas for 20 seconds

      Examples:
        | what                             | rules                                                   | condition      | reason              |
        | the window keeps what was wanted | {stabilizationWindowSeconds: 300}                       | AbleToScale    | ScaleDownStabilized |
        | it may never be fewer            | {stabilizationWindowSeconds: 0, selectPolicy: Disabled} | ScalingLimited | ScaleDownLimit      |

    @workloads @long
    Scenario: fewer are needed, and a policy lets one go in five minutes
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 2Gi}}}
          behavior: {scaleDown: {stabilizationWindowSeconds: 0, policies: [{type: Pods, value: 1, periodSeconds: 300}]}}
        """
      Then the autoscaler brings ReplicaSet "web" to 2 replicas
      And the condition "ScalingLimited" of HorizontalPodAutoscaler "web" becomes "True" with the reason "ScaleDownLimit"
      And ReplicaSet "web" stays at 2 replicas for 20 seconds

    # A tenth of three is less than one. What stays is rounded down, so that one may go.
    @workloads @long
    Scenario: fewer are needed, and a policy lets a tenth of them go
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 2Gi}}}
          behavior: {scaleDown: {stabilizationWindowSeconds: 0, policies: [{type: Percent, value: 10, periodSeconds: 300}]}}
        """
      Then the autoscaler brings ReplicaSet "web" to 2 replicas
      And ReplicaSet "web" stays at 2 replicas for 20 seconds

    @workloads @long
    Scenario: Pods that have failed ask for nothing
      # Those that have failed come first, and are seen, so that the set takes none of them.
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          restartPolicy: Never
          containers: [{name: app, image: "${image}", command: [/workload, exit, --code=1]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: web}}
        spec:
          restartPolicy: Never
          containers: [{name: app, image: "${image}", command: [/workload, exit, --code=1]}]
        """
      And "status.phase" of Pod "one" becomes "Failed"
      And "status.phase" of Pod "two" becomes "Failed"
      And the controller of ReplicaSets has seen all sets and Pods
      And these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 2
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 2Gi}}}
          behavior: {scaleDown: {stabilizationWindowSeconds: 0}}
        """
      Then the autoscaler brings ReplicaSet "web" to 1 replica

    # A share of what is requested is one of all that a Pod's containers request, and a sidecar is one of them.
    @workloads @long
    Scenario: what sidecars use and what they request count alike
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              initContainers:
              - name: sidecar
                image: "${image}"
                command: [/workload, use-memory, --bytes=150Mi, --hold]
                restartPolicy: Always
                resources: {requests: {memory: 256Mi}}
              containers: [{name: app, image: "${image}", command: [/workload, wait], resources: {requests: {memory: 16Mi}}}]
        """
      And ReplicaSet "web" comes to have 1 Ready Pod
      And one Pod of ReplicaSet "web" is remembered as "pod"
      And Pod "${pod}" is measured to use between "150Mi" and "200Mi" of memory
      And these objects exist:
        """
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: Utilization, averageUtilization: 80}}}
        """
      Then the condition "ScalingActive" of HorizontalPodAutoscaler "web" becomes "True" with the reason "ValidMetricFound"
      And "status.currentMetrics[0].resource.current.averageUtilization" of HorizontalPodAutoscaler "web" comes to be present
      And ReplicaSet "web" stays at 1 replica for 20 seconds

    # Four more, or twice as many, whichever is more, says the API; upstream has twice as many, and four at least. Of four both make eight.
    @workloads @long @should
    Scenario: who says nothing of how fast gets twice as many at first
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 4
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 9
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 64Ki}}}
        """
      Then the condition "ScalingActive" of HorizontalPodAutoscaler "web" becomes "True" with the reason "ValidMetricFound"
      And an event "SuccessfulRescale" is recorded for HorizontalPodAutoscaler "web" that says "New size: 8"

    @workloads @long
    Scenario: as many as bring the use to its target, and no more
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
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          minReplicas: 2
          maxReplicas: 8
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 100Mi}}}
        """
      And ReplicaSet "web" comes to have 2 Ready Pods
      And one Pod of ReplicaSet "web" is remembered as "full"
      When container "app" of Pod "${full}" begins "/workload use-memory --bytes=250Mi --hold"
      # The two have about 270Mi: nothing between that and what they had asks for another number than two or three.
      Then the autoscaler brings ReplicaSet "web" to 3 replicas
      And ReplicaSet "web" comes to have 3 Ready Pods
      And ReplicaSet "web" stays at 3 replicas for 20 seconds

    @workloads @long
    Scenario: of two policies the one that changes less, if it is to be so
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 8
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 64Ki}}}
          behavior:
            scaleUp:
              selectPolicy: Min
              policies: [{type: Percent, value: 300, periodSeconds: 300}, {type: Pods, value: 1, periodSeconds: 300}]
        """
      Then the autoscaler brings ReplicaSet "web" to 2 replicas
      And the condition "ScalingLimited" of HorizontalPodAutoscaler "web" becomes "True" with the reason "ScaleUpLimit"
      And ReplicaSet "web" stays at 2 replicas for 20 seconds

    @workloads @long
    Scenario: fewer are needed than may be
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 3
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          minReplicas: 2
          maxReplicas: 3
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 2Gi}}}
          behavior: {scaleDown: {stabilizationWindowSeconds: 0}}
        """
      Then the autoscaler brings ReplicaSet "web" to 2 replicas
      And the condition "ScalingLimited" of HorizontalPodAutoscaler "web" becomes "True" with the reason "TooFewReplicas"
      And ReplicaSet "web" stays at 2 replicas for 20 seconds

    # What was found at first counts as wanted then.
    @workloads @long
    Scenario: fewer are needed, and once the window is over they are fewer
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
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 2Gi}}}
          behavior: {scaleDown: {stabilizationWindowSeconds: 15}}
        """
      Then the autoscaler brings ReplicaSet "web" to 1 replica

    # The window is five minutes then, unless who runs the cluster has set another one for all autoscalers.
    @workloads @long @should
    Scenario: fewer are needed, and nothing is said of a window
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
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 2Gi}}}
        """
      Then the condition "AbleToScale" of HorizontalPodAutoscaler "web" becomes "True" with the reason "ScaleDownStabilized"
      And ReplicaSet "web" stays at 2 replicas for 20 seconds

    @workloads @long
    Scenario Outline: of two metrics the one that asks for more counts, <what>
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
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 4
          metrics:
          - {<one>}
          - {<other>}
          behavior: {scaleDown: {stabilizationWindowSeconds: 0}}
        """
      Then the autoscaler brings ReplicaSet "web" to 4 replicas
      And the condition "ScalingActive" of HorizontalPodAutoscaler "web" becomes "True" with the reason "ValidMetricFound"

      Examples:
        | what                           | one                                                                                                                                   | other                                                                                                                                |
        | be it the first                | type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 64Ki}}                                            | type: ContainerResource, containerResource: {name: memory, container: app, target: {type: AverageValue, averageValue: 2Gi}}          |
        | be it the last                 | type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 2Gi}}                                             | type: ContainerResource, containerResource: {name: memory, container: app, target: {type: AverageValue, averageValue: 64Ki}}         |
        | be the other nobody's          | type: Pods, pods: {metric: {name: plumbline-nobodys}, target: {type: AverageValue, averageValue: "1"}}                                | type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 64Ki}}                                           |

    @workloads @long
    Scenario: a use within a tenth of its target changes nothing
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: app, image: "${image}", command: [/workload, use-memory, --bytes=200Mi, --hold]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 200Mi}}}
        """
      Then the condition "ScalingActive" of HorizontalPodAutoscaler "web" becomes "True" with the reason "ValidMetricFound"
      And the condition "AbleToScale" of HorizontalPodAutoscaler "web" becomes "True" with the reason "ReadyForNewScale"
      And the condition "ScalingLimited" of HorizontalPodAutoscaler "web" becomes "False" with the reason "DesiredWithinRange"
      And ReplicaSet "web" stays at 1 replica for 20 seconds

    # In 1.36 it is a beta, which may be switched off.
    @workloads @long @should
    Scenario: how far a use may be from its target is the autoscaler's own, if it says so
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: app, image: "${image}", command: [/workload, use-memory, --bytes=200Mi, --hold]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 2
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 198Mi}}}
          behavior: {scaleUp: {tolerance: "0"}}
        """
      Then the autoscaler brings ReplicaSet "web" to 2 replicas

    Scenario: what is left open
      Given these objects exist:
        """
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
          behavior: {scaleUp: {selectPolicy: Min}}
        """
      Then "spec.minReplicas" of HorizontalPodAutoscaler "web" is "1"
      And "spec.metrics[0].resource.name" of HorizontalPodAutoscaler "web" is "cpu"
      And "spec.metrics[0].resource.target.averageUtilization" of HorizontalPodAutoscaler "web" is "80"
      And "spec.behavior.scaleUp.selectPolicy" of HorizontalPodAutoscaler "web" is "Min"
      And "spec.behavior.scaleUp.stabilizationWindowSeconds" of HorizontalPodAutoscaler "web" is "0"
      And "spec.behavior.scaleUp.policies[type=Pods].value" of HorizontalPodAutoscaler "web" is "4"
      And "spec.behavior.scaleUp.policies[type=Percent].value" of HorizontalPodAutoscaler "web" is "100"
      And "spec.behavior.scaleDown.policies[0].value" of HorizontalPodAutoscaler "web" is "100"
      When kubectl runs "get hpa web"
      Then it prints the columns "NAME, REFERENCE, TARGETS, MINPODS, MAXPODS, REPLICAS, AGE"
      And its output contains "cpu: <unknown>/80%"

    Scenario: kubectl autoscale
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              nodeSelector: {plumbline.dev/nowhere: "true"}
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      When kubectl runs "autoscale rs web --min=2 --max=3 --cpu=70%"
      Then it exits with 0
      And it prints "horizontalpodautoscaler.autoscaling/web autoscaled"
      And "spec.maxReplicas" of HorizontalPodAutoscaler "web" is "3"
      And "spec.scaleTargetRef.kind" of HorizontalPodAutoscaler "web" is "ReplicaSet"
      And "spec.metrics[0].resource.target.averageUtilization" of HorizontalPodAutoscaler "web" is "70"
      And the autoscaler brings ReplicaSet "web" to 2 replicas
      When kubectl runs "autoscale rs web --max=4 --cpu=80%"
      Then it exits with 1
      And "spec.maxReplicas" of HorizontalPodAutoscaler "web" is "3"
      When kubectl runs "autoscale rs web --name=another --min=4 --max=3"
      Then it exits with 1
      And there is no HorizontalPodAutoscaler "another"

    Scenario: autoscaling/v1 shows the same autoscalers, and takes them
      Given these objects exist:
        """
        apiVersion: autoscaling/v1
        kind: HorizontalPodAutoscaler
        metadata: {name: old}
        spec: {scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}, maxReplicas: 3, targetCPUUtilizationPercentage: 60}
        ---
        apiVersion: autoscaling/v1
        kind: HorizontalPodAutoscaler
        metadata: {name: open}
        spec: {scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: open}, maxReplicas: 3}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: new}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: new}
          minReplicas: 2
          maxReplicas: 5
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 64Mi}}}
          - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}
        """
      Then "spec.metrics[0].resource.name" of HorizontalPodAutoscaler "old" is "cpu"
      And "spec.metrics[0].resource.target.averageUtilization" of HorizontalPodAutoscaler "old" is "60"
      And "spec.minReplicas" of HorizontalPodAutoscaler "old" is "1"
      And "spec.metrics[0].resource.target.averageUtilization" of HorizontalPodAutoscaler "open" is "80"
      When kubectl runs "get horizontalpodautoscaler.v1.autoscaling new -o jsonpath={.apiVersion},{.spec.targetCPUUtilizationPercentage},{.spec.minReplicas},{.spec.maxReplicas},{.spec.scaleTargetRef.name}"
      Then it exits with 0
      And its output contains "autoscaling/v1,70,2,5,new"
      When kubectl runs "get horizontalpodautoscaler.v2.autoscaling old -o jsonpath={.apiVersion},{.spec.maxReplicas}"
      Then its output contains "autoscaling/v2,3"
      When kubectl runs "get horizontalpodautoscaler.v1.autoscaling old"
      Then it prints the columns "NAME, REFERENCE, TARGETS, MINPODS, MAXPODS, REPLICAS, AGE"
      # Whoever writes through the one version leaves alone what only the other has a field for.
      When kubectl runs "annotate horizontalpodautoscaler.v1.autoscaling new example.com/note=kept"
      Then it exits with 0
      And "metadata.annotations['example.com/note']" of HorizontalPodAutoscaler "new" is "kept"
      And "spec.metrics[0].resource.target.averageValue" of HorizontalPodAutoscaler "new" is "64Mi"
      And "spec.metrics[1].resource.target.averageUtilization" of HorizontalPodAutoscaler "new" is "70"
      When kubectl runs "delete horizontalpodautoscaler.v1.autoscaling new"
      Then it exits with 0
      And HorizontalPodAutoscaler "new" is gone

    @should
    Scenario: in autoscaling/v1 annotations say what there are no fields for
      Given these objects exist:
        """
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 5
          metrics:
          - {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 64Mi}}}
          behavior: {scaleDown: {stabilizationWindowSeconds: 30}}
        ---
        apiVersion: autoscaling/v1
        kind: HorizontalPodAutoscaler
        metadata:
          name: noted
          annotations:
            autoscaling.alpha.kubernetes.io/metrics: '[{"type":"Resource","resource":{"name":"memory","targetAverageValue":"32Mi"}}]'
        spec: {scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: noted}, maxReplicas: 3}
        """
      And the condition "AbleToScale" of HorizontalPodAutoscaler "web" becomes "False" with the reason "FailedGetScale"
      When kubectl runs "get horizontalpodautoscaler.v1.autoscaling web -o yaml"
      Then its output matches "autoscaling.alpha.kubernetes.io/metrics: .*targetAverageValue.*64Mi"
      And its output matches "autoscaling.alpha.kubernetes.io/behavior: .*StabilizationWindowSeconds.*30"
      And its output matches "autoscaling.alpha.kubernetes.io/conditions: .*AbleToScale.*"
      And "metadata.annotations['autoscaling.alpha.kubernetes.io/metrics']" of HorizontalPodAutoscaler "web" is absent
      And "spec.metrics[0].resource.name" of HorizontalPodAutoscaler "noted" is "memory"
      And "spec.metrics[0].resource.target.averageValue" of HorizontalPodAutoscaler "noted" is "32Mi"
      And "metadata.annotations['autoscaling.alpha.kubernetes.io/metrics']" of HorizontalPodAutoscaler "noted" is absent

    Scenario Outline: an autoscaler of autoscaling/v1 with <what> is refused
      When this is submitted:
        """
        apiVersion: autoscaling/v1
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec: {scaleTargetRef: <target>, <spec>}
        """
      Then it is refused with 422 "Invalid" naming "<field>"
      And there is no HorizontalPodAutoscaler "web"

      Examples:
        | what                       | field                                              | target                                             | spec |
        | no maximum                 | spec.maxReplicas                                   | {apiVersion: apps/v1, kind: ReplicaSet, name: web} | minReplicas: 1 |
        | a minimum over the maximum | spec.maxReplicas                                   | {apiVersion: apps/v1, kind: ReplicaSet, name: web} | minReplicas: 4, maxReplicas: 3 |
        | a target without a name    | spec.scaleTargetRef.name                           | {apiVersion: apps/v1, kind: ReplicaSet}            | maxReplicas: 3 |
        | a target of nothing        | spec.metrics[0].resource.target.averageUtilization | {apiVersion: apps/v1, kind: ReplicaSet, name: web} | maxReplicas: 3, targetCPUUtilizationPercentage: 0 |

    Scenario Outline: an autoscaler with <what> is refused
      When this is submitted:
        """
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec: {scaleTargetRef: <target>, <spec>}
        """
      Then it is refused with 422 "Invalid" naming "<field>"
      And there is no HorizontalPodAutoscaler "web"

      Examples:
        | what                      | field                                            | target                                                  | spec |
        | no maximum                | spec.maxReplicas                                 | {apiVersion: apps/v1, kind: ReplicaSet, name: web}      | minReplicas: 1 |
        | a negative minimum        | spec.minReplicas                                 | {apiVersion: apps/v1, kind: ReplicaSet, name: web}      | minReplicas: -1, maxReplicas: 3 |
        | a minimum over the maximum | spec.maxReplicas                                | {apiVersion: apps/v1, kind: ReplicaSet, name: web}      | minReplicas: 4, maxReplicas: 3 |
        | a target without a kind   | spec.scaleTargetRef.kind                         | {apiVersion: apps/v1, name: web}                        | maxReplicas: 3 |
        | a target without a name   | spec.scaleTargetRef.name                         | {apiVersion: apps/v1, kind: ReplicaSet}                 | maxReplicas: 3 |
        | no type of metric         | spec.metrics[0].type                             | {apiVersion: apps/v1, kind: ReplicaSet, name: web}      | maxReplicas: 3, metrics: [{type: Guess}] |
        | no source of a metric     | spec.metrics[0].resource                         | {apiVersion: apps/v1, kind: ReplicaSet, name: web}      | maxReplicas: 3, metrics: [{type: Resource}] |
        | a target of nothing       | spec.metrics[0].resource.target.averageUtilization | {apiVersion: apps/v1, kind: ReplicaSet, name: web}    | maxReplicas: 3, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 0}}}] |
        | no amount                 | spec.metrics[0].resource.target.averageValue     | {apiVersion: apps/v1, kind: ReplicaSet, name: web}      | maxReplicas: 3, metrics: [{type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: "0"}}}] |
        | no container's name       | spec.metrics[0].containerResource.container      | {apiVersion: apps/v1, kind: ReplicaSet, name: web}      | maxReplicas: 3, metrics: [{type: ContainerResource, containerResource: {name: cpu, target: {type: AverageValue, averageValue: 1}}}] |
        | too long a window         | spec.behavior.scaleDown.stabilizationWindowSeconds | {apiVersion: apps/v1, kind: ReplicaSet, name: web}    | maxReplicas: 3, behavior: {scaleDown: {stabilizationWindowSeconds: 3601}} |
        | an unknown choice         | spec.behavior.scaleUp.selectPolicy               | {apiVersion: apps/v1, kind: ReplicaSet, name: web}      | maxReplicas: 3, behavior: {scaleUp: {selectPolicy: Most}} |
        | an unknown policy         | spec.behavior.scaleUp.policies[0].type           | {apiVersion: apps/v1, kind: ReplicaSet, name: web}      | maxReplicas: 3, behavior: {scaleUp: {policies: [{type: Guess, value: 1, periodSeconds: 15}]}} |
        | a policy of nothing       | spec.behavior.scaleUp.policies[0].value          | {apiVersion: apps/v1, kind: ReplicaSet, name: web}      | maxReplicas: 3, behavior: {scaleUp: {policies: [{type: Pods, value: 0, periodSeconds: 15}]}} |
        | too long a period         | spec.behavior.scaleUp.policies[0].periodSeconds  | {apiVersion: apps/v1, kind: ReplicaSet, name: web}      | maxReplicas: 3, behavior: {scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 1801}]}} |

  @replicasets/autoscale-needs-metrics
  Rule: without metrics an autoscaler says so, and keeps to its bounds only

    Scenario Outline: with <what> the number stays, and the reason is told
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
              nodeSelector: {plumbline.dev/nowhere: "true"}
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
          metrics:
          - <metric>
        """
      Then the condition "ScalingActive" of HorizontalPodAutoscaler "web" becomes "False" with the reason "<reason>"
      And "status.currentReplicas" of HorizontalPodAutoscaler "web" becomes "2"
      And ReplicaSet "web" stays at 2 replicas for 20 seconds

      Examples:
        | what                     | reason                  | metric |
        | Pods that do not run     | FailedGetResourceMetric | {type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 1Mi}}} |
        | a metric of nobody's     | FailedGetPodsMetric     | {type: Pods, pods: {metric: {name: plumbline-nobodys}, target: {type: AverageValue, averageValue: "1"}}} |

    @workloads @long
    Scenario Outline: one of two metrics is nobody's, and the other, <which>, would have fewer: the number stays
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
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 4
          metrics:
          - {<one>}
          - {<other>}
          behavior: {scaleDown: {stabilizationWindowSeconds: 0}}
        """
      And ReplicaSet "web" comes to have 2 Ready Pods
      Then "status.currentMetrics[<at>].resource.current.averageValue" of HorizontalPodAutoscaler "web" comes to be present
      And ReplicaSet "web" stays at 2 replicas for 20 seconds
      And the condition "ScalingActive" of HorizontalPodAutoscaler "web" becomes "False" with the reason "FailedGetPodsMetric"

      Examples:
        | which | at | one                                                                                                    | other                                                                                                  |
        | first | 0  | type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 2Gi}}              | type: Pods, pods: {metric: {name: plumbline-nobodys}, target: {type: AverageValue, averageValue: "1"}} |
        | last  | 1  | type: Pods, pods: {metric: {name: plumbline-nobodys}, target: {type: AverageValue, averageValue: "1"}} | type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 2Gi}}              |

    @workloads @long
    Scenario: with Pods that request nothing the number stays, and the reason is told
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        """
      And ReplicaSet "web" comes to have 1 Ready Pod
      And one Pod of ReplicaSet "web" is remembered as "pod"
      # What it uses is known, so that it is the request that is missing.
      And Pod "${pod}" is measured to use between "0" and "1" of cpu
      And these objects exist:
        """
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
        """
      Then the condition "ScalingActive" of HorizontalPodAutoscaler "web" becomes "False" with the reason "FailedGetResourceMetric"
      And ReplicaSet "web" stays at 1 replica for 5 seconds

    @workloads @long
    Scenario: what Pods use that have never been Ready is no reason for more of them
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              terminationGracePeriodSeconds: 1
              containers:
              - name: app
                image: "${image}"
                command: [/workload, use-cpu]
                readinessProbe: {exec: {command: [/workload, exists, /ready]}}
                resources: {requests: {cpu: 50m}, limits: {cpu: 100m}}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
          metrics:
          - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}
        """
      Then the condition "ScalingActive" of HorizontalPodAutoscaler "web" becomes "False" with the reason "FailedGetResourceMetric"
      And ReplicaSet "web" stays at 1 replica for 20 seconds

    Scenario Outline: without metrics <from> replicas are brought <where>
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: <from>
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              nodeSelector: {plumbline.dev/nowhere: "true"}
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          minReplicas: 2
          maxReplicas: 3
        """
      Then the autoscaler brings ReplicaSet "web" to <to> replicas
      And "status.desiredReplicas" of HorizontalPodAutoscaler "web" becomes "<to>"
      And "status.lastScaleTime" of HorizontalPodAutoscaler "web" comes to be present

      Examples:
        | from | where               | to |
        | 5    | down to the maximum | 3  |
        | 1    | up to the minimum   | 2  |

    Scenario: an autoscaler of a set that has been switched off does nothing
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          minReplicas: 2
          maxReplicas: 3
        """
      Then the condition "ScalingActive" of HorizontalPodAutoscaler "web" becomes "False" with the reason "ScalingDisabled"
      And ReplicaSet "web" stays at 0 replicas for 5 seconds

    @workloads @long
    Scenario: with metrics, kubectl top shows what Pods and nodes use
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: full}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, use-memory, --bytes=100Mi, --hold]}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: busy}
        spec:
          terminationGracePeriodSeconds: 1
          containers:
          - name: app
            image: "${image}"
            command: [/workload, use-cpu]
            resources: {limits: {cpu: 200m}}
        """
      Then Pod "full" is measured to use between "100Mi" and "140Mi" of memory
      And Pod "busy" is measured to use between "100m" and "240m" of cpu
      And the API comes to list the group "metrics.k8s.io"
      When kubectl runs "top pods"
      Then it prints the columns "NAME, CPU(cores), MEMORY(bytes)"
      And its output matches "(?m)^full +\d+m +1[0-4]\dMi *$"
      And its output matches "(?m)^busy +[12]\d\dm +\d+Mi *$"
      When kubectl runs "top nodes"
      Then it prints the columns "NAME, CPU(cores), CPU(%), MEMORY(bytes), MEMORY(%)"
      And its output matches "(?m)^\S+ +\d+m +\d+% +\d+Mi +\d+% *$"

  @replicasets/autoscaler-is-separate
  Rule: an autoscaler and its target are objects of their own

    Scenario: a scale by hand is overridden, until the autoscaler is deleted
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
              nodeSelector: {plumbline.dev/nowhere: "true"}
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 2
        """
      And ReplicaSet "web" comes to have 2 Pods
      When kubectl runs "scale rs web --replicas=4"
      Then the autoscaler brings ReplicaSet "web" to 2 replicas
      And ReplicaSet "web" comes to have 2 Pods
      And the Pods of ReplicaSet "web" are remembered as "pods"
      When kubectl runs "delete hpa web"
      Then HorizontalPodAutoscaler "web" is gone
      And ReplicaSet "web" keeps exactly 2 Pods for 5 seconds
      And ReplicaSet "web" still has the same Pods as "pods"
      When kubectl runs "scale rs web --replicas=3"
      Then ReplicaSet "web" comes to have 3 Pods
      And ReplicaSet "web" stays at 3 replicas for 20 seconds

    Scenario: two autoscalers of one target leave it alone
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
              nodeSelector: {plumbline.dev/nowhere: "true"}
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: one}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: other}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
        """
      Then the condition "ScalingActive" of HorizontalPodAutoscaler "one" becomes "False" with the reason "AmbiguousSelector"
      And the condition "ScalingActive" of HorizontalPodAutoscaler "other" becomes "False" with the reason "AmbiguousSelector"

    Scenario: once one of two autoscalers is gone, the other goes on
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
              nodeSelector: {plumbline.dev/nowhere: "true"}
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: one}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: other}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          maxReplicas: 3
        """
      And the condition "ScalingActive" of HorizontalPodAutoscaler "other" becomes "False" with the reason "AmbiguousSelector"
      When kubectl runs "delete hpa one"
      Then HorizontalPodAutoscaler "one" is gone
      # It asks for the Pods' use again, of which none is known.
      And the condition "ScalingActive" of HorizontalPodAutoscaler "other" becomes "False" with the reason "FailedGetResourceMetric"

    Scenario: an autoscaler may come before its target
      Given these objects exist:
        """
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: web}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: web}
          minReplicas: 2
          maxReplicas: 3
        """
      Then the condition "AbleToScale" of HorizontalPodAutoscaler "web" becomes "False" with the reason "FailedGetScale"
      When this is submitted:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              nodeSelector: {plumbline.dev/nowhere: "true"}
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then it is accepted
      And the autoscaler brings ReplicaSet "web" to 2 replicas
      # The reason is SucceededRescale until it looks again.
      And "status.conditions[type=AbleToScale].status" of HorizontalPodAutoscaler "web" becomes "True"

    @should
    Scenario: what autoscalers do, and what they cannot, is told in upstream's words
      Given these objects exist:
        """
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: many}
        spec:
          replicas: 5
          selector: {matchLabels: {app: many}}
          template:
            metadata: {labels: {app: many}}
            spec:
              nodeSelector: {plumbline.dev/nowhere: "true"}
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: many}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: many}
          maxReplicas: 3
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: shared}
        spec:
          replicas: 2
          selector: {matchLabels: {app: shared}}
          template:
            metadata: {labels: {app: shared}}
            spec:
              nodeSelector: {plumbline.dev/nowhere: "true"}
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: one}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: shared}
          maxReplicas: 3
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: other}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: shared}
          maxReplicas: 3
        ---
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: early}
        spec:
          scaleTargetRef: {apiVersion: apps/v1, kind: ReplicaSet, name: nothing}
          maxReplicas: 3
        """
      Then an event "SuccessfulRescale" is recorded for HorizontalPodAutoscaler "many" that says "New size: 3; reason: Current number of replicas above Spec.MaxReplicas"
      And an event "FailedGetResourceMetric" is recorded for HorizontalPodAutoscaler "many"
      And an event "FailedComputeMetricsReplicas" is recorded for HorizontalPodAutoscaler "many" that says "invalid metrics (1 invalid out of 1)"
      And the condition "ScalingActive" of HorizontalPodAutoscaler "other" becomes "False" with the reason "AmbiguousSelector", and says "controlled by more than one HPA"
      And an event "AmbiguousSelector" is recorded for HorizontalPodAutoscaler "other"
      And the condition "AbleToScale" of HorizontalPodAutoscaler "early" becomes "False" with the reason "FailedGetScale", and says "not found"
      And an event "FailedGetScale" is recorded for HorizontalPodAutoscaler "early"

  Rule: what the book said of the component that measures, and what became of it

    # The book's day: heapster, in the namespace kube-system, collects what Pods and nodes use. It was retired; today the use is told by the
    # API group metrics.k8s.io, which metrics-server usually brings, and which kubectl top and autoscalers ask.
    @historic @replicasets/heapster @workloads
    Scenario: metrics.k8s.io has taken heapster's place
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        """
      And Pod "web" is measured to use between "64Ki" and "64Mi" of memory
      When kubectl runs "get --raw /apis/metrics.k8s.io/v1beta1"
      Then it exits with 0
      And its output contains "NodeMetrics"
      And its output contains "PodMetrics"
      When kubectl runs "get deployment heapster --namespace=kube-system"
      Then it exits with 1
