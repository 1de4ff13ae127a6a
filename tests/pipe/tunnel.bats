#!/usr/bin/env bats
# Servers behind tunnels (tests/mktunnel makes them): what tshark sees in the packets is what is told of them.

bats_require_minimum_version 1.5.0

setup() {
	tests="$BATS_TEST_DIRNAME/.."
	build="$tests/../${VCAP_BUILD:-build}"
	PATH="$build/bin:$build/tests/tools:$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
	export VCAP_CONFIG=$PWD/config
	mkdir -p config/services
	mkconv -n 4 -q 2 -e xff >plain.pcap
}

service() { # LINE...: the service shop, but for its VIP
	printf '%s\n' 'vip 192.0.2.10 tcp/80' "$@" >config/services/shop
}

# What tshark says of packets: a line each, the values of the innermost header last.
fields() { # FILE FIELD...
	# shellcheck disable=SC2046 # words
	tshark -n -o tcp.relative_sequence_numbers:FALSE -o udp.check_checksum:TRUE -d udp.port==8472,vxlan -r "$1" -T fields \
		$(printf -- '-e %s ' "${@:2}") 2>/dev/null
}

# The packets of the inner headers: the client's number, which is the IP header's, addresses, ports, numbers.
inner() { # FILE
	fields "$1" ip.id ip.src ip.dst tcp.srcport tcp.dstport tcp.seq_raw |
		awk -F '\t' -v OFS=' ' '{ for (i = 1; i <= NF; i++) sub(/.*,/, "", $i); $1 = $1; print }'
}

# Break: lib/filter/sighting.c s/is_tunnelled_vip(service, tunnel, &found->outer, from)/false/
# Break: lib/packet/tunnel.c s/return walk->reach == REACH_QUOTED &&/return 0 \&\&/
# Break: lib/filter/tunnel_entry.c s/case TUNNEL_GRE: add_carrier/case TUNNEL_GRE: if (0) add_carrier/
@test "direct routing by ipip and gre, in both families: clients, by their addresses alone" {
	ways=('ipip 10.0.9.1 10.0.99.1' 'gre+ fd00:9::1 fd00:99::1')
	[ -z "$VCAP_SLOW" ] || ways+=('gre 10.0.9.1 10.0.99.1' 'gretap 10.0.9.1 10.0.99.1' 'ipip fd00:9::1 fd00:99::1')
	for way in "${ways[@]}"; do
		read -r kind engine far <<<"$way"
		service "server $far tcp/80 via ${kind%%[+t]*}"
		# shellcheck disable=SC2086 # words
		"$tests/mktunnel" -k -e "${engine%?}77" $way 192.0.2.10 <plain.pcap >in.pcap
		vcap-filter -S shop -r in.pcap -w out.pcap
		vcap-merge -S shop -w merged.pcapng lb1=in.pcap
		fields merged.pcapng frame.interface_name ip.id ip.addr ipv6.addr >sides
		grep -F 192.0.2.10 sides | cut -f 2- >want
		fields out.pcap ip.id ip.addr ipv6.addr | diff want -
		[ "$(grep -c "/server.*$engine.*$far\|/server.*$far.*$engine" sides)" -eq "$(grep -c /server sides)" ]
		# ... and the error that quotes one of them.
		[ "$(grep -c /server sides)" -eq $(("$(grep -c /client sides)" + 1)) ]
		[ "$(grep -c "${engine%?}77" sides)" -eq 1 ]
		# One client, both sides: as many packets in the tunnel as outside of it.
		vcap-filter -S shop -r in.pcap -w out.pcap 10.1.0.3
		fields out.pcap ip.id ip.addr ipv6.addr >one
		[ "$(sed 's/\t.*//; s/.*,//' one | sort -u)" = 0x0003 ]
		[ "$(grep -c "$far" one)" -eq "$(grep -vc "$far" one)" ]
		[ "$(wc -l <one)" -eq "$(awk -F '\t' '{ sub(/.*,/, "", $2) } $2 == "0x0003" && /192[.]0[.]2[.]10/' sides | wc -l)" ]
	done
}

