#!/usr/bin/env bats
# vcap-merge --live: streams as they come, from FIFOs and pipes.

bats_require_minimum_version 1.5.0
load ../until
load ../statistics

setup() {
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$build/bin:$build/tests/tools:$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
	mkfifo a b
}

teardown() {
	[ -z "${merge-}" ] || kill "$merge" 2>/dev/null || true
}

origins() {
	"$BATS_TEST_DIRNAME/../frames" -f time,name,length,payload "$1"
}

holds() { # FILE COUNT
	[ "$(origins "$1" | wc -l)" -ge "$2" ]
}

gone() { # PID
	! kill -0 "$1"
}

# The offset at which packet number COUNT of a pcapng file of mkcap ends.
after() { # FILE COUNT
	perl -e '
		my ($count) = pop; local $/; my $bytes = <>; my $at = 0;
		while ($at < length $bytes && $count) {
			my ($type, $size) = unpack("VV", substr $bytes, $at, 8);
			$count-- if $type == 6;
			$at += $size;
		}
		print $at' "$1" "$2"
}

# bats test_tags=slow
@test "streams become what their files become, also through a merge of merges" {
	mkcap -f pcapng -n 9000 -s 1 -i 2 -d 3 -g 40000 >a.pcapng
	mkcap -n 9000 -s 2 -g 40000 >b.pcap
	mkcap -f pcapng -n 9000 -s 3 -g 40000 -b >c.pcapng
	vcap-merge -w files.pcapng a=a.pcapng b=b.pcap c=c.pcapng
	cat a.pcapng >a &
	cat b.pcap >b &
	vcap-merge --live a=a b=b | vcap-merge --live -w live.pcapng c=c.pcapng -
	diff <(origins files.pcapng) <(origins live.pcapng)
	diff <(vcap-stat files.pcapng) <(vcap-stat live.pcapng)
	tcpdump -nr live.pcapng 2>/dev/null | grep -c UDP | grep -qx 27000
}

# bats test_tags=slow
@test "a stream that comes in pieces of any size is the same" {
	mkcap -f pcapng -n 40 -s 1 -b -d 1 >a.pcapng
	mkcap -n 40 -s 2 >b.pcap
	vcap-merge -w files.pcapng a=a.pcapng b=b.pcap
	for size in 1 7; do
		perl -e '$| = 1; $/ = \shift; print while <>' $size <a.pcapng >a &
		perl -e '$| = 1; $/ = \shift; print while <>' $size <b.pcap >b &
		vcap-merge --live -w live.pcapng a=a b=b
		diff <(origins files.pcapng) <(origins live.pcapng)
	done
}

# Break: lib/merge/merge_live.c s/statistics heartbeat = STATISTICS_INIT/statistics heartbeat = {.end_ns = INT64_MIN}/
# Break: lib/merge/merge_live.c s/statistics end = STATISTICS_INIT/statistics end = {.start_ns = INT64_MIN}/
@test "heartbeats and the end mark have no counters that no input gave" {
	mkcap -n 50 -s 1 -g 100000000 >a.pcap
	mkcap -n 50 -s 2 -g 100000000 >b.pcap
	perl -e '$| = 1; $/ = \200; print while <>' <a.pcap >a 3>&- &
	perl -e '$| = 1; $/ = \200; print while <>' <b.pcap >b 3>&- &
	vcap-merge --live -w out.pcapng a=a b=b
	# Nothing, and at the end isb_endtime, which is 3.
	[ "$(statistics out.pcapng | sort -u)" = $'options:\noptions: 3' ]
}

# Break: lib/merge/merge_live.c s/statistics_add(&dropped, /(void)(/
@test "--announce says what is waited for, when it begins, and what it has dropped" {
	mkcap -f pcapng -n 20 -s 1 -i 2 -d 3 >a.pcapng
	vcap-merge --live --announce a=a b=b >out.pcapng 2>err 3>&- &
	merge=$!
	exec 5>a 6>b
	until_true grep -q "'b' is waited for" err
	cat a.pcapng >&5
	until_true grep -q "'a' has dropped 6 packets so far" err
	grep -q "'a' has begun" err
	run ! grep "'b' has" err
	exec 5>&- 6>&-
	wait "$merge" || [ $? -eq 3 ]
	[ "$(grep -c dropped err)" -eq 1 ]
}

