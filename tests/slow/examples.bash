# shellcheck shell=bash
# In the lab: the examples of the manual pages, run on lb1 as a reader would type them, with the lab's
# addresses and short times in place of the page's. usage: examples.bash PAGE...
#
# What an example prints is its promise: one that prints nothing has failed, unless `quiet` has it, by
# the file that it writes or a dash.
set -u
for part in names evidence; do
	# shellcheck source=/dev/null
	. "$LAB_TOOLS/$part.sh"
done
tools=$LAB_TOOLS/../tools
bin=${VCAP_BIN:?}

quiet() { # EXAMPLE
	case $1 in
	check.1/2 | vcap.7/11 | vcap.7/1[3-8]) echo - ;;
	clock.1/1) echo all.pcapng ;;
	drops.1/2) echo both.pcapng ;;
	fetch.1/1) echo lb1.pcapng ;;
	filter.1/2) echo some.pcap ;;
	filter.1/3) echo program ;;
	filter.1/4) echo some.pcapng ;;
	filter.1/6) echo - ;;
	flows.1/3 | join.1/1 | join.1/2 | join.1/4) echo client.pcapng ;;
	join.1/3) echo server.pcapng ;;
	keys.1/1) echo open.pcapng ;;
	merge.1/1) echo both.pcapng ;;
	metrics.1/1) echo vcap.prom ;;
	report.1/1) echo shop.html ;;
	vcap.7/10 | vcap.7/9) echo all.pcapng ;;
	vcap.7/8) echo hits.pcap ;;
	prune.1/1 | rm.1/1 | stat.1/2 | stop.1/1) echo - ;;
	wait.1/1) echo - ;;
	run.1/1) echo tmp/capture ;;
	run.1/3) echo tmp/always ;;
	run.1/4) echo tmp/capture ;;
	run.1/5) echo tmp/client ;;
	each.1/1 | ls.1/1 | transactions.1/2) echo - ;;
	push.1/2) echo - ;;
	esac
}

# What is no command: files, which the command that reads them judges.
kind() { # EXAMPLE
	case $1 in
	engines.5/1 | push.1/1 | gate.1/[368]) echo engines ;;
	service.5/*) echo service ;;
	gate.1/[12457]) echo key ;;
	prune.1/2) echo rules ;;
	run.1/6) echo unit ;;
	run.1/7) echo sudoers ;;
	shell.1/1) echo dialogue ;;
	vcap.7/11) echo crontab ;;
	vcap.7/1[3-8]) echo recipe ;; # recipes.bats runs them
	# What a reader ends by ^C.
	filter.1/2 | flows.1/2 | live.1/* | merge.1/3 | run.1/2 | vcap.7/2) echo endless ;;
	*) echo commands ;;
	esac
}

# What has to be going on for it.
running() { # EXAMPLE
	case $1 in
	region.1/* | fetch.1/* | host.1/1 | merge.1/2 | status.1/* | stop.1/* | wait.1/* | each.1/*) return 0 ;;
	esac
	return 1
}

typed() { # the commands of what stands behind prompts, or all of it where there are none
	awk '{ line[NR] = $0 } /^[$#] / { prompts = 1 }
	END {
		for (i = 1; i <= NR; i++) {
			if (!prompts || sub(/^[$#] /, "", line[i]) || line[i] ~ /^[ \t]/ || more) print line[i]
			if (line[i] ~ /<<END$/) more = 1
			if (line[i] == "END") more = 0
		}
	}'
}

adapted() {
	sed -E "s#/tmp(/|\$| )#$PWD/tmp\\1#g
		s#-t (5|1|60s|30s|10s|280s)( |\$|\\))#-t 2s\\2#g
		s#10\\.(10\\.10\\.10|1\\.1\\.1|1\\.0\\.7|1\\.1\\.99)([^0-9.-])#$LAB_FRONT4.1\\2#g
		s#10\\.(10\\.10\\.10|1\\.1\\.1|1\\.0\\.7|1\\.1\\.99)\$#$LAB_FRONT4.1#
		s#10\\.(1\\.1\\.0|1\\.0\\.0|2\\.0\\.0)/(16|24)#$LAB_FRONT4.0/24#g
		s#10\\.0\\.1\\.11:8080#$LAB_BACK4.11:$LAB_PROXY_PORT#; s# 10\\.0\\.1\\.11\$# $LAB_BACK4.11#
		s#tcp port 443#tcp port 80#; s#duration:60#duration:5#
		s#shop\\.[0-9]{8}_[0-9]{6}#$id#g
		s#/var/lib/vcap/captures#$VCAP_SPOOL/captures#g; s#/var/lib/vcap/run#$LAB_DIR/lb1.run#g
		s#/srv/vcap/run#$LAB_DIR/lb1.run#; s#/etc/vcap/services#$VCAP_CONFIG/services#g
		s#/usr/bin/vcap-#$bin/vcap-#g; s#/run/haproxy/admin.sock#$LAB_DIR/lb1.more#; s#/(usr/local/bin|opt/vcap(/bin)?)([/ ])#$bin\\3#g
		s#/var/log/haproxy.log#$PWD/haproxy.log#; s#-w [^ ]*/always#-t 2s &#"
}

