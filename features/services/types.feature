@api
Feature: Types of Services
  A Service is reached in the way of its type: at an address within the cluster; at a port of every node besides; at an address that
  somebody provides besides; or it is only another name for something else.

  @services/node-port-assigned
  Rule: a node port is assigned, or chosen

    Scenario: every port of every Service has a node port of its own, and keeps it
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: one}, spec: {type: NodePort, ports: [{name: http, port: 80}, {name: https, port: 443}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: two}, spec: {type: NodePort, ports: [{port: 80}]}}
        """
      Then the node ports of the Services "one, two" differ
      And "spec.clusterIP" of Service "one" is present
      And "spec.ports[name=http].nodePort" of Service "one" is remembered as "http"
      And "spec.ports[name=https].nodePort" of Service "one" is remembered as "https"
      When Service "one" is replaced by:
        """
        {apiVersion: v1, kind: Service, metadata: {name: one}, spec: {type: NodePort, ports: [{name: https, port: 8443}, {name: http, port: 80}]}}
        """
      Then it is accepted
      And "spec.ports[name=https].port" of Service "one" is "8443"
      And "spec.ports[name=http].nodePort" of Service "one" is still "${http}"
      And "spec.ports[name=https].nodePort" of Service "one" is still "${https}"

    @serial
    Scenario: a free node port is kept exactly, for both protocols of one Service, and is no other Service's
      Given a node port that is free is remembered as "free"
      And these objects exist:
        """
        apiVersion: v1
        kind: Service
        metadata: {name: dns}
        spec:
          type: NodePort
          ports:
          - {name: tcp, protocol: TCP, port: 53, nodePort: ${free}}
          - {name: udp, protocol: UDP, port: 53, nodePort: ${free}}
        """
      Then "spec.ports[name=tcp].nodePort" of Service "dns" is "${free}"
      And "spec.ports[name=udp].nodePort" of Service "dns" is "${free}"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: other}, spec: {type: NodePort, ports: [{protocol: SCTP, port: 53, nodePort: ${free}}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.ports[0].nodePort"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: other}, spec: {type: NodePort, ports: [{protocol: TCP, port: 53, nodePort: ${free}}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.ports[0].nodePort"
      And there is no Service "other"
      When Service "dns" is deleted
      And this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: other}, spec: {type: NodePort, ports: [{protocol: SCTP, port: 53, nodePort: ${free}}]}}
        """
      Then it is accepted
      And "spec.ports[0].nodePort" of Service "other" is "${free}"

    @serial
    Scenario: a node port that its Service changes for another is free again
      Given a node port that is free is remembered as "free"
      And these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: NodePort, ports: [{port: 80, nodePort: ${free}}]}}
        """
      And a node port that is free is remembered as "another"
      When Service "web" is patched with:
        """
        spec: {ports: [{port: 80, nodePort: ${another}}]}
        """
      Then it is accepted
      And "spec.ports[0].nodePort" of Service "web" is "${another}"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: other}, spec: {type: NodePort, ports: [{port: 80, nodePort: ${free}}]}}
        """
      Then it is accepted
      And "spec.ports[0].nodePort" of Service "other" is "${free}"

    @serial
    Scenario: the port at which load balancers ask for health is free again when what comes from outside is kept to no node
      Given a node port that is free is remembered as "free"
      And these objects exist:
        """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec:
          type: LoadBalancer
          loadBalancerClass: example.com/nobody
          externalTrafficPolicy: Local
          healthCheckNodePort: ${free}
          ports: [{port: 80}]
        """
      When "spec.externalTrafficPolicy" of Service "web" is set to "Cluster"
      Then it is accepted
      And "spec.healthCheckNodePort" of Service "web" is absent
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: other}, spec: {type: NodePort, ports: [{port: 80, nodePort: ${free}}]}}
        """
      Then it is accepted
      And "spec.ports[0].nodePort" of Service "other" is "${free}"

    @cluster
    Scenario: a range of node ports is used to its end, what is given back is used again, and what lies outside is refused
      Given a cluster of its own with the server flags "--service-node-port-range=30100-30103"
      When NodePort Services are created until one is refused, 8 at most
      Then the refusal matches "(?i)range|full|exhausted|no (?:free|more|available)"
      And the Services' node ports are all those from 30100 to 30103
      When Service "filler-2" is deleted
      And this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: outside}, spec: {type: NodePort, ports: [{port: 80, nodePort: 30104}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.ports[0].nodePort"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: last}, spec: {type: NodePort, ports: [{port: 80}]}}
        """
      Then it is accepted
      And the Services' node ports are all those from 30100 to 30103

    @cluster
    Scenario Outline: a server with the node ports <range> refuses to start
      Then a server with the flags "--service-node-port-range=<range>" refuses to start and says "service-node-port-range"

      Examples:
        | range       |
        | somewhere   |
        | 40000-30000 |

  @services/node-port-assigned @services/cluster-ip-assigned @services/external-name
  Rule: the type can change, and what a type does not have goes

    Scenario: from an address to a node port, to a load balancer, and back; to another name, and back
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      Then "spec.ports[0].nodePort" of Service "web" is absent
      When "spec.type" of Service "web" is set to "NodePort"
      Then it is accepted
      And "spec.clusterIP" of Service "web" is still "${address}"
      And "spec.ports[0].nodePort" of Service "web" is remembered as "port"
      When Service "web" is patched with:
        """
        spec: {type: LoadBalancer, loadBalancerClass: example.com/nobody}
        """
      Then it is accepted
      And "spec.clusterIP" of Service "web" is still "${address}"
      And "spec.ports[0].nodePort" of Service "web" is still "${port}"
      When "spec.type" of Service "web" is set to "NodePort"
      Then it is accepted
      And "spec.loadBalancerClass" of Service "web" is absent
      And "spec.ports[0].nodePort" of Service "web" is still "${port}"
      When "spec.type" of Service "web" is set to "ClusterIP"
      Then it is accepted
      And "spec.ports[0].nodePort" of Service "web" is absent
      And "spec.clusterIP" of Service "web" is still "${address}"
      When Service "web" is patched with:
        """
        spec: {type: ExternalName, externalName: web.example.com}
        """
      Then it is accepted
      And "spec.clusterIP" of Service "web" is absent
      When "spec.type" of Service "web" is set to "ClusterIP"
      Then it is accepted
      And "spec.clusterIP" of Service "web" is present

    # Another Service takes at once what was given back, so that the first cannot get it again by luck.
    @serial
    Scenario Outline: <what> becomes a mere name, and is one again
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {<spec>, ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And "spec.ports[0].nodePort" of Service "web" is remembered as "port"
      When Service "web" is patched with:
        """
        spec: {type: ExternalName, externalName: web.example.com}
        """
      Then it is accepted
      And "spec.clusterIP" of Service "web" is absent
      And "spec.clusterIPs" of Service "web" is absent
      And "spec.ipFamilies" of Service "web" is absent
      And "spec.ports[0].nodePort" of Service "web" is absent
      And "spec.healthCheckNodePort" of Service "web" is absent
      And "spec.loadBalancerClass" of Service "web" is absent
      And "spec.externalTrafficPolicy" of Service "web" is absent
      And "spec.ports[0].port" of Service "web" is "80"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: heir}, spec: {type: NodePort, clusterIP: "${address}", ports: [{port: 80, nodePort: ${port}}]}}
        """
      Then it is accepted
      When Service "web" is patched with:
        """
        spec: {<spec>}
        """
      Then it is accepted
      And "spec.clusterIP" of Service "web" is present
      And "spec.clusterIP" of Service "web" is not "${address}"
      And "spec.ports[0].nodePort" of Service "web" is present
      And "spec.ports[0].nodePort" of Service "web" is not "${port}"

      Examples:
        | what            | spec                                                                                    |
        | a node port     | type: NodePort                                                                          |
        | a load balancer | type: LoadBalancer, loadBalancerClass: example.com/nobody, externalTrafficPolicy: Local |

    @serial
    Scenario: a load balancer has its node ports, the one for checks among them, no longer than its type
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      When Service "web" is patched with:
        """
        spec: {type: LoadBalancer, loadBalancerClass: example.com/nobody, externalTrafficPolicy: Local}
        """
      Then it is accepted
      And "spec.clusterIP" of Service "web" is still "${address}"
      And "spec.ports[0].nodePort" of Service "web" is remembered as "port"
      And "spec.healthCheckNodePort" of Service "web" is remembered as "checks"
      When "spec.type" of Service "web" is set to "ClusterIP"
      Then it is accepted
      And "spec.clusterIP" of Service "web" is still "${address}"
      And "spec.ports[0].nodePort" of Service "web" is absent
      And "spec.healthCheckNodePort" of Service "web" is absent
      And "spec.externalTrafficPolicy" of Service "web" is absent
      When this is submitted:
        """
        apiVersion: v1
        kind: Service
        metadata: {name: heir}
        spec: {type: NodePort, ports: [{name: http, port: 80, nodePort: ${port}}, {name: checks, port: 81, nodePort: ${checks}}]}
        """
      Then it is accepted

    Scenario Outline: another name with <what> is refused
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: NodePort, ports: [{port: 80}]}}
        """
      And "spec.clusterIP" of Service "web" is remembered as "address"
      When Service "web" is patched with:
        """
        spec: {type: ExternalName, externalName: web.example.com, <field>: <value>}
        """
      Then it is refused with 422 "Invalid" naming "<naming>"
      And "spec.type" of Service "web" is still "NodePort"
      And "spec.clusterIP" of Service "web" is still "${address}"

      Examples:
        | what                      | field                 | value              | naming                     |
        | an address                | clusterIP             | 192.0.2.10         | spec.clusterIPs            |
        | a port for checks         | healthCheckNodePort   | 32100              | spec.healthCheckNodePort   |
        | a class of load balancers | loadBalancerClass     | example.com/nobody | spec.loadBalancerClass     |
        | a policy for outsiders    | externalTrafficPolicy | Local              | spec.externalTrafficPolicy |

    Scenario Outline: the type <type> is refused
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: <type>, ports: [{port: 80}]}}
        """
      Then it is refused with 422 "Invalid" naming "<field>"

      Examples:
        | type         | field             |
        | Balanced     | spec.type         |
        | ExternalName | spec.externalName |

  @services/cluster-ip-assigned @services/node-port-assigned @services/external-name
  Rule: kubectl shows at a glance how a Service is reached

    # The columns are upstream's.
    @should
    Scenario: a row for each, of every type, of many ports and of none
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: plain}, spec: {selector: {tier: front, app: web}, ports: [{name: http, port: 80}, {name: ask, port: 53, protocol: UDP}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: open}, spec: {type: NodePort, ports: [{name: http, port: 80}, {name: ask, port: 53, protocol: UDP}]}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: bare}, spec: {clusterIP: None, selector: {app: web}}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: alias}, spec: {type: ExternalName, externalName: web.example.com}}
        """
      And "spec.clusterIP" of Service "plain" is remembered as "plain"
      And "spec.clusterIP" of Service "open" is remembered as "open"
      And "spec.ports[name=http].nodePort" of Service "open" is remembered as "port"
      And "spec.ports[name=ask].nodePort" of Service "open" is remembered as "asked"
      When kubectl runs "get services"
      Then it prints the columns "NAME, TYPE, CLUSTER-IP, EXTERNAL-IP, PORT(S), AGE"
      And its output matches "(?m)^plain +ClusterIP +${plain} +<none> +80/TCP,53/UDP +\S+ *$"
      And its output matches "(?m)^open +NodePort +${open} +<none> +80:${port}/TCP,53:${asked}/UDP +\S+ *$"
      And its output matches "(?m)^bare +ClusterIP +None +<none> +<none> +\S+ *$"
      And its output matches "(?m)^alias +ExternalName +<none> +web.example.com +<none> +\S+ *$"
      When kubectl runs "get services -o wide"
      Then it prints the columns "NAME, TYPE, CLUSTER-IP, EXTERNAL-IP, PORT(S), AGE, SELECTOR"
      And its output matches "(?m)^plain .* app=web,tier=front *$"
      And its output matches "(?m)^open .* <none> *$"

  @services/external-name
  Rule: an ExternalName is another name, and nothing else

    Scenario: it has no address, and no endpoints
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: db}, spec: {type: ExternalName, externalName: db.example.com, selector: {app: db}}}
        ---
        {apiVersion: v1, kind: Service, metadata: {name: later}, spec: {selector: {app: db}, ports: [{port: 80}]}}
        """
      Then "spec.clusterIP" of Service "db" is absent
      # The endpoints of a Service that came after it are there: its own would be.
      And "metadata.name" of Endpoints "later" becomes "later"
      And there is no Endpoints "db"
      And the selector "kubernetes.io/service-name=db" finds exactly the EndpointSlices ""

    Scenario Outline: the external name <name> is refused
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: db}, spec: {type: ExternalName, externalName: "<name>"}}
        """
      Then it is refused with 422 "Invalid" naming "spec.externalName"
      And there is no Service "db"

      Examples:
        | name              |
        | -db.example.com   |
        | db_1.example.com  |
        | db..example.com   |

  @services/load-balancer
  Rule: a load balancer builds on a node port, and waits for whoever provides an address

    # Nobody provides for the class of these Services, on whichever cluster.
    Scenario: until then it is pending; what is provided is told, and goes with the type
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: front}, spec: {type: LoadBalancer, loadBalancerClass: example.com/nobody, ports: [{port: 80}]}}
        """
      Then "spec.clusterIP" of Service "front" is present
      And "spec.ports[0].nodePort" of Service "front" is present
      And "status.loadBalancer.ingress" of Service "front" is absent
      When kubectl runs "get service front"
      Then it exits with 0
      And its output contains "<pending>"
      When the status of Service "front" is patched with:
        """
        status: {loadBalancer: {ingress: [{ip: 192.0.2.7}]}}
        """
      Then it is accepted
      When kubectl runs "get service front"
      Then its output contains "192.0.2.7"
      # Some providers have names for what they provide, and no addresses.
      When the status of Service "front" is patched with:
        """
        status: {loadBalancer: {ingress: [{hostname: front.example.com}]}}
        """
      Then it is accepted
      When kubectl runs "get service front"
      Then its output contains "front.example.com"
      When "spec.type" of Service "front" is set to "ClusterIP"
      Then it is accepted
      And "status.loadBalancer.ingress" of Service "front" is absent

    Scenario: node ports can be done without
      Given these objects exist:
        """
        apiVersion: v1
        kind: Service
        metadata: {name: front}
        spec: {type: LoadBalancer, loadBalancerClass: example.com/nobody, allocateLoadBalancerNodePorts: false, ports: [{port: 80}]}
        """
      Then "spec.clusterIP" of Service "front" is present
      And "spec.ports[0].nodePort" of Service "front" is absent

    Scenario Outline: <what> is refused
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: front}, spec: {type: LoadBalancer, loadBalancerClass: example.com/nobody, ports: [{port: 80}]}}
        """
      When the status of Service "front" is patched with:
        """
        status: {loadBalancer: {ingress: [<ingress>]}}
        """
      Then it is refused with 422 "Invalid" naming "<field>"
      And "status.loadBalancer.ingress" of Service "front" is absent

      Examples:
        | what                            | ingress                                    | field                                   |
        | a provided address of no form   | {ip: 192.0.2}                              | status.loadBalancer.ingress[0].ip       |
        | a provided name of no form      | {hostname: front_1}                        | status.loadBalancer.ingress[0].hostname |
        | an unknown way of delivery      | {ip: 192.0.2.7, ipMode: Teleport}          | status.loadBalancer.ingress[0].ipMode   |
        | a way of delivery to no address | {hostname: front.example.com, ipMode: VIP} | status.loadBalancer.ingress[0].ipMode   |

    Scenario: nothing is provided for who asks for nothing
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: NodePort, ports: [{port: 80}]}}
        """
      When the status of Service "web" is patched with:
        """
        status: {loadBalancer: {ingress: [{ip: 192.0.2.7}]}}
        """
      Then it is refused with 422 "Invalid" naming "status.loadBalancer.ingress"
      And "status.loadBalancer.ingress" of Service "web" is absent

    # Upstream refuses a chosen port for health that is taken with an error of its own (500): only that nothing is stored is asked.
    Scenario: the port at which load balancers ask for health stays, and is nobody else's
      Given these objects exist:
        """
        apiVersion: v1
        kind: Service
        metadata: {name: front}
        spec: {type: LoadBalancer, loadBalancerClass: example.com/nobody, externalTrafficPolicy: Local, ports: [{port: 80}]}
        """
      And "spec.healthCheckNodePort" of Service "front" is remembered as "health"
      And a node port that is free is remembered as "free"
      When "spec.healthCheckNodePort" of Service "front" is set to "${free}"
      Then it is refused with 422 "Invalid" naming "spec.healthCheckNodePort"
      And "spec.healthCheckNodePort" of Service "front" is still "${health}"
      When this is submitted:
        """
        {apiVersion: v1, kind: Service, metadata: {name: other}, spec: {type: NodePort, ports: [{port: 80, nodePort: ${health}}]}}
        """
      Then it is refused with 422 "Invalid" naming "spec.ports[0].nodePort"
      When this is submitted:
        """
        apiVersion: v1
        kind: Service
        metadata: {name: other}
        spec:
          type: LoadBalancer
          loadBalancerClass: example.com/nobody
          externalTrafficPolicy: Local
          healthCheckNodePort: ${health}
          ports: [{port: 80}]
        """
      Then there is no Service "other"

    Scenario: the class of a load balancer stays
      Given these objects exist:
        """
        {apiVersion: v1, kind: Service, metadata: {name: front}, spec: {type: LoadBalancer, loadBalancerClass: example.com/nobody, ports: [{port: 80}]}}
        """
      When "spec.loadBalancerClass" of Service "front" is set to "example.com/somebody"
      Then it is refused with 422 "Invalid" naming "spec.loadBalancerClass"
