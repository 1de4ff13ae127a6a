#!/usr/bin/env bats
# vcap-merge against what its inputs hold, and against mergecap, tshark, capinfos and tcpdump.

bats_require_minimum_version 1.5.0
load ../until

setup() {
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$build/bin:$build/tests/tools:$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
}

# A line for each packet: time, length, kept bytes.
packets() {
	tcpdump -nn -tt --nano -xx -r "$1" 2>/dev/null |
		awk '/^[0-9]/ { if (line) print line; line = $0; next } { line = line $0 } END { if (line) print line }'
}

# The same with the origin: time, interface, length, payload.
origins() {
	fields time,name,length,payload "$1"
}

fields() { # FIELD,... FILE
	"$BATS_TEST_DIRNAME/../frames" -f "$@"
}

count() {
	capinfos -Mc "$1" 2>/dev/null | awk '/Number of packets/ { print $NF }'
}

# Two to four inputs of every kind, with many equal times.
some_inputs() {
	mkcap -n 60 -s 1 -g 5 >a.pcap
	mkcap -n 60 -s 2 -g 3 -b >b.pcap
	mkcap -f pcapng -n 60 -s 3 -g 4 -i 3 -d 7 -C hello -a dumpcap >c.pcapng
	mkcap -f pcapng -n 60 -s 4 -g 4 -i 2 -b -c 1 >d.pcapng
}

@test "every packet of every input is in the output, in the order of time" {
	mkcap -n 300 -s 1 >a.pcap
	mkcap -n 200 -s 2 -u -b >b.pcap
	mkcap -f pcapng -n 250 -s 3 -i 3 -b -u >c.pcapng
	mkcap -f pcapng -n 250 -s 4 -o >d.pcapng
	vcap-merge -w out.pcapng a.pcap b.pcap c.pcapng d.pcapng
	capinfos -o out.pcapng | grep -q 'Strict time order: *True'
	[ "$(count out.pcapng)" -eq 1000 ]
	# Simple packet blocks have no time: for the comparison they get that of their neighbours.
	vcap-merge -w d2.pcapng d=d.pcapng
	for f in a.pcap b.pcap c.pcapng d2.pcapng; do packets "$f"; done | sort >in.txt
	packets out.pcapng | sort | diff in.txt -
}

@test "it agrees with mergecap where mergecap is right" {
	mkcap -n 500 -s 1 >a.pcap
	mkcap -n 500 -s 2 >b.pcap
	# At equal times it takes the later argument first.
	mergecap -F nsecpcap -w theirs.pcap b.pcap a.pcap
	vcap-merge -F pcap -w ours.pcap a.pcap b.pcap
	diff <(packets theirs.pcap) <(packets ours.pcap)
	tcpdump -nn -r ours.pcap 2>&1 | grep -q 'link-type EN10MB'
}

@test "the order of the arguments does not matter" {
	some_inputs
	mkcap -n 40 -s 5 -g 2 -m >e.pcap
	mkcap -n 40 -s 6 -g 2 -m >f.pcap
	vcap-merge -w 1.pcapng a.pcap b.pcap c.pcapng d.pcapng x=e.pcap x=f.pcap
	vcap-merge -w 2.pcapng x=f.pcap d.pcapng c.pcapng x=e.pcap b.pcap a.pcap
	cmp 1.pcapng 2.pcapng
}

@test "merging in steps gives what merging at once gives" {
	some_inputs
	vcap-merge -w ab.pcapng a.pcap b.pcap
	vcap-merge -w abc.pcapng c.pcapng ab.pcapng
	vcap-merge -w steps.pcapng abc.pcapng d.pcapng
	vcap-merge -w once.pcapng a.pcap b.pcap c.pcapng d.pcapng
	diff <(origins once.pcapng) <(origins steps.pcapng)
	# Comments are not led by a name twice, and statistics are counted once.
	cmp once.pcapng steps.pcapng
	vcap-merge -w again.pcapng once.pcapng
	cmp once.pcapng again.pcapng
}

