#!/usr/bin/env bats
# vcap-merge where other mergers go wrong (mergecap 4.0.17, tcpslice 1.5): damage, disorder, link
# types, metadata, times at the edges.

bats_require_minimum_version 1.5.0

setup() {
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$build/bin:$build/tests/tools:$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
}

# Time, interface, payload.
packets() {
	"$BATS_TEST_DIRNAME/../frames" -f time,name,payload "$1"
}

# A line for each packet: time, bytes; as libpcap reads it.
hex() {
	tcpdump -nn -tt --nano -xx -r "$1" 2>/dev/null |
		awk '/^[0-9]/ { if (line) print line; line = $0; next } { line = line $0 } END { if (line) print line }'
}

# The same after 2106, of which tcpdump prints no time.
epochs() {
	packets "$1" | sed 's/\..*//' | tr '\n' ' '
}

# Whole seconds, of each packet, as libpcap reads them.
times() {
	tcpdump -nn -tt -r "$1" 2>/dev/null | sed 's/\..*//' | tr '\n' ' '
}

count() {
	capinfos -Mc "$1" 2>/dev/null | awk '/Number of packets/ { print $NF }'
}

# HEX...: bytes.
bytes() {
	perl -e 'print pack "H*", join "", map { s/\s//gr } @ARGV' -- "$@"
}

@test "an input that is cut after its first packet: none of the other's is lost" {
	mkcap -T 1,3,5,7,9 >a.pcap
	mkcap -T 2,4,6 -s 2 >b.pcap
	# The file's header, and the first packet with its own; then half of the next header.
	head -c $((24 + 16 + $(od -An -tu4 -j 32 -N 4 b.pcap) + 8)) b.pcap >cut.pcap
	[ "$(count cut.pcap)" -eq 1 ]
	run -3 vcap-merge -w out.pcapng a.pcap cut.pcap
	[[ $output == "vcap-merge: 'cut.pcap' ends in the middle of the packet"*" at byte "* ]]
	[ "$(times out.pcapng)" = '1 2 3 5 7 9 ' ]
}

@test "one input that is not sorted" {
	mkcap -T 2,8,4,6,10 >a.pcap
	mkcap -T 1,3,5,7,9 -s 2 >b.pcap
	for format in pcap pcapng; do
		vcap-merge -F $format -w out a.pcap b.pcap
		[ "$(times out)" = '1 2 3 4 5 6 7 8 9 10 ' ]
	done
}

@test "link types are mixed where that is asked for, and tshark reads it" {
	mkcap -n 10 -s 1 >a.pcap
	mkcap -f pcapng -n 10 -s 2 -l 101 >b.pcapng
	run -1 vcap-merge -w out.pcapng a.pcap b.pcapng
	run -0 vcap-merge --mixed -w out.pcapng a.pcap b.pcapng
	[ "$(capinfos -I out.pcapng | grep -c 'Encapsulation = Ethernet')" -eq 1 ]
	[ "$(capinfos -I out.pcapng | grep -c 'Encapsulation = Raw IP')" -eq 1 ]
	[ "$(tshark -r out.pcapng -T fields -e frame.interface_name 2>/dev/null | sort | uniq -c |
		awk '{ print $1, $2 }')" = $'10 a/-\n10 b/eth0' ]
	# libpcap does not, as the manual says.
	run -1 tcpdump -nn -r out.pcapng
	run -2 vcap-merge --mixed -F pcap -w out.pcap a.pcap b.pcapng
	[ "$output" = "vcap-merge: '--mixed' is for pcapng: a pcap file has one link type" ]
}

@test "microseconds and nanoseconds together, and every other unit" {
	mkcap -n 20 -s 1 -g 900000000 >nano.pcap
	mkcap -n 20 -s 2 -g 900000000 -u >micro.pcap
	vcap-merge -F pcap -w out.pcap nano.pcap micro.pcap
	diff <({ hex nano.pcap; hex micro.pcap; } | sort) <(hex out.pcap | sort)
	# The same packets, of which nothing tells in what unit their times were: 10^-12, 2^-30, 2^-34,
	# with an offset, of either byte order.
	mkcap -f pcapng -n 20 -s 3 -g 900000000 >plain.pcapng
	vcap-merge -w wanted.pcapng x=plain.pcapng
	for options in '-R 12' '-R 0x9e' '-R 0xa2 -b' '-O 900' '-O -5000000 -b -R 10'; do
		# shellcheck disable=SC2086 # words
		mkcap -f pcapng -n 20 -s 3 -g 900000000 $options >in.pcapng
		vcap-merge -w out.pcapng x=in.pcapng
		cmp out.pcapng wanted.pcapng
		# Not tshark: it reads 10^-12 wrong.
		diff <(tcpdump -nn -tt --nano -r in.pcapng 2>/dev/null) \
			<(tcpdump -nn -tt --nano -r out.pcapng 2>/dev/null)
	done
}