# Break: lib/controller/catalog.c s/shares_tunnelled(&one->tunnels, &other->tunnels)/0/
# Break: lib/filter/tunnel_entry.c s/UDP_HEADER + 8, find_ethernet/UDP_HEADER, find_ethernet/
# Break: lib/packet/tunnel.c s/walk->at += UDP_HEADER + 8;$/walk->at += UDP_HEADER;/
@test "vxlan and geneve: the server is the inner packet's, on the port of the line and no other" {
	ways=('vxlan 10.0.9.8' 'geneve+ fd00:9::8')
	[ -z "$VCAP_SLOW" ] || ways+=('vxlan:8472 10.0.9.8' 'vxlan fd00:9::8' 'geneve 10.0.9.8')
	inner plain.pcap | grep -E '192[.]0[.]2[.]10|10[.]0[.]1[.]11' >want
	for way in "${ways[@]}"; do
		read -r kind engine <<<"$way"
		service "server 10.0.1.11 tcp/8080 via ${kind%+}" 'source 10.0.9.1'
		"$tests/mktunnel" "$kind" "$engine" "${engine%?}9" 10.0.1.11 <plain.pcap >in.pcap
		# Of the other server, which is in no tunnel, nothing is said.
		vcap-filter -S shop -r in.pcap -w out.pcap
		inner out.pcap | diff want -
		vcap-merge -S shop -w merged.pcapng lb1=in.pcap
		[ "$(fields merged.pcapng frame.interface_name | grep -c /server)" -eq "$(grep -c '10[.]0[.]1[.]11' want)" ]
		service "server 10.0.1.11 tcp/8080 via vxlan:7" "server 10.0.1.11 tcp/8080 via ipip"
		vcap-filter -S shop -r in.pcap -w out.pcap
		[ "$(tcpdump --count -r out.pcap 2>/dev/null)" = "$(grep -c '192[.]0' want) packets" ]
	done
	: >config/engines
	run -0 vcap-services -r
	[[ $output == *'10.0.1.11 tcp/8080 via vxlan:7, 10.0.1.11 tcp/8080 via ipip'* ]]
	# Servers are shared behind the same tunnel; a far end is not, since the VIP tells.
	printf '%s\n' 'vip 192.0.2.20' 'server 10.0.1.0/24 via vxlan' 'server 10.0.1.11 via ipip' >config/services/other
	run ! grep shares <(vcap-services -o NAME,NOTE)
	sed -i s/vxlan/vxlan:7/ config/services/other
	vcap-services -o NAME,NOTE | grep -q "^shop .*shares servers with 'other'"
}

# Break: lib/filter/sighting.c s/server_ends(service, &servers, from, to, &sighting->source_varies);/SIDE_OTHER;/
@test "join: a client is followed to servers behind a tunnel as to those behind none" {
	evidences=(xff)
	[ -z "$VCAP_SLOW" ] || evidences+=(proxy2)
	for evidence in "${evidences[@]}"; do
		mkconv -n 4 -q 2 -e "$evidence" -c 2 >plain.pcap
		service 'server 10.0.1.11 tcp/8080' 'server 10.0.1.12 tcp/8080' 'monitor http /health' 'monitor empty'
		vcap-join -S shop -r plain.pcap -w want.pcap 10.1.0.2 10.1.0.3
		inner want.pcap >want
		[ "$(awk '{ print $1 }' want | sort -u | tr '\n' ' ')" = '0x0002 0x0003 ' ]
		vcap-transactions -r -S shop plain.pcap >rows
		for kind in vxlan geneve+; do
			service "server 10.0.1.11 tcp/8080 via ${kind%+}" 'server 10.0.1.12 tcp/8080' 'monitor http /health' 'monitor empty'
			"$tests/mktunnel" "$kind" 10.0.9.8 10.0.9.9 10.0.1.11 <plain.pcap >in.pcap
			vcap-join -S shop -r in.pcap -w out.pcap 10.1.0.2 10.1.0.3
			inner out.pcap | diff want -
			vcap-join -S shop -w - 10.1.0.2 10.1.0.3 <in.pcap >stream.pcap
			inner stream.pcap | diff want -
			vcap-transactions -r -S shop in.pcap | diff rows -
		done
	done
}

# Break: lib/join/join.c s/jc->shows_client = subject->seen.shows_client;/jc->shows_client = false;/
@test "join: of direct routing in a tunnel the inner packet is evidence enough, beside servers that need some" {
	service 'server 10.0.99.1 via ipip' 'server 10.0.1.11 tcp/8080' 'server 10.0.1.12 tcp/8080'
	"$tests/mktunnel" -k ipip 10.0.9.1 10.0.99.1 192.0.2.10 <plain.pcap >in.pcap
	vcap-join -S shop -r in.pcap -w out.pcap 10.1.0.3
	[ "$(inner out.pcap | awk '{ print $1 }' | sort -u)" = 0x0003 ]
	fields in.pcap ip.id frame.number | awk '{ sub(/.*,/, "", $1) } $1 == "0x0003"' >want
	[ "$(inner out.pcap | wc -l)" -eq "$(wc -l <want)" ]
	service 'server 10.0.99.1 via ipip'
	run -0 vcap-transactions -r -o UNIT,CLIENT,CONFIDENCE -S shop in.pcap
	[ "$(sort -u <<<"$output" | cut -f 1 | sort -u)" = nat ]
	[ "$(wc -l <<<"$output")" -eq "$(fields plain.pcap tcp.flags ip.dst | grep -c '0x0002.192')" ]
}

