#!/usr/bin/env -S tests/lab/lab bats
# vcap shell in the lab: the session that the product's manual prints, over engines and clients that
# are there. Run it from the top of the tree.
# shellcheck disable=SC2154 # the names come from the lab

bats_require_minimum_version 1.5.0
load ../until

setup_file() {
	[ -n "${LAB_DIR-}" ] || {
		echo "run this as: tests/lab/lab bats $BATS_TEST_FILENAME" >&2
		return 1
	}
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	# The client of the manual.
	ip -n client addr add 10.10.10.10/32 dev eth0
	for engine in lb1 lb2; do
		ip -n $engine route add 10.10.10.10 via 10.9.0.1
	done
}

teardown_file() {
	ip -n client addr del 10.10.10.10/32 dev eth0
	for engine in lb1 lb2; do
		ip -n $engine route del 10.10.10.10
	done
}

setup() {
	PATH=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/tests/tools" && pwd):$PATH
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p config/services out
	# Over ssh as users have it: once.
	case $BATS_TEST_DESCRIPTION in
	*'session of the manual') cp "$VCAP_CONFIG/engines" config ;;
	*) cp "$LAB_DIR/near/engines" config ;;
	esac
	cp "$VCAP_CONFIG/services/shop" config/services/Test-VS
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool TERM=dumb
	# Twenty connections of the manual's client, and as many of another one.
	cat >traffic <<-END
		#!/bin/sh
		. "$BATS_TEST_DIRNAME/../lab/names.sh"
		for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			echo "10.10.10.10 http://\$LAB_VIP4:\$LAB_PORT/ours/\$i"
			lab_urls 7 /theirs/\$i
		done | lab_fetch >/dev/null
		lab_quiet
	END
	chmod 755 traffic
}

teardown() {
	vcap stop Test-VS >/dev/null 2>&1 || true
}

# Text with one blank between words, and rules of tables of one length.
flat() {
	tr -s ' \n' ' ' | tr -s -
}

# The manual's words, whose line ends are lost, with the service's name where it has an id.
manual() {
	sed 's/Test-virtual service/Test-VS/g; s/virtualservice-0-1/Test-VS/g' | flat
}

has() { # what the manual prints, on standard input
	wanted=$(manual)
	[[ "$(flat <transcript)" == *"${wanted% }"* ]] || {
		printf 'wanted: %s\ngot:\n' "$wanted"
		cat transcript
		false
	}
}

none_captures() { # soon: it says that it is done before it is gone
	until_true eval '! pgrep -x vcap-run'
}

packets() { # FILTER: of the file, as interface and the client it is about
	tshark -nr out/Test-VS.*.pcapng -Y "$1" -T fields -e frame.interface_name 2>/dev/null
}

