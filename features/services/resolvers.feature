Feature: Whom a Pod asks for names
  A Pod's resolv.conf leads to the cluster's DNS, which is a Service with Pods behind it, or to whomever the Pod names.

  @network @services/dns-is-a-service
  Rule: the cluster's DNS is itself a Service

    Scenario: Pods are told its address, and where to look for names
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "client" is Ready
      And the domain of the cluster, as Pod "client" is told, is remembered as "domain"
      When container "client" of Pod "client" executes "/workload cat /etc/resolv.conf"
      Then its output contains "search ${namespace}.svc.${domain} svc.${domain} ${domain}"
      And its output contains "ndots:5"
      And Pod "client" comes to resolve "_https._tcp.kubernetes.default.svc" as SRV to exactly "443 kubernetes.default.svc.${domain}."
      And the name server of Pod "client" is the cluster IP of a Service that answers for names

    # What it is called is a convention, which kubeadm and many others keep.
    @should
    Scenario: it is in kube-system, and Pods are told its address
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "client" is Ready
      Then the name server of Pod "client" is the cluster IP of Service "kube-dns" in Namespace "kube-system"

    Scenario: a Pod on the node's network asks it, too, if it says so
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: cluster}
        spec:
          hostNetwork: true
          dnsPolicy: ClusterFirstWithHostNet
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: node}
        spec:
          hostNetwork: true
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pods "cluster, node" are Ready
      And the domain of the cluster, as Pod "cluster" is told, is remembered as "domain"
      Then Pod "cluster" comes to resolve "_https._tcp.kubernetes.default.svc" as SRV to exactly "443 kubernetes.default.svc.${domain}."
      And the name server of Pod "cluster" is the cluster IP of a Service that answers for names
      When container "client" of Pod "node" executes "/workload cat /etc/resolv.conf"
      Then its output does not contain "${namespace}.svc.${domain}"

  @network @services/dns-is-a-service
  Rule: a Pod may name others, and more

    Scenario: others instead, more domains, or those of its node
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: own}
        spec:
          dnsPolicy: None
          dnsConfig:
            nameservers: [192.0.2.53]
            searches: [example.com, corp.example.com]
            options: [{name: ndots, value: "2"}, {name: edns0}]
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: more}
        spec:
          dnsConfig:
            nameservers: [192.0.2.53]
            searches: [example.com]
            options: [{name: ndots, value: "1"}]
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: node}
        spec:
          dnsPolicy: Default
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pods "own, more, node" are Ready
      And the domain of the cluster, as Pod "more" is told, is remembered as "domain"
      When container "client" of Pod "own" executes "/workload cat /etc/resolv.conf"
      Then its output contains "search example.com corp.example.com"
      And its output contains "nameserver 192.0.2.53"
      And its output contains "ndots:2"
      And its output contains "edns0"
      And its output does not contain "svc.${domain}"
      When container "client" of Pod "more" executes "/workload cat /etc/resolv.conf"
      Then its output contains "search ${namespace}.svc.${domain} svc.${domain} ${domain}"
      And its output contains " example.com"
      And its output contains "nameserver 192.0.2.53"
      And its output contains "ndots:1"
      And its output does not contain "ndots:5"
      When container "client" of Pod "node" executes "/workload cat /etc/resolv.conf"
      Then its output does not contain "${namespace}.svc.${domain}"
      And the name server of Pod "more" is the cluster IP of a Service that answers for names

    # A machine beside the nodes has a name on their network. Whether the nodes know it, a Pod on a node's own network tells.
    Scenario: what its node knows, a Pod knows, too, by itself and through the cluster's DNS
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: node}
        spec:
          hostNetwork: true
          dnsPolicy: Default
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: plain}
        spec:
          dnsPolicy: Default
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pods "node, plain, client" are Ready
      And the name of a machine outside of the cluster, which Pod "node" can resolve, is remembered as "name"
      And the address of a machine outside of the cluster is remembered as "machine"
      Then Pod "plain" comes to resolve "${name}." to exactly "${machine}"
      And Pod "plain" comes to resolve "${name}." over TCP to exactly "${machine}"
      And Pod "client" comes to resolve "${name}." to exactly "${machine}"
      And Pod "client" comes to resolve "${name}." over TCP to exactly "${machine}"

    @api
    Scenario Outline: <what> is refused
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: app}
        spec:
          <spec>
          containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      Then it is refused with 422 "Invalid" naming "<field>"

      Examples:
        | what                             | spec                                                                   | field                            |
        | an unknown policy                | dnsPolicy: Custom                                                      | spec.dnsPolicy                   |
        | no name server at all            | dnsPolicy: None                                                        | spec.dnsConfig                   |
        | a name server that is no address | dnsConfig: {nameservers: [dns.example.com]}                            | spec.dnsConfig.nameservers[0]    |
        | a fourth name server             | dnsConfig: {nameservers: [192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4]} | spec.dnsConfig.nameservers       |
        | a search domain that is none     | dnsConfig: {searches: ["ex..com"]}                                     | spec.dnsConfig.searches[0]       |
        | an option without a name         | dnsConfig: {options: [{value: "1"}]}                                   | spec.dnsConfig.options[0]        |
        | a host name that is none         | hostname: Web_1                                                        | spec.hostname                    |
        | a subdomain that is none         | subdomain: a.b                                                         | spec.subdomain                   |

  @network @cluster @services/dns-name @services/dns-is-a-service
  Rule: names outlive the Pod that answers

    Scenario: they go on being answered while one of two is lost
      Given a cluster of its own with 1 node
      And these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: client}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        {apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}
        """
      And Pod "client" is Ready
      And "spec.clusterIP" of Service "web" is remembered as "address"
      And Pod "client" comes to resolve "web" to exactly "${address}"
      When Pod "client" resolves "web" again and again while one of the Pods behind its name server is deleted and replaced
      Then each time an answer came within 3 tries