# What to break: update_stalled() in lib/merge/merge_live.c; count_late() in lib/merge/merge.c.
# bats test_tags=slow
@test "a silent stream holds the others for --stall, and what it has then is late, counted and kept" {
	mkcap -f pcapng -n 100 -s 1 >a.pcapng
	mkcap -f pcapng -n 100 -s 2 >b.pcapng
	half=$(after a.pcapng 50)
	vcap-merge --live --stall 0.3 a=a b=b >out.pcapng 2>err 3>&- &
	merge=$!
	exec 5>a 6>b
	head -c "$half" a.pcapng >&5
	cat b.pcapng >&6
	until_true grep -q "'a' is silent" err
	until_true holds out.pcapng 150
	tail -c +$((half + 1)) a.pcapng >&5
	until_true grep -q "'a' is back" err
	until_true holds out.pcapng 199
	exec 5>&- 6>&-
	status=0
	wait "$merge" || status=$?
	cat err
	[ "$status" -eq 3 ]
	[ "$(grep -c "'a' is silent" err)" -eq 1 ]
	[ "$(grep -c "'a' is back" err)" -eq 1 ]
	late=$(sed -n "s/.*'a' came late: \([0-9]*\) packets were placed late/\1/p" err)
	[ "$late" -gt 0 ]
	# Packets that are older than one before them.
	[ "$(origins out.pcapng | awk '$1 + 0 < newest { late++ } $1 + 0 > newest { newest = $1 + 0 } END { print late }')" -eq "$late" ]
	cat <(origins a.pcapng) <(origins b.pcapng) | cut -d ' ' -f 1,3- | sort >in.txt
	origins out.pcapng | cut -d ' ' -f 1,3- | sort | diff in.txt -
}

@test "a FIFO that nobody writes holds the others no longer than --stall" {
	mkcap -n 20 -s 1 >b.pcap
	vcap-merge --live --stall 0.2 a=a b=b.pcap >out.pcapng 2>err 3>&- &
	merge=$!
	until_true holds out.pcapng 20
	grep -q "'a' is silent" err
	kill -0 "$merge"
	: >a
	wait "$merge" || [ $? -eq 3 ]
}

@test "heartbeats let packets go" {
	mkcap -f pcapng -n 20 -s 1 >a.pcapng
	# b: a header, and statistics of a later time than any packet of a.
	mkcap -f pcapng -n 1 -s 2 -d 0 -t 5000 >b.pcapng
	vcap-merge --live --stall 1h a=a b=b >out.pcapng 3>&- &
	merge=$!
	exec 5>a 6>b
	cat a.pcapng >&5
	perl -e 'local $/; my $bytes = <>; my $at = 0;
		while ($at < length $bytes) {
			my ($type, $size) = unpack("VV", substr $bytes, $at, 8);
			print substr $bytes, $at, $size if $type != 6;
			$at += $size;
		}' b.pcapng >&6
	until_true holds out.pcapng 19
	exec 5>&- 6>&-
	wait "$merge"
}

# bats test_tags=slow
@test "a stream that is damaged, or of another link type, ends alone" {
	mkcap -f pcapng -n 20 -s 1 >a.pcapng
	mkcap -n 20 -s 2 -l 113 >b.pcap
	mkcap -n 20 -s 3 >c.pcap
	{ head -c 500 c.pcap; head -c 4000 /dev/zero | tr '\0' '\377'; } >d.pcap
	cat a.pcapng >a &
	run -3 vcap-merge --live -w out.pcapng a=a c=c.pcap d=d.pcap
	[[ $output == *"'d.pcap' is damaged at byte"* ]]
	[ "$(origins out.pcapng | grep -cE '\s[ac]/')" -eq 40 ]
	cat a.pcapng >a &
	echo no capture >e
	run -3 vcap-merge --live -w out.pcapng a=a b=b.pcap e
	[[ $output == *"different link types"* ]]
	[[ $output == *"'e' is not a capture file"* ]]
	[ "$(origins out.pcapng | wc -l)" -eq 20 ]
}

