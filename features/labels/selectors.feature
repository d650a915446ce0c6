@api
Feature: Selectors
  Kubernetes finds objects by their labels. A selector is a condition on labels, in one of six forms; a comma
  between two of them means "and".

  Background:
    Given these objects exist:
      """
      {apiVersion: v1, kind: ConfigMap, metadata: {name: blue, labels: {sort: thing, color: blue}}}
      ---
      {apiVersion: v1, kind: ConfigMap, metadata: {name: green, labels: {sort: thing, color: green, size: large}}}
      ---
      {apiVersion: v1, kind: ConfigMap, metadata: {name: empty, labels: {sort: thing, color: ""}}}
      ---
      {apiVersion: v1, kind: ConfigMap, metadata: {name: absent, labels: {sort: thing}}}
      """

  @labels/equal
  Rule: key=value finds the objects whose label has that value

    Scenario Outline: the selector <selector>
      Then the selector "sort=thing,<selector>" finds exactly the ConfigMaps "<found>"
      And a watch with the selector "sort=thing,<selector>" begins with exactly the ConfigMaps "<found>"
      When the ConfigMaps with the selector "sort=thing,<selector>" are deleted together
      Then the selector "sort=thing" finds exactly the ConfigMaps "<left>"

      Examples:
        | selector      | found | left                 |
        | color=blue    | blue  | absent, empty, green |
        | color==green  | green | absent, blue, empty  |
        | color=        | empty | absent, blue, green  |
        | color = blue  | blue  | absent, empty, green |

    Scenario: values differ by case
      Then the selector "sort=thing,color=Blue" finds exactly the ConfigMaps ""

  @labels/not-equal
  Rule: key!=value finds the objects whose label has another value, and those without it

    Scenario Outline: the selector <selector>
      Then the selector "sort=thing,<selector>" finds exactly the ConfigMaps "<found>"
      And a watch with the selector "sort=thing,<selector>" begins with exactly the ConfigMaps "<found>"
      When the ConfigMaps with the selector "sort=thing,<selector>" are deleted together
      Then the selector "sort=thing" finds exactly the ConfigMaps "<left>"

      Examples:
        | selector    | found                | left  |
        | color!=blue | absent, empty, green | blue  |
        | color!=     | absent, blue, green  | empty |

  @labels/in
  Rule: key in (values) finds the objects whose label has one of the values

    Scenario Outline: the selector <selector>
      Then the selector "sort=thing,<selector>" finds exactly the ConfigMaps "<found>"
      And a watch with the selector "sort=thing,<selector>" begins with exactly the ConfigMaps "<found>"
      When the ConfigMaps with the selector "sort=thing,<selector>" are deleted together
      Then the selector "sort=thing" finds exactly the ConfigMaps "<left>"

      Examples:
        | selector               | found       | left                 |
        | color in (blue)        | blue        | absent, empty, green |
        | color in (blue, green) | blue, green | absent, empty        |
        | color in (blue,)       | blue, empty | absent, green        |
        | color in ()            | empty       | absent, blue, green  |

  @labels/not-in
  Rule: key notin (values) finds the objects whose label has none of the values, and those without it

    Scenario Outline: the selector <selector>
      Then the selector "sort=thing,<selector>" finds exactly the ConfigMaps "<found>"
      And a watch with the selector "sort=thing,<selector>" begins with exactly the ConfigMaps "<found>"
      When the ConfigMaps with the selector "sort=thing,<selector>" are deleted together
      Then the selector "sort=thing" finds exactly the ConfigMaps "<left>"

      Examples:
        | selector                  | found                | left        |
        | color notin (blue)        | absent, empty, green | blue        |
        | color notin (blue, green) | absent, empty        | blue, green |

  @labels/exists
  Rule: key finds the objects that have the label, whatever its value

    Scenario: the key alone
      Then the selector "sort=thing,color" finds exactly the ConfigMaps "blue, empty, green"
      And a watch with the selector "sort=thing,color" begins with exactly the ConfigMaps "blue, empty, green"
      When the ConfigMaps with the selector "sort=thing,color" are deleted together
      Then the selector "sort=thing" finds exactly the ConfigMaps "absent"

  @labels/not-exists
  Rule: !key finds the objects that do not have the label

    Scenario: the key with an exclamation mark
      Then the selector "sort=thing,!color" finds exactly the ConfigMaps "absent"
      And a watch with the selector "sort=thing,!color" begins with exactly the ConfigMaps "absent"
      When the ConfigMaps with the selector "sort=thing,!color" are deleted together
      Then the selector "sort=thing" finds exactly the ConfigMaps "blue, empty, green"

  @labels/conjunction
  Rule: a comma means "and"

    Scenario Outline: the selector <selector>
      Then the selector "sort=thing,<selector>" finds exactly the ConfigMaps "<found>"
      And a watch with the selector "sort=thing,<selector>" begins with exactly the ConfigMaps "<found>"

      Examples:
        | selector                                 | found       |
        | color=green,size=large                   | green       |
        | color=blue,size=large                    |             |
        | color,!size                              | blue, empty |
        | color in (blue, green),color!=green      | blue        |
        | color notin (blue),size notin (large)    | absent, empty |

    Scenario: the empty selector finds everything
      Then the selector "" finds at least the ConfigMaps "absent, blue, empty, green"

    Scenario Outline: the malformed selector <selector> is refused
      When the ConfigMaps with the selector "<selector>" are listed
      Then it is refused with 400 "BadRequest"
      When the ConfigMaps with the selector "<selector>" are deleted together
      Then it is refused with 400 "BadRequest"
      And the selector "sort=thing" finds exactly the ConfigMaps "absent, blue, empty, green"

      Examples:
        | selector            |
        | color=blue,         |
        | ,color=blue         |
        | color in blue       |
        | color in (blue      |
        | color=blue green    |
        | !color=blue         |
        | color notin         |
        | -color=blue         |
        | color=not/a/value   |
        | color isnt (blue)   |