@test "empty inputs, inputs with a header only, and with one packet" {
	mkcap -n 10 -s 1 >a.pcap
	mkcap -n 1 -s 2 >one.pcap
	mkcap -n 0 >header.pcap
	mkcap -f pcapng -n 0 >header.pcapng
	: >empty.pcap
	vcap-merge -w out.pcapng a.pcap one.pcap header.pcap header.pcapng
	[ "$(count out.pcapng)" -eq 11 ]
	for format in pcap pcapng; do
		run -3 vcap-merge -F $format -w out empty.pcap one.pcap a.pcap
		[ "$output" = "vcap-merge: 'empty.pcap' is empty" ]
		[ "$(count out)" -eq 11 ]
	done
	# Alone as well.
	run -3 vcap-merge -w out.pcapng empty.pcap
	[ "$(count out.pcapng)" -eq 0 ]
}

@test "identical packets of two files are kept, and in their order" {
	mkcap -n 3 -m -g 1000 >a.pcap
	vcap-merge -F pcap -w out.pcap x=a.pcap y=a.pcap
	[ "$(count out.pcap)" -eq 6 ]
	capinfos -o out.pcap | grep -q 'Strict time order: *True'
}

@test "300 inputs with 100 descriptors" {
	mkcap -N 300 -n 3
	run -0 sh -c 'ulimit -n 100 && vcap-merge -w out.pcapng [0-9]*.pcap'
	[ "$(count out.pcapng)" -eq 900 ]
	for i in 1 100 300; do hex "$i.pcap"; done | sort >some
	hex out.pcapng | sort | comm -13 - some | cmp - /dev/null
}

@test "two hosts whose interfaces are both eth0 are two interfaces" {
	mkcap -f pcapng -n 5 -s 1 >lb1.pcapng
	mkcap -f pcapng -n 5 -s 2 >lb2.pcapng
	vcap-merge -w out.pcapng lb1.pcapng lb2.pcapng
	[ "$(packets out.pcapng | cut -d ' ' -f 2 | sort | uniq -c | awk '{ print $1, $2 }')" = \
		$'5 lb1/eth0\n5 lb2/eth0' ]
}

# Break: lib/merge/merged_header.c s/header->remarks, NULL,/\&(struct strvec){0}, NULL,/
@test "--comment: said once in the file, beside what the inputs say, however they are merged again" {
	mkcap -f pcapng -n 4 -s 1 -C 'first comment' >a.pcapng
	vcap-merge --comment 'b: one' --comment 'a: two' --comment 'b: one' a.pcapng >out.pcapng
	capinfos -k out.pcapng >info
	[ "$(grep -c 'b: one' info)" -eq 1 ]
	grep -q 'a: two' info
	grep -q 'a: first comment' info
	vcap-merge --comment three out.pcapng | cat >again.pcapng
	[ "$(grep -aoE 'b: one|a: two|a: first comment|three' again.pcapng | sort | uniq -c | tr -s ' ')" = \
		"$(printf ' 1 %s\n' 'a: first comment' 'a: two' 'b: one' three)" ]
	cat a.pcapng | vcap-merge --live --comment 'b: one' a=- >live.pcapng
	[ "$(grep -aoc 'b: one' live.pcapng)" -eq 1 ]
	vcap-merge -F pcap --comment x a.pcapng >out.pcap
	cmp out.pcap <(vcap-merge -F pcap a.pcapng)
	run -2 vcap-merge a.pcapng --comment
}

