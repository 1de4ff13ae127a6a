#!/usr/bin/env bats
# vcap-filter from the outside: its words, its programs beside tcpdump's, and files.

bats_require_minimum_version 1.5.0
load ../until

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || exit
	build=$PWD/${VCAP_BUILD:-build}
	PATH=$build/bin:$build/tests/tools:$PATH
	dir=$BATS_TEST_TMPDIR
	export VCAP_CONFIG=$dir/config
	mkdir -p "$VCAP_CONFIG/services"
	cat > "$VCAP_CONFIG/services/shop" <<-END
		vip     192.0.2.10 tcp/443
		server  10.0.1.11 tcp/8080
		server  10.0.1.12 tcp/8080
		source  10.0.9.1
		monitor tcp/8081
		monitor icmp
	END
	sed 's/^source.*/source client/' "$VCAP_CONFIG/services/shop" > "$VCAP_CONFIG/services/direct"
}

# packets FILE COUNT: a pcap file of TCP, UDP and ICMP packets among few addresses, some of them
# tagged once, one a second.
packets() {
	perl -e '
		srand 7;
		my ($file, $count) = @ARGV;
		my @addr = ("192.0.2.10", "10.0.1.11", "10.0.1.12", "10.0.9.1", "10.1.1.1",
		            "10.1.1.2", "10.1.2.1", "198.51.100.7");
		my @port = (443, 8080, 8081, 40000);
		sub pick { $_[rand @_] }
		open my $f, ">:raw", $file or die;
		print $f pack "VvvVVVV", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1;
		for my $i (1 .. $count) {
			my ($from, $to) = map { pack "C4", split /\./, pick(@addr) } 1, 2;
			my $protocol = pick(6, 6, 6, 17, 1);
			my $rest = $protocol == 1 ? pack "CCnnn", pick(0, 8), 0, 0, 1, $i
			         : $protocol == 17 ? pack "nnnn", pick(@port), pick(@port), 8, 0
			         : pack "nnNNCCnnn", pick(@port), pick(@port), 1, 1, 0x50, 0x10, 512, 0, 0;
			my $ip = pack("CCnnnCCn", 0x45, 0, 20 + length $rest, $i, 0, 64, $protocol, 0)
			         . $from . $to . $rest;
			my $tag = rand() < .2 ? pack "nn", 0x8100, 5 : "";
			my $frame = pack("H24", "020000000001020000000002") . $tag . pack("n", 0x0800) . $ip;
			print $f pack("VVVV", $i, $i, length $frame, length $frame), $frame;
		}' "$1" "$2"
}

# What tcpdump prints of the packets in FILE that EXPRESSION, or tagged EXPRESSION, lets through.
by_tcpdump() { # FILE EXPRESSION
	tcpdump -r "$1" -nn -tt -e -x "($2) or (vlan and ($2))" 2>/dev/null
}

shown() {
	tcpdump -r "$1" -nn -tt -e -x 2>/dev/null
}

misuse() { # MESSAGE-PATTERN ARG...
	pattern=$1
	shift
	run --separate-stderr -2 vcap-filter "$@"
	[ -z "$output" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr == *$pattern* ]] || { echo "$stderr"; false; }
}

@test "small programs are the golden listings" {
	for golden in tests/golden/*.golden; do
		(
			cd tests/golden
			command=$(sed -n '1s/^\$ //p' "${golden##*/}")
			$command 2>/dev/null | diff <(sed '1d; /^#/d' "${golden##*/}") -
		) || { echo "$golden"; false; }
	done
}

@test "-d, -dd, -ddd and --comma are one program" {
	decimal=$(vcap-filter -ddd 10.1.1.1 2001:db8::/32)
	[ "$(vcap-filter 10.1.1.1 2001:db8::/32)" = "$decimal" ]
	[ "$(vcap-filter --comma 10.1.1.1 2001:db8::/32 | tr , '\n')" = "$decimal" ]
	[ "$(vcap-filter -dd 10.1.1.1 2001:db8::/32 |
		perl -ne 'print join(" ", map { /^0x/ ? hex : $_ } /0x[0-9a-f]+|\d+/g), "\n"')" = \
		"$(sed 1d <<< "$decimal")" ]
	[ "$(vcap-filter -d 10.1.1.1 2001:db8::/32 | wc -l)" = "$(head -1 <<< "$decimal")" ]
}

