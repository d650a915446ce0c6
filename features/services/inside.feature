@network
Feature: The API from inside
  A program that wants to know more than a name asks the API itself, as a service account that may read what it needs, and no more.

  # The client is a program in a Pod that knows nothing but what each container is given: the address of the Service kubernetes in its
  # environment, and a token and a certificate in files.
  Background:
    Given roles decide what service accounts may do
    And these objects exist:
      """
      apiVersion: v1
      kind: ServiceAccount
      metadata: {name: reader}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: client}
      spec:
        serviceAccountName: reader
        containers: [{name: client, image: "${image}", command: [/workload, wait]}]
      """
    And Pod "client" is Ready

  @services/api-consumers
  Rule: a role lets an account read endpoints

    Scenario: it is refused, is given the role, reads, and loses the role again
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers: [{name: app, image: "${image}", command: [/workload, serve]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
        """
      And the Endpoints "web" come to list exactly the Pods "one"
      And "status.podIP" of Pod "one" is remembered as "address"
      When Pod "client" asks the API for "/api/v1/namespaces/${namespace}/endpoints/web"
      Then it is refused with 403 "Forbidden"
      And the refusal says "system:serviceaccount:${namespace}:reader"
      When these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: read-endpoints}
        rules: [{apiGroups: [""], resources: [endpoints], verbs: [get, list, watch]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: reader}
        subjects: [{kind: ServiceAccount, name: reader}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: read-endpoints}
        """
      Then Pod "client" comes to be answered when it asks the API for "/api/v1/namespaces/${namespace}/endpoints/web"
      And the answer has "${address}" in "subsets[0].addresses[0].ip"
      When RoleBinding "reader" is deleted
      Then Pod "client" comes to be refused with 403 when it asks the API for "/api/v1/namespaces/${namespace}/endpoints/web"

    # One role, and many requests. The first is let pass, so that what follows is not refused for being early.
    Scenario Outline: <request>: <answer>
      Given these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: some}
        rules:
        - {apiGroups: [""], resources: [endpoints], verbs: [list]}
        - {apiGroups: [""], resources: [configmaps], verbs: [get, list], resourceNames: [mine]}
        - {apiGroups: [apps], resources: [replicasets/scale], verbs: [get]}
        - {apiGroups: [apps], resources: ["*/status"], verbs: [get]}
        - {apiGroups: [discovery.k8s.io], resources: ["*"], verbs: ["*"]}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: some}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: some}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: mine}}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: yours}}
        ---
        apiVersion: apps/v1
        kind: ReplicaSet
        metadata: {name: web}
        spec:
          replicas: 0
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers: [{name: app, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "client" comes to be answered when it asks the API for "/api/v1/namespaces/${namespace}/endpoints"
      When Pod "client" asks the API for "<path>"
      Then it is <answer>

      Examples:
        | request                                    | path                                                                        | answer           |
        | another verb                               | /api/v1/namespaces/${namespace}/endpoints/web                               | refused with 403 |
        | the same in another namespace              | /api/v1/namespaces/default/endpoints                                        | refused with 403 |
        | the same in all namespaces                 | /api/v1/endpoints                                                           | refused with 403 |
        | another resource                           | /api/v1/namespaces/${namespace}/services                                    | refused with 403 |
        | the object that the role names             | /api/v1/namespaces/${namespace}/configmaps/mine                             | accepted         |
        | an object that it does not name            | /api/v1/namespaces/${namespace}/configmaps/yours                            | refused with 403 |
        | all objects, where it names one            | /api/v1/namespaces/${namespace}/configmaps                                  | refused with 403 |
        | a list of the one that it names            | /api/v1/namespaces/${namespace}/configmaps?fieldSelector=metadata.name=mine | accepted         |
        | the subresource that it names              | /apis/apps/v1/namespaces/${namespace}/replicasets/web/scale                 | accepted         |
        | the subresource that it names of all       | /apis/apps/v1/namespaces/${namespace}/replicasets/web/status                | accepted         |
        | the resource, where it names a subresource | /apis/apps/v1/namespaces/${namespace}/replicasets/web                       | refused with 403 |
        | anything in a group, where it names all    | /apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices            | accepted         |
        | what there is, for everybody who is known  | /apis                                                                       | accepted         |

    # The name of a port says less than its number, which need not be the one that the Pod listens at.
    Scenario: who may, asks a Service by way of the server, at the port that it names
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: one, labels: {app: web}}
        spec:
          containers:
          - name: app
            image: "${image}"
            command: [/workload, serve, --port=8080, --name=web]
            readinessProbe: {tcpSocket: {port: 8080}, timeoutSeconds: 10, periodSeconds: 1}
          - name: aside
            image: "${image}"
            command: [/workload, serve, --port=8090, --name=aside]
            readinessProbe: {tcpSocket: {port: 8090}, timeoutSeconds: 10, periodSeconds: 1}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}, {name: aside, port: 81, targetPort: 8090}]}
        """
      And the Endpoints "web" come to list exactly the Pods "one"
      When Pod "client" asks the API for "/api/v1/namespaces/${namespace}/services/web:http/proxy/identity"
      Then it is refused with 403 "Forbidden"
      When these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: ask-services}
        rules: [{apiGroups: [""], resources: [services/proxy], verbs: [get, create]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: reader}
        subjects: [{kind: ServiceAccount, name: reader}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: ask-services}
        """
      Then Pod "client" comes to be answered when it asks the API for "/api/v1/namespaces/${namespace}/services/web:http/proxy/identity"
      And the answer has "web" in "name"
      And Pod "client" comes to be answered when it asks the API for "/api/v1/namespaces/${namespace}/services/web:aside/proxy/identity"
      And the answer has "aside" in "name"
      And Pod "client" comes to be answered when it asks the API for "/api/v1/namespaces/${namespace}/services/web:81/proxy/identity"
      And the answer has "aside" in "name"
      When Pod "client" asks the API for "/api/v1/namespaces/${namespace}/services/web:aside/proxy/status/418"
      Then it is refused with 418
      When Pod "client" posts this to "/api/v1/namespaces/${namespace}/services/web:http/proxy/echo" of the API:
        """
        {said: hello}
        """
      Then it is accepted
      And the answer has "hello" in "said"
      When Pod "client" asks the API for "/api/v1/namespaces/${namespace}/services/web:82/proxy/identity"
      Then it is refused with 503 "ServiceUnavailable"

    # The account of the same name in this namespace is another one.
    Scenario: a binding that names an account of another namespace is not for the one of that name here
      Given these objects exist:
        """
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: neighbour}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: neighbour}
        spec:
          serviceAccountName: neighbour
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: some}
        rules: [{apiGroups: [""], resources: [endpoints], verbs: [list]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: some}
        subjects:
        - {kind: ServiceAccount, name: reader, namespace: "${namespace}-other"}
        - {kind: ServiceAccount, name: neighbour, namespace: "${namespace}"}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: some}
        """
      And Pod "neighbour" is Ready
      Then Pod "neighbour" comes to be answered when it asks the API for "/api/v1/namespaces/${namespace}/endpoints"
      When Pod "client" asks the API for "/api/v1/namespaces/${namespace}/endpoints"
      Then it is refused with 403 "Forbidden"

    # An account is a user of a long name. Whose short name a user bears, or whose name a group has, is somebody else.
    Scenario: a binding names an account by its name as a user, and all of them by their group
      Given these objects exist:
        """
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: neighbour}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: neighbour}
        spec:
          serviceAccountName: neighbour
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: endpoints}
        rules: [{apiGroups: [""], resources: [endpoints], verbs: [list]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: services}
        rules: [{apiGroups: [""], resources: [services], verbs: [list]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: user}
        subjects:
        - {apiGroup: rbac.authorization.k8s.io, kind: User, name: reader}
        - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:serviceaccount:${namespace}:reader"}
        - {apiGroup: rbac.authorization.k8s.io, kind: User, name: "system:serviceaccounts"}
        - {apiGroup: rbac.authorization.k8s.io, kind: User, name: "system:serviceaccount:${namespace}:neighbour"}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: endpoints}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: group}
        subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:serviceaccounts"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: services}
        """
      And Pod "neighbour" is Ready
      Then Pod "neighbour" comes to be answered when it asks the API for "/api/v1/namespaces/${namespace}/endpoints"
      When Pod "client" asks the API for "/api/v1/namespaces/${namespace}/endpoints"
      Then it is refused with 403 "Forbidden"
      And Pod "client" comes to be answered when it asks the API for "/api/v1/namespaces/${namespace}/services"

    Scenario: a ClusterRole that is bound within a namespace holds there, and for the group of its accounts
      Given these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: viewers}
        subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:serviceaccounts:${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
        """
      Then Pod "client" comes to be answered when it asks the API for "/api/v1/namespaces/${namespace}/endpoints"
      When Pod "client" asks the API for "/api/v1/namespaces/${namespace}/secrets"
      Then it is refused with 403 "Forbidden"
      When Pod "client" asks the API for "/api/v1/namespaces/default/endpoints"
      Then it is refused with 403 "Forbidden"

    Scenario: nobody gives away what it does not have
      Given these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: manager}
        rules:
        - {apiGroups: [""], resources: [endpoints], verbs: [get]}
        - {apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: [create, get, update]}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: manager}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: manager}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: more}
        rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]
        """
      And Pod "client" comes to be answered when it asks the API for "/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/more"
      When Pod "client" posts this to "/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles" of the API:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: less}
        rules: [{apiGroups: [""], resources: [endpoints], verbs: [get]}]
        """
      Then it is accepted
      When Pod "client" posts this to "/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles" of the API:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: own}
        rules: [{apiGroups: [""], resources: [endpoints], verbs: [get, list]}]
        """
      Then it is refused with 403 "Forbidden"
      When Pod "client" posts this to "/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings" of the API:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: own}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: more}
        """
      Then it is refused with 403 "Forbidden"
      And there is no RoleBinding "own"

    # What is in a role or a binding that changes is given away as much as by a new one.
    Scenario: nor by a change, unless a right says that it may
      Given these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: manager}
        rules:
        - {apiGroups: [""], resources: [endpoints], verbs: [get]}
        - {apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: [create, get, update]}
        - {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [bind], resourceNames: [given]}
        - {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [escalate], resourceNames: [written]}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: manager}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: manager}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: kept}
        rules: [{apiGroups: [""], resources: [endpoints], verbs: [get]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: written}
        rules: [{apiGroups: [""], resources: [endpoints], verbs: [get]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: given}
        rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: guarded}
        rules: [{apiGroups: [""], resources: [secrets], verbs: [get]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: guarded}
        subjects: [{kind: ServiceAccount, name: nobody, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: guarded}
        """
      And Pod "client" comes to be answered when it asks the API for "/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/kept"
      When Pod "client" puts this to "/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/kept" of the API:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: kept}
        rules: [{apiGroups: [""], resources: [endpoints, secrets], verbs: [get]}]
        """
      Then it is refused with 403 "Forbidden"
      And the refusal says "not currently held"
      And "rules[0].resources[1]" of Role "kept" is absent
      When Pod "client" puts this to "/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/written" of the API:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: written}
        rules: [{apiGroups: [""], resources: [endpoints, secrets], verbs: [get]}]
        """
      Then it is accepted
      When Pod "client" puts this to "/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings/guarded" of the API:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: guarded}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: guarded}
        """
      Then it is refused with 403 "Forbidden"
      And "subjects[0].name" of RoleBinding "guarded" is still "nobody"
      When Pod "client" posts this to "/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings" of the API:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: given}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: given}
        """
      Then it is accepted
      And Pod "client" comes to be refused with 404 when it asks the API for "/api/v1/namespaces/${namespace}/secrets/none"

    # Each of the three is a right of its own. The first request is let pass, so that what follows is not refused for being early.
    Scenario: to get, to list and to watch are three things
      Given these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: some}
        rules:
        - {apiGroups: [""], resources: [configmaps], verbs: [get, list]}
        - {apiGroups: [""], resources: [services], verbs: [watch]}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: some}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: some}
        """
      And Pod "client" comes to be answered when it asks the API for "/api/v1/namespaces/${namespace}/configmaps"
      When Pod "client" asks the API for "/api/v1/namespaces/${namespace}/configmaps?watch=true&timeoutSeconds=1"
      Then it is refused with 403 "Forbidden"
      And the refusal says "cannot watch resource"
      When Pod "client" asks the API for "/api/v1/watch/namespaces/${namespace}/configmaps?timeoutSeconds=1"
      Then it is refused with 403 "Forbidden"
      When Pod "client" asks the API for "/api/v1/namespaces/${namespace}/services?watch=true&timeoutSeconds=1"
      Then it is accepted
      When Pod "client" asks the API for "/api/v1/namespaces/${namespace}/services"
      Then it is refused with 403 "Forbidden"
      And the refusal says "cannot list resource"

  @services/api-consumers
  Rule: a cluster role is for one namespace, or for all and for what lies in none, as it is bound

    # Nothing is at the paths: who may ask for them is told so, and who may not is refused before anybody looks.
    Scenario: bound for a namespace and for the cluster: namespaces, what lies in none, and paths
      Given roles of the whole cluster decide what service accounts may do
      And these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: "${namespace}"}
        rules:
        - {apiGroups: [""], resources: [endpoints, namespaces], verbs: [get, list]}
        - {nonResourceURLs: [/plumbline/one, "/plumbline/more/*"], verbs: [get]}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: some}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "${namespace}"}
        """
      Then Pod "client" comes to be answered when it asks the API for "/api/v1/namespaces/${namespace}/endpoints"
      When Pod "client" asks the API for "/api/v1/namespaces/default/endpoints"
      Then it is refused with 403 "Forbidden"
      When Pod "client" asks the API for "/api/v1/endpoints"
      Then it is refused with 403 "Forbidden"
      When Pod "client" asks the API for "/api/v1/namespaces"
      Then it is refused with 403 "Forbidden"
      When Pod "client" asks the API for "/plumbline/one"
      Then it is refused with 403
      When these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: "${namespace}"}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "${namespace}"}
        """
      Then Pod "client" comes to be answered when it asks the API for "/api/v1/namespaces/default/endpoints"
      When Pod "client" asks the API for "/api/v1/endpoints"
      Then it is accepted
      When Pod "client" asks the API for "/api/v1/namespaces"
      Then it is accepted
      When Pod "client" asks the API for "/api/v1/namespaces/default/configmaps"
      Then it is refused with 403 "Forbidden"
      When Pod "client" asks the API for "/plumbline/one"
      Then it is refused with 404
      When Pod "client" asks the API for "/plumbline/more/two"
      Then it is refused with 404
      When Pod "client" asks the API for "/plumbline/two"
      Then it is refused with 403
      When Pod "client" asks the API for "/plumbline/one/more"
      Then it is refused with 403
      When ClusterRoleBinding "${namespace}" is deleted
      Then Pod "client" comes to be refused with 403 when it asks the API for "/api/v1/endpoints"
      And Pod "client" comes to be refused with 403 when it asks the API for "/plumbline/one"
      When Pod "client" asks the API for "/api/v1/namespaces/${namespace}/endpoints"
      Then it is accepted

    Scenario: nobody gives away in the cluster what it has in a namespace
      Given roles of the whole cluster decide what service accounts may do
      And these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: "${namespace}"}
        rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles, clusterrolebindings], verbs: [create, get]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: "${namespace}"}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "${namespace}"}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: viewers}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
        """
      And Pod "client" comes to be answered when it asks the API for "/api/v1/namespaces/${namespace}/endpoints"
      And Pod "client" comes to be answered when it asks the API for "/apis/rbac.authorization.k8s.io/v1/clusterroles/${namespace}"
      When Pod "client" posts this to "/apis/rbac.authorization.k8s.io/v1/clusterroles" of the API:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: "${namespace}-own"}
        rules: [{apiGroups: [""], resources: [endpoints], verbs: [list]}]
        """
      Then it is refused with 403 "Forbidden"
      And the refusal says "not currently held"
      When Pod "client" posts this to "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings" of the API:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: "${namespace}-own"}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
        """
      Then it is refused with 403 "Forbidden"
      And there is no ClusterRoleBinding "${namespace}-own"

    Scenario: a cluster role that gathers others has their rules, as they come and go
      Given roles of the whole cluster decide what service accounts may do
      And these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: "${namespace}"}
        aggregationRule: {clusterRoleSelectors: [{matchLabels: {example.com/gathered-by: "${namespace}"}}]}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: "${namespace}-one", labels: {example.com/gathered-by: "${namespace}"}}
        rules: [{apiGroups: [""], resources: [endpoints], verbs: [list]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: some}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "${namespace}"}
        """
      Then "rules[0].resources[0]" of ClusterRole "${namespace}" becomes "endpoints"
      And Pod "client" comes to be answered when it asks the API for "/api/v1/namespaces/${namespace}/endpoints"
      When Pod "client" asks the API for "/api/v1/namespaces/${namespace}/configmaps"
      Then it is refused with 403 "Forbidden"
      When these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: "${namespace}-two", labels: {example.com/gathered-by: "${namespace}"}}
        rules: [{apiGroups: [""], resources: [configmaps], verbs: [list]}]
        """
      Then "rules[1].resources[0]" of ClusterRole "${namespace}" becomes "configmaps"
      And Pod "client" comes to be answered when it asks the API for "/api/v1/namespaces/${namespace}/configmaps"
      When ClusterRole "${namespace}-one" is deleted
      Then "rules[0].resources[0]" of ClusterRole "${namespace}" becomes "configmaps"
      And Pod "client" comes to be refused with 403 when it asks the API for "/api/v1/namespaces/${namespace}/endpoints"

  @services/api-consumers
  Rule: a Pod is somebody, and knows the server

    Scenario: it is its account; the server is known by its certificate, by address and by name
      When Pod "client" asks the API who it is
      Then it is accepted
      And the answer has "system:serviceaccount:${namespace}:reader" in "status.userInfo.username"
      And the answer has "system:serviceaccounts" among "status.userInfo.groups"
      And the answer has "system:serviceaccounts:${namespace}" among "status.userInfo.groups"
      And Pod "client" comes to be answered when it asks the API, by the name "kubernetes.default.svc", for "/version"
      When container "client" of Pod "client" executes "/workload cat /var/run/secrets/kubernetes.io/serviceaccount/namespace"
      Then it prints "${namespace}"

    # Whether it lets a stranger in there is up to the server: any answer is one.
    @services/endpoints-object
    Scenario: the server is an endpoint of its Service, and answers there
      Given roles of the whole cluster decide what service accounts may do
      And these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: "${namespace}"}
        rules: [{apiGroups: ["", discovery.k8s.io], resources: [endpoints, endpointslices], verbs: [get, list]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: "${namespace}"}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "${namespace}"}
        """
      Then Pod "client" comes to be answered when it asks the API for "/api/v1/namespaces/default/endpoints/kubernetes"
      And "subsets[0].addresses[0].ip" of the answer is remembered as "server"
      And "subsets[0].ports[0].port" of the answer is remembered as "port"
      When container "client" of Pod "client" executes "/workload http https://${server}:${port}/version"
      Then it exits with 0
      When Pod "client" asks the API for "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name=kubernetes"
      Then it is accepted
      And the answer has "${port}" in "items[0].ports[0].port"
      # That there is one; of several servers nobody promises an order.
      And "items[0].endpoints[0].addresses[0]" of the answer is remembered as "listed"

    Scenario: without a name of its own it is the default account of its namespace
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: plain}
        spec:
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "plain" is Ready
      Then "spec.serviceAccountName" of Pod "plain" is "default"
      When Pod "plain" asks the API who it is
      Then the answer has "system:serviceaccount:${namespace}:default" in "status.userInfo.username"

    Scenario: an account that is not there has no Pods
      When this is submitted:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: stranger}
        spec:
          serviceAccountName: nobody
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      Then it is refused with 403 "Forbidden"
      And the refusal says "nobody"

    Scenario: what the account or the Pod does not want mounted is not; the Pod has the last word
      Given these objects exist:
        """
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: shy}
        automountServiceAccountToken: false
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: by-account}
        spec:
          serviceAccountName: shy
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: by-pod}
        spec:
          serviceAccountName: reader
          automountServiceAccountToken: false
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: nonetheless}
        spec:
          serviceAccountName: shy
          automountServiceAccountToken: true
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pods "by-account, by-pod, nonetheless" are Ready
      When container "client" of Pod "by-account" executes "/workload cat /var/run/secrets/kubernetes.io/serviceaccount/token"
      Then it exits with 1
      When container "client" of Pod "by-pod" executes "/workload cat /var/run/secrets/kubernetes.io/serviceaccount/token"
      Then it exits with 1
      When Pod "nonetheless" asks the API who it is
      Then the answer has "system:serviceaccount:${namespace}:shy" in "status.userInfo.username"

    # The token's file is their user's where all have the same, the group's where the Pod has one, and else open to whoever is in there.
    Scenario: whoever its containers run as, they are its account
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: alone}
        spec:
          serviceAccountName: reader
          containers: [{name: client, image: "${image}", command: [/workload, wait], securityContext: {runAsUser: 1234}}]
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: both}
        spec:
          serviceAccountName: reader
          containers:
          - {name: first, image: "${image}", command: [/workload, wait], securityContext: {runAsUser: 1234}}
          - {name: client, image: "${image}", command: [/workload, wait], securityContext: {runAsUser: 1235}}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: grouped}
        spec:
          serviceAccountName: reader
          securityContext: {fsGroup: 3456}
          containers:
          - {name: first, image: "${image}", command: [/workload, wait], securityContext: {runAsUser: 1234}}
          - {name: client, image: "${image}", command: [/workload, wait], securityContext: {runAsUser: 1235}}
        """
      And Pods "alone, both, grouped" are Ready
      When Pod "alone" asks the API who it is
      Then it is accepted
      And the answer has "system:serviceaccount:${namespace}:reader" in "status.userInfo.username"
      When Pod "both" asks the API who it is
      Then it is accepted
      When container "first" of Pod "both" executes "/workload cat /var/run/secrets/kubernetes.io/serviceaccount/token"
      Then it exits with 0
      When Pod "grouped" asks the API who it is
      Then it is accepted
      When container "first" of Pod "grouped" executes "/workload cat /var/run/secrets/kubernetes.io/serviceaccount/token"
      Then it exits with 0

    Scenario: what each namespace has for its Pods comes back
      When ConfigMap "kube-root-ca.crt" is patched with:
        """
        data: {ca.crt: nonsense}
        """
      Then it is accepted
      And "data['ca.crt']" of ConfigMap "kube-root-ca.crt" ceases to be "nonsense"
      And "data['ca.crt']" of ConfigMap "kube-root-ca.crt" matches "BEGIN CERTIFICATE"
      When ConfigMap "kube-root-ca.crt" is deleted
      Then it is accepted
      And "data['ca.crt']" of ConfigMap "kube-root-ca.crt" comes to be present
      When ServiceAccount "default" is deleted
      Then it is accepted
      And "metadata.uid" of ServiceAccount "default" comes to be present

    # What a program does that lets in others by their tokens, which it cannot judge itself. The first request is let pass, so that what
    # follows is not refused for being early.
    Scenario: the API tells whose a token is, and for whom
      Given roles of the whole cluster decide what service accounts may do
      And these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: "${namespace}"}
        rules:
        - {apiGroups: [""], resources: [endpoints], verbs: [list]}
        - {apiGroups: [authentication.k8s.io], resources: [tokenreviews], verbs: [create]}
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: "${namespace}"}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "${namespace}"}
        """
      And Pod "client" comes to be answered when it asks the API for "/api/v1/endpoints?limit=1"
      When kubectl runs "create token default"
      And what it prints is remembered as "own"
      And Pod "client" posts this to "/apis/authentication.k8s.io/v1/tokenreviews" of the API:
        """
        {apiVersion: authentication.k8s.io/v1, kind: TokenReview, spec: {token: "${own}"}}
        """
      Then it is accepted
      And the answer has "true" in "status.authenticated"
      And the answer has "system:serviceaccount:${namespace}:default" in "status.user.username"
      And the answer has "system:serviceaccounts:${namespace}" among "status.user.groups"
      When Pod "client" posts this to "/apis/authentication.k8s.io/v1/tokenreviews" of the API:
        """
        {apiVersion: authentication.k8s.io/v1, kind: TokenReview, spec: {token: "${own}", audiences: [vault]}}
        """
      Then it is accepted
      And the answer does not have "true" in "status.authenticated"
      When kubectl runs "create token default --audience=vault"
      And what it prints is remembered as "foreign"
      And Pod "client" posts this to "/apis/authentication.k8s.io/v1/tokenreviews" of the API:
        """
        {apiVersion: authentication.k8s.io/v1, kind: TokenReview, spec: {token: "${foreign}", audiences: [safe, vault]}}
        """
      Then it is accepted
      And the answer has "true" in "status.authenticated"
      And the answer has "vault" in "status.audiences[0]"
      When Pod "client" posts this to "/apis/authentication.k8s.io/v1/tokenreviews" of the API:
        """
        {apiVersion: authentication.k8s.io/v1, kind: TokenReview, spec: {token: "${foreign}"}}
        """
      Then it is accepted
      And the answer does not have "true" in "status.authenticated"

    # An issuer that is no address of the web describes itself to nobody.
    @should
    Scenario: the issuer of tokens describes itself, and shows its keys
      Given roles of the whole cluster decide what service accounts may do
      And these objects exist:
        """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: "${namespace}"}
        rules: [{nonResourceURLs: [/.well-known/openid-configuration], verbs: [get]}]
        ---
        apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: "${namespace}"}
        subjects: [{kind: ServiceAccount, name: reader, namespace: "${namespace}"}]
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: "${namespace}"}
        """
      Then Pod "client" comes to be answered when it asks the API for "/.well-known/openid-configuration"
      And "issuer" of the answer is remembered as "issuer"
      And "jwks_uri" of the answer is remembered as "where the keys are"
      And the answer has "id_token" among "response_types_supported"
      And the answer has "public" among "subject_types_supported"
      # kubectl takes whatever form the answer has: this one is of its own.
      When kubectl runs "get --raw /openid/v1/jwks"
      Then it exits with 0
      And its output matches ""kid": *"[^"]+""
      And its output matches ""use": *"sig""

    Scenario: who shows nothing, or something wrong, is not let in
      When container "client" of Pod "client" executes "/workload cat /var/run/secrets/kubernetes.io/serviceaccount/token"
      And what it prints is remembered as "token"
      When Pod "client" asks the API for "/version" with the token "${token}"
      Then it is accepted
      When Pod "client" asks the API for "/version" with the token "${token}x"
      Then it is refused with 401 "Unauthorized"
      When Pod "client" asks the API for "/version" with the token "nonsense"
      Then it is refused with 401 "Unauthorized"
      When Pod "client" asks the API for "/api/v1/namespaces/${namespace}/endpoints" without a token
      Then it is refused, as nobody

    Scenario: a token is as good as its Pod
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: short}
        spec:
          serviceAccountName: reader
          terminationGracePeriodSeconds: 1
          containers: [{name: client, image: "${image}", command: [/workload, wait]}]
        """
      And Pod "short" is Ready
      When container "client" of Pod "short" executes "/workload cat /var/run/secrets/kubernetes.io/serviceaccount/token"
      And what it prints is remembered as "token"
      And Pod "client" asks the API for "/version" with the token "${token}"
      Then it is accepted
      When Pod "short" is deleted
      And Pod "short" is gone
      Then Pod "client" comes to be refused with 401 when it asks the API who it is with the token "${token}"

    Scenario: a token for somebody else is none for the API
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: other}
        spec:
          serviceAccountName: reader
          containers:
          - name: client
            image: "${image}"
            command: [/workload, wait]
            volumeMounts: [{name: tokens, mountPath: /tokens}]
          volumes:
          - name: tokens
            projected: {sources: [{serviceAccountToken: {path: vault, audience: vault, expirationSeconds: 600}}, {serviceAccountToken: {path: api, expirationSeconds: 600}}]}
        """
      And Pod "other" is Ready
      When container "client" of Pod "other" executes "/workload cat /tokens/api"
      And what it prints is remembered as "own"
      And Pod "client" asks the API for "/version" with the token "${own}"
      Then it is accepted
      When container "client" of Pod "other" executes "/workload cat /tokens/vault"
      And what it prints is remembered as "foreign"
      And Pod "client" asks the API for "/version" with the token "${foreign}"
      Then it is refused with 401 "Unauthorized"

    Scenario: a token that is asked for by hand, for as long as is allowed
      When kubectl runs "create token reader --duration=10m"
      Then it exits with 0
      When what it prints is remembered as "token"
      And Pod "client" asks the API for "/version" with the token "${token}"
      Then it is accepted
      When kubectl runs "create token reader --duration=9m59s"
      Then it exits with 1
      And its error output contains "expirationSeconds"
      When kubectl runs "create token nobody"
      Then it exits with 1
      And its error output contains "not found"

    # As accounts had tokens before they were asked for. Such a token has no end.
    Scenario: a Secret of an account holds a token of it, and goes with it
      Given these objects exist:
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: lasting, annotations: {kubernetes.io/service-account.name: reader}}
        type: kubernetes.io/service-account-token
        """
      Then "data.token" of Secret "lasting" comes to be present
      And "data['ca.crt']" of Secret "lasting" is present
      And "metadata.annotations['kubernetes.io/service-account.uid']" of Secret "lasting" is present
      When kubectl runs "get secret lasting -o go-template={{.data.token|base64decode}}"
      Then it exits with 0
      When what it prints is remembered as "token"
      And Pod "client" asks the API for "/version" with the token "${token}"
      Then it is accepted
      When Pod "client" asks the API for "/api/v1/namespaces/${namespace}/endpoints/web" with the token "${token}"
      Then it is refused with 403 "Forbidden"
      And the refusal says "system:serviceaccount:${namespace}:reader"
      When ServiceAccount "reader" is deleted
      Then Secret "lasting" is gone

    Scenario: a Secret of an account that there is not is removed
      When these objects exist:
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: still, annotations: {kubernetes.io/service-account.name: nobody}}
        type: kubernetes.io/service-account-token
        """
      Then Secret "still" is gone

    # Ten minutes are the shortest life of a token. The node replaces it when four fifths are over; the API forgives a minute.
    @slow
    Scenario: a token ends, and its file has another one before
      Given these objects exist:
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: other}
        spec:
          serviceAccountName: reader
          containers:
          - name: client
            image: "${image}"
            command: [/workload, wait]
            volumeMounts: [{name: tokens, mountPath: /tokens}]
          volumes:
          - name: tokens
            projected: {sources: [{serviceAccountToken: {path: api, expirationSeconds: 600}}]}
        """
      And Pod "other" is Ready
      When container "client" of Pod "other" executes "/workload cat /tokens/api"
      And what it prints is remembered as "first"
      Then the token "${first}" is good for 600 seconds
      And Pod "client" is answered with the token "${first}" until it ends, and is refused within 90 seconds after that
      When container "client" of Pod "other" executes "/workload cat /tokens/api"
      And what it prints is remembered as "second"
      And Pod "client" asks the API for "/version" with the token "${second}"
      Then it is accepted