# bats test_tags=slow
@test "sections' comments, names, secrets, custom blocks and options, as tshark sees them" {
	mkcap -f pcapng -n 4 -s 1 -x -C 'first comment' -a dumpcap -d 5 >a.pcapng
	mkcap -f pcapng -n 4 -s 2 -x -C 'other comment' -b -o -n 12 >b.pcapng
	vcap-merge -w out.pcapng a.pcapng b.pcapng
	capinfos -k out.pcapng >info
	for comment in 'a: first comment' 'b: other comment' 'a: application dumpcap'; do
		grep -q "comment: *$comment" info
	done
	[ "$(capinfos -I out.pcapng | grep -c 'Comment = interface comment')" -eq 2 ]
	[ "$(capinfos -I out.pcapng | grep -c 'Operating system = Linux')" -eq 2 ]
	tshark -r out.pcapng -N n -T fields -e ip.src_host 2>/dev/null | grep -qx client.example
	capinfos out.pcapng | grep -q 'Number of decryption secrets in file: 2'
	# What must not be copied into another file is not; mkcap says "left" in it.
	[ "$(strings out.pcapng | grep -c left)" -eq 0 ]
	for kept in block interface packet; do strings out.pcapng | grep -q "$kept kept"; done
	[ "$(tshark -r out.pcapng -Y 'frame.comment == "packet comment"' 2>/dev/null | wc -l)" -eq \
		"$({ tshark -r a.pcapng -Y frame.comment; tshark -r b.pcapng -Y frame.comment; } 2>/dev/null | wc -l)" ]
	# The drops that an obsolete packet block counts: mkcap says 3.
	[ "$(tshark -r b.pcapng -T fields -e frame.drop_count 2>/dev/null | grep -c 3)" -gt 0 ]
	diff <(tshark -r b.pcapng -Y frame.interface_name -T fields -e frame.drop_count 2>/dev/null) <(
		tshark -r out.pcapng -Y 'frame.interface_name contains "b/"' -T fields \
			-e frame.drop_count 2>/dev/null)
}

@test "an offset before 1970: the packets stand at its start, are counted and told" {
	mkcap -n 3 -t 1 -g 0 -s 1 >a.pcap
	mkcap -n 3 -t 5 -g 0 -s 2 >b.pcap
	for format in pcap pcapng; do
		run -3 vcap-merge -F $format -o a=-2 -w out a.pcap b.pcap
		[ "$output" = "vcap-merge: 'a.pcap': an offset moves 3 packets out of 1970 to 2262: their times are clamped" ]
		[ "$(times out)" = '0 0 0 5 5 5 ' ]
	done
}

@test "after 2106 pcap refuses, pcapng does not" {
	mkcap -n 3 -t 4294967294 -g 0 >a.pcap
	run -0 vcap-merge -w out.pcapng -o a=2 a.pcap
	[ "$(epochs out.pcapng)" = '4294967296 4294967296 4294967296 ' ]
	run -0 vcap-merge -F pcap -w out.pcap a.pcap
	run -1 vcap-merge -F pcap -w no.pcap -o a=2 a.pcap
	[ "$output" = "vcap-merge: a packet with a time after 2106 does not fit into a pcap file" ]
	[ ! -e no.pcap ]
	# Times beyond 2038 are no damage.
	mkcap -n 3 -t 3000000000 -g 0 -u -b >b.pcap
	run -0 vcap-merge -w out.pcapng b.pcap
	[ "$(epochs out.pcapng)" = '3000000000 3000000000 3000000000 ' ]
}