@test "the decimal program filters in tcpdump as the command itself does" {
	packets "$dir/in.pcap" 400
	vcap-filter -r "$dir/in.pcap" -w "$dir/out.pcap" 10.1.1.0/24 198.51.100.7
	by_tcpdump "$dir/in.pcap" 'ip and (net 10.1.1.0/24 or host 198.51.100.7)' > "$dir/wanted"
	shown "$dir/out.pcap" | diff "$dir/wanted" -
	[ "$(wc -l < "$dir/wanted")" -gt 100 ]
}

@test "a range is what lies within it" {
	packets "$dir/in.pcap" 400
	vcap-filter -r "$dir/in.pcap" -w "$dir/out.pcap" 10.0.1.12-10.1.1.1
	by_tcpdump "$dir/in.pcap" 'ip and ((ip[12:4] >= 0x0a00010c and ip[12:4] <= 0x0a010101) or
		(ip[16:4] >= 0x0a00010c and ip[16:4] <= 0x0a010101))' > "$dir/wanted"
	shown "$dir/out.pcap" | diff "$dir/wanted" -
}

# The service `shop`, by hand.
server='(tcp and host 10.0.9.1 and ((dst host (10.0.1.11 or 10.0.1.12) and dst port 8080) or
	(src host (10.0.1.11 or 10.0.1.12) and src port 8080)))'
client='(tcp and ((dst host 192.0.2.10 and dst port 443) or (src host 192.0.2.10 and src port 443)))'
monitor='((tcp and ((dst host (10.0.1.11 or 10.0.1.12) and dst port 8081) or
	(src host (10.0.1.11 or 10.0.1.12) and src port 8081))) or
	(icmp and ((icmp[0] = 8 and dst host (10.0.1.11 or 10.0.1.12)) or
	(icmp[0] = 0 and src host (10.0.1.11 or 10.0.1.12)))))'

@test "-S with -m none, include and only is the expression by hand" {
	packets "$dir/in.pcap" 3000
	for mode in none include only; do
		case $mode in
		none) expression="($server or $client) and not $monitor" ;;
		include) expression="$server or $client or $monitor" ;;
		only) expression=$monitor ;;
		esac
		by_tcpdump "$dir/in.pcap" "ip and ($expression)" > "$dir/wanted"
		vcap-filter -S shop -m $mode -r "$dir/in.pcap" -w "$dir/out.pcap"
		shown "$dir/out.pcap" | diff "$dir/wanted" - || { echo "$mode"; false; }
		[ "$(wc -l < "$dir/wanted")" -gt 20 ]
	done
}

# bats test_tags=slow
@test "-x is what the same command without it drops" {
	packets "$dir/in.pcap" 2000
	for selection in '-S shop -P' '-S shop -P -m include' '-S direct' ''; do
		for spec in 10.1.1.1 192.0.2.10 10.1.0.0/16; do
			# shellcheck disable=SC2086
			{
				vcap-filter $selection -r "$dir/in.pcap" -w "$dir/kept.pcap" "$spec"
				vcap-filter $selection -x -r "$dir/in.pcap" -w "$dir/rest.pcap" "$spec"
				if [ "$selection" ]; then
					vcap-filter ${selection/-P/} -r "$dir/in.pcap" -w "$dir/all.pcap"
				else
					cp "$dir/in.pcap" "$dir/all.pcap"
				fi
			} 2>/dev/null
			{ shown "$dir/kept.pcap"; shown "$dir/rest.pcap"; } | sort |
				diff <(shown "$dir/all.pcap" | sort) -
			[ "$(shown "$dir/rest.pcap" | wc -l)" -gt 10 ]
		done
	done
}

