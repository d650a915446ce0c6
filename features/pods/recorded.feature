@api
Feature: Recorded answers about Pods, and about objects in general
  What kube-apiserver 1.37 answered to requests about Pods and other objects was recorded, and is compared with the answers here:
  whether a request is accepted, the reason and the fields of a refusal, the object with its defaults. That the words agree too is
  welcome, and not demanded.

  @pods/manifest-yaml-json
  Rule: manifests are read, judged and shown as Kubernetes does it

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "pods/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject    |
        | manifests  |
        | names      |
        | metadata   |
        | configmaps |
        | secrets    |
        | patches    |
        | reading    |
        | pieces     |
        | namespaces |
        | leases     |
        | events     |

    @should
    Scenario Outline: recorded answers that are welcome about <subject>
      Then the API answers the requests of "pods/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject |
        | tokens  |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "pods/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject    |
        | manifests  |
        | names      |
        | metadata   |
        | configmaps |
        | secrets    |
        | patches    |
        | reading    |
        | pieces     |
        | tokens     |
        | namespaces |
        | leases     |
        | events     |

  @pods/persistent-volume-survives
  Rule: what is said of volumes, of claims and of who makes volumes

    Scenario: recorded answers about storage that outlives Pods
      Then the API answers the requests of "pods/persistent" as Kubernetes 1.37 did

    @should
    Scenario: recorded words about storage that outlives Pods
      Then the API answers the requests of "pods/persistent" in the words of Kubernetes 1.37

  @pods/kubelet-creates-containers
  Rule: what is said of containers, and what nodes say of them

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "pods/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject    |
        | containers |
        | status     |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "pods/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject    |
        | containers |
        | status     |

  @pods/probe-http @pods/probe-tcp @pods/probe-exec @pods/startup-probe
  Rule: probes have defaults and bounds

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "pods/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject |
        | probes  |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "pods/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject |
        | probes  |

  @pods/limits-maximum
  Rule: requests and limits have a form

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "pods/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject   |
        | resources |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "pods/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject   |
        | resources |

  @pods/empty-dir
  Rule: volumes have one source, and mounts a volume

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "pods/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject |
        | volumes |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "pods/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject |
        | volumes |

  @pods/scheduled-where-resources-fit
  Rule: where a Pod may go has a form

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "pods/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject    |
        | scheduling |
        | nodes      |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "pods/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject    |
        | scheduling |
        | nodes      |

  @pods/isolated
  Rule: what isolates a Pod has a form

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "pods/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject  |
        | security |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "pods/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject  |
        | security |

  @pods/custom-grace-period
  Rule: a deletion has options

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "pods/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject |
        | grace   |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "pods/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject |
        | grace   |

  @pods/node-is-for-life
  Rule: a Pod is bound once, and little of it can be changed

    Scenario Outline: recorded answers about <subject>
      Then the API answers the requests of "pods/<subject>" as Kubernetes 1.37 did

      Examples:
        | subject |
        | binding |
        | updates |

    @should
    Scenario Outline: recorded words about <subject>
      Then the API answers the requests of "pods/<subject>" in the words of Kubernetes 1.37

      Examples:
        | subject |
        | binding |
        | updates |
