#!/usr/bin/env bats
# Captures that gzip and zstd have compressed: as the plain ones, as far as they go.

bats_require_minimum_version 1.5.0

setup() {
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$(cd "$build/bin" && pwd):$(cd "$build/tests/tools" && pwd):$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
	mkcap -n 3000 -t 1700000000 >a.pcap
	mkcap -f pcapng -n 3000 -t 1700000000 -x -i 3 -d 3 -o >b.pcapng
	gzip -k a.pcap
	zstd -q b.pcapng
}

# Break: lib/capfile/reader.c s/return !file->unpack \&\&/return false \&\&/
@test "merge, filter, join, stat: the same of compressed files as of plain ones, by whatever name" {
	vcap-merge -w plain.pcapng a.pcap b.pcapng
	vcap-merge -w out.pcapng a.pcap.gz b.pcapng.zst
	cmp out.pcapng plain.pcapng
	mv a.pcap.gz a
	mv b.pcapng.zst b.pcapng.d
	vcap-merge -w out.pcapng b=b.pcapng.d a=- <a
	cmp out.pcapng <(vcap-merge a=a.pcap b=b.pcapng)
	vcap-merge --live <(cat a) <(cat b.pcapng.d) | tcpdump -r - --count 2>/dev/null | grep -x '6000 packets'
	for command in 'filter 10.0.0.0/30' 'join -P 10.0.0.0/30'; do
		# shellcheck disable=SC2086 # words
		set -- $command
		vcap-"$1" -r b.pcapng -w want "${@:2}" 2>want.err
		vcap-"$1" -r b.pcapng.d -w out "${@:2}" 2>out.err
		cmp out want
		cmp out.err want.err
	done
	diff <(vcap-stat - <b.pcapng) <(vcap-stat - <b.pcapng.d)
	# Members and frames, one behind another, and a tape's padding.
	cat a <(mkcap -n 9 -t 1700000009 | tail -c +25 | gzip) <(head -c 999 /dev/zero) >two
	[ "$(vcap-merge two | tcpdump -r - --count 2>/dev/null)" = "3009 packets" ]
	cat <(printf '\x5a\x2a\x4d\x18\x03\0\0\0abc') <(zstd -q <a.pcap) <(mkcap -n 9 -t 1700000009 | tail -c +25 | zstd -q) >two
	[ "$(vcap-merge two | tcpdump -r - --count 2>/dev/null)" = "3009 packets" ]
}

# Break: lib/capfile/reader_common.c s/event = check_packed(file, event);//
# Break: lib/base/codec.c s/define WINDOW_LOG_MAX 23/define WINDOW_LOG_MAX 27/
# bats test_tags=slow
@test "of what is cut, damaged or followed by something else what could be unpacked; large windows are refused" {
	head -c 40000 a.pcap.gz >cut.gz
	head -c 30000 b.pcapng.zst >cut.zst
	for kind in gz zst; do
		name=$([ $kind = gz ] && echo gzip || echo zstd)
		run -3 vcap-merge -w cut cut.$kind
		[ "$output" = "vcap-merge: 'cut.$kind' ends in the middle of its $name data" ]
		[ "$(tcpdump -r cut --count 2>/dev/null | cut -d' ' -f1)" -gt 1000 ]
		run -1 vcap-merge --strict -w cut cut.$kind
	done
	perl -e 'local $/; $_ = <>; substr($_, 40000, 1) ^= "\1"; print' a.pcap.gz >bad.gz
	run -3 vcap-filter -r bad.gz -w bad 0.0.0.0/0
	[[ $output == *"vcap-filter: 'bad.gz' is damaged at byte "*" of its gzip data: "* ]]
	tshark -r bad >packets
	[ "$(wc -l <packets)" -gt 1000 ]
	for file in a.pcap.gz b.pcapng.zst; do
		cat $file <(echo more) >longer
		run -3 vcap-merge -w out longer
		[[ $output == "vcap-merge: 'longer' is damaged at byte $(wc -c <$file) of its "*" data: what follows is none" ]]
		[ "$(tcpdump -r out --count 2>/dev/null)" = "3000 packets" ]
	done
	# Two bytes that gzip's could be.
	cat a.pcap.gz <(printf '\x1f\x8b') >longer
	run -3 vcap-stat longer
	: | gzip >empty
	run -3 vcap-merge -w out empty
	[ "$output" = "vcap-merge: 'empty' is empty" ]
	zstd -q --long=24 -1 <a.pcap >wide
	run -1 vcap-merge -w out2 a.pcap wide
	[ "$output" = "vcap-merge: 'wide' needs a window of more than 8 MiB for its zstd data: unpack it first (zstd -d --long=31)" ]
	[ ! -e out2 ]
	run -3 vcap-merge --live <(cat wide) a.pcap
	[[ $output == *"needs a window of more than 8 MiB"* ]]
}

# Break: lib/base/codec.c s/\[CODEC_GZIP\] = ".gz"/[CODEC_GZIP] = ".Z"/
@test "-w NAME.gz, NAME.zst: compressed, whole or not there at all" {
	vcap-merge -w plain.pcapng a.pcap b.pcapng
	vcap-merge -w out.pcapng.gz a.pcap b.pcapng
	gzip -dc out.pcapng.gz | cmp - plain.pcapng
	vcap-merge -z -w out.pcapng.gz a.pcap b.pcapng
	gzip -t out.pcapng.gz
	vcap-merge -w out.pcapng.zst a.pcap.gz b.pcapng.zst
	zstd -dcq out.pcapng.zst | cmp - plain.pcapng
	vcap-filter -r out.pcapng.zst -w f.pcapng.gz 0.0.0.0/0
	gzip -dc f.pcapng.gz | cmp - <(vcap-filter -r plain.pcapng -w - 0.0.0.0/0)
	vcap-join -P -r out.pcapng.zst -w j.pcapng.zst 0.0.0.0/0
	zstd -dcq j.pcapng.zst | cmp - <(vcap-join -P -r plain.pcapng 0.0.0.0/0)
	run -2 vcap-merge --live -w out.gz a.pcap
	[[ $output == "vcap-merge: a compressed output and '--live' exclude each other: compression delays packets"* ]]
	run -1 vcap-filter -r absent -w none.gz 10.0.0.1
	run -1 vcap-merge -w none.gz a.pcap <(echo 'not a capture')
	[ ! -e none.gz ]
	[ -z "$(find . -name '.*' -type f)" ]
}

# Break: lib/merge/filename.c s/return codec_name_end(path) > 0;/return false;/
# Break: lib/merge/inputs.c s/!strvec_has(&names, inputs->list\[i\].fallback)/true/
@test "merge says once how the engines of compressed files are called, unless something names them" {
	gzip -c a.pcap >lb2.pcap.gz
	mkdir d
	cp lb2.pcap.gz d
	run -0 vcap-merge -w out a.pcap.gz lb2.pcap.gz d/lb2.pcap.gz
	[ "$output" = "vcap-merge: engines are called as their files are: 'a', 'lb2' (name=input calls one otherwise)" ]
	[ "$(vcap-stat out | awk 'NR > 1 { print $1 }')" = $'a\nlb2' ]
	run -0 vcap-merge -w out lb1=a.pcap.gz lb2=lb2.pcap.gz
	[ -z "$output" ]
	# vcap-merge's own output has its engines' names.
	for n in 1 2; do
		vcap-merge -w merged$n.pcapng.gz "e$n=a.pcap"
	done
	run -0 vcap-merge -w out merged1.pcapng.gz merged2.pcapng.gz
	[ -z "$output" ]
}
