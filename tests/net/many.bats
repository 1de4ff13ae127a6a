#!/usr/bin/env bats
# A capture on many engines at once, some of which fail: everybody's packets, and who failed how.
# Two hundred with VCAP_SLOW, twelve without.

bats_require_minimum_version 1.5.0
load many
load ../until

setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$(cd "$build" && pwd)/bin:$(cd "$build" && pwd)/tests/tools:$PATH:/usr/sbin:/sbin
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make namespaces: run them by tests/netns-run"
		return 1
	}
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	local pid
	for pid in $(pgrep -x vcap-wait) $(pgrep -x vcap-run); do
		kill -9 "$pid" 2>/dev/null || true
	done
	until_true gone vcap-run
	many_remove
}

gone() { # NAME: of processes
	! pgrep -x "$1"
}

has_counted() { # ENGINE PACKETS
	grep -qx "packets $2" runs/"$id.$1"/status
}

status_of() { # ENGINE: what it does, its packets, and what there is to say
	vcap-status -nr "$id" | awk -F '\t' -v engine="$1" '$3 == engine { print $4, $5, $7 }'
}

# "ENGINE PACKETS" of a file, as others read it.
counts() { # FILE
	"$BATS_TEST_DIRNAME/../frames" -f name "$1" | sort | uniq -c |
		awk '{ split($2, part, "/"); print part[1], $1 }' | sort
}

only_one_left() {
	[ "$(pgrep -cx vcap-run)" -eq 1 ]
}

