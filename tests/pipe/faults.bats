#!/usr/bin/env bats
# F6: the N-th write, fsync, rename, open or allocation fails. What then stands under the final name
# is whole, or what stood there before. F22: so it is when the writer is killed.

bats_require_minimum_version 1.5.0
load ../until

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

# Break: lib/base/fileio.c s/remove_stale(out->dirfd, base_name(out->path));/;/
@test "F22: kill -9 of vcap-merge at any moment: nothing half, and the next one clears away what is left" {
	vcap-merge -w whole 1.pcap 2.pcap 3.pcap
	echo before >out
	mkfifo pipe
	vcap-merge -w out 1.pcap b=pipe 3>&- &
	merge=$!
	exec 9>pipe
	cat 2.pcap >&9
	until_true test -s .out.$merge.tmp
	# What somebody else is writing is not in the way, and stays.
	vcap-merge -w out 1.pcap 2.pcap 3.pcap
	cmp out whole
	[ -e .out.$merge.tmp ]
	kill -9 "$merge"
	wait "$merge" || true
	exec 9>&-
	[ -e .out.$merge.tmp ]
	killed=0
	for _ in $(seq "${VCAP_KILLS:-40}"); do
		echo before >out
		timeout -s KILL 0.0$((RANDOM % 50 + 10)) vcap-merge -w out 1.pcap 2.pcap 3.pcap || killed=$((killed + 1))
		grep -qx before out || cmp out whole
		[ "$(find . -name '.*.tmp' | wc -l)" -le 1 ]
	done
	echo "$killed killed"
	[ "$killed" -gt 0 ]
	vcap-merge -w out 1.pcap 2.pcap 3.pcap
	cmp out whole
	[ -z "$(find . -name '.*.tmp')" ]
}