# Each damage after one whole packet: the packet is kept, so are those of the other input, and one
# line says where the damage is.
# Break: lib/capfile/pcapng_shb.c s/if (event == SOURCE_CUT \&\& file->mark_count > 0)/if (0)/
# bats test_tags=slow
@test "every kind of damage: one line with its place, and what is before it is kept" {
	# shellcheck disable=SC2034 # used by its name, as ng is
	pcap=d4c3b2a10200040000000000000000000000040001000000
	record=01000000000000000400000004000000aabbccdd
	section=0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000
	interface=0100000014000000010000000000040014000000
	packet=0600000024000000000000000000000040420f000400000004000000aabbccdd24000000
	# shellcheck disable=SC2034
	ng=$section$interface$packet
	mkcap -n 7 -s 1 >good.pcap
	while read -r start rest bytes message; do
		bytes "${!start}" "$bytes" >bad.cap
		echo "$message"
		run -3 vcap-merge -w out.pcapng good.pcap bad.cap
		echo "$output"
		[ "$output" = "vcap-merge: 'bad.cap' $message" ]
		[ "$(count out.pcapng)" -eq $((7 + rest)) ]
		run -3 vcap-merge -F pcap -w out.pcap bad.cap good.pcap
		[ "$output" = "vcap-merge: 'bad.cap' $message" ]
	done <<-END
		pcap 0 01000000 ends in the middle of the packet header at byte 24
		pcap 1 $record${record:0:36} ends in the middle of the packet at byte 44
		pcap 2 ${record}01000000000000000500000004000000aabbccddee is damaged at byte 44: 5 bytes kept of a packet of 4: records mended: 1
		pcap 1 ${record}010000000000000001000001ffffffff is damaged at byte 44: a packet of 16777217 bytes: 16 bytes passed over
		pcap 1 ${record}01000000000000000fffffffffffffff is damaged at byte 44: a packet of 4294967055 bytes: 16 bytes passed over
		pcap 2 ${record}0100000040420f000400000004000000aabbccdd is damaged at byte 44: a time with 1000000 microseconds: records mended: 1
		pcap 1 ${record}$(printf '00%.0s' {1..100}) is damaged at byte 44: zeros, which are no packet: 100 bytes passed over
		ng 1 06000000 ends in the middle of the block at byte 84
		ng 1 ${packet:0:64} ends in the middle of the block at byte 84
		ng 1 0600000000000000000000000000000000000000 is damaged at byte 84: a block of 0 bytes: 20 bytes passed over
		ng 1 060000000d000000000000000000000000000000 is damaged at byte 84: a block of 13 bytes: 20 bytes passed over
		ng 1 06000000ffffffff000000000000000000000000 is damaged at byte 84: a block of 4294967295 bytes: 20 bytes passed over
		ng 1 0600000004000001000000000000000000000000 is damaged at byte 84: a block of 16777220 bytes: 20 bytes passed over
		ng 2 ${packet:0:64}28000000 is damaged at byte 84: a block of length 36 that ends with 40: records mended: 1
		ng 2 06000000ffffffff${packet:16}$packet is damaged at byte 84: a block of 4294967295 bytes: 36 bytes passed over
		ng 1 0600000024000000070000000000000040420f000400000004000000aabbccdd24000000 is damaged at byte 84: interface 7 of 1: 36 bytes passed over
		ng 1 0600000024000000000000000000000040420f000500000005000000aabbccdd24000000 is damaged at byte 84: a packet of 5 bytes in a block of 36: 36 bytes passed over
		ng 1 0600000024000000000000000000000040420f00ffffffffffffffffaabbccdd24000000 is damaged at byte 84: a packet of 4294967295 bytes in a block of 36: 36 bytes passed over
		ng 2 0600000024000000000000000000000040420f000500000004000000aabbccdd24000000 is damaged at byte 84: 5 bytes kept of a packet of 4: records mended: 1
		ng 2 0600000024000000000000000000000040420f000400000003000000aabbccdd24000000 is damaged at byte 84: 4 bytes kept of a packet of 3: records mended: 1
		ng 2 06000000240000000000000000ffffffffffffff0400000004000000aabbccdd24000000 is damaged at byte 84: a time outside of 1970 to 2262: records mended: 1
		ng 2 0600000028000000000000000000000040420f000400000004000000aabbccdd0100ffff28000000 is damaged at byte 84: an option of a packet beyond its block: records mended: 1
		ng 1 010000001800000001000000000004000900ffff18000000 is damaged at byte 84: an option of an interface beyond its block: records mended: 1
		ng 1 01000000100000000100000010000000 is damaged at byte 84: a bad interface description: 16 bytes passed over
		ng 1 050000001800000003000000000000000000000018000000 is damaged at byte 84: statistics of interface 3 of 1: 24 bytes passed over
		ng 1 0a0d0d0a1c000000000000000100000000000000000000001c000000 is damaged at byte 84: bad byte-order magic: 28 bytes passed over
		ng 1 0a0d0d0a1c0000004d3c2bff01000000ffffffffffffffff1c000000$packet is damaged at byte 84: bad byte-order magic: with 1 more places, 64 bytes passed over
		ng 2 0a0d0d0a1c0000004d3c2bff01000000ffffffffffffffff1c000000$interface$packet is damaged at byte 84: bad byte-order magic: 28 bytes passed over
		ng 1 0a0d0d0a1c0000004d3c2b1a02000000ffffffffffffffff1c000000 is damaged at byte 84: pcapng version 2.0 is not known: 28 bytes passed over
		ng 1 0a0d0d0a100000004d3c2b1a0100000010000000 is damaged at byte 84: a section header of 16 bytes: 20 bytes passed over
		section 0 030000001400000004000000aabbccdd14000000 is damaged at byte 28: a packet before any interface: 20 bytes passed over
	END
}

