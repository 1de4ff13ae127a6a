#!/usr/bin/env bats
# All cores of a capture begin together: of short connections whose packets several cores handle, a file
# has what dumpcap saw from one moment on, on whatever core, and the file says which moment that is.
#
# shellcheck disable=SC2016 # dollars for perl

bats_require_minimum_version 1.5.0
load ../until
load veth

setup() {
	make_veth
	# The longer a program, the longer the kernel takes to give it to one ring after the other.
	{
		seq 900 | awk '{ printf "198.51.%d.%d\n", $1 / 250, $1 % 250 }'
		echo 127.0.0.0/8
	} | vcap-filter -P - >program
}

teardown() {
	for process in ${processes-}; do kill -9 "$process" 2>/dev/null || true; done
	ip link del dev va 2>/dev/null || true
}

# Connections one after the other to a server on this CPU, by a client on the next one: some packets of each are
# handled on one CPU, some on the other. They are of UDP, whose packets the kernel gives a time when it
# receives them, if somebody asks for it; of TCP over the loopback each who captures has another.
connections() { # CPU
	taskset -c "$1" perl -MIO::Socket::INET -e '
		my ($port, $cpu) = @ARGV;
		my $server = IO::Socket::INET->new(Proto => "udp", LocalAddr => "127.0.0.1", LocalPort => $port) or die;
		setsockopt($server, SOL_SOCKET, 29, 1) or die; # SO_TIMESTAMP
		open my $ready, ">", "serving-$cpu";
		while (my $client = recv $server, my $request, 100, 0) { send $server, $request, 0, $client }' \
		$((7700 + $1)) "$1" 3>&- &
	processes+=" $!"
	until_true test -e "serving-$1"
	taskset -c $((($1 + 1) % cpus)) perl -MIO::Socket::INET -e '
		for (my $number = 0; ; $number++) {
			my $server = IO::Socket::INET->new(Proto => "udp", PeerAddr => "127.0.0.1", PeerPort => $ARGV[0]) or next;
			for my $request (1 .. 4) {
				send $server, "$number.$request", 0;
				vec(my $ready, fileno $server, 1) = 1;
				recv $server, my $answer, 100, 0 if select $ready, undef, undef, 1;
			}
			select undef, undef, undef, 0.0002;
		}' $((7700 + $1)) 3>&- &
	processes+=" $!"
}

# When packets of a file begin and end, as its last statistics say, in seconds.
moments() { # FILE
	perl -e '
		local $/; my $bytes = <>; my $at = 0;
		while ($at < length $bytes) {
			my ($type, $size) = unpack("VV", substr $bytes, $at, 8);
			for (my $option = $at + 20; $type == 5 && $option < $at + $size - 4; ) {
				my ($code, $length, $high, $low) = unpack("vvVV", substr $bytes, $option, 12);
				$time[$code] = $high << 32 | $low if $code == 2 || $code == 3;
				$option += 4 + ($length + 3 & ~3);
			}
			$at += $size;
		}
		printf "%d.%09d %d.%09d\n", map { $_ / 1e9, $_ % 1e9 } @time[2, 3]' "$1"
}

# Each with its time, in their order.
frames() { # FILE...
	for file in "$@"; do "$BATS_TEST_DIRNAME/../frames" -f time,data "$file"; done | sort
}

# What dumpcap saw between the moments of a file is in these files, and nothing else is.
compare() { # FILE...
	read -r begun ended < <(moments "$1")
	awk -v begun="$begun" -v ended="$ended" '$1 "" >= begun "" && $1 "" <= ended ""' seen >wanted
	frames "$@" >kept
	[ -s wanted ]
	diff wanted kept | head -n 20
	cmp wanted kept
	# There were connections then that had begun before.
	awk -v begun="$begun" '$1 "" < begun ""' seen | connection_names | uniq >before
	connection_names <wanted | uniq | comm -12 before - >crossing
	crossed=$((crossed + $(wc -l <crossing)))
}

# Of frames: the ports and addresses of both ends, the smaller port first.
connection_names() {
	awk '{
		data = $2
		from = substr(data, 53, 8) substr(data, 69, 4)
		to = substr(data, 61, 8) substr(data, 73, 4)
		print from < to ? from to : to from
	}' | sort
}

# Break: lib/capture/capture_loop.c s/if (!input->has_begun \&\& packet->ts_ns < loop->runstate->start_ns)/if (0)/
# Break: lib/capture/capture.c s/\trunstate_start(&capture->runstate);$/& capture->runstate.start_ns -= 100000000;/
# bats test_tags=slow
@test "short connections while captures begin: on all cores from the same moment on" {
	[ "$cpus" -ge 2 ] || skip "one CPU"
	crossed=0
	processes=
	dumpcap -q -i lo -B 64 -w seen.pcapng 2>witness 3>&- &
	processes+=" $!"
	witness=$!
	until_true grep -q File: witness
	for cpu in $(seq 0 $((cpus - 1))); do connections "$cpu"; done
	for round in 1 2 3 4 5 6; do
		case $((round % 3)) in
		0) words=() ;;
		1) words=(-i lo) ;;
		2) words=(-i lo -i va -i vb) ;;
		esac
		# A directory, a file a core; and a stream that begins at the same time.
		vcap-run -b 16M -f program "${words[@]}" -t 150ms -w - >stream$round 2>err 3>&- &
		vcap-run -b 16M -f program "${words[@]}" -t 150ms -R 0 -w d$round
		wait $!
		[ "$(value dropped d$round)" -eq 0 ]
		grep -q " 0 dropped" err
	done
	kill $witness
	wait $witness
	frames seen.pcapng >seen
	for round in 1 2 3 4 5 6; do
		compare "d$round"/core-*.pcapng
		[ "$begun" = "$(value started d$round)" ]
		for file in "d$round"/core-*.pcapng; do
			read -r at _ < <(moments "$file")
			[ "$at" = "$begun" ]
			[ -n "$(frames "$file")" ]
		done
		compare stream$round
	done
	[ "$crossed" -gt 0 ]
}
