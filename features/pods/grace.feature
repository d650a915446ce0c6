@workloads
Feature: Grace periods
  A Pod that is deleted is not simply gone. Its processes are told to end, and are given time to do so; only when that
  time is over are they killed.

  @pods/default-grace-period
  Rule: the grace period is 30 seconds, unless somebody says otherwise

    @api
    Scenario: the default stands in the Pod
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then "spec.terminationGracePeriodSeconds" of Pod "web" is "30"

    @long
    Scenario: a process that ignores SIGTERM is killed after 30 seconds
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: stubborn}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait, --ignore-sigterm]}]
        """
      And Pod "stubborn" is Ready
      And the log of Pod "stubborn" is followed
      When Pod "stubborn" is deleted
      Then it is accepted
      And the answer has "30" in "metadata.deletionGracePeriodSeconds"
      And "metadata.deletionTimestamp" of Pod "stubborn" is present
      And the log of Pod "stubborn" says "signal=SIGTERM"
      And the process of Pod "stubborn" ends between 29 and 36 seconds after the deletion
      And Pod "stubborn" is gone

    Scenario: a process that ends by itself is not waited for
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: polite}
        spec:
          terminationGracePeriodSeconds: 60
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "polite" is Ready
      And the log of Pod "polite" is followed
      When Pod "polite" is deleted
      Then the process of Pod "polite" ends within 10 seconds after the deletion
      And the log of Pod "polite" says "signal=SIGTERM" before "exiting code=0"
      And Pod "polite" is gone within 30 seconds

    # One after the other they would take 48 s. A busy node has its time for what comes after the processes' end.
    @long
    Scenario: every container gets SIGTERM at once
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: pair}
        spec:
          terminationGracePeriodSeconds: 60
          containers:
          - {name: slow, image: "${image}", command: [/workload, wait, --term-delay=24s]}
          - {name: slower, image: "${image}", command: [/workload, wait, --term-delay=24s]}
        """
      And Pod "pair" is Ready
      And the log of container "slow" of Pod "pair" is followed
      And the log of container "slower" of Pod "pair" is followed
      When Pod "pair" is deleted
      Then it is accepted
      And Pod "pair" is gone within 45 seconds

  @pods/custom-grace-period
  Rule: the Pod and whoever deletes it may choose another period

    Scenario: the Pod's own period
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: stubborn}
        spec:
          terminationGracePeriodSeconds: 4
          containers: [{name: app, image: "${image}", command: [/workload, wait, --ignore-sigterm]}]
        """
      And Pod "stubborn" is Ready
      And the log of Pod "stubborn" is followed
      When Pod "stubborn" is deleted
      Then the answer has "4" in "metadata.deletionGracePeriodSeconds"
      And the process of Pod "stubborn" ends between 3 and 10 seconds after the deletion
      And Pod "stubborn" is gone

    Scenario: the deletion overrides the Pod's period
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: stubborn}
        spec:
          terminationGracePeriodSeconds: 60
          containers: [{name: app, image: "${image}", command: [/workload, wait, --ignore-sigterm]}]
        """
      And Pod "stubborn" is Ready
      And the log of Pod "stubborn" is followed
      When Pod "stubborn" is deleted with a grace period of 3 seconds
      Then the answer has "3" in "metadata.deletionGracePeriodSeconds"
      And the answer has "60" in "spec.terminationGracePeriodSeconds"
      And the process of Pod "stubborn" ends between 2 and 9 seconds after the deletion
      And Pod "stubborn" is gone

    Scenario: a second deletion with a longer period changes nothing
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: stubborn}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait, --ignore-sigterm]}]
        """
      And Pod "stubborn" is Ready
      And the log of Pod "stubborn" is followed
      When Pod "stubborn" is deleted with a grace period of 4 seconds
      And "metadata.deletionTimestamp" of the answer is remembered as "the end"
      And Pod "stubborn" is deleted with a grace period of 50 seconds
      Then it is accepted
      And the answer has "4" in "metadata.deletionGracePeriodSeconds"
      And the answer has "${the end}" in "metadata.deletionTimestamp"
      And the process of Pod "stubborn" ends between 3 and 10 seconds after the deletion

    Scenario: a second deletion with a shorter period shows in the object
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: slow}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait, --term-delay=6s]}]
        """
      And Pod "slow" is Ready
      And the log of Pod "slow" is followed
      When Pod "slow" is deleted with a grace period of 60 seconds
      And "metadata.deletionTimestamp" of the answer is remembered as "the end"
      And Pod "slow" is deleted with a grace period of 10 seconds
      Then it is accepted
      And the answer has "10" in "metadata.deletionGracePeriodSeconds"
      And the answer has an earlier time than "${the end}" in "metadata.deletionTimestamp"
      And Pod "slow" is gone

    # Upstream's kubelet 1.37 hears of the shorter period and still waits out the longer one: SyncTerminatingPod does not
    # listen to its caller's context (kubernetes/kubernetes#113606).
    @should
    Scenario: a second deletion with a shorter period moves the end forward
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: stubborn}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait, --ignore-sigterm]}]
        """
      And Pod "stubborn" is Ready
      And the log of Pod "stubborn" is followed
      When Pod "stubborn" is deleted with a grace period of 60 seconds
      And the log of Pod "stubborn" says "signal=SIGTERM"
      And Pod "stubborn" is deleted with a grace period of 4 seconds
      Then it is accepted
      And the answer has "4" in "metadata.deletionGracePeriodSeconds"
      And the process of Pod "stubborn" ends between 3 and 20 seconds after the deletion
      And Pod "stubborn" is gone

    Scenario: a period of zero removes the object at once, and the process soon
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: stubborn}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait, --ignore-sigterm]}]
        """
      And Pod "stubborn" is Ready
      And the log of Pod "stubborn" is followed
      When Pod "stubborn" is deleted with a grace period of 0 seconds
      Then it is accepted
      And there is no Pod "stubborn"
      And the log of Pod "stubborn" says "signal=SIGTERM"
      And the process of Pod "stubborn" ends within 9 seconds after the deletion

    Scenario: a negative period counts as one second
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: stubborn}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait, --ignore-sigterm]}]
        """
      And Pod "stubborn" is Ready
      And the log of Pod "stubborn" is followed
      When Pod "stubborn" is deleted with a grace period of -5 seconds
      Then it is accepted
      And the answer has "1" in "metadata.deletionGracePeriodSeconds"
      And Pod "stubborn" is gone within 15 seconds

    Scenario: Pods that are deleted together have their period, each its own
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {fate: "${namespace}"}}
        spec: {terminationGracePeriodSeconds: 18, containers: [{name: app, image: "${image}", command: [/workload, wait, --ignore-sigterm]}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {fate: "${namespace}"}}
        spec: {terminationGracePeriodSeconds: 20, containers: [{name: app, image: "${image}", command: [/workload, wait, --ignore-sigterm]}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: other}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        """
      And Pods "one, two, other" are Ready
      When the Pods with the selector "fate=${namespace}" are deleted together
      Then "metadata.deletionGracePeriodSeconds" of Pod "one" is "18"
      And "metadata.deletionGracePeriodSeconds" of Pod "two" is "20"
      And Pod "one" is gone
      And Pod "two" is gone
      And Pod "other" is Ready

    Scenario: a preStop hook runs before SIGTERM
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: hooked}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            lifecycle:
              preStop: {exec: {command: [/workload, sleep, "4"]}}
        """
      And Pod "hooked" is Ready
      And the log of Pod "hooked" is followed
      When Pod "hooked" is deleted
      Then the process of Pod "hooked" ends between 4 and 12 seconds after the deletion
      And the log of Pod "hooked" says "signal=SIGTERM"
      And Pod "hooked" is gone

    Scenario: a preStop hook does not prolong the period by more than two seconds
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: hooked}
        spec:
          terminationGracePeriodSeconds: 3
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait, --ignore-sigterm]
            lifecycle:
              preStop: {exec: {command: [/workload, sleep, "60"]}}
        """
      And Pod "hooked" is Ready
      And the log of Pod "hooked" is followed
      When Pod "hooked" is deleted
      Then the process of Pod "hooked" ends between 2 and 12 seconds after the deletion
      And the log of Pod "hooked" says "ignoring signal=SIGTERM"
      And Pod "hooked" is gone

    # Kubernetes' documentation has the two seconds more. The process needs none of them.
    Scenario: after a preStop hook that takes too long the process may still end by itself
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: hooked}
        spec:
          terminationGracePeriodSeconds: 3
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            lifecycle: {preStop: {exec: {command: [/workload, sleep, "60"]}}}
        """
      And Pod "hooked" is Ready
      And the log of Pod "hooked" is followed
      When Pod "hooked" is deleted
      Then the process of Pod "hooked" ends between 2 and 12 seconds after the deletion
      And the log of Pod "hooked" says "signal=SIGTERM" before "exiting code=0"
      And Pod "hooked" is gone

    Scenario: the time of a preStop hook is part of the period
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: hooked}
        spec:
          terminationGracePeriodSeconds: 14
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait, --ignore-sigterm]
            lifecycle: {preStop: {exec: {command: [/workload, sleep, "11"]}}}
        """
      And Pod "hooked" is Ready
      And the log of Pod "hooked" is followed
      When Pod "hooked" is deleted
      Then the process of Pod "hooked" ends between 13 and 22 seconds after the deletion

    Scenario: a Pod that waits to be started again is not waited for
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          terminationGracePeriodSeconds: 90
          containers: [{name: app, image: "${image}", command: [/workload, exit, --code=1]}]
        """
      And "status.containerStatuses[name=app].state.waiting.reason" of Pod "app" becomes "CrashLoopBackOff"
      When Pod "app" is deleted
      Then Pod "app" is gone within 45 seconds

    Scenario: a Pod that is still at its beginning ends there
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: witness}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, serve]}]}
        """
      And Pod "witness" is Ready
      And "status.podIP" of Pod "witness" is remembered as "address"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          terminationGracePeriodSeconds: 60
          initContainers:
          - {name: first, image: "${image}", command: [/workload, wait, --term-delay=2s]}
          - {name: second, image: "${image}", command: [/workload, http, "http://${address}:8080/status/201"]}
          containers: [{name: app, image: "${image}", command: [/workload, steps, "http http://${address}:8080/status/202", wait]}]
        """
      And "status.initContainerStatuses[name=first].state.running.startedAt" of Pod "app" comes to be present
      And the log of container "first" of Pod "app" says "started"
      When Pod "app" is deleted
      Then the log of container "first" of Pod "app" says "signal=SIGTERM" before "exiting code=0"
      And Pod "app" is gone within 45 seconds
      And Pod "witness" has never been asked for "/status/201"
      And Pod "witness" has never been asked for "/status/202"

    # Somebody else's finalizer keeps the object, so that its last word can be read.
    Scenario: a Pod that is deleted and held has succeeded or failed, as its processes ended
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: well, finalizers: [example.com/hold]}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: ill, finalizers: [example.com/hold]}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, wait, --term-code=3]}]}
        """
      And Pods "well, ill" are Ready
      And the log of Pod "well" is followed
      And the log of Pod "ill" is followed
      When Pod "well" is deleted
      And Pod "ill" is deleted
      Then "status.phase" of Pod "well" becomes "Succeeded"
      And "status.containerStatuses[name=app].state.terminated.exitCode" of Pod "well" is "0"
      And container "app" of Pod "well" has not been restarted
      And "status.phase" of Pod "ill" becomes "Failed"
      And "status.containerStatuses[name=app].state.terminated.exitCode" of Pod "ill" is "3"
      And Pod "well" still exists
      When "metadata.finalizers" of Pod "well" is set to "null"
      And "metadata.finalizers" of Pod "ill" is set to "null"
      Then Pod "well" is gone
      And Pod "ill" is gone

    # The status of a Pod on its way out need not tell of it: the other container reads what a second run would have written.
    @long
    Scenario: what ends in a Pod on its way out is not started again
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: pair}
        spec:
          terminationGracePeriodSeconds: 60
          volumes: [{name: work, emptyDir: {}}]
          containers:
          - {name: quick, image: "${image}", command: [/workload, steps, append /work/story begun, wait], volumeMounts: [{name: work, mountPath: /work}]}
          - {name: slow, image: "${image}", command: [/workload, wait, --term-delay=14s], volumeMounts: [{name: work, mountPath: /work}]}
        """
      And Pod "pair" is Ready
      And the log of container "quick" of Pod "pair" is followed
      And the log of container "slow" of Pod "pair" is followed
      When Pod "pair" is deleted
      Then the log of container "quick" of Pod "pair" says "exiting code=0"
      And Pod "pair" exists for 4 seconds
      When container "slow" of Pod "pair" executes "/workload cat /work/story"
      Then its output matches "^begun\n$"
      And Pod "pair" is gone within 45 seconds

    # The log that is followed is the first one's.
    Scenario: a Pod that is deleted by force has an heir of the same name on its node, whom its end does not concern
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: stubborn}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait, --ignore-sigterm]}]
        """
      And Pod "stubborn" is Ready
      And "spec.nodeName" of Pod "stubborn" is remembered as "node"
      And the log of Pod "stubborn" is followed
      When Pod "stubborn" is deleted with a grace period of 0 seconds
      Then it is accepted
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: stubborn}
        spec:
          nodeName: ${node}
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {httpGet: {path: /readyz, port: 8080}, timeoutSeconds: 10, periodSeconds: 1}
        """
      Then the log of Pod "stubborn" says "signal=SIGTERM"
      And the process of Pod "stubborn" ends within 9 seconds after the deletion
      And Pod "stubborn" becomes Ready
      And Pod "stubborn" stays Ready for 4 seconds
      And container "app" of Pod "stubborn" has not been restarted
      When kubectl runs "logs stubborn"
      Then it exits with 0
      And its output contains "started"
      And its output does not contain "signal=SIGTERM"

    Scenario: a preStop hook that sleeps
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: hooked}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            lifecycle: {preStop: {sleep: {seconds: 4}}}
        """
      And Pod "hooked" is Ready
      And the log of Pod "hooked" is followed
      When Pod "hooked" is deleted
      Then the process of Pod "hooked" ends between 4 and 12 seconds after the deletion
      And the log of Pod "hooked" says "signal=SIGTERM"

    Scenario: a preStop hook that asks the container itself, and waits for its answer
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: hooked}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --port=8088]
            ports: [{name: main, containerPort: 8088}]
            lifecycle: {preStop: {httpGet: {path: "/slow?seconds=3", port: main}}}
        """
      And Pod "hooked" is Ready
      And the log of Pod "hooked" is followed
      And the log of Pod "hooked" says "serving"
      When Pod "hooked" is deleted
      Then the log of Pod "hooked" says "slow-answered" before "signal=SIGTERM"
      And Pod "hooked" is gone

    Scenario: a preStop hook runs before a restart, too
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: hooked}
        spec:
          volumes: [{name: work, emptyDir: {}}]
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            lifecycle: {preStop: {exec: {command: [/workload, steps, sleep 2, append /work/story hook]}}}
            startupProbe: {tcpSocket: {port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}
            livenessProbe: {httpGet: {path: /livez, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 1}
            volumeMounts: [{name: work, mountPath: /work}]
        """
      And Pod "hooked" is Ready
      When container "app" of Pod "hooked" executes "/workload control path=/livez status=500"
      Then container "app" of Pod "hooked" is restarted
      And Pod "hooked" becomes Ready
      When container "app" of Pod "hooked" executes "/workload cat /work/story"
      Then its output matches "^hook\n$"

    Scenario: a preStop hook that fails is told of, and holds nothing up
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: hooked}
        spec:
          terminationGracePeriodSeconds: 60
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            lifecycle: {preStop: {exec: {command: [/workload, exit, --code=3]}}}
        """
      And Pod "hooked" is Ready
      And the log of Pod "hooked" is followed
      When Pod "hooked" is deleted
      Then the process of Pod "hooked" ends within 10 seconds after the deletion
      And the log of Pod "hooked" says "signal=SIGTERM"
      And an event "FailedPreStopHook" is recorded for Pod "hooked"
      And Pod "hooked" is gone within 30 seconds

    @api
    Scenario Outline: a hook <what> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: hooked}
        spec:
          terminationGracePeriodSeconds: 30
          containers: [{name: app, image: example.com/app:1, lifecycle: {<hook>}}]
        """
      Then it is refused with 422 "Invalid" naming "spec.containers[0].lifecycle.<field>"
      And there is no Pod "hooked"

      Examples:
        | what                          | hook                                                               | field                  |
        | that does nothing             | preStop: {}                                                        | preStop                |
        | that does two things          | preStop: {exec: {command: [a]}, httpGet: {port: 80}}               | preStop.httpGet        |
        | that sleeps beyond the end    | preStop: {sleep: {seconds: 31}}                                    | preStop.sleep          |
        | with an empty command         | postStart: {exec: {command: []}}                                   | postStart.exec.command |
        | that asks no port             | postStart: {httpGet: {path: /}}                                    | postStart.httpGet.port |

    @api
    Scenario: a Pod that is on no node goes at once
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: nowhere}
        spec:
          nodeSelector: {plumbline.dev/no-such-node: "true"}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      When Pod "nowhere" is deleted
      Then it is accepted
      And there is no Pod "nowhere"

    # Nobody is on that node who could take it away.
    @api
    Scenario Outline: a Pod that has <phase> goes at once
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: over}
        spec:
          nodeName: node-that-there-is-not
          terminationGracePeriodSeconds: 60
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      When the status of Pod "over" is patched with:
        """
        status: {phase: <phase>}
        """
      Then it is accepted
      When Pod "over" is deleted
      Then it is accepted
      And there is no Pod "over"

      Examples:
        | phase     |
        | Succeeded |
        | Failed    |

    @api
    Scenario: a period in the manifest that is no number is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          terminationGracePeriodSeconds: soon
          containers: [{name: app, image: "${image}"}]
        """
      Then it is refused with 400 "BadRequest"
      And the refusal says "terminationGracePeriodSeconds"
      And there is no Pod "web"

  @pods/liveness-restarts @pods/readiness-removes-from-service
  Rule: of a Pod that is going one wants to know whether it still serves, and no more whether it lives

    @long
    Scenario: readiness probes go on, liveness probes do not
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          terminationGracePeriodSeconds: 60
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --term-delay=20s]
            readinessProbe: {httpGet: {path: /readyz, port: 8080}, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 1}
            startupProbe: {tcpSocket: {port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}
            livenessProbe: {httpGet: {path: /livez, port: 8080}, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 1}
        """
      And Pod "app" is Ready
      And the log of Pod "app" is followed
      When Pod "app" is deleted
      And container "app" of Pod "app" executes "/workload control path=/livez status=500"
      And container "app" of Pod "app" executes "/workload control path=/readyz status=503"
      Then Pod "app" becomes unready
      # It is the probe that has said so, not the end of the process.
      When container "app" of Pod "app" executes "/workload hostname"
      Then it exits with 0
      And the process of Pod "app" ends between 18 and 40 seconds after the deletion

  @pods/grace-period-finishes-requests
  Rule: requests that are under way finish within the grace period

    @network
    Scenario: a slow request survives the deletion of its Pod
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web, labels: {app: web}}
        spec:
          terminationGracePeriodSeconds: 60
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          selector: {app: web}
          ports: [{port: 80, targetPort: 8080}]
        """
      And Pods "web, client" are Ready
      And the ready endpoints of Service "web" come to be exactly the Pods "web"
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "web"
      And the log of Pod "web" is followed
      When container "client" of Pod "client" begins "/workload http http://${address}/slow?seconds=6 --timeout=25s"
      And the log of Pod "web" says "slow-begun"
      And Pod "web" is deleted
      Then the ready endpoints of Service "web" come to be exactly the Pods ""
      And what was begun exits with 0
      And the log of Pod "web" says "signal=SIGTERM" before "slow-answered"
      And the process of Pod "web" ends within 5 seconds after the log says "slow-answered"
      And Pod "web" is gone within 30 seconds

    # Only new connections go to the other Pod: the one that is under way belongs to the first, although that is no endpoint any more.
    @network @services/proxy-follows-endpoints
    Scenario: a slow request survives the deletion of its Pod although another has taken over
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          terminationGracePeriodSeconds: 60
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: spare}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          selector: {app: web}
          ports: [{port: 80, targetPort: 8080}]
        """
      And Pods "one, two, client" are Ready
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one"
      And the log of Pod "one" is followed
      When container "client" of Pod "client" begins "/workload http http://${address}/slow?seconds=8 --timeout=25s"
      And the log of Pod "one" says "slow-begun"
      And Pod "two" is labelled "app=web"
      And Pod "one" is deleted
      Then the ready endpoints of Service "web" come to be exactly the Pods "two"
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "two"
      And what was begun exits with 0
      And the log of Pod "one" says "signal=SIGTERM" before "slow-answered"