# Break: lib/packet/headers.c s/TUNNEL_USUAL, &found) !=/0, \&found) !=/
# Break: lib/packet/readdress.c s/packet->caplen = replace_ip(packet, at, found/(void)at; (void)(found/
# Break: lib/packet/readdress.c s/mend(packet, at + 6, before + sum_of(old, size),/mend(packet, at + 6, before,/; s/after + sum_of(packet->data + at, size));/after);/
# bats test_tags=slow
@test "without payload and addresses: inner headers stay, by which sides are told; the rest goes" {
	(umask 077 && printf '%064d' 7 >key)
	for kind in ipip gre+ vxlan geneve+; do
		far=10.0.99.1 inside=192.0.2.10
		[ "$kind" = ipip ] || [ "$kind" = gre+ ] || inside=10.0.1.11
		service "server $([ $inside = 10.0.1.11 ] && echo $inside || echo $far) via ${kind%+}"
		"$tests/mktunnel" -k -e 10.0.9.77 "$kind" 10.0.9.1 $far $inside <plain.pcap >in.pcap
		vcap-filter --cut -r in.pcap -w cut.pcap
		diff <(inner in.pcap) <(inner cut.pcap)
		# Nothing is behind the TCP header, the inner one if there are two.
		fields cut.pcap frame.cap_len frame.protocols tcp.hdr_len >lengths
		fields in.pcap frame.len tcp.len | paste lengths - | awk -F '\t' '$1 != $4 - $5' >wrong
		[ ! -s wrong ]
		fields <(vcap-merge -S shop lb1=in.pcap) frame.interface_name >want
		fields <(vcap-merge -S shop lb1=cut.pcap) frame.interface_name | diff want -
		vcap-anonymize -k key -w out.pcapng in.pcap
		for file in in.pcap out.pcapng; do
			fields $file ip.src frame.protocols tcp.srcport tcp.seq_raw ip.proto udp.checksum.status \
				gre.checksum.status frame.cap_len frame.len | sed 's/:http[^\t]*//' >$file.fields
		done
		diff <(cut -f 2-5 in.pcap.fields) <(cut -f 2-5 out.pcapng.fields)
		paste <(cut -f 1 in.pcap.fields | tr , '\n') <(cut -f 1 out.pcapng.fields | tr , '\n') | sort -u >names
		[ "$(cut -f 1 names | sort -u | wc -l)" -eq "$(wc -l <names)" ]
		[ -z "$(awk '$1 == $2' names)" ]
		LC_ALL=C run ! grep -aqP '\xc0\x00\x02\x0a|\x0a\x00[\x01\x09\x63][\x01-\x0c]|\x0a\x01\x00[\x01-\x09]|10[.]1[.]1|GET' out.pcapng
		# Checksums over all that is there are as right as they were.
		[ "$(awk -F '\t' '$8 == $9 { print $6 $7 }' out.pcapng.fields | sort -u | tr -d '\n')" = "$([ "$kind" = ipip ] || echo 1)" ]
	done
}

# Break: lib/packet/packetline.c s/format_alone(&found.inner, LINKTYPE_RAW, inner);/format_alone(packet, linktype, inner);/
@test "print: a packet in a tunnel is the inner one's line, as tcpdump prints it" {
	"$tests/mktunnel" ipip 10.0.9.1 10.0.99.1 192.0.2.10 <plain.pcap >in.pcap
	vcap-print in.pcap | sed -E 's/^(\S+) +\S+ +\S+ +/\1 /; s/: ipip: /: /' >ours
	tcpdump -nn -r in.pcap 2>/dev/null |
		sed -E 's/(Flags \[[^]]*\]), .*(length [0-9]+)(: HTTP.*)?$/\1, \2/' | diff - ours
	grep -q 'IP 10.0.9.1 > 10.0.99.1: IP 10.1.0.1' ours
}
