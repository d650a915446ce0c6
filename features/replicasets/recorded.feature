@api
Feature: Recorded answers about ReplicaSets
  What kube-apiserver 1.37 answered to requests about ReplicaSets and about apply was recorded, and is compared with the answers
  here. That the words agree too is welcome, and not demanded.

  @replicasets/manage-a-set
  Rule: a ReplicaSet has a number, a selector and a template

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "replicasets/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject   |
        | manifests |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "replicasets/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject   |
        | manifests |

  @replicasets/loose-coupling
  Rule: the selector stays

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "replicasets/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject |
        | updates |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "replicasets/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject |
        | updates |

  @replicasets/scale-imperative
  Rule: a ReplicaSet has a scale

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "replicasets/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject |
        | scale   |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "replicasets/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject |
        | scale   |

  @replicasets/declarative-wins
  Rule: fields have owners

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "replicasets/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject |
        | apply   |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "replicasets/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject |
        | apply   |

  @replicasets/autoscale
  Rule: an autoscaler has a target, bounds, metrics and a behaviour

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "replicasets/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject        |
        | autoscalers    |
        | autoscalers-v1 |

    @should
    Scenario Outline: recorded answers that are welcome about <subject>
      Then the API answers the requests of "replicasets/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject                |
        | autoscaler-annotations |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "replicasets/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject                |
        | autoscalers            |
        | autoscalers-v1         |
        | autoscaler-annotations |