@test "equal times go by engine, then by core" {
	mkcap -f pcapng -n 3 -g 0 -s 1 -c 2 >a.pcapng
	mkcap -f pcapng -n 3 -g 0 -s 2 -c 1 >b.pcapng
	mkcap -f pcapng -n 3 -g 0 -s 3 -c 0 >c.pcapng
	vcap-merge -w out.pcapng lb2=c.pcapng lb1=a.pcapng lb1=b.pcapng
	# The payload starts with SEED.NUMBER in ASCII; 2e is the dot.
	[ "$(fields payload out.pcapng | cut -c1-6 |
		tr '\n' ' ')" = "322e30 322e31 322e32 312e30 312e31 312e32 332e30 332e31 332e32 " ]
}

@test "pcap to pcapng to pcap keeps every packet" {
	mkcap -n 200 >a.pcap
	vcap-merge -w a.pcapng a.pcap
	vcap-merge -F pcap -w again.pcap a.pcapng
	cmp a.pcap again.pcap
}

@test "a file that was split and is merged is the file" {
	mkcap -n 500 -s 9 >whole.pcap
	editcap -F nsecpcap -c 77 whole.pcap part.pcap
	args=()
	for f in part_*; do args=("x=$f" "${args[@]}"); done
	vcap-merge -F pcap -w again.pcap "${args[@]}"
	diff <(packets whole.pcap) <(packets again.pcap)
}

@test "interfaces say engine and interface; two hosts' eth0 stay apart" {
	mkcap -f pcapng -n 10 -s 1 -e lb1 -a 'vcap-run 0.1.0' -d 0 >core-0.pcapng
	mkcap -f pcapng -n 10 -s 2 -e 'Ethernet adapter' -a dumpcap >other.pcapng
	mkcap -n 10 -s 3 >third.pcap
	vcap-merge -w out.pcapng core-0.pcapng other.pcapng third.pcap named=third.pcap
	[ "$(capinfos -I out.pcapng | awk '/ Name = / { printf "%s ", $NF }')" = \
		"lb1/eth0 named/- other/eth0 third/- " ]
}

@test "a directory stands for the cores in it" {
	mkdir shop.20261122_101500.lb1
	for core in 0 1 10; do
		mkcap -f pcapng -n 10 -s $core -c $core -e lb1 -a 'vcap-run 0.1.0' -d "$core" \
			>shop.20261122_101500.lb1/core-$core.pcapng
	done
	touch shop.20261122_101500.lb1/status
	vcap-merge -w out.pcapng shop.20261122_101500.lb1
	[ "$(count out.pcapng)" -eq 30 ]
	vcap-stat out.pcapng | awk 'NR == 2 { exit !($1 == "lb1" && $4 == 30 && $6 == 11) }'
	mkdir empty
	run -1 vcap-merge -w no.pcapng empty
	[ "$output" = "vcap-merge: 'empty' holds no core-*.pcapng" ]
	[ ! -e no.pcapng ]
}

@test "FIFOs, standard input and standard output" {
	mkcap -n 100 -s 1 >a.pcap
	mkcap -n 100 -s 2 >b.pcap
	mkfifo pipe
	cat a.pcap >pipe 3>&- &
	vcap-merge a=pipe b=- <b.pcap | cat >out.pcapng
	wait
	vcap-merge -w file.pcapng a.pcap b.pcap
	cmp out.pcapng file.pcapng
	run -1 vcap-merge - - <a.pcap
	[ "$output" = "vcap-merge: standard input '-' can only be one input" ]
}

@test "several hundred inputs" {
	mkcap -N 400 -n 5
	vcap-merge -F pcap -w out.pcap [0-9]*.pcap
	[ "$(count out.pcap)" -eq 2000 ]
	capinfos -o out.pcap | grep -q 'Strict time order: *True'
}

