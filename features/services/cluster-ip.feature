@api
Feature: Cluster IPs
  A Service gets a virtual address, its cluster IP, from a range that belongs to the cluster. It keeps it for life.

  @services/cluster-ip-assigned
  Rule: a Service gets an address of its own

    Scenario: three Services have three addresses
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: one}, spec: {ports: [{port: 80}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: two}, spec: {ports: [{port: 80}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: three}, spec: {ports: [{port: 80}]}}
        """
      Then the cluster IPs of the Services "one, two, three" differ
      And "spec.type" of Service "one" is "ClusterIP"
      And "spec.clusterIP" of Service "one" is remembered as "address"
      And "spec.clusterIPs[0]" of Service "one" is "${address}"

    Scenario: the address stays when the Service changes
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      When Service "web" is patched with:
        """
        spec: {selector: {app: web}, ports: [{port: 8080}]}
        """
      Then it is accepted
      And "spec.ports[0].port" of Service "web" is "8080"
      And "spec.clusterIP" of Service "web" is still "${address}"

    Scenario: None makes a Service headless
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: None, ports: [{port: 80}]}}
        """
      Then "spec.clusterIP" of Service "web" is "None"
      And "spec.clusterIPs[0]" of Service "web" is "None"

    @serial
    Scenario: a dry run takes no address
      Given an address of the range that is free is remembered as "free"
      When this is submitted as a dry run:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: "${free}", ports: [{port: 80}]}}
        """
      Then it is accepted
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: other}, spec: {clusterIP: "${free}", ports: [{port: 80}]}}
        """
      Then it is accepted

    Scenario Outline: a Service with <what> is refused
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: bad}, spec: <spec>}
        """
      Then it is refused with 422 "Invalid" naming "<field>"
      And there is no Service "bad"

      Examples:
        | what                 | spec                                                               | field                     |
        | no port              | {}                                                                 | spec.ports                |
        | port 0               | {ports: [{port: 0}]}                                               | spec.ports[0].port        |
        | a port too high      | {ports: [{port: 65536}]}                                           | spec.ports[0].port        |
        | an unknown protocol  | {ports: [{port: 80, protocol: ICMP}]}                              | spec.ports[0].protocol    |
        | two unnamed ports    | {ports: [{port: 80}, {port: 81}]}                                  | spec.ports[0].name        |
        | one port twice       | {ports: [{name: a, port: 80}, {name: b, port: 80}]}                | spec.ports[1]             |
        | a bad target port    | {ports: [{port: 80, targetPort: 70000}]}                           | spec.ports[0].targetPort  |
        | an unknown type      | {type: Teleport, ports: [{port: 80}]}                              | spec.type                 |
        | an unknown affinity  | {sessionAffinity: Always, ports: [{port: 80}]}                     | spec.sessionAffinity      |

  @services/choose-cluster-ip
  Rule: the user may choose the address

    @serial
    Scenario: a free address of the range is kept exactly
      Given an address of the range that is free is remembered as "free"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: "${free}", ports: [{port: 80}]}}
        """
      Then it is accepted
      And "spec.clusterIP" of Service "web" is "${free}"

  @services/cluster-ip-in-range-and-free
  Rule: the address must be in the range and free

    Scenario: an address that another Service has
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: first}, spec: {ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "first" is remembered as "taken"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: second}, spec: {clusterIP: "${taken}", ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs"
      And there is no Service "second"

    Scenario: an address that was given back
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: first}, spec: {ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "first" is remembered as "address"
      When Service "first" is deleted
      And this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: second}, spec: {clusterIP: "${address}", ports: [{port: 80}]}}
        """
      Then it is accepted
      And "spec.clusterIP" of Service "second" is "${address}"

    Scenario: the addresses of Services that are deleted together are given back
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: first, labels: {when: now}}, spec: {ports: [{port: 80}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: second, labels: {when: now}}, spec: {ports: [{port: 80}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: third, labels: {when: later}}, spec: {ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "first" is remembered as "first"
      And "spec.clusterIP" of Service "second" is remembered as "second"
      And "spec.clusterIP" of Service "third" is remembered as "third"
      When the Services with the selector "when=now" are deleted together
      Then it is accepted
      And there is no Service "first"
      And there is no Service "second"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: fourth}, spec: {clusterIP: "${first}", ports: [{port: 80}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: fifth}, spec: {clusterIP: "${second}", ports: [{port: 80}]}}
        """
      Then it is accepted
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: sixth}, spec: {clusterIP: "${third}", ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs"
      And "spec.clusterIP" of Service "third" is still "${third}"

    Scenario: an address outside of the range
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: 192.0.2.10, ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs"
      And there is no Service "web"

    Scenario Outline: <address> is no address
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: "<address>", ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs[0]"
      And there is no Service "web"

      Examples:
        | address      |
        | somewhere    |
        | 10.96.0      |
        | 10.96.0.300  |
        | 010.096.0.10 |

    # The address is had before the node port, and before the name, is found to be taken.
    @serial
    Scenario: a Service that is refused gives back what it had got already
      Given an address of the range that is free is remembered as "free"
      And these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: first}, spec: {type: NodePort, ports: [{port: 80}]}}
        """
      And "spec.ports[0].nodePort" of Service "first" is remembered as "taken"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: second}, spec: {type: NodePort, clusterIP: "${free}", ports: [{port: 80, nodePort: ${taken}}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.ports[0].nodePort"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: first}, spec: {clusterIP: "${free}", ports: [{port: 80}]}}
        """
      Then it is refused with 409 "AlreadyExists"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: third}, spec: {clusterIP: "${free}", ports: [{port: 80}]}}
        """
      Then it is accepted
      And "spec.clusterIP" of Service "third" is "${free}"

    @serial @services/node-port-assigned
    Scenario: of two node ports the one that was had is given back when the other is refused
      Given a node port that is free is remembered as "free"
      And these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: first}, spec: {type: NodePort, ports: [{port: 80}]}}
        """
      And "spec.ports[0].nodePort" of Service "first" is remembered as "taken"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: second}, spec: {type: NodePort, ports: [{name: a, port: 80, nodePort: ${free}}, {name: b, port: 81, nodePort: ${taken}}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.ports[1].nodePort"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: third}, spec: {type: NodePort, ports: [{port: 80, nodePort: ${free}}]}}
        """
      Then it is accepted
      And "spec.ports[0].nodePort" of Service "third" is "${free}"

    Scenario: a deletion that is a dry run gives nothing back
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: first}, spec: {ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "first" is remembered as "address"
      When kubectl runs "delete service first --dry-run=server"
      Then it exits with 0
      And Service "first" still exists
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: second}, spec: {clusterIP: "${address}", ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs"
      And the refusal says "already allocated"

    # Finalizers are taken away by whoever has done what they stand for, in a write to the Service or to its status.
    @serial @services/node-port-assigned
    Scenario: a Service that is deleted and held keeps what it has, until it is let go by either write
      Given an address of the range that is free is remembered as "address"
      And a node port that is free is remembered as "port"
      And these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: held, finalizers: [example.com/hold]}, spec: {type: NodePort, clusterIP: "${address}", ports: [{port: 80, nodePort: ${port}}]}}
        """
      When Service "held" is deleted
      Then it is accepted
      And "metadata.deletionTimestamp" of Service "held" is present
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: next}, spec: {clusterIP: "${address}", ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: next}, spec: {type: NodePort, ports: [{port: 80, nodePort: ${port}}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.ports[0].nodePort"
      When "metadata.finalizers" of Service "held" is set to "null"
      Then it is accepted
      And there is no Service "held"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: next, finalizers: [example.com/hold]}, spec: {type: NodePort, clusterIP: "${address}", ports: [{port: 80, nodePort: ${port}}]}}
        """
      Then it is accepted
      When Service "next" is deleted
      Then it is accepted
      When the status of Service "next" is patched with:
        """
        metadata: {finalizers: null}
        """
      Then it is accepted
      And there is no Service "next"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: last}, spec: {type: NodePort, clusterIP: "${address}", ports: [{port: 80, nodePort: ${port}}]}}
        """
      Then it is accepted

  @cluster @implementation @services/cluster-ip-in-range-and-free @services/node-port-assigned
  Rule: what is taken stays taken when the server begins anew

    Scenario: kill -9 of the server
      Given a cluster of its own with 1 node
      And these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: first}, spec: {type: NodePort, ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "first" is remembered as "address"
      And "spec.ports[0].nodePort" of Service "first" is remembered as "port"
      When the server of the first node is killed
      And the API server answers again
      And this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: second}, spec: {clusterIP: "${address}", ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: second}, spec: {type: NodePort, ports: [{port: 80, nodePort: ${port}}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.ports[0].nodePort"
      And there is no Service "second"

  @services/cluster-ip-immutable
  Rule: the address cannot be changed

    Scenario: a patch to another address is refused
      Given an address of the range that is free is remembered as "free"
      And these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      When "spec.clusterIP" of Service "web" is set to "${free}"
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs[0]"
      And "spec.clusterIP" of Service "web" is still "${address}"

    Scenario: an update to another address is refused
      Given an address of the range that is free is remembered as "free"
      And these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      When Service "web" is replaced by:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: "${free}", ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs[0]"
      And "spec.clusterIP" of Service "web" is still "${address}"

    Scenario: an update that leaves the address out keeps it
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      When Service "web" is replaced by:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 81}]}}
        """
      Then it is accepted
      And "spec.ports[0].port" of Service "web" is "81"
      And "spec.clusterIP" of Service "web" is still "${address}"

    Scenario: deleting and creating again gives the address anew
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      When Service "web" is deleted
      And this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: "${address}", ports: [{port: 81}]}}
        """
      Then it is accepted
      And "spec.clusterIP" of Service "web" is "${address}"

    # None is what a headless Service has in place of an address. It stays as an address does.
    Scenario: what has an address does not become headless, and what is headless gets no address and no type that needs one
      Given an address of the range that is free is remembered as "free"
      And these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: bare}, spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      When "spec.clusterIP" of Service "web" is set to "None"
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs[0]"
      And "spec.clusterIP" of Service "web" is still "${address}"
      When "spec.clusterIP" of Service "bare" is set to "${free}"
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs[0]"
      And "spec.clusterIP" of Service "bare" is still "None"
      When "spec.type" of Service "bare" is set to "NodePort"
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs[0]"
      And "spec.type" of Service "bare" is still "ClusterIP"

  @services/cluster-ip-range-flag @cluster
  Rule: the flag --service-cluster-ip-range sets the range

    Scenario: a small range is used to its end, and what is given back is used again
      Given a cluster of its own with the server flags "--service-cluster-ip-range=10.99.7.0/28"
      When Services are created until one is refused, 20 at most
      Then the refusal matches "(?i)range|full|exhausted|no (?:free|more|available)"
      And the Services' addresses are all those of "10.99.7.0/28" but the first and the last
      # Services of the young cluster's own may be waiting for an address, too: some of these are for them.
      When Service "filler-2" is deleted
      And Service "filler-3" is deleted
      And Service "filler-4" is deleted
      And Service "filler-5" is deleted
      # An API server may hear a moment later what has been given back.
      And Service "filler-6" exists for 2 seconds
      And this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: last}, spec: {ports: [{port: 80}]}}
        """
      Then it is accepted
      And "spec.clusterIP" of Service "last" is an address within "10.99.7.0/28"

    Scenario: neither the edges of the range, nor what is taken or outside of it, is a Service's
      Given a cluster of its own with the server flags "--service-cluster-ip-range=10.99.8.0/28"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: 10.99.8.0, ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: 10.99.8.15, ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: 10.99.8.1, ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: 10.99.8.16, ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs"
      And there is no Service "web"

    Scenario Outline: a server with the range <range> refuses to start
      Then a server with the flags "--service-cluster-ip-range=<range>" refuses to start and says "<text>"

      Examples:
        | range        | text                     |
        | nonsense     | service-cluster-ip-range |
        | 10.99.0.0/33 | service-cluster-ip-range |
        | 10.99.0.0/31 | cluster-ip-range         |

  @services/range-must-not-overlap @workloads
  Rule: the range should not overlap with other networks

    Scenario: no Service can have the address of a Pod or of a node
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: web}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "web" is Ready
      And "status.podIP" of Pod "web" is remembered as "pod"
      And "status.hostIP" of Pod "web" is remembered as "node"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: "${pod}", ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: "${node}", ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs"
