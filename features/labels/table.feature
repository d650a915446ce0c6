Feature: What every selector means
  Six forms of requirements on a label that is absent, empty, or has a value: each selector of a form is put to objects with the labels in
  each way, and has to choose exactly those that it means. So has each two of them together. What each means is written down in the suite.

  Background:
    Given labels that can be like this:
      | color | absent, empty, blue, green |
      | size  | absent, empty, large       |

  @api @labels/equal
  Rule: key=value, also written key==value, for each value and one that no object has

    Scenario Outline: every selector of the form <form>
      Then of ConfigMaps with the labels in each way, every selector of the form "<form>" lists, watches and deletes exactly those that it means

      Examples:
        | form       |
        | key=value  |
        | key==value |

  @api @labels/not-equal
  Rule: key!=value, for each value and one that no object has

    Scenario: every selector of the form key!=value
      Then of ConfigMaps with the labels in each way, every selector of the form "key!=value" lists, watches and deletes exactly those that it means

  @api @labels/in
  Rule: key in (values), for each value and each two

    Scenario: every selector of the form key in (values)
      Then of ConfigMaps with the labels in each way, every selector of the form "key in (values)" lists, watches and deletes exactly those that it means

  @api @labels/not-in
  Rule: key notin (values), for each value and each two

    Scenario: every selector of the form key notin (values)
      Then of ConfigMaps with the labels in each way, every selector of the form "key notin (values)" lists, watches and deletes exactly those that it means

  @api @labels/exists
  Rule: key, for each label

    Scenario: every selector of the form key
      Then of ConfigMaps with the labels in each way, every selector of the form "key" lists, watches and deletes exactly those that it means

  @api @labels/not-exists
  Rule: !key, for each label

    Scenario: every selector of the form !key
      Then of ConfigMaps with the labels in each way, every selector of the form "!key" lists, watches and deletes exactly those that it means

  @api @labels/conjunction
  Rule: two requirements, about two labels or about the same

    # All of them are listed and watched by; which of them are deleted by, the run's seed says.
    Scenario: every selector of two requirements
      Then of ConfigMaps with the labels in each way, every selector of two requirements lists, watches and deletes exactly those that it means

  @api @labels/watch-selector
  Rule: an object is in a watch while the watch's selector means it

    Scenario: from each state of a label to each other
      Then a ConfigMap that goes from each way to each other is in the watch of every selector exactly while that means it

  @labels/used-by-kubernetes
  Rule: Kubernetes itself chooses by the same selectors

    @api
    Scenario: every selector of a ReplicaSet
      Then of Pods with the labels in each way, every ReplicaSet takes exactly those that its selector means

    @workloads
    Scenario: every selector of a Service
      Then of Pods with the labels in each way, every Service comes to lead exactly to those that its selector means