# merged FILE PACKETS STATUS MESSAGE: what vcap-merge makes of both.pcap, as a file and through a pipe: the packets of
# FILE, that many, and one line.
merged() {
	local status
	for input in both.pcap -; do
		status=0
		# shellcheck disable=SC2094
		vcap-merge -w out.pcapng "$input" < <(cat both.pcap) 2>err || status=$?
		cat err
		[ $status -eq "$3" ]
		[ "$(sed 's/standard input/both.pcap/' err)" = "${4:+vcap-merge: 'both.pcap' $4}" ]
		hex out.pcapng >got
		hex "$1" | cmp - got
		[ "$(wc -l <got)" -eq "$2" ]
	done
}

# Break: lib/capfile/pcap_resync.c s/return find_file(file, from, find_records(file, from, size));/return find_records(file, from, size);/
# Break: lib/capfile/pcap_resync.c s/place = find_file(file, 1, place);/;/
# Break: lib/capfile/pcapng_resync.c s/\*swapped = order.swapped;/;/
# Break: lib/capfile/pcap_read.c s/inbuf_left(in) < HEADER \&\& begins_header/0 \&\& begins_header/
@test "files that cat has put together, of which one was cut off, or with something between: each packet that is whole" {
	mkcap -n 10 -t 1700000000 -u >a.pcap
	size=$(stat -c %s a.pcap)
	last=$(head -c -31 a.pcap | wc -c)
	mkcap -n 9 -t 1700000000 -u >nine.pcap
	begins=$(stat -c %s nine.pcap)
	# Of another byte order, resolution, day; and of another day only.
	for how in '-b -t 1700000010' '-t 1700000010' '-b -u -t 1710000000' '-u -t 1710000000'; do
		# shellcheck disable=SC2086
		mkcap -s 2 $how >b.pcap
		vcap-merge -w whole.pcapng a.pcap b.pcap
		vcap-merge -w cut.pcapng nine.pcap b.pcap
		head -c "$last" a.pcap | cat - b.pcap >both.pcap
		merged cut.pcapng 19 3 "is damaged at byte $begins: no packet follows one of $((size - begins - 16)) bytes: $((last - begins)) bytes passed over"
		{ cat a.pcap; head -c 600 /dev/zero; cat b.pcap; } >both.pcap
		merged whole.pcapng 20 3 "is damaged at byte $size: zeros, which are no packet: 600 bytes passed over"
	done
	{ cat a.pcap; echo 'tcpdump: listening on eth0, link-type EN10MB'; cat b.pcap; } >both.pcap
	merged whole.pcapng 20 3 "is damaged at byte $size: a packet of 1936288800 bytes: 45 bytes passed over"
	vcap-merge -w first.pcapng a.pcap
	head -c 20 b.pcap | cat a.pcap - >both.pcap
	merged first.pcapng 10 3 "ends in the middle of the header at byte $size"
	# Sections of pcapng, likewise.
	mkcap -f pcapng -n 10 -t 1700000000 >a.pcapng
	mkcap -f pcapng -s 2 -b -t 1700000010 >b.pcapng
	begins=$(mkcap -f pcapng -n 9 -t 1700000000 | wc -c)
	{ head -c -20 a.pcapng; cat b.pcapng; } >both.pcap
	mkcap -f pcapng -n 9 -t 1700000000 >nine.pcapng
	vcap-merge -w cut.pcapng nine.pcapng b.pcapng
	vcap-merge -w out.pcapng both.pcap 2>err || [ $? -eq 3 ]
	grep -q "is damaged at byte $begins: .* $(($(stat -c %s a.pcapng) - 20 - begins)) bytes passed over$" err
	hex out.pcapng | cmp - <(hex cut.pcapng)
	[ "$(count out.pcapng)" -eq 19 ]
}

