#!/usr/bin/env bats
# Faults that vcap-run has to survive, by their numbers. "Break" says which defence to take out of the
# code to see the test fail.

bats_require_minimum_version 1.5.0
load tcpdump
load ../until
load veth

# Break: lib/capture/output.c s/writer->stop = FILEWRITER_DISK_FULL;/;/
@test "F1: a full disk ends it at a whole record, exit 3" {
	disk size=64k
	vcap-run -b 8M -i vb -R 0 --max-size 1G -w disk/d 2>err 3>&- &
	pid=$!
	until_true grep -q running disk/d/status
	ip link set va mtu 9000
	ip link set vb mtu 9000
	send -C 0 -c 40 -s 8000 va
	ended 3
	[ "$(value state disk/d)" = partial ]
	[ "$(value reason disk/d)" = disk-full ]
	[[ "$(value message disk/d)" == *"disk is full"* ]]
	kept=$(value packets disk/d)
	[ "$kept" -gt 0 ]
	[ "$kept" -lt 40 ]
	[ "$(count_in disk/d/core-*.pcapng)" -eq "$kept" ]
	tcpdump -nr disk/d/core-0.pcapng >/dev/null 2>warnings
	run ! grep -i trunc warnings
	grep -q "disk is full" err
}

# Break: lib/capture/filewriter.c s/if (ftruncate(writer->fd, (off_t)size) == 0)/if (0)/
@test "F1: so does a file system that refuses, in the middle of a write" {
	(
		ulimit -f 100
		exec vcap-run -b 8M -i vb -R 0 -w d 2>err 3>&-
	) &
	pid=$!
	until_true grep -q running d/status
	send -C 0 -c 2000 -s 1000 va
	ended 3
	[ "$(value reason)" = disk-full ]
	[ "$(count_in d/core-0.pcapng)" -eq "$(value packets)" ]
	[ "$(value packets)" -gt 90 ]
	tcpdump -nr d/core-0.pcapng >/dev/null 2>warnings
	run ! grep -i trunc warnings
	grep -aq "ended disk-full" d/core-0.pcapng
	# The end mark found room.
	run -0 capinfos d/core-0.pcapng
	[[ $output == *"stat entries = 1"* ]]
}

# Break: lib/base/diskquota.c s/room = quota->reserve + quota->slack/room = quota->slack/
# bats test_tags=slow
@test "F2: does not start below the reserve, and stops at it" {
	disk size=8M
	run -1 vcap-run -b 8M -i vb -w disk/d
	[[ $output == *"free"* ]]
	[ ! -e disk/d ]
	vcap-run -b 32M -i vb -R 5M --max-size 1G -w disk/d 2>err 3>&- &
	pid=$!
	until_true grep -q running disk/d/status
	send -C 0 -c 4000 -s 1400 va
	ended 3
	[ "$(value reason disk/d)" = reserve ]
	[ "$(df --output=avail -B1 disk | tail -n 1)" -ge $((5 << 20)) ]
	[ "$(du -sb disk/d | cut -f 1)" -gt $((2 << 20)) ]
	[ "$(count_in disk/d/core-*.pcapng)" -eq "$(value packets disk/d)" ]
}

# Break: lib/base/diskquota.c s|max_size = (free_bytes - reserve) / 4|max_size = UINT64_MAX / 2|
# bats test_tags=slow
@test "F3: no limit given: a warning, and a size cap all the same" {
	disk size=16M
	vcap-run -b 32M -i vb -R 8M -w disk/d 2>err 3>&- &
	pid=$!
	until_true grep -q running disk/d/status
	send -C 0 -c 4000 -s 1400 va
	ended 0
	[ "$(value reason disk/d)" = size ]
	[ "$(du -sb disk/d | cut -f 1)" -le $((2 << 20)) ]
	[ "$(du -sb disk/d | cut -f 1)" -gt $((1 << 20)) ]
	[ "$(count_in disk/d/core-*.pcapng)" -eq "$(value packets disk/d)" ]
	grep -q "neither -c nor -t" err
}

