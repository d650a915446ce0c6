@api
Feature: Watches by label
  A watch with a selector sees the objects that the selector finds, and sees them come and go when their labels change.

  @labels/watch-selector
  Rule: relabelling moves an object into and out of a watch

    Scenario: out of it as a deletion, into it as an addition
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: thing, labels: {color: blue}}}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: other, labels: {color: green}}}
        """
      And the ConfigMaps with the selector "color=blue" are watched
      And "metadata.resourceVersion" of ConfigMap "thing" is remembered as "before"
      When ConfigMap "thing" is relabelled "color=red"
      Then the watch of the ConfigMaps delivers "DELETED" for "thing"
      And the event's object has "blue" in "metadata.labels.color"
      And the event's object is newer than "before"
      When ConfigMap "other" is relabelled "color=blue"
      Then the watch of the ConfigMaps delivers "ADDED" for "other"
      And the event's object has "blue" in "metadata.labels.color"
      When ConfigMap "other" is annotated "note=changed"
      Then the watch of the ConfigMaps delivers "MODIFIED" for "other"
      When ConfigMap "other" is deleted
      Then the watch of the ConfigMaps delivers "DELETED" for "other"

    Scenario: who comes back to a watch is told what has left it in the meantime, and what has entered it
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: thing, labels: {color: blue}}}
        ---
        {apiVersion: v1, kind: ConfigMap, metadata: {name: other, labels: {color: green}}}
        """
      And the ConfigMaps with the selector "color=blue" are watched
      When ConfigMap "thing" is annotated "note=changed"
      Then the watch of the ConfigMaps delivers "MODIFIED" for "thing"
      Given the watch of the ConfigMaps is broken off
      When ConfigMap "thing" is relabelled "color=red"
      And ConfigMap "other" is relabelled "color=blue"
      And the watch of the ConfigMaps is resumed after the event that was delivered last
      Then the watch of the ConfigMaps delivers "DELETED" for "thing"
      And the event's object has "blue" in "metadata.labels.color"
      And the watch of the ConfigMaps delivers "ADDED" for "other"

    Scenario: what the selector does not find makes no event
      Given these objects exist:
        """
        {apiVersion: v1, kind: ConfigMap, metadata: {name: thing, labels: {color: blue}}}
        """
      And the ConfigMaps with the selector "color=green" are watched
      When ConfigMap "thing" is annotated "note=changed"
      And ConfigMap "thing" is deleted
      Then the watch of the ConfigMaps delivers nothing for 2 seconds