# What to break: `continue` in help(), lib/base/threadpool.c; INPUTS_PER_PIECE in the count of the pieces in lib/merge/lookahead.c.
# bats test_tags=slow
@test "what several threads make of many inputs is what one makes" {
	mkcap -N 150 -n 400 -g 100000
	mkcap -N 150 -f pcapng -i 2 -d 3 -n 400 -s 1001 -g 100000
	for format in pcap pcapng; do
		taskset -c "$(taskset -pc $$ | sed 's/.*[:,-] *//')" \
			vcap-merge -F $format -w one [0-9]*.pcap*
		for _ in 1 2 3; do
			vcap-merge -F $format -w many [0-9]*.pcap*
			cmp one many
		done
		[ "$(count many)" -eq 120000 ]
		capinfos -o many | grep -q 'Strict time order: *True'
	done
}

@test "more inputs than descriptors" {
	mkcap -N 100 -n 50
	vcap-merge -w all.pcapng [0-9]*.pcap
	(ulimit -n 40 && vcap-merge -w few.pcapng [0-9]*.pcap)
	cmp all.pcapng few.pcapng
	mkcap -n 50 -D 100000000 -s 101 >101.pcap
	vcap-merge -w all.pcapng [0-9]*.pcap
	(ulimit -n 40 && vcap-merge -w few.pcapng [0-9]*.pcap)
	cmp all.pcapng few.pcapng
}

