@api
Feature: Recorded answers about Services
  What kube-apiserver 1.37 answered to requests about Services and endpoints was recorded, and is compared with the answers here.
  That the words agree too is welcome, and not demanded.

  @services/cluster-ip-assigned
  Rule: Services have types, ports and defaults

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "services/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject |
        | ports   |
        | types   |
        | traffic |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "services/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject |
        | ports   |
        | types   |
        | traffic |

  @services/cluster-ip-in-range-and-free
  Rule: addresses are judged

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "services/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject   |
        | addresses |

    @should
    Scenario Outline: recorded answers that are welcome about <subject>
      Then the API answers the requests of "services/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject  |
        | families |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "services/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject   |
        | addresses |
        | families  |

  @services/cluster-ip-immutable
  Rule: an address stays

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "services/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject |
        | updates |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "services/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject |
        | updates |

  @services/endpoints-object
  Rule: endpoints have a form

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "services/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject        |
        | endpoints      |
        | endpointslices |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "services/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject        |
        | endpoints      |
        | endpointslices |

  @services/api-consumers
  Rule: accounts, roles and bindings have a form, and so have questions about them

    Scenario Outline: recorded answers about <subject>
      Given roles decide what service accounts may do
      Then the API answers the requests of "services/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject  |
        | accounts |

    @should
    Scenario Outline: recorded words about <subject>
      Given roles decide what service accounts may do
      Then the API answers the requests of "services/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject  |
        | accounts |
