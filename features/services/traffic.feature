@network
Feature: Traffic
  A Service is an address that leads to Pods: to all that its selector finds and that are ready, and to no others.

  Background:
    Given these objects exist:
      """
      apiVersion: v1
      kind: Pod
      metadata: {name: client}
      spec:
        containers: [{name: client, image: "${image}", command: [/workload, wait]}]
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: one, labels: {app: web}}
      spec:
        containers:
        - name: app
          image: "${image}"
          command: [/workload, serve, --port=8080, --port=8090]
          readinessProbe: {httpGet: {path: /readyz, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 2}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: two, labels: {app: web}}
      spec:
        containers:
        - name: app
          image: "${image}"
          command: [/workload, serve, --port=8080, --port=8090]
          readinessProbe: {httpGet: {path: /readyz, port: 8080}, timeoutSeconds: 10, periodSeconds: 1, failureThreshold: 2}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: web}
      spec:
        selector: {app: web}
        ports: [{port: 80, targetPort: 8080}]
      """
    And "spec.clusterIP" of Service "web" is remembered as "address"
    And Pods "client, one, two" are Ready

  @services/load-balances
  Rule: the cluster IP leads to every Pod that is selected

    Scenario: every Pod answers, and nobody else
      Then requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      When Pod "client" sends 60 requests to "http://${address}/"
      Then every request is answered

  @services/selector
  Rule: Pods join and leave by their labels

    Scenario: a Pod that loses its label gets no more traffic, and gets it again with the label
      Given requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      When Pod "two" is labelled "app=other"
      Then the ready endpoints of Service "web" come to be exactly the Pods "one"
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one"
      When Pod "two" is labelled "app=web"
      Then requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"

  @pods/readiness-removes-from-service @services/readiness-managed
  Rule: a Pod that is not ready gets no traffic, and is not restarted

    Scenario: traffic follows readiness
      Given requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      When container "app" of Pod "two" executes "/workload control path=/readyz status=503"
      Then Pod "two" becomes unready
      And the ready endpoints of Service "web" come to be exactly the Pods "one"
      And the endpoint of Pod "two" in Service "web" comes to be "ready=false, serving=false, terminating=false"
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one"
      And container "app" of Pod "two" has not been restarted
      When container "app" of Pod "two" executes "/workload control path=/readyz status=200"
      Then Pod "two" becomes Ready
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      And container "app" of Pod "two" has not been restarted

    Scenario: with no Pod ready, connections are refused
      Given requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      When container "app" of Pod "one" executes "/workload control path=/readyz status=503"
      And container "app" of Pod "two" executes "/workload control path=/readyz status=503"
      Then the ready endpoints of Service "web" come to be exactly the Pods ""
      And requests from Pod "client" to "http://${address}/" come to be refused
      # A Service may want them as they are, and may change its mind.
      When "spec.publishNotReadyAddresses" of Service "web" is set to "true"
      Then it is accepted
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      And the endpoint of Pod "two" in Service "web" comes to be "ready=true, serving=false, terminating=false"
      When "spec.publishNotReadyAddresses" of Service "web" is set to "false"
      Then it is accepted
      And the ready endpoints of Service "web" come to be exactly the Pods ""

  @services/proxy-follows-endpoints
  Rule: traffic follows the Pods that come and go

    Scenario: a Pod that is deleted gets no more traffic, one that is added gets its share
      Given requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      When Pod "two" is deleted
      Then requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one"
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: three, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        """
      Then requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, three"

  @services/proxy-follows-services
  Rule: traffic follows the Service

    Scenario: a new port is served and the old one is not
      Given requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      When Service "web" is patched with:
        """
        spec: {ports: [{port: 8081, targetPort: 8080}]}
        """
      Then it is accepted
      And requests from Pod "client" to "http://${address}:8081/" come to be answered by exactly the Pods "one, two"
      And requests from Pod "client" to "http://${address}/" come to be answered by none of the Pods "one, two"

    # The new target refuses at first, so that it is told from the old one.
    @services/endpoints-object
    Scenario: a new target is led to, and so is a port that is added
      Given requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      When container "app" of Pod "one" executes "/workload control port=8090 listen=off"
      And container "app" of Pod "two" executes "/workload control port=8090 listen=off"
      And Service "web" is patched with:
        """
        spec: {ports: [{port: 80, targetPort: 8090}]}
        """
      Then it is accepted
      And requests from Pod "client" to "http://${address}/" come to be refused
      When container "app" of Pod "one" executes "/workload control port=8090 listen=on"
      And container "app" of Pod "two" executes "/workload control port=8090 listen=on"
      Then requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      When Service "web" is patched with:
        """
        spec: {ports: [{name: http, port: 80, targetPort: 8090}, {name: more, port: 8081, targetPort: 8080}]}
        """
      Then it is accepted
      And requests from Pod "client" to "http://${address}:8081/" come to be answered by exactly the Pods "one, two"
      And requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"

  @services/cluster-ip-immutable
  Rule: a refused change of the address does no harm

    Scenario: traffic goes on
      Given requests from Pod "client" to "http://${address}/" come to be answered by exactly the Pods "one, two"
      And an address of the range that is free is remembered as "free"
      When "spec.clusterIP" of Service "web" is set to "${free}"
      Then it is refused with 422 "Invalid" naming "spec.clusterIPs[0]"
      When Pod "client" sends 60 requests to "http://${address}/"
      Then every request is answered
      And each of the Pods "one, two" has answered, and no other

  @services/endpoints-object
  Rule: Endpoints and EndpointSlices name the Pods

    Scenario: they follow readiness and deletion
      Then the Endpoints "web" come to list exactly the Pods "one, two"
      When container "app" of Pod "two" executes "/workload control path=/readyz status=503"
      Then the Endpoints "web" come to list exactly the Pods "one"
      And the endpoint of Pod "two" in Service "web" comes to be "ready=false, serving=false, terminating=false"
      When Pod "two" is deleted
      Then the endpoint of Pod "two" in Service "web" comes to be "absent"
      And the endpoint of Pod "one" in Service "web" comes to be "ready=true, serving=true, terminating=false"
