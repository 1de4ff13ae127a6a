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