# What to break: reader_close_between_reads() in lib/merge/inputs.c; CHUNK_MIN there, for the memory.
# bats test_tags=slow
@test "4,000 inputs with 256 descriptors, in at most 150 MiB" {
	mkcap -N 40 -n 80 -g 1000000
	mkdir many
	for i in $(seq 100); do
		mkdir "many/$i"
		cp -l [0-9]*.pcap "many/$i"
	done
	run -0 --separate-stderr alternate -n 1 \
		"merge=ulimit -n 256; exec vcap-merge -F pcap -w out.pcap many/*/*.pcap"
	awk '$1 == "merge" { exit !($NF <= 150) }' <<<"$output"
	[ "$(count out.pcap)" -eq 320000 ]
	capinfos -o out.pcap | grep -q 'Strict time order: *True'
	# The same as by the dozen: each packet a hundred times.
	vcap-merge -F pcap -w forty.pcap [0-9]*.pcap
	perl -e 'my ($last, $same) = ("", 100);
		sub get { local $/ = \$_[0]; <STDIN> // "" }
		print get(24);
		while (my $head = get(16)) {
			my $packet = $head . get(unpack "x8 V", $head);
			if ($packet eq $last) { $same++; next }
			die "$same times\n" if $same != 100;
			print $packet;
			($last, $same) = ($packet, 1);
		}' <out.pcap | cmp - forty.pcap
}

@test "a damaged input: whole packets of all inputs, exit 3, the place" {
	mkcap -n 98 -s 1 >a.pcap
	mkcap -n 385 -s 2 >b.pcap
	truncate -s -3 a.pcap
	run -3 vcap-merge -w out.pcapng a.pcap b.pcap
	[[ $output =~ ^"vcap-merge: 'a.pcap' ends in the middle of the packet at byte "[0-9]+$ ]]
	[ "$(count out.pcapng)" -eq 482 ]
	run -3 vcap-merge -w out2.pcapng b.pcap a.pcap
	cmp out.pcapng out2.pcapng
}

@test "empty and header-only inputs: the others are whole" {
	mkcap -n 10 >a.pcap
	mkcap -n 0 >header.pcap
	mkcap -f pcapng -n 0 >header.pcapng
	: >empty.pcap
	vcap-merge -w out.pcapng a.pcap header.pcap header.pcapng
	[ "$(count out.pcapng)" -eq 10 ]
	run -3 vcap-merge -w out.pcapng a.pcap empty.pcap
	[ "$output" = "vcap-merge: 'empty.pcap' is empty" ]
	[ "$(count out.pcapng)" -eq 10 ]
	vcap-merge -w none.pcapng header.pcap header.pcapng
	[ "$(count none.pcapng)" -eq 0 ]
	vcap-merge -F pcap -w none.pcap header.pcapng
	[ "$(count none.pcap)" -eq 0 ]
}

# Break: lib/capfile/pcapng_shb.c s/section->is_edited = .*/;/
@test "what went through editcap or mergecap was not cut short; a file that was is, also when it is copied" {
	mkcap -f pcapng -n 50 -i 2 -d 3 -a 'vcap-run 0.1.0' >a.pcapng
	vcap-merge -w whole.pcapng a.pcapng
	editcap whole.pcapng edited.pcapng
	editcap -r whole.pcapng some.pcapng 1-9
	mergecap -w merged.pcapng whole.pcapng whole.pcapng
	vcap-filter -r edited.pcapng -w filtered.pcapng 0.0.0.0/0
	for file in edited some merged filtered; do
		vcap-stat $file.pcapng
		vcap-merge -w out.pcapng $file.pcapng
		vcap-stat out.pcapng
	done
	# Without the last block, the statistics.
	mkcap -f pcapng -n 50 -d 3 -a 'vcap-run 0.1.0' >a.pcapng
	vcap-merge -w whole.pcapng a.pcapng
	head -c -"$(tail -c 4 whole.pcapng | od -An -tu4 | tr -d ' ')" whole.pcapng >cut.pcapng
	run -3 vcap-filter -r cut.pcapng -w filtered.pcapng 0.0.0.0/0
	run -3 vcap-stat filtered.pcapng
	[[ $output == *"'filtered.pcapng' was cut short: it has no end mark"* ]]
}

@test "a capture of vcap's without its end mark was cut short" {
	mkcap -f pcapng -n 10 -e lb1 -a 'vcap-run 0.1.0' >a.pcapng
	run -3 vcap-merge -w out.pcapng a.pcapng
	[ "$output" = "vcap-merge: 'a.pcapng' was cut short: it has no end mark" ]
	[ "$(count out.pcapng)" -eq 10 ]
	vcap-merge -w again.pcapng out.pcapng
	# What is missing is in the file, and stays there.
	for file in out again; do
		strings $file.pcapng | grep -qF "partial: 'a.pcapng' was cut short: it has no end mark"
	done
	cmp out.pcapng again.pcapng
}

@test "an input that is out of order is sorted, however far" {
	mkcap -T 2,8,4,6,10 >a.pcap
	mkcap -T 1,3,5,7,9 -s 2 >b.pcap
	mkcap -f pcapng -n 5000 -i 3 -b -D 100000000 -s 3 >c.pcapng
	mkcap -n 3000 -D 5000000000 -s 4 >d.pcap
	cat c.pcapng c.pcapng >e.pcapng
	vcap-merge -w out.pcapng a.pcap b.pcap c.pcapng d.pcap e.pcapng
	[ "$(count out.pcapng)" -eq 18010 ]
	capinfos -o out.pcapng | grep -q 'Strict time order: *True'
	diff <(for f in a.pcap b.pcap c.pcapng d.pcap e.pcapng; do packets $f; done | sort) \
		<(packets out.pcapng | sort)
	# Into a pipe, where nothing can be taken back.
	vcap-merge e.pcapng d.pcap c.pcapng a.pcap b.pcap | cmp - out.pcapng
}

@test "a pipe that is out of order by less than a second is sorted" {
	mkcap -T 1,2.9,2.5,2.6,2.0,2.8,10 >a.pcap
	mkcap -f pcapng -n 3000 -D 900000000 -i 2 -o -s 2 >b.pcapng
	mkfifo pipe
	cat b.pcapng >pipe 3>&- &
	# shellcheck disable=SC2002 # a pipe is the point
	cat a.pcap | vcap-merge -w out.pcapng a=- b=pipe
	vcap-merge -w files.pcapng a=a.pcap b=b.pcapng
	cmp out.pcapng files.pcapng
}

@test "a pipe that is out of order: every packet, and how many are late" {
	mkcap -T 2,8,9.5,4,10 >a.pcap
	run -3 sh -c 'cat a.pcap | vcap-merge -w out.pcapng -'
	[ "$output" = "vcap-merge: '-' is not in order: 1 packets were placed late" ]
	[ "$(count out.pcapng)" -eq 5 ]
}

@test "counters stay what they are, and comments on them are all kept" {
	mkcap -f pcapng -n 3 -s 1 -x -d 5 >a.pcapng
	mkcap -f pcapng -n 3 -s 2 -x -d 5 -b >b.pcapng
	mkcap -f pcapng -n 3 -s 3 -d 1 >c.pcapng
	vcap-merge -w out.pcapng x=a.pcapng x=b.pcapng x=c.pcapng
	# Drops by the interface, drops by the system, deliveries: 5 + 5 + 1, 7 + 7, 11 + 11.
	od -An -v -tx1 out.pcapng | tr -d ' \n' >hex
	for option in 050008000b 070008000e 0800080016; do grep -q "${option}00000000000000" hex; done
	[ "$(strings out.pcapng | grep 'counted by')" = $'counted by 1\ncounted by 2' ]
	[ "$(vcap-stat out.pcapng | awk 'NR == 2 { print $6 }')" -eq 25 ]
	vcap-merge -w ab.pcapng x=b.pcapng x=a.pcapng
	vcap-merge -w steps.pcapng x=c.pcapng ab.pcapng
	cmp out.pcapng steps.pcapng
	# A comment for each input that is damaged.
	head -c -5 a.pcapng >cut.pcapng
	head -c -6 b.pcapng >cut2.pcapng
	run -3 vcap-merge -w out.pcapng x=cut.pcapng x=cut2.pcapng
	[ "${#lines[@]}" -eq 2 ]
	[ "$(strings out.pcapng | grep -c 'partial: ')" -eq 2 ]
}

@test "identical packets are kept" {
	mkcap -n 10 >a.pcap
	vcap-merge -F pcap -w out.pcap a.pcap b=a.pcap a=a.pcap
	[ "$(count out.pcap)" -eq 30 ]
}

@test "microseconds and nanoseconds: none are lost" {
	mkcap -n 10 -s 1 -u >a.pcap
	mkcap -n 10 -s 2 >b.pcap
	for format in pcap pcapng; do
		vcap-merge -F $format -w out a.pcap b.pcap
		diff <({ packets a.pcap; packets b.pcap; } | sort) <(packets out | sort)
	done
}

@test "different link types are refused, and both inputs are named" {
	mkcap -n 10 >a.pcap
	mkcap -n 10 -l 101 >b.pcap
	run -1 vcap-merge -w out.pcapng a.pcap b.pcap
	[ "$output" = "vcap-merge: 'a.pcap' and 'b.pcap' are of different link types ('a/-' EN10MB, 'b/-' RAW): '--mixed' takes both" ]
	[ ! -e out.pcapng ]
}

@test "an input that is no capture, or is not there: nothing is written" {
	mkcap -n 10 >a.pcap
	echo 'not a capture' >text
	run -1 vcap-merge -w out.pcapng a.pcap text
	[ "$output" = "vcap-merge: 'text' is not a capture file" ]
	run -1 vcap-merge -w out.pcapng a.pcap absent
	[ "$output" = "vcap-merge: cannot open 'absent': No such file or directory" ]
	[ "$(ls -A)" = $'a.pcap\ntext' ]
}

@test "a compressed input is named as what it is" {
	mkcap >a.pcap
	for packer in bzip2 xz lz4; do
		command -v $packer >/dev/null || continue
		$packer <a.pcap >b
		run -1 vcap-merge -w out.pcapng a.pcap b
		[ "$output" = "vcap-merge: 'b' is compressed by $packer: unpack it first" ]
		[ ! -e out.pcapng ]
	done
	gzip <a.pcap | zstd >b
	run -1 vcap-merge -w out.pcapng a.pcap b
	[ "$output" = "vcap-merge: 'b' is compressed by gzip: unpack it first" ]
}

@test "-z: the same output, compressed, to a pipe and to a file; a full disk is an error" {
	mkcap -n 500 >a.pcap
	mkcap -n 500 -D 100000000 >b.pcap
	vcap-merge -w plain.pcapng a.pcap b.pcap
	vcap-merge -z a.pcap b.pcap | zstd -dc | cmp - plain.pcapng
	vcap-merge --zstd -w packed a.pcap b.pcap
	zstd -dc packed | cmp - plain.pcapng
	zstd -t packed
	run -1 vcap-merge -z -w /dev/full a.pcap
	[ "$output" = "vcap-merge: cannot write: No space left on device" ]
	run -2 vcap-merge -z --live a.pcap
	run -1 vcap-merge -z -w out a.pcap nofile
	[ ! -e out ]
}

@test "an input is not overwritten, under whatever name" {
	mkcap -n 10 >a.pcap
	cp a.pcap before
	ln a.pcap hard
	ln -s a.pcap soft
	for out in a.pcap hard soft; do
		run -1 vcap-merge -w $out a.pcap
		[[ $output == *"is an input and would be overwritten" ]]
	done
	run -1 sh -c 'vcap-merge a.pcap >>hard'
	cmp a.pcap before
}

@test "the output is there whole or not at all" {
	mkcap -n 2000 >a.pcap
	echo old >out.pcapng
	run -1 sh -c 'ulimit -f 16; trap "" XFSZ; vcap-merge -w out.pcapng a.pcap'
	[[ $output == *"cannot write"* ]]
	[ "$(cat out.pcapng)" = old ]
	[ "$(ls -A)" = $'a.pcap\nout.pcapng' ]
	run -1 sh -c 'vcap-merge a.pcap >/dev/full'
}

@test "interrupted, it leaves nothing behind" {
	mkcap -n 10 >a.pcap
	mkfifo pipe
	vcap-merge -w out.pcapng a.pcap b=pipe 3>&- &
	merge=$!
	exec 9>pipe
	mkcap -n 10 -s 2 >&9
	for _ in $(seq 100); do
		[ -e .out.pcapng.$merge.tmp ] && break
		sleep 0.05
	done
	kill -TERM "$merge"
	rc=0
	wait "$merge" || rc=$?
	[ "$rc" -eq 143 ]
	exec 9>&-
	[ "$(ls -A)" = $'a.pcap\npipe' ]
}

# Break: lib/merge/engine_clocks.c s/clock->via && strcmp(clocks/0 \&\& strcmp(clocks/
@test "an offset moves the engines of a merged file by the name of the file, unless one has its own" {
	mkcap -f pcapng -n 3 -g 0 -t 1000 >a.pcapng
	mkcap -f pcapng -n 3 -g 0 -t 1000 >b.pcapng
	mkcap -f pcapng -n 3 -g 0 -t 1000 >c.pcapng
	vcap-merge -w region.pcapng a.pcapng b.pcapng
	vcap-merge --region west -o west=-1 -o b=-2 -w out.pcapng west=region.pcapng c.pcapng
	[ "$(fields time,name out.pcapng | uniq -c | sed 's/^ *//')" = \
		$'3 998.000000000 b/eth0\n3 999.000000000 a/eth0\n3 1000.000000000 c/eth0' ]
}

@test "an offset moves an engine's packets and statistics, to the nanosecond" {
	mkcap -f pcapng -n 3 -g 0 -t 1000 -d 5 >a.pcapng
	mkcap -n 3 -g 0 -t 999 >b.pcap
	vcap-merge -o a=-1.000000001 -w out.pcapng a.pcapng b.pcap
	[ "$(fields time,name out.pcapng | uniq)" = \
		$'998.999999999 a/eth0\n999.000000000 b/-' ]
	# isb_endtime, 998999999999 ns, as two words in little endian.
	od -An -v -tx1 out.pcapng | tr -d " \n" | grep -q 03000800e8000000ff450a99
	run -2 vcap-merge -o lb9=1 -w no.pcapng a.pcapng
	[ "$output" = "vcap-merge: no input has the engine 'lb9'" ]
	run -2 vcap-merge -o a=1.0000000001 -w no.pcapng a.pcapng
	run -2 vcap-merge -o a -w no.pcapng a.pcapng
	[ ! -e no.pcapng ]
}

@test "with a service every packet says its side" {
	cat >shop <<-END
		vip 10.0.0.2 udp/9
		server 10.0.0.2 udp/8
		monitor udp/7
	END
	for port in 9 8 7 6; do mkcap -f pcapng -n 5 -s $port -p $port -d 2 >$port.pcapng; done
	vcap-merge -S ./shop -w out.pcapng lb1=9.pcapng lb1=8.pcapng lb1=7.pcapng lb1=6.pcapng
	[ "$(fields port,name out.pcapng | sort -u)" = \
		"$(printf '%s lb1/eth0/%s\n' 6 other 7 monitor 8 server 9 client)" ]
	tcpdump -nn -r out.pcapng >/dev/null
	# Drops have no side: they are told once.
	[ "$(vcap-stat out.pcapng | awk '$6 ~ /^[0-9]/ { print $2, $6 }')" = "eth0 8" ]
	# Sides stay in a further merge.
	vcap-merge -w again.pcapng out.pcapng
	diff <(origins out.pcapng) <(origins again.pcapng)
	run -2 vcap-merge -S ./absent -w no.pcapng 9.pcapng
	[[ $output == *"'./absent'"* ]]
}

# Break: lib/merge/chosen.c s/is_chosen \&\& (.has_packets/is_chosen \&\& (true/
# Break: lib/merge/chosen.c s/strcmp(label.engine, chosen->engine) == 0/true/
@test "--only: the packets of an engine, a side or both, and the drops that go with them" {
	printf '%s\n' 'vip 10.0.0.2 udp/9' 'server 10.0.0.2 udp/8' >shop
	for port in 9 8; do mkcap -f pcapng -n 5 -s $port -p $port -d 2 >$port.pcapng; done
	vcap-merge -S ./shop -w all.pcapng lb1=9.pcapng lb1=8.pcapng lb2=9.pcapng lb2=8.pcapng
	while read -r part labels; do
		vcap-merge --only "$part" -w part.pcapng all.pcapng
		diff <(origins all.pcapng | awk -v labels="$labels" '$2 ~ labels') <(origins part.pcapng)
		[ "$(count part.pcapng)" -ge 5 ]
	done <<-END
		lb1 ^lb1/
		/client /client\$
		lb2/server ^lb2/.*/server\$
	END
	# Interfaces of others are left out, what an engine dropped is not.
	[ "$(capinfos -I part.pcapng | grep -c 'Name = ')" -eq 2 ]
	[ "$(vcap-stat part.pcapng | awk '$6 ~ /^[0-9]/ { print $1, $6 }')" = "lb2 4" ]
	[ "$(vcap-merge --only /server -F pcap -w - - <all.pcapng | tcpdump -nr - 2>/dev/null | wc -l)" -eq 10 ]
	for part in lb9 /monitor lb1/other; do
		run -1 vcap-merge --only "$part" -w no.pcapng all.pcapng
		[ "$output" = "vcap-merge: no input has packets of '$part'" ]
	done
	for part in '' lb1/ lb1/eth0 lb1/eth0/client; do
		run -2 vcap-merge --only "$part" -w no.pcapng all.pcapng
		[[ $output == *"not ENGINE, /SIDE or ENGINE/SIDE"* ]]
	done
	run -2 vcap-merge --only lb1 --live -w no.pcapng all.pcapng
	[ ! -e no.pcapng ]
}

@test "misuse" {
	mkcap -n 1 >a.pcap
	run -2 vcap-merge
	[ "$output" = "vcap-merge: no input given (try --help)" ]
	run -2 vcap-merge -F erf a.pcap
	[ "$output" = "vcap-merge: unknown format 'erf' (pcapng or pcap)" ]
	run -2 script -qec 'vcap-merge a.pcap' /dev/null
	[[ $output == *"standard output is a terminal"* ]]
}

# bats test_tags=slow
@test "what is cut or flipped anywhere never crashes it, and gives no packet that was not there" {
	mkcap -f pcapng -n 12 -s 1 -i 2 -d 3 >a.pcapng
	mkcap -n 12 -s 2 >b.pcap
	packets b.pcap >known
	packets a.pcapng >>known
	size=$(stat -c %s a.pcapng)
	RANDOM=7
	rounds=15
	[ -z "${VCAP_SLOW-}" ] || rounds=60
	for i in $(seq $rounds); do
		head -c $((RANDOM % size)) a.pcapng >cut.pcapng
		rc=0
		vcap-merge -w out.pcapng cut.pcapng b.pcap 2>err || rc=$?
		[ $rc -eq 0 ] || [ $rc -eq 3 ]
		[ "$(count out.pcapng)" -ge 12 ]
		packets out.pcapng | grep -vxFf known && false
	done
	for i in $(seq $rounds); do
		cp a.pcapng bad.pcapng
		printf %b "\\x$(printf %x $((RANDOM % 256)))" |
			dd of=bad.pcapng bs=1 seek=$((RANDOM % size)) conv=notrunc 2>/dev/null
		rc=0
		vcap-merge -w out.pcapng bad.pcapng b.pcap 2>err || rc=$?
		[ $rc -eq 0 ] || [ $rc -eq 1 ] || [ $rc -eq 3 ]
		[ "$(wc -l <err)" -le 1 ]
	done
}

# Blocked on its input, which has brought a header by then. What to break: merge_cmd_confine() in
# lib/merge/merge_cmd.c.
@test "it is confined before it parses, live or not, and a signal leaves nothing" {
	[ -z "${VCAP_EMULATED-}" ] || skip "seccomp: is not emulated"
	mkcap -n 10 >in.pcap
	mkfifo fifo
	case $build in
	*asan*) confined=^NoNewPrivs:.1 ;;
	*) confined=^Seccomp:.2 ;;
	esac
	for how in --window=1s --live; do
		vcap-merge $how -w out.pcap fifo 3>&- &
		pid=$!
		exec 4>fifo
		head -c 100 in.pcap >&4
		for _ in $(seq 500); do
			if grep -q "$confined" "/proc/$pid/status"; then break; fi
			sleep .01
		done
		grep -q "$confined" "/proc/$pid/status"
		grep -q "^NoNewPrivs:.1" "/proc/$pid/status"
		grep -q "^CapEff:.0*$" "/proc/$pid/status"
		kill "$pid"
		exec 4>&-
		wait "$pid" || true
		[ "$(find . -name "*out.pcap*" | wc -l)" -eq 0 ]
	done
}