@test "a transaction filter keeps both sides of a client's connections" {
	packets "$dir/in.pcap" 3000
	vcap-filter -S direct -r "$dir/in.pcap" -w "$dir/out.pcap" 10.1.1.0/24 10.0.9.1
	wanted="(${server/host 10.0.9.1 and/} or $client) and not $monitor and net (10.1.1.0/24 or 10.0.9.1/32)"
	by_tcpdump "$dir/in.pcap" "ip and $wanted" | diff - <(shown "$dir/out.pcap")
}

@test "addresses with a service behind SNAT: a file needs vcap-join or -P, a program leaves it the server side" {
	packets "$dir/in.pcap" 3000
	misuse "need '-P'" -S shop -r "$dir/in.pcap" -w "$dir/out.pcap" 10.1.1.1
	misuse "vcap-join" -S shop -r "$dir/in.pcap" -w "$dir/out.pcap" -x 10.1.1.1
	vcap-filter -S shop -P 10.1.1.1
	run --separate-stderr -0 vcap-filter -S shop 10.1.1.0/24
	[[ $stderr == *"these clients of service 'shop' and its whole server side"*"vcap-join"* ]]
	run --separate-stderr -0 vcap-filter -S shop 10.0.9.0/24
	[[ $stderr == *"all of service 'shop', of which vcap-join selects"* ]]
	run --separate-stderr -0 vcap-filter -S shop -e 'port 80' 10.1.1.1
	[[ $stderr == *"vcap-join -f"* ]]
	[ "$output" = "$(vcap-filter -S shop 10.1.1.1 2> /dev/null)" ]
	# What the kernel would let through is what tcpdump says.
	for exclude in '' -x; do
		vcap-filter -S shop $exclude --comma 10.1.1.0/24 2> /dev/null | tr , '\n' > "$dir/program"
		vcap-join -S shop -P -m include 0.0.0.0/0 -f "$dir/program" < "$dir/in.pcap" > "$dir/out.pcap" 2> /dev/null
		not=${exclude:+not}
		wanted="($server or ($client and $not net 10.1.1.0/24)) and not $monitor"
		by_tcpdump "$dir/in.pcap" "ip and $wanted" | diff - <(shown "$dir/out.pcap")
	done
}

@test "-x with a server of a service that shows clients would leave nothing, and says so" {
	misuse "'-x' needs '-P'" -S direct -x 10.0.1.11
	run --separate-stderr -0 vcap-filter -S direct 10.0.1.11
	[[ $stderr == *"all of service 'direct', since a server of it"* ]]
}

@test "-x with addresses that include the VIP is not empty, or says that it would be" {
	packets "$dir/in.pcap" 2000
	run --separate-stderr -0 vcap-filter -S direct -x -r "$dir/in.pcap" -w "$dir/rest.pcap" 192.0.2.0/24
	[[ ${stderr_lines[0]} == *"VIP of service 'direct'"*"does not count"* ]]
	direct=${server/host 10.0.9.1 and/}
	by_tcpdump "$dir/in.pcap" "ip and ($direct or $client) and not $monitor and
		not (host 192.0.2.10 and ($direct or (src host 192.0.2.10 and dst host 192.0.2.10)))" > "$dir/wanted"
	shown "$dir/rest.pcap" | diff "$dir/wanted" -
	[ "$(grep -c 192.0.2.10.443 "$dir/wanted")" -gt 20 ]
	vcap-filter -S shop -P -x -r "$dir/in.pcap" -w "$dir/rest.pcap" 192.0.2.10
	by_tcpdump "$dir/in.pcap" "ip and $server and not $monitor and not host 192.0.2.10" | diff - <(shown "$dir/rest.pcap")
	misuse "'-x' would leave nothing" -S shop -P -x 192.0.2.10 10.0.1.0/28
	echo "vip 192.0.2.10 tcp/443" > "$VCAP_CONFIG/services/plain"
	misuse "'-x' would leave nothing" -S plain -P -m include -x 192.0.2.0/24
}

