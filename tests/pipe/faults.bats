#!/usr/bin/env bats
# F6: the N-th write, fsync, rename, open or allocation fails. What then stands under the final name
# is whole, or what stood there before.

bats_require_minimum_version 1.5.0

setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$build/bin:$build/tests/tools:$PATH
	[ -e "$build/tests/preload/fail.so" ] || skip "make tests"
	[ "$build" = "${build%asan*}" ] || skip "the sanitizer has an allocator of its own"
	cd "$BATS_TEST_TMPDIR" || return
	for input in 1 2 3; do mkcap -n 3000 -s $input -z 400 >$input.pcap; done
}

# Runs it with each call failing in turn; it writes the file out.
never_half() { # COMMAND...
	"$@"
	mv out whole
	for call in write fsync rename open mmap malloc; do
		failed=0
		for at in $(seq 40); do
			echo before >out
			status=0
			LD_PRELOAD=$build/tests/preload/fail.so FAIL_CALL=$call FAIL_AT=$at \
				"$@" 2>err || status=$?
			[ "$status" -le 3 ] || { echo "$call $at: exit status $status"; false; }
			[ "$status" -eq 0 ] || [ -s err ]
			[ "$status" -eq 0 ] || failed=$((failed + 1))
			cmp -s out whole || { [ "$status" -ne 0 ] && grep -qx before out; } ||
				{ echo "$call $at: half a file"; false; }
			[ -z "$(find . -name "*.tmp")" ]
		done
		echo "$call: $failed"
		[ "$failed" -gt 0 ] || [ $call = mmap ]
	done
}

@test "F6: vcap-merge" {
	never_half vcap-merge -w out 1.pcap 2.pcap 3.pcap
}

@test "F6: vcap-filter -r" {
	never_half vcap-filter -P -r 1.pcap -w out 0.0.0.0/0
}
