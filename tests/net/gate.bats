#!/usr/bin/env -S tests/lab/lab bats
# A key whose forced command is vcap-gate: captures go through it, and nothing else does. Run this
# from the top of the tree.
# shellcheck disable=SC2154 # the names come from the lab

bats_require_minimum_version 1.5.0

setup_file() {
	[ "${LAB_TRANSPORT-}" = ssh ] || skip "needs sshd, which needs root"
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
}

setup() {
	for part in names control; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	cd "$BATS_TEST_TMPDIR" || return
	sed "s|-i $LAB_DIR/ssh/key |-i $LAB_DIR/ssh/gated |" "$VCAP_CONFIG/engines" >engines
	mkdir config
	cp -r "$VCAP_CONFIG/services" config
	mv engines config
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
}

gated() { # SSH-WORD...: ssh or scp with the key
	"$1" -F none -i "$LAB_DIR/ssh/gated" -o "UserKnownHostsFile=$LAB_DIR/ssh/known_hosts" \
		-o GlobalKnownHostsFile=none -o BatchMode=yes -o IdentitiesOnly=yes "${@:2}" </dev/null
}

refused() { # SSH-WORD...
	run gated "$@"
	[ "$status" -ne 0 ] || { echo "went through: $*: $output"; false; }
	[[ $output != *root:* ]]
}

@test "gate: a whole capture goes through it, and leaves nothing on the engines" {
	grep -q gated config/engines
	vcap capture shop -t 3s >out 2>err 3>&- &
	capture=$!
	lab_wait "capture" grep -q 'lb2 capturing' err
	for n in 201 202; do
		lab_get $n /small >/dev/null
	done
	wait $capture || { cat err; false; }
	file=$(tail -n 1 out)
	vcap-stat "$file" >table
	cat table
	for engine in lb1 lb2; do
		for side in client server; do
			grep -qE "^$engine +eth[01] +$side +[1-9]" table
		done
		[ -z "$(ls "$LAB_DIR/$engine.run")" ]
	done
	[ "$(vcap-ls -r | cut -f 8)" = "done" ]
}

@test "gate: so do a capture of transactions, its end, and a stream" {
	vcap start shop -c 100 -s 96 -m include 10.9.0.201 10.9.0.0/24 >id 2>err 3>&- || { cat err; false; }
	lab_get 201 /small >/dev/null
	vcap status "$(cat id)" >status
	[ "$(grep -c 'capturing.*capturing' status)" -eq 2 ]
	vcap stop "$(cat id)" >out 2>err || { cat err; false; }
	[ "$(capinfos -Mc "$(cat out)" | awk '/Number of packets:/ { print $NF }')" -gt 0 ]
	vcap clock lb1
	[ "$(vcap check -r shop | cut -f 2)" = $'ready\nready' ]
	vcap live shop -t 5s 10.9.0.201 2>err 3>&- >stream &
	live=$!
	while kill -0 $live 2>/dev/null; do
		lab_get 201 /small >/dev/null
		sleep 0.1
	done
	wait $live || { cat err; false; }
	[ "$(grep -c 'ended by time' err)" -eq 2 ]
	[ "$(capinfos -Mc stream | awk '/Number of packets:/ { print $NF }')" -gt 0 ]
}

@test "gate: no shell, no copying, no forwarding, no other file" {
	host=root@$LAB_MGMT4.101
	gated ssh "$host" "'vcap-host' 'clock'"
	refused ssh "$host"
	refused ssh -tt "$host"
	refused ssh "$host" id
	refused ssh "$host" 'cat /etc/passwd'
	refused ssh "$host" "'vcap-host' 'clock'; cat /etc/passwd"
	refused ssh "$host" "'vcap-merge' '-w' '-' 'a=/etc/passwd'"
	refused ssh "$host" "'vcap-merge' '-w' '-' 'a=$LAB_DIR/lb1.run/../../etc/passwd'"
	refused ssh "$host" "'vcap-merge' '-w' '-' 'a=$LAB_DIR/lb2.run/x'"
	refused scp "$host:/etc/passwd" copy
	refused scp -O "$host:/etc/passwd" copy
	refused scp /etc/hostname "$host:$LAB_DIR/lb1.run/x"
	refused scp -O /etc/hostname "$host:$LAB_DIR/lb1.run/x"
	refused ssh -s "$host" sftp
	[ ! -e copy ]
	[ ! -e "$LAB_DIR/lb1.run/x" ]
	# Forwarding: of a port here, of one there, and of standard input.
	refused ssh -W 127.0.0.1:1 "$host"
	refused ssh -N -o ExitOnForwardFailure=yes -R 2222:127.0.0.1:1 "$host"
	refused ssh -o SendEnv=BASH_ENV "$host" id
}
