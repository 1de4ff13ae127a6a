#!/usr/bin/env bats
# Who did what with a capture: the lines in the log of the controller and of the engines, which are
# this host here, in a /dev of its own.

bats_require_minimum_version 1.5.0
load ../until

setup_file() {
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make a log: run them by tests/netns-run"
		return 1
	}
	# Another /dev, in this mount namespace, for its `log`.
	local dev=$BATS_FILE_TMPDIR/dev
	mkdir "$dev"
	mount -t tmpfs tmpfs "$dev"
	for name in null zero full random urandom tty; do
		: >"$dev/$name"
		mount --bind "/dev/$name" "$dev/$name"
	done
	ln -s /proc/self/fd "$dev/fd"
	mount --rbind "$dev" /dev
	umount -Rl "$dev"
}

setup() {
	build=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}" && pwd)
	PATH=$build/bin:$build/tests/tools:$PATH:/usr/sbin:/sbin
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	unset SUDO_USER SUDO_UID PKEXEC_UID COCKPIT_REMOTE_PEER
	export SSH_CONNECTION='192.0.2.7 50000 192.0.2.1 22'
	mkdir -p config/services
	echo "a dir=$PWD/run exec env" >config/engines
	printf '%s\n' 'vip 127.0.0.1 udp/5000' 'server 127.0.0.2 udp/6000' 'monitor tcp/1' 'engine a' >config/services/shop
	who=$(id -un):$(id -u),ssh:192.0.2.7
	there=-:$(id -u),ssh:192.0.2.7
}

teardown() {
	[ -z "${logger-}" ] || kill "$logger"
	rm -f /dev/log
	for pid in $(pgrep -x 'vcap-wait|vcap-run'); do
		kill -9 "$pid" 2>/dev/null || true
	done
}

listen() { # ARG...
	[ -z "${logger-}" ] || kill "$logger"
	syslog "$@" >lines 3>&- &
	logger=$!
	until_true test -S /dev/log
}

logged() { # NAME: its lines so far
	sed -n "s/^85 $1: //p" lines
}

has() { # NAME LINE
	logged "$1" | grep -qxF -- "$2"
}

has_lines() { # NUMBER, at least
	[ "$(wc -l <lines)" -ge "$1" ]
}

# A whole capture, what it leaves exported and deleted.
capture() {
	id=$(vcap start shop -t 0 2>err 3>&-) || { cat err; false; }
	vcap stop "$id" >out 2>err 3>&- || { cat err; false; }
	vcap export -w "$PWD/a b=c.pcapng" "$id" >out
	vcap rm "$id"
}

# Break: lib/controller/removal.c s/rc = capture_audit(.*;/rc = 0;/
# Break: lib/controller/mergedfile.c s/capture_audit(entry, .* == 0/1/
# Break: lib/capture/session.c s/return audit_write(.*;/return 0;/
# Break: lib/merge/inputs.c s/^\taudit_write(.*;/;/
# Break: lib/capture/rundir.c s/^\taudit_write(.*;/;/
# bats test_tags=slow
@test "audit: a capture is a line for each step, on the controller and on the engine" {
	listen
	capture
	of="id=$id service=shop engines=a by=$who"
	until_true has vcap-rm "delete $of"
	[ "$(logged vcap-start)" = "start $of" ]
	[ "$(logged vcap-stop)" = "stop $of" ]
	[ "$(logged vcap-export)" = "export $of to=$PWD/a\\x20b\\x3dc.pcapng" ]
	dir=$PWD/run/$id.a
	[ "$(logged vcap-run)" = "start dir=$dir engine=a by=$who caller=$there" ]
	[ "$(logged vcap-merge)" = "fetch dir=$dir caller=$there" ]
	[ "$(logged vcap-host)" = "remove dir=$dir caller=$there" ]
	[ "$(wc -l <lines)" -eq 7 ]
	capinfos "a b=c.pcapng" | grep -qF "by $who"
}

