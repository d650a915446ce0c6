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
