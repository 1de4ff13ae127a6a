#!/usr/bin/env bats
# What must hold of vcap-merge whatever the inputs: random ones of every kind that mkcap makes, and
# tcpdump, tshark and capinfos as witnesses.

bats_require_minimum_version 1.5.0

setup() {
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$build/bin:$build/tests/tools:$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
	rounds=2
	[ -z "$VCAP_SLOW" ] || rounds=150
	RANDOM=4711
}

teardown() {
	[ -n "$BATS_TEST_COMPLETED" ] || cat inputs
}

# Sets an array of options for mkcap: a random input. Drawn here, not in a subshell, which would not
# move RANDOM on.
draw() { # SEED
	input=(-s "$1" -n $((RANDOM % 60)) -g $((10 ** (RANDOM % 10))) -l "$link")
	[ $((RANDOM % 4)) -gt 0 ] || input+=(-m)
	[ $((RANDOM % 2)) -eq 0 ] || input+=(-b)
	[ $((RANDOM % 4)) -gt 0 ] || input+=(-D 3000000000)
	if [ $((RANDOM % 3)) -eq 0 ]; then
		[ $((RANDOM % 2)) -eq 0 ] || input+=(-u)
		return
	fi
	input+=(-f pcapng -i $((1 + RANDOM % 4)))
	[ $((RANDOM % 2)) -eq 0 ] || input+=(-x)
	[ $((RANDOM % 3)) -gt 0 ] || input+=(-o)
	[ $((RANDOM % 3)) -gt 0 ] || input+=(-S "second of $1")
	[ $((RANDOM % 2)) -eq 0 ] || input+=(-C "first of $1" -a dumpcap)
	[ $((RANDOM % 2)) -eq 0 ] || input+=(-d $((RANDOM % 9)))
	[ $((RANDOM % 2)) -eq 0 ] || input+=(-c $((RANDOM % 3)))
	case $((RANDOM % 5)) in
	0) input+=(-R 12) ;;
	1) input+=(-R 0xa0) ;;
	2) input+=(-u -O 500) ;;
	3) input+=(-O -86400) ;;
	esac
}

# Compresses the file, one of three; but none that is out of order, which a pipe is no farther than --window.
pack() { # FILE
	[[ " ${input[*]} " != *" -D "* ]] || return 0
	case $((RANDOM % 6)) in
	0) gzip -c "$1" >packed ;;
	1) zstd -qc "$1" >packed ;;
	*) return 0 ;;
	esac
	echo "... compressed" >>inputs
	mv packed "$1"
}

# Damages the file, if it has packets, so that it is read on behind that.
hurt() { # FILE
	rm -rf copies
	mkdir copies
	damage -s $RANDOM -n 2 -w copies "$1" >/dev/null 2>&1 || true
	[ ! -s copies/"$1".1 ] || ! vcap-filter -r copies/"$1".1 -w /dev/null 0.0.0.0/0 2>&1 | grep -q 'passed over\|mended' || {
		echo "... damaged" >>inputs
		mv copies/"$1".1 "$1"
	}
}

