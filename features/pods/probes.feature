@workloads
Feature: Probes
  The process check sees only whether a process is there. A probe asks the application itself: by an HTTP request, by a TCP
  connection, or by a command in its container.

  @pods/probe-http
  Rule: an HTTP probe succeeds with a status from 200 to 399

    Scenario Outline: the status <status> is a success
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --answer=/probe=<status>]
            readinessProbe: {httpGet: {path: /probe, port: 8080}, periodSeconds: 1}
        """
      Then Pod "web" becomes Ready

      Examples:
        | status |
        | 200    |
        | 204    |
        | 399    |

    Scenario Outline: the status <status> is a failure
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --answer=/probe=<status>]
            readinessProbe: {httpGet: {path: /probe, port: 8080}, periodSeconds: 1}
        """
      Then Pod "web" has been asked for "/probe" at least 4 times
      And Pod "web" is not Ready
      And container "app" of Pod "web" has not been restarted

      Examples:
        | status |
        | 400    |
        | 404    |
        | 500    |
        | 503    |

    Scenario Outline: a redirect to <target> is <verdict>
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {httpGet: {path: "/redirect?to=<target>", port: 8080}, periodSeconds: 1}
        """
      Then Pod "web" has been asked for "/redirect" at least 4 times
      And Pod "web" is <verdict>

      Examples:
        | target                     | verdict   |
        | /status/200                | Ready     |
        | /status/500                | not Ready |
        | http://elsewhere.invalid/  | Ready     |

    Scenario: port by name, own headers, and a user agent that says who asks
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --port=8088, --answer=/probe=200]
            ports: [{name: http-main, containerPort: 8088}]
            readinessProbe:
              periodSeconds: 1
              httpGet:
                path: /probe
                port: http-main
                httpHeaders: [{name: X-Plumbline, value: "true line"}, {name: Host, value: named.example}]
        """
      And Pod "web" is Ready
      When container "app" of Pod "web" executes "/workload http http://localhost:8088/requests?path=/probe"
      Then its output contains "X-Plumbline"
      And its output contains "true line"
      And its output contains "named.example"
      And its output contains "kube-probe/"

    Scenario: HTTPS, with a certificate that nobody has signed
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --https=8443, --answer=/probe=200]
            readinessProbe: {httpGet: {scheme: HTTPS, path: /probe, port: 8443}, periodSeconds: 1}
        """
      Then Pod "web" becomes Ready

    Scenario: an answer that takes longer than the timeout is a failure
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {httpGet: {path: "/slow?seconds=4", port: 8080}, periodSeconds: 1, timeoutSeconds: 1}
        """
      Then Pod "web" has been asked for "/slow" at least 4 times
      And Pod "web" is not Ready

    Scenario: an answer within the timeout is a success
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {httpGet: {path: "/slow?seconds=2", port: 8080}, periodSeconds: 1, timeoutSeconds: 20}
        """
      Then Pod "web" becomes Ready

    # The Pod that is asked is another one, so that the containers of the first need not listen at all.
    @pods/probe-tcp
    Scenario: another host is asked where one is named
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: witness}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, serve, --port=8080, --tcp=9000]}]}
        """
      And Pod "witness" is Ready
      And "status.podIP" of Pod "witness" is remembered as "address"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: http}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            readinessProbe: {httpGet: {host: "${address}", path: /status/200, port: 8080}, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 1}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: tcp}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            readinessProbe: {tcpSocket: {host: "${address}", port: 9000}, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 1}
        """
      Then Pods "http, tcp" become Ready
      When container "app" of Pod "witness" executes "/workload control path=/status/200 status=500"
      Then Pod "http" becomes unready
      And Pod "tcp" is Ready
      When container "app" of Pod "witness" executes "/workload control port=9000 listen=off"
      Then Pod "tcp" becomes unready

  @pods/probe-tcp
  Rule: a TCP probe succeeds when the port is open

    Scenario: the port opens and closes
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: db}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --tcp=9000]
            ports: [{name: db, containerPort: 9000}]
            readinessProbe: {tcpSocket: {port: db}, periodSeconds: 1, failureThreshold: 2}
        """
      And Pod "db" is Ready
      When container "app" of Pod "db" executes "/workload control port=9000 listen=off"
      Then Pod "db" becomes unready
      And container "app" of Pod "db" has not been restarted
      When container "app" of Pod "db" executes "/workload control port=9000 listen=on"
      Then Pod "db" becomes Ready

    Scenario: a port that nothing listens on
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: db}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --tcp=9000]
            livenessProbe: {tcpSocket: {port: 9001}, periodSeconds: 1, failureThreshold: 2}
        """
      Then container "app" of Pod "db" is restarted

    # Of all gRPC says there is but one answer that is a success.
    Scenario: a gRPC probe asks the health service, and takes SERVING for an answer
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: whole}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --grpc=9090, --answer=/grpc/=503]
            readinessProbe: {grpc: {port: 9090}, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 1}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: part}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --port=8080, --grpc=9090]
            readinessProbe: {grpc: {port: 9090, service: db}, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 1}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: alive}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --grpc=9090]
            startupProbe: {tcpSocket: {port: 9090}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}
            livenessProbe: {grpc: {port: 9090}, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 2}
        """
      # It does not know the service, and then does.
      Then Pod "part" has been asked for "/grpc/db" at least 3 times
      And Pod "part" is not Ready
      When container "app" of Pod "part" executes "/workload control path=/grpc/db status=200"
      Then Pod "part" becomes Ready
      And "status.containerStatuses[name=app].started" of Pod "whole" becomes "true"
      And Pod "whole" stays unready for 3 seconds
      When container "app" of Pod "whole" executes "/workload control path=/grpc/ status=200"
      Then Pod "whole" becomes Ready
      When container "app" of Pod "whole" executes "/workload control port=9090 listen=off"
      Then Pod "whole" becomes unready
      And Pod "alive" is Ready
      And container "app" of Pod "alive" has not been restarted
      When container "app" of Pod "alive" executes "/workload control path=/grpc/ status=503"
      Then container "app" of Pod "alive" is restarted

  @pods/probe-exec
  Rule: a command succeeds with exit code zero

    Scenario: the command sees the container's files
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            readinessProbe: {exec: {command: [/workload, exists, /ready]}, periodSeconds: 1, failureThreshold: 2}
          - name: sibling
            image: "${image}"
            command: [/workload, wait]
            readinessProbe: {exec: {command: [/workload, exists, /ready]}, periodSeconds: 1, failureThreshold: 2}
        """
      Then "status.phase" of Pod "app" becomes "Running"
      And Pod "app" stays unready for 4 seconds
      When container "sibling" of Pod "app" executes "/workload touch /ready"
      Then "status.containerStatuses[name=sibling].ready" of Pod "app" becomes "true"
      And "status.containerStatuses[name=app].ready" of Pod "app" stays "false" for 3 seconds
      When container "app" of Pod "app" executes "/workload touch /ready"
      Then Pod "app" becomes Ready
      When container "app" of Pod "app" executes "/workload rm /ready"
      Then Pod "app" becomes unready
      And container "app" of Pod "app" has not been restarted

    Scenario: a command that takes longer than the timeout is a failure
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            livenessProbe: {exec: {command: [/workload, sleep, "30"]}, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 2}
        """
      Then container "app" of Pod "app" is restarted

    # Not asked for are the processes that the command has started.
    @should
    Scenario: a command that takes longer than the timeout is ended
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            readinessProbe: {exec: {command: [/workload, sleep, "600"]}, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 100}
        """
      And "status.containerStatuses[name=app].started" of Pod "app" becomes "true"
      And Pod "app" stays unready for 10 seconds
      When container "app" of Pod "app" executes "/workload ps"
      Then its output contains "wait"
      # Itself, the app, and at most a few that were just begun.
      And its output matches "^([^\n]*\n){1,5}$"

    Scenario: a command that cannot start never makes the Pod Ready
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            readinessProbe: {exec: {command: [/no/such/program]}, periodSeconds: 1}
        """
      Then "status.phase" of Pod "app" becomes "Running"
      And Pod "app" stays unready for 6 seconds

  @pods/liveness-restarts
  Rule: a container that fails its liveness probe is restarted

    Scenario: the same Pod goes on with a new container
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            startupProbe: {tcpSocket: {port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}
            livenessProbe: {httpGet: {path: /livez, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 2}
        """
      And Pod "web" is Ready
      And the log of Pod "web" is followed
      And "metadata.uid" of Pod "web" is remembered as "uid"
      And "status.podIP" of Pod "web" is remembered as "address"
      And "status.containerStatuses[name=app].containerID" of Pod "web" is remembered as "container"
      When container "app" of Pod "web" executes "/workload control path=/livez status=500"
      Then container "app" of Pod "web" is restarted
      And the log of Pod "web" says "signal=SIGTERM"
      And Pod "web" becomes Ready
      And "metadata.uid" of Pod "web" is still "${uid}"
      And "status.podIP" of Pod "web" is still "${address}"
      And "status.containerStatuses[name=app].containerID" of Pod "web" is not "${container}"
      And "status.containerStatuses[name=app].lastState.terminated.containerID" of Pod "web" is "${container}"

    Scenario: fewer failures than the threshold restart nothing, and a success starts the count anew
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            startupProbe: {tcpSocket: {port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}
            livenessProbe: {httpGet: {path: /livez, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 3}
        """
      And Pod "web" is Ready
      When container "app" of Pod "web" executes "/workload control path=/livez status=500 times=2"
      Then container "app" of Pod "web" is not restarted for 5 seconds
      When container "app" of Pod "web" executes "/workload control path=/livez status=500 times=2"
      Then container "app" of Pod "web" is not restarted for 5 seconds
      When container "app" of Pod "web" executes "/workload control path=/livez status=500 times=3"
      Then container "app" of Pod "web" is restarted

    Scenario: the first probe waits for initialDelaySeconds
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --answer=/livez=500]
            livenessProbe: {httpGet: {path: /livez, port: 8080}, initialDelaySeconds: 8, periodSeconds: 1, failureThreshold: 1}
        """
      Then container "app" of Pod "web" is restarted
      And the run of container "app" of Pod "web" before that lasted at least 7 seconds

    Scenario: a probe asks once in its period
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            livenessProbe: {httpGet: {path: /livez, port: 8080}, periodSeconds: 3, timeoutSeconds: 2}
        """
      Then Pod "web" is asked for "/livez" every 3 seconds, at least 4 times

    Scenario: the Pod's grace period is the container's too
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          terminationGracePeriodSeconds: 2
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --ignore-sigterm, --answer=/livez=500]
            startupProbe: {tcpSocket: {port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}
            livenessProbe: {httpGet: {path: /livez, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 1}
        """
      Then "status.containerStatuses[name=app].started" of Pod "web" becomes "true"
      And container "app" of Pod "web" is restarted within 25 seconds
      # Who is killed by SIGKILL, whose number is 9, ends with 128 + 9.
      And "status.containerStatuses[name=app].lastState.terminated.exitCode" of Pod "web" is "137"

    Scenario: a probe's own grace period goes before the Pod's
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          terminationGracePeriodSeconds: 60
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --ignore-sigterm, --answer=/livez=500]
            startupProbe: {tcpSocket: {port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}
            livenessProbe: {httpGet: {path: /livez, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 1, terminationGracePeriodSeconds: 2}
        """
      Then "status.containerStatuses[name=app].started" of Pod "web" becomes "true"
      And container "app" of Pod "web" is restarted within 30 seconds

    Scenario: with the restart policy Never the Pod has failed
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          restartPolicy: Never
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --answer=/livez=500, --term-code=7]
            startupProbe: {tcpSocket: {port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}
            livenessProbe: {httpGet: {path: /livez, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 1}
        """
      Then "status.phase" of Pod "web" becomes "Failed"
      And container "app" of Pod "web" has not been restarted
      And "status.containerStatuses[name=app].state.terminated.exitCode" of Pod "web" is "7"

    # Who ends well by itself has done its work under that policy. This one is told to end before it has.
    @should
    Scenario: with the restart policy OnFailure it is restarted, even if it ends well
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          restartPolicy: OnFailure
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            startupProbe: {tcpSocket: {port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}
            livenessProbe: {httpGet: {path: /livez, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 1}
        """
      And Pod "web" is Ready
      When container "app" of Pod "web" executes "/workload control path=/livez status=500"
      Then container "app" of Pod "web" is restarted
      And "status.containerStatuses[name=app].lastState.terminated.exitCode" of Pod "web" becomes "0"
      And Pod "web" becomes Ready
      # By itself it has not to come again.
      When container "app" of Pod "web" executes "/workload control exit=0"
      Then "status.phase" of Pod "web" becomes "Succeeded"

    # The words are the kubelet's.
    @should @pods/process-health
    Scenario: failures, and what comes of them, are told in upstream's events
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --answer=/livez=500, --answer=/readyz=503]
            livenessProbe: {httpGet: {path: /livez, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 2}
            readinessProbe: {httpGet: {path: /readyz, port: 8080}, timeoutSeconds: 10, periodSeconds: 1}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: ending}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, exit, --code=1]}]
        """
      Then an event "Unhealthy" is recorded for Pod "web" that says "Liveness probe failed"
      And an event "Unhealthy" is recorded for Pod "web" that says "Readiness probe failed"
      And an event "Killing" is recorded for Pod "web" that says "app"
      And an event "BackOff" is recorded for Pod "ending" that says "app"

  @pods/liveness-per-container
  Rule: liveness is checked container by container

    Scenario: the sibling of a failing container goes on
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: pair}
        spec:
          containers:
          - name: sick
            image: "${image}"
            command: [/workload, serve, --port=8080]
            livenessProbe: {httpGet: {path: /livez, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 5}
          - name: healthy
            image: "${image}"
            command: [/workload, serve, --port=8081]
            livenessProbe: {httpGet: {path: /livez, port: 8081}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 5}
        """
      And Pod "pair" is Ready
      And "status.containerStatuses[name=healthy].containerID" of Pod "pair" is remembered as "healthy"
      When container "sick" of Pod "pair" executes "/workload control path=/livez status=500"
      Then container "sick" of Pod "pair" is restarted
      And container "healthy" of Pod "pair" is not restarted for 3 seconds
      And "status.containerStatuses[name=healthy].containerID" of Pod "pair" is still "${healthy}"

  @pods/readiness-removes-from-service @services/readiness-managed
  Rule: a Pod is ready when everything that it names says so, and not before

    Scenario: a container that was restarted is not ready until its probe says so anew
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            readinessProbe: {exec: {command: [/workload, exists, /tmp/up]}, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 1000}
        """
      And "status.containerStatuses[name=app].started" of Pod "app" becomes "true"
      And container "app" of Pod "app" executes "/workload touch /tmp/up"
      And Pod "app" becomes Ready
      Given the log of Pod "app" is followed
      When container "app" of Pod "app" executes "/workload signal 1 SIGTERM"
      Then container "app" of Pod "app" is restarted
      And Pod "app" becomes unready
      And Pod "app" stays unready for 4 seconds
      When container "app" of Pod "app" executes "/workload touch /tmp/up"
      Then Pod "app" becomes Ready

    Scenario: a readiness gate is shut until somebody opens it
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app, labels: {app: web}}
        spec:
          readinessGates: [{conditionType: example.com/open}]
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And "status.conditions[type=ContainersReady].status" of Pod "app" becomes "True"
      Then the endpoint of Pod "app" in Service "web" comes to be "ready=false, serving=false, terminating=false"
      And Pod "app" stays unready for 3 seconds
      When the status of Pod "app" is patched with:
        """
        status: {conditions: [{type: Ready, status: "False"}, {type: example.com/open, status: "True"}]}
        """
      Then Pod "app" becomes Ready
      And the endpoint of Pod "app" in Service "web" comes to be "ready=true, serving=true, terminating=false"
      When the status of Pod "app" is patched with:
        """
        status: {conditions: [{type: Ready, status: "True"}, {type: example.com/open, status: "False"}]}
        """
      Then Pod "app" becomes unready

  @pods/deadlock-goes-unseen
  Rule: without a liveness probe a deadlock goes unseen

    Scenario: a server that hangs stays Running
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        """
      And Pod "web" is Ready
      When container "app" of Pod "web" executes "/workload control hang=on"
      And container "app" of Pod "web" executes "/workload http http://localhost:8080/ --timeout=1s"
      Then it exits with 1
      And container "app" of Pod "web" is not restarted for 5 seconds
      And "status.phase" of Pod "web" is "Running"
      And Pod "web" is Ready

  @pods/startup-probe
  Rule: a startup probe holds the other probes back

    Scenario: a startup probe asks once in its period
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: slow}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --answer=/startup=503]
            startupProbe: {httpGet: {path: /startup, port: 8080}, periodSeconds: 3, timeoutSeconds: 2, failureThreshold: 60}
        """
      And Pod "slow" has been asked for "/startup" at least 1 times
      Then Pod "slow" is from now on asked for "/startup" every 3 seconds, at least 4 times
      And "status.containerStatuses[name=app].started" of Pod "slow" is "false"

    Scenario: neither liveness nor readiness is asked before the process has started
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: slow}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --answer=/startup=503]
            startupProbe: {httpGet: {path: /startup, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}
            livenessProbe: {httpGet: {path: /livez, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 1}
            readinessProbe: {httpGet: {path: /readyz, port: 8080}, timeoutSeconds: 10, periodSeconds: 1}
        """
      Then Pod "slow" has been asked for "/startup" at least 4 times
      And Pod "slow" has never been asked for "/livez"
      And Pod "slow" has never been asked for "/readyz"
      And Pod "slow" is not Ready
      And "status.containerStatuses[name=app].started" of Pod "slow" is "false"
      When container "app" of Pod "slow" executes "/workload control path=/startup status=200"
      Then Pod "slow" becomes Ready
      And "status.containerStatuses[name=app].started" of Pod "slow" is "true"
      And Pod "slow" has been asked for "/livez" at least 2 times
      And container "app" of Pod "slow" has not been restarted

    Scenario: what has started is not ready for that alone
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: slow}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --answer=/readyz=503]
            startupProbe: {httpGet: {path: /livez, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}
            readinessProbe: {httpGet: {path: /readyz, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 1000}
        """
      And "status.containerStatuses[name=app].started" of Pod "slow" becomes "true"
      Then Pod "slow" stays unready for 3 seconds
      When container "app" of Pod "slow" executes "/workload control path=/readyz status=200"
      Then Pod "slow" becomes Ready

    Scenario: after a restart it is asked anew
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: slow}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --answer=/startup=503]
            startupProbe: {httpGet: {path: /startup, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 60}
            livenessProbe: {httpGet: {path: /livez, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 1}
        """
      And Pod "slow" has been asked for "/startup" at least 1 times
      When container "app" of Pod "slow" executes "/workload control path=/startup status=200"
      Then Pod "slow" becomes Ready
      When container "app" of Pod "slow" executes "/workload control exit=1"
      Then container "app" of Pod "slow" is restarted
      And Pod "slow" has been asked for "/startup" at least 3 times
      And "status.containerStatuses[name=app].started" of Pod "slow" is "false"
      And Pod "slow" is not Ready

    Scenario: it gives up after as many failures as it may have, and no earlier
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: slow}
        spec:
          volumes: [{name: work, emptyDir: {}}]
          containers:
          - name: app
            image: "${image}"
            command: [/workload, steps, append /work/story begun, wait]
            startupProbe: {exec: {command: [/workload, steps, append /work/story asked, exists /work/up]}, initialDelaySeconds: 2, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 4}
            volumeMounts: [{name: work, mountPath: /work}]
        """
      Then container "app" of Pod "slow" is restarted
      When container "app" of Pod "slow" executes "/workload cat /work/story"
      Then its output matches "^begun\n(asked\n){4}(begun\n(asked\n)*)?$"

    Scenario: its first question waits for initialDelaySeconds
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: slow}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --answer=/startup=503]
            startupProbe: {httpGet: {path: /startup, port: 8080}, initialDelaySeconds: 8, periodSeconds: 1, failureThreshold: 1}
        """
      Then container "app" of Pod "slow" is restarted
      And the run of container "app" of Pod "slow" before that lasted at least 7 seconds

    Scenario: its answer may take as long as its timeout, and no longer
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: patient}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            startupProbe: {exec: {command: [/workload, sleep, "3"]}, timeoutSeconds: 30, periodSeconds: 1, failureThreshold: 1}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: impatient}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, wait]
            startupProbe: {exec: {command: [/workload, sleep, "300"]}, timeoutSeconds: 1, periodSeconds: 1, failureThreshold: 2}
        """
      Then container "app" of Pod "impatient" is restarted
      And Pod "patient" becomes Ready
      And container "app" of Pod "patient" has not been restarted

    Scenario: when it gives up, the container is restarted
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: slow}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --answer=/startup=503]
            startupProbe: {httpGet: {path: /startup, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 3}
        """
      Then container "app" of Pod "slow" is restarted

    # The command waits until the server can be told to end, and then fails.
    @should
    Scenario: when it gives up, the restart policy OnFailure has the container restarted, even if it ends well
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: slow}
        spec:
          restartPolicy: OnFailure
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            startupProbe: {exec: {command: [/workload, steps, control reset=all, exit --code=3]}, timeoutSeconds: 60, periodSeconds: 1, failureThreshold: 1}
        """
      Then container "app" of Pod "slow" is restarted
      And "status.containerStatuses[name=app].lastState.terminated.exitCode" of Pod "slow" becomes "0"

    Scenario: when it gives up, its own grace period goes before the Pod's
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: slow}
        spec:
          terminationGracePeriodSeconds: 60
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --ignore-sigterm, --answer=/startup=503]
            startupProbe: {httpGet: {path: /startup, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 5, terminationGracePeriodSeconds: 2}
        """
      Then "status.phase" of Pod "slow" becomes "Running"
      And container "app" of Pod "slow" is restarted within 30 seconds

  @pods/readiness-removes-from-service
  Rule: a Pod is ready, and is not, after as many answers as its probe says

    # Before a Pod is ready a node may ask sooner, as upstream's does after a start.
    Scenario: a readiness probe asks once in its period
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {httpGet: {path: /readyz, port: 8080}, periodSeconds: 3, timeoutSeconds: 2}
        """
      And Pod "web" is Ready
      Then Pod "web" is from now on asked for "/readyz" every 3 seconds, at least 4 times

    Scenario: one success is not enough where several are asked for
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {httpGet: {path: /status/503, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, successThreshold: 3}
        """
      And Pod "web" has been asked for "/status/503" at least 2 times
      When container "app" of Pod "web" executes "/workload control path=/status/503 status=200 times=2"
      Then Pod "web" stays unready for 5 seconds
      When container "app" of Pod "web" executes "/workload control path=/status/503 status=200"
      Then Pod "web" becomes Ready

    Scenario: successes count as long as they follow each other
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {httpGet: {path: /status/503, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, successThreshold: 3, failureThreshold: 60}
        """
      And Pod "web" has been asked for "/status/503" at least 2 times
      When container "app" of Pod "web" executes "/workload control path=/status/503 status=200 times=2"
      Then Pod "web" stays unready for 5 seconds
      # On a busy node both successes, and the failures after them, may take longer than that.
      And Pod "web" has been asked for "/status/503" at least 15 times
      When container "app" of Pod "web" executes "/workload control path=/status/503 status=200 times=2"
      Then Pod "web" stays unready for 5 seconds
      When container "app" of Pod "web" executes "/workload control path=/status/503 status=200"
      Then Pod "web" becomes Ready

    Scenario: fewer failures than the threshold change nothing
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {httpGet: {path: /readyz, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 3}
        """
      And Pod "web" is Ready
      When container "app" of Pod "web" executes "/workload control path=/readyz status=500 times=2"
      Then Pod "web" stays Ready for 5 seconds
      When container "app" of Pod "web" executes "/workload control path=/readyz status=500"
      Then Pod "web" becomes unready
      And container "app" of Pod "web" has not been restarted

    Scenario: the time of a condition is that of its status, whatever its message says meanwhile
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: pair}
        spec:
          containers:
          - name: one
            image: "${image}"
            command: [/workload, wait]
            readinessProbe: {exec: {command: [/workload, exists, /tmp/up]}, timeoutSeconds: 10, periodSeconds: 1}
          - name: other
            image: "${image}"
            command: [/workload, wait]
            readinessProbe: {exec: {command: [/workload, exists, /tmp/up]}, timeoutSeconds: 10, periodSeconds: 1}
        """
      And "status.containerStatuses[name=one].started" of Pod "pair" becomes "true"
      And "status.containerStatuses[name=other].started" of Pod "pair" becomes "true"
      And "status.conditions[type=Ready].lastTransitionTime" of Pod "pair" is remembered as "since"
      And Pod "pair" stays unready for 3 seconds
      When container "one" of Pod "pair" executes "/workload touch /tmp/up"
      Then "status.containerStatuses[name=one].ready" of Pod "pair" becomes "true"
      And "status.conditions[type=Ready].status" of Pod "pair" is "False"
      And "status.conditions[type=Ready].lastTransitionTime" of Pod "pair" is still "${since}"
      When container "other" of Pod "pair" executes "/workload touch /tmp/up"
      Then Pod "pair" becomes Ready
      And "status.conditions[type=Ready].lastTransitionTime" of Pod "pair" is between 2 and 86400 seconds after "${since}"

    Scenario: no sooner than the first probe, which waits for initialDelaySeconds
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {httpGet: {path: /readyz, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, initialDelaySeconds: 15}
        """
      Then "status.phase" of Pod "web" becomes "Running"
      And Pod "web" stays unready for 5 seconds
      And Pod "web" has never been asked for "/readyz"
      And Pod "web" becomes Ready

  @pods/liveness-and-readiness @network
  Rule: both probes together send requests to healthy containers only

    @long
    Scenario: one of two servers hangs under steady load
      Given these objects exist:
        """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          terminationGracePeriodSeconds: 1
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 2}
            livenessProbe: {httpGet: {path: /live, port: 8080}, periodSeconds: 2, timeoutSeconds: 1, failureThreshold: 3}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: two, labels: {app: web}}
        spec:
          terminationGracePeriodSeconds: 1
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve]
            readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 2}
            livenessProbe: {httpGet: {path: /live, port: 8080}, periodSeconds: 2, timeoutSeconds: 1, failureThreshold: 3}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec: {containers: [{name: client, image: "${image}", command: [/workload, wait]}]}
        """
      And Pods "one, two, client" are Ready
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      When container "client" of Pod "client" begins "/workload http http://${address}/ --for=24s --interval=100ms --concurrency=4 --timeout=2s"
      And container "app" of Pod "one" executes "/workload control hang=on"
      Then Pod "one" becomes unready
      And the ready endpoints of Service "web" come to be exactly the Pods "two"
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "two"
      Given the present moment is remembered as "settled"
      Then container "app" of Pod "one" is restarted
      And Pod "one" becomes Ready
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      And container "app" of Pod "two" has not been restarted
      And what was begun exits with 1
      And of its requests those begun before "settled" may have failed, and no other

  @api
  Rule: a probe that makes no sense is refused

    @pods/liveness-restarts
    Scenario Outline: the liveness probe <probe>
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers: [{name: app, image: "${image}", livenessProbe: <probe>}]
        """
      Then it is refused with 422 "Invalid" naming "spec.containers[0].livenessProbe<field>"
      And there is no Pod "web"

      Examples:
        | probe                                                          | field                          |
        | {tcpSocket: {port: 80}, periodSeconds: -1}                     | .periodSeconds                 |
        | {tcpSocket: {port: 80}, timeoutSeconds: -1}                    | .timeoutSeconds                |
        | {tcpSocket: {port: 80}, initialDelaySeconds: -1}               | .initialDelaySeconds           |
        | {tcpSocket: {port: 80}, failureThreshold: -1}                  | .failureThreshold              |
        | {tcpSocket: {port: 80}, successThreshold: 2}                   | .successThreshold              |
        | {tcpSocket: {port: 80}, terminationGracePeriodSeconds: 0}      | .terminationGracePeriodSeconds |
        | {periodSeconds: 1}                                             |                                |
        | {tcpSocket: {port: 80}, exec: {command: [a]}}                  | .tcpSocket                     |

    Scenario Outline: the readiness probe <probe>
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers: [{name: app, image: "${image}", readinessProbe: <probe>}]
        """
      Then it is refused with 422 "Invalid" naming "spec.containers[0].readinessProbe<field>"
      And there is no Pod "web"

      @pods/probe-http
      Examples: HTTP
        | probe                                                                           | field                           |
        | {httpGet: {path: /, port: 70000}}                                               | .httpGet.port                   |
        | {httpGet: {path: /, port: NOT_A_NAME}}                                          | .httpGet.port                   |
        | {httpGet: {path: /, port: 80, scheme: GOPHER}}                                  | .httpGet.scheme                 |
        | {httpGet: {path: /, port: 80, httpHeaders: [{name: "not a name", value: x}]}}   | .httpGet.httpHeaders            |

      @pods/probe-tcp
      Examples: TCP
        | probe                     | field           |
        | {tcpSocket: {port: 0}}    | .tcpSocket.port |

      @pods/probe-exec
      Examples: commands
        | probe                 | field         |
        | {exec: {command: []}} | .exec.command |

      @pods/readiness-removes-from-service
      Examples: readiness
        | probe                                                      | field                          |
        | {tcpSocket: {port: 80}, terminationGracePeriodSeconds: 5}  | .terminationGracePeriodSeconds |
