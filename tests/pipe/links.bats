#!/usr/bin/env bats
# Link types: the same packets behind every header that vcap knows are judged alike.

bats_require_minimum_version 1.5.0

setup() {
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$(cd "$build/bin" && pwd):$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
	cat >service <<-'END'
		vip 192.0.2.1 tcp/80
		vip 2001:db8::1 tcp/80
		server 10.0.0.1 tcp/8080
		server 2001:db8:1::1 tcp/8080
		source client
	END
}

# make NUMBER HEADER4 HEADER6 [ORDER]: a pcap file of that link type, whose headers are hexadecimal: two
# packets of the client side, two of the server side, two of others, one of them UDP, half of them IPv6.
make() {
	perl -e '
		my ($number, @head) = @ARGV;
		sub tcp { my ($from, $to, $kind) = @_; pack("nnNNCCnnn", $from, $to, 1, 0, 0x50, 2, 99, 0, 0) }
		sub v4 { my ($from, $to, $body, $kind) = @_; pack("CCnnnCCnC4C4", 0x45, 0, 20 + length $body, 1, 0, 64, $kind // 6, 0, @$from, @$to) . $body }
		sub v6 { my ($from, $to, $body) = @_; pack("NnCCH32H32", 6 << 28, length $body, 6, 64, $from, $to) . $body }
		my @client = (10, 9, 9, 9);
		my $client6 = "20010db8000900000000000000000009";
		my @packets = (
			[0, v4(\@client, [192, 0, 2, 1], tcp(1000, 80))],
			[1, v6($client6, "20010db8000000000000000000000001", tcp(1000, 80))],
			[0, v4(\@client, [10, 0, 0, 1], tcp(1000, 8080))],
			[1, v6($client6, "20010db8000100000000000000000001", tcp(1000, 8080))],
			[0, v4([172, 16, 0, 1], [172, 16, 0, 2], pack("nnnn", 53, 53, 8, 0), 17)],
			[1, v6("20010db8ffff00000000000000000001", "20010db8ffff00000000000000000002", tcp(7, 7))]);
		binmode STDOUT;
		print pack("VvvVVVV", 0xa1b2c3d4, 2, 4, 0, 0, 262144, $number);
		for my $packet (@packets) {
			my ($six, $body) = @$packet;
			my $head = pack "H*", $head[$six] =~ s/LENGTH/unpack "H4", pack "v", 4 + length $body/er;
			$body = $head . $body;
			print pack("VVVV", 1700000000 + $second++, 0, length $body, length $body), $body;
		}' "$@"
}

# links: a name and the arguments of make for each link type, and each shape of its header.
links() {
	cat <<-'END'
		ethernet 1 0200000000010200000000020800 02000000000102000000000286dd
		tagged 1 02000000000102000000000281000001 x
		raw 101 - -
		raw12 12 - -
		raw14 14 - -
		null 0 02000000 1e000000
		null-big 0 00000002 0000001c
		null-linux 0 02000000 0a000000
		null-openbsd 0 02000000 18000000
		loop 108 00000002 00000018
		ppp 9 ff030021 ff030057
		ppp-plain 9 0021 0057
		ppp-framed-short 9 ff0321 ff0357
		ppp-short 9 21 57
		sll 113 00000001000602000000000100000800 000000010006020000000001000086dd
		sll2 276 0800000000000001000100060200000000010000 86dd000000000001000100060200000000010000
		nflog 239 02000005080001000800000009000a006c6f673a00000000LENGTH0900 0a00000508000100080000000a000a006c6f673a3a000000LENGTH0900
	END
}

# Break: lib/packet/linktype.c s/linktype == RAW_OF_LIBPCAP || //
# Break: lib/packet/linktype.c s/(uint16_t)RAW_OF_LIBPCAP : linktype/linktype : linktype/
# Break: lib/packet/dissect.c s/case LINKTYPE_BY_PARTS: return find_by_parts(packet, at, family);/case LINKTYPE_BY_PARTS: break;/
# bats test_tags=slow
@test "sides, filter, expressions and join are the same behind each link layer" {
	counts() { # COLUMN...
		vcap-stat out 2>/dev/null | awk -v columns="$*" 'BEGIN { n = split(columns, c, " ") }
			NR > 1 { for (i = 1; i <= n; i++) printf "%s ", $c[i] }'
	}
	judge() {
		vcap-filter -S ./service -r in -w out 2>/dev/null
		counts 4
		vcap-filter -r in -w out 10.9.9.9 2001:db8:9::9
		counts 4
		vcap-filter -r in -w out -e 'ip6 and tcp dst port 80 or udp'
		counts 4
		vcap-join -P -r in -w out 10.9.9.9 2>/dev/null
		counts 4
		vcap-merge -S ./service -w out lb1=in
		counts 3 4
		# Others read it, too.
		tcpdump -r out --count 2>/dev/null
	}
	while read -r name number four six; do
		[ "$name" != tagged ] || four=${four}0800 six=02000000000102000000000281000001${six#x}86dd
		make "$number" "${four#-}" "${six#-}" >in
		got="$(judge)"
		echo "$name: $got"
		[ "$got" = '4 4 2 2 client 2 other 2 server 2 6 packets' ]
	done < <(links)
}

@test "a program for each link type, but NFLOG, which needs a loop" {
	for type in EN10MB RAW LINUX_SLL LINUX_SLL2 IPV4 IPV6 NULL LOOP PPP; do
		vcap-filter -y $type -e 'tcp port 80' 10.0.0.1 >program
		[ "$(head -n 1 program)" -gt 10 ]
	done
	run -2 vcap-filter -y NFLOG 10.0.0.1
	[[ $output == "vcap-filter: the header of NFLOG has parts that only a loop finds, which no program has: filter what was captured, with '-r'"* ]]
}

# Break: lib/merge/sides.c s/map->is_untold = true;//
@test "where no side can be told there is none, and that is said" {
	make 189 '' '' >usb.pcap
	make 101 '' '' >raw.pcap
	run --separate-stderr vcap-merge --mixed -S ./service -w out usb=usb.pcap raw=raw.pcap
	[ "$status" -eq 0 ]
	# shellcheck disable=SC2154 # bats sets it
	[ "$stderr" = "vcap-merge: 'usb/-' is of link type 189: no side of its packets can be told" ]
	[ "$(vcap-stat out | awk 'NR > 1 { print $1, $3, $4 }')" = $'raw client 2\nraw other 2\nraw server 2\nusb - 6' ]
}

# Break: lib/capfile/copy.c s/if (writer_takes(copy->out, interface->linktype))/if (1)/
# bats test_tags=slow
@test "several link types in one input: refused with the interfaces' names, and taken with --mixed" {
	make 0 02000000 1e000000 >a.pcap
	make 9 0021 0057 >b.pcap
	run -1 vcap-merge -w out a.pcap b.pcap
	[ "$output" = "vcap-merge: 'a.pcap' and 'b.pcap' are of different link types ('a/-' NULL, 'b/-' PPP): '--mixed' takes both" ]
	vcap-merge --mixed -w mixed a.pcap b.pcap
	run -1 vcap-merge -w out mixed
	[ "$output" = "vcap-merge: 'mixed' is of several link types ('a/-' NULL, 'b/-' PPP): '--mixed' takes both" ]
	for command in 'filter 10.9.9.9' 'join -P 10.9.9.9'; do
		# shellcheck disable=SC2086 # words
		set -- $command
		run -1 vcap-"$1" -r mixed -w out "${@:2}"
		[[ $output == "vcap-$1: interfaces 'a/-' (NULL) and 'b/-' (PPP) differ in link type: '--mixed' takes both" ]]
		[ ! -e out ]
		vcap-"$1" --mixed -r mixed -w kept "${@:2}" 2>/dev/null
		[ "$(vcap-stat kept | awk 'NR > 1 { print $1, $4 }')" = $'a 2\nb 2' ]
		[ "$(tshark -r kept 2>/dev/null | wc -l)" -eq 4 ]
	done
	vcap-merge --mixed -S ./service -w sided mixed
	[ "$(vcap-stat sided | awk 'NR > 1 { print $1, $3, $4 }' | sort | uniq -c | wc -l)" -eq 6 ]
	run -2 vcap-filter --mixed 10.9.9.9
	# cat of two pcap files.
	cat a.pcap b.pcap >both
	run -1 vcap-merge -w out2 both
	run -1 vcap-filter --mixed -r both -w out2 10.9.9.9
	[[ $output == *"which pcap cannot have"* ]]
}