# A capture that is over: $id.
captured() {
	id=$(vcap start shop -t 2s) && lab_traffic 1 && vcap wait "$id" >/dev/null &&
		cp "$VCAP_SPOOL/captures/$id/$id.pcapng" .
}

# The world that the pages speak of: lists, files of two hosts, a log, ssh and a window.
prepare() {
	mkdir -p "$LAB_DIR/reader/bin" && cd "$LAB_DIR/reader" || return
	cat >bin/ssh <<-'END'
	#!/bin/sh
	while :; do
		case $1 in
		-[oipFSE]) shift 2 ;;
		-*) shift ;;
		*) break ;;
		esac
	done
	host=${1#*@}; shift
	case $host in
	gw) exec ip netns exec gw sh -c "$*" ;;
	controller) exec sh -c "$*" ;;
	far) SSH_ORIGINAL_COMMAND=$* exec sh "$LAB_DIR/reader/gate" ;;
	esac
	exec vcap-on "${host%%.*}" sh -c "PATH=\$PATH:$LAB_DIR/bin; $*"
	END
	printf '#!/bin/sh\nexec tshark -r - -c 5\n' >bin/wireshark
	# What it has said is in a file before it is ended.
	# shellcheck disable=SC2016 # the script's own
	printf '#!/bin/sh\ncase $1 in -G) exec %s "$@" ;; esac\nexec %s -l "$@"\n' "$(command -v tshark)" "$(command -v tshark)" >bin/tshark
	printf '#!/bin/sh\nexec cat\n' >bin/mail
	chmod 755 bin/*
	PATH=$PWD/bin:$PATH
	printf '10.9.0.0/24\n2001:db8:9::/64\n' | tee list addresses >/dev/null
	captured || return
	cp "$id.pcapng" shop.pcapng
	vcap-merge -w big.pcap -F pcap shop.pcapng 2>/dev/null || return
	vcap-filter -r shop.pcapng -w one.pcap 10.9.0.0/24 || return
	>keylog
	for copy in a.pcap b.pcap two.pcap; do cp one.pcap "$copy"; done
	vcap-flows --help >/dev/null
	echo "vcap=1,10.9.0.1,1000,192.0.2.10,80,10.9.1.101,2000,10.9.1.11,8080" >haproxy.log.1
	gzip -f haproxy.log.1
	cp "$LAB_DIR/lb1.cfg" haproxy.cfg
	cp -r "$VCAP_CONFIG" new
	mount --bind "$LAB_DIR/lb1.cfg" /etc/haproxy/haproxy.cfg
	ip netns add gw
	ip netns exec gw nft -f - <<-'END'
	table ip nat {
		chain in { type nat hook prerouting priority -100; ip daddr 192.0.2.20 tcp dport 80 dnat to 10.0.1.11:8080; }
	}
	END
}

# Another configuration, for what makes one.
elsewhere() {
	export VCAP_CONFIG=$LAB_DIR/reader/$1.config
	rm -rf "$VCAP_CONFIG"
	mkdir "$VCAP_CONFIG"
	cp "$LAB_DIR/config/engines" "$VCAP_CONFIG"
}

# No capture of the service goes on or is to come.
none_goes_on() {
	local other

	for other in $(vcap ls -r -o ID,STATE shop | awk '$2 !~ /^(done|partial|failed)$/ { print $1 }'); do
		vcap stop "$other" >/dev/null 2>&1 || :
	done
}

# Of all packets of the service that lb1 takes in, every tenth is dropped.
dropping() {
	nft -f - <<-END
	table inet dropping {
		chain in {
			type filter hook input priority 0
			ip daddr $LAB_VIP4 numgen inc mod 10 == 0 drop
		}
	}
	END
	vcap-drops -S shop -c 3 -w dropped.pcapng
}

# A capture, $current, that has packets.
begin() { # EXAMPLE
	case $1 in
	region.1/*) region ;;
	# One that nobody collects: the engines keep it.
	fetch.1/*)
		current=$(vcap start shop -t 2s)
		pkill -KILL -f "vcap-wait .*$current"
		lab_wait "the end of $current" has_ended "$current"
		;;
	*)
		current=$(vcap start shop -t 30s)
		lab_wait "packets of $current" has_packets "$current"
		;;
	esac
}

has_ended() { # ID: on lb1
	vcap-on lb1 vcap-host status "$LAB_DIR/lb1.run/$1.lb1" | grep -q '^state done'
}

has_packets() { # ID: in what lb1 has written
	vcap-merge -w - "$LAB_DIR/lb1.run/$1.lb1" 2>/dev/null | vcap-stat - | awk 'NR > 1 && $4 > 0 { some = 1 } END { exit !some }'
}

# lb2 as a region of its own.
region() {
	elsewhere region
	mkdir -p "$VCAP_CONFIG/west/services"
	# Two controllers that begin in one second want one name on the engine.
	sed -n "s,dir=[^ ]*,dir=$LAB_DIR/west.run,; /^lb2/p" "$LAB_DIR/config/engines" >"$VCAP_CONFIG/west/engines"
	cp -r "$LAB_DIR/config/services" "$VCAP_CONFIG/west"
	sed -i '/^engine/d' "$VCAP_CONFIG/west/services/shop"
	echo 'engine lb2' >>"$VCAP_CONFIG/west/services/shop"
	echo "west region bin=$bin exec env VCAP_CONFIG=$VCAP_CONFIG/west VCAP_SPOOL=$LAB_DIR/west.spool" >>"$VCAP_CONFIG/engines"
	[ -n "${west-}" ] || west=$(vcap-on west vcap start shop -t 60s)
	current=$west
}

has_begun() {
	[ -s out ] || [ -n "$(find . -name '*some.pcap*' -size +0)" ] || ! kill -0 "$group"
}

of_kind() { # KIND FILE
	case $1 in
	engines)
		elsewhere engines
		cp "$2" "$VCAP_CONFIG/engines"
		vcap engines -r
		;;
	service)
		elsewhere service
		mkdir "$VCAP_CONFIG/services"
		cp "$2" "$VCAP_CONFIG/services/example"
		vcap services | grep example
		;;
	key)
		sed -nE 's/.*command="([^"]*)".*/\1/p' "$2" >gate
		elsewhere key
		as=
		! grep -q -e --sudo gate || as=as=sudo
		echo "far $as ssh far" >>"$VCAP_CONFIG/engines"
		vcap-on far vcap-host clock
		;;
	rules) vcap prune -n -f "$2" >rules.out && echo understood ;;
	unit)
		cp "$2" always.service
		systemd-analyze verify ./always.service && echo understood
		;;
	sudoers) visudo -cf "$2" ;;
	dialogue) sed -nE 's/^[^ >]*> ?//p; s/^: > //p' "$2" | sed 's/^> //' | vcap shell ;;
	crontab) sed -nE 's/^(\*[^ ]*|\*) \* \* \* \* //p' "$2" >job && sh job ;;
	recipe) ;;
	commands)
		typed <"$2" >script
		timeout 60 bash -c '. ./script'
		;;
	endless)
		typed <"$2" >script
		setsid env --default-signal=INT bash -c '. ./script' &
		group=$!
		lab_wait "output of '$2'" has_begun
		kill -INT -- "-$group"
		wait "$group"
		return 0
		;;
	esac
}

