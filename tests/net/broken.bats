#!/usr/bin/env -S tests/lab/lab bats
# Captures over ssh whose controller is killed, whose links break, and whose engines are in trouble,
# against what independent witnesses on the engines saw. Run it from the top of the tree.
# shellcheck disable=SC2154,SC2034,SC2016 # the names are the lab's; dollars for the shell of a stand-in

bats_require_minimum_version 1.5.0
load ../until
load ../stand_in

setup_file() {
	[ "${LAB_TRANSPORT-}" = ssh ] || skip "needs sshd, which needs root"
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
}

setup() {
	for part in names network service control witness; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	cd "$BATS_TEST_TMPDIR" || return
	cp -r "$VCAP_CONFIG" config
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$LAB_DIR/broken.$BATS_TEST_NUMBER
	# The controller's commands are copies, and there is room among them for others.
	ssh=$(command -v ssh)
	mkdir bin
	cp "$LAB_DIR"/bin/* bin
	PATH=$PWD/bin:$PATH
	mkfifo never
}

teardown() {
	kill_controller
	as_they_were
	lab_in lb2 nft delete table inet hole 2>/dev/null || true
	tc -n lb1 qdisc del dev mgmt0 root 2>/dev/null || true
	tc -n lb2 qdisc del dev mgmt0 root 2>/dev/null || true
	lab_ssh lb2 true || lab_sshd lb2
	lab_wait "sshd on lb2" lab_ssh lb2 true
	# Within bounds, if it is what does not work.
	timeout 30 vcap stop shop >/dev/null 2>&1 || true
	for pid in *.pid; do
		[ ! -e "$pid" ] || kill -TERM "$(cat "$pid")" 2>/dev/null || true
	done
	for engine in lb1 lb2; do
		rm -rf "$LAB_DIR/$engine.run"
	done
	[ ! -d tiny ] || on_lb1 umount "$PWD/tiny"
}

# Of the engine, or of the capture, being written.
half_file() { # NAME
	find "$VCAP_SPOOL" -name ".$1.pcapng.*.tmp" -size +0
}

has_half_file() { # NAME
	[ -n "$(half_file "$1")" ]
}

# A capture of marked traffic, which is told to end, until a stand-in holds that up.
stop_until_held() {
	controller vcap start shop -t 5
	wait "$controller"
	entry
	traffic_with_marks
	controller vcap stop "$id"
	until_true test -e held
}

# Break: cmd/vcap-status.c s/waitproc_revive(&entry, &why) < 0/0/
# bats test_tags=slow
@test "F7: killed while starting, before any engine's answer: vcap status goes on with it" {
	lab_witness_all
	stand_in ssh '*.101*vcap-run*' 'real "$@"; hold 1' '*.102*vcap-run*' 'real "$@"; hold 2'
	controller vcap start shop -t 5
	until_true test -e held1
	until_true test -e held2
	[ "$(state)" = starting ]
	kill_controller
	as_they_were
	entry
	runs_on lb1 lb2
	vcap status "$id"
	until_true pgrep -x vcap-wait
	until_true [ "$(state)" = capturing ]
	[ "$(vcap status -r "$id" | cut -f 3,4)" = $'lb1\tcapturing\nlb2\tcapturing' ]
	traffic_with_marks
	run -0 vcap stop "$id"
	whole
	nothing_left
}

# Break: lib/controller/poll.c s/if (now - alone_since > patience)/if (0)/
# bats test_tags=slow
@test "F7: killed while starting: an engine that was not asked is missing, the other's packets are there" {
	lab_witness_all
	stand_in ssh '*.102*vcap-run*' hold
	controller vcap start shop -t 5 --patience 1s
	until_true test -e held
	until_true runs_on lb1
	kill_controller
	as_they_were
	entry
	traffic_with_marks
	run -3 timeout 60 vcap stop "$id"
	[[ $output == *"engine 'lb2' is missing: "*"No such file or directory"* ]]
	LAB_ENGINES=lb1
	run -3 vcap export "$id" .
	lab_collect "$id.pcapng" client server
	lab_compare client server
	run ! grep -q ^lb2/ frames
	nothing_left
}

# Break: cmd/vcap-wait.c s/if (was_over .*/if (0)/
# bats test_tags=slow
@test "F7: killed while capturing: the engines go on, vcap stop and vcap wait collect it" {
	lab_witness_all
	controller vcap capture shop -t 5
	until_true grep -q 'lb2 capturing' err
	entry
	lab_mark m1
	traffic
	kill_controller
	run ! pgrep -x 'vcap-wait|vcap-capture'
	# Connections are kept for a minute.
	run ! pgrep -fx 'ssh -.*'
	traffic
	lab_mark m2
	runs_on lb1 lb2
	# Killed again, as it is told to end.
	stand_in ssh '*.102*vcap-host*follow*' hold
	controller vcap stop "$id"
	until_true test -e held
	kill_controller
	as_they_were
	run -0 vcap wait "$id"
	whole
	nothing_left
}

# Break: lib/base/outfile.c s/remove_stale(out->dirfd, base_name(out->path));/;/
# bats test_tags=slow
@test "F7: killed while fetching: vcap export fetches again what is not whole" {
	lab_witness_all
	stand_in ssh '*.102*vcap-merge*' 'real "$@" | { head -c 50000; hold; }'
	stop_until_held
	until_true test -e "$(entry engines/lb1.pcapng)"
	[ "$(state)" = fetching ]
	until_true has_half_file lb2
	kill_controller
	as_they_were
	has_half_file lb2
	[ "$(on_engines)" -eq 2 ]
	whole
	[ "$(state)" = "done" ]
	nothing_left
}

# Break: lib/controller/collect.c s/"vcap-fetch", "-k", "{}"/"vcap-fetch", "{}"/
# bats test_tags=slow
@test "F7: killed while merging: the engines have their copies still, vcap wait merges again" {
	lab_witness_all
	# The real one is killed in the middle of its work.
	stand_in vcap-merge '*' '(ulimit -f 100; real "$@"); hold'
	stop_until_held
	[ "$(state)" = merging ]
	has_half_file "$id"
	[ ! -e "$(entry "$id.pcapng")" ]
	kill_controller
	as_they_were
	[ "$(on_engines)" -eq 2 ]
	run -0 vcap wait "$id"
	whole
	nothing_left
}

# Break: lib/controller/following.c s/engine_state_has_file(entry, engine->name) || //
# bats test_tags=slow
@test "F7: killed while the engines' copies are removed: nothing is taken for lost" {
	lab_witness_all
	stand_in ssh '*follow*' "$removes_nothing" '*.101*vcap-host*remove*' 'real "$@"; exit 255' '*.102*vcap-host*remove*' hold
	stop_until_held
	until_true grep -qx 'exit 255' "$(entry engines/lb1.state)"
	kill_controller
	as_they_were
	[ "$(on_engines)" -eq 1 ]
	[ "$(state)" = merging ]
	run -0 vcap wait "$id"
	whole
	nothing_left
}

# Break: lib/controller/collect.c s/#define FETCH_TRIES 3/#define FETCH_TRIES 1/
# bats test_tags=slow
@test "F8: a link that is a black hole for 20 s in the middle of a fetch, and one that breaks" {
	lab_witness_all
	# Slow enough to be caught in the middle, and not by what ssh has taken in ahead.
	for engine in lb1 lb2; do
		tc -n "$engine" qdisc add dev mgmt0 root tbf rate 800kbit burst 4kb limit 100kb
	done
	stand_in ssh '*vcap-merge*' 'echo "$*" >>"'"$PWD"'/fetches"; exec '"$ssh"' "$@"'
	run -0 --separate-stderr vcap start shop -t 5
	entry
	traffic_with_marks
	controller vcap stop "$id"
	until_true has_half_file lb1
	until_true has_half_file lb2
	swallow lb2
	# shellcheck disable=SC2046 # words
	kill -KILL $(sessions_of lb1)
	sleep 20
	size=$(stat -c %s "$(half_file lb2)" || echo 0)
	[ "$(state)" = fetching ]
	[ "$(on_engines)" -eq 2 ]
	[ ! -e "$(entry engines/lb2.pcapng)" ]
	tc -n lb1 qdisc del dev mgmt0 root
	tc -n lb2 qdisc del dev mgmt0 root
	lab_in lb2 nft delete table inet hole
	patience=90 until_true has_no_controller
	wait "$controller"
	[ "$(tail -n 1 out)" = "$(entry "$id.pcapng")" ]
	[ "$(grep -c '\.101 ' fetches)" -eq 2 ]
	[ "$size" -lt "$(engine_fact lb2 bytes)" ]
	whole
	[ "$(state)" = "done" ]
	nothing_left
}

# Break: lib/controller/verdict.c s/return EXIT_PARTIAL/return EXIT_DONE/
# Break: lib/controller/reason.c s/" has changed", &host)/" has come", \&host)/
# bats test_tags=slow
@test "F9: engines that are dead, without disk, or strangers are named with the reason, the rest is merged" {
	mkdir tiny
	on_lb1 mount -t tmpfs -o size=1M tmpfs "$PWD/tiny"
	ssh-keygen -q -t ed25519 -N '' -f other
	sed "s|^\(\S*\) .*|\1 $(cut -d ' ' -f 1,2 other.pub)|" "$LAB_DIR/ssh/known_hosts" >changed
	first=$(grep '^lb1 ' config/engines)
	{
		sed "s|^lb1 |full |; s|dir=[^ ]*|dir=$PWD/tiny/run|" <<<"$first"
		sed "s|^lb1 |changed |; s|UserKnownHostsFile=[^ ]*|UserKnownHostsFile=$PWD/changed|" <<<"$first"
		sed "s|^lb1 |strange |; s|UserKnownHostsFile=[^ ]*|UserKnownHostsFile=/dev/null|" <<<"$first"
		sed "s|^lb1 |locked |; s|-i [^ ]*|-i $PWD/other -o IdentitiesOnly=yes|" <<<"$first"
	} >>config/engines
	printf 'engine %s\n' full changed strange locked >>config/services/shop
	# shellcheck disable=SC2046 # words
	kill -KILL $(cat "$LAB_DIR/lb2-sshd.pid") $(sessions_of lb2)
	until_true refuses lb2

	lab_witness_all
	run -3 --separate-stderr vcap start shop -t 5 --patience 1s
	entry
	cat >wanted <<-END
		vcap start: engine 'lb2' does not capture: not reached: ssh: connect to host $LAB_MGMT4.102 port 22: Connection refused
		vcap start: engine 'full' does not capture: vcap-run: only 0 MiB of disk are free, and 1024 MiB are to stay free (-R)
		vcap start: engine 'changed' does not capture: not reached: the host key of '$LAB_MGMT4.101' has changed: it is another host, or
		vcap start: engine 'strange' does not capture: not reached: the host key of '$LAB_MGMT4.101' is not known (
		vcap start: engine 'locked' does not capture: not reached: root@$LAB_MGMT4.101: Permission denied (publickey).
	END
	echo "$stderr"
	grep -oF -f wanted <<<"$stderr" | diff wanted -
	traffic_with_marks
	run -3 vcap stop "$id"
	for reason in "'lb2' is missing: not reached: ssh: connect to host" "'full' is missing: vcap-run: " \
		"'changed' is missing: not reached: the host key" "'locked' is missing: not reached: root@"; do
		[[ $output == *"$reason"* ]]
	done
	[ "$(vcap ls -r | cut -f 6-8)" = $'lb1\tlb2,full,changed,strange,locked\tpartial' ]
	run -3 vcap export "$id" .
	LAB_ENGINES=lb1
	lab_collect "$id.pcapng" client server
	lab_compare client server
	[ "$(cut -d / -f 1 frames | sort -u)" = lb1 ]
	nothing_left
	[ -z "$(on_lb1 ls -A "$PWD/tiny/run" 2>/dev/null)" ]
}

# Break: lib/controller/sshrun.c s/tries < SSHRUN_TRIES/false/
# bats test_tags=slow
@test "engines behind an sshd that drops connections when many come at once are all reached" {
	engine=$(sed -n "s|^lb1 \\(.*\\)|\\1 -p 2222 -o HostKeyAlias=$LAB_MGMT4.101|p" config/engines)
	sed 's/^MaxStartups.*/MaxStartups 3:100:3\nPort 2222/' "$LAB_DIR/lb1.sshd" >sshd
	lab_run lb1 few-sshd "$(command -v sshd)" -r -D -e -f "$PWD/sshd"
	for n in 1 2 3 4 5 6 7; do
		echo "e$n $engine"
	done >config/engines
	lab_wait "sshd" vcap on e1 true
	run -0 --separate-stderr vcap check -r e1 e2 e3 e4 e5 e6 e7
	echo "$output"
	[ "$(cut -f 2 <<<"$output" | uniq)" = ready ]
	kill "$(cat "$LAB_DIR/few-sshd.pid")"
}

on_lb1() { # COMMAND...: where the engine sees the mount, which has mounts of its own
	nsenter -t "$(cat "$LAB_DIR/lb1-sshd.pid")" -m "$@"
}

refuses() { # ENGINE
	! lab_ssh "$1" true
}

captures_run() { # as many as there are engines
	[ "$(pgrep -cx vcap-run)" -ge 2 ]
}

# Break: lib/capture/capture.c s/if (now >= capture->lease_end)/if (0)/
# bats test_tags=slow
@test "F7, F8: vcap live, killed or hanging with all its ssh, leaves nothing on the engines" {
	controller vcap live shop
	until_true captures_run
	kill_controller
	until_true no_capture_runs
	controller vcap live --lease 1s shop
	until_true captures_run
	# shellcheck disable=SC2046 # words
	kill -STOP $(controllers)
	until_true no_capture_runs
	kill_controller
}
