#!/usr/bin/env bats
# Captures without payload: every header is there, and nothing behind it.

bats_require_minimum_version 1.5.0

setup() {
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$(cd "$build/bin" && pwd):$(cd "$build/tests/tools" && pwd):$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
}

# make: a pcap file of packets that all end in SECRET, and in `lengths` what has to be left of each.
make() {
	perl -e '
		my $secret = "SECRET" x 9;
		sub ether { pack("H24n", "020000000002020000000001", $_[0]) . $_[1] }
		sub v4 { my ($kind, $body, $fragment, $options) = @_; $options //= "";
			pack("CCnnnCCnNN", 0x45 + length($options) / 4, 0, 20 + length($options . $body), 1, $fragment // 0, 64, $kind, 0, 0x0a000001, 0x0a000002) . $options . $body }
		sub v6 { my ($kind, $body) = @_; pack("NnCCH32H32", 6 << 28, length $body, $kind, 64, "20010db8" . "0" x 23 . "1", "20010db8" . "0" x 23 . "2") . $body }
		sub tcp { my ($options, $body) = @_; pack("nnNNCCnnn", 1000, 80, 1, 1, (5 + length($options) / 4) << 4, 24, 99, 0, 0) . $options . $body }
		sub udp { pack("nnnn", 53, 53, 8 + length $_[0], 0) . $_[0] }
		my $option = pack("H*", "0101080a0000000100000002");
		my $quote = v4(6, tcp("", $secret));
		my @packets = (
			[54, ether(0x800, v4(6, tcp("", $secret)))],
			[66, ether(0x800, v4(6, tcp($option, $secret)))],
			[58, ether(0x800, v4(6, tcp("", $secret), 0, "\1" x 4))],
			[42, ether(0x800, v4(17, udp($secret)))],
			[46, ether(0x8100, pack("nn", 5, 0x800) . v4(17, udp($secret)))],
			[46, ether(0x800, v4(132, pack("nnNN", 1, 2, 3, 4) . $secret))],
			[42, ether(0x800, v4(1, pack("CCnnn", 8, 0, 0, 1, 1) . $secret))],
			[42 + 40, ether(0x800, v4(1, pack("CCnN", 3, 1, 0, 0) . $quote))],
			[42 + 28, ether(0x800, v4(1, pack("CCnN", 3, 3, 0, 0) . v4(17, udp($secret))))],
			[34, ether(0x800, v4(6, $secret, 100))],
			[34 + 4 + 40, ether(0x800, v4(47, pack("nn", 0, 0x800) . v4(6, tcp("", $secret))))],
			[34, ether(0x800, v4(50, $secret))],
			[74, ether(0x86dd, v6(6, tcp("", $secret)))],
			[82, ether(0x86dd, v6(0, pack("CCH12", 6, 0, "0" x 12) . tcp("", $secret)))],
			[62, ether(0x86dd, v6(44, pack("CCnN", 6, 0, 100 << 3, 1) . $secret))],
			[62 + 48, ether(0x86dd, v6(58, pack("CCnN", 1, 0, 0, 0) . v6(17, udp($secret))))],
			[62, ether(0x86dd, v6(58, pack("CCnnn", 128, 0, 0, 1, 1) . $secret))],
			[14, ether(0x88cc, $secret)],
			[14, ether(0x0060, $secret)],
			[18, ether(0x8100, pack("nn", 5, 0x88cc) . $secret)]);
		my $arp = ether(0x806, pack("nnCCnH12NH12N", 1, 0x800, 6, 4, 1, "020000000001", 1, "0" x 12, 2));
		my $discovery = ether(0x86dd, v6(58, pack("CCnNH32CCH12", 135, 0, 0, 0, "20010db8" . "0" x 23 . "2", 1, 1, "020000000001")));
		push @packets, [42, $arp . $secret], [length $discovery, $discovery];
		binmode STDOUT;
		print pack("VvvVVVV", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1);
		print pack("VVVV", 1700000000 + $n++, 0, length $$_[1], length $$_[1]), $$_[1] for @packets;
		print STDERR "$$_[0] ", length $$_[1], "\n" for @packets' >all.pcap 2>lengths
}

left() { # FILE: bytes kept and on the wire of each packet
	tshark -r "$1" -T fields -e frame.cap_len -e frame.len 2>/dev/null | tr '\t' ' '
}

# Break: lib/packet/headers.c s/if (is_quoted || !dissect_is_icmp_error/if (1 || !dissect_is_icmp_error/
# Break: lib/packet/headers.c s/if (walk->is_later_fragment)/if (0)/
# bats test_tags=slow
@test "--cut: up to the end of the headers, with true lengths, in both formats" {
	make
	vcap-filter --cut -r all.pcap -w cut.pcap
	diff lengths <(left cut.pcap)
	run -1 grep -a SECRET cut.pcap
	[ "$(tcpdump -r cut.pcap --count 2>/dev/null)" = "$(wc -l <lengths) packets" ]
	vcap-merge --cut -w cut.pcapng all.pcap
	diff lengths <(left cut.pcapng)
	# What is left is judged as it was.
	vcap-filter -r all.pcap -w - 10.0.0.1 | vcap-merge --cut - | left - >want
	vcap-filter -r cut.pcap -w - 10.0.0.1 | left - | diff want -
	vcap-filter --cut -r all.pcap -w - 10.0.0.1 | left - | diff want -
	# Of snaplen'd packets no more than there was; of what cannot be told nothing.
	editcap -s 50 all.pcap short.pcap
	vcap-filter --cut -r short.pcap -w out.pcap
	left out.pcap | diff <(awk '{ print ($1 < 50 ? $1 : 50), $2 }' lengths) -
	mkcap -l 189 -n 3 | vcap-merge --cut - | left - | diff <(mkcap -l 189 -n 3 | left - | sed 's/^[0-9]* /0 /') -
	run -2 vcap-filter --cut 10.0.0.1
}
