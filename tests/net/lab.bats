#!/usr/bin/env bats
# The lab itself: without it the tests of captures would show little.

bats_require_minimum_version 1.5.0
load ../until

setup() {
	LAB=$BATS_TEST_DIRNAME/../lab/lab
	export LAB_TRANSPORT=exec
}

# One lab for what the first two tests ask.
setup_file() {
	status=0
	LAB_TRANSPORT='exec' "$BATS_TEST_DIRNAME/../lab/lab" sh -c "'$BATS_TEST_DIRNAME/../lab/shares' || exit 1; exit 7" \
		>"$BATS_FILE_TMPDIR/shares" 3>&- || status=$?
	echo $status >"$BATS_FILE_TMPDIR/status"
}

# bats test_tags=slow
@test "lab: the engines share the connections, and some clients are one engine's" {
	mapfile -t lines <"$BATS_FILE_TMPDIR/shares"
	printf '%s\n' "${lines[@]}"
	[ "${lines[0]}" = "of lb1: lb1 2 lb2 0" ]
	[ "${lines[1]}" = "of lb2: lb1 0 lb2 2" ]
	[[ ${lines[2]} =~ ^"others: lb1 "([0-9]+)" lb2 "([0-9]+)$ ]]
	[ "${BASH_REMATCH[1]}" -gt 0 ]
	[ "${BASH_REMATCH[2]}" -gt 0 ]
	[ $((BASH_REMATCH[1] + BASH_REMATCH[2])) -eq 40 ]
}

# bats test_tags=slow
@test "lab: its status is the command's" {
	[ "$(cat "$BATS_FILE_TMPDIR/status")" -eq 7 ]
}

# bats test_tags=slow
@test "lab: two do not meet, and nothing of them is left" {
	mark=lab.$BASHPID.$RANDOM
	before=$(remains $mark)
	for i in 1 2; do
		LAB_MARK=$mark "$LAB" sh -c 'ip netns exec client curl -sS http://192.0.2.10/large | wc -c
			sleep 1000 & setsid -f sleep 1000' >"$BATS_TEST_TMPDIR/out$i" 2>&1 3>&- &
		labs[i]=$!
	done
	wait "${labs[1]}"
	wait "${labs[2]}"
	cat "$BATS_TEST_TMPDIR"/out?
	[ "$(cat "$BATS_TEST_TMPDIR"/out?)" = "$(printf '70000\n70000')" ]
	until_true is_as_before
}

# bats test_tags=slow
@test "lab: is gone as well when it is killed" {
	mark=lab.$BASHPID.$RANDOM
	before=$(remains $mark)
	mkfifo "$BATS_TEST_TMPDIR/up"
	LAB_MARK=$mark "$LAB" sh -c "setsid -f sleep 1000; echo >$BATS_TEST_TMPDIR/up; sleep 1000" 3>&- &
	lab=$!
	read -r <"$BATS_TEST_TMPDIR/up"
	[ "$(remains $mark)" != "$before" ]
	kill -KILL $lab
	wait $lab || true
	until_true is_as_before
}

is_as_before() {
	[ "$(remains "$mark")" = "$before" ]
}

remains() { # MARK: of labs, and which processes have the mark in their environment
	ip netns list
	ip -o link show | grep -E ' (mgmt|fabric)' || true
	grep -E ' /run/(lab|netns)' /proc/self/mountinfo || true
	ls -d /run/lab /run/sshd 2>/dev/null || true
	grep -ls "LAB_MARK=$1" /proc/[0-9]*/environ || true
}