# Break: lib/filter/selection.c s/service->server_count == 0/false/
@test "a service without server lines has one side only: one line says so" {
	echo 'vip 192.0.2.10 tcp/443' > "$VCAP_CONFIG/services/half"
	run --separate-stderr -0 vcap-filter -S half -m include
	[ "$stderr" = "vcap-filter: service 'half' has no server lines: only its client side is captured" ]
}

@test "a service without monitor lines cannot tell health checks apart: one line says so" {
	printf 'vip 192.0.2.10 tcp/443\nserver 10.0.1.1\n' > "$VCAP_CONFIG/services/plain"
	for mode in none only; do
		run --separate-stderr -0 vcap-filter -S plain -m $mode
		[ "${#stderr_lines[@]}" -eq 1 ]
		[[ $stderr == *"'plain'"*"health checks"* ]]
	done
	run --separate-stderr -0 vcap-filter -S plain -m include
	[ -z "$stderr" ]
	run --separate-stderr -0 vcap-filter -S shop
	[ -z "$stderr" ]
}

@test "F29: bad addresses are misuse that names the word" {
	misuse "'10.1.1.300'" 10.1.1.300
	misuse "'10.1.1.9-10.1.1.1'" 10.1.1.9-10.1.1.1
	misuse "'1.2.3.4/33'" 1.2.3.4/33
	misuse "'010.1.1.1'" 010.1.1.1
	misuse "'fe80::1%eth0'" fe80::1%eth0
	misuse "'www.example.com'" www.example.com
	misuse "'10.0.0.1-2001:db8::1'" 10.0.0.1-2001:db8::1
	misuse "'2001:db8::/129'" 2001:db8::/129
	misuse "''" ''
	misuse "'1.2.3.4/'" 1.2.3.4/
}

@test "a list says the line of a bad word" {
	printf '10.1.1.1 10.1.1.2\n# fine\n\n 10.1.1.3\t10.1.1.x # bad\n' > "$dir/list"
	misuse "standard input:4: not an address: '10.1.1.x'" - < "$dir/list"
	misuse "$dir/list:4: not an address: '10.1.1.x'" --specs "$dir/list"
	misuse "empty" - < /dev/null
}

@test "F29: of 100,000 lines the bad one is named with its number and word" {
	perl -e 'srand 3; printf "%s\n", join ".", map { int rand 256 } 1 .. 4 for 1 .. 100000' > "$dir/list"
	sed -i '73112s/$/\/40/' "$dir/list"
	misuse "standard input:73112: " - < "$dir/list"
	misuse "'$(sed -n 73112p "$dir/list")'" --specs "$dir/list"
}

@test "F29: 100,000 lines are read; the message says how many would fit" {
	seq 1 100000 | perl -ne 'printf "10.%d.%d.%d\n", $_ >> 15, $_ >> 7 & 255, ($_ & 127) * 2' > "$dir/list"
	run --separate-stderr -1 vcap-filter - < "$dir/list"
	[ -z "$output" ]
	[[ $stderr =~ first\ ([0-9]+)\ would\ fit ]]
	fits=${BASH_REMATCH[1]}
	head -n "$fits" "$dir/list" | vcap-filter - > "$dir/program"
	[ "$(head -1 "$dir/program")" -le 4096 ]
	run -1 vcap-filter - < <(head -n $((fits + 1)) "$dir/list")
	packets "$dir/in.pcap" 500
	echo 10.1.1.1 >> "$dir/list"
	vcap-filter --specs "$dir/list" -r "$dir/in.pcap" -w "$dir/out.pcap"
	by_tcpdump "$dir/in.pcap" 'ip and host (10.0.1.12 or 10.1.1.2 or 10.1.1.1)' > "$dir/wanted"
	shown "$dir/out.pcap" | diff "$dir/wanted" -
}

