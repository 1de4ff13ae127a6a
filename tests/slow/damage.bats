#!/usr/bin/env bats
# Twenty thousand damaged captures, each merged with an intact one: what was not touched is read
# (tests/tools/damage), and tcpdump and tshark read every output whole, with as many packets as vcap counts.
# VCAP_DAMAGED says how many, VCAP_DAMAGED_EACH how many of a file at a time.

bats_require_minimum_version 1.5.0

setup() {
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$(cd "$build/bin" && pwd):$(cd "$build/tests/tools" && pwd):$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
	copies=${VCAP_DAMAGED:-20000}
	each=${VCAP_DAMAGED_EACH:-250}
}

# Of files whose packets are captures themselves nothing of those is brought up.
make_files() {
	mkcap -n 40 -t 1700000000 >1.pcap
	mkcap -n 40 -t 1700000000 -b -u >2.pcap
	mkcap -f pcapng -n 40 -t 1700000000 -x -i 3 -d 3 -c 1 -S second >3.pcapng
	mkcap -f pcapng -n 40 -t 1700000000 -x -i 2 -d 3 -o -b -R 12 >4.pcapng
	mkcap -n 8 -t 1700000000 >inner.pcap
	mkcap -f pcapng -n 8 -t 1700000000 >inner.pcapng
	for format in pcap pcapng; do
		"$BATS_TEST_DIRNAME/../nest" $format inner.pcap inner.pcapng >nested.$format
	done
	mkcap -n 7 -t 1700000000 -s 2 >good.pcap
}

# Merges each copy with the intact file, to either format. What is no capture any more is refused, and there is
# no output.
merge_copies() {
	local file name status format number
	for file in copies/*; do
		name=${file#copies/} number=${file##*.}
		format=$((number / 2 % 2 ? 1 : 0))
		status=0
		[ $format -eq 0 ] || vcap-merge -F pcap -w "out/$name.pcap" good.pcap x="$file" 2>said || status=$?
		[ $format -eq 1 ] || vcap-merge -w "out/$name.pcapng" good.pcap x="$file" 2>said || status=$?
		case $status in
		0 | 3) [ $status -eq 0 ] || [ -s said ] ;;
		1) grep -q 'is not a capture file\|pcap version\|unknown link type\|different link types\|is empty\|modified pcap' said ;;
		*) false ;;
		esac || { echo "$file: $status"; cat said; return 1; }
	done
}

# What a reader complains of, but for who runs it.
complaints() {
	! grep -v '^Running as user\|^reading from file' said
}

# All outputs of a batch at once: sections of pcapng may follow each other in a file. What has no interface is no
# packet to tshark either, but a block that it shows. Each has the intact
# file's 7 packets.
read_batch() {
	local wanted pcaps
	cat out/*.pcapng >batch.pcapng
	vcap-stat batch.pcapng >stat 2>said
	wanted=$(awk 'NR > 1 { sum += $4 } END { print sum }' stat)
	[ "$(awk '$1 == "good" { sum += $4 } END { print sum }' stat)" -eq $((7 * $(printf '%s\n' out/*.pcapng | wc -l))) ] || return
	[ "$(tshark -n -r batch.pcapng -T fields -e frame.interface_id 2>said | grep -c .)" -eq "$wanted" ] && complaints || return
	[ "$(tcpdump -r batch.pcapng --count 2>said)" = "$wanted packets" ] && complaints || return
	# There is no such file of pcap ones.
	pcaps=$(capinfos -Mrc out/*.pcap 2>said | awk '/packets/ { sum += $NF } END { print sum + 0 }')
	complaints || return
	[ "$(for file in out/*.pcap; do tcpdump -r "$file" --count 2>/dev/null || echo 0 "$file"; done |
		awk '{ sum += $1 } END { print sum + 0 }')" -eq "$pcaps" ] || return
	read=$((read + wanted + pcaps))
}

# Which file of a batch it is that others do not read whole.
find_unreadable() {
	cat said stat
	for file in out/*; do
		counts=$(capinfos -Mrc "$file" 2>&1 | awk '/packets/ { print $NF }')
		[ "$(tcpdump -r "$file" --count 2>/dev/null)" = "$counts packets" ] || echo "not read whole: $file"
	done
}

# Break: lib/capfile/reader_common.c s/if (gaps_add(&file->gaps, gap, &file->why) < 0)/if (1)/
@test "twenty thousand damaged captures: what was not touched is there, and others read what is written" {
	set -o pipefail
	make_files
	read=0
	for ((at = 0; at < copies; at += each * 6)); do
		rm -rf copies out
		mkdir copies out
		damage -s $((at + 1)) -n "$each" -w copies [1-4].pcap* nested.pcap* | tee -a damaged
		merge_copies
		read_batch || { find_unreadable; false; }
	done
	awk -v most=$((copies / 1000)) '/copies,/ { lost += $4; strange += $9 }
		END { print "lost:", lost, "strange:", strange; exit lost > most || strange > most }' damaged
	echo "packets read: $read"
	[ $read -gt $((copies * 20)) ]
}