# bats test_tags=slow
@test "audit: a stream, and what waits for its time" {
	listen
	timeout 20 vcap live shop -t 1s -e 'udp' >live 2>err 3>&-
	grep -qaF "by $who" live
	until_true has_lines 2
	[ "$(logged vcap-live)" = "live service=shop engines=a by=$who expression=udp" ]
	[ "$(logged vcap-run)" = "stream engine=a caller=$there" ]
	id=$(vcap start shop -t 1s --at +1h 2>err 3>&-)
	vcap stop "$id" 2>err
	until_true has_lines 4
	at=$(logged vcap-start | grep -o 'at=[0-9.]*$')
	has vcap-start "start id=$id service=shop engines=a by=$who $at"
	has vcap-stop "stop id=$id service=shop engines=a by=$who"
}

# Break: cmd/vcap-gate.c s/^\taudit_write(.*;/;/
@test "audit: what a gate refuses, with the address, and no forged line" {
	listen
	for line in $'rm -rf x by=me\n<85>vcap-run: start' "'vcap-run' '-w' '/etc'"; do
		run -2 env SSH_ORIGINAL_COMMAND="$line" vcap-gate "$PWD/run"
	done
	run -2 vcap-gate "$PWD/run"
	SSH_ORIGINAL_COMMAND="'vcap-host' 'clock'" vcap-gate "$PWD/run" </dev/null
	until_true has_lines 3
	[ "$(wc -l <lines)" -eq 3 ]
	sed -n 1p lines | grep -qF 'vcap-gate: refuse command=rm\x20-rf\x20x\x20by\x3dme\x0a<85>vcap-run:\x20start reason='
	[ "$(sed -n 2p lines)" = "85 vcap-gate: refuse command='vcap-run'\\x20'-w'\\x20'/etc' reason=this\\x20key\\x20does\\x20not\\x20allow\\x20'/etc' caller=$there" ]
	[ "$(sed -n 3p lines)" = "85 vcap-gate: refuse reason=this\\x20key\\x20allows\\x20only\\x20vcap\\x20commands caller=$there" ]
}

# bats test_tags=slow
@test "audit: without a log nothing is said, and a log may be a stream" {
	capture
	run ! grep -v 'no packet was captured' err
	listen stream
	id=$(vcap start shop -t 0 2>err 3>&-)
	vcap stop "$id" >out 2>err 3>&-
	until_true has vcap-stop "stop id=$id service=shop engines=a by=$who"
}

lacking() { # COMMAND...: is not done for want of a log
	run -1 "$@"
	[[ $output == *"cannot log to '/dev/log', as 'audit required' asks (start a journal or a syslog daemon): "* ]]
	[ "${#lines[@]}" -eq 1 ]
}

# Break: lib/base/audit.c s/|| need == AUDIT_WANTED/|| 1/
# Break: lib/controller/ability.c s/told.audit = "required"/told.audit = NULL/
# bats test_tags=slow
@test "audit required: what cannot be logged is not done, here or on an engine, but stopping is" {
	id=$(vcap start shop -t 0 2>err 3>&-)
	echo 'audit required' >>config/engines
	lacking vcap start shop -t 1s
	[ "$(ls spool/captures)" = "$id" ]
	lacking vcap live shop -t 1s
	vcap stop "$id" >out 2>err 3>&- || { cat err; false; }
	lacking vcap export "$id"
	lacking vcap rm "$id"
	lacking vcap prune -c 0
	[ "$(vcap ls -r -o ID)" = "$id" ]
	# Here there is a log, and on the engine none.
	listen
	printf '#!/bin/sh\nrm -f /dev/log\nexec "$@"\n' >deaf
	chmod 755 deaf
	printf '%s\n' "a dir=$PWD/run exec $PWD/deaf" 'audit required' >config/engines
	run vcap check -r a
	[[ $output == *"has no log, which 'audit required' asks for"* ]]
	listen
	run -1 vcap start shop -t 1s
	[[ $output == *"engine 'a' does not capture: vcap-run: cannot log to '/dev/log'"* ]]
	[ -z "$(ls run)" ]
}
