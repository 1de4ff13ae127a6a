#!/usr/bin/env bats
# Clocks that differ: measured by vcap-clock, and corrected in the merged file.

bats_require_minimum_version 1.5.0

setup() {
	tools=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH="$tools/bin:$tools/tests/tools:$PATH"
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services
	# An engine NAME whose capture NAME.pcapng has ended, and whose clock is ahead by NAME.ahead ms.
	cat >engine <<-'END'
		#!/bin/sh
		name=$1
		shift
		case "$1 $2" in
		'vcap-host status')
			echo state done
			echo packets 10
			# A file header, and one of each packet, are not captured bytes.
			echo bytes $(($(vcap-merge -F pcap -w - "$name.pcapng" | wc -c) - 24 - 16 * 10))
			;;
		'vcap-host clock')
			exec vcap-host clock | perl -pe 'BEGIN { $| = 1 }
				s/^(\d+)\.(\d{9})$/$n = "$1$2" + 1000000 * '"$(cat "$name.ahead")"';
				sprintf "%d.%09d", int($n \/ 1e9), $n % 1000000000/e' ;;
		'vcap-host '*) ;;
		'vcap-merge '*) exec cat "$name.pcapng" ;;
		esac
	END
	chmod 755 engine
	printf '%s\n' "a exec $PWD/engine a" "b exec $PWD/engine b" >config/engines
	echo 0 >a.ahead
	echo 40 >b.ahead
}

# bats test_tags=slow
@test "the offset of a clock that is 40 ms ahead is right to the error that is told" {
	read -r word offset error < <(vcap-clock b)
	[ "$word" = clock ]
	awk -v o="$offset" -v e="$error" 'BEGIN { exit !(o - 0.04 <= e && 0.04 - o <= e && e < 5) }'
	echo -40 >b.ahead
	read -r word offset error < <(vcap-clock -n 3 --key here b)
	[ "$word" = here ]
	awk -v o="$offset" -v e="$error" 'BEGIN { exit !(o + 0.04 <= e && -0.04 - o <= e) }'
	read -r word offset error < <(vcap-clock a)
	awk -v o="$offset" -v e="$error" 'BEGIN { exit !(o <= e && -o <= e) }'
}

@test "an engine that tells no time, or nothing, and wrong usage" {
	printf "#!/bin/sh\nread -r _\necho half past nine\n" >liar
	chmod 755 liar
	echo "a exec $PWD/liar" >config/engines
	echo "a exec false" >config/engines
	run -1 vcap-clock a
	[[ "$output" == "vcap-clock: engine 'a' did not send its time: "* ]]
	run -2 vcap-clock nobody
	run -2 vcap-clock -n 0 a
	run -2 vcap-clock
}

# Leave -o out of merge_command in lib/controller/collect.c, and this fails.
# bats test_tags=slow
@test "a capture whose engines' clocks differ is in true order, and says by how much they did" {
	mkcap -f pcapng -n 10 -g 0 -s 1 -T 1000.0,1000.2,1000.4,1000.6,1000.8,1001.0,1001.2,1001.4,1001.6,1001.8 -d 0 \
		-a vcap-run >a.pcapng
	mkcap -f pcapng -n 10 -g 0 -s 2 -T 1000.1,1000.3,1000.5,1000.7,1000.9,1001.1,1001.3,1001.5,1001.7,1001.9 -d 0 \
		-a vcap-run >true.pcapng
	# A whole second ahead: nothing is in its place without the correction.
	echo 1000 >b.ahead
	vcap-merge -o b=1 -w b.pcapng b=true.pcapng
	id=shop.20260101_000000
	(umask 077 && mkdir -p spool/captures/$id/engines)
	printf 'vip 192.0.2.10 tcp/80\n' >spool/captures/$id/service
	printf '%s\n' 'state capturing' 'engine a' 'engine b' 'duration 1' 'created 1.0' >spool/captures/$id/capture
	run vcap-wait shop
	cat spool/captures/$id/engines/*.log || true
	[ "$status" -eq 0 ] || { echo "$output"; false; }
	tcpdump -tt -nr spool/captures/$id/$id.pcapng 2>/dev/null >merged
	vcap-merge -w expected.pcapng a=a.pcapng b=true.pcapng
	tcpdump -tt -nr expected.pcapng 2>/dev/null >expected
	# The same packets in the same order, each within a tenth of a second: half the distance.
	diff <(cut -d ' ' -f 2- expected) <(cut -d ' ' -f 2- merged)
	paste -d ' ' <(cut -d ' ' -f 1 expected) <(cut -d ' ' -f 1 merged) |
		awk '{ d = $1 - $2; if (d > 0.1 || d < -0.1) bad = 1 } END { exit bad || NR != 20 }'
	grep -E '^clocks a -?0\.[0-9]{9} 0\.[0-9]{9}, b (1\.0|0\.9)[0-9]+ 0\.[0-9]{9}$' spool/captures/$id/capture
	vcap-ls -j | grep -F '"clocks"' | grep -F 'b '
	# The file says so, too.
	read -r _ _ _ _ _ offset error < <(grep '^clocks ' spool/captures/$id/capture)
	grep -qaF "b: clock ahead by $offset s, wrong by $error s at most, corrected" spool/captures/$id/$id.pcapng
	grep -qaE 'a: clock ahead by -?0\.[0-9]{9} s, wrong by 0\.[0-9]{9} s at most, (not )?corrected' spool/captures/$id/$id.pcapng
}

# Break: lib/controller/clock_correct.c s/rc = mark_unread(.*/;/
# bats test_tags=slow
@test "a clock that could not be read is said, by the command and in the file" {
	mkcap -f pcapng -n 10 -s 1 -d 0 -a vcap-run >a.pcapng
	mkcap -f pcapng -n 10 -s 2 -d 0 -a vcap-run >b.pcapng
	sed -i "s/'vcap-host clock')/&\n\t[ \$name = a ] || exit 1/" engine
	id=shop.20260101_000000
	(umask 077 && mkdir -p spool/captures/$id/engines)
	printf 'vip 192.0.2.10 tcp/80\n' >spool/captures/$id/service
	printf '%s\n' 'state capturing' 'engine a' 'engine b' 'duration 1' 'created 1.0' >spool/captures/$id/capture
	run -0 --separate-stderr vcap-wait shop
	said="the clock of 'b' could not be read: its times are not corrected"
	[ "$stderr" = "vcap-wait: $said" ] || { echo "$stderr"; false; }
	grep -qaF "$said" "$output"
	grep -qx 'clock-unread b' spool/captures/$id/capture
}
