@api
Feature: Recorded answers about labels
  What kube-apiserver 1.37 answered to requests about labels, annotations and selectors was recorded, and is compared with the
  answers here. That the words agree too is welcome, and not demanded.

  @labels/syntax
  Rule: labels have a form

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "labels/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject |
        | syntax  |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "labels/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject |
        | syntax  |

  @labels/conjunction
  Rule: selectors have a syntax

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "labels/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject   |
        | selectors |
        | fields    |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "labels/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject   |
        | selectors |
        | fields    |

  @annotations/free-form
  Rule: annotations hold any text up to a size

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "labels/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject     |
        | annotations |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "labels/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject     |
        | annotations |

  @annotations/rollout-status
  Rule: a Deployment has a template, and a way from one to the next

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "labels/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject            |
        | deployments        |
        | deployment-updates |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "labels/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject            |
        | deployments        |
        | deployment-updates |
