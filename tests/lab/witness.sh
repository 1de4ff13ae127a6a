# shellcheck shell=sh
# Independent witnesses of a capture: what tcpdump (or dumpcap) saw, and how to compare.

# Debian's tcpdump, started as root, always changes user, which a user namespace with one user refuses.
# There dumpcap is the witness, and tcpdump reads files as an ordinary user of a namespace below.
lab_tcpdump() { # ARG...: reads files
	if lab_real_root; then
		tcpdump -Z root "$@" 2>/dev/null
	else
		unshare -U --map-user=1 tcpdump "$@" 2>/dev/null
	fi
}

lab_witness_program() {
	if lab_real_root; then echo tcpdump; else echo dumpcap; fi
}

lab_witness() { # NAMESPACE DEVICE FILE EXPRESSION: captures until lab_witness_end
	if [ "$(lab_witness_program)" = tcpdump ]; then
		ip netns exec "$1" tcpdump -Z root -i "$2" -n -U -B 16384 \
			--time-stamp-precision=nano -w "$3" "$4" 2>"$3.log" 3>&- 4>&- &
	else
		ip netns exec "$1" dumpcap -q -i "$2" -B 16 -s 262144 -f "$4" -w "$3" 2>"$3.log" 3>&- 4>&- &
	fi
	echo $! >"$3.pid"
}

lab_witness_ready() { # FILE...: each of them captures
	for seen; do
		lab_wait "capture of the witness to $seen" grep -qE 'listening on|^File:' "$seen.log"
	done
}

# Whether it has written a packet from behind that time, and so all from before: what came last lies in its
# ring for up to a second, and is lost with it.
lab_witness_is_past() { # FILE TIME
	lab_frames "$1" | awk -v time="$2" '$2 >= time { found = 1 } END { exit !found }'
}

lab_witness_end() { # FILE
	kill -TERM "$(cat "$1.pid")"
	wait "$(cat "$1.pid")" || true
}

# One line a packet, in the file's order: interface, time, length, then every byte in hexadecimal.
lab_frames() { # FILE
	"$LAB_TOOLS/../frames" "$1"
}

# Of lines of lab_frames, length and bytes of those after the packet that carries the first text and
# before the one that carries the second: a marker is a word in the path of a request.
lab_between() { # FIRST SECOND FILE [INTERFACE]
	perl -e '
		my ($first, $second) = map { unpack "H*", $_ } splice @ARGV, 0, 2;
		my $wanted = $#ARGV > 0 ? pop : undef;
		my ($in, $end) = (0, 0);
		while (<>) {
			my ($name, undef, $length, $bytes) = split;
			next if defined $wanted && $name !~ $wanted;
			($in, $end) = (0, 1) if $in && index($bytes, $second) >= 0;
			print "$length $bytes\n" if $in;
			$in = 1 if !$end && index($bytes, $first) >= 0;
		}
		exit !$end' "$@"
}

# The device of every side on every engine, each kind of packet in a file of its own.
lab_witness_all() {
	for lab_engine in $LAB_ENGINES; do
		lab_witness "$lab_engine" eth0 "$lab_engine.client" "$(lab_expression client)"
		lab_witness "$lab_engine" eth1 "$lab_engine.server" "$(lab_expression server)"
		lab_witness "$lab_engine" eth1 "$lab_engine.monitor" "$(lab_expression monitor)"
	done
	for lab_engine in $LAB_ENGINES; do
		lab_witness_ready "$lab_engine.client" "$lab_engine.server" "$lab_engine.monitor"
	done
}

lab_mark() { # TEXT: a packet with "GET /TEXT" of each kind on each engine
	lab_checks disable
	lab_quiet
	for lab_marked in $LAB_ENGINES; do
		lab_get "20$(lab_number "$lab_marked")" "/$1"
		lab_in "$lab_marked" curl -sS "http://$LAB_BACK4.11:$LAB_CHECK_PORT/$1"
	done >/dev/null
	lab_quiet
	lab_checks enable
	for seen in *.client *.server *.monitor; do
		lab_wait "/$1 in $seen" grep -q "GET /$1" "$seen"
	done
}

lab_collect() { # FILE SIDE...: the file's packets to the file frames, and the witnesses' to *.seen
	lab_frames "$1" >frames
	shift
	for lab_engine in $LAB_ENGINES; do
		for side; do
			lab_witness_end "$lab_engine.$side"
			lab_frames "$lab_engine.$side" >"$lab_engine.$side.seen"
		done
	done
}

# The packets between the marks m1 and m2, per engine and side: the same, byte for byte, in any order.
lab_compare() { # SIDE...
	for lab_engine in $LAB_ENGINES; do
		for side; do
			lab_between 'GET /m1' 'GET /m2' "$lab_engine.$side.seen" >unsorted || return
			sort unsorted >seen
			lab_between 'GET /m1' 'GET /m2' frames "^$lab_engine/eth[01]/$side\$" >unsorted || return
			sort unsorted >kept
			echo "$lab_engine $side: $(wc -l <seen) seen, $(wc -l <kept) kept"
			[ -s seen ] || return
			cmp seen kept || return
		done
	done
}
