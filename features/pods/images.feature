@workloads
Feature: Images
  A container runs what its image holds. The node has the image, or gets it from a registry, as the container's policy says; where it cannot,
  the Pod waits and tells why.

  @pods/kubelet-creates-containers
  Rule: an image that the node does not have is pulled

    # The registry is a container on the node's own network, at localhost, so that it is asked without TLS by those who ask so at all.
    Scenario: from a registry, once, or each time, as the policy says
      Given the cluster leaves Pods as they are written
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: registry}
        spec:
          hostNetwork: true
          containers: [{name: app, image: "${image}", command: [/workload, registry]}]
        """
      And Pod "registry" is Ready
      And "spec.nodeName" of Pod "registry" is remembered as "node"
      And what the log of Pod "registry" says behind "registry address=" is remembered as "registry"
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: first}
        spec:
          nodeName: ${node}
          containers: [{name: app, image: "${registry}/app:1", args: [wait]}]
        """
      Then Pod "first" becomes Ready, if its node pulls without TLS
      And "status.containerStatuses[0].image" of Pod "first" is present
      And "status.containerStatuses[0].imageID" of Pod "first" is present
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: again}
        spec:
          nodeName: ${node}
          containers: [{name: app, image: "${registry}/app:1", imagePullPolicy: Always, args: [wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: missing}
        spec:
          nodeName: ${node}
          containers: [{name: app, image: "${registry}/app:2", args: [wait]}]
        """
      Then Pod "again" becomes Ready
      And "status.containerStatuses[0].state.waiting.reason" of Pod "missing" becomes "ImagePullBackOff"
      And a warning is recorded for Pod "missing" that says "${registry}/app:2"
      And "status.phase" of Pod "missing" is "Pending"
      # What needs the registry shows once it is gone.
      When Pod "registry" is deleted with a grace period of 1 second
      Then Pod "registry" is gone
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: second}
        spec:
          nodeName: ${node}
          containers: [{name: app, image: "${registry}/app:1", imagePullPolicy: IfNotPresent, args: [wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: never}
        spec:
          nodeName: ${node}
          containers: [{name: app, image: "${registry}/app:1", imagePullPolicy: Never, args: [wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: always}
        spec:
          nodeName: ${node}
          containers: [{name: app, image: "${registry}/app:1", imagePullPolicy: Always, args: [wait]}]
        """
      Then Pods "second, never" become Ready
      And "status.containerStatuses[0].state.waiting.reason" of Pod "always" becomes "ImagePullBackOff"
      And "status.phase" of Pod "always" is "Pending"

    Scenario: what cannot be had keeps its container waiting, and no other
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: pair}
        spec:
          containers:
          - {name: there, image: "${image}", command: [/workload, wait]}
          - {name: missing, image: "localhost:1/nobody/listens:1", command: [/workload, wait]}
          - {name: misspelt, image: "Nobody/Writes:So:1"}
        """
      Then "status.containerStatuses[name=missing].state.waiting.reason" of Pod "pair" becomes "ImagePullBackOff"
      And "status.containerStatuses[name=missing].state.waiting.message" of Pod "pair" contains "localhost:1/nobody/listens:1"
      And container "misspelt" of Pod "pair" comes to have failed, or to wait with a reason
      And a warning is recorded for Pod "pair" that says "localhost:1/nobody/listens:1"
      And "status.containerStatuses[name=there].state.running.startedAt" of Pod "pair" comes to be present
      And "status.phase" of Pod "pair" is "Pending"
      And Pod "pair" is not Ready
      When kubectl runs "set image pod/pair missing=${image}"
      Then it exits with 0
      And "status.containerStatuses[name=missing].state.running.startedAt" of Pod "pair" comes to be present

    # Nobody has to have the other image: what runs with one that it is no longer to have is ended before.
    Scenario: a container whose image is changed is restarted with it, and no other
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          initContainers:
          - {name: first, image: "${image}", command: [/workload, exit, --code=0]}
          - {name: sidecar, restartPolicy: Always, image: "${image}", command: [/workload, wait]}
          containers:
          - {name: changed, image: "${image}", command: [/workload, wait]}
          - {name: other, image: "${image}", command: [/workload, wait]}
        """
      And Pod "app" is Ready
      And the log of container "changed" of Pod "app" is followed
      And the log of container "sidecar" of Pod "app" is followed
      And "status.containerStatuses[name=other].containerID" of Pod "app" is remembered as "other"
      When kubectl runs "set image pod/app changed=localhost:1/nobody/listens:1"
      Then it exits with 0
      And the log of container "changed" of Pod "app" says "signal=SIGTERM"
      And "status.containerStatuses[name=changed].state.waiting.reason" of Pod "app" becomes "ImagePullBackOff"
      And Pod "app" becomes unready
      When kubectl runs "set image pod/app changed=${image}"
      Then Pod "app" becomes Ready
      And "status.containerStatuses[name=changed].restartCount" of Pod "app" is "1"
      When kubectl runs "set image pod/app sidecar=localhost:1/nobody/listens:1"
      Then it exits with 0
      And the log of container "sidecar" of Pod "app" says "signal=SIGTERM"
      And Pod "app" becomes unready
      # What has done its work is not asked to do it again.
      When kubectl runs "set image pod/app sidecar=${image} first=localhost:1/nobody/listens:1"
      Then it exits with 0
      And Pod "app" becomes Ready
      And Pod "app" stays Ready for 3 seconds
      And "status.initContainerStatuses[name=first].restartCount" of Pod "app" is "0"
      And "status.containerStatuses[name=other].containerID" of Pod "app" is still "${other}"
      And container "other" of Pod "app" has not been restarted

    # Kubernetes documents the states of containers, and not these reasons of events.
    @should
    Scenario: what cannot be had is told of in the kubelet's words
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: pair}
        spec:
          containers:
          - {name: there, image: "${image}", command: [/workload, wait]}
          - {name: missing, image: "localhost:1/nobody/listens:1", command: [/workload, wait]}
          - {name: misspelt, image: "Nobody/Writes:So:1"}
        """
      Then "status.containerStatuses[name=misspelt].state.waiting.reason" of Pod "pair" becomes "InvalidImageName"
      And "status.containerStatuses[name=misspelt].state.waiting.message" of Pod "pair" contains "Nobody/Writes:So:1"
      And an event "Pulled" is recorded for Pod "pair" that says "${image}"
      And an event "Failed" is recorded for Pod "pair" that says "ErrImagePull"
      And an event "BackOff" is recorded for Pod "pair" that says "localhost:1/nobody/listens:1"

    # That is what the first failure is called. It may be over soon: the node waits before it tries again.
    @should
    Scenario: what cannot be had is an error first, and a pause after that
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          containers: [{name: missing, image: "localhost:1/nobody/listens:2", command: [/workload, wait]}]
        """
      Then "status.containerStatuses[name=missing].state.waiting.reason" of Pod "app" becomes "ErrImagePull"
      And "status.containerStatuses[name=missing].state.waiting.reason" of Pod "app" becomes "ImagePullBackOff"
      And "status.phase" of Pod "app" is "Pending"
