#!/usr/bin/env bats
# vcap-on: a command arrives on the engine as it was given, and nothing else does.
# shellcheck disable=SC2016,SC2086,SC1003 # words that must stay as they are; ids without blanks

bats_require_minimum_version 1.5.0

setup() {
	PATH="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin:$PATH"
	export VCAP_CONFIG="$BATS_TEST_TMPDIR/config"
	mkdir "$VCAP_CONFIG" "$BATS_TEST_TMPDIR/bin"
	cat >"$VCAP_CONFIG/engines" <<-'END'
		here  local
		shell exec env VIA=exec
		far   bin=/opt/vcap ssh root@far -p 2222
		sudo  as=sudo bin=/opt/vcap exec echo
	END
	# ssh: its arguments go to a log, its last one to a shell, as sshd would do.
	cat >"$BATS_TEST_TMPDIR/bin/ssh" <<-END
		#!/bin/sh
		printf '%s\n' "\$@" >>"$BATS_TEST_TMPDIR/ssh.log"
		for last; do :; done
		exec sh -c "\$last"
	END
	chmod 755 "$BATS_TEST_TMPDIR/bin/ssh"
	PATH="$BATS_TEST_TMPDIR/bin:$PATH"
}

@test "arguments arrive exactly as given, by every transport" {
	words=("" " " "a b" "it's" '"' "'" "''" '$HOME' '$(touch x)' '`touch x`' '*' '\' $'new\nline' $'\n' \
		'~' '-n' 'a;b' $'\xff\xfe' $'\t' '!!' '{a,b}' '#' '&' '|' '<x' '>x' 'a=b' 'ä' $'\e[31m')
	printf '%s\0' "${words[@]}" >"$BATS_TEST_TMPDIR/wanted"
	cd "$BATS_TEST_TMPDIR"
	for engine in here shell far; do
		vcap-on "$engine" printf '%s\0' "${words[@]}" >got
		cmp wanted got || { echo "$engine"; false; }
	done
	[ ! -e x ]
}

# bats test_tags=slow
@test "random bytes arrive exactly as given" {
	cd "$BATS_TEST_TMPDIR"
	for _ in $(seq 20); do
		word=$(head -c 300 /dev/urandom | tr -d '\0'; echo .)
		printf '%s' "$word" >wanted
		vcap-on far printf %s "$word" >got
		cmp wanted got
	done
}

@test "the exit status is the command's" {
	for engine in here shell far; do
		run vcap-on "$engine" sh -c 'exit 7'
		[ "$status" -eq 7 ]
	done
	run -127 vcap-on here no-such-command
	[ "$status" -eq 127 ]
	run -127 vcap-on shell no-such-command
	[ "$status" -eq 127 ]
}

@test "an engine that is not reached is 255" {
	printf 'a exec no-such-transport\n' >"$VCAP_CONFIG/engines"
	run vcap-on a true
	[ "$status" -eq 255 ]
	[[ "$output" == *"'no-such-transport' for engine 'a'"* ]]
}

@test "standard input goes through" {
	for engine in here shell far; do
		[ "$(printf 'a\0b' | vcap-on "$engine" od -An -c)" = "   a  \\0   b" ]
	done
}

@test "ssh gets vcap's options, the engine's, and -- before the destination" {
	printf 'far ssh root@far -p 2222\n' >"$VCAP_CONFIG/engines"
	vcap-on far true
	cat >"$BATS_TEST_TMPDIR/wanted" <<-'END'
		-T
		-a
		-x
		-oBatchMode=yes
		-oStrictHostKeyChecking=yes
		-oConnectTimeout=10
		-oServerAliveInterval=15
		-oServerAliveCountMax=3
		-oClearAllForwardings=yes
		-oPermitLocalCommand=no
		-oUpdateHostKeys=no
		-oEscapeChar=none
		-oRequestTTY=no
		-oControlMaster=no
		-oControlPath=none
		-p
		2222
		-oLogLevel=ERROR
		--
		root@far
		'true'
	END
	# First where its own messages go.
	[[ $(head -n 2 "$BATS_TEST_TMPDIR/ssh.log") == $'-E\n/proc/'*/fd/* ]]
	tail -n +3 "$BATS_TEST_TMPDIR/ssh.log" | diff "$BATS_TEST_TMPDIR/wanted" -
}

# An ssh that fails as told, by its own words and others', as long as there is a line in `fails`.
unlucky_ssh() { # OWN-WORDS OTHERS-WORDS
	cat >"$BATS_TEST_TMPDIR/bin/ssh" <<-END
		#!/bin/bash
		cd "$BATS_TEST_TMPDIR" || exit
		echo >>tries
		read -r _ <fails || { echo fine; exec cat; }
		sed -i 1d fails
		printf '%s\\r\\n' "$1" >>"\$2"
		[ -z "$2" ] || echo "$2" >&2
		exit 255
	END
}

tries() { # the number of calls since the last time
	wc -l <"$BATS_TEST_TMPDIR/tries"
	: >"$BATS_TEST_TMPDIR/tries"
}

# Break: lib/controller/sshrun.c s/tries < SSHRUN_TRIES/false/
# bats test_tags=slow
@test "ssh: a connection that is refused or cut before there is a session is made again" {
	fails=$BATS_TEST_TMPDIR/fails
	for words in "kex_exchange_identification: Connection closed by remote host" \
		"kex_exchange_identification: read: Connection reset by peer" \
		"ssh_exchange_identification: Connection closed by remote host" \
		"ssh: connect to host lb1 port 22: Connection refused"; do
		unlucky_ssh "$words"
		echo >"$fails"
		run -0 --separate-stderr vcap-on far true <<<"the job"
		[ "$output" = $'fine\nthe job' ]
		[ -z "$stderr" ]
		[ "$(tries)" -eq 2 ]
	done
	# Three times more, then the words of the last are shown.
	printf '\n\n\n\n\n\n' >"$fails"
	run -255 --separate-stderr vcap-on far true
	[ "$stderr" = $'ssh: connect to host lb1 port 22: Connection refused\r' ]
	[ "$(tries)" -eq 4 ]
}

# Break: lib/controller/sshrun.c s/status == EXIT_NOT_REACHED/true/
# Break: lib/controller/sshrun.c s/if (is_refused(messages, length))/if (length)/
# bats test_tags=slow
@test "ssh: where the command may have run it is not run again" {
	for words in "Connection closed by 192.0.2.1 port 22" "Connection reset by 192.0.2.1 port 22" \
		"client_loop: send disconnect: Broken pipe" "root@lb1: Permission denied (publickey)." \
		"Connection to lb1 closed by remote host." "Timeout, server lb1 not responding." \
		"ssh: connect to host lb1 port 22: Connection timed out"; do
		# What the command says is not ssh's word.
		unlucky_ssh "$words" "kex_exchange_identification: Connection closed by remote host"
		printf '\n\n' >"$BATS_TEST_TMPDIR/fails"
		run -255 --separate-stderr vcap-on far true
		[[ $stderr == *"$words"* ]]
		[ "$(tries)" -eq 1 ]
	done
}

# bats test_tags=slow
@test "the real ssh understands these options" {
	PATH=${PATH#"$BATS_TEST_TMPDIR/bin:"}
	command -v ssh || skip "no ssh"
	printf 'far ssh 127.0.0.1 -p 1 -o HostKeyAlias=x\n' >"$VCAP_CONFIG/engines"
	run vcap-on far true
	[ "$status" -eq 255 ]
	[[ "$output" == *"connect to host 127.0.0.1 port 1"* ]]
}

@test "F26: hostile names are refused before anything runs" {
	long=$(printf 'a%.0s' $(seq 300))
	for name in "-oProxyCommand=touch $BATS_TEST_TMPDIR/x" 'a;b' '$(x)' '../x' "" "$long" $'a\nb' \
		$'a\u202eb' 'a b'; do
		run vcap-on -- "$name" true
		[ "$status" -eq 2 ]
		[ "${#lines[@]}" -eq 1 ]
	done
	for name in "-oProxyCommand=touch" 'a;b' '$(x)' "$long" $'a\u202eb' 'root@' '@a'; do
		printf 'far ssh %s\n' "$name" >"$VCAP_CONFIG/engines"
		run vcap-on far true
		[ "$status" -eq 2 ]
		[[ "$output" == *"engines:1: "* ]]
	done
	[ ! -e "$BATS_TEST_TMPDIR/ssh.log" ]
	[ ! -e "$BATS_TEST_TMPDIR/x" ]
}

@test "vcap's own commands come from bin, others from PATH, and sudo stands before both" {
	[ "$(vcap-on sudo vcap-run -x)" = "sudo -n -- /opt/vcap/vcap-run -x" ]
	[ "$(vcap-on sudo ls -x)" = "sudo -n -- ls -x" ]
	[ "$(vcap-on sudo /bin/vcap-run)" = "sudo -n -- /bin/vcap-run" ]
}

@test "a command of vcap's is found beside vcap-on" {
	directory=$(cd "$(dirname "$(command -v vcap-on)")" && pwd)
	PATH=/usr/bin:/bin run "$directory/vcap-on" here vcap-on --version
	[ "$status" -eq 0 ]
}

@test "unknown engines and malformed lines are misuse, and say where" {
	run vcap-on nobody true
	[ "$status" -eq 2 ]
	[ "$output" = "vcap-on: unknown engine 'nobody'" ]
	printf '# x\nlb1 local\nlb2 lcoal\n' >"$VCAP_CONFIG/engines"
	run vcap-on lb1 true
	[ "$status" -eq 2 ]
	[ "$output" = "vcap-on: $VCAP_CONFIG/engines:3: unknown transport 'lcoal'" ]
	run vcap-on lb1
	[ "$status" -eq 2 ]
}

# An engine behind what prints, or does whatever else, before the command: SCRIPT in place of a login shell.
behind() { # SCRIPT
	printf '#!/bin/sh\n%s\nexec "$@"\n' "$1" >"$BATS_TEST_TMPDIR/way"
	chmod 755 "$BATS_TEST_TMPDIR/way"
	printf 'lb1 exec %s\n' "$BATS_TEST_TMPDIR/way" >"$VCAP_CONFIG/engines"
}

# Break: lib/controller/framed.c s/answer = mark + attempt->mark_length/answer = mark/
# bats test_tags=slow
@test "--answer: what is printed before is passed over, what follows is whole" {
	cd "$BATS_TEST_TMPDIR"
	perl -e 'print pack "VvvVVVV", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1;
		print pack("VVVV", $_, 0, 1000, 1000), "x" x 1000 for 1 .. 3000' >big.pcap
	vcap-merge -w - big.pcap >wanted
	# A line of its own or not, blank or binary, or one that looks like the right one.
	for before in 'echo Welcome' 'printf Welcome' 'printf "\n\0\377\n"' 'echo vcap-answer 0123456789abcdef' \
		'head -c 65536 /dev/zero'; do
		behind "$before"
		vcap-on --answer=skip lb1 vcap-merge -w - big.pcap >got 2>err
		cmp wanted got || { echo "$before"; false; }
		[ ! -s err ]
	done
	: >got
	vcap-on --answer=skip lb1 vcap-merge -w - big.pcap >>got
	cmp wanted got
	behind 'printf "\n \033[1mWel\377come\r\nmore\n"'
	run -0 --separate-stderr vcap-on --answer=tell lb1 vcap-host clock </dev/null
	[[ $output =~ ^[0-9]+\.[0-9]{9}$ ]]
	[ "$stderr" = "vcap-on: what reaches lb1 prints: '\x1b[1mWel\xffcome'" ]
	# Standard input, error and the exit status are the command's.
	[ "$(printf '\n\n' | vcap-on --answer=skip lb1 vcap-host clock | wc -l)" -eq 2 ]
	run -1 --separate-stderr vcap-on --answer=skip lb1 vcap-host status "$PWD/nowhere"
	[ -z "$output" ]
	[[ $stderr == vcap-host:* ]]
}

# Break: lib/controller/framed.c s/return attempt->used < sizeof(attempt->before) ? 0 : /return 0; /;s/!mark)/!mark \&\& attempt->used < sizeof(attempt->before))/
@test "--answer: an engine that prints something else did not answer" {
	behind 'yes "$(printf "Choose a \007 menu:")"'
	run -1 --separate-stderr timeout 60 vcap-on --answer=skip lb1 vcap-host clock </dev/null
	[ -z "$output" ]
	[ "$stderr" = "vcap-on: engine 'lb1' did not answer: 'Choose a \x07 menu:'" ]
	for status in 0 1; do
		behind "echo This account is not available.; exit $status"
		run -1 --separate-stderr vcap-on --answer=skip lb1 vcap-host clock </dev/null
		[ -z "$output" ]
		[ "$stderr" = "vcap-on: engine 'lb1' did not answer: 'This account is not available.'" ]
	done
	# What has a reason of its own keeps it.
	behind 'echo Welcome; echo "lost: the link" >&2; exit 255'
	run -255 --separate-stderr vcap-on --answer=tell lb1 vcap-host clock </dev/null
	[ "$stderr" = "lost: the link" ]
	run -2 vcap-on --answer=maybe lb1 vcap-host clock
}

# Break: lib/controller/framed.c s/return left_ns > 0 ? (int)(left_ns \/ 1000000) + 1 : 0;/return -1;/
# bats test_tags=slow
@test "--answer: an engine that hangs before its answer, silent or at a prompt, did not answer" {
	cd "$BATS_TEST_TMPDIR"
	for way in silent prompt; do
		printf '#!/bin/sh\n[ "${0##*/}" = silent ] || echo Password:\nexec sleep 90\n' >$way
		echo "$way exec $PWD/$way"
	done >"$VCAP_CONFIG/engines"
	chmod 755 silent prompt
	timeout 80 vcap-on --answer=skip silent vcap-host clock </dev/null 2>said 3>&- &
	run -1 --separate-stderr timeout 50 vcap-on --answer=skip prompt vcap-host clock </dev/null
	[ "$stderr" = "vcap-on: engine 'prompt' did not answer: 'Password:'" ]
	status=0
	wait $! || status=$?
	[ "$status" -eq 1 ]
	[ "$(cat said)" = "vcap-on: engine 'silent' did not answer in time" ]
}

# Break: lib/controller/framed.c s/(void)!lseek/if (0) (void)!lseek/
# bats test_tags=slow
@test "--answer: an engine that does not know it is asked in the plain way, with the same input, once" {
	cd "$BATS_TEST_TMPDIR"
	echo the job >job
	for refusal in 'exit 0' "echo \"vcap-host: unknown request 'answer' (try --help)\" >&2; exit 2" \
		"echo Welcome; echo \"vcap-gate: this key does not allow 'answer'\" >&2; exit 2"; do
		behind "[ \"\$2\" != answer ] || { cat >/dev/null; $refusal; }; echo \"\$*\"; exec cat"
		[ "$(vcap-on --answer=skip lb1 vcap-run x <job 2>&1)" = $'vcap-run x\nthe job' ]
		[ "$(vcap-on --answer=skip lb1 vcap-run x < <(cat job) 2>&1)" = $'vcap-run x\nthe job' ]
	done
	# A command that has failed is not run again.
	behind 'echo "$@" >>runs'
	run -2 vcap-on --answer=skip lb1 vcap-host clock answer </dev/null
	[ "$(grep -c . runs)" -eq 1 ]
}

# bats test_tags=slow
@test "vcap-host answer: only for vcap's own commands, and by sudo not for a region's" {
	nonce=0123456789abcdef
	run -0 vcap-host answer $nonce -- vcap-host clock </dev/null
	[ "${lines[0]} ${#lines[@]}" = "vcap-answer $nonce 2" ]
	for command in id /bin/vcap-run "vcap-host answer $nonce -- vcap-host clock" vcap-on; do
		run -2 --separate-stderr vcap-host answer $nonce -- $command
		[ -z "$output" ]
	done
	run -2 vcap-host answer 0123 -- vcap-host clock
	SUDO_UID=1 SUDO_COMMAND='/bin/vcap-host answer' run -2 --separate-stderr vcap-host answer $nonce -- vcap-region check
	[ "$stderr" = "vcap-host: 'answer' is not for 'vcap-region' by sudo" ]
	run -1 --separate-stderr sh -c "vcap-host answer $nonce -- vcap-host remove '$PWD' >/dev/full"
	[ "$stderr" = "vcap-host: cannot write: No space left on device" ]
}
