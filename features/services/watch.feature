@api @services/watch
Feature: Watching endpoints
  Whoever watches the endpoints of Services learns what becomes of them: every change, in the order in which it was made, once.
  The slices here belong to no Service, so that nobody else writes them.

  Background:
    Given these objects exist:
      """
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata: {name: first, labels: {kept: by-hand}}
      addressType: IPv4
      ports: [{port: 8080}]
      endpoints: [{addresses: [10.1.0.1]}]
      """

  Rule: a watch misses nothing, repeats nothing, and goes on where it was

    Scenario: changes in order, addresses included; broken off and resumed
      When the EndpointSlices with the selector "kept=by-hand" are watched
      And EndpointSlice "first" is patched with:
        """
        endpoints: [{addresses: [10.1.0.2]}]
        """
      And EndpointSlice "first" is patched with:
        """
        endpoints: [{addresses: [10.1.0.3]}]
        """
      And these objects exist:
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: second, labels: {kept: by-hand}}
        addressType: IPv4
        endpoints: [{addresses: [10.1.0.9]}]
        """
      Then the watch of the EndpointSlices delivers "MODIFIED" for "first"
      And the event's object has "10.1.0.2" in "endpoints[0].addresses[0]"
      When the watch of the EndpointSlices is broken off
      And EndpointSlice "first" is patched with:
        """
        endpoints: [{addresses: [10.1.0.4]}]
        """
      And EndpointSlice "second" is deleted
      And the watch of the EndpointSlices is resumed after the event that was delivered last
      Then the watch of the EndpointSlices delivers "MODIFIED" for "first"
      And the event's object has "10.1.0.3" in "endpoints[0].addresses[0]"
      And the watch of the EndpointSlices delivers "ADDED" for "second"
      And the watch of the EndpointSlices delivers "MODIFIED" for "first"
      And the event's object has "10.1.0.4" in "endpoints[0].addresses[0]"
      And the watch of the EndpointSlices delivers "DELETED" for "second"
      And the watch of the EndpointSlices delivers nothing for 1 seconds

  Rule: what is too long ago is refused, and never left out in silence

    Scenario: from the cluster's first version on
      When EndpointSlice "first" is patched with:
        """
        endpoints: [{addresses: [10.1.0.2]}]
        """
      And EndpointSlice "first" is deleted
      Then a watch of the EndpointSlices from the version "1" is refused as expired, or delivers "ADDED first, MODIFIED first, DELETED first"