@test "unknown services and malformed ones are misuse" {
	misuse "'nosuch'" -S nosuch
	misuse "'a b'" -S 'a b'
	misuse "'.hidden'" -S .hidden
	printf 'vip 192.0.2.10 tcp/443\nserver 10.0.0.300\n' > "$dir/bad"
	misuse "$dir/bad:2: not an address: '10.0.0.300'" -S "$dir/bad"
	printf 'server 10.0.0.3\n' > "$dir/bad"
	misuse "no 'vip' line" -S "$dir/bad"
}

@test "wrong usage" {
	misuse "addresses, a service or"
	misuse "'-x' needs addresses" -S shop -x
	misuse "'-r' and '-w'" -r "$dir/x" 10.1.1.1
	misuse "standard input" -r - -w "$dir/x" -
	misuse "'maybe'" -S shop -m maybe
	misuse "'USB'" -y USB 10.1.1.1
	misuse "exclude each other" -d --comma 10.1.1.1
	[ ! -e "$dir/x" ]
}

@test "--comma with RAW has at most 64 instructions, as iptables takes" {
	vcap-filter -y RAW --comma 10.1.1.1
	run --separate-stderr -1 vcap-filter -y RAW --comma 10.{1..9}.{1,3,5,7,9}.1
	[ -z "$output" ]
	[[ $stderr == *64* ]]
	vcap-filter --comma 10.{1..9}.{1,3,5,7,9}.1
}

@test "a damaged file gives what was whole, and 3; something else is a failure and no file" {
	packets "$dir/in.pcap" 100
	head -c -10 "$dir/in.pcap" > "$dir/cut.pcap"
	run --separate-stderr -3 vcap-filter -r "$dir/cut.pcap" -w "$dir/out.pcap" 0.0.0.0/0
	[ "$(shown "$dir/out.pcap" | grep -c '^[0-9]')" -eq 99 ]
	echo nothing > "$dir/no.pcap"
	run -1 vcap-filter -r "$dir/no.pcap" -w "$dir/none.pcap" 0.0.0.0/0
	run -1 vcap-filter -r "$dir/absent.pcap" -w "$dir/none.pcap" 0.0.0.0/0
	[ ! -e "$dir/none.pcap" ]
	run -1 sh -c "vcap-filter -r '$dir/in.pcap' -w - 0.0.0.0/0 > /dev/full"
}

# Break: lib/base/outfile.c s/from.st_ino != to.st_ino/1/
@test "what is read is not overwritten, by its name or another: by none that writes a part of it" {
	cd "$dir"
	packets in.pcap 100
	(umask 077 && printf '%064d\n' 7 >key)
	cp in.pcap before
	ln in.pcap other
	ln -s in.pcap link
	for command in 'filter -r in.pcap -w other 10.1.1.1' 'filter -r in.pcap -w ./in.pcap 10.1.1.1' \
		'join -P -r in.pcap -w in.pcap 10.1.1.1' 'anonymize -k key -w in.pcap in.pcap' \
		'transactions --mark in.pcap in.pcap' 'filter -r link -w in.pcap 10.1.1.1'; do
		# shellcheck disable=SC2086 # words
		run -1 vcap-$command
		[[ $output == *"in.pcap' is the input and would be overwritten" || $output == *"'other' is the input"* ]]
		cmp in.pcap before
	done
	# A link is replaced, not what it leads to.
	vcap-filter -r in.pcap -w link 10.1.1.1
	cmp in.pcap before
	[ ! -L link ]
}

@test "a stream is filtered as a file is" {
	packets "$dir/in.pcap" 300
	vcap-filter -r "$dir/in.pcap" -w "$dir/file.pcap" 10.1.1.1
	vcap-filter -r - -w - 10.1.1.1 < "$dir/in.pcap" > "$dir/stream.pcap"
	cmp "$dir/stream.pcap" "$dir/file.pcap"
	vcap-filter -r "$dir/in.pcap" -w - --specs <(echo 10.1.1.1) | cmp - "$dir/file.pcap"
}