# Break: lib/base/diskquota.c s/taken = room;/;/
# bats test_tags=slow
@test "F3: --max-size is a cap over all files together" {
	start d -i vb --max-size 300k
	send -C 0 -c 300 -s 1400 va
	[ "$cpus" -lt 2 ] || send -C 1 -c 300 -s 1400 va
	ended 0
	[ "$(value reason)" = size ]
	[ "$(cat d/*.pcapng | wc -c)" -le $((300 << 10)) ]
	[ "$(count_in d/core-*.pcapng)" -eq "$(value packets)" ]
}

# Break: lib/capture/output.c s/FLUSH_EVERY     (500/FLUSH_EVERY (50000/
# bats test_tags=slow
@test "F4: kill -9 at any moment leaves whole records and costs at most a second" {
	kills=3
	[ -z "${VCAP_SLOW-}" ] || kills=200
	whole=()
	for round in $(seq "${VCAP_KILLS:-$kills}"); do
		start "d$round" -i vb -b 8M
		began=$(date +%s.%N)
		# Fast, so that kills fall into writes; and slow, so that the clock has to flush.
		send -C 0 -c 100000 -s 1400 -r $((round % 3 ? 8000 : 1000)) va >/dev/null 3>&- &
		sender=$!
		sleep "$((round % 3 == 0)).$((RANDOM % 900 + 100))"
		killed=$(date +%s.%N)
		kill -9 "$pid"
		wait "$pid" || true
		kill -9 "$sender"
		wait "$sender" || true
		kept=0
		for file in "d$round"/core-*.pcapng; do
			tcpdump -ttnr "$file" 2>warnings >packets || true
			# A record may be half there only if the kill fell into its write.
			run ! grep -v "reading from file\|truncated\|setuid failed" warnings
			grep -q truncated warnings || whole+=("$file")
			kept=$((kept + $(wc -l <packets)))
			[ "$file" != "d$round/core-0.pcapng" ] || tail -n 1 packets >last
		done
		awk -v began="$began" -v killed="$killed" "{ last = \$1 }
			END { exit !(last > killed - 1 || began > killed - 1) }" last
		# vcap-merge keeps whole records, all of them, and says what they lack.
		run -3 vcap-merge -w merged lb1="d$round"
		[[ $output == *"cut short"* ]] || grep -q truncated warnings
		[ "$(count_in merged)" -eq "$kept" ]
		[ "$(vcap-host status "d$round" | sed -n 's/^reason //p')" = killed ]
	done
	# Whole for others, too, unless it is said that they are not; one start of theirs for all.
	[ "${#whole[@]}" -eq 0 ] || capinfos -M "${whole[@]}" >/dev/null
}

# Break: lib/base/daemon.c s/sigaddset(&set, SIGHUP);/;/
# bats test_tags=slow
@test "F5: TERM, INT and HUP end it in good order" {
	for signal in TERM INT HUP; do
		start "$signal" -i vb
		send -C 0 -c 50 va
		kill -s "$signal" "$pid"
		ended 0
		[ "$(value state "$signal")" = "done" ]
		[ "$(value reason "$signal")" = signal ]
		[ "$(count_in "$signal"/core-*.pcapng)" -eq 50 ]
	done
}

# Break: lib/base/daemon.c s/signal(SIGPIPE, SIG_IGN);/;/
# bats test_tags=slow
@test "F5: a stream whose reader has gone ends quietly" {
	run -0 bash -c 'set -o pipefail; vcap-run -b 8M -i vb -t 1m -w - | head -c 1 >/dev/null'
	[ -z "$output" ]
}

