#!/usr/bin/env bats
# What vcap-merge makes with several processors is what it makes with one, byte for byte, whatever the inputs and the
# output are.

bats_require_minimum_version 1.5.0

setup() {
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$build/bin:$build/tests/tools:$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
	one=$(taskset -pc $$ | sed 's/.*[:,-] *//')
	[ "$(nproc)" -gt 1 ] || skip "there is one processor only"
}

# Runs the command on one processor and on all; each writes a file of the name that takes the place of OUT. Whether
# files, messages and status are the same.
same() { # COMMAND...
	status=0
	rm -f made
	taskset -c "$one" "${@//OUT/made}" 2>said.one || status=$?
	mv made made.one
	for _ in 1 2 3; do
		status_all=0
		rm -f made
		"${@//OUT/made}" 2>said.all || status_all=$?
		cmp made.one made
		[ "$status" -eq "$status_all" ]
		diff said.one said.all
	done
}

# As same, of all that vcap-merge writes: to a file in both formats, and to a pipe, whose inputs are read twice.
all_the_same() { # INPUT...
	same vcap-merge -w OUT "$@"
	same vcap-merge -F pcap -w OUT "$@"
	same sh -c 'vcap-merge "$@" | cat >OUT' sh "$@"
}

# Break: lib/base/threadpool.c s/\t\tdo_pieces(pool, task, context, pieces);/do_pieces(pool, task, context, 1);/
@test "of two inputs in order: small packets and large ones, few and many interfaces" {
	for lengths in 64-128 64,594,1518,16000; do
		mkcap -L $lengths -n 10000 -s 1 -g 100000 >a.pcap
		mkcap -L $lengths -n 10000 -s 2 -g 100000 -f pcapng -i 3 -d 5 >b.pcapng
		same vcap-merge -w OUT a.pcap b.pcapng
	done
	same vcap-merge -F pcap -w OUT a.pcap b.pcapng
}

# Break: lib/merge/slices.c s/if (writer_add_part(whole->writer, slices->lanes\[i\].writer, why) < 0)/if (0)/
@test "of files that are long enough for slices of time" {
	mkcap -L 64-128 -n 100000 -s 1 -g 10000 >a.pcap
	mkcap -L 64-128 -n 80000 -s 2 -g 10000 -f pcapng -i 2 -d 5 >b.pcapng
	mkcap -L 64-128 -n 80000 -s 3 -g 10000 -b -u >c.pcap
	all_the_same a.pcap b.pcapng c.pcap
	same vcap-merge -o a=0.5 -w OUT a.pcap b.pcapng c.pcap
	same vcap-merge --until 1970-01-01T00:16:40.5Z -w OUT a.pcap b.pcapng c.pcap
}

# Break: lib/base/threadpool.c s/\t\tdo_pieces(pool, task, context, pieces);/do_pieces(pool, task, context, 1);/
# bats test_tags=slow
@test "of 1 to 255 inputs, many packets of one time among them" {
	mkcap -n 2000 -N 128 -g 1000000
	mkcap -f pcapng -n 2000 -N 127 -i 2 -g 1000000
	for count in 1 2 3 8 17 64 127; do
		mapfile -t inputs < <(seq -f %g.pcap $count; seq -f %g.pcapng $count)
		all_the_same "${inputs[@]}"
	done
	mkcap -n 5000 -N 8 -g 0
	all_the_same {1..8}.pcap
	mkcap -n 5000 -N 8 -g 5 -m
	all_the_same {1..8}.pcap 1.pcap=2.pcap
}

# Break: lib/base/threadpool.c s/\t\tdo_pieces(pool, task, context, pieces);/do_pieces(pool, task, context, 1);/
# bats test_tags=slow
@test "of inputs out of order" {
	for by in 1000 1000000 100000000000; do
		mkcap -n 20000 -s 1 -g 100000 -D $by >a.pcap
		mkcap -n 20000 -s 2 -g 100000 >b.pcap
		mkcap -n 20000 -s 3 -g 100000 -D $by -f pcapng -i 2 -x -S second >c.pcapng
		all_the_same a.pcap b.pcap
		all_the_same b.pcap c.pcapng a.pcap
	done
}