@test "a file is filtered without privileges, and a signal leaves nothing" {
	[ -z "${VCAP_EMULATED-}" ] || skip "seccomp: is not emulated"
	packets "$dir/in.pcap" 10
	mkfifo "$dir/fifo"
	vcap-filter -r "$dir/fifo" -w "$dir/out.pcap" 10.1.1.1 3>&- &
	pid=$!
	exec 4> "$dir/fifo"
	cat "$dir/in.pcap" >&4
	# A sanitized command makes calls of its own, and is not confined to others.
	case $build in
	*asan*) confined=^NoNewPrivs:.1 ;;
	*) confined=^Seccomp:.2 ;;
	esac
	until_true grep -q "$confined" "/proc/$pid/status"
	grep -q "$confined" "/proc/$pid/status"
	grep -q "^NoNewPrivs:.1" "/proc/$pid/status"
	grep -q "^CapEff:.0*$" "/proc/$pid/status"
	kill "$pid"
	exec 4>&-
	wait "$pid" || true
	[ "$(find "$dir" -name "*out.pcap*" | wc -l)" -eq 0 ]
}

@test "-e is joined with the addresses, behind tags as well" {
	packets "$dir/in.pcap" 1000
	expression='not port 8080 and (udp or tcp)'
	vcap-filter -e "$expression" -r "$dir/in.pcap" -w "$dir/out.pcap" 10.1.0.0/16
	by_tcpdump "$dir/in.pcap" "($expression) and net 10.1.0.0/16" > "$dir/wanted"
	shown "$dir/out.pcap" | diff "$dir/wanted" -
	grep -q 802.1Q "$dir/wanted"
	run -0 grep -vc 802.1Q "$dir/wanted"
	vcap-filter -x -e "$expression" -r "$dir/in.pcap" -w "$dir/rest.pcap" 10.1.0.0/16
	{ shown "$dir/out.pcap"; shown "$dir/rest.pcap"; } | sort | diff <(shown "$dir/in.pcap" | sort) -
	vcap-filter -e "$expression" -r "$dir/in.pcap" -w - > "$dir/out.pcap"
	# A tagged packet of port 8080 is not `not port 8080` because of its tag.
	by_tcpdump "$dir/in.pcap" "ip and ($expression)" | diff - <(shown "$dir/out.pcap")
}

@test "-e: the program of a service, in the kernel's limits" {
	vcap-filter -S shop -P -e 'tcp[tcpflags] & tcp-syn != 0' 10.1.1.1 > "$dir/program"
	[ "$(head -1 "$dir/program")" -lt 400 ]
	misuse "'vlan'" -e 'tcp and vlan 5'
	misuse "'tcp bogus'" -e 'tcp bogus'
	misuse "'inbound'" -e inbound -r "$dir/x" -w "$dir/y"
	vcap-filter -e 'tcp' -y RAW
}

# bats test_tags=slow
@test "-e: tags behind a cooked header hide nothing" {
	packets "$dir/in.pcap" 500
	expression="not port 443 and not port 8080"
	by_tcpdump "$dir/in.pcap" "ip and ($expression)" | grep -c "^[0-9]" > "$dir/wanted"
	# The same packets as `tcpdump -i any` writes them: 14 bytes instead of the two addresses.
	perl -e '
		local $/;
		$_ = <STDIN>;
		my $type = shift;
		print substr($_, 0, 20), pack("V", $type);
		for (my $at = 24; $at < length; ) {
			my ($s, $us, $caplen) = unpack "VVV", substr $_, $at, 12;
			my $frame = substr $_, $at + 16, $caplen;
			my ($first, $rest) = unpack "x12 a2 a*", $frame;
			$frame = "\0" x 14 . $first . $rest;
			print pack("VVVV", $s, $us, (length $frame) x 2), $frame;
			$at += 16 + $caplen;
		}' 113 < "$dir/in.pcap" > "$dir/sll.pcap"
	vcap-filter -e "$expression" -y LINUX_SLL -r "$dir/sll.pcap" -w "$dir/out.pcap"
	tshark -r "$dir/out.pcap" -Y "tcp.port in {443, 8080} or udp.port in {443, 8080}" 2>/dev/null | wc -l | grep -qx 0
	[ "$(tshark -r "$dir/out.pcap" 2>/dev/null | wc -l)" -eq "$(cat "$dir/wanted")" ]
	tshark -r "$dir/out.pcap" -Y vlan 2>/dev/null | grep -q .
	misuse "move in tagged LINUX_SLL packets" -y LINUX_SLL -e "link[14] = 8"
}

