#!/usr/bin/env bats
# vcap-anonymize: what it leaves is the same capture, by tshark, and nothing of the addresses is left.

bats_require_minimum_version 1.5.0

setup() {
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$build/bin:$build/tests/tools:$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
	(umask 077 && echo 00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef >key)
}

fields() { # FILE FIELD...
	# shellcheck disable=SC2046 # words
	tshark -n -o tcp.relative_sequence_numbers:FALSE -o ip.check_checksum:TRUE -r "$1" -T fields \
		$(printf -- '-e %s ' "${@:2}") 2>/dev/null
}

# From a file of addresses before and after, a line each: a name for each, and no name twice.
is_renaming() {
	[ "$(sort -u "$1" | wc -l)" -eq "$(cut -f 1 "$1" | sort -u | wc -l)" ]
	[ "$(sort -u "$1" | wc -l)" -eq "$(cut -f 2 "$1" | sort -u | wc -l)" ]
}

made() { # a capture of three clients, one of whom is told that there is no way
	{
		for n in 1 2 3; do
			echo "$n 10.1.1.$n:4000$n 192.0.2.10:80 S $n 0"
			echo "$n.1 192.0.2.10:80 10.1.1.$n:4000$n SA 7 $((n + 1))"
			echo "$n.2 10.1.1.$n:4000$n 192.0.2.10:80 PA $((n + 1)) 8 secret"
		done
		echo '4 10.0.0.254 10.1.1.1 unreachable 10.1.1.1:40001 192.0.2.10:80'
	} | "$BATS_TEST_DIRNAME/../mktcp" >four.pcap
}

# Break: lib/packet/readdress.c s/replace(packet, at + 12, 4);//
# Break: lib/packet/readdress.c s/replace_ip(packet, at + 8, family, true);/(void)0;/
@test "anonymize: ports, flags and lengths stay; addresses, also those quoted, and payload do not" {
	made
	vcap-anonymize -k key - <four.pcap >out.pcapng
	vcap-print four.pcap >before
	vcap-print out.pcapng >after
	diff <(sed -E 's/[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+/A/g' before) <(sed -E 's/[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+/A/g' after)
	run ! grep -q -e '10[.]1[.]1[.]' -e '192[.]0[.]2[.]10' after
	[ "$(grep -o '> [0-9.]*[.]80:' after | sort -u | wc -l)" -eq 1 ]
	LC_ALL=C run ! grep -aqP 'secret|\x0a\x01\x01[\x01-\x03]|\xc0\x00\x02\x0a' out.pcapng
}

# Break: lib/packet/readdress.c s/- before + after;/- after + before;/
# Break: lib/capfile/anonymize.c s/headers_cut(packet, linktype);//
# Break: lib/capfile/anonymize.c s/rename_text(copy, interface.filter, &interface.filter, why);/(interface.filter = interface.filter ? strdup(interface.filter) : 0, 0);/
# bats test_tags=slow
@test "anonymize: both families, ICMP and what it quotes; checksums, ports and flags; the same in each file" {
	made
	mkconv -n 3 -6 -e xff >six.pcap
	vcap-merge --mixed --comment 'from 10.1.1.1:40001 to [2001:db8::10]:80' -w in.pcapng lb1=four.pcap lb2=six.pcap
	vcap-anonymize -k key -w out.pcapng in.pcapng
	what=(frame.time_epoch frame.len frame.interface_name tcp.srcport tcp.dstport tcp.flags tcp.seq_raw icmp.type ip.proto)
	diff <(fields in.pcapng "${what[@]}") <(fields out.pcapng "${what[@]}")
	for field in ip.src ip.dst ipv6.src ipv6.dst; do
		paste <(fields in.pcapng $field) <(fields out.pcapng $field) >both
		sed -E 's/([^\t,]*),([^\t,]*)\t([^,]*),(.*)/\1\t\3\n\2\t\4/' both | grep '[0-9]' >>all
	done
	grep -q . all
	is_renaming all
	# None is as it was; those of one subnet are in one.
	[ -z "$(awk '$1 == $2' all)" ]
	[ "$(awk '$1 ~ /^10[.]1[.]1[.]/ { sub(/[.][0-9]*$/, "", $2); print $2 }' all | sort -u | wc -l)" -eq 1 ]
	# Headers that were right are right. Those of TCP can be summed up where nothing was cut.
	[ "$(fields out.pcapng ip.checksum.status | tr ',' '\n' | sort -u | tr -d '\n')" = "$(fields in.pcapng ip.checksum.status | tr ',' '\n' | sort -u | tr -d '\n')" ]
	tshark -n -o tcp.check_checksum:TRUE -r six.pcap -Y 'tcp.len == 0' -T fields -e tcp.checksum.status 2>/dev/null | sort | uniq -c >before
	vcap-anonymize -k key six.pcap | tshark -n -o tcp.check_checksum:TRUE -r - -Y 'tcp.hdr_len && frame.cap_len == frame.len' -T fields -e tcp.checksum.status 2>/dev/null | sort | uniq -c >after
	cat before after
	cmp before after
	# No payload, and no address in whatever form.
	run ! grep -aq -e secret -e X-Forwarded out.pcapng
	run ! grep -aq -e '10[.]1[.]1[.]' -e 2001:db8::10 out.pcapng
	LC_ALL=C run ! grep -aqP '\x0a\x01\x01[\x01-\x03]|\xc0\x00\x02\x0a|\x20\x01\x0d\xb8' out.pcapng
	[[ $(capinfos out.pcapng) == *'from '*:40001\ to\ \[*\]:80* ]]
	# By the same key the same, by another one another.
	vcap-anonymize -k key -w again.pcapng in.pcapng
	cmp out.pcapng again.pcapng
	(umask 077 && tr 0-9 1-90 <key >other)
	vcap-anonymize -k other - <in.pcapng >other.pcapng
	run ! cmp -s out.pcapng other.pcapng
	vcap-anonymize -k key -F pcap -w four.out four.pcap
	[ "$(fields four.out ip.src | head -n 1)" = "$(fields out.pcapng ip.src | grep -v '^$' | head -n 1)" ]
}

@test "anonymize: a key that others may read, that is none, or is missing, and what is no capture" {
	mkcap >a.pcap
	chmod 640 key
	run -1 vcap-anonymize -k key -w out.pcapng a.pcap
	[ "$output" = "vcap-anonymize: others may read the key 'key' (chmod 600)" ]
	chmod 600 key
	echo 0011 >short
	chmod 600 short
	run -1 vcap-anonymize -k short -w out.pcapng a.pcap
	[[ $output == *"'short' is no key of 64 hex digits" ]]
	run -1 vcap-anonymize -k none -w out.pcapng a.pcap
	[[ $output == *"umask 077; openssl rand -hex 32 >none)" ]]
	run -2 vcap-anonymize -w out.pcapng a.pcap
	run -1 vcap-anonymize -k key -w out.pcapng "$BATS_TEST_FILENAME"
	[ ! -e out.pcapng ]
	head -c -5 a.pcap >cut.pcap
	run -3 vcap-anonymize -k key -w out.pcapng cut.pcap
	[ -e out.pcapng ]
}