# Break: lib/base/threadpool.c s/\t\tdo_pieces(pool, task, context, pieces);/do_pieces(pool, task, context, 1);/
# bats test_tags=slow
@test "of damaged inputs" {
	mkcap -n 4000 -s 1 -g 100000 >a.pcap
	mkcap -n 2500 -s 2 -g 100000 -f pcapng -i 2 -x -S second >b.pcapng
	mkcap -n 20000 -s 3 -g 20000 >whole.pcap
	mkdir copies
	damage -s 1 -n 8 -w copies a.pcap b.pcapng >/dev/null
	copies=(copies/*)
	[ ${#copies[@]} -ge 16 ]
	for copy in "${copies[@]}"; do
		# shellcheck disable=SC2016 # of that shell
		same sh -c 'vcap-merge -w OUT "$@" || { s=$?; [ -e OUT ] || : >OUT; exit $s; }' sh "$copy" whole.pcap
	done
}

# Break: lib/base/threadpool.c s/\t\tdo_pieces(pool, task, context, pieces);/do_pieces(pool, task, context, 1);/
# bats test_tags=slow
@test "of compressed inputs and pipes, to compressed outputs" {
	mkcap -n 20000 -s 1 -g 100000 >a.pcap
	mkcap -n 20000 -s 2 -g 100000 -f pcapng -i 2 >b.pcapng
	gzip -k a.pcap
	zstd -q b.pcapng
	all_the_same a.pcap.gz b.pcapng
	all_the_same x=a.pcap.gz y=b.pcapng.zst z=a.pcap
	same sh -c 'cat a.pcap | vcap-merge -w OUT - b.pcapng'
	same vcap-merge -z -w OUT a.pcap b.pcapng
}

# Break: lib/merge/merge_cmd.c s/if (from != merge_source(cmd->merge))/if (0)/
@test "of what is chosen, cut and labelled packet by packet" {
	mkcap -n 20000 -s 1 -g 100000 >a.pcap
	mkcap -n 20000 -s 2 -g 100000 -f pcapng -i 2 >b.pcapng
	same vcap-merge --only a -w OUT a.pcap b.pcapng
	same vcap-merge --cut -w OUT a.pcap b.pcapng
	same vcap-merge --until 1970-01-01T00:16:41Z -w OUT a.pcap b.pcapng
	same vcap-merge --only a -F pcap -w OUT a.pcap b.pcapng
	vcap-merge -F pcap -w alone a.pcap
	cmp made alone
}

# Break: lib/capfile/writer.c s/^\treturn write_out(writer, why);/write_out(writer, why); return 0;/
@test "a write that fails is told, also the last one" {
	mkcap -n 12000 -s 1 -L 64-128 >a.pcap
	run -1 vcap-merge -F pcap -w /dev/full a.pcap x=a.pcap
	[ "$output" = "vcap-merge: cannot write the capture: No space left on device" ]
	# All of it fits into the buffer, and is written at the end only.
	run -1 vcap-merge --until 1970-01-01T00:16:41Z -F pcap -w /dev/full a.pcap
	[ "$output" = "vcap-merge: cannot write the capture: No space left on device" ]
}

# Break: cmd/cli.c s/signal(SIGPIPE, end_as_done);/;/
@test "a reader that goes away ends it" {
	mkcap -n 50000 -s 1 -L 1500 >a.pcap
	# shellcheck disable=SC2016 # of that shell
	run -0 timeout 60 bash -c 'vcap-merge a.pcap x=a.pcap | head -c 100 >begin; exit "${PIPESTATUS[0]}"'
	[ "$output" = "" ]
	[ "$(wc -c <begin)" -eq 100 ]
}