@test "--widen gives what fits, a superset, and says by how much" {
	packets "$dir/in.pcap" 500
	{ echo 10.1.1.1; seq 1 5000 | perl -ne 'printf "20.%d.%d.%d\n", $_ % 253, $_ % 251, $_ % 17 * 3'; } > "$dir/list"
	run --separate-stderr -1 vcap-filter --specs "$dir/list"
	[[ $stderr == *"--widen"* ]]
	run --separate-stderr -0 vcap-filter --widen --specs "$dir/list"
	[ "${lines[0]}" -le 4096 ]
	[[ $stderr =~ widened\ by\ [0-9]+\ addresses ]]
	run --separate-stderr -0 vcap-filter --widen 10.1.1.1
	[ -z "$stderr" ]
	misuse "--widen" --widen -x 10.1.1.1
}

# bats test_tags=slow
@test "interfaces, comments and statistics of a capture are kept" {
	packets "$dir/in.pcap" 50
	editcap -F pcapng --capture-comment "a comment" -a "1:of the first" "$dir/in.pcap" "$dir/in.pcapng"
	# A block of statistics: 50 received, 7 dropped.
	perl -e 'print pack "VVVVVvvQ<vvQ<vvV", 5, 52, 0, 0, 0, 4, 8, 50, 5, 8, 7, 0, 0, 52' >> "$dir/in.pcapng"
	vcap-filter -r "$dir/in.pcapng" -w "$dir/out.pcapng" 0.0.0.0/0
	capinfos -k "$dir/out.pcapng" | grep -q 'a comment'
	[ "$(tshark -r "$dir/out.pcapng" -T fields -e frame.comment -c 1)" = "of the first" ]
	capinfos -TmI "$dir/out.pcapng" > /dev/null
	[ "$(tshark -r "$dir/out.pcapng" -T fields -e frame.time_epoch -e ip.id)" = \
		"$(tshark -r "$dir/in.pcapng" -T fields -e frame.time_epoch -e ip.id)" ]
	perl -0777 -ne 'exit !/\x04\x00\x08\x00\x32\x00{7}\x05\x00\x08\x00\x07\x00{7}/' "$dir/out.pcapng"
}

# Two sections, the second of the other byte order: comments of sections and of a packet,
# interfaces, statistics, a secret, a resolved name, and custom blocks of both kinds.
two_sections() { # FILE
	mkcap -f pcapng -n 30 -C "of section one" -d 7 -a toolA -e engA > "$dir/a"
	mkcap -f pcapng -b -n 40 -s 2 -C "of section two" -d 9 -a toolB -i 2 > "$dir/b"
	printf 'CLIENT_RANDOM %064d 11\n' 0 > "$dir/keys"
	editcap --inject-secrets "tls,$dir/keys" -a "2:a packet of one" "$dir/a" "$dir/a.pcapng" 2>/dev/null
	perl -e '
		sub block {
			my ($type, $body) = @_;
			$body .= "\0" x (-length($body) % 4);
			my $size = pack "N", 12 + length $body;
			print pack("N", $type), $size, $body, $size;
		}
		block(4, pack("nnC4Z*x2nn", 1, 10, 10, 0, 0, 2, "host2", 0, 0));
		block(0x00000bad, pack("N", 32473) . "may be copied");
		block(0x40000bad, pack("N", 32473) . "not to be copied");' > "$dir/more"
	cat "$dir/a.pcapng" "$dir/b" "$dir/more" > "$1"
}