# Break: lib/shell/settings_table.c s/"  %s\[%zu\]"/"%s(%zu)"/
# bats test_tags=slow
@test "shell: the session of the manual" {
	cat >steps <<-END
		< : >
		> debug virtualservice Test-VS\r
		< +---
		< debugvirtualservice>
		> capture_params num_pkts 1000\r
		< debugvirtualservice>
		> debug_ip addrs 10.10.10.10\r
		< debugvirtualservice:debug_ip>
		> save\r
		< debugvirtualservice>
		> capture\r
		< debugvirtualservice>
		> save\r
		< has begun
		< : >
		= ./traffic
		> show debug virtualservice Test-VS capture\r
		< lb2
		< : >
		> debug virtualservice Test-VS\r
		< debugvirtualservice>
		> no capture\r
		< debugvirtualservice>
		> save\r
		< +---
		< : >
		> show debug virtualservice Test-VS capture\r
		< directory:
		> $PWD/out\r
		< Downloaded
		< : >
		> exit\r
	END
	run -0 timeout 120 pty sh -c 'exec vcap-shell 2>err' <steps
	printf '%s\n' "$output" >transcript
	cat transcript err
	has <<-'END'
		debug virtualservice Test-virtual service Updating an existing object. Currently, the object is: +-------+--------------------+ | Field | Value | +-------+--------------------+ | uuid | virtualservice-0-1 | | name | Test-virtual service | +-------+--------------------+
	END
	has <<-'END'
		debugvirtualservice> capture_params num_pkts 1000 debugvirtualservice> debug_ip addrs 10.10.10.10 debugvirtualservice:debug_ip> save
	END
	has <<-'END'
		debugvirtualservice> capture debugvirtualservice> save +----------------+--------------------+ | Field | Value | +----------------+--------------------+ | uuid | virtualservice-0-1 | | name | Test-VS | | debug_ip | | | addrs[1] | 10.10.10.10 | | capture | True | | capture_params | | | duration | 0 mins | | num_pkts | 1000 | +----------------+--------------------+
	END
	has <<-'END'
		debugvirtualservice> no capture debugvirtualservice> save
	END
	file=$(echo out/Test-VS.*.pcapng)
	[ -s "$file" ]
	has <<-END
		show debug virtualservice Test-virtual service capture Please specify the destination directory: $PWD/out Downloaded the attachment to $PWD/$file
	END
	# The line ends are there: the table as it stands.
	grep -qx '|   addrs\[1\]     | 10.10.10.10 |' transcript
	[[ $(cat err) == "vcap-shell: warning: duration is not set: a core that sees fewer than 1000 packets captures until it is stopped"* ]]

	# The capture has ended on the engines, and what it has is that client's, on both sides.
	none_captures
	[ "$(packets 'ip.addr == 10.10.10.10 && tcp.flags.syn == 1 && tcp.flags.ack == 0' | wc -l)" -eq 20 ]
	[ "$(packets 'tcp.dstport == 80' | sort -u)" = "$(printf '%s\n' lb1/eth0/client lb2/eth0/client)" ]
	[ -z "$(packets 'ip.addr == 10.9.0.7')" ]
	[ "$(packets 'tcp.dstport == 8080 && http.x_forwarded_for == "10.10.10.10"' | wc -l)" -eq 20 ]
	[ -z "$(packets 'http.x_forwarded_for == "10.9.0.7"')" ]
}

