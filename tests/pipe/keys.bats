#!/usr/bin/env bats
# vcap-keys and vcap-merge --keys: which keys get through, and into a file.

bats_require_minimum_version 1.5.0

setup() {
	load ../until.bash
	build="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}"
	PATH="$build/bin:$build/tests/tools:$PATH"
	cd "$BATS_TEST_TMPDIR" || exit
}

# A client random of 64 digits, and lines of its key.
random() { # NUMBER
	printf '%064x' "$1"
}

old_key() { # NUMBER
	printf 'CLIENT_RANDOM %064x %096x\n' "$1" "$1"
}

new_keys() { # NUMBER
	for label in CLIENT_HANDSHAKE_TRAFFIC_SECRET SERVER_HANDSHAKE_TRAFFIC_SECRET CLIENT_TRAFFIC_SECRET_0 \
		SERVER_TRAFFIC_SECRET_0; do
		printf '%s %064x %064x\n' $label "$1" "$1"
	done
}

bytes() { # of what standard input has in hexadecimal digits
	perl -ne 'print pack "H*", $_'
}

# Lines of mktcp: a connection whose hello has that random, in two segments: the first ends within the random.
connection() { # NUMBER
	local hello
	hello=16030102000100 hello+=01fc0303$(random "$1")20
	hello=$(perl -pe 's/../\\x$&/g' <<<"$hello")
	echo "$1.0 10.0.0.$1:5000 192.0.2.10:443 S 100 0"
	echo "$1.1 192.0.2.10:443 10.0.0.$1:5000 SA 500 101"
	echo "$1.2 10.0.0.$1:5000 192.0.2.10:443 A 101 501 ${hello:0:80}"
	echo "$1.3 10.0.0.$1:5000 192.0.2.10:443 A 121 501 ${hello:80}"
}

randoms() { # FILE: of the keys in it
	strings -n 64 "$1" | grep -oE '^[A-Z_0-9]+ [0-9a-f]{64} ' | cut -d ' ' -f 2 | sort -u
}

# Break: lib/packet/tlskey.c s/word->size != 2 \* size/word->size < 2 * size/
# Break: lib/flows/keyfeed.c s/if (feed->refused++)/if (1)/
@test "vcap-keys prints whole keys of known labels, each once; what is cut is refused, and counted" {
	{
		old_key 1
		new_keys 2
		old_key 1
		echo "# a comment"
		echo "RSA 0011223344556677 $(printf '%096d' 1)"
		echo "ECH_SECRET $(random 3) $(random 3)"
		echo "CLIENT_RANDOM $(random 4) $(random 4)"
		echo "CLIENT_TRAFFIC_SECRET_0 $(random 5) $(random 5)0 more"
		# As HAProxy logs them; the last line as it cuts it.
		echo "<134>1 - - haproxy 7 - [vcap-keys@0 keys=\"TLSv1.3 $(old_key 6) $(new_keys 6 | tr '\n' ' ')" \
			"TLSv1.2 $(old_key 7) end\"] 10.0.0.1:1 GET /"
		echo "<134>1 - - haproxy 7 - [vcap-keys@0 keys=\"TLSv1.2 $(old_key 8) - CLIENT_RANDOM - -"
	} >log
	local stderr # as run sets it
	run -3 --separate-stderr vcap-keys --file - <log
	{ old_key 1 && new_keys 2 && new_keys 6 && old_key 7; } | diff - <(printf '%s\n' "$output")
	[ "$(grep -c 'cut, and refused' <<<"$stderr")" -eq 1 ]
	grep -q 'len 4096' <<<"$stderr"
	grep -qx 'vcap-keys: lines refused: 3' <<<"$stderr"
}

@test "vcap-keys --keep: only keys whose client random it is told, before or after; nothing else to the file" {
	mkfifo hellos
	: >log
	vcap-keys --file "$PWD/log" --keep 0 <hellos >out 3>kept &
	exec 9>hellos
	until_true grep -q ready out
	new_keys 1 >>log
	{ old_key 2 && old_key 3; } >>log
	random 1 | bytes >&9
	until_true grep -q SERVER_TRAFFIC_SECRET_0 kept
	# In two pieces, and its key comes later.
	random 4 | head -c 20 | bytes >&9
	random 4 | tail -c +21 | bytes >&9
	mv log log.1
	old_key 4 >log
	until_true grep -q "$(random 4)" kept
	random 3 | bytes >&9
	exec 9>&-
	wait $!
	{ new_keys 1 && old_key 4 && old_key 3; } | sort | diff - <(sort kept)
}

