# shellcheck shell=bash disable=SC1090,SC2016,SC2034,SC2086,SC2154 # names of files, words, dollars for another shell; names are the lab's
# Every command of README, run as it stands there or with the addresses of the lab. To be sourced in an
# empty Debian 12, in the directory of the sources: `section NAME`. What has been run goes to the file ran.

# The commands that README shows: in a block with `$ ` lines those, else all of it; not what files have.
readme_commands() {
	awk '
		function flush(   i) {
			for (i = 1; i <= n; i++)
				if (!dollars || sub(/^\$ /, "", line[i])) {
					sub(/ +# .*/, "", line[i])
					if (line[i] != "" && line[i] !~ /^(#|lb[12] |vip |server |monitor |engine )/) print line[i]
				}
			n = dollars = 0
		}
		/^    / { line[++n] = substr($0, 5); if (line[n] ~ /^\$ /) dollars = 1; next }
		/^$/ && n { next }
		{ flush() }
		END { flush() }' README.md | sed -E 's/\.[0-9]{8}_[0-9]{6}/.ID/g' | sort -u
}

mark() { # LINE: README has it, and it was run
	readme_commands | grep -qFx -e "$1" || grep -qF -e "\`$1\`" README.md || {
		echo "README does not say '$1'" >&2
		exit 1
	}
	printf '%s\n' "$1" >>ran
}

step() { # LINE [AS]: runs a line of README, or AS, which is the same with other addresses
	mark "$1"
	printf '\n+ %s\n' "${2-$1}" >&2
	eval "${2-$1}"
}

section() { # NAME
	set -eu
	# What runs this may have put its own programs first.
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	export DEBIAN_FRONTEND=noninteractive HOME=/root
	unset MAKEFLAGS MAKELEVEL
	verb=section_$1
	shift
	"$verb" "$@"
}

section_try() {
	step 'make demo' 'make demo >demo.out'
	for shown in 'vcap ls' 'vcap export shop .' 'vcap-stat shop.ID.pcapng'; do
		sed -nE 's/\.[0-9]{8}_[0-9]{6}/.ID/g; s/^\$ //p' demo.out | grep -qFx -e "$shown"
		mark "$shown"
	done
	[ "$(grep -c 'tcpdump on the engine has seen the same [1-9]' demo.out)" -eq 4 ]
	step 'make check' 'make check TESTS="tests/pipe/clock.bats tests/net/check.bats"'
}

section_install() {
	# The tests have made them.
	rm -rf "build/libexec/vcap/$(uname -m)"
	step 'make && make install'
	# What is lacking, and what makes it.
	cd /
	vcap init >/dev/null
	echo 'here bin=/opt/none local' >>/etc/vcap/engines
	! vcap push here 2>said || exit 1
	grep -q "make static.*make install" said
	rm -r /etc/vcap
	cd - >/dev/null
	step 'make static && make install'
	step 'make && sudo make install'
	step 'sudo setcap cap_net_raw=ep $(which vcap-run)'
	step 'make cockpit && sudo make install'
	[ -s /usr/local/share/cockpit/vcap/patternfly.css.gz ]
	make rpm
}

section_packages() {
	make uninstall
	! command -v vcap || exit 1
	step 'make deb && sudo apt install ./build/deb/vcap_*.deb ./build/deb/vcap-engine_*.deb' \
		'DEB_BUILD_OPTIONS=nocheck make deb && sudo apt-get -y install ./build/deb/vcap_*.deb ./build/deb/vcap-engine_*.deb'
	ls build/deb/vcap-cockpit_*.deb
	useradd -m -s /bin/bash -p '*' ops
	echo 'ops ALL=(root) NOPASSWD: ALL' >/etc/sudoers.d/ops
	step 'sudo adduser ops vcap'
}

# The rest is in the lab, where lb1.example.com and lb2.example.com are its engines.
section_lab() { # PART...
	rm -rf /root/.ssh
	VCAP_BUILD=build tests/lab/lab bash -euc '. tests/slow/readme.bash; lab_begin; for part; do lab_part "$part"; done' lab "$@"
}

lab_begin() {
	for part in names network service control witness; do
		. "tests/lab/$part.sh"
	done
	# As installed, and nothing of the lab's own.
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
	unset VCAP_CONFIG VCAP_SPOOL
	reach_by_name
}

lab_part() { # PART
	steady=
	"lab_$1"
	[ -z "$steady" ] || kill $steady
}

# By name, as any user, by a second sshd of each.
reach_by_name() {
	mkdir -m 700 /root/.ssh
	cp "$LAB_DIR/ssh/key" /root/.ssh/id_ed25519
	cp "$LAB_DIR/ssh/key.pub" /etc/ssh/readme_keys
	chmod 644 /etc/ssh/readme_keys
	for engine in $LAB_ENGINES; do
		address=$LAB_MGMT4.10$(lab_number "$engine")
		sed -e "s/^ListenAddress .*/&:2222/; s,^AuthorizedKeysFile .*,AuthorizedKeysFile /etc/ssh/readme_keys," \
			"$LAB_DIR/$engine.sshd" >"$LAB_DIR/$engine.sshd2"
		lab_run "$engine" "$engine-sshd2" /usr/sbin/sshd -D -e -f "$LAB_DIR/$engine.sshd2"
		printf 'Host %s.example.com\n\tHostName %s\n\tPort 2222\n' "$engine" "$address"
		echo "[$address]:2222 $(cat "$LAB_DIR/ssh/host.pub")" >>/root/.ssh/known_hosts
	done >/root/.ssh/config
	for engine in $LAB_ENGINES; do
		lab_wait "sshd on $engine" ssh -o BatchMode=yes "root@$engine.example.com" true
	done
}

traffic() { # HOST: requests of a client until the end of the part
	ip netns exec client curl -s -o /dev/null --interface "$LAB_FRONT4.$1" -H Connection:close \
		--rate 20/s "http://$LAB_VIP4:$LAB_PORT/small/[1-10000]" &
	steady="$steady $!"
}

has_sides() { # FILE SIDE...: the file has packets of each
	file=$1
	shift
	vcap-stat "$file" >stat
	for side; do
		grep -qE "^[^ ]* +[^ ]* +${side#*/} +[1-9]" stat &&
			{ [ "$side" = "${side#*/}" ] || grep -qE "^${side%/*} +[^ ]* +${side#*/} +[1-9]" stat; } || {
			echo "no $side in '$file':" >&2
			cat stat >&2
			exit 1
		}
	done
}

# Runs the steps of a function in an engine's namespace.
on_engine() { # ENGINE FUNCTION
	ip netns exec "$1" bash -euc ". tests/lab/names.sh; $(declare -f step mark readme_commands has_sides "$2"); $2"
}

lab_own() {
	mkdir -p /etc/haproxy
	cp "$LAB_DIR/lb1.cfg" /etc/haproxy/haproxy.cfg
	traffic 201
	on_engine lb1 own_steps
	rm -r /etc/vcap /var/lib/vcap
}

own_steps() {
	step 'vcap import haproxy -w' 'out=$(vcap import haproxy -w)'
	[ "$out" = /etc/vcap/services/shop ]
	step 'vcap check shop' 'vcap check shop >checked'
	grep -q '^local *ready' checked
	step 'vcap capture shop -t 5s' 'out=$(vcap capture shop -t 5s)'
	step 'vcap-stat /var/lib/vcap/captures/shop.ID/shop.ID.pcapng' 'vcap-stat "$(tail -n 1 <<<"$out")"'
	has_sides "$(tail -n 1 <<<"$out")" client server
}

lab_far() {
	traffic 201
	traffic 202
	step 'vcap init'
	grep -E '^    lb[12]  bin=' README.md >>/etc/vcap/engines
	step 'vcap push lb1 lb2'
	step 'vcap import haproxy -w -E lb1,lb2'
	step 'vcap capture shop -t 5' 'out=$(vcap capture shop -t 5s)'
	has_sides "$(tail -n 1 <<<"$out")" lb1/client lb1/server lb2/client lb2/server
	step 'vcap push --remove lb1 lb2'
	[ ! -e /opt/vcap/bin ]
	rm -r /etc/vcap /var/lib/vcap/captures
}

lab_use() {
	mkdir -p /root/.config/vcap/services
	sed -n '/^    # ~\/.config\/vcap\/services\/shop/,/^$/s/^    //p' README.md |
		sed "s/10\.0\.1\./$LAB_BACK4./; s,tcp/443,tcp/$LAB_PORT," >/root/.config/vcap/services/shop
	sed -n '/^    # ~\/.config\/vcap\/engines/,/^$/s/^    //p' README.md >/root/.config/vcap/engines
	grep -q '^vip ' /root/.config/vcap/services/shop
	traffic 201
	traffic 202
	step 'vcap services'
	step 'vcap check shop'
	step 'vcap capture shop -t 5' 'out=$(vcap capture shop -t 5s)'
	has_sides "$(tail -n 1 <<<"$out")" lb1/client lb1/server lb2/client lb2/server
	step 'vcap report shop' 'vcap report shop >reported'
	grep -q 'windows closed by clients' reported
	step 'vcap transactions --sort total -n 3 -o CLIENT,SERVER,PATH,STATUS,WAIT,TTFB,TRANSFER,TOTAL shop' \
		'vcap transactions --sort total -n 3 -o CLIENT,SERVER,PATH,STATUS,WAIT,TTFB,TRANSFER,TOTAL shop >slowest'
	[ "$(grep -c ' 200 ' slowest)" -eq 3 ]
	step 'vcap ls'
	step 'vcap export shop /tmp' 'exported=$(vcap export shop /tmp)'
	[ -s "$exported" ]
	traffic 7
	step 'vcap capture shop -t 5 10.1.1.1' "out=\$(vcap capture shop -t 5s $LAB_FRONT4.7)"
	file=$(tail -n 1 <<<"$out")
	has_sides "$file" client server
	[ "$(tshark -nr "$file" -Y 'tcp.dstport == 80' -T fields -e ip.src 2>/dev/null | sort -u)" = "$LAB_FRONT4.7" ]
	step "vcap capture shop -t 5 -e 'tcp[tcpflags] & tcp-rst != 0'" \
		"out=\$(vcap capture shop -t 5s -e 'tcp[tcpflags] & tcp-rst != 0') & capture=\$!; resets; wait \$capture"
	# The ring is younger than its window.
	step 'vcap start shop --rolling 2m' 'ring=$(vcap start shop --rolling 2m)'
	traffic 8
	step 'vcap snapshot shop' 'kept=$(vcap snapshot --after 1s shop)'
	vcap wait "$kept" >kept || [ $? -eq 3 ]
	has_sides "$(tail -n 1 kept)" client server
	vcap stop "$ring"
	step 'vcap capture shop -c 1000 -t 5' 'out=$(vcap capture shop -c 1000 -t 5s)'
	has_sides "$(tail -n 1 <<<"$out")" lb1/client lb2/client
}

# Connections that the client resets.
resets() {
	lab_wait 'capture' sh -c 'vcap status -nr shop | grep -q capturing'
	ip netns exec client perl -MSocket -e '
		for (1 .. 20) {
			socket(my $s, PF_INET, SOCK_STREAM, 0) or die;
			connect($s, sockaddr_in($ARGV[1], inet_aton($ARGV[0]))) or die;
			setsockopt($s, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0));
			close $s;
		}' "$LAB_VIP4" "$LAB_PORT"
}

lab_parts() {
	traffic 201
	on_engine lb1 part_steps
}

part_steps() {
	export VCAP_CONFIG=/root/.config/vcap
	mkdir -p /tmp/parts
	readme=$PWD
	cp README.md /tmp/parts
	cd /tmp/parts
	ln -sf "$readme/ran" ran
	for n in $(seq 250); do echo "10.9.0.$n 10.77.$n.0/24 10.78.$n.1-10.78.$n.9 10.79.$n.1"; done >thousand-addresses
	cp thousand-addresses hundred-thousand
	step 'vcap-filter - <thousand-addresses >addresses.bpf'
	step 'vcap-run -i eth0 -f addresses.bpf -t 30s -w - | tshark -r -' \
		'vcap-run -i eth0 -f addresses.bpf -t 3s -w - | tshark -r - 2>/dev/null >seen'
	grep -q "$LAB_FRONT4.201" seen
	step 'vcap-run -i eth0 -C 100M -W 10 -w last-gigabyte' 'timeout -s INT 3 vcap-run -i eth0 -C 100M -W 10 -w last-gigabyte || [ $? -eq 124 ]'
	step 'vcap-run -i eth0 -c 1000 -w hits -- vcap-filter -r - -w - --specs "$PWD/hundred-thousand"' \
		'timeout -s INT 3 vcap-run -i eth0 -c 1000 -w hits -- vcap-filter -r - -w - --specs "$PWD/hundred-thousand" || [ $? -eq 124 ]'
	vcap-merge -w big.pcapng last-gigabyte
	step 'vcap-filter -r big.pcap -w hits.pcap - <thousand-addresses' 'vcap-filter -r big.pcapng -w hits.pcapng - <thousand-addresses'
	[ "$(tshark -r hits.pcapng 2>/dev/null | wc -l)" -gt 0 ]
	step 'iptables -A INPUT -m bpf --bytecode "$(vcap-filter -y RAW --comma 10.2.0.0/16)" -j NFLOG'
	tcpdump -i eth0 -c 20 -w a.pcap 2>/dev/null
	cp a.pcap b.pcap
	step 'vcap-merge -S shop -w both.pcapng lb1=a.pcap lb2=b.pcap'
	step 'vcap-stat both.pcapng'
	has_sides both.pcapng lb1/client lb2/client
}

# All has been run.
section_all() {
	readme_commands | comm -23 - <(sort -u ran) >left
	[ ! -s left ] || { cat left && exit 1; }
}