example() { # NAME FILE
	local name=$1 status=0 wants
	wants=$(quiet "$name")
	rm -rf tmp
	mkdir tmp
	rm -f client.pcapng server.pcapng some.pcap some.pcapng a b
	case $name in
	init.1/*) elsewhere init && rm "$VCAP_CONFIG/engines" ;;
	import.1/* | push.1/2) elsewhere "${name%%.*}" ;;
	# Where Wireshark looks for what is one's own.
	extcap.1/*) export HOME=$PWD/home && mkdir -p "$HOME" ;;
	transactions.1/* | report.1/*) none_goes_on && captured ;;
	rm.1/* | stop.1/*) none_goes_on ;;
	drops.1/*) dropping ;;
	esac
	[ -e "$VCAP_SPOOL/captures/$id/$id.pcapng" ] || captured
	cp one.pcap two.pcap tmp
	current=
	if running "$name"; then
		begin "$name"
		id=$current adapted <"$2" >here
	else
		adapted <"$2" >here
	fi
	of_kind "$(kind "$name")" "$PWD/here" >out 2>err </dev/null || status=$?
	# A ring that was just started has no whole window.
	[ "$status:$name" != 3:snapshot.1/1 ] || status=0
	if [ $status -ne 0 ]; then
		echo "not ok $name: status $status"
	elif [ -z "$wants" ] && [ ! -s out ]; then
		echo "not ok $name: prints nothing"
	elif [ -n "$wants" ] && [ "$wants" != - ] && [ ! -e "$wants" ]; then
		echo "not ok $name: no '$wants'"
	else
		echo "ok $name"
		status=0
	fi | tee result
	grep -q '^ok' result || sed 's/^/# /' here out err
	case $name in drops.1/*) nft delete table inet dropping ;; esac
	[ -z "$current" ] || { vcap stop "$current"; vcap wait "$current"; vcap rm "$current"; } >/dev/null 2>&1
	export VCAP_CONFIG=$LAB_DIR/config
}

prepare || { echo "not ok: no world to run them in"; exit 1; }
(while :; do lab_traffic 1; echo "$LAB_FRONT4.1 http://$LAB_VIP4:81/small" | lab_fetch; done) >/dev/null 2>&1 &
traffic=$!
for page; do
	name=${page##*/} name=${name#vcap-}
	"$tools/examples" "$page" >all
	for n in $(seq "$(grep -c '^== ' all)"); do
		awk -v n="$n" '/^== / { on = $2 == n; next } on' all >one
		example "$name/$n" "$PWD/one"
	done
done
kill $traffic
