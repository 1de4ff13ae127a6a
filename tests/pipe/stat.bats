#!/usr/bin/env bats
# vcap-stat against what mkcap was told to make, and capinfos.

bats_require_minimum_version 1.5.0
load ../until

setup() {
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$build/bin:$build/tests/tools:$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
}

@test "packets, bytes, first, last and drops of each origin" {
	mkcap -f pcapng -n 3 -t 1000 -g 0 -d 4 -z 1 >a.pcapng
	mkcap -n 2 -t 1000000000 -g 0 -z 1 >b.pcap
	vcap-merge -w out.pcapng lb1=a.pcapng lb2=b.pcap
	[ "$(vcap-stat out.pcapng | tr -s ' ')" = "$(cat <<-END
		ENGINE IFACE SIDE PACKETS BYTES DROPS FIRST LAST
		lb1 eth0 - 3 186 4 1970-01-01T00:16:40.000000000Z 1970-01-01T00:16:40.000000000Z
		lb2 - - 2 124 - 2001-09-09T01:46:40.000000000Z 2001-09-09T01:46:40.000000000Z
	END
	)" ]
}

@test "what has packets or drops is shown, the drops once for each interface, the rest with -a" {
	mkdir -p config/services
	printf 'vip 10.0.0.1\nserver 10.0.0.2\n' >config/services/web
	export VCAP_CONFIG="$PWD/config"
	mkcap -f pcapng -n 3 -i 3 -t 1000 -g 0 -d 4 -z 1 >a.pcapng
	mkcap -f pcapng -n 0 -i 2 -d 0 >b.pcapng
	mkcap -f pcapng -n 0 -i 2 -d 7 >c.pcapng
	vcap-merge -S web -w out.pcapng lb1=a.pcapng lb2=b.pcapng lb3=c.pcapng
	[ "$(vcap-stat out.pcapng | awk '{ print $1, $2, $3, $4, $6 }')" = "$(cat <<-END
		ENGINE IFACE SIDE PACKETS DROPS
		lb1 eth0 server 2 4
		lb1 eth1 server 1 4
		lb1 eth2 - 0 4
		lb2 - - 0 0
		lb3 eth0 - 0 7
		lb3 eth1 - 0 7
	END
	)" ]
	vcap-stat -a out.pcapng | awk 'NR > 1 { print $1, $2, $3, $4, $6 }' >all
	[ "$(cat all)" = "$(cat <<-END
		lb1 eth0 - 0 4
		lb1 eth0 server 2 -
		lb1 eth1 - 0 4
		lb1 eth1 server 1 -
		lb1 eth2 - 0 4
		lb2 eth0 - 0 0
		lb2 eth1 - 0 0
		lb3 eth0 - 0 7
		lb3 eth1 - 0 7
	END
	)" ]
	vcap-stat -j out.pcapng | perl -MJSON::PP -e 'local $/;
		print join(" ", map { defined && length ? $_ : "-" } @$_{qw(engine iface side packets drops)}), "\n"
			for @{decode_json(<>)->{origins}}' >got
	diff all got
}

@test "it counts what capinfos counts, in any file" {
	for args in "" "-b -u" "-f pcapng -i 4" "-f pcapng -b -o -i 2" "-f pcapng -l 101"; do
		# shellcheck disable=SC2086 # the words of $args
		mkcap $args -n 300 -s 3 >a.cap
		vcap-stat a.cap >table
		[ "$(awk 'NR > 1 { n += $4; b += $5 } END { print n, b }' table)" = \
			"$(capinfos -MTrcd a.cap 2>/dev/null | awk -F'\t' '{ print $2, $3 }')" ]
	done
}

@test "bins add up to the whole and start at multiples of their length" {
	mkcap -f pcapng -n 500 -i 2 -t 1000 -g 50000000 >a.pcapng
	vcap-stat -b 3s a.pcapng >bins
	[ "$(awk 'NR > 1 { n += $5; b += $6 } END { print n, b }' bins)" = \
		"$(vcap-stat a.pcapng | awk 'NR > 1 { n += $4; b += $5 } END { print n, b }')" ]
	[ "$(awk 'NR == 2 { print $1 }' bins)" = 1970-01-01T00:16:39.000000000Z ]
	# Another reader's packets of the second bin.
	expected=$("$BATS_TEST_DIRNAME/../frames" -f time a.pcapng | awk '$1 >= 1002 && $1 < 1005' | wc -l)
	[ "$(awk '$1 == "1970-01-01T00:16:42.000000000Z" { n += $5 } END { print n }' bins)" -eq \
		"$expected" ]
}