# Break: lib/merge/picker.c s/wanted->only || has_period ||/0 ||/
# Break: lib/merge/merge_cmd.c s/rc = merge_keys_write/rc = 0 \&\& merge_keys_write/
@test "vcap-merge --keys: one block before every packet, with the keys of the hellos in the output alone" {
	for i in 1 2 3 4; do connection $i; done | "$BATS_TEST_DIRNAME/../mktcp" >in.pcap
	{ old_key 1 && new_keys 2 && old_key 9 && old_key 4 && old_key 1; } >keys
	vcap-merge --keys keys -w out.pcapng lb1=in.pcap
	[ "$(randoms out.pcapng)" = "$(random 1 && echo && random 2 && echo && random 4)" ]
	capinfos out.pcapng | grep -q 'Number of decryption secrets in file: 1'
	capinfos -k out.pcapng | grep -q 'has the keys of 3 of 4 TLS sessions'
	# The first block behind the section header is the block of secrets.
	[ "$(od -An -tu4 -j "$(od -An -tu4 -j 4 -N 4 out.pcapng | tr -d ' ')" -N 4 out.pcapng | tr -d ' ')" -eq 10 ]
	diff <(tshark -r out.pcapng -T fields -e frame.time_epoch -e tcp.payload) \
		<(tshark -r in.pcap -T fields -e frame.time_epoch -e tcp.payload)

	third=$(tshark -r in.pcap -Y 'ip.src == 10.0.0.3' -T fields -e frame.time_epoch | head -n 1)
	# Of a part, those of the part; from a file that has some as well; without the option none.
	vcap-merge --keys /dev/null --since "$third" -w part.pcapng out.pcapng
	[ "$(randoms part.pcapng)" = "$(random 4)" ]
	vcap-merge --since "$third" -w part.pcapng out.pcapng
	[ -z "$(randoms part.pcapng)" ]
	vcap-filter -w part.pcapng -r out.pcapng 10.0.0.1
	[ -z "$(randoms part.pcapng)" ]

	# Inputs that are not in order are read from their start again.
	{ connection 5 && connection 4; } | "$BATS_TEST_DIRNAME/../mktcp" >late.pcap
	{ head -c 24 in.pcap && tail -c +25 late.pcap && tail -c +25 in.pcap; } >disordered.pcap
	vcap-merge --keys keys -w again.pcapng disordered.pcap
	[ "$(randoms again.pcapng)" = "$(randoms out.pcapng)" ]
	[ "$(tshark -r again.pcapng -T fields -e frame.time_epoch | sort -c && echo ordered)" = ordered ]
}

# Break: lib/capfile/copy.c s/if (copy->judge(copy->context, &packet, linktype) &&/if (/
# Break: lib/capfile/copy.c s/return copy->secrets ? secrets_write.*/return 0;/
@test "vcap-filter --keys, vcap-join --keys: the keys of what is in the output, in front of it, and no others" {
	for i in 1 2 3; do connection $i; done | "$BATS_TEST_DIRNAME/../mktcp" >in.pcap
	{ old_key 1 && new_keys 2 && old_key 9; } >keys
	vcap-merge --keys keys -w whole.pcapng lb1=in.pcap
	printf '%s\n' 'vip 192.0.2.10 tcp/443' 'server 10.1.0.1 tcp/443' >shop
	vcap-filter --keys -r whole.pcapng -w filtered.pcapng 10.0.0.1
	vcap-join --keys -S ./shop -r whole.pcapng -w joined.pcapng 10.0.0.2
	[ "$(randoms filtered.pcapng)" = "$(random 1)" ]
	[ "$(randoms joined.pcapng)" = "$(random 2)" ]
	for file in filtered joined; do
		capinfos $file.pcapng | grep -q 'Number of decryption secrets in file: 1'
		[ "$(od -An -tu4 -j "$(od -An -tu4 -j 4 -N 4 $file.pcapng | tr -d ' ')" -N 4 $file.pcapng | tr -d ' ')" -eq 10 ]
	done
	# But for them the files are as without the option.
	vcap-filter -r whole.pcapng -w filtered 10.0.0.1
	vcap-join -S ./shop -r whole.pcapng -w joined 10.0.0.2 2>without
	vcap-join --keys -S ./shop -r whole.pcapng -w joined.pcapng 10.0.0.2 2>with
	for file in filtered joined; do
		[ -z "$(randoms $file)" ]
		diff <(tshark -r $file -T fields -e frame.time_epoch -e tcp.payload) \
			<(tshark -r $file.pcapng -T fields -e frame.time_epoch -e tcp.payload)
	done
	cmp without with
	# Compressed on both sides; and where there is no key.
	gzip <whole.pcapng >whole.pcapng.gz
	vcap-filter --keys -r whole.pcapng.gz -w filtered.pcapng.gz 10.0.0.2
	gzip -dc filtered.pcapng.gz >unpacked
	[ "$(randoms unpacked)" = "$(random 2)" ]
	vcap-filter --keys -r whole.pcapng -w filtered.pcapng 10.0.0.3
	run -1 grep -q 'decryption secrets' <(capinfos filtered.pcapng)
	vcap-filter --keys -r in.pcap -w filtered.pcap 10.0.0.1
	vcap-filter -r in.pcap -w - 10.0.0.1 | cmp - filtered.pcap

	cat whole.pcapng >piped
	run -1 --separate-stderr bash -c 'cat piped | vcap-filter --keys -r - -w out 10.0.0.1'
	[[ $stderr == *"'--keys' reads a capture twice: 'standard input' is no regular file" ]]
	run -1 --separate-stderr bash -c 'cat piped | vcap-join --keys -S ./shop -w out 10.0.0.1'
	[[ $stderr == *"'--keys' needs a regular file"* ]]
	run -1 vcap-join --keys --live -S ./shop -r whole.pcapng -w out 10.0.0.1
	run -2 vcap-filter --keys --cut -r whole.pcapng -w out 10.0.0.1
	run -2 vcap-filter --keys 10.0.0.1
	[ ! -e out ]
}

