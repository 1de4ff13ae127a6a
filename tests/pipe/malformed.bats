#!/usr/bin/env bats
# What an input has that readers refuse: one bad option makes Wireshark give up a whole file. So what
# is merged must be readable by others, whatever an input holds.

# shellcheck disable=SC2016 # dollars for perl
bats_require_minimum_version 1.5.0

setup() {
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$(cd "$build/bin" && pwd):$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
}

# make FILE SCRIPT: what the script prints, which has block(), option() and more, in either byte order.
make() {
	perl -e '
		our ($w, $d, $q) = $ENV{BIG} ? qw(n N Q>) : qw(v V Q<);
		sub pad { $_[0] . "\0" x (-length($_[0]) % 4) }
		sub block { my ($type, $body) = @_; $body = pad($body); my $n = pack $d, 12 + length $body; pack($d, $type) . $n . $body . $n }
		sub option { my ($code, $value) = @_; pack("$w$w", $code, length $value) . pad($value) }
		sub shb { block(0x0a0d0d0a, pack("$d$w$w$d$d", 0x1a2b3c4d, 1, 0, 0xffffffff, 0xffffffff) . ($_[0] // "")) }
		sub idb { block(1, pack("$w$w$d", 1, 0, 262144) . ($_[0] // "")) }
		sub epb { my ($i, $t, $o, $n) = @_; $n //= 60; block(6, pack("$d$d$d$d$d", $i, 0, $t, $n, $n) . pad("x" x $n) . ($o // "")) }
		sub isb { block(5, pack("$d$d$d", 0, 0, 1) . $_[0]) }
		# Every code with every length, with bytes of each kind, and custom ones of three enterprises.
		sub options {
			my @list;
			for my $code (1 .. 20, 100, 2988, 2989, 0x8001) {
				for my $n (0 .. 17) { push @list, map { option($code, $_ x $n) } "\0", "\1", "\xff" }
			}
			for my $code (2988, 2989) {
				for my $pen (32473, 10949) { push @list, map { option($code, pack($d, $pen) . "\1\0\0\0" x $_) } 0 .. 9 }
			}
			@list
		}
		eval $ARGV[0]; die $@ if $@' "$2" >"$1"
}

# readable FILE COUNT: by Wireshark and by libpcap.
readable() {
	[ "$(capinfos -Mrc "$1" 2>errors | awk '/packets/ { print $NF }')" = "$2" ] || { cat errors; false; }
	[ "$(tcpdump -r "$1" --count 2>errors)" = "$2 packets" ] || { cat errors; false; }
}

# Break: lib/capfile/pcapng_option.c s/return option->size == length;/return true;/
# bats test_tags=slow
@test "every option of every length in every block: the merged file is read by others, with every packet" {
	make good.pcapng 'print shb(), idb(), map { epb(0, $_) } 1 .. 10'
	for BIG in '' 1; do
		export BIG
		make bad.pcapng '
			my $t = 0;
			print shb(join "", options()), idb(), map({ epb(0, ++$t, $_) } options()), map({ isb($_) } options());
			print map { idb($_ . option(1, ++$t)) } options();
			print map { (block(4, pack("$w$w", 0, 0) . $_), block(10, pack("$d$d", 0x544c534b, 4) . "keys$_")) } options();'
		n=$((10 + 24 * 18 * 3 + 2 * 2 * 10))
		run -3 vcap-merge -w merged.pcapng good.pcapng bad.pcapng
		echo "$output"
		[[ $output == "vcap-merge: 'bad.pcapng' is malformed: options left out: "*", blocks: 0" ]]
		readable merged.pcapng $n
		# So do the others that copy what they read.
		run -3 vcap-filter -r bad.pcapng -w filtered.pcapng 0.0.0.0/0 
		readable filtered.pcapng 0
	done
}

# Break: lib/capfile/pcapng_note.c s/!is_sound_record(type, at, size)/false/
# Break: lib/capfile/pcapng_note.c s/(type != PCAPNG_NRB \&\& type/(false \&\& type/
# bats test_tags=slow
@test "blocks that readers take apart: malformed ones are left out, and those that vcap does not know" {
	make good.pcapng 'print shb(), idb(), map { epb(0, $_) } 1 .. 10'
	for BIG in '' 1; do
		export BIG
		make bad.pcapng '
			print shb(), idb(), epb(0, 1);
			for my $type (0 .. 5) {
				for my $n (0 .. 20) { print map { block(4, pack("$w$w", $type, $n) . pad($_ x $n)) } "\0", "x" }
			}
			print block(4, pack("$w$w", 1, 7) . "\1\2\3\4ab\0\0"), block(4, "");
			for my $n (0 .. 20) { print block(10, substr pack("$d$d", 0x544c534b, 8) . "x" x 20, 0, $n) }
			for my $pen (32473, 10949) { print map { block(0xbad, pack($d, $pen) . "\1\0\0\0" x $_) } 0 .. 9 }
			print block(0xbad, "");
			for my $type (0, 7 .. 9, 11 .. 15, 0x101, 0x201 .. 0x224, 0x7777, 0x80000001) { print block($type, "\0" x 4), block($type, "") }
			print epb(0, 2)'
		run -3 vcap-merge -w merged.pcapng good.pcapng bad.pcapng
		[[ $output == "vcap-merge: 'bad.pcapng' is malformed: options left out: "*", blocks: "[1-9]* ]]
		readable merged.pcapng 12
	done
}

# Break: lib/capfile/pcapng_epb.c s/packet->caplen > PACKET_SNAPLEN) {/false) {/
# bats test_tags=slow
@test "packets, and lists of options, of more bytes than readers accept are cut, and counted" {
	make good.pcapng 'print shb(), idb(), map { epb(0, $_) } 1 .. 10'
	make long.pcapng 'print shb(), idb(), epb(0, 1, "", 262144), epb(0, 2, "", 262145), epb(0, 3, "", 1 << 20)'
	run -3 vcap-merge -w merged.pcapng good.pcapng long.pcapng
	[ "$output" = "vcap-merge: 'long.pcapng': 2 packets are longer than readers accept, and cut" ]
	readable merged.pcapng 13
	# Not in the order of time: such a file is read twice.
	make long.pcapng 'print shb(), idb(), epb(0, 9, "", 262145), epb(0, 3, option(2, "x"))'
	run -3 vcap-merge -w merged.pcapng good.pcapng long.pcapng
	[ "$output" = "vcap-merge: 'long.pcapng' is malformed: options left out: 1, blocks: 0" ]
	readable merged.pcapng 12
	# An obsolete packet block grows when it is written.
	make long.pcapng '
		my $o = option(1, "c" x 65532) x 255;
		print shb(), idb($o), epb(0, 1, $o), block(2, pack("$w$w$d$d$d$d", 0, 3, 0, 1, 4, 4) . "xxxx" . option(1, "c" x 65532) x 255)'
	run -3 vcap-merge -w merged.pcapng good.pcapng long.pcapng
	readable merged.pcapng 12
}

# Break: lib/merge/core_statistics.c s/input->counters == COUNTERS_MAX/false/
# All kinds with VCAP_SLOW.
# bats test_tags=slow
@test "hundreds of thousands of statistics, comments, interfaces and sections cost little" {
	make good.pcapng 'print shb(), idb(), map { epb(0, $_) } 1 .. 10'
	# As many cores as no host has: what is beyond is left out, and said.
	make cores.pcapng 'print shb(), idb(), epb(0, 1), map { isb(option(1, "core $_")) } 1 .. 140000'
	files=cores
	if [ -n "${VCAP_SLOW-}" ]; then
		make words.pcapng 'print shb(), idb(), epb(0, 1), map { isb(option(1, "core $_") . option(1, "a word $_")) } 1 .. 300000'
		make starts.pcapng 'print shb(), idb(), epb(0, 1), map { isb(option(2, pack("$d$d", 0, $_))) } 1 .. 300000'
		make many.pcapng 'print shb(option(1, "word") x 300000), map { idb(option(2, "i$_")), epb($_, $_ + 1, "", 4) } 0 .. 65000'
		printf xx >>many.pcapng
		make sections.pcapng 'print map { shb(option(1, "s$_")) } 1 .. 300000; print idb(), epb(0, 1)'
		files='cores words starts many sections'
	fi
	for file in $files; do
		run timeout 60 vcap-merge -w "$file.merged" good.pcapng x="$file.pcapng"
		[ "$status" -eq 0 ] || [ "$status" -eq 3 ]
		timeout 60 vcap-stat "$file.merged" >"$file.stat"
		[ "$(capinfos -Mrc "$file.merged" 2>/dev/null | awk '/packets/ { print $NF }')" -ge 11 ]
	done
	grep -aq 'statistics of more than 131072 cores are left out' cores.merged
}
