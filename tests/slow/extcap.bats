#!/usr/bin/env -S tests/lab/lab bats
# How captures of tshark end, in the lab; run it from the top of the tree.

bats_require_minimum_version 1.5.0
load ../until
load ../net/extcap

# What ended a capture, and how many milliseconds later nothing of it was left.
took() { # WHAT
	printf '# %s: %d ms\n' "$1" $(((${EPOCHREALTIME/./} - began) / 1000)) >&3
}

stop() { # SIGNAL PID
	began=${EPOCHREALTIME/./}
	kill "-$1" "$2"
}

# Break: cmd/vcap-extcap.c s/status != EXIT_DONE \&\& i < run/i < run/
# Break: lib/extcap/extcap_capture.c s/flow.fds\[PARENT\] = pidfd_open(getppid(), 0)/flow.fds[PARENT] = -1/
@test "extcap: nothing is left and nothing is called an error, however a capture ends" {
	# By packets, by tshark's time, by a signal, by the reader's death, by tshark's own.
	begin count.pcapng -c 5
	began=${EPOCHREALTIME/./}
	lab_get 201 /x >/dev/null
	ended 0 >said
	took 'packets are full'
	begin time.pcapng -a duration:4
	ended 0 >>said
	for signal in INT TERM; do
		begin "$signal.pcapng"
		stop "$signal" "$shark"
		ended 0 >>said || ended 1 >>said
		took "SIG$signal"
	done
	begin reader.pcapng
	stop KILL "$(pgrep -x dumpcap)"
	leaves_nothing
	took 'dumpcap is killed'
	kill -TERM "$shark" 2>/dev/null || true
	wait "$shark" || true
	begin kill.pcapng
	stop KILL "$shark"
	wait "$shark" || true
	leaves_nothing
	took 'tshark is killed'
	# By the dialog's limits, which complete the file.
	for limit in stopafter:3s stopsize:200; do
		begin "${limit%:*}.pcapng" -o "extcap.vcap_shop.$limit"
		ended 0 >>said
		vcap-stat "${limit%:*}.pcapng" >stat 2>stat.err
		run -1 grep 'cut short' stat.err
	done
	[ ! -s said ] || { cat said; false; }
}

# The controller's sshd, here; and a desk on which there are Wireshark and ssh, which knows the way, and no vcap.
desk() {
	export HOME=$PWD/desk
	mkdir -p "$HOME" tools
	cat >sshd_config <<-END
		ListenAddress 127.0.0.1:2222
		HostKey $LAB_DIR/ssh/host
		AuthorizedKeysFile $LAB_DIR/ssh/key.pub
		PermitRootLogin prohibit-password
		PasswordAuthentication no
		StrictModes no
		UsePAM no
		UseDNS no
		PidFile none
		LogLevel VERBOSE
		SetEnv PATH=$PATH VCAP_CONFIG=$VCAP_CONFIG VCAP_SPOOL=$VCAP_SPOOL
	END
	cat >ssh_config <<-END
		Host controller
		HostName 127.0.0.1
		Port 2222
		User root
		IdentityFile $LAB_DIR/ssh/key
		UserKnownHostsFile $PWD/known_hosts
		GlobalKnownHostsFile none
	END
	echo "[127.0.0.1]:2222 $(cat "$LAB_DIR/ssh/host.pub")" >known_hosts
	printf '#!/bin/sh\nexec %s -F %s/ssh_config "$@"\n' "$(command -v ssh)" "$PWD" >tools/ssh
	chmod 755 tools/ssh
	"$(command -v sshd)" -D -e -f sshd_config 2>sshd.log 3>&- &
	echo $! >sshd.pid
	until_true grep -q 'Server listening' sshd.log
	# shellcheck disable=SC2001
	PATH=$PWD/tools:$(sed "s|[^:]*/${VCAP_BUILD:-build}/[^:]*:||g" <<<"$PATH:")
	run -1 command -v vcap
	script=$HOME/.config/wireshark/extcap/vcap-extcap.sh
	sh "$BATS_TEST_DIRNAME/../../share/wireshark/vcap-extcap.sh" --install --controller controller >made
	[ "$(cat made)" = "$script" ] || { script=$(cat made); [ -x "$script" ]; }
}

on_the_desk() { # of the script
	! pgrep -f "$script"
}

