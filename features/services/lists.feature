@api @services/watch
Feature: Listing endpoints
  Whoever wants to follow the endpoints of Services begins with a list of them: of one moment, however many pieces it is read in, with a
  version from which a watch goes on. The slices here belong to no Service, so that nobody else writes them.

  Background:
    Given these objects exist:
      """
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata: {name: a, labels: {kept: by-hand}}
      addressType: IPv4
      endpoints: [{addresses: [10.1.0.1]}]
      ---
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata: {name: b, labels: {kept: by-hand}}
      addressType: IPv4
      endpoints: [{addresses: [10.1.0.2]}]
      ---
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata: {name: c, labels: {kept: by-hand}}
      addressType: IPv4
      endpoints: [{addresses: [10.1.0.3]}]
      ---
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata: {name: d, labels: {kept: by-others}}
      addressType: IPv4
      endpoints: [{addresses: [10.1.0.4]}]
      ---
      apiVersion: discovery.k8s.io/v1
      kind: EndpointSlice
      metadata: {name: e, labels: {kept: by-hand}}
      addressType: IPv4
      endpoints: [{addresses: [10.1.0.5]}]
      """

  Rule: a list is of one moment, and a watch goes on from there

    # A server may give more at a time than it is asked for; it may not mix what was with what is.
    Scenario Outline: <which>, read in pieces while they change
      When the EndpointSlices are listed with "limit=2<selector>"
      And EndpointSlice "e" is patched with:
        """
        endpoints: [{addresses: [10.1.0.6]}]
        """
      And EndpointSlice "c" is deleted
      And these objects exist:
        """
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: bb, labels: {kept: by-hand}}
        addressType: IPv4
        endpoints: [{addresses: [10.1.0.7]}]
        """
      And the list is read to its end
      Then the list has exactly the EndpointSlices "<found>"
      And the list has "10.1.0.5" in "endpoints[0].addresses[0]" of "e"
      When the EndpointSlices are watched from the version of the list on
      Then the watch of the EndpointSlices delivers "MODIFIED" for "e"
      And the event's object has "10.1.0.6" in "endpoints[0].addresses[0]"
      And the watch of the EndpointSlices delivers "DELETED" for "c"
      And the watch of the EndpointSlices delivers "ADDED" for "bb"

      Examples:
        | which               | selector                      | found         |
        | all slices          |                               | a, b, c, d, e |
        | those of a selector | &labelSelector=kept%3Dby-hand | a, b, c, e    |

    Scenario: as it was at an earlier version, and as it has become since
      When the EndpointSlices are listed with "limit=500"
      And "metadata.resourceVersion" of the answer is remembered as "then"
      And EndpointSlice "e" is patched with:
        """
        endpoints: [{addresses: [10.1.0.6]}]
        """
      And EndpointSlice "c" is deleted
      And "metadata.resourceVersion" of EndpointSlice "e" is remembered as "later"
      And the EndpointSlices are listed with "resourceVersion=${then}&resourceVersionMatch=Exact"
      Then the list has exactly the EndpointSlices "a, b, c, d, e"
      And the list has "10.1.0.5" in "endpoints[0].addresses[0]" of "e"
      And the list is said to be as of the version "${then}"
      When the EndpointSlices are listed with "resourceVersion=${later}&resourceVersionMatch=Exact"
      Then the list has exactly the EndpointSlices "a, b, c, d, e"
      And the list has "10.1.0.6" in "endpoints[0].addresses[0]" of "e"
      When the EndpointSlices are listed with "resourceVersion=${later}&resourceVersionMatch=NotOlderThan"
      Then the list has "10.1.0.6" in "endpoints[0].addresses[0]" of "e"
      When the EndpointSlices are listed with "limit=500"
      Then the list has exactly the EndpointSlices "a, b, d, e"
      When the EndpointSlices are listed with "resourceVersion=0"
      Then it is accepted

    # What such a server has is older than what was asked for, so that it is no answer.
    @should
    Scenario: no older than a version that there is not yet
      When the EndpointSlices are listed with "resourceVersion=9000000000000000&resourceVersionMatch=NotOlderThan"
      Then it is refused with 504 "Timeout"
      And the refusal says "Too large resource version"

    Scenario: a watch from no version on begins with what is there
      When the EndpointSlices are watched from no version on
      Then the watch of the EndpointSlices delivers "ADDED" for each of "a, b, c, d, e", in any order
      When EndpointSlice "e" is patched with:
        """
        endpoints: [{addresses: [10.1.0.6]}]
        """
      Then the watch of the EndpointSlices delivers "MODIFIED" for "e"
      And the watch of the EndpointSlices delivers nothing for 1 seconds

  Rule: pieces are as large as they are asked for, and bookmarks spare reading

    # How much a server gives at a time is its own affair.
    @should
    Scenario: each piece in full, with the number of those that remain
      When the EndpointSlices are listed with "limit=2"
      Then the piece has exactly "a, b", and 3 more are said to remain
      When the next piece of the list is read
      Then the piece has exactly "c, d", and 1 more are said to remain
      When the next piece of the list is read
      Then the piece has exactly "e", and is the last

    @should
    Scenario: a watch tells where what is there already ends, and goes on from there
      When the EndpointSlices are watched, and where what is there already ends is asked for
      Then the watch of the EndpointSlices delivers "ADDED" for each of "a, b, c, d, e", in any order
      And the watch of the EndpointSlices delivers the bookmark of what is there already
      When the watch of the EndpointSlices is broken off
      And EndpointSlice "e" is patched with:
        """
        endpoints: [{addresses: [10.1.0.6]}]
        """
      And the watch of the EndpointSlices is resumed after the event that was delivered last
      Then the watch of the EndpointSlices delivers "MODIFIED" for "e"

    # Whoever watches few objects of many is told how far it has come, although none of its own have changed.
    @should
    Scenario: a watch tells before its end how far it has come
      When the EndpointSlices are listed with "labelSelector=kept%3Dby-others"
      And "metadata.resourceVersion" of the answer is remembered as "before"
      And the EndpointSlices with the selector "kept=by-others" are watched from the version of the list on, with bookmarks, for 6 seconds
      And EndpointSlice "e" is patched with:
        """
        endpoints: [{addresses: [10.1.0.6]}]
        """
      Then the watch of the EndpointSlices delivers a bookmark
      And the event's object is newer than "before"
      And the watch of the EndpointSlices ends by itself

    Scenario: a watch ends after the time that it was asked for
      When the EndpointSlices are listed with "labelSelector=kept%3Dby-others"
      And the EndpointSlices with the selector "kept=by-others" are watched from the version of the list on, with bookmarks, for 3 seconds
      Then the watch of the EndpointSlices ends by itself

  @cluster
  Rule: what has been forgotten is refused, and never mixed with what is

    Scenario: a list that was begun too long ago
      Given a cluster of its own with the server flags "--etcd-compaction-interval=1s", if there are such
      And these objects exist:
        """
        {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, addressType: IPv4, endpoints: []}
        ---
        {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: c}, addressType: IPv4, endpoints: []}
        """
      When the EndpointSlices are listed with "limit=1"
      And these objects exist:
        """
        {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: b}, addressType: IPv4, endpoints: []}
        """
      Then reading on comes to be refused as expired, or goes on to exactly "c" each time
      And a refusal as expired comes with a token that leads on, piece by piece, to exactly "b, c"

    # A server that has begun anew knows no more than what is kept: what has been forgotten there, it cannot tell.
    @implementation
    Scenario: a watch that was broken off too long ago
      Given a cluster of its own with 1 node and the server flags "--etcd-compaction-interval=1s", if there are such
      And these objects exist:
        """
        {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, addressType: IPv4, endpoints: []}
        ---
        {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: c}, addressType: IPv4, endpoints: []}
        """
      When the EndpointSlices are listed with "limit=1"
      And "metadata.resourceVersion" of the answer is remembered as "then"
      And EndpointSlice "a" is patched with:
        """
        endpoints: [{addresses: [10.1.0.1]}]
        """
      And EndpointSlice "c" is deleted
      Then reading on comes to be refused as expired, or goes on to exactly "c" each time
      When the server of the first node is killed
      And the API server answers again
      Then a watch of the EndpointSlices from the version "${then}" is refused as expired, or delivers "MODIFIED a, DELETED c"