@test "vcap-merge --keys is refused where it cannot be" {
	mkcap -n 3 >in.pcap
	: >keys
	run -2 vcap-merge --keys keys -F pcap -w out in.pcap
	[[ $output == *"a pcap file has no keys"* ]]
	run -2 vcap-merge --keys keys --cut -w out in.pcap
	run -2 vcap-merge --keys keys --live -w - in.pcap
	run -1 vcap-merge --keys missing -w out in.pcap
	[ "$output" = "vcap-merge: cannot read 'missing': No such file or directory" ]
	run -1 bash -c 'vcap-merge --keys keys -w - - < <(cat in.pcap)'
	[[ $output == *"reads inputs twice"* ]]
	[ ! -e out ]
	# Without a hello there is nothing to put in, and no block.
	vcap-merge --keys keys -w out in.pcap
	capinfos -k out | grep -q 'has the keys of 0 of 0 TLS sessions'
	run -1 grep -q 'decryption secrets' <(capinfos out)
}

@test "vcap-keys --print-haproxy prints what it reads, and HAProxy takes it" {
	run -0 vcap-keys --print-haproxy
	grep -q 'len 4096' <<<"$output"
	run -1 grep -q 'ssl_bc_client_traffic_secret_0' <<<"$output"
	vcap-keys --print-haproxy 3.0.5 | grep -q 'ssl_bc_client_traffic_secret_0'
	run -2 vcap-keys --print-haproxy 2.4
	run -2 vcap-keys --print-haproxy new
	run -2 vcap-keys
	run -2 vcap-keys --file a --haproxy b
	run -2 vcap-keys --file a --rolling 5
	run -1 vcap-keys --file missing
	[ "$output" = "vcap-keys: cannot read 'missing': No such file or directory" ]
	command -v haproxy >/dev/null || skip 'no haproxy'
	{
		vcap-keys --print-haproxy | sed '/^# in each/,$d'
		printf 'defaults\n\tmode http\n\ttimeout client 1s\nfrontend f\n\tbind 127.0.0.1:1\n'
		vcap-keys --print-haproxy | sed '1,/^# in each/d'
	} >haproxy.cfg
	haproxy -c -q -f haproxy.cfg
}

# Break: lib/controller/gate.c s/left->gate->allows_keys \&\& //
# Break: lib/controller/gate_key.c s/gate->allows_keys &= !/(void)/
@test "vcap-gate admits keys only with --allow-keys, from its source alone" {
	mkdir run
	fetch="'vcap-host' 'keys' '$PWD/run/shop.20260131_093000.lb1'"
	SSH_ORIGINAL_COMMAND=$fetch run -2 vcap-gate "$PWD/run"
	[[ $output == *"does not allow"* ]]
	SSH_ORIGINAL_COMMAND=$fetch run -0 vcap-gate --allow-keys "$PWD/run"
	start() { # SOURCE: what vcap-start has an engine do; it fails by its job, if it is admitted
		echo "'vcap-run' '-n' 'lb1' '-f' '-' '--detach' '-w' '$PWD/run/shop.20260131_093000.lb1' '--keys' '$1'"
	}
	for option in '' --flows=log:/log; do
		SSH_ORIGINAL_COMMAND=$(start file:/keys) run -2 vcap-gate $option "$PWD/run" </dev/null
		[[ $output == *"does not allow 'file:/keys'"* ]]
	done
	SSH_ORIGINAL_COMMAND=$(start file:/other) run -2 vcap-gate --allow-keys=file:/keys "$PWD/run" </dev/null
	[[ $output == *"does not allow 'file:/other'"* ]]
	SSH_ORIGINAL_COMMAND=$(start /keys) run -2 vcap-gate --allow-keys "$PWD/run" </dev/null
	[[ $output == *"does not allow '/keys'"* ]]
	for option in --allow-keys --allow-keys=file:/keys; do
		SSH_ORIGINAL_COMMAND=$(start file:/keys) run -2 vcap-gate $option "$PWD/run" <<<'no program'
		[[ $output != *"does not allow"* ]]
	done
	SSH_ORIGINAL_COMMAND=$fetch run -2 vcap-gate --allow-keys --headers-only "$PWD/run"
	run -2 vcap-gate --allow-keys=/keys "$PWD/run"
}
