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

    # Kubernetes' documentation has the 64 characters, which are the kernel's. The cluster's domain is at least one character long.
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
      When container "app" of Pod "two" executes "/workload http http://localhost:8080/"
      Then its output contains ""who":"two""
      When container "app" of Pod "two" executes "/workload exists /secret"
      Then it exits with 1
      When container "app" of Pod "two" executes "/workload hostname"
      Then it prints "two"
      When container "app" of Pod "two" executes "/workload ps"
      Then its output does not contain "--name=one"
      When container "app" of Pod "two" executes "/workload http http://${address}:8080/"
      Then its output contains ""who":"one""

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