@test "threads that help are confined, too" {
	[ -z "${VCAP_EMULATED-}" ] || skip "seccomp: is not emulated"
	mkcap -n 10 >in.pcap
	mkfifo fifo
	inputs=(); for _ in $(seq 256); do inputs+=(in.pcap); done
	vcap-merge -w out.pcap "${inputs[@]}" fifo 3>&- &
	pid=$!
	exec 4>fifo
	case $build in
	*asan*) confined=^NoNewPrivs:.1 ;;
	*) confined=^Seccomp:.2 ;;
	esac
	until_true grep -q "$confined" "/proc/$pid/status"
	threads=$(find "/proc/$pid/task" -name status -maxdepth 2)
	[ "$(nproc)" -eq 1 ] || [ "$(wc -l <<<"$threads")" -gt 1 ]
	for status in $threads; do
		grep -q "$confined" "$status"
		grep -q '^NoNewPrivs:.1' "$status"
		grep -q '^CapEff:.0*$' "$status"
	done
	exec 4>&-
	wait "$pid" || [ $? -eq 3 ]
	[ "$(count out.pcap)" -eq 2560 ]
}

@test "confined, it does all it does: sorts, starts over, opens files again" {
	mkcap -n 3000 -s 1 -D 900000000 >a.pcap
	mkcap -n 3000 -s 2 >b.pcap
	run -0 vcap-merge -w out.pcap -F pcap a.pcap b.pcap
	[ "$(count out.pcap)" -eq 6000 ]
	capinfos -o out.pcap | grep -q 'Strict time order: *True'
	vcap-merge -F pcap a.pcap b.pcap >piped.pcap
	cmp out.pcap piped.pcap
	(
		inputs=(); for _ in $(seq 60); do inputs+=(a.pcap b.pcap); done
		ulimit -n 40
		vcap-merge -F pcap -w many.pcap "${inputs[@]}"
	)
	[ "$(count many.pcap)" -eq 360000 ]
}
