#!/usr/bin/env bats
# bats file_tags=net
# Every example of every manual page, as a reader would type it: it ends well, and it prints or writes
# what it promises.

bats_require_minimum_version 1.5.0

# Break: man/vcap-ls.1 s/-o +MESSAGE/-o +NOTHING/
@test "the examples of the manual pages" {
	cd "$BATS_TEST_DIRNAME/../.." || return
	VCAP_BIN=$PWD/${VCAP_BUILD:-build}/bin LAB_TRANSPORT=exec
	export VCAP_BIN LAB_TRANSPORT
	# shellcheck disable=SC2016 # the lab's own
	tests/lab/lab sh -c '
		for part in names network service control evidence; do . "$LAB_TOOLS/$part.sh"; done
		lab_evidence
		exec ip netns exec lb1 bash "$LAB_TOOLS/../slow/examples.bash" "$@"' examples "$PWD"/man/*.[157] >"$BATS_TEST_TMPDIR/out" 2>&1
	cat "$BATS_TEST_TMPDIR/out"
	run ! grep -q '^not ok' "$BATS_TEST_TMPDIR/out"
	# A block of each page that has examples, of which there are many.
	[ "$(grep -c '^ok' "$BATS_TEST_TMPDIR/out")" -eq "$(for page in man/*.[157]; do tests/tools/examples "$page"; done | grep -c '^== ')" ]
}
