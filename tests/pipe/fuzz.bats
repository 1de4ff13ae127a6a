#!/usr/bin/env bats
# The fuzz targets (tests/fuzz) over their seeds, and damaged copies of each, without a fuzzer.

setup() {
	fuzz="$BATS_TEST_DIRNAME/../fuzz"
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$build/tests/tools:$PATH"
}

@test "every fuzz target holds over its seeds, and over damaged copies of them" {
	copies=10
	[ -z "$VCAP_SLOW" ] || copies=2000
	"$fuzz/seeds" "$BATS_TEST_TMPDIR/seeds"
	cd "$BATS_TEST_TMPDIR/seeds"
	for source in "$fuzz"/fuzz_*.c; do
		target=$(basename "$source" .c)
		files=()
		for file in "${target#fuzz_}"/*; do
			[ ! -e "$file" ] || files+=("$file")
		done
		echo "$target: ${#files[@]} seeds"
		"$build/tests/fuzz/$target" -m $copies "${files[@]}"
	done
}

# Of a file whose packets are captures themselves nothing of those is brought up.
# Break: lib/capfile/reader_common.c s/if (gaps_add(&file->gaps, gap, &file->why) < 0)/if (1)/
@test "ten thousand cuts and edits: the packets that were there and are whole, and no others" {
	copies=2500
	[ -z "$VCAP_SLOW" ] || copies=50000
	cd "$BATS_TEST_TMPDIR"
	mkcap -n 40 -t 1700000000 >1.pcap
	mkcap -n 40 -t 1700000000 -b -u >2.pcap
	mkcap -f pcapng -n 40 -t 1700000000 -x -i 3 -d 3 -c 1 -S second >3.pcapng
	mkcap -f pcapng -n 40 -t 1700000000 -x -i 2 -d 3 -o -b -R 12 >4.pcapng
	mkcap -n 8 -t 1700000000 >inner.pcap
	mkcap -f pcapng -n 8 -t 1700000000 >inner.pcapng
	"$BATS_TEST_DIRNAME/../nest" pcap inner.pcap inner.pcapng >5.pcap
	"$BATS_TEST_DIRNAME/../nest" pcapng inner.pcap inner.pcapng >6.pcapng
	damage -n $copies [1-6].pcap*
}
