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