# Break: lib/capture/capture.c s/pthread_kill(thread, SIGUSR1);/;/
# bats test_tags=slow
@test "F5: a stream whose reader is stuck still ends" {
	mkfifo pipe
	# shellcheck disable=SC2217 # it holds the pipe open
	sleep 1000 <pipe 3>&- &
	reader=$!
	vcap-run -b 8M -i vb -t 10m -w - >pipe 2>err 3>&- &
	pid=$!
	# Threads start when packets are captured.
	until_true grep -q "^Threads:.[2-9]" "/proc/$pid/status"
	send -C 0 -c 2000 -s 1000 va
	kill "$pid"
	for _ in $(seq 500); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.02
	done
	run ! kill -0 "$pid"
	kill "$reader"
}

# Break: lib/capture/filewriter.c s/fsync(writer->fd) < 0/fsync(writer->fd) < -1/
# bats test_tags=slow
@test "F6: whatever fails, it ends in good order and leaves no half file" {
	[ -e "$build/tests/preload/fail.so" ] || skip "make tests"
	[ "$build" = "${build%asan*}" ] || skip "the sanitizer has an allocator of its own"
	for call in write fsync rename open mmap malloc; do
		step=4 last=12
		[ $call != malloc ] || step=30 last=150
		[ -z "${VCAP_SLOW-}" ] || step=1
		failed=0
		for at in $(seq 1 $step $last); do
			rm -rf d
			status=0
			LD_PRELOAD=$build/tests/preload/fail.so FAIL_CALL=$call FAIL_AT=$at FAIL_STRUCK=struck \
				vcap-run -i vb -b 1M -n lb1 -t 20ms -R 0 -w d 2>err || status=$?
			context="$call $at: exit status $status, $(cat err)"
			[ "$status" -eq 0 ] || failed=$((failed + 1))
			# Not by a signal, and never without a word.
			[ "$status" -le 3 ] || { echo "$context"; false; }
			[ -s err ]
			# Complete when it says so.
			for file in d/core-*.pcapng; do
				[ ! -f "$file" ] || mv "$file" "kept.$call.$at.${file##*-}"
			done
			said=
			[ ! -f d/status ] || said=$'\n'$(<d/status)
			[[ -z $said || ${said##*$'\n'} =~ ^core-.*\ full\ -$ ]] || { echo "$context"; false; }
			[[ $status -ne 0 || $said == *$'\nstate done\n'* ]] || { echo "$context"; false; }
			[[ $status -ne 3 || $said == *$'\nstate partial\n'* ]] || { echo "$context"; false; }
			left=(*.tmp .*.tmp d/*.tmp d/.*.tmp)
			[ "${left[*]}" = '*.tmp .*.tmp d/*.tmp d/.*.tmp' ] || { echo "$context: ${left[*]}"; false; }
			# Whether the call that was to fail did; it did not if there are fewer.
			mark=
			read -r mark <struck || true
			[ "$mark" = x ] || break
		done
		# The test itself works: something did fail.
		[ $failed -gt 0 ]
	done
	# What there is, is whole in any case.
	capinfos -M kept.* >/dev/null
}

has_exited() { # PID of a child: it runs no longer, or is to be waited for
	! kill -0 "$1" || grep -q '^State:.Z' "/proc/$1/status"
}

# Break: lib/capture/capture.c s/has_lease ? STDIN_FILENO : -1/has_lease ? -1 : -1/
# bats test_tags=slow
@test "F7: --lease ends with standard input, a blocked output notwithstanding" {
	mkfifo input output
	sleep 1000 <>output 3>&- &
	reader=$!
	vcap-run -b 8M -i vb --lease -c 100000 -w - <input >output 2>err 3>&- &
	pid=$!
	exec 4>input
	until_true grep -q "without -t" err
	send -C 0 -c 2000 -s 1000 va
	kill -0 "$pid"
	exec 4>&-
	# Its reader never reads: without the lease's end it would wait for that.
	until_true has_exited "$pid"
	ended 0
	kill "$reader"
}

# Break: lib/capture/capture.c s/if (now >= capture->lease_end)/if (0)/
# bats test_tags=slow
@test "F8: --lease=TIME ends when its holder is silent, and not before" {
	mkfifo input
	vcap-run -b 8M -i vb --lease=700ms -R 0 -w d <input 2>err 3>&- &
	pid=$!
	exec 4>input
	for _ in 1 2 3 4 5 6; do
		echo >&4
		sleep 0.3
	done
	kill -0 "$pid"
	ended 0
	exec 4>&-
	[ "$(value reason)" = lease ]
	run -2 vcap-run -i vb --lease --detach -w e
	printf '\n\n\n' | vcap-run -b 8M -i vb -f - --lease -R 0 -w f
	[ "$(value reason f)" = lease ]
}

# Break: lib/capture/ring.c s/address.sll_ifindex != -1/1/
# bats test_tags=slow
@test "F10: a deleted interface is recorded and the others go on, exit 3" {
	ip link add dev wa type veth peer name wb
	ip link set wa up
	ip link set wb up
	start d -i vb -i wb
	send -C 0 -c 5 va
	ip link del dev va
	until_true grep -q "^message.*vb" d/status
	grep -qx "state running" d/status
	send -C 0 -c 7 wa
	kill "$pid"
	ended 3
	[ "$(value state)" = partial ]
	[[ "$(value message)" == *"'vb' was deleted"* ]]
	[ "$(value packets)" -eq 12 ]
	grep -q "'vb' was deleted" err
}

# Break: lib/capture/ring.c s/address.sll_ifindex != -1/1/
# bats test_tags=slow
@test "F10: the last interface deleted: exit 1, what was captured is kept" {
	start d -i vb
	send -C 0 -c 5 va
	ip link del dev va
	ended 1
	[ "$(value reason)" = interface ]
	[ "$(count_in d/core-0.pcapng)" -eq 5 ]
}

# Break: lib/capture/ring.c s/address.sll_ifindex != -1/error == 0/
# Break: lib/capture/capture_loop.c s/ring_is_attached(&loop->inputs\[i\].ring);/;/
# bats test_tags=slow
@test "F10: an interface that goes down and up resumes, each CPU in its place" {
	start d -i vb
	send -C 0 -c 5 va
	ip link set vb down
	ip link set vb up
	until_true is_up vb
	until_true is_up va
	send -C 0 -c 6 va
	[ "$cpus" -lt 2 ] || send -C 1 -c 7 va
	kill "$pid"
	ended 0
	[ "$(field 0 packets)" -eq 11 ]
	[ "$cpus" -lt 2 ] || [ "$(field 1 packets)" -eq 7 ]
}

# Break: lib/capture/ring.c s/ring->dropped += stats.tp_drops;/;/
# bats test_tags=slow
@test "F11: what a stopped process loses is counted everywhere" {
	start d -i vb -b 1M
	kill -STOP "$pid"
	send -C 0 -c 20000 -s 1000 va
	kill -CONT "$pid"
	kill "$pid"
	ended 0
	[ "$(value dropped)" -gt 0 ]
	[ "$(value packets)" -gt 0 ]
	[ $(($(value packets) + $(value dropped))) -eq 20000 ]
	[ "$(count_in d/core-*.pcapng)" -eq "$(value packets)" ]
	grep -q " $(value dropped) dropped" err
	# isb_ifdrop, option 5 of 8 bytes, in the last statistics block
	# shellcheck disable=SC2016 # perl's own
	run -0 perl -0777 -ne 'print unpack("Q<", $1) if /.*\x05\0\x08\0(.{8})/s' d/core-0.pcapng
	[ "$output" -eq "$(field 0 dropped)" ]
}

# Break: lib/capture/ring.c s/packet->len = head->tp_len;/packet->len = packet->caplen;/
# bats test_tags=slow
@test "F12: packets longer than any wire's keep their true length" {
	sysctl -qw net.ipv6.conf.lo.disable_ipv6=0
	ip link set lo gso_max_size 200000 gro_max_size 200000 || skip "big-tcp"
	vcap-run -b 64M -i lo --detach -R 0 -w whole
	vcap-run -b 64M -i lo --detach -R 0 -s 1000 -w cut
	perl -MIO::Socket::IP -e '
		my $l = IO::Socket::IP->new(LocalHost => "::1", LocalPort => 4444, Listen => 1) or die;
		if (!fork) {
			my $c = IO::Socket::IP->new(PeerHost => "::1", PeerPort => 4444) or die;
			print $c "x" x 65536 for 1 .. 400;
			exit;
		}
		my $s = $l->accept; 1 while sysread $s, my $b, 1 << 20; wait' 3>&-
	for dir in whole cut; do
		vcap-host stop $dir
		for file in "$dir"/core-*.pcapng; do
			"$BATS_TEST_DIRNAME/../frames" -f length,kept "$file"
		done >$dir.lengths
	done
	[ "$(sort -n whole.lengths | tail -n 1 | cut -d ' ' -f 1)" -gt 70000 ] || skip "big-tcp"
	[ "$(cut -d ' ' -f 1 whole.lengths | sort -n)" = "$(cut -d ' ' -f 1 cut.lengths | sort -n)" ]
	[ "$(value truncated whole)" -eq 0 ]
	[ "$(awk '$2 != $1' whole.lengths | wc -l)" -eq 0 ]
	[ "$(value truncated cut)" -eq "$(awk '$1 > 1000 && $2 == 1000' cut.lengths | wc -l)" ]
	[ "$(awk '$2 > 1000' cut.lengths | wc -l)" -eq 0 ]
}

# Break: lib/capture/ring.c s/restore_tag(packet, head);/;/
# bats test_tags=slow
@test "F13: VLAN tags are back in place, in both directions" {
	start d -i vb -i va
	send -o -C 0 -v 7 -c 2 va
	send -o -C 0 -v 8 -v 9 -c 1 va
	vcap-host stop d
	[ "$(tcpdump -nr d/core-0.pcapng vlan 7 2>/dev/null | wc -l)" -eq 4 ]
	[ "$(tcpdump -nr d/core-0.pcapng vlan 8 and vlan 9 2>/dev/null | wc -l)" -eq 2 ]
	run -0 tshark -r d/core-0.pcapng -T fields -e frame.interface_name -e frame.packet_flags \
		-e frame.len -e ip.dst
	[ "$(grep -c "^va.0x00000002.132.10.0.0.2" <<<"$output")" -eq 2 ]
	[ "$(grep -c "^vb.0x00000001.132.10.0.0.2" <<<"$output")" -eq 2 ]
	[ "$(grep -c "^vb.0x00000001.136.10.0.0.2" <<<"$output")" -eq 1 ]
}

# Break: lib/capture/ifrule.c s/if (\*first && iface->linktype != \*linktype)/if (0)/
# bats test_tags=slow
@test "F14: 'any' is refused, and link types are not mixed" {
	run -1 vcap-run -b 8M -i any -t 1s -R 0 -w d
	[[ $output == *"'any'"* ]]
	[ ! -e d ]
	ip tuntap add dev tun7 mode tun || skip "tun: no device for this user"
	ip link set tun7 up
	run -1 vcap-run -b 8M -i vb -i tun7 -t 1s -R 0 -w d
	[[ $output == *"'vb'"*"'tun7'"* ]]
	[ ! -e d ]
	# By itself it is a capture as any other, of another link type; by default it is left out.
	vcap-run -b 8M -i tun7 -t 100ms -R 0 -w d
	run -0 capinfos -E d/core-0.pcapng
	[[ $output == *"Raw IP"* ]]
	ip addr add 192.0.2.1/24 dev vb
	ip addr add 192.0.2.9/32 dev tun7
	run -0 vcap-run -b 8M -t 100ms -R 0 -w e
	[[ $output == *"'tun7' is left out"* ]]
	[[ " $(value interfaces e) " != *" tun7 "* ]]
	# Several interfaces, one file, one link type: what libpcap wants of it.
	vcap-run -b 8M -i vb -i lo -t 100ms -R 0 -w f
	tcpdump -nr f/core-0.pcapng
	ip link del dev tun7
}

# Break: lib/base/clock.c s/return read_clock(CLOCK_MONOTONIC);/return read_clock(CLOCK_REALTIME);/
# bats test_tags=slow
@test "F15: a clock that is set does not change how long it captures, and is recorded" {
	[ -e "$build/tests/preload/clock.so" ] || skip "make tests"
	before=$(date +%s%N)
	for step in 3600 -3600; do
		LD_PRELOAD=$build/tests/preload/clock.so CLOCK_STEP=$step CLOCK_AFTER=500 \
			vcap-run -b 8M -i vb -t 2s -R 0 -w "d$step" 2>"err$step" 3>&- &
		pids+=($!)
	done
	for step in 3600 -3600; do
		until_true grep -q running "d$step/status"
	done
	send -C 0 -c 200 -r 100 va
	for step in 3600 -3600; do
		pid=${pids[0]}
		pids=("${pids[@]:1}")
		ended 0
		took=$((($(date +%s%N) - before) / 1000000))
		[ "$took" -ge 2000 ]
		[ "$took" -lt 60000 ]
		[ "$(value reason "d$step")" = time ]
		value clock-step "d$step" | awk -v step=$step '{ exit !($1 > step - 1 && $1 < step + 1) }'
		grep -aq "clock set by $(printf %+d $step)\." "d$step/core-0.pcapng"
		grep -q "clock was set by $(printf %+d $step)\." "err$step"
		# Those of the last moments included, whatever the clock says.
		[ "$(count_in "d$step"/core-*.pcapng)" -ge 50 ]
	done
	vcap-run -b 8M -i vb -t 200ms -R 0 -w still
	[ -z "$(value clock-step still)" ]
}

# Break: lib/capture/session.c s/sandbox_confine_calls(sandbox, SANDBOX_CALLS_CAPTURE, SANDBOX_OPENS_NONE, why) < 0/0/
@test "F30: a thread that handles packets can do nothing else" {
	[ -e "$build/tests/preload/stray.so" ] || skip "make tests"
	[ "$build" = "${build%asan*}" ] || skip "the sanitizer needs system calls of its own"
	rm -f /tmp/stray
	for call in read socket exec fork kill ptrace; do
		# The test itself works: without the sandbox it can be done. All at once, as they wait.
		for sandbox in enforce off; do
			(
				export LD_PRELOAD=$build/tests/preload/stray.so STRAY_CALL=$call
				exec vcap-run -b 1M -i vb -t 300ms -R 0 --sandbox $sandbox -w "$sandbox.$call" 2>"$sandbox.$call.err" 3>&-
			) &
			runs+=($!)
		done
	done
	for call in read socket exec fork kill ptrace; do
		status=0
		wait "${runs[0]}" || status=$?
		# SIGSYS
		[ $status -eq 159 ] || { echo "$call: $status"; cat "enforce.$call.err"; false; }
		run ! grep -q stray "enforce.$call.err"
		[ "$(vcap-host status "enforce.$call" | sed -n 's/^reason //p')" = killed ]
		wait "${runs[1]}"
		grep -q "stray: $call" "off.$call.err"
		runs=("${runs[@]:2}")
	done
}

# Break: lib/capture/session.c s/sandbox_confine_files(sandbox, session->dir.fd, NULL, why) < 0/0/
@test "F30: it can make files in its directory only" {
	[ -e "$build/tests/preload/stray.so" ] || skip "make tests"
	# landlock_create_ruleset(2), which answers with its version.
	perl -e 'exit(syscall(444, 0, 0, 1) < 1)' || skip "landlock"
	rm -f /tmp/stray
	LD_PRELOAD=$build/tests/preload/stray.so STRAY_CALL=create \
		vcap-run -b 8M -i vb -t 300ms -R 0 -w d 2>err
	grep -q "Permission denied" err
	[ ! -e /tmp/stray ]
	LD_PRELOAD=$build/tests/preload/stray.so STRAY_CALL=create \
		vcap-run -b 8M -i vb -t 300ms -R 0 --sandbox off -w off 2>err
	grep -q "stray: create: done" err
	[ -e /tmp/stray ]
	rm -f /tmp/stray
}

# Break: lib/capture/rundir.c s/O_CLOEXEC, 0600)/O_CLOEXEC, 0666)/
# Break: cmd/cli.c s/umask(077)/umask(0)/
@test "F25: the directory is 0700 and its files 0600, whatever the umask" {
	for mask in 000 077; do
		(umask $mask && vcap-run -b 8M -i vb -t 100ms -R 0 -w "m/$mask" 3>&-)
		[ "$(stat -c %a "m/$mask")" = 700 ]
		[ "$(stat -c %a "m/$mask"/* | sort -u)" = 600 ]
	done
}

# Break: lib/capture/rundir.c s/if (!runfiles_is_empty(dir->fd))/if (0)/
@test "F24: a directory that is not empty, a link, or somebody else's is refused" {
	mkdir full empty other
	touch full/precious
	ln -s empty link
	for bad in full link full/precious; do
		run -1 vcap-run -b 8M -i vb -t 100ms -R 0 -w $bad
		[[ $output == *"'$bad'"* ]]
	done
	[ "$(ls full)" = precious ]
	[ -z "$(ls empty)" ]
	if chown 1 other 2>/dev/null; then
		run -1 vcap-run -b 8M -i vb -t 100ms -R 0 -w other
		[[ $output == *"another user"* ]]
	fi
	vcap-run -b 8M -i vb -t 100ms -R 0 -w empty
	run -1 vcap-run -b 8M -i vb -t 100ms -R 0 -w empty
}

# Break: lib/capture/session.c s/priv_drop_all(why) < 0 ||//
@test "F30: every thread has given up everything before the first packet" {
	start d -i vb
	threads=0
	for task in /proc/"$pid"/task/*; do
		threads=$((threads + 1))
		run -0 cat "$task/status"
		for set in CapInh CapPrm CapEff CapBnd CapAmb; do
			[[ $output == *"$set:"?0000000000000000* ]] || { echo "$task $set"; false; }
		done
		[[ $output == *"NoNewPrivs:"?1* ]]
		[[ $output == *"Seccomp:"?2* ]] || [ "$build" != "${build%asan*}" ]
	done
	[ "$threads" -ge "$cpus" ]
}

# Break: lib/capture/session.c s/priv_drop_all(why) < 0 ||//
@test "F30: a file capability is enough for an ordinary user" {
	[ "$(awk "{ print \$3 }" /proc/self/uid_map)" -gt 1 ] || skip "one user in this namespace"
	cd /run
	install -d -m 755 bin
	install -d -o 65534 home
	install -m 755 "$build/bin/"vcap-{run,host,merge,join} bin
	setcap cap_net_raw=ep bin/vcap-run || skip "no file capabilities here"
	setpriv --reuid 65534 --regid 65534 --clear-groups bin/vcap-host check >report
	grep -qx "cap_net_raw yes" report
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		bin/vcap-run -b 8M -i vb -R 0 --detach -w home/d
	pid=$(value pid home/d)
	for task in /proc/"$pid"/task/*; do
		run -0 cat "$task/status"
		[[ $output == *"CapPrm:"?0000000000000000* ]]
		[[ $output == *"CapEff:"?0000000000000000* ]]
		[[ $output == *"NoNewPrivs:"?1* ]]
		[[ $output == *"Seccomp:"?2* ]] || [ "$build" != "${build%asan*}" ]
	done
	send -C 0 -c 10 va
	setpriv --reuid 65534 --regid 65534 --clear-groups bin/vcap-host stop home/d
	[ "$(value packets home/d)" -eq 10 ]
}