@test "JSON says the same" {
	mkcap -f pcapng -n 30 -i 2 -d 9 >a.pcapng
	vcap-stat -j a.pcapng >json
	perl -MJSON::PP -e 'local $/; my $o = decode_json(<>)->{origins};
		print join(" ", map { $_->{engine}, $_->{iface}, $_->{packets}, $_->{bytes}, $_->{drops} } @$o), "\n"' \
		json >got
	vcap-stat a.pcapng | awk 'NR > 1 { printf "%s%s %s %s %s %s", sep, $1, $2, $4, $5, $6; sep = " " } END { print "" }' |
		diff got -
}

@test "names are harmless and in one column" {
	mkcap -f pcapng -n 1 >'a b'$'\e''[31m.pcapng'
	vcap-stat a* >table
	[ "$(awk 'NR == 2 { print NF }' table)" -eq 8 ]
	run ! grep -q $'\e' table
	grep -q ^a_b table
}

@test "a damaged file is counted up to the damage: exit 3" {
	mkcap -n 10 >a.pcap
	truncate -s -1 a.pcap
	run -3 --separate-stderr vcap-stat a.pcap
	[[ $stderr == "vcap-stat: 'a.pcap' ends in the middle"* ]]
	[ "$(echo "$output" | awk 'NR == 2 { print $4 }')" = 9 ]
}

@test "misuse and failures" {
	run -2 vcap-stat
	run -2 vcap-stat -b 0 x
	run -2 vcap-stat a b
	run -2 vcap-stat -b x x
	[ "$output" = "vcap-stat: not the length of a bin: 'x'" ]
	run -1 vcap-stat ./absent
	[ "$output" = "vcap-stat: cannot open './absent': No such file or directory" ]
	export VCAP_SPOOL=$PWD/spool
	run -1 vcap-stat absent
	[ "$output" = "vcap-stat: there is no capture of 'absent'" ]
}

# Break: cmd/vcap-stat.c s/options.file = file.path;/options.file = argv[optind];/
@test "a capture of the spool, by its id or as the newest of a service, is counted as its file" {
	export VCAP_SPOOL=$PWD/spool
	id=shop.20260101_000000
	(umask 077 && mkdir -p spool/captures/$id/engines)
	printf 'state done\nservice shop\nengine a\n' >spool/captures/$id/capture
	printf 'vip 10.0.0.2 udp/9\n' >spool/captures/$id/service
	mkcap -n 7 >a.pcap
	vcap-merge -w spool/captures/$id/$id.pcapng a.pcap
	[ "$(vcap-stat shop)" = "$(vcap-stat spool/captures/$id/$id.pcapng)" ]
	[ "$(vcap-stat $id | awk 'NR == 2 { print $4 }')" = 7 ]
	# A file of that name comes first.
	mkcap -n 3 >shop
	[ "$(vcap-stat shop | awk 'NR == 2 { print $4 }')" = 3 ]
}

# Blocked on its input. What to break: confine() in cmd/vcap-stat.c.
@test "it is confined before it parses, and prints its table all the same" {
	[ -z "${VCAP_EMULATED-}" ] || skip "seccomp: is not emulated"
	mkcap -n 10 >in.pcap
	mkfifo fifo
	vcap-stat fifo >table 3>&- &
	pid=$!
	exec 4>fifo
	head -c 100 in.pcap >&4
	case $build in
	*asan*) confined=^NoNewPrivs:.1 ;;
	*) confined=^Seccomp:.2 ;;
	esac
	until_true grep -q "$confined" "/proc/$pid/status"
	tail -c +101 in.pcap >&4
	exec 4>&-
	wait "$pid"
	awk 'NR == 2 { exit $(NF - 4) != 10 }' table
}