# Break: share/wireshark/vcap-extcap.sh s/ControlMaster=auto/ControlMaster=no/
@test "extcap: a controller elsewhere, over sshd: its list, the witnesses' packets, each end; one connection" {
	[ "$LAB_TRANSPORT" = ssh ] || skip 'no sshd here'
	desk
	for _ in 1 2; do
		run -0 --separate-stderr tshark -D
		[[ "$output" == *'. vcap (vcap: a service of controller)'* ]]
	done
	# Asked once for both, for a minute.
	[ "$(grep -c 'Starting session: command' sshd.log)" -eq 1 ]
	run -0 --separate-stderr "$script" --extcap-interface vcap --extcap-config
	[[ "$output" == *'value {arg=0}{value=shop}'* ]]
	run -0 --separate-stderr "$script" --extcap-interface vcap --extcap-config --extcap-reload-option engines --service shop
	[[ "$output" == *'{value=lb1}'*'{value=lb2}'* ]]
	run -0 --separate-stderr "$script" --extcap-interface vcap --extcap-capture-filter 'tcp prot 80' --service shop
	[ "$output" = "expression 'tcp prot 80': can't parse filter expression: syntax error" ]
	lab_witness_all
	export interface=vcap
	begin out.pcapng -o extcap.vcap.service:shop -f "tcp port $LAB_PORT or tcp port $LAB_SERVER_PORT"
	lab_mark m1
	lab_traffic 1
	lab_mark m2
	until_true grep -aq 'GET /m2' out.pcapng
	stop INT "$shark"
	ended 0 >said
	took 'SIGINT, over ssh'
	lab_collect out.pcapng client server
	lab_compare client server
	begin count.pcapng -o extcap.vcap.service:shop -c 5
	lab_get 201 /x >/dev/null
	ended 0 >>said
	begin time.pcapng -o extcap.vcap.service:shop -a duration:4
	ended 0 >>said
	begin limit.pcapng -o extcap.vcap.service:shop -o extcap.vcap.stopafter:3s
	ended 0 >>said
	begin TERM.pcapng -o extcap.vcap.service:shop
	stop TERM "$shark"
	ended 0 >>said || ended 1 >>said
	took 'SIGTERM, over ssh'
	until_true on_the_desk
	for victim in dumpcap tshark ssh; do
		begin "$victim.pcapng" -o extcap.vcap.service:shop
		case $victim in
		dumpcap) stop KILL "$(pgrep -x dumpcap)" ;;
		tshark) stop KILL "$shark" ;;
		ssh) stop KILL "$(pgrep -f 'ssh .*--capture')" ;;
		esac
		leaves_nothing
		took "$victim is killed, over ssh"
		kill -TERM "$shark" 2>/dev/null || true
		wait "$shark" || true
		until_true on_the_desk
	done
	[ ! -s said ] || { cat said; false; }
	[ "$(grep -c 'Accepted publickey' sshd.log)" -eq 1 ]
	[ -z "$(find desk/.cache -name 'said.*')" ]
}

captures_nowhere() { # on the engines
	! pgrep -x vcap-run
}

no_controller_runs() { # for the desk
	! pgrep -x 'vcap-live|vcap-merge|vcap-extcap'
}

hole() { # which swallows all that desk and controller send each other
	nft -f - <<-'END'
		add table inet hole
		add chain inet hole in { type filter hook input priority 0; }
		add rule inet hole in tcp dport 2222 drop
		add rule inet hole in tcp sport 2222 drop
	END
}

has_flowed() { # until so many SECONDS
	[ "$SECONDS" -gt "$1" ]
}

has_ended() { # PID
	! kill -0 "$1"
}

# Break: lib/extcap/extcap_capture.c s/case HEARTBEAT_MISSED:/case HEARTBEAT_MISSED: return;/
# Break: share/wireshark/vcap-extcap.sh s/while echo; do sleep 2; done/sleep 1000/
@test "extcap: a desk that vanishes without a word leaves nothing, and hears why when it is back" {
	[ "$LAB_TRANSPORT" = ssh ] || skip 'no sshd here'
	export VCAP_CONFIG=$LAB_DIR/config interface=vcap
	desk
	begin out.pcapng -o extcap.vcap.service:shop -o extcap.vcap.stopafter:0
	# In the middle of a stream, which has nowhere to go then; after more than the time that one has without a word.
	while lab_get 201 /flow && lab_get 202 /flow && pause 10; do :; done >/dev/null 2>&1 3>&- &
	flow=$!
	echo $flow >flow.pid
	until_true has_flowed $((SECONDS + 12))
	pgrep -x vcap-run
	hole
	began=${EPOCHREALTIME/./}
	patience=15 until_true captures_nowhere
	took 'the link is gone: engines'
	until_true no_controller_runs
	took 'the link is gone: controller'
	kill "$flow"
	wait "$flow" || true
	kill -0 "$shark"
	nft delete table inet hole
	until_true has_ended "$shark"
	wait "$shark" || true
	grep -q 'vcap-extcap: no heartbeat came in time: the capture was ended' out.pcapng.err || { cat out.pcapng.err; false; }
	until_true on_the_desk
}

# Break: share/wireshark/vcap-extcap.sh s/-o ServerAliveInterval=5 //
@test "extcap: a controller that vanishes without a word is lost, which a desk says" {
	[ "$LAB_TRANSPORT" = ssh ] || skip 'no sshd here'
	export interface=vcap
	desk
	begin out.pcapng -o extcap.vcap.service:shop
	hole
	until_true has_ended "$shark"
	wait "$shark" || true
	cat out.pcapng.err
	grep -q 'Error by extcap pipe: ..*' out.pcapng.err
	until_true on_the_desk
	leaves_nothing
}

# Break: lib/controller/livestreams.c s/engine->is_over = true;/engine->is_over = true; streams->is_ending = true;/
@test "extcap: an engine that breaks is said, the others go on, and the end leaves nothing" {
	cp -r "$VCAP_CONFIG" config
	export VCAP_CONFIG=$PWD/config
	begin out.pcapng
	# Killed, and out of reach for a while: connected again.
	cp config/engines engines
	sed -i 's/^lb2 .*/lb2 exec false/' config/engines
	kill -KILL "$(pgrep -f 'vcap-run -n lb2 ')"
	lab_get 201 /alone >/dev/null
	until_true grep -aq 'GET /alone' out.pcapng
	cp engines config/engines
	until_true eval 'lab_get 202 /again >/dev/null; grep -aq "GET /again" out.pcapng'
	grep -aq "vcap: nothing of 'lb2' from " out.pcapng
	# And for good.
	sed -i 's/^lb2 .*/lb2 exec false/' config/engines
	kill -KILL "$(pgrep -f 'vcap-run -n lb2 ')"
	lab_get 201 /last >/dev/null
	until_true grep -aq 'GET /last' out.pcapng
	stop INT "$shark"
	ended 0 >said
	took 'an engine is lost'
	grep -q "engine 'lb2' was lost: connecting again" out.pcapng.err
}
