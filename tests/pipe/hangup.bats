#!/usr/bin/env bats
# A terminal that hangs up: what was half written is gone, and so are files for the moment.

bats_require_minimum_version 1.5.0
load ../until

setup() {
	build=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}" && pwd)
	PATH=$build/bin:$build/tests/tools:$PATH
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services out alt
	id=shop.20260101_000000
	mkcap -n 9 >one.pcapng
	mkfifo pipe
}

# vcap's programs, some of which a test replaces.
programs() {
	ln -s "$build"/bin/* alt/
	for name; do
		rm "alt/$name"
		cp "$build/bin/$name" alt
	done
}

program() { # NAME: standard input is a script
	rm -f "alt/$1"
	cat >"alt/$1"
	chmod 755 "alt/$1"
}

in_spool() {
	(umask 077 && mkdir -p "spool/captures/$id/engines")
	printf '%s\n' "id $id" 'service shop' 'state done' 'engine a' 'packets 9' 'bytes 9' >"spool/captures/$id/capture"
	cp one.pcapng "spool/captures/$id/$id.pcapng"
	chmod 600 "spool/captures/$id"/*
}

has_begun() {
	[ -n "$(ls -A out)" ]
}

# The command, which waits for more from the pipe, is hung up once there is something of its file.
hung_up() { # COMMAND...
	# Open at both ends, so that there is no end before the test is at it.
	exec 9<>pipe
	cat one.pcapng >&9
	"$@" >said 2>&1 9>&- &
	local pid=$! status=0
	until_true has_begun
	kill -HUP $pid
	wait $pid || status=$?
	exec 9>&-
	[ "$status" -eq 129 ] || { echo "$status: $*"; cat said; false; }
	[ -z "$(ls -A out)" ] || { echo "$*"; ls -A out; false; }
}

# Break: cmd/vcap-export.c s/cli_remove_at_signal(out.file.temporary)/;/
# Break: cmd/cli.c s/SIGHUP, *//
# bats test_tags=slow
@test "export, fetch, merge, filter and join leave no file that is half written" {
	hung_up vcap-merge -w out/x one.pcapng pipe
	hung_up vcap-filter -P -r pipe -w out/x 192.0.2.0/24
	hung_up vcap-join -r pipe -w out/x 192.0.2.0/24
	programs vcap-export
	in_spool
	printf '#!/bin/sh\nexec cat %s/pipe\n' "$PWD" | program vcap-merge
	hung_up alt/vcap-export -F pcap -w out/x "$id"
	echo "a dir=$PWD/run exec env PATH=$PWD/alt:$PATH" >config/engines
	program vcap-host <<-END
		#!/bin/sh
		case \$1 in
		answer) echo "vcap-answer \$2" && shift 3 && exec "\$@" ;;
		esac
		printf '%s\n' 'state done' 'packets 9' 'bytes 99'
	END
	hung_up vcap-fetch a "$id" out/x
}

# Break: cmd/vcap-capture.sh s/rm -rf "$said"/:/
# bats test_tags=slow
@test "capture: no file for what it is going to say" {
	programs vcap-capture
	mkdir tmp
	printf '#!/bin/sh\necho %s\n' "$id" | program vcap-start
	printf '#!/bin/sh\necho heard >&2\nread line <%s/pipe\nexit 3\n' "$PWD" | program vcap-wait
	printf '#!/bin/sh\necho %s a capturing\n' "$id" | program vcap-status
	printf '%s\n' '< capturing' "= ls -A $PWD/tmp >$PWD/seen && echo >$PWD/pipe" '< heard' >steps
	status=0
	TERM=xterm TMPDIR=$PWD/tmp pty alt/vcap-capture shop <steps >shown || status=$?
	[ "$status" -eq 3 ]
	[ ! -s seen ]
	[ -z "$(ls -A tmp)" ]
}

# Break: cmd/cli.c s/old.sa_handler != SIG_IGN/0/
# bats test_tags=slow
@test "^C ends the program in front, whose last packets are kept; a second one ends" {
	printf 'vip 192.0.2.10 tcp/80\n' >config/services/shop
	for command in "vcap-filter 0.0.0.0/0 ::/0" "vcap-join -S shop -P 0.0.0.0/0 ::/0"; do
		rm -f some.pcapng
		# shellcheck disable=SC2086 # words
		env --default-signal=INT $command -r pipe -w some.pcapng 3>&- &
		pid=$!
		exec 5>pipe
		cat one.pcapng >&5
		until_true grep -q '^SigCgt:.*[2367abef]$' /proc/$pid/status
		kill -INT $pid
		cat one.pcapng >&5
		exec 5>&-
		wait $pid
		cat one.pcapng one.pcapng | $command -r - -w - | cmp - some.pcapng
		# shellcheck disable=SC2086 # words
		env --default-signal=INT $command -r pipe -w other.pcapng 3>&- &
		pid=$!
		exec 5>pipe
		until_true grep -q '^SigCgt:.*[2367abef]$' /proc/$pid/status
		until_true kill -INT $pid
		until_true eval "kill -INT $pid; ! kill -0 $pid"
		exec 5>&-
		status=0
		wait $pid || status=$?
		[ "$status" -eq 130 ]
		[ ! -e other.pcapng ]
	done
}