# Break: lib/shell/run_command.c s/"-t" CLOCK/"-t1" CLOCK/
# bats test_tags=slow
@test "shell: a script; limits end it, settings stay, and a second capture is the next" {
	run -0 --separate-stderr vcap-shell <<-'END'
		debug virtualservice Test-VS
		capture_params duration 2s
		capture_params pkt_size 100
		debug_virtual service_hm_only
		capture
		save
		show debug virtualservice Test-VS
		show debug virtualservice Test-VS capture
	END
	[ "$(grep -cx "| capture                 | True      |" <<<"$output")" -eq 2 ]
	id=$(sed -n 's/^Capture \(Test-VS\.[0-9_]*\) has begun: .*/\1/p' <<<"$output")
	# How it goes, engine by engine.
	[[ $output == *$'\n'"$id capturing lb1 "*$'\n'"$id capturing lb2 "* ]]
	[ -z "$stderr" ]
	until_true grep -q '^state done' "spool/captures/$id/capture"
	none_captures
	[ "$(sed -n 's/^duration //p' "spool/captures/$id/capture")" = 2000000000 ]
	run -0 --separate-stderr vcap-shell <<-END
		show debug virtualservice Test-VS
		show debug virtualservice Test-VS capture
		$PWD/out
	END
	[[ $output == *'| debug_virtualservice_hm | only      |'* ]]
	[[ $output != *'| capture  '* ]]
	[ "${lines[-1]}" = "Downloaded the attachment to $PWD/out/$id.pcapng" ]
	[ "$(packets frame | sort -u)" = "$(printf '%s\n' lb1/eth1/monitor lb2/eth1/monitor)" ]
	[ -z "$(packets 'frame.cap_len > 100')" ]

	# Nothing is overwritten; the script says where it ends.
	run -1 vcap-shell -c 'show debug virtualservice Test-VS capture' -c "$PWD/out" -c 'show virtualservice'
	[ "$output" = "vcap-export: '$PWD/out/$id.pcapng' exists already
vcap-shell: line 2: 'show debug virtualservice Test-VS capture' has failed" ]
}

# Break: lib/shell/shell_capture.c s/shell->request == SHELL_STOP && id/id/
# bats test_tags=slow
@test "shell: no limits are warned of; what is saved meanwhile is for the next; ^C ends no capture" {
	cat >steps <<-'END'
		< : >
		> debug virtualservice Test-VS\r
		< debugvirtualservice>
		> capture\r
		< debugvirtualservice>
		> save\r
		! \x03\x03
		< has begun
		< : >
		> show debug virtualservice Test-VS\x03
		< ^C
		< : >
		> debug virtualservice Test-VS\r
		< True
		< debugvirtualservice>
		> capture_params duration 5\r
		< debugvirtualservice>
		> save\r
		< continues as it was started
		< True
		< : >
		> exit\r
	END
	run -0 timeout 120 pty vcap-shell <steps
	[[ $output == *'warning: neither num_pkts nor duration is set: '* ]]
	[ "$(pgrep -x vcap-run | wc -l)" -ge 2 ]
	run -0 vcap-status -n Test-VS
	[[ $output == *' capturing '* ]]
	run -0 --separate-stderr vcap-shell -c 'debug virtualservice Test-VS' -c 'no capture' -c 'save' \
		-c 'show debug virtualservice Test-VS capture' -c "$PWD/out"
	[[ $output == *'|   duration     | 5 mins  |'* ]]
	[[ ${lines[-1]} == "Downloaded the attachment to $PWD/out/Test-VS."* ]]
	none_captures
}

# Break: lib/shell/shell_capture.c s/== CAPTURE_FAILED/!= CAPTURE_FAILED/
@test "shell: a capture that fails, on start and afterwards, says why" {
	sed -i 's/^lb2 .*/lb2 dir=\/nowhere exec false/; s/^lb1 .*/lb1 dir=\/nowhere exec false/' config/engines
	run -1 vcap-shell <<-'END'
		debug virtualservice Test-VS
		capture_params duration 1
		capture
		save
		help
	END
	echo "$output"
	[[ $output == *"vcap-start: no engine of 'Test-VS' captures; something may have begun on 'lb1', 'lb2'
vcap-shell: line 4: 'save' has failed" ]]
	# What was set is kept, and nothing captures.
	run -0 --separate-stderr vcap-shell -c 'show debug virtualservice Test-VS'
	[[ $output == *'|   duration     | 1 mins  |'* ]]
	[[ $output != *True* ]]
	id=Test-VS.20260101_000000
	(umask 077 && mkdir -p spool/captures/$id/engines)
	printf '%s\n' 'state failed' 'message no room' >spool/captures/$id/capture
	run -1 vcap-shell -c 'show debug virtualservice Test-VS capture'
	[ "$output" = "vcap-shell: line 1: capture '$id' has failed: no room" ]
}

# Break: lib/shell/shell_capture.c s/status <= EXIT_PARTIAL ? status/status <= EXIT_PARTIAL ? EXIT_DONE/
# bats test_tags=slow
@test "shell: one engine of two captures: a part, which is said, and so is it of the file" {
	sed -i 's/^lb2 .*/lb2 dir=\/nowhere exec false/' config/engines
	run -3 --separate-stderr vcap-shell <<-'END'
		debug virtualservice Test-VS
		capture_params duration 1s
		capture
		save
	END
	[[ $stderr == *"engine 'lb2' has not said that it captures"* ]]
	id=$(sed -n 's/^Capture \(Test-VS\.[0-9_]*\) has begun: .*/\1/p' <<<"$output")
	until_true grep -q '^state partial' "spool/captures/$id/capture"
	run -3 --separate-stderr vcap-shell -c 'show debug virtualservice Test-VS capture' -c out
	[ "${lines[-1]}" = "Downloaded the attachment to out/$id.pcapng" ]
	[[ $stderr == *lb2* ]]
}