# Break: lib/capfile/reader_common.c s/if (kind)/if (0)/
@test "a file of another format behind one is named" {
	mkcap -n 3 >a.pcap
	mkcap -n 3 -f pcapng >a.pcapng
	gzip -k a.pcap
	while read -r first second kind; do
		cat "$first" "$second" >both.pcap
		vcap-merge -w first.pcapng "$first"
		merged first.pcapng 3 3 "is damaged at byte $(stat -c %s "$first"): a $kind file begins there, to be read by itself: $(stat -c %s "$second") bytes passed over"
	done <<-END
		a.pcap   a.pcapng  pcapng
		a.pcapng a.pcap    pcap
		a.pcap   a.pcap.gz gzip
	END
}

# Break: lib/capfile/pcap_resync.c s/(differing & (differing - 1)) == 0/0/
# Break: lib/capfile/pcap_resync.c s/record->caplen > DATAGRAM_MOST ||/0 ||/
# Break: lib/capfile/pcap_resync.c s/record->len > 0 \&\& is_near/is_near/
@test "a length that is wrong in both its fields, by one bit or more than packets have, costs that packet alone" {
	# Packets of which all is kept, as is usual.
	mkcap -n 2000 -t 1700000000 -u | perl -e '
		local $/; my $bytes = <STDIN>;
		for (my $at = 24; $at < length $bytes; $at += 16 + unpack "V", substr $bytes, $at + 8, 4) {
			substr($bytes, $at + 12, 4) = substr $bytes, $at + 8, 4;
		}
		print $bytes;' >in.pcap
	begins=$(mkcap -n 1000 -t 1700000000 -u | wc -c)
	for length in 0 "$((1 << 12))" "$((1 << 15))" "$((1 << 16))" "$((1 << 17))" "$((3 << 15))" "$((1 << 24))"; do
		perl -e '
			my ($file, $at, $bits) = @ARGV;
			open my $in, "<", $file or die;
			local $/; my $bytes = <$in>;
			my ($size, $whole) = unpack "VV", substr $bytes, $at + 8, 8;
			substr($bytes, $at + 8, 8) = $bits ? pack "VV", $size ^ $bits, $whole ^ $bits : pack "VV", 0, 0;
			print $bytes;' in.pcap "$begins" "$length" >damaged.pcap
		for input in damaged.pcap -; do
			run -3 vcap-merge -w out.pcapng "$input" < <(cat damaged.pcap)
			echo "$length, $input: $output"
			[ "$(count out.pcapng)" -eq 1999 ]
		done
	done
}

# bats test_tags=slow
@test "what a further section says is kept, in a section behind the packets" {
	mkcap -f pcapng -n 8 -s 1 -x -C 'a first' -S 'a second' -a dumpcap -d 1 >a.pcapng
	mkcap -f pcapng -n 8 -s 2 -C 'b first' -S 'b second' -b >b.pcapng
	mkcap -f pcapng -n 8 -s 3 -C 'c first' -a dumpcap -D 900000000 >c.pcapng
	vcap-merge -w out.pcapng a.pcapng b.pcapng c.pcapng
	[ "$(count out.pcapng)" -eq 24 ]
	capinfos -k out.pcapng | sed -n 's/^Capture comment: *//p' >said
	for comment in 'a: a first' 'a: a second' 'b: b first' 'b: b second' 'c: c first'; do
		[ "$(grep -cx "$comment" said)" -eq 1 ]
	done
	[ "$(grep -c 'application dumpcap' said)" -eq 2 ]
	[ "$(strings out.pcapng | grep -c 'section kept')" -eq 1 ]
	[ "$(strings out.pcapng | grep -c 'left')" -eq 0 ]
	[ "$(tcpdump -nn -r out.pcapng 2>/dev/null | wc -l)" -eq 24 ]
	# In any order, and in steps.
	vcap-merge -w other.pcapng c.pcapng b.pcapng a.pcapng
	cmp out.pcapng other.pcapng
	vcap-merge -w cb.pcapng c.pcapng b.pcapng
	vcap-merge -w steps.pcapng a.pcapng cb.pcapng
	cmp out.pcapng steps.pcapng
	vcap-merge -w again.pcapng out.pcapng
	cmp out.pcapng again.pcapng
	# Two files one behind the other say nothing twice.
	cat c.pcapng c.pcapng >cc.pcapng
	vcap-merge -w once.pcapng cc.pcapng
	[ "$(capinfos -k once.pcapng | grep -c 'c first')" -eq 1 ]
}