# Break: lib/controller/engine_state.c s/status == EXIT_NOT_REACHED ? "not/status == 254 ? "not/
@test "many engines: everybody's packets, and who failed in which way" {
	count=12
	[ -z "${VCAP_SLOW-}" ] || count=200
	well=$((count - 4)) lost=e$((count - 3)) killed=e$((count - 2)) weak=e$((count - 1)) away=e$count
	many_make $count
	many_reach "$away" ip netns exec nobody
	many_reach "$weak" nsenter --net=/run/netns/"$weak" setpriv --bounding-set -net_raw
	printf '#!/bin/sh\n[ ! -e %s/cut ] || { echo cut >&2; exit 255; }\nexec nsenter --net=/run/netns/%s "$@"\n' "$PWD" "$lost" >frail
	chmod 755 frail
	many_reach "$lost" "$PWD/frail"

	run -3 --separate-stderr vcap-start --patience 1s shop 3>&-
	id=$output
	[ "$(grep -c "does not capture" <<<"$stderr")" -eq 2 ]
	grep -q "engine '$away' does not capture: not reached: Cannot open network namespace \"nobody\"" <<<"$stderr"
	grep -q "engine '$weak' does not capture: .*CAP_NET_RAW" <<<"$stderr"
	[ "$(pgrep -cx vcap-run)" -eq $((count - 2)) ]

	many_send 1 $((count - 2))
	touch cut
	pkill -f "vcap-host follow .*[.]$lost "
	until_true has_counted "$killed" "$(many_share $((count - 2)))"
	kill -9 "$(sed -n 's/^pid //p' "runs/$id.$killed/status")"
	kept=$(for file in "runs/$id.$killed"/*.pcapng; do tcpdump -nr "$file" 2>/dev/null; done | wc -l)

	run -3 vcap-stop "$id"
	file=$VCAP_SPOOL/captures/$id/$id.pcapng
	for number in $(seq "$well"); do
		echo "e$number $(many_share "$number")"
		[ "$(status_of "e$number")" = "merged $(many_share "$number") -" ]
	done >sent
	[ "$kept" -eq 0 ] || echo "$killed $kept" >>sent
	counts "$file" | diff <(sort sent) -
	vcap-stat "$file" | awk '$3 == "client" { print $1, $4 }' | sort | diff <(sort sent) -
	capinfos -o "$file" | grep -q "Strict time order: *True"
	[ "$(vcap-ls -r | cut -f 7,8)" = "$lost,$weak,$away"$'\t'partial ]
	status_of "$away" | grep "^missing - not reached: Cannot open network namespace"
	status_of "$weak" | grep "^missing - .*CAP_NET_RAW"
	status_of "$lost" | grep "^missing .* not reached: cut$"
	status_of "$killed" | grep "^merged .* vcap-run ended without saying why$"
	vcap-ls -j | grep -q "engine '$killed': vcap-run ended without saying why"
	# Of the engines that can be reached, none keeps anything.
	[ "$(ls runs)" = "$id.$lost" ]
	until_true only_one_left
}

# Break: lib/controller/leftover.c s/if (following)$/if (0)/
@test "three commands do for an engine: the copy there is removed in the session" {
	many_make 1
	# shellcheck disable=SC2016 # for the script
	printf '#!/bin/sh\necho "$5 $6" >>%s/told\nexec nsenter --net=/run/netns/e1 "$@"\n' "$PWD" >telling
	chmod 755 telling
	many_reach e1 "$PWD/telling"
	vcap-start shop
	many_send 1 1
	vcap-stop shop
	diff - told <<-'END'
		vcap-run -n
		vcap-host follow
		vcap-merge -w
	END
	[ -z "$(ls runs)" ]
}

# A controller in a directory of its own, with these engines of the service.
controller() { # NAME ENGINE...
	mkdir -p "$1"
	cp -r config "$1/config"
	sed -i "s|dir=$PWD/runs|dir=$PWD/$1/runs|" "$1/config/engines"
	grep -v ^engine config/services/shop >"$1/config/services/shop"
	printf 'engine %s\n' "${@:2}" >>"$1/config/services/shop"
}

# By way of it.
under() { # NAME COMMAND...
	VCAP_CONFIG=$PWD/$1/config VCAP_SPOOL=$PWD/$1/spool "${@:2}"
}

# Three controllers for three engines: one that has them all, and one that has the first two by way
# of a region.
three_controllers() {
	many_make 3
	controller direct e1 e2 e3
	controller west e1 e2
	controller above e3 west
	# An engine that a controller knows is not taken for a region's.
	sed -i '/^e[12] /d' above/config/engines
	echo "west region exec env VCAP_CONFIG=$PWD/west/config VCAP_SPOOL=$PWD/west/spool" >>above/config/engines
}

has_counted_in() { # DIRECTORY ENGINE PACKETS
	grep -qx "packets $3" "$1"/runs/*."$2"/status
}

# The packets of a file in its order: time, where from, what it holds.
told_of() { # FILE
	"$BATS_TEST_DIRNAME/../frames" -f time,name,length,data "$1"
}

# What is written into it besides.
# But how far clocks were: each capture has measured that for itself; and who asked a region, which is
# one more than without.
notes_of() { # FILE
	capinfos -Mk "$1" | grep -a comment | grep -av -e ': clock ahead by' -e ' by .*,for:'
	capinfos -MI "$1" | grep -a "Name =\|Description =" | sort
}

# Break: lib/merge/label.c s/if (is_label(name))/if (0)/
# bats test_tags=slow
@test "a region: the same packets, order and labels as without it" {
	three_controllers
	[ "$(under west vcap-ls -r)" = "" ]
	straight=$(under direct vcap-start -P shop 10.0.0.1 2>/dev/null 3>&-)
	run -0 --separate-stderr under above vcap-start -P shop 10.0.0.1 3>&-
	id=$output
	[ "$(under west vcap-ls -r | cut -f 8,9)" = $'capturing\t'"$id" ]
	many_send 1 3
	many_send 1 3
	many_send 1 3
	run -0 under above vcap-stop "$id"
	file=$output
	run -0 under direct vcap-stop "$straight"
	[ "$(told_of "$file" | wc -l)" -eq $((3 * (1001 + 1002 + 1003))) ]
	[ "$(told_of "$file" | cut -d ' ' -f 2 | sort -u)" = $'e1/lo/client\ne2/lo/client\ne3/lo/client' ]
	told_of "$file" | diff <(told_of "$output") -
	vcap-stat "$file" | diff <(vcap-stat "$output") -
	notes_of "$file" | diff <(notes_of "$output") -
	by=$(under above vcap-ls -r -o BY)
	capinfos -Mk "$file" | grep -aqE " by .*,for:$by$"
	[ "$(under above vcap-ls -r | cut -f 6,8)" = $'e3,west\tdone' ]
	# Neither the region nor its engines keep anything.
	[ "$(under west vcap-ls -r)" = "" ]
	[ -z "$(find west/runs above/runs -mindepth 1)" ]
}

# Break: lib/controller/region.c s/spool_entry_is_over(.entry) ? spool_entry_state_name(.entry)/spool_entry_is_over(\&entry) ? "done"/
# bats test_tags=slow
@test "a region that is partial says what is missing, and is told to stop by its time" {
	three_controllers
	sed -i "s|^e2 .*|e2 exec ip netns exec nobody|" west/config/engines
	run -3 --separate-stderr under above vcap-capture -t 3s --patience 1s shop 3>&-
	echo "$stderr"
	grep -q "engine 'west': .*engine 'e2' is missing: not reached: Cannot open network namespace" <<<"$stderr"
	[ "$(under above vcap-ls -r | cut -f 6,7,8)" = $'e3,west\t-\tpartial' ]
	# What is being captured there already goes on beside it.
	under west vcap-start --id shop.20260101_000000 shop >/dev/null 2>&1 3>&- || [ $? -eq 3 ]
	under above vcap-start shop 3>&-
	run -3 under above vcap-stop shop
	run -3 under west vcap-stop shop.20260101_000000
}