seen_by_tshark() { # FILE [ARG...]
	capinfos "$1" 2>/dev/null | grep -Ev '^(File (name|size)|SHA|RIPE|Number of decryption)'
	tshark -r "$1" -q -z hosts 2>/dev/null | grep -v 'gathered from'
	tshark -r "$@" -Y udp -T fields -e frame.time_epoch -e frame.interface_name -e frame.comment -e udp.payload 2>/dev/null
}

# bats test_tags=slow
@test "all sections of a capture are kept, with what is in them" {
	two_sections "$dir/in.pcapng"
	vcap-filter -r "$dir/in.pcapng" -w "$dir/out.pcapng" 0.0.0.0/0
	seen_by_tshark "$dir/in.pcapng" > "$dir/wanted"
	seen_by_tshark "$dir/out.pcapng" | diff "$dir/wanted" -
	grep -q 'of section two' "$dir/wanted"
	grep -q 'host2' "$dir/wanted"
	# Whatever may leave packets out leaves secrets out.
	capinfos "$dir/in.pcapng" | grep -q 'decryption secrets in file: 1'
	run -1 grep -q 'CLIENT_RANDOM' "$dir/out.pcapng"
	[ "$(grep -c 'Number of stat entries = 1' "$dir/wanted")" -gt 0 ]
	[ "$(strings "$dir/out.pcapng" | grep -c 'may be copied')" -eq 1 ]
	run -1 grep -q 'not to be copied' "$dir/out.pcapng"
	vcap-filter -r - -w - 0.0.0.0/0 < "$dir/in.pcapng" > "$dir/again.pcapng"
	cmp "$dir/again.pcapng" "$dir/out.pcapng"
	vcap-filter -r "$dir/out.pcapng" -w "$dir/again.pcapng" 0.0.0.0/0
	cmp "$dir/again.pcapng" "$dir/out.pcapng"
	vcap-filter -r "$dir/in.pcapng" -w "$dir/some.pcapng" -e 'greater 120' 10.0.0.1
	tshark -r "$dir/in.pcapng" -Y 'frame.len >= 120' -T fields -e udp.payload > "$dir/wanted" 2>/dev/null
	tshark -r "$dir/some.pcapng" -Y udp -T fields -e udp.payload 2>/dev/null | diff "$dir/wanted" -
	[ "$(wc -l < "$dir/wanted")" -gt 20 ]
}

@test "comments of statistics stay with them" {
	mkcap -f pcapng -n 5 -d 7 > "$dir/in.pcapng"
	# Two of the same interface: with comments and a core, and without any.
	perl -e '
		sub comment { pack "vva*x![4]", 1, length $_[0], $_[0] }
		for (join("", map { comment($_) } "core 3", "one", "two"), "") {
			my $body = pack("VVV", 0, 1, 5) . $_;
			my $size = pack "V", 12 + length $body;
			print pack("V", 5), $size, $body, $size;
		}' >> "$dir/in.pcapng"
	vcap-filter -r "$dir/in.pcapng" -w "$dir/out.pcapng" 0.0.0.0/0
	[ "$(strings -n 3 "$dir/out.pcapng" | grep -E '^(core|one|two)' | tr '\n' ' ')" = "core 3 one two " ]
}

@test "with a service and addresses, the kind of filter in force is said with -v" {
	run --separate-stderr -0 vcap-filter -S direct 10.1.1.1
	[ -z "$stderr" ]
	run --separate-stderr -0 vcap-filter -v -S direct 10.1.1.1
	[[ $stderr == *"transaction filter"* ]]
	run --separate-stderr -0 vcap-filter -v -S shop -P 10.1.1.1
	[[ $stderr == *"per-packet filter"* ]]
	run --separate-stderr -0 vcap-filter 10.1.1.1
	[ -z "$stderr" ]
}
