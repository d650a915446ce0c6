@workloads
Feature: Together and apart
  The containers of a Pod share one execution environment: host name, address, ports, volumes. Those of other Pods do not.

  @pods/shared-network
  Rule: containers of a Pod share host name, address and ports

    Scenario: two containers of one Pod
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: pair}
        spec:
          containers:
          - {name: server, image: "${image}", command: [/workload, serve, --port=8080]}
          - {name: sibling, image: "${image}", command: [/workload, wait]}
        """
      And Pod "pair" is Ready
      And "status.podIP" of Pod "pair" is remembered as "address"
      Then container "server" of Pod "pair" executes "/workload hostname"
      And it prints "pair"
      And container "sibling" of Pod "pair" executes "/workload hostname"
      And it prints "pair"
      And container "sibling" of Pod "pair" executes "/workload addresses"
      And its output contains ""${address}""
      And container "sibling" of Pod "pair" executes "/workload listen-check 8080"
      And it exits with 1
      And it prints "taken"
      And container "sibling" of Pod "pair" executes "/workload http http://localhost:8080/"
      And it exits with 0
      And container "sibling" of Pod "pair" executes "/workload http http://${address}:8080/"
      And it exits with 0
      And its output contains ""who":"pair""
      When container "server" of Pod "pair" executes "/workload write /dev/shm/note shared"
      And container "sibling" of Pod "pair" executes "/workload cat /dev/shm/note"
      Then it prints "shared"

    # Kubernetes' documentation has the 64 characters, which are the kernel's. The cluster's domain is at least one character long.
    # A host name has 63 characters at most, and does not end in what stands there.
    Scenario: a name longer than a host name may be is cut
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-x-and-more}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, wait]}]}
        """
      And Pod "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-x-and-more" is Ready
      When container "app" of Pod "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-x-and-more" executes "/workload hostname"
      Then it prints "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

    Scenario: the full name is the host name of a Pod that asks for it
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: short}
        spec:
          hostname: db
          subdomain: web
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: alone}
        spec:
          setHostnameAsFQDN: true
          containers: [{name: one, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: long}
        spec:
          hostname: a-name-that-is-short-enough-for-a-label-but-not-for-more
          subdomain: web
          setHostnameAsFQDN: true
          containers: [{name: one, image: "${image}", command: [/workload, wait]}]
        """
      And Pods "short, alone" are Ready
      And the domain of the cluster, as Pod "short" is told, is remembered as "domain"
      And the name "db.web.${namespace}.svc.${domain}" is short enough for a host
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: full}
        spec:
          hostname: db
          subdomain: web
          setHostnameAsFQDN: true
          containers:
          - {name: one, image: "${image}", command: [/workload, wait]}
          - {name: client, image: "${image}", command: [/workload, wait]}
        """
      And Pod "full" is Ready
      When container "one" of Pod "full" executes "/workload hostname"
      Then it prints "db.web.${namespace}.svc.${domain}"
      When container "client" of Pod "full" executes "/workload hostname"
      Then it prints "db.web.${namespace}.svc.${domain}"
      When container "client" of Pod "short" executes "/workload hostname"
      Then it prints "db"
      When container "one" of Pod "alone" executes "/workload hostname"
      Then it prints "alone"
      And a warning is recorded for Pod "long" that says "a-name-that-is-short-enough-for-a-label-but-not-for-more.web.${namespace}.svc.${domain}"
      And "status.phase" of Pod "long" is "Pending"
      And "status.containerStatuses[name=one].started" of Pod "long" becomes "false"

    @api
    Scenario Outline: <what> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          <names>
          containers: [{name: app, image: example.com/app:1}]
        """
      Then it is refused with 422 "Invalid" naming "<field>"
      And there is no Pod "app"

      Examples:
        | what                          | names                             | field          |
        | a host name of several labels | hostname: db.web                  | spec.hostname  |
        | a host name in upper case     | hostname: DB                      | spec.hostname  |

    # The same port of the node three times over: two addresses, two protocols. The client "inside" is on the node's own network.
    Scenario: a port of the node leads to the Pod that asks for it, address by address and protocol by protocol
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: inside}
        spec:
          hostNetwork: true
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: away}
        spec: {containers: [{name: client, image: "${image}", command: [/workload, wait]}]}
        """
      And Pods "inside, away" are Ready
      And "spec.nodeName" of Pod "inside" is remembered as "node"
      And the address of the node of Pod "inside" is remembered as "address"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: local}
        spec:
          nodeName: ${node}
          containers: [{name: app, image: "${image}", command: [/workload, serve], ports: [{containerPort: 8080, hostPort: 54321, hostIP: 127.0.0.1}]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: open}
        spec:
          nodeName: ${node}
          containers: [{name: client, image: "${image}", command: [/workload, serve], ports: [{containerPort: 8080, hostPort: 54321, hostIP: "${address}"}]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: datagrams}
        spec:
          nodeName: ${node}
          containers: [{name: app, image: "${image}", command: [/workload, serve, --udp=8080], ports: [{containerPort: 8080, hostPort: 54321, protocol: UDP, hostIP: "${address}"}]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: anywhere}
        spec:
          nodeName: ${node}
          containers: [{name: app, image: "${image}", command: [/workload, serve], ports: [{containerPort: 8080, hostPort: 54322}]}]
        """
      And Pods "local, open, datagrams, anywhere" are Ready
      Then requests from Pod "inside" to "http://127.0.0.1:54321/" come to be answered by exactly the Pods "local"
      And requests from Pod "inside" to "http://${address}:54321/" come to be answered by exactly the Pods "open"
      And requests from Pod "away" to "http://${address}:54321/" come to be answered by exactly the Pods "open"
      And requests from Pod "open" to "http://${address}:54321/" come to be answered by exactly the Pods "open"
      And datagrams from the port 40001 of Pod "away" to "${address}:54321" come to be answered by Pod "datagrams"
      And requests from Pod "inside" to "http://127.0.0.1:54322/" come to be answered by exactly the Pods "anywhere"
      And requests from Pod "away" to "http://${address}:54322/" come to be answered by exactly the Pods "anywhere"
      When Pod "open" is deleted with a grace period of 1 second
      Then Pod "open" is gone
      And requests from Pod "away" to "http://${address}:54321/" come to be refused
      And requests from Pod "inside" to "http://127.0.0.1:54321/" come to be answered by exactly the Pods "local"

    @pods/scheduled-where-resources-fit
    Scenario: two Pods do not get one port of a node
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: first}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait], ports: [{containerPort: 8080, hostPort: 54323}]}]
        """
      And Pod "first" is Ready
      And "spec.nodeName" of Pod "first" is remembered as "node"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: second}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          initContainers: [{name: sidecar, restartPolicy: Always, image: "${image}", command: [/workload, wait], ports: [{containerPort: 80, hostPort: 54323}]}]
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: datagrams}
        spec:
          affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: ["${node}"]}]}]}}}
          containers: [{name: app, image: "${image}", command: [/workload, wait], ports: [{containerPort: 8080, hostPort: 54323, protocol: UDP}]}]
        """
      Then "status.conditions[type=PodScheduled].reason" of Pod "second" becomes "Unschedulable"
      And "status.conditions[type=PodScheduled].message" of Pod "second" matches "(?i)port"
      And Pod "datagrams" becomes Ready
      When Pod "first" is deleted with a grace period of 1 second
      Then Pod "second" becomes Ready

  @pods/kubelet-creates-containers
  Rule: containers of a Pod share their processes where it says so

    # Kubernetes' documentation has all of it: who is seen, who can be signalled, whose files are found, and that no container has process 1.
    Scenario: processes of the one are seen, signalled, and known by their files in the other
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: joint}
        spec:
          shareProcessNamespace: true
          containers:
          - {name: app, image: "${image}", command: [/workload, serve, --name=shown]}
          - {name: sibling, image: "${image}", command: [/workload, wait]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: apart}
        spec:
          containers:
          - {name: app, image: "${image}", command: [/workload, serve, --name=hidden]}
          - {name: sibling, image: "${image}", command: [/workload, wait]}
        """
      And Pods "joint, apart" are Ready
      And container "app" of Pod "joint" has executed "/workload write /note here"
      When container "sibling" of Pod "apart" executes "/workload ps"
      Then its output does not contain "--name=hidden"
      And its output contains ""pid":1,"
      Given container "sibling" of Pod "joint" comes to see the process "--name=shown", whose number is remembered as "number"
      When container "sibling" of Pod "joint" executes "/workload cat /proc/${number}/root/note"
      Then it prints "here"
      When container "app" of Pod "joint" executes "/workload http http://localhost:8080/"
      Then its output contains ""pid":${number},"
      And its output does not contain ""pid":1,"
      When container "sibling" of Pod "joint" executes "/workload signal ${number} SIGTERM"
      Then it exits with 0
      And container "app" of Pod "joint" is restarted
      And "status.containerStatuses[name=app].lastState.terminated.exitCode" of Pod "joint" is "0"
      And Pod "joint" becomes Ready
      And container "sibling" of Pod "joint" comes to see the process "--name=shown", whose number is remembered as "next"
      And container "sibling" of Pod "joint" has not been restarted
      When container "sibling" of Pod "joint" executes "/workload ps"
      Then its output does not contain ""pid":${number},"

    # A node that runs each Pod in a machine of its own cannot show it others.
    @should
    Scenario: a Pod among the processes of its node sees those of other Pods
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: seen}
        spec: {containers: [{name: app, image: "${image}", command: [/workload, serve, "--name=of-${namespace}"]}]}
        """
      And Pod "seen" is Ready
      And "spec.nodeName" of Pod "seen" is remembered as "node"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: watcher}
        spec:
          nodeName: ${node}
          hostPID: true
          containers: [{name: app, image: "${image}", command: [/workload, wait, --term-code=9]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: blind}
        spec:
          nodeName: ${node}
          containers: [{name: app, image: "${image}", command: [/workload, wait, --term-code=9]}]
        """
      And Pods "watcher, blind" are Ready
      Then container "app" of Pod "watcher" comes to see the process "--name=of-${namespace}", whose number is remembered as "number"
      And container "app" of Pod "watcher" executes "/workload cat /proc/${number}/cmdline"
      And its output contains "--name=of-${namespace}"
      And container "app" of Pod "blind" executes "/workload ps"
      And its output does not contain "--name=of-${namespace}"
      # Its own first process is none of the node's.
      And its output matches ""pid":1,.*--term-code=9"
      And container "app" of Pod "watcher" executes "/workload cat /proc/1/cmdline"
      And its output does not contain "--term-code=9"

    # containerd and CRI-O show the node's /dev/shm to who is among its IPC. Kubernetes documents the namespace alone.
    @should
    Scenario: Pods among the IPC of their node share its memory
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one}
        spec:
          hostIPC: true
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "one" is Ready
      And "spec.nodeName" of Pod "one" is remembered as "node"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: other}
        spec:
          nodeName: ${node}
          hostIPC: true
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: apart}
        spec:
          nodeName: ${node}
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pods "other, apart" are Ready
      When container "app" of Pod "one" executes "/workload write /dev/shm/${namespace} shared"
      Then it exits with 0
      When container "app" of Pod "apart" executes "/workload exists /dev/shm/${namespace}"
      Then it exits with 1
      When container "app" of Pod "other" executes "/workload steps 'cat /dev/shm/${namespace}' 'rm /dev/shm/${namespace}'"
      Then it prints "shared"
      When container "app" of Pod "one" executes "/workload exists /dev/shm/${namespace}"
      Then it exits with 1

    # What a container's first process leaves behind does not end with it by itself, as it does in a namespace of its own. Kubernetes documents
    # nothing of it; containerd ends it.
    @should
    Scenario: a container whose processes are shared ends as a whole, and alone
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: joint}
        spec:
          shareProcessNamespace: true
          restartPolicy: Never
          terminationGracePeriodSeconds: 2
          containers:
          - {name: app, image: "${image}", command: [/workload, serve]}
          - {name: sibling, image: "${image}", command: [/workload, wait, --ignore-sigterm]}
        """
      And Pod "joint" is Ready
      When container "app" of Pod "joint" begins "/workload wait --ignore-sigterm --term-code=9"
      Then container "sibling" of Pod "joint" comes to see the process "--term-code=9", whose number is remembered as "left behind"
      When container "app" of Pod "joint" executes "/workload control exit=3"
      Then "status.containerStatuses[name=app].state.terminated.exitCode" of Pod "joint" becomes "3"
      And container "sibling" of Pod "joint" comes to see no process "--term-code=9"
      And "status.containerStatuses[name=sibling].state.running.startedAt" of Pod "joint" is present
      And "status.phase" of Pod "joint" is "Running"
      When Pod "joint" is deleted
      Then Pod "joint" is gone

  @pods/isolated
  Rule: other Pods are apart

    Scenario: the same port, another address, other files and processes
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve, --port=8080, --name=one]}]
        """
      And Pod "one" is Ready
      And "spec.nodeName" of Pod "one" is remembered as "node"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: two}
        spec:
          nodeName: "${node}"
          containers: [{name: app, image: "${image}", command: [/workload, serve, --port=8080]}]
        """
      And Pod "two" is Ready
      And "status.podIP" of Pod "one" is remembered as "address"
      Then "status.podIP" of Pod "two" is not "${address}"
      And container "app" of Pod "one" has executed "/workload write /secret one"
      And container "app" of Pod "one" has executed "/workload write /dev/shm/secret one"
      When container "app" of Pod "two" executes "/workload http http://localhost:8080/"
      Then its output contains ""who":"two""
      When container "app" of Pod "two" executes "/workload exists /secret"
      Then it exits with 1
      When container "app" of Pod "two" executes "/workload exists /dev/shm/secret"
      Then it exits with 1
      When container "app" of Pod "two" executes "/workload hostname"
      Then it prints "two"
      When container "app" of Pod "two" executes "/workload ps"
      Then its output does not contain "--name=one"
      When container "app" of Pod "two" executes "/workload http http://${address}:8080/"
      Then its output contains ""who":"one""

    # Kubernetes' network model: Pods reach each other without translation of addresses.
    @multi-node @network
    Scenario: a Pod is known by its own address to whom it asks, on its node and on another
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: client, labels: {app: client}}
        spec: {containers: [{name: client, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: here}
        spec:
          affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: client}}}]}}
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: there}
        spec:
          affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: client}}}]}}
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        """
      And Pods "client, here, there" are Ready
      And "status.podIP" of Pod "client" is remembered as "client"
      And "status.podIP" of Pod "here" is remembered as "here"
      And "status.podIP" of Pod "there" is remembered as "there"
      When container "client" of Pod "client" executes "/workload http http://${here}:8080/"
      Then its output contains ""remoteAddr":"${client}:"
      When container "client" of Pod "client" executes "/workload http http://${there}:8080/"
      Then its output contains ""remoteAddr":"${client}:"

    # Kubernetes' documentation does not promise it of a Service's address, though kube-proxy keeps to it.
    @multi-node @network @should @services/load-balances
    Scenario: a Pod is known by its own address to the Pods of a Service, too
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: client, labels: {app: client}}
        spec: {containers: [{name: client, image: "${image}", command: [/workload, wait]}]}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: there, labels: {app: web}}
        spec:
          affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: client}}}]}}
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And Pods "client, there" are Ready
      And "status.podIP" of Pod "client" is remembered as "client"
      And "spec.clusterIP" of Service "web" is remembered as "web"
      And requests from Pod "client" to "http://${web}/" come to be answered by exactly the Pods "there"
      When container "client" of Pod "client" executes "/workload http http://${web}/"
      Then its output contains ""remoteAddr":"${client}:"

  @pods/empty-dir
  Rule: an emptyDir is shared, survives its containers, and dies with the Pod

    Scenario: written by one container, read by the other, after a restart too
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: pair}
        spec:
          volumes: [{name: shared, emptyDir: {}}]
          containers:
          - {name: writer, image: "${image}", command: [/workload, serve], volumeMounts: [{name: shared, mountPath: /out}]}
          - {name: reader, image: "${image}", command: [/workload, wait], volumeMounts: [{name: shared, mountPath: /in, readOnly: true}]}
        """
      And Pod "pair" is Ready
      And container "writer" of Pod "pair" has executed "/workload write /out/note kept"
      When container "reader" of Pod "pair" executes "/workload cat /in/note"
      Then it prints "kept"
      When container "reader" of Pod "pair" executes "/workload write /in/note changed"
      Then it exits with 1
      When container "writer" of Pod "pair" executes "/workload control exit=1"
      Then container "writer" of Pod "pair" is restarted
      And Pod "pair" becomes Ready
      When container "writer" of Pod "pair" executes "/workload cat /out/note"
      Then it prints "kept"

    # Each user has a group of its own: what they share is the file system group, or nothing.
    Scenario Outline: two users write beside each other; what is the group's alone is <verdict>
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: pair}
        spec:
          securityContext: {<group>}
          volumes: [{name: work, emptyDir: {}}]
          containers:
          - name: one
            image: "${image}"
            command: [/workload, wait]
            securityContext: {runAsUser: 1234, runAsGroup: 1235}
            volumeMounts: [{name: work, mountPath: /work}]
          - name: other
            image: "${image}"
            command: [/workload, wait]
            securityContext: {runAsUser: 5678, runAsGroup: 5679}
            volumeMounts: [{name: work, mountPath: /work}]
        """
      And Pod "pair" is Ready
      When container "one" of Pod "pair" executes "/workload write /work/note here --mode=0640"
      Then it exits with 0
      When container "other" of Pod "pair" executes "/workload write /work/another there"
      Then it exits with 0
      When container "one" of Pod "pair" executes "/workload stat /work/note"
      Then its output contains ""uid":1234,"gid":<gid>"
      When container "other" of Pod "pair" executes "/workload stat /work/another"
      Then its output contains ""uid":5678"
      When container "other" of Pod "pair" executes "/workload write /work/note changed"
      Then it exits with 1
      And its error output contains "permission denied"
      When container "other" of Pod "pair" executes "/workload cat /work/note"
      Then it exits with <code>

      Examples:
        | verdict  | group         | gid  | code |
        | shared   | fsGroup: 3456 | 3456 | 0    |
        | nobody's |               | 1235 | 1    |

  @pods/data-lost-with-pod
  Rule: what a container wrote is lost with its Pod

    Scenario: a new Pod of the same name starts afresh
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          volumes: [{name: scratch, emptyDir: {}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: scratch, mountPath: /scratch}]}]
        """
      And Pod "app" is Ready
      And "spec.nodeName" of Pod "app" is remembered as "node"
      And container "app" of Pod "app" has executed "/workload write /scratch/note here"
      And container "app" of Pod "app" has executed "/workload write /note here"
      When Pod "app" is deleted with a grace period of 1 second
      Then Pod "app" is gone
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          nodeName: "${node}"
          volumes: [{name: scratch, emptyDir: {}}]
          containers: [{name: app, image: "${image}", command: [/workload, wait], volumeMounts: [{name: scratch, mountPath: /scratch}]}]
        """
      And Pod "app" is Ready
      When container "app" of Pod "app" executes "/workload exists /scratch/note"
      Then it exits with 1
      When container "app" of Pod "app" executes "/workload exists /note"
      Then it exits with 1