# Three inputs, of two engines or three, of one of the link types, some of them compressed.
links=(1 1 0 9 12 101 108 113 228 239 276)
some_inputs() { # SEED [COMMAND]: which is run on each
	: >inputs
	link=${links[RANDOM % ${#links[@]}]}
	for file in a b c; do
		draw "$((10 * $1))$file"
		input[1]=$((10 * $1 + $(printf %d "'$file")))
		echo "round $1, $file: mkcap ${input[*]}" >>inputs
		mkcap "${input[@]}" >$file
		counts[$(printf %d "'$file")]=$(count $file)
		"${2-pack}" $file
	done
	engines=(a=a b=b c=c)
	[ $((RANDOM % 2)) -eq 0 ] || engines=(x=a x=b c=c)
}

count() {
	capinfos -Mc "$1" 2>/dev/null | awk '/Number of packets/ { print $NF }'
}

# A line for each packet: time, length, kept bytes; by libpcap.
packets() {
	tcpdump -nn -tt --nano -xx -r "$1" 2>/dev/null |
		awk '/^[0-9]/ { if (line) print line; line = $0; next } { line = line $0 } END { if (line) print line }'
}

# The same with interface, options and place of everything, by tshark.
details() {
	tshark -r "$1" -T fields -e frame.time_epoch -e frame.interface_name -e frame.len \
		-e frame.cap_len -e frame.packet_flags -e frame.comment -e udp.payload 2>/dev/null
}

# bats test_tags=slow
@test "merge(a, b, c) is merge(c, b, a), in pcapng and in pcap" {
	for round in $(seq "$rounds"); do
		some_inputs "$round"
		for format in pcapng pcap; do
			vcap-merge -F $format -w 1 "${engines[@]}"
			vcap-merge -F $format -w 2 "${engines[2]}" "${engines[1]}" "${engines[0]}"
			cmp 1 2
		done
	done
}

# bats test_tags=slow
@test "merge(merge(a, b), c) is merge(a, b, c) is merge(a, merge(b, c))" {
	for round in $(seq "$rounds"); do
		some_inputs "$round"
		vcap-merge -w once "${engines[@]}"
		vcap-merge -w ab "${engines[0]}" "${engines[1]}"
		vcap-merge -w steps ab "${engines[2]}"
		cmp once steps
		vcap-merge -w bc "${engines[2]}" "${engines[1]}"
		vcap-merge -w steps "${engines[0]}" bc
		cmp once steps
	done
}

# bats test_tags=slow
@test "packets out are packets in, and in the order of time" {
	for round in $(seq "$rounds"); do
		some_inputs "$round"
		vcap-merge -w out "${engines[@]}"
		[ "$(count out)" -eq $((counts[97] + counts[98] + counts[99])) ]
		packets out | cut -d ' ' -f 1 >times.txt
		sort -n times.txt | cmp - times.txt
		# Simple packet blocks have no time of their own: they have that of their neighbours.
		for file in a b c; do vcap-merge $file >alone; packets alone; done | sort >in.txt
		packets out | sort | diff in.txt -
	done
}

# bats test_tags=slow
@test "pcap to pcapng to pcap is the same file" {
	for round in $(seq "$rounds"); do
		some_inputs "$round"
		vcap-merge -F pcap -w 1.pcap "${engines[@]}"
		vcap-merge -w 2.pcapng 1.pcap
		vcap-merge -F pcap -w 3.pcap 2.pcapng
		cmp 1.pcap 3.pcap
		diff <(packets 1.pcap) <(packets 2.pcapng)
	done
}

# bats test_tags=slow
@test "pieces of a capture merge to the capture, sorted" {
	link=1
	for round in $(seq "$rounds"); do
		draw "$round"
		echo "round $round: mkcap ${input[*]}" >inputs
		mkcap "${input[@]}" -i 1 -n 40 >whole
		vcap-merge -w wanted x=whole
		# editcap writes what it reads, times of simple packet blocks too.
		editcap -F pcapng -c 7 wanted part.pcapng
		pieces=()
		for piece in part_*; do pieces=("$piece" "${pieces[@]}"); done
		# They lack the statistics that end a file of vcap-merge, which is reported.
		vcap-merge -w again "${pieces[@]}" 2>told || [ $? -eq 3 ]
		# Packets of one time in two pieces have no order that could be kept.
		diff <(packets wanted | sort) <(packets again | sort)
		diff <(packets wanted | cut -d " " -f 1) <(packets again | cut -d " " -f 1)
		[ $((round % 4)) -gt 0 ] || diff <(details wanted | sort) <(details again | sort)
		rm part_*
	done
}

# Break: lib/capfile/reader_common.c s/if (gaps_add(&file->gaps, gap, &file->why) < 0)/if (1)/
# bats test_tags=slow
@test "inputs that are read on behind damage: in any order, in steps, and each alone" {
	hurts=0
	for round in $(seq "$rounds"); do
		some_inputs "$round" hurt
		! grep -q damaged inputs || hurts=$((hurts + 1))
		partly() { # ARGUMENT...
			vcap-merge "$@" 2>told || [ $? -eq 3 ]
		}
		partly -w once "${engines[@]}"
		partly -w again "${engines[2]}" "${engines[1]}" "${engines[0]}"
		cmp once again
		partly -w ab "${engines[0]}" "${engines[1]}"
		partly -w steps ab "${engines[2]}"
		diff <(packets once) <(packets steps)
		diff <(details once | sort) <(details steps | sort)
		packets once | cut -d ' ' -f 1 >times.txt
		sort -n times.txt | cmp - times.txt
		# In one go, where nothing is read again.
		total=0
		for file in a b c; do
			partly -w alone $file
			total=$((total + $(count alone)))
			partly --live $file >live
			[ "$(count live)" -eq "$(count alone)" ]
		done
		[ "$(count once)" -eq "$total" ]
	done
	[ $hurts -gt 0 ]
}
