#!/usr/bin/env -S tests/lab/lab bats
# One ssh connection with each engine, by what its sshd says. Run it from the top of the tree.
# shellcheck disable=SC2154 # the names are the lab's

bats_require_minimum_version 1.5.0
load ../until

setup_file() {
	[ "${LAB_TRANSPORT-}" = ssh ] || skip "needs sshd, which needs root"
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
}

setup() {
	for part in names network service control; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	cd "$BATS_TEST_TMPDIR" || return
	cp -r "$VCAP_CONFIG" config
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$LAB_DIR/sessions.$BATS_TEST_NUMBER
	PATH=$LAB_DIR/bin:$PATH
	sed -i '/engine *lb2/d' config/services/shop
	sed -i '/^lb2/d' config/engines
}

teardown() {
	vcap stop shop >/dev/null 2>&1 || true
	[ ! -e "$LAB_DIR/other-sshd.pid" ] || kill "$(cat "$LAB_DIR/other-sshd.pid")" || true
	rm -f "$LAB_DIR/other-sshd.pid"
}

# Another sshd of lb1, with these lines in its configuration, for the engine.
other_sshd() { # LINE...
	{ printf '%s\n' "$@" 'Port 2222'; cat "$LAB_DIR/lb1.sshd"; } >sshd
	lab_run lb1 other-sshd "$(command -v sshd)" -r -D -e -f "$PWD/sshd"
	sed -i "s|\$| -p 2222 -o HostKeyAlias=$LAB_MGMT4.101|" config/engines
	lab_wait "the other sshd" vcap on lb1 true
}

logins() { # [LOG]
	grep -c '^Accepted publickey' "$LAB_DIR/${1-lb1-sshd}.log"
}

connections_kept() {
	pgrep -f 'ssh: .*\[mux]'
}

# A capture of what is sent meanwhile, from start to end.
capture_whole() {
	run -0 vcap-start shop -t 60
	id=${lines[-1]}
	lab_get 201 /small >/dev/null
	run -0 vcap-stop "$id"
	[ "$(sed -n 's/^packets //p' "$VCAP_SPOOL/captures/$id/capture")" -gt 0 ]
	[ -z "$(ls -A "$LAB_DIR/lb1.run")" ]
}

# Break: lib/controller/sshmux.c s/setenv(VARIABLE, path, 1)/unsetenv(VARIABLE)/
# Break: lib/controller/sshmux.c s/end_connections(directory);/;/
@test "ssh: a capture is one connection with its engine, which ends with it" {
	before=$(logins)
	capture_whole
	[ "$(logins)" -eq $((before + 1)) ]
	run ! connections_kept
	[ -z "$(find /run /tmp -maxdepth 1 -name 'vcap-??????' -user root -type d -newer config)" ]
	# So without a terminal, a home or anything else in the environment.
	env -i PATH="$PATH" VCAP_CONFIG="$VCAP_CONFIG" VCAP_SPOOL="$VCAP_SPOOL" setsid vcap capture -t 1s shop
	[ "$(logins)" -eq $((before + 2)) ]
	run ! connections_kept
}

# bats test_tags=slow
@test "ssh: one session on a connection is enough, and a user's own connection is left alone" {
	other_sshd 'MaxSessions 1'
	capture_whole
	printf 'ControlMaster auto\nControlPath %s\nControlPersist 60\n' "$PWD/own" >ssh_config
	sed -i "s| -F none| -F $PWD/ssh_config|" config/engines
	capture_whole
	[ ! -e own ]
}

# bats test_tags=slow
@test "ssh: behind another host" {
	printf '%s\n' "IdentityFile $LAB_DIR/ssh/key" "UserKnownHostsFile $LAB_DIR/ssh/known_hosts" \
		'GlobalKnownHostsFile none' "Match host $LAB_MGMT4.101" "ProxyJump root@$LAB_MGMT4.102" >ssh_config
	sed -i "s| -F none .*| -F $PWD/ssh_config|" config/engines
	behind=$(logins) jumps=$(logins lb2-sshd)
	capture_whole
	[ "$(logins)" -eq $((behind + 1)) ]
	[ "$(logins lb2-sshd)" -eq $((jumps + 1)) ]
}

# Break: lib/controller/following.c s/sshmux_drop(engine->name);/;/
# bats test_tags=slow
@test "ssh: a connection that hangs is given up, and the capture is whole by another" {
	before=$(logins)
	run -0 vcap-start shop -t 60 --patience 5m
	id=${lines[-1]}
	lab_get 201 /small >/dev/null
	hanging=$(connections_kept)
	kill -STOP "$hanging"
	run -0 vcap-stop "$id"
	[ "$(sed -n 's/^packets //p' "$VCAP_SPOOL/captures/$id/capture")" -gt 0 ]
	kill -KILL "$hanging"
	[ "$(logins)" -eq $((before + 2)) ]
	[ -z "$(ls -A "$LAB_DIR/lb1.run")" ]
}
