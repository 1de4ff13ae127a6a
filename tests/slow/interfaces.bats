#!/usr/bin/env bats
# bats file_tags=net
# Five hundred random events on interfaces during a capture.

bats_require_minimum_version 1.5.0
load ../net/tcpdump
load ../until
load ../net/veth
load ../net/events

# Break: lib/capture/capture_loop.c s/doubles_has(&input->doubles, packet, input->ring.ifindex)/false/
@test "random events: what tcpdump sees come in is there, and once" {
	random_events 500
	compare_with_witness
}
