@workloads
Feature: Processes
  The least that Kubernetes does for a container needs no declaration: when its main process ends, it is started again.

  @pods/process-health
  Rule: what happens after the end of a process is the restart policy's to say

    Scenario Outline: <policy> after exit code <code>: restarted
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: <policy>
          containers: [{name: app, image: "${image}", command: [/workload, exit, --code=<code>, --after=1s]}]
        """
      Then container "app" of Pod "app" is restarted
      And "status.containerStatuses[name=app].lastState.terminated.exitCode" of Pod "app" becomes "<code>"
      And "status.containerStatuses[name=app].lastState.terminated.reason" of Pod "app" is "<reason>"
      And "status.phase" of Pod "app" is "Running"

      Examples:
        | policy    | code | reason    |
        | Always    | 0    | Completed |
        | Always    | 3    | Error     |
        | OnFailure | 3    | Error     |

    Scenario Outline: <policy> after exit code <code>: <phase>
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: <policy>
          containers: [{name: app, image: "${image}", command: [/workload, exit, --code=<code>, --after=1s]}]
        """
      Then "status.phase" of Pod "app" becomes "<phase>"
      And "status.containerStatuses[name=app].state.terminated.exitCode" of Pod "app" is "<code>"
      And "status.containerStatuses[name=app].state.terminated.reason" of Pod "app" is "<reason>"
      And container "app" of Pod "app" has not been restarted
      And Pod "app" is not Ready

      Examples:
        | policy    | code | phase     | reason    |
        | OnFailure | 0    | Succeeded | Completed |
        | Never     | 0    | Succeeded | Completed |
        | Never     | 3    | Failed    | Error     |

    Scenario: a container that keeps ending is started ever later
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, exit, --code=1]}]
        """
      Then "status.phase" of Pod "app" becomes "Running"
      And container "app" of Pod "app" is restarted within 8 seconds
      And "status.containerStatuses[name=app].state.waiting.reason" of Pod "app" becomes "CrashLoopBackOff"
      And "status.containerStatuses[name=app].lastState.terminated.exitCode" of Pod "app" is "1"
      And container "app" of Pod "app" is restarted at least 2 times

    @slow
    Scenario: the pause before each restart is twice the one before
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, exit, --code=1]}]
        """
      Then the restarts of container "app" of Pod "app" after the first wait at least 10, 20 and 40 seconds

    # Kubernetes' documentation has the ten minutes. Without them there would be 20 seconds before the third restart, and 40 before the fourth.
    @slow
    Scenario: after ten minutes without an end the pauses begin anew
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {tcpSocket: {port: 8080}, periodSeconds: 1}
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload control exit=1"
      Then container "app" of Pod "app" is restarted
      And Pod "app" becomes Ready
      When container "app" of Pod "app" executes "/workload control exit=1"
      Then container "app" of Pod "app" is restarted at least 2 times
      And Pod "app" becomes Ready
      And container "app" of Pod "app" runs on for 605 seconds
      When container "app" of Pod "app" executes "/workload control exit=1"
      Then restart 3 of container "app" of Pod "app" comes within 12 seconds of the end before it
      And Pod "app" becomes Ready
      When container "app" of Pod "app" executes "/workload control exit=1"
      Then restart 4 of container "app" of Pod "app" comes within 25 seconds of the end before it

    Scenario: the pauses of one container are not another's
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: pair}
        spec:
          containers:
          - {name: bad, image: "${image}", command: [/workload, exit, --code=1]}
          - {name: other, image: "${image}", command: [/workload, serve]}
        """
      And container "bad" of Pod "pair" is restarted
      And container "bad" of Pod "pair" is restarted at least 2 times
      When container "other" of Pod "pair" executes "/workload control exit=1"
      Then restart 1 of container "other" of Pod "pair" comes within 15 seconds of the end before it

    Scenario: each end is told of in its turn, and it is the last that counts
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: OnFailure
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {httpGet: {path: /readyz, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload control exit=3"
      Then container "app" of Pod "app" is restarted
      And "status.containerStatuses[name=app].lastState.terminated.exitCode" of Pod "app" becomes "3"
      And Pod "app" becomes Ready
      When container "app" of Pod "app" executes "/workload control exit=4"
      Then "status.containerStatuses[name=app].lastState.terminated.exitCode" of Pod "app" becomes "4"
      And container "app" of Pod "app" is restarted at least 2 times
      And Pod "app" becomes Ready
      When container "app" of Pod "app" executes "/workload control exit=0"
      Then "status.phase" of Pod "app" becomes "Succeeded"
      And "status.containerStatuses[name=app].state.terminated.reason" of Pod "app" is "Completed"

    Scenario: one container ends, the other goes on
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: pair}
        spec:
          restartPolicy: Never
          containers:
          - {name: short, image: "${image}", command: [/workload, exit, --code=0]}
          - {name: long, image: "${image}", command: [/workload, wait]}
        """
      Then "status.containerStatuses[name=short].state.terminated.exitCode" of Pod "pair" becomes "0"
      And "status.containerStatuses[name=long].started" of Pod "pair" becomes "true"
      And "status.phase" of Pod "pair" becomes "Running"
      And Pod "pair" is not Ready

    # Kubernetes counts from the Pod's start time, which the node tells in whole seconds. Where Pods are slow to start the process has yet to be there before the
    # deadline. It has half a minute for its end, and needs none of it.
    Scenario: a Pod that has been active for as long as it may has failed, whatever its restart policy
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          activeDeadlineSeconds: 20
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: told-later}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then "status.phase" of Pod "app" becomes "Failed"
      And "status.reason" of Pod "app" is "DeadlineExceeded"
      And container "app" of Pod "app" has not been restarted
      And "status.containerStatuses[name=app].state.terminated.finishedAt" of Pod "app" is between 19 and 45 seconds after "status.startTime"
      And Pod "told-later" is Ready
      When "spec.activeDeadlineSeconds" of Pod "told-later" is set to "1"
      Then it is accepted
      And "status.phase" of Pod "told-later" becomes "Failed"
      And "status.reason" of Pod "told-later" is "DeadlineExceeded"
      And Pod "app" still exists

    # Its half minute is the Pod's own, as for any other end. The deadline is told once the program notes signals.
    Scenario: at its deadline a Pod has its grace period
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait, --term-delay=8s]}]
        """
      And Pod "app" is Ready
      And the log of Pod "app" says "started"
      When "spec.activeDeadlineSeconds" of Pod "app" is set to "1"
      Then it is accepted
      And "status.phase" of Pod "app" becomes "Failed"
      And "status.reason" of Pod "app" is "DeadlineExceeded"
      And "status.containerStatuses[name=app].state.terminated.exitCode" of Pod "app" becomes "0"

    Scenario: the deadline holds while a Pod is being prepared, or cannot begin
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: preparing}
        spec:
          activeDeadlineSeconds: 10
          terminationGracePeriodSeconds: 2
          initContainers: [{name: first, image: "${image}", command: [/workload, wait]}]
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: without}
        spec:
          activeDeadlineSeconds: 10
          terminationGracePeriodSeconds: 2
          containers: [{name: app, image: example.com/there-is-none:1, imagePullPolicy: Never}]
        """
      Then "status.phase" of Pod "preparing" becomes "Failed"
      And "status.reason" of Pod "preparing" is "DeadlineExceeded"
      And "status.phase" of Pod "without" becomes "Failed"
      And "status.reason" of Pod "without" is "DeadlineExceeded"

    @api
    Scenario Outline: a deadline after <what> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          activeDeadlineSeconds: <seconds>
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is refused with 422 "Invalid" naming "spec.activeDeadlineSeconds"
      And there is no Pod "app"

      Examples:
        | what           | seconds |
        | no time        | 0       |
        | less than none | -1      |

    @api
    Scenario: a deadline can come nearer, and not go away
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          nodeSelector: {example.com/no-such-node: "${namespace}"}
          activeDeadlineSeconds: 600
          containers: [{name: app, image: example.com/app:1}]
        """
      When "spec.activeDeadlineSeconds" of Pod "app" is set to "601"
      Then it is refused with 422 "Invalid" naming "spec.activeDeadlineSeconds"
      When "spec.activeDeadlineSeconds" of Pod "app" is set to "null"
      Then it is refused with 422 "Invalid" naming "spec.activeDeadlineSeconds"
      When "spec.activeDeadlineSeconds" of Pod "app" is set to "300"
      Then it is accepted
      And "spec.activeDeadlineSeconds" of Pod "app" is "300"

    # Upstream's nodes have obeyed it since 1.35. Ten seconds pass before the second restart.
    @should
    Scenario: the restart policy of a container goes before that of its Pod
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers:
          - {name: unsaid, image: "${image}", command: [/workload, exit, --code=0]}
          - {name: done, image: "${image}", command: [/workload, exit, --code=0], restartPolicy: OnFailure}
          - {name: failing, image: "${image}", command: [/workload, exit, --code=3], restartPolicy: OnFailure}
          - {name: never, image: "${image}", command: [/workload, exit, --code=3], restartPolicy: Never}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: brief}
        spec:
          restartPolicy: Never
          containers:
          - {name: unsaid, image: "${image}", command: [/workload, exit, --code=3]}
          - {name: failing, image: "${image}", command: [/workload, exit, --code=3], restartPolicy: OnFailure}
        """
      Then container "failing" of Pod "app" is restarted
      And container "unsaid" of Pod "app" is restarted at least 2 times
      And container "done" of Pod "app" has not been restarted
      And container "never" of Pod "app" has not been restarted
      And "status.containerStatuses[name=never].state.terminated.exitCode" of Pod "app" is "3"
      And "status.phase" of Pod "app" is "Running"
      And container "failing" of Pod "brief" is restarted
      And container "unsaid" of Pod "brief" has not been restarted
      And "status.phase" of Pod "brief" is "Running"

    @should
    Scenario: the rules of a container go before its restart policy
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: listed}
        spec:
          restartPolicy: Never
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {tcpSocket: {port: 8080}, timeoutSeconds: 10, periodSeconds: 1}
            restartPolicy: Never
            restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [42, 43]}}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: others}
        spec:
          restartPolicy: Never
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {tcpSocket: {port: 8080}, timeoutSeconds: 10, periodSeconds: 1}
            restartPolicy: Never
            restartPolicyRules: [{action: Restart, exitCodes: {operator: NotIn, values: [0, 42]}}]
        """
      And Pods "listed, others" are Ready
      When container "app" of Pod "listed" executes "/workload control exit=43"
      Then container "app" of Pod "listed" is restarted
      And Pod "listed" becomes Ready
      When container "app" of Pod "listed" executes "/workload control exit=3"
      Then "status.phase" of Pod "listed" becomes "Failed"
      And "status.containerStatuses[name=app].state.terminated.exitCode" of Pod "listed" is "3"
      And "status.containerStatuses[name=app].restartCount" of Pod "listed" is "1"
      When container "app" of Pod "others" executes "/workload control exit=3"
      Then container "app" of Pod "others" is restarted
      And Pod "others" becomes Ready
      When container "app" of Pod "others" executes "/workload control exit=42"
      Then "status.phase" of Pod "others" becomes "Failed"
      And "status.containerStatuses[name=app].state.terminated.exitCode" of Pod "others" is "42"
      And "status.containerStatuses[name=app].restartCount" of Pod "others" is "1"

    @api
    Scenario: an unknown restart policy is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: Sometimes
          containers: [{name: app, image: "${image}"}]
        """
      Then it is refused with 422 "Invalid" naming "spec.restartPolicy"
      And there is no Pod "app"

  @pods/kubelet-creates-containers
  Rule: every declared container runs as declared

    # The image says: /workload wait, with the variable MADE_BY=plumbline.
    Scenario: command, arguments and environment
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers:
          - {name: unsaid, image: "${image}"}
          - name: one
            image: "${image}"
            command: [/workload]
            args: [print, "$(GREETING), $(NAME) in $$(braces)", --then-wait]
            env: [{name: NAME, value: world}, {name: GREETING, value: hello}]
          - name: two
            image: "${image}"
            args: [print, own words, --then-wait]
            env:
            - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
            - {name: ADDRESS, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
            - {name: MADE_BY, value: somebody}
        """
      And Pod "app" is Ready
      And "status.podIP" of Pod "app" is remembered as "address"
      Then container "unsaid" of Pod "app" executes "/workload env MADE_BY"
      And it prints "plumbline"
      And container "two" of Pod "app" executes "/workload env MADE_BY"
      And it prints "somebody"
      And container "two" of Pod "app" executes "/workload env POD"
      And it prints "app"
      And container "two" of Pod "app" executes "/workload env ADDRESS"
      And it prints "${address}"
      And the log of container "one" of Pod "app" says "hello, world in $(braces)"
      And the log of container "two" of Pod "app" says "own words"
      And "status.containerStatuses[name=one].ready" of Pod "app" is "true"
      And "status.containerStatuses[name=two].ready" of Pod "app" is "true"

    # A variable is known to those that stand after it.
    Scenario: references to variables in commands, arguments and variables
      Given these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings}
        data: {COLOUR: blue}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, print, "$(ONE), $(TWO), $$(ONE), $$$(ONE), $(NONE), $(COLOUR), $ONE, $(ONE", --then-wait]
            envFrom: [{configMapRef: {name: settings}}]
            env:
            - {name: ONE, value: first}
            - {name: TWO, value: "$(ONE) and second"}
            - {name: EARLY, value: "$(LATE)"}
            - {name: LATE, value: late}
            - {name: QUOTED, value: "$$(ONE)"}
            - {name: UNKNOWN, value: "$(NONE)"}
            - {name: PAINTED, value: "$(COLOUR)"}
          - name: other
            image: "${image}"
            command: [/workload]
            args: [print, "$(ONE), $$(ONE), $(NONE)", --then-wait]
            env: [{name: ONE, value: "of another"}]
        """
      And Pod "app" is Ready
      Then the log of container "app" of Pod "app" says "first, first and second, $(ONE), $first, $(NONE), blue, $ONE, $(ONE"
      And the log of container "other" of Pod "app" says "of another, $(ONE), $(NONE)"
      When container "app" of Pod "app" executes "/workload env"
      Then its output matches "(?m)^TWO=first and second$"
      And its output matches "(?m)^EARLY=\$\(LATE\)$"
      And its output matches "(?m)^QUOTED=\$\(ONE\)$"
      And its output matches "(?m)^UNKNOWN=\$\(NONE\)$"
      And its output matches "(?m)^PAINTED=blue$"

    Scenario: init containers run first, one after the other, to their end
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: work, emptyDir: {}}]
          initContainers:
          - {name: first, image: "${image}", command: [/workload, steps, sleep 5, append /work/order first], volumeMounts: [{name: work, mountPath: /work}]}
          - {name: second, image: "${image}", command: [/workload, steps, sleep 1, append /work/order second], volumeMounts: [{name: work, mountPath: /work}]}
          containers:
          - {name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: work, mountPath: /work}]}
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload cat /work/order"
      Then its output matches "^first\nsecond\n$"
      And "status.initContainerStatuses[name=second].state.terminated.exitCode" of Pod "app" is "0"
      # And not again when a container is.
      Given the log of Pod "app" is followed
      When container "app" of Pod "app" executes "/workload signal 1 SIGTERM"
      Then container "app" of Pod "app" is restarted
      And Pod "app" becomes Ready
      When container "app" of Pod "app" executes "/workload cat /work/order"
      Then its output matches "^first\nsecond\n$"
      And "status.initContainerStatuses[name=first].restartCount" of Pod "app" is "0"

    Scenario: sidecars start in their place, are restarted, and do not keep the Pod from its end
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 2
          volumes: [{name: work, emptyDir: {}}]
          initContainers:
          - {name: first, image: "${image}", command: [/workload, append, /work/order, first], volumeMounts: [{name: work, mountPath: /work}]}
          - name: sidecar
            restartPolicy: Always
            image: "${image}"
            command: [/workload, steps, sleep 2, append /work/order sidecar, touch /work/up, wait]
            startupProbe: {exec: {command: [/workload, exists, /work/up]}, periodSeconds: 1, timeoutSeconds: 5, failureThreshold: 60}
            volumeMounts: [{name: work, mountPath: /work}]
          - {name: second, image: "${image}", command: [/workload, append, /work/order, second], volumeMounts: [{name: work, mountPath: /work}]}
          containers:
          - {name: app, image: "${image}", command: [/workload, serve], volumeMounts: [{name: work, mountPath: /work}]}
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload cat /work/order"
      Then its output matches "^first\nsidecar\nsecond\n$"
      And "status.initContainerStatuses[name=sidecar].started" of Pod "app" is "true"
      When container "sidecar" of Pod "app" executes "/workload signal 1 SIGTERM"
      Then "status.initContainerStatuses[name=sidecar].restartCount" of Pod "app" becomes "1"
      And Pod "app" becomes Ready
      And container "app" of Pod "app" has not been restarted
      When container "app" of Pod "app" executes "/workload control exit=0"
      Then "status.phase" of Pod "app" becomes "Succeeded"
      And "status.containerStatuses[name=app].state.terminated.reason" of Pod "app" is "Completed"
      And "status.initContainerStatuses[name=sidecar].state.terminated.exitCode" of Pod "app" is present

    # A sidecar is ended for the Pod's end, however it takes that.
    Scenario: how a sidecar ends says nothing of its Pod
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: Never
          initContainers: [{name: sidecar, restartPolicy: Always, image: "${image}", command: [/workload, wait, --term-code=7]}]
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        """
      And Pod "app" is Ready
      And the log of container "sidecar" of Pod "app" says "started"
      When container "app" of Pod "app" executes "/workload control exit=0"
      Then "status.phase" of Pod "app" becomes "Succeeded"
      And "status.initContainerStatuses[name=sidecar].state.terminated.exitCode" of Pod "app" is "7"

    Scenario: a sidecar does not keep a Pod going whose init container has failed
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: Never
          terminationGracePeriodSeconds: 2
          initContainers:
          - {name: sidecar, restartPolicy: Always, image: "${image}", command: [/workload, wait]}
          - {name: first, image: "${image}", command: [/workload, exit, --code=3]}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then "status.phase" of Pod "app" becomes "Failed"
      And "status.initContainerStatuses[name=first].state.terminated.exitCode" of Pod "app" is "3"
      And "status.initContainerStatuses[name=sidecar].state.terminated.exitCode" of Pod "app" comes to be present

    Scenario: a Pod is as ready as its sidecars are
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: work, emptyDir: {}}]
          initContainers:
          - name: sidecar
            restartPolicy: Always
            image: "${image}"
            command: [/workload, wait]
            readinessProbe: {exec: {command: [/workload, exists, /work/up]}, periodSeconds: 1, timeoutSeconds: 5}
            volumeMounts: [{name: work, mountPath: /work}]
          containers:
          - {name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: work, mountPath: /work}]}
        """
      And "status.containerStatuses[name=app].ready" of Pod "app" becomes "true"
      Then Pod "app" stays unready for 3 seconds
      When container "app" of Pod "app" executes "/workload touch /work/up"
      Then Pod "app" becomes Ready

    @api
    Scenario: an update of a Pod does not touch its status
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          nodeSelector: {example.com/no-such-node: "${namespace}"}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      When Pod "app" is patched with:
        """
        metadata: {labels: {tier: front}}
        status: {phase: Failed, reason: Whim}
        """
      Then it is accepted
      And "metadata.labels.tier" of Pod "app" is "front"
      And "status.phase" of Pod "app" is "Pending"
      And "status.reason" of Pod "app" is absent

    Scenario: a Pod's status says of which of its states it speaks
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app, generation: 100}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        """
      And Pod "app" is Ready
      Then "metadata.generation" of Pod "app" is "1"
      And "status.observedGeneration" of Pod "app" becomes "1"
      When Pod "app" is labelled "tier=front"
      Then "metadata.generation" of Pod "app" is "1"
      When Pod "app" is patched with:
        """
        spec: {activeDeadlineSeconds: 5000}
        """
      Then it is accepted
      And "metadata.generation" of Pod "app" is "2"
      And "status.observedGeneration" of Pod "app" becomes "2"
      And Pod "app" is Ready

    Scenario: at the end sidecars go last, the first of them after the others
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: work, emptyDir: {}}]
          initContainers:
          - name: first
            restartPolicy: Always
            image: "${image}"
            command: [/workload, steps, wait, append /work/order of-first, cat /work/order]
            volumeMounts: [{name: work, mountPath: /work}]
          - name: second
            restartPolicy: Always
            image: "${image}"
            command: [/workload, steps, wait, append /work/order of-second]
            volumeMounts: [{name: work, mountPath: /work}]
          containers:
          - {name: app, image: "${image}", command: [/workload, steps, wait --term-delay=2s, append /work/order of-app], volumeMounts: [{name: work, mountPath: /work}]}
        """
      And Pod "app" is Ready
      And the log of container "first" of Pod "app" is followed
      And the log of container "second" of Pod "app" is followed
      And the log of container "app" of Pod "app" is followed
      When Pod "app" is deleted
      Then the log of container "first" of Pod "app" says "of-app" before "of-second"
      And the log of container "first" of Pod "app" says "of-second" before "of-first"

    # The app takes 9 of the 12 seconds: 3 are left to the sidecar that ignores SIGTERM. One that had a period of its own would have 12.
    Scenario: a sidecar has what the containers before it leave of the grace period
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          terminationGracePeriodSeconds: 12
          initContainers:
          - {name: stubborn, restartPolicy: Always, image: "${image}", command: [/workload, wait, --ignore-sigterm]}
          containers:
          - {name: app, image: "${image}", command: [/workload, wait, --term-delay=9s, --term-code=7]}
        """
      And Pod "app" is Ready
      And the log of container "stubborn" of Pod "app" is followed
      And the log of container "app" of Pod "app" is followed
      When Pod "app" is deleted
      Then the process of container "stubborn" of Pod "app" ends between 11 and 18 seconds after the deletion
      And container "app" of Pod "app" wrote "exiting code=7" before container "stubborn" wrote "ignoring signal=SIGTERM"
      And Pod "app" is gone

    Scenario: a sidecar that fails its liveness probe is restarted, and nothing else is
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          initContainers:
          - name: sidecar
            restartPolicy: Always
            image: "${image}"
            command: [/workload, serve]
            startupProbe: {tcpSocket: {port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}
            livenessProbe: {httpGet: {path: /livez, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 2}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "app" is Ready
      And the log of container "sidecar" of Pod "app" is followed
      And "status.containerStatuses[name=app].containerID" of Pod "app" is remembered as "app"
      When container "sidecar" of Pod "app" executes "/workload control path=/livez status=500"
      Then the log of container "sidecar" of Pod "app" says "signal=SIGTERM"
      And "status.initContainerStatuses[name=sidecar].restartCount" of Pod "app" becomes "1"
      And "status.initContainerStatuses[name=sidecar].lastState.terminated.exitCode" of Pod "app" is "0"
      And Pod "app" becomes Ready
      And container "app" of Pod "app" has not been restarted
      And "status.containerStatuses[name=app].containerID" of Pod "app" is still "${app}"

    Scenario Outline: <policy>: a failed init container <verdict>, and no container starts
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: <policy>
          initContainers: [{name: first, image: "${image}", command: [/workload, exit, --code=3]}]
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then "<field>" of Pod "app" becomes "<value>"
      And "status.phase" of Pod "app" is "<phase>"
      And "status.conditions[type=Initialized].status" of Pod "app" is "False"
      And "status.containerStatuses[name=app].state.waiting.reason" of Pod "app" is "PodInitializing"
      And "status.containerStatuses[name=app].started" of Pod "app" is "false"

      Examples:
        | policy    | verdict       | field                                                            | value | phase   |
        | Never     | fails the Pod | status.phase                                                     | Failed | Failed  |
        | OnFailure | is restarted  | status.initContainerStatuses[name=first].restartCount            | 1     | Pending |
        | Always    | is restarted  | status.initContainerStatuses[name=first].restartCount            | 1     | Pending |

    Scenario: an init container that failed and then succeeds makes way
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: work, emptyDir: {}}]
          initContainers:
          - {name: beside, restartPolicy: Always, image: "${image}", command: [/workload, wait], volumeMounts: [{name: work, mountPath: /work}]}
          - {name: first, image: "${image}", command: [/workload, exists, /work/prepared], volumeMounts: [{name: work, mountPath: /work}]}
          - {name: second, image: "${image}", command: [/workload, append, /work/story, second], volumeMounts: [{name: work, mountPath: /work}]}
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: work, mountPath: /work}]}]
        """
      Then "status.initContainerStatuses[name=first].restartCount" of Pod "app" becomes "1"
      And container "beside" of Pod "app" has executed "/workload touch /work/prepared"
      And Pod "app" becomes Ready
      And "status.initContainerStatuses[name=first].state.terminated.exitCode" of Pod "app" is "0"
      And "status.containerStatuses[name=app].restartCount" of Pod "app" is "0"
      When container "app" of Pod "app" executes "/workload cat /work/story"
      Then it prints "second"

    Scenario: what cannot be started says so
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: Never
          containers: [{name: app, image: "${image}", command: [/no/such/program]}]
        """
      Then container "app" of Pod "app" comes to have failed, or to wait with a reason
      And a warning is recorded for Pod "app" that says "/no/such/program"

    @should
    Scenario: what cannot be started says so in containerd's words
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: Never
          containers: [{name: app, image: "${image}", command: [/no/such/program]}]
        """
      Then "status.phase" of Pod "app" becomes "Failed"
      And "status.containerStatuses[name=app].state.terminated.reason" of Pod "app" is "StartError"
      And "status.containerStatuses[name=app].state.terminated.exitCode" of Pod "app" is "128"

    Scenario: a container begins where it is told, and as whom
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          securityContext: {runAsUser: 1234, runAsGroup: 2345, supplementalGroups: [4567], fsGroup: 3456}
          volumes: [{name: work, emptyDir: {}}]
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            workingDir: /work
            securityContext: {readOnlyRootFilesystem: true}
            volumeMounts: [{name: work, mountPath: /work}]
          - name: other
            image: "${image}"
            command: [/workload, wait]
            securityContext: {runAsUser: 5678}
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload id"
      Then its output contains ""uid":1234"
      And its output contains ""gid":2345"
      And its output contains "3456"
      And its output contains "4567"
      When container "other" of Pod "app" executes "/workload id"
      Then its output contains ""uid":5678"
      When container "app" of Pod "app" executes "/workload write note here"
      And container "app" of Pod "app" executes "/workload stat /work/note"
      Then its output contains ""gid":3456"
      When container "app" of Pod "app" executes "/workload write /note here"
      Then it exits with 1
      And its error output contains "read-only file system"

    Scenario: the kernel's parameters are the Pod's own
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: tuned}
        spec:
          securityContext: {sysctls: [{name: kernel.shm_rmid_forced, value: "1"}, {name: net/ipv4/ip_unprivileged_port_start, value: "80"}]}
          containers:
          - {name: one, image: "${image}", command: [/workload, wait]}
          - {name: other, image: "${image}", command: [/workload, wait]}
        """
      And Pod "tuned" is Ready
      And "spec.nodeName" of Pod "tuned" is remembered as "node"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: plain}
        spec:
          nodeName: "${node}"
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "plain" is Ready
      When container "one" of Pod "tuned" executes "/workload cat /proc/sys/kernel/shm_rmid_forced /proc/sys/net/ipv4/ip_unprivileged_port_start"
      Then its output matches "^1\s+80\s*$"
      When container "other" of Pod "tuned" executes "/workload cat /proc/sys/kernel/shm_rmid_forced /proc/sys/net/ipv4/ip_unprivileged_port_start"
      Then its output matches "^1\s+80\s*$"
      When container "app" of Pod "plain" executes "/workload cat /proc/sys/kernel/shm_rmid_forced"
      Then its output matches "^0\s*$"

    # A cluster may let more in. What the whole node would feel nobody lets in by itself.
    @should
    Scenario Outline: a node refuses <what>
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: known}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        """
      And "spec.nodeName" of Pod "known" comes to be present
      And "spec.nodeName" of Pod "known" is remembered as "node"
      When these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: greedy}
        spec:
          nodeName: "${node}"
          securityContext: {sysctls: [{name: <name>, value: "<value>"}]}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then "status.phase" of Pod "greedy" becomes "Failed"
      And "status.reason" of Pod "greedy" is "SysctlForbidden"
      And "status.message" of Pod "greedy" contains "<name>"

      Examples:
        | what                                            | name          | value |
        | a parameter of the Pod's that others would feel | kernel.msgmax | 8192  |
        | a parameter of the whole node                   | vm.swappiness | 10    |

    # Of the kernel's capabilities, in hexadecimal, the sixth digit from the right has CAP_SYS_ADMIN for its second bit.
    Scenario: a container has the rights that it is given, and no more
      Given the cluster leaves Pods as they are written
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers:
          - {name: plain, image: "${image}", command: [/workload, wait]}
          - {name: privileged, image: "${image}", command: [/workload, wait], securityContext: {privileged: true}}
          - {name: without, image: "${image}", command: [/workload, wait], securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}
          - {name: bare, image: "${image}", command: [/workload, wait], securityContext: {capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}}
        """
      And Pod "app" is Ready
      When container "plain" of Pod "app" executes "/workload id"
      Then its output matches ""CapEff":"[0-9a-f]{10}[014589cd][0-9a-f]{5}""
      And its output contains ""NoNewPrivs":"0""
      When container "privileged" of Pod "app" executes "/workload id"
      Then its output matches ""CapEff":"[0-9a-f]{10}[2367abef][0-9a-f]{5}""
      When container "without" of Pod "app" executes "/workload id"
      Then its output contains ""CapEff":"0000000000000000""
      And its output contains ""NoNewPrivs":"1""
      When container "bare" of Pod "app" executes "/workload id"
      Then its output contains ""CapEff":"0000000000000400""

    Scenario: a container that must not be root, and would be, is not started
      Given the cluster leaves Pods as they are written
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          securityContext: {runAsNonRoot: true}
          containers:
          - {name: unsaid, image: "${image}", command: [/workload, wait]}
          - {name: root, image: "${image}", command: [/workload, wait], securityContext: {runAsUser: 0}}
          - {name: allowed, image: "${image}", command: [/workload, wait], securityContext: {runAsNonRoot: false}}
          - {name: somebody, image: "${image}", command: [/workload, wait], securityContext: {runAsUser: 1234}}
        """
      Then container "unsaid" of Pod "app" comes to have failed, or to wait with a reason
      And container "root" of Pod "app" comes to have failed, or to wait with a reason
      And "status.containerStatuses[name=allowed].started" of Pod "app" becomes "true"
      And "status.containerStatuses[name=somebody].started" of Pod "app" becomes "true"
      And a warning is recorded for Pod "app" that says "root"

    Scenario Outline: the last words of a container, <where>
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: Never
          containers:
          - name: app
            image: "${image}"
            command: [/workload, steps, <words>, exit --code=3]
            <fields>
        """
      Then "status.phase" of Pod "app" becomes "Failed"
      And "status.containerStatuses[name=app].state.terminated.message" of Pod "app" is "<message>"

      Examples:
        | where                   | words                                | fields                                           | message  |
        | where they are expected | write /dev/termination-log farewell  | tty: false                                       | farewell |
        | where it was told       | write /tmp/last farewell             | terminationMessagePath: /tmp/last                | farewell |

    Scenario: the last words of a container that failed without any are those of its log
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: Never
          containers:
          - {name: quiet, image: "${image}", command: [/workload, steps, write /dev/stdout farewell, exit --code=3]}
          - {name: loud, image: "${image}", command: [/workload, steps, write /dev/stdout farewell, exit --code=3], terminationMessagePolicy: FallbackToLogsOnError}
          - {name: happy, image: "${image}", command: [/workload, steps, write /dev/stdout farewell, exit --code=0], terminationMessagePolicy: FallbackToLogsOnError}
        """
      Then "status.phase" of Pod "app" becomes "Failed"
      And "status.containerStatuses[name=quiet].state.terminated.message" of Pod "app" is absent
      And "status.containerStatuses[name=happy].state.terminated.message" of Pod "app" is absent
      And "status.containerStatuses[name=loud].state.terminated.message" of Pod "app" contains "farewell"

    Scenario: the last words of one run are not those of the next
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve], startupProbe: {tcpSocket: {port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}}]
        """
      And Pod "app" is Ready
      And container "app" of Pod "app" has executed "/workload write /dev/termination-log farewell"
      When container "app" of Pod "app" executes "/workload control exit=3"
      Then container "app" of Pod "app" is restarted
      And "status.containerStatuses[name=app].lastState.terminated.message" of Pod "app" is "farewell"
      And Pod "app" becomes Ready
      When container "app" of Pod "app" executes "/workload control exit=4"
      Then "status.containerStatuses[name=app].lastState.terminated.exitCode" of Pod "app" becomes "4"
      And "status.containerStatuses[name=app].lastState.terminated.message" of Pod "app" is absent

    Scenario: last words are heard of who ends well, and of who is not root, and are those of the file before those of the log
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: Never
          containers:
          - {name: happy, image: "${image}", command: [/workload, steps, write /dev/termination-log farewell, exit --code=0], terminationMessagePolicy: FallbackToLogsOnError}
          - name: somebody
            image: "${image}"
            command: [/workload, steps, write /dev/last-words farewell, exit --code=0]
            terminationMessagePath: /dev/last-words
            securityContext: {runAsUser: 1234}
          - {name: both, image: "${image}", command: [/workload, steps, write /dev/stdout logged, write /dev/termination-log farewell, exit --code=3], terminationMessagePolicy: FallbackToLogsOnError}
        """
      Then "status.phase" of Pod "app" becomes "Failed"
      And "status.containerStatuses[name=happy].state.terminated.message" of Pod "app" is "farewell"
      And "status.containerStatuses[name=somebody].state.terminated.exitCode" of Pod "app" is "0"
      And "status.containerStatuses[name=somebody].state.terminated.message" of Pod "app" is "farewell"
      And "status.containerStatuses[name=both].state.terminated.message" of Pod "app" is "farewell"

    # Kubernetes' documentation has 4096 bytes for what is left in the file, and does not say which of more. Of a log it has the end: 2048 bytes, or
    # 80 lines, whichever is less.
    Scenario: last words are cut
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: Never
          containers:
          - name: file
            image: "${image}"
            command: [/workload, steps, "write /dev/termination-log begin$(LONG)end", exit --code=3]
            env:
            - {name: SHORT, value: 0123456789abcdef}
            - {name: LINE, value: $(SHORT)$(SHORT)$(SHORT)$(SHORT)$(SHORT)$(SHORT)$(SHORT)$(SHORT)}
            - {name: BLOCK, value: $(LINE)$(LINE)$(LINE)$(LINE)$(LINE)$(LINE)$(LINE)$(LINE)}
            - {name: LONG, value: $(BLOCK)$(BLOCK)$(BLOCK)$(BLOCK)}
          - {name: exact, image: "${image}", command: [/workload, steps, "write /dev/termination-log $(LONG)", exit --code=3], env: [{name: SHORT, value: 0123456789abcdef}, {name: LINE, value: $(SHORT)$(SHORT)$(SHORT)$(SHORT)$(SHORT)$(SHORT)$(SHORT)$(SHORT)}, {name: BLOCK, value: $(LINE)$(LINE)$(LINE)$(LINE)$(LINE)$(LINE)$(LINE)$(LINE)}, {name: LONG, value: $(BLOCK)$(BLOCK)$(BLOCK)$(BLOCK)}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: logged}
        spec:
          restartPolicy: Never
          containers:
          - {name: lines, image: "${image}", command: [/workload, steps, print n --count=105, exit --code=3], terminationMessagePolicy: FallbackToLogsOnError}
          - {name: long, image: "${image}", command: [/workload, steps, print begin --length=3000, print end, exit --code=3], terminationMessagePolicy: FallbackToLogsOnError}
        """
      Then "status.phase" of Pod "app" becomes "Failed"
      And "status.containerStatuses[name=file].state.terminated.message" of Pod "app" is 4096 bytes long
      And "status.containerStatuses[name=file].state.terminated.message" of Pod "app" contains "0123456789abcdef"
      And "status.containerStatuses[name=exact].state.terminated.message" of Pod "app" is 4096 bytes long
      And "status.containerStatuses[name=exact].state.terminated.message" of Pod "app" matches "^0123456789abcdef"
      And "status.phase" of Pod "logged" becomes "Failed"
      And "status.containerStatuses[name=lines].state.terminated.message" of Pod "logged" matches "^([^\n]+\n){79}[^\n]+\n?$"
      And "status.containerStatuses[name=lines].state.terminated.message" of Pod "logged" contains "n 105"
      And "status.containerStatuses[name=long].state.terminated.message" of Pod "logged" is 2048 bytes long
      And "status.containerStatuses[name=long].state.terminated.message" of Pod "logged" contains "end"

    Scenario: a container is not up before its postStart hook is done
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: work, emptyDir: {}}]
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            lifecycle: {postStart: {exec: {command: [/workload, steps, sleep 3, append /work/order hook]}}}
            volumeMounts: [{name: work, mountPath: /work}]
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload cat /work/order"
      Then its output matches "^hook\n$"
      Given the log of Pod "app" is followed
      When container "app" of Pod "app" executes "/workload signal 1 SIGTERM"
      Then container "app" of Pod "app" is restarted
      And Pod "app" becomes Ready
      When container "app" of Pod "app" executes "/workload cat /work/order"
      Then its output matches "^hook\nhook\n$"

    # The one that is asked is another Pod of the node: a hook does not wait until its own container listens.
    Scenario: postStart hooks that ask, and that sleep
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: witness}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, serve]}]}
        """
      And Pod "witness" is Ready
      And "status.podIP" of Pod "witness" is remembered as "address"
      And "spec.nodeName" of Pod "witness" is remembered as "node"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: asking}
        spec:
          nodeName: "${node}"
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            lifecycle: {postStart: {httpGet: {host: "${address}", path: /status/202, port: 8080, httpHeaders: [{name: X-Plumbline, value: "from a hook"}]}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: sleeping}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            lifecycle: {postStart: {sleep: {seconds: 5}}}
        """
      Then Pods "asking, sleeping" become Ready
      And container "app" of Pod "asking" has not been restarted
      And Pod "witness" has been asked for "/status/202" at least 1 times
      When container "app" of Pod "witness" executes "/workload http http://localhost:8080/requests?path=/status/202"
      Then its output contains "from a hook"
      And "status.conditions[type=Ready].lastTransitionTime" of Pod "sleeping" is between 4 and 30 seconds after "status.containerStatuses[name=app].state.running.startedAt"

    Scenario: hooks that ask by HTTPS, whoever has signed
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: witness}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --port=8080, --https=8443]
            readinessProbe: {tcpSocket: {port: 8443}, timeoutSeconds: 10, periodSeconds: 1}
        """
      And Pod "witness" is Ready
      And "status.podIP" of Pod "witness" is remembered as "address"
      And "spec.nodeName" of Pod "witness" is remembered as "node"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: asking}
        spec:
          nodeName: "${node}"
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            lifecycle:
              postStart: {httpGet: {scheme: HTTPS, host: "${address}", path: /status/202, port: 8443}}
              preStop: {httpGet: {scheme: HTTPS, host: "${address}", path: /status/204, port: 8443}}
        """
      Then Pod "asking" becomes Ready
      And container "app" of Pod "asking" has not been restarted
      And Pod "witness" has been asked for "/status/202" at least 1 times
      And Pod "witness" has never been asked for "/status/204"
      When Pod "asking" is deleted
      Then Pod "asking" is gone
      And Pod "witness" has been asked for "/status/204" at least 1 times

    Scenario: a container whose postStart hook fails is told to end, and its restart policy holds
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          restartPolicy: Never
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --term-code=7]
            lifecycle: {postStart: {exec: {command: [/workload, steps, control reset=all, exit --code=3]}}}
        """
      Then "status.phase" of Pod "app" becomes "Failed"
      And "status.containerStatuses[name=app].state.terminated.exitCode" of Pod "app" is "7"
      And container "app" of Pod "app" has not been restarted
      And the log of Pod "app" says "signal=SIGTERM"

    Scenario: a container whose postStart hook fails is restarted
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          terminationGracePeriodSeconds: 1
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            lifecycle: {postStart: {exec: {command: [/workload, exit, --code=3]}}}
        """
      Then an event "FailedPostStartHook" is recorded for Pod "app"
      And container "app" of Pod "app" is restarted

    Scenario: variables from config maps
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
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            envFrom: [{prefix: SET_, configMapRef: {name: settings}}, {configMapRef: {name: nothing, optional: true}}]
            env:
            - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
            - {name: SIZE, valueFrom: {configMapKeyRef: {name: settings, key: size, optional: true}}}
            - {name: SET_shape, value: square}
          - name: late
            image: "${image}"
            command: [/workload, wait]
            env: [{name: SIZE, valueFrom: {configMapKeyRef: {name: settings, key: size}}}]
        """
      And container "late" of Pod "app" comes to have failed, or to wait with a reason
      And "status.containerStatuses[name=app].started" of Pod "app" becomes "true"
      When container "app" of Pod "app" executes "/workload env"
      Then its output matches "(?m)^COLOUR=blue$"
      And its output matches "(?m)^SET_colour=blue$"
      And its output matches "(?m)^SET_shape=square$"
      And its output does not contain "SIZE="
      When "data.size" of ConfigMap "settings" is set to "large"
      Then Pod "app" becomes Ready when what was missing is looked for again
      And container "late" of Pod "app" executes "/workload env SIZE"
      And it prints "large"

    Scenario: of several sources of one variable the last counts, and the Pod's own word above all
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {colour: blue, shape: round, size: small}}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: two}, data: {colour: green, size: large}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            envFrom: [{configMapRef: {name: one}}, {configMapRef: {name: two}}]
            env: [{name: size, value: none}]
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload env"
      Then its output matches "(?m)^colour=green$"
      And its output matches "(?m)^shape=round$"
      And its output matches "(?m)^size=none$"

    # A variable's name is any text without "=": it need not be a word that a shell knows.
    Scenario: keys that no shell could name are variables all the same
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {look.colour: blue, 2nd-shape: round}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            envFrom: [{configMapRef: {name: settings}}, {prefix: set-, configMapRef: {name: settings}}]
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload env"
      Then its output matches "(?m)^look\.colour=blue$"
      And its output matches "(?m)^2nd-shape=round$"
      And its output matches "(?m)^set-look\.colour=blue$"

    # The node may keep what it has read of a config map: that the second Pod has the new value shows that the node knows it.
    Scenario: variables are read at each start
      Given these objects exist:
        """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings}
        data: {colour: blue, command: exit}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            envFrom: [{prefix: SET_, configMapRef: {name: settings}}]
            env: [{name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}]
        """
      And Pod "app" is Ready
      And "spec.nodeName" of Pod "app" is remembered as "node"
      When ConfigMap "settings" is patched with:
        """
        data: {colour: green, command: wait}
        """
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: later}
        spec:
          nodeName: ${node}
          containers:
          - name: app
            image: "${image}"
            command: [/workload, $(COMMAND)]
            readinessProbe: {exec: {command: [/workload, env, COLOUR]}, initialDelaySeconds: 2, periodSeconds: 1}
            env:
            - {name: COMMAND, valueFrom: {configMapKeyRef: {name: settings, key: command}}}
            - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
        """
      # A node agent may look at what it was told a moment ago, and then start a program that ends at once; but not for long.
      Then Pod "later" becomes Ready
      When container "app" of Pod "later" executes "/workload env COLOUR"
      Then it prints "green"
      # What runs keeps what it was given.
      When container "app" of Pod "app" executes "/workload env COLOUR"
      Then it prints "blue"
      Given the log of Pod "app" is followed
      When container "app" of Pod "app" executes "/workload signal 1 SIGTERM"
      Then container "app" of Pod "app" is restarted
      And Pod "app" becomes Ready
      When container "app" of Pod "app" executes "/workload env COLOUR"
      Then it prints "green"
      When container "app" of Pod "app" executes "/workload env SET_colour"
      Then it prints "green"

    Scenario: names that a Pod brings with it
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          hostAliases:
          - {ip: 192.0.2.7, hostnames: [old.example.com, old]}
          - {ip: 192.0.2.8, hostnames: [older.example.com]}
          containers:
          - {name: app, image: "${image}", command: [/workload, wait]}
          - {name: other, image: "${image}", command: [/workload, wait]}
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload cat /etc/hosts"
      Then its output matches "(?m)^192\.0\.2\.7\s+old\.example\.com\s+old$"
      And its output matches "(?m)^192\.0\.2\.8\s+older\.example\.com$"
      And its output matches "(?m)^127\.0\.0\.1\s+localhost$"
      When container "other" of Pod "app" executes "/workload cat /etc/hosts"
      Then its output matches "(?m)^192\.0\.2\.7\s+old\.example\.com\s+old$"

    Scenario: a container is told of its Pod and of what it may use
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata:
          name: app
          labels: {tier: front}
          annotations: {example.com/note: "as written"}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            resources: {requests: {cpu: 20m, memory: 16Mi}, limits: {memory: 24Mi}}
            env:
            - {name: TIER, valueFrom: {fieldRef: {fieldPath: "metadata.labels['tier']"}}}
            - {name: NOTE, valueFrom: {fieldRef: {fieldPath: "metadata.annotations['example.com/note']"}}}
            - {name: NONE, valueFrom: {fieldRef: {fieldPath: "metadata.labels['none']"}}}
            - {name: UID, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}
            - {name: SPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
            - {name: CPU, valueFrom: {resourceFieldRef: {resource: requests.cpu, divisor: 1m}}}
            - {name: CPUS, valueFrom: {resourceFieldRef: {resource: requests.cpu}}}
            - {name: MEMORY, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
            - {name: OTHER_REQUEST, valueFrom: {resourceFieldRef: {containerName: other, resource: requests.cpu, divisor: 1m}}}
          - {name: other, image: "${image}", command: [/workload, wait], resources: {requests: {cpu: 30m}}}
        """
      And Pod "app" is Ready
      And "metadata.uid" of Pod "app" is remembered as "uid"
      When container "app" of Pod "app" executes "/workload env"
      Then its output contains "TIER=front"
      And its output contains "NOTE=as written"
      And its output matches "(?m)^NONE=$"
      And its output contains "UID=${uid}"
      And its output contains "SPACE=${namespace}"
      And its output matches "(?m)^CPU=20$"
      And its output matches "(?m)^CPUS=1$"
      And its output matches "(?m)^MEMORY=24$"
      And its output matches "(?m)^OTHER_REQUEST=30$"

    Scenario: a container is told where it is, and whose
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          initContainers:
          - name: first
            image: "${image}"
            command: [/workload, print, "from $(ADDRESS) on $(HOST)"]
            env:
            - {name: ADDRESS, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
            - {name: HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            env:
            - {name: ADDRESSES, valueFrom: {fieldRef: {fieldPath: status.podIPs}}}
            - {name: HOSTS, valueFrom: {fieldRef: {fieldPath: status.hostIPs}}}
            - {name: ACCOUNT, valueFrom: {fieldRef: {fieldPath: spec.serviceAccountName}}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: outside}
        spec:
          hostNetwork: true
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            env:
            - {name: ADDRESS, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
            - {name: HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
        """
      And Pods "app, outside" are Ready
      And "status.podIP" of Pod "app" is remembered as "address"
      And "status.hostIP" of Pod "app" is remembered as "host"
      And "status.hostIP" of Pod "outside" is remembered as "outside"
      Then the log of container "first" of Pod "app" says "from ${address} on ${host}"
      When container "app" of Pod "app" executes "/workload env"
      Then its output matches "(?m)^ADDRESSES=${address}(,|$)"
      And its output matches "(?m)^HOSTS=${host}(,|$)"
      And its output matches "(?m)^ACCOUNT=default$"
      When container "app" of Pod "outside" executes "/workload env"
      Then its output matches "(?m)^ADDRESS=${outside}$"
      And its output matches "(?m)^HOST=${outside}$"

    # What has no limit may use all that the node has for Pods.
    Scenario: who has no limit is told of what the node has
      Given the cluster leaves Pods as they are written
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: about, downwardAPI: {items: [{path: memory, resourceFieldRef: {containerName: app, resource: limits.memory, divisor: 1Mi}}]}}]
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            env:
            - {name: CPUS, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}
            - {name: MEMORY, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
            volumeMounts: [{name: about, mountPath: /about}]
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload env"
      Then its output matches "(?m)^CPUS=[1-9][0-9]*$"
      And its output matches "(?m)^MEMORY=[1-9][0-9]{2,}$"
      When container "app" of Pod "app" executes "/workload cat /about/memory"
      Then its output matches "^[1-9][0-9]{2,}$"

    @api
    Scenario Outline: a variable from <what> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec: {containers: [{name: app, image: example.com/app:1, env: [<variable>]}]}
        """
      Then it is refused with 422 "Invalid" naming "spec.containers[0].env[0].<field>"
      And there is no Pod "app"

      Examples:
        | what                     | variable                                                                        | field                                |
        | no field                 | {name: A, valueFrom: {fieldRef: {fieldPath: ""}}}                               | valueFrom.fieldRef.fieldPath         |
        | a field that there is not | {name: A, valueFrom: {fieldRef: {fieldPath: metadata.colour}}}                 | valueFrom.fieldRef.fieldPath         |
        | a resource that there is not | {name: A, valueFrom: {resourceFieldRef: {resource: limits.colour}}}         | valueFrom.resourceFieldRef.resource  |
        | a value and a source     | {name: A, value: a, valueFrom: {fieldRef: {fieldPath: metadata.name}}}          | valueFrom                            |
        | two sources              | {name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}, configMapKeyRef: {name: a, key: b}}} | valueFrom           |

    Scenario: an image that is not there and must not be pulled
      Given the cluster leaves Pods as they are written
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers: [{name: app, image: "plumbline.invalid/no/such:image", imagePullPolicy: Never}]
        """
      Then "status.containerStatuses[name=app].state.waiting.reason" of Pod "app" becomes "ErrImageNeverPull"
      And "status.phase" of Pod "app" is "Pending"
      And a warning is recorded for Pod "app" that says "plumbline.invalid/no/such:image"

    @api
    Scenario Outline: a container with <what> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers: <containers>
        """
      Then it is refused with 422 "Invalid" naming "<field>"
      And there is no Pod "app"

      Examples:
        | what               | containers                                                    | field                                     |
        | no name            | [{image: x}]                                                  | spec.containers[0].name                   |
        | a bad name         | [{name: Not_A_Name, image: x}]                                | spec.containers[0].name                   |
        | another's name     | [{name: a, image: x}, {name: a, image: z}]                    | spec.containers[1].name                   |
        | no image           | [{name: a}]                                                   | spec.containers[0].image                  |
        | a port too high    | [{name: a, image: x, ports: [{containerPort: 65536}]}]        | spec.containers[0].ports[0].containerPort |
        | a bad pull policy  | [{name: a, image: x, imagePullPolicy: Rarely}]                | spec.containers[0].imagePullPolicy        |
        | a bad way to speak last | [{name: a, image: x, terminationMessagePolicy: Loudly}]  | spec.containers[0].terminationMessagePolicy |
        | no container       | []                                                            | spec.containers                           |
        | an unknown volume  | [{name: a, image: x, volumeMounts: [{name: v, mountPath: /v}]}] | spec.containers[0].volumeMounts[0].name |
