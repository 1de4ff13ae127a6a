#!/usr/bin/env bats
# The fuzz targets (tests/fuzz) over their seeds, and damaged copies of each, without a fuzzer.

setup() {
	fuzz="$BATS_TEST_DIRNAME/../fuzz"
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$build/tests/tools:$PATH"
}

@test "every fuzz target holds over its seeds, and over damaged copies of them" {
	copies=25
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

# To see it fail: let pcap_next() pass over a packet that is not there as a whole.
@test "ten thousand cuts and flips: exactly the packets that were there and are whole" {
	copies=2500
	[ -z "$VCAP_SLOW" ] || copies=50000
	cd "$BATS_TEST_TMPDIR"
	mkcap -n 40 >1.pcap
	mkcap -n 40 -b -u >2.pcap
	mkcap -f pcapng -n 40 -x -i 3 -d 3 -c 1 -S second >3.pcapng
	mkcap -f pcapng -n 40 -x -i 2 -d 3 -o -b -R 12 >4.pcapng
	damage -n $copies 1.pcap 2.pcap 3.pcapng 4.pcapng
}
