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

# Whether the call that was to fail did; it did not if there are fewer.
struck() {
	local mark
	read -r mark <struck || true
	[ "$mark" = x ]
}

# Runs it with each call failing in turn, the first forty of each kind; every fifth of these without
# VCAP_SLOW. It writes the file out.
never_half() { # COMMAND...
	"$@"
	mv out whole
	echo before >previous
	for call in write fsync rename open mmap malloc; do
		failed=0 step=1
		[ -n "${VCAP_SLOW-}" ] || step=5
		for ((at = 1; at <= 40; at += step)); do
			cp previous out
			status=0
			LD_PRELOAD=$build/tests/preload/fail.so FAIL_CALL=$call FAIL_AT=$at FAIL_STRUCK=struck \
				"$@" 2>err || status=$?
			[ "$status" -le 3 ] || { echo "$call $at: exit status $status"; false; }
			if [ "$status" -ne 0 ]; then
				[ -s err ]
				failed=$((failed + 1))
			fi
			cmp -s out whole || { [ "$status" -ne 0 ] && cmp out previous; } ||
				{ echo "$call $at: half a file"; false; }
			left=(.*.tmp *.tmp)
			[ "${left[*]}" = '.*.tmp *.tmp' ] || { echo "$call $at: ${left[*]}"; false; }
			struck || break
		done
		echo "$call: $failed of $at"
		[ "$failed" -gt 0 ] || [ $call = mmap ]
	done
}

# bats test_tags=slow
@test "F6: vcap-merge" {
	never_half vcap-merge -w out 1.pcap 2.pcap 3.pcap
}

# bats test_tags=slow
@test "F6: vcap-filter -r" {
	never_half vcap-filter -P -r 1.pcap -w out 0.0.0.0/0
}

# Break: lib/base/outfile.c s/remove_stale(out->dirfd, base_name(out->path));/;/
# bats test_tags=slow
@test "F22: kill -9 of vcap-merge at any moment: nothing half, and the next one clears away what is left" {
	# More than a buffer of the output, of what is older than the newest packet by a second.
	for input in 1 2; do mkcap -n 12000 -s $input -z 400 >$input.pcap; done
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
	# Anywhere in its input, which does not end before it is killed; every fourth time it has ended.
	kills=12
	[ -z "${VCAP_SLOW-}" ] || kills=100
	size=$(stat -c %s 3.pcap)
	vcap-merge -w finished 1.pcap 2.pcap c=3.pcap
	for round in $(seq "${VCAP_KILLS:-$kills}"); do
		echo before >out
		vcap-merge -w out 1.pcap 2.pcap c=pipe 3>&- &
		merge=$!
		exec 9>pipe
		if [ $((round % 4)) -ne 0 ]; then
			head -c $(((RANDOM * 32768 + RANDOM) % size)) 3.pcap >&9
			kill -9 "$merge"
		else
			cat 3.pcap >&9
			exec 9>&-
			kill -9 "$merge" || true
		fi
		wait "$merge" || true
		exec 9>&-
		grep -qx before out || { [ $((round % 4)) -eq 0 ] && cmp out finished; }
		left=(.*.tmp)
		[ "${#left[@]}" -le 1 ]
	done
	vcap-merge -w out 1.pcap 2.pcap 3.pcap
	cmp out whole
	[ -z "$(find . -name '.*.tmp')" ]
}