# shellcheck disable=SC2016 # dollars for perl
# Break: lib/capfile/pcapng_shb.c s/if (order >= 0)/if (0)/
# Break: lib/capfile/pcapng_shb.c s/return type > PCAPNG_DSB/return 0 \&\& type > PCAPNG_DSB/
# Break: lib/capfile/pcapng_read.c s/pcapng_shb_enter(file, inbuf_offset(in));//
# bats test_tags=slow
@test "packets behind a damaged section header are of the interfaces behind it, or of none" {
	make() { # FILE WHAT-BECOMES-OF-THE-HEADER [BETWEEN]: two sections, in big endian with BIG
		perl -e '
			our ($w, $d) = $ENV{BIG} ? qw(n N) : qw(v V);
			sub block { my ($type, $body) = @_; my $n = pack $d, 12 + length $body; pack($d, $type) . $n . $body . $n }
			sub shb { block(0x0a0d0d0a, pack("$d$w$w$d$d", 0x1a2b3c4d, 1, 0, 0xffffffff, 0xffffffff) . pack("$w$w", 4, 8) . "a tester") }
			sub idb { block(1, pack("$w$w$d", 1, 0, 262144) . pack("$w${w}A4", 2, 4, $_[0])) }
			sub epb { my ($i, $t) = @_; block(6, pack("$d$d$d$d$d", $i, 0, $t, 60, 60) . "x" x 60) }
			# Backwards: it is read twice.
			my $before = shb() . idb("eth0") . idb("eth1") . join "", map { epb($_ % 2, 20 - $_) } 1 .. 9;
			$_ = shb();
			eval $ARGV[0]; die $@ if $@;
			print $before, $_, eval($ARGV[1] // q(idb("wan0"))), map { epb(0, 40 - $_) } 1 .. 5' "$2" "${3-idb(\"wan0\")}" >"$1"
	}
	of() { # INTERFACE: how many packets
		vcap-stat -a out.pcapng | awk -v iface="$1" '$2 == iface { print $4 }'
	}
	for BIG in '' 1; do
		export BIG
		for damage in 'substr($_, 10, 1) ^= "\1"' 'substr($_, 6, 1) ^= "\4"' 'substr($_, -3, 1) ^= "\2"' \
			'substr($_, 0, 1) ^= "\1"' 'substr($_, 4, 4) = "\0" x 4; substr($_, -4) = "\0" x 4' \
			'substr($_, 0, 8) = "\0" x 8' 'substr($_, 8, 20) = "\0" x 20' 'substr($_, 12, 2) = "\7\7"'; do
			make bad.pcapng "$damage"
			echo "${BIG:-0}: $damage"
			run -3 vcap-merge -w out.pcapng bad.pcapng
			echo "$output"
			[ "$(of eth0) $(of eth1) $(of wan0)" = "4 5 5" ]
			# In one go.
			run -3 vcap-filter -r bad.pcapng -w filtered.pcapng -x 10.0.0.0/8
			[ "$(count filtered.pcapng)" -eq 14 ]
		done
		# So is the interface.
		make bad.pcapng 'substr($_, 10, 1) ^= "\1"' ''
		run -3 vcap-merge -w out.pcapng bad.pcapng
		[[ $output == *"is damaged at byte "*": bad byte-order magic: with 5 more places, "* ]]
		[ "$(of eth0) $(of eth1)" = "4 5" ]
		# An interface that comes later, behind a gap, is of the same section.
		make bad.pcapng '$_ = block(6, "\0" x 8)' 'idb("wan0") . epb(2, 20)'
		run -3 vcap-merge -w out.pcapng bad.pcapng
		[ "$(of eth0) $(of eth1) $(of wan0)" = "9 5 1" ]
	done
	# The first header of all.
	make bad.pcapng '$_ = ""' ''
	perl -0777 -pi -e 'substr($_, 6, 1) ^= "\1"' bad.pcapng
	run -3 vcap-merge -w out.pcapng bad.pcapng
	[ "$(count out.pcapng)" -eq 14 ]
}