# Damaged at a third of it: a bit of the length of the record there, zeros over it, bytes left out or put in.
damaged() { # FILE
	perl -0777 -ne '
		my ($at, $ng) = (24, /^\n\r\r\n/);
		my @starts;
		for ($at = $ng ? 0 : 24; $at < length; ) {
			push @starts, $at;
			$at += $ng ? unpack("x${at}x4V", $_) : 16 + unpack("x${at}x8V", $_);
		}
		my $from = $starts[@starts / 3];
		$_ .= "";
		for my $kind (0 .. 4) {
			my $copy = $_;
			substr($copy, $from + ($ng ? 5 : 9), 1) ^= "\x10" if $kind == 0;
			substr($copy, $from + 2, 40) = "\0" x 40 if $kind == 1;
			substr($copy, $from + 7, 33) = "" if $kind == 2;
			substr($copy, $from + 5, 0) = "\xab" x 77 if $kind == 3;
			substr($copy, $from, 0) = "\xff" x 3000 if $kind == 4;
			open my $out, ">:raw", "bad.$kind" or die;
			print $out $copy;
			print STDOUT "$from\n" if $kind == 0;
		}' "$1"
}

# Break: lib/capfile/pcap_read.c s/if (file->is_passing) {/if (0) {/
# Break: lib/capfile/reader_common.c s/if (inbuf_want(in, WINDOW) < 0 && (!in->queue || errno != EAGAIN))/if (inbuf_want(in, WINDOW) < 0)/
# bats test_tags=slow
@test "a stream goes on behind damage as a file does, while it is open" {
	mkcap -n 400 -s 1 -t 1700000000 >a.pcap
	mkcap -f pcapng -n 400 -s 1 -t 1700000000 -i 2 -d 3 >b.pcapng
	for file in a.pcap b.pcapng; do
		from=$(damaged $file)
		for kind in 0 1 2 3 4; do
			run -3 vcap-merge -w want x=bad.$kind
			said=$output
			count=$(origins want | wc -l)
			[ "$count" -ge 397 ]
			mkfifo pipe
			vcap-merge --live x=pipe >out 2>told 3>&- &
			merge=$!
			exec 5>pipe
			# What is damaged comes in two parts, and what is behind it later.
			head -c $((from + 12)) bad.$kind >&5
			until_true holds out $((count / 4))
			tail -c +$((from + 13)) bad.$kind >&5
			until_true holds out $((count - 3))
			exec 5>&-
			status=0
			wait "$merge" || status=$?
			echo "$file $kind: $said; $(cat told)"
			[ $status -eq 3 ]
			[ "$(cat told)" = "${said/bad.$kind/pipe}" ]
			diff <(origins want) <(origins out)
			rm pipe
		done
	done
}

@test "pcap output, live" {
	mkcap -n 20 -s 1 >a.pcap
	cat a.pcap >a &
	vcap-merge --live -F pcap a | cmp - a.pcap
}

@test "it ends when nobody reads it any more" {
	mkcap -f pcapng -n 20 -s 1 >a.pcapng
	exec 5<>a
	cat a.pcapng >&5
	vcap-merge --live a 2>err 3>&- 5>&- > >(head -c 1 >/dev/null) &
	merge=$!
	until_true gone "$merge"
	exec 5>&-
}

@test "--window says how far a pipe is sorted" {
	mkcap -T 1,5,6,3,7,8,9 >a.pcap
	run -3 vcap-merge -w out.pcapng - < <(cat a.pcap)
	[[ $output == *"1 packets were placed late"* ]]
	vcap-merge --window 4s -w out.pcapng - < <(cat a.pcap)
	[ "$(origins out.pcapng | cut -c 1-2 | tr -d '\n')" = 1.3.5.6.7.8.9. ]
}

# What to break: merged_header_write_trailer() in lib/merge/merged_header.c, where is_live decides.
@test "what the sections of streams say is kept, in a section behind the packets" {
	mkcap -f pcapng -n 5 -s 1 -C 'said by a' -S 'said later by a' -a dumpcap >a.pcapng
	mkcap -f pcapng -n 5 -s 2 -C 'said by b' >b.pcapng
	cat a.pcapng >a 3>&- &
	cat b.pcapng >b 3>&- &
	vcap-merge --live -w out.pcapng a=a b=b
	wait
	[ "$(capinfos -k out.pcapng | sed -n 's/^Capture comment: *//p')" = \
		"$(printf '%s\n' 'a: application dumpcap' 'a: said by a' 'a: said later by a' 'b: said by b')" ]
	[ "$(tcpdump -nn -r out.pcapng 2>/dev/null | wc -l)" -eq 10 ]
}
