#!/usr/bin/env bats
# The `from` line of a service file: whatever starts a capture asks again where the service came from. Engines
# here are scripts: `a` captures and writes its job down, `lb` has a configuration and does what its file says.
# shellcheck disable=SC2016,SC2154 # dollars of scripts; run sets stderr

bats_require_minimum_version 1.5.0
load ../until

setup() {
	PATH="$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin" && pwd):$PATH"
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services
	cat >a <<-END
		#!/bin/sh
		[ "\$1 \$2" != "vcap-host answer" ] || echo "vcap-answer \$3"
		case " \$* " in *" vcap-run "*) cat >"$PWD/job" ;; esac
		echo 'vcap-run: cannot open a packet socket' >&2
		exit 1
	END
	lb_does 'exec "$@"'
	chmod 755 a
	printf '%s\n' "a dir=/d exec $PWD/a" "lb exec $PWD/lb" >config/engines
	printf '%s\n' 'vip 192.0.2.10 tcp/80' 'server 10.0.0.1 tcp/8080' 'engine a' >config/services/shop
	configure 'server s1 10.0.0.1:8080'
}

lb_does() { # SCRIPT: when it is asked, which is written down
	printf '#!/bin/sh\necho asked >>"%s/asked"\n%s\n' "$PWD" "$1" >lb.new
	chmod 755 lb.new
	mv lb.new lb
}

configure() { # LINE...: of the backend
	printf '%s\n' 'frontend web' 'bind 192.0.2.10:80' 'default_backend b' 'backend b' "$@" >haproxy.cfg
}

from() { # [WORD...]
	[ $# -gt 0 ] || set -- haproxy lb web "$PWD/haproxy.cfg"
	sed -i '/^from/d' config/services/shop
	echo "from $*" >>config/services/shop
}

# What a start says of the service. No engine captures here.
start() {
	rm -f job asked
	run -1 --separate-stderr vcap-start -t 1 shop
	said=$(grep -vE 'does not capture|no engine of' <<<"$stderr" | sed 's/^vcap-start: //') || true
}

servers() { # of the job, by order
	grep -E '^(vip|server|source)' job | tr -s ' '
}

file='vip 192.0.2.10 tcp/80
server 10.0.0.1 tcp/8080'

# Break: lib/controller/origin.c s/if (has(old.list, old.count, &now.list\[i\]))/if (0)/
# Break: lib/controller/params.c s/service_remove(service, "from");/;/
@test "from: a service that is as its file has it is captured as without the line" {
	start
	cp job plain
	[ ! -e asked ]
	from
	start
	[ -e asked ]
	[ -z "$said" ]
	diff plain job
}

# Break: lib/controller/params_cli.c s/params->word = cli->origin.path;/;/
# Break: lib/controller/origin.c s/if (extent != EXTENT_PART)/if (0)/
@test "from: servers and VIPs that have come are captured, too, and what has gone is said" {
	from
	configure 'server s2 10.0.0.2:8080' 'server s3 [2001:db8::3]:8080' 'server s4 10.0.0.4:8080' \
		'server s5 10.0.0.5:8080' 'server s6 10.0.0.6:8080'
	sed -i 's/^bind.*/&,198.51.100.7:443/' haproxy.cfg
	cp config/services/shop before
	start
	[ "$said" = "\
lb has VIPs that the file of service 'shop' lacks, which are captured, too: '198.51.100.7 tcp/443'
lb has servers that the file of service 'shop' lacks, which are captured, too: '10.0.0.2 tcp/8080', '2001:db8::3 tcp/8080', '10.0.0.4 tcp/8080', '10.0.0.5 tcp/8080' and 1 more
lb lacks what the file of service 'shop' has, which is captured all the same: '10.0.0.1 tcp/8080'" ]
	[ "$(servers)" = "$file
vip 198.51.100.7 tcp/443
server 10.0.0.2 tcp/8080
server 2001:db8::3 tcp/8080
server 10.0.0.4 tcp/8080
server 10.0.0.5 tcp/8080
server 10.0.0.6 tcp/8080" ]
	cmp before config/services/shop
	# The program is that of a file with all of them.
	sed '/^$/q' job >program
	{
		servers
		grep ^engine config/services/shop
	} >config/services/all
	vcap-filter -ddd -S all 2>/dev/null | diff - <(sed '/^$/d' program)
	rm config/services/all
	# What the file lacks is missing only if all of it could be read.
	configure 'server s2 10.0.0.2:8080' 'server s7 "$NOBODY:80"'
	start
	[ "$said" = "lb has servers that the file of service 'shop' lacks, which are captured, too: '10.0.0.2 tcp/8080'" ]
}

# Break: lib/controller/config.c s/own = name_in_memory(name);/;/
@test "from: a dry run asks; names in what they say are the service's" {
	from
	configure 'server s1 10.0.0.1:8080' 'server s2 10.0.0.2:8080'
	run --separate-stderr vcap-start --dry-run -t 1 shop
	[[ "$stderr" == *"lb has servers that the file"* ]]
	sed -i '/^server/d' config/services/shop
	sed -i 's/^bind.*/&,192.0.2.11:80/' haproxy.cfg
	configure 'balance source'
	sed -i 's/^bind.*/&,192.0.2.11:80/' haproxy.cfg
	start
	[[ "$said" == *"service 'shop' has no server lines: only its client side is captured"* ]]
}

# Break: lib/filter/service.c s/if (strcmp(word, "from") == 0)/if (0)/
@test "from: what reads a service otherwise takes the line, and asks nobody" {
	from
	vcap-filter -S shop >with
	sed '/^from/d' config/services/shop >shop
	vcap-filter -S ./shop | diff - with
	[ "$(vcap-services -r | cut -f 1)" = shop ]
	vcap-check shop >checked 2>&1 || true
	run ! grep -i keyword checked
	printf 'debug virtualservice shop\n' | vcap-shell >shell
	[ ! -e asked ]
}

# Break: lib/filter/service_from.c s/\*word != '-'/true/
# Break: lib/filter/service.c s/if (service->from.kind)/if (0)/
@test "from: lines that say nothing are refused, with the place" {
	while IFS='|' read -r words message; do
		from "$words"
		run -2 vcap-filter -S shop
		[ "$output" = "vcap-filter: $VCAP_CONFIG/services/shop:4: $message" ] || { echo "$output"; false; }
	done <<-'END'
		|'from' needs a kind, an engine and a service there
		haproxy lb|'from' needs a kind, an engine and a service there
		k8s|'from' needs a kind, an engine and a service there
		auto lb web|nothing that a service comes from: 'auto'
		haproxy -x web|not a name for an engine: '-x'
		haproxy lb -w|not the name of a service: '-w'
		haproxy lb web haproxy.cfg|not an absolute path: 'haproxy.cfg'
		haproxy lb web /etc/x y|unexpected word: 'y'
	END
	from
	echo 'from k8s shop/web:http' >>config/services/shop
	run -2 vcap-filter -S shop
	[[ "$output" == *":5: a second 'from': 'shop/web:http'" ]]
}

# The file counts alone, and why is said.
counts_alone() { # REASON
	start
	echo "$said"
	[ "$said" = "cannot ask lb for service 'shop' again, so its file counts: $1" ]
	[ "$(servers)" = "$file" ]
}

# Break: lib/controller/origin.c s/return own;/(void)own;/
# Break: lib/controller/origin.c s/status == EXIT_TIMEOUT/0/
@test "from: an engine that is not reached, is silent, drips, or talks without end" {
	from
	lb_does 'echo "ssh: connect to host lb port 22: Connection refused" >&2; exit 255'
	counts_alone 'ssh: connect to host lb port 22: Connection refused'
	lb_does 'echo $$ >>pids; exec sleep 1000'
	counts_alone 'no answer within 2 seconds'
	lb_does 'echo $$ >>pids; while :; do printf "# "; sleep 0.05; done'
	counts_alone 'no answer within 2 seconds'
	# shellcheck disable=SC2013 # words
	nobody() { for pid in $(cat pids); do ! kill -0 "$pid" || return; done; }
	[ "$(wc -l <pids)" -eq 2 ]
	until_true nobody
	lb_does 'exec yes "# nothing"'
	start
	[[ "$said" == "cannot ask lb for service 'shop' again, so its file counts: "* ]]
	[ "$(servers)" = "$file" ]
	from haproxy lb9 web
	start
	[[ "$said" == *"unknown engine 'lb9'" ]]
}

# Break: lib/controller/origin.c s/if (count_services(answer) > 1)/if (0)/
@test "from: answers that are something else" {
	from
	for text in '' 'garbage' $'frontend web\n' $'\e[31mfrontend web\n bind x\n' $'frontend web\n bind 192.0.2.10:99999\n'; do
		printf '%s' "$text" >haproxy.cfg
		start
		[[ "$said" == "cannot ask lb for service 'shop' again, so its file counts: "* ]]
		[[ "$said" != *$'\e'* ]]
		[ "$(servers)" = "$file" ]
	done
	lb_does 'head -c 100000 /dev/urandom'
	start
	[[ "$said" == "cannot ask lb for service 'shop' again, so its file counts: "* ]]
	# Several ports of a Service, and none is named.
	lb_does 'cat "$5"'
	from k8s lb shop/web "$BATS_TEST_DIRNAME/import/k8s/cluster.json"
	lb_does "exec cat '$BATS_TEST_DIRNAME/import/k8s/cluster.json'"
	counts_alone 'several services there are called so'
}

# Break: lib/controller/origin.c s/addition->count < ORIGIN_LINES_MAX \&\& is_single/is_single/
# Break: lib/controller/origin.c s/return endpoint->addresses.first == endpoint->addresses.last/return true/
@test "from: an answer adds single addresses, and not too many" {
	from iptables lb tcp-198.51.100.0-24-80
	lb_does 'printf "%s\n" "*nat" ":PREROUTING ACCEPT [0:0]" "-A PREROUTING -d 198.51.100.0/24 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.0.0.2:8080" COMMIT'
	vcap-import -E lb iptables >all
	from iptables lb "$(sed -n 's/^# service //p' all)"
	start
	grep -qF "lb has more for service 'shop' than is taken unasked ('vcap import -w' takes it): '198.51.100.0-198.51.100.255 tcp/80'" <<<"$said"
	[ "$(servers)" = "$file
server 10.0.0.2 tcp/8080" ]
	from
	lb_does 'exec "$@"'
	configure "$(seq 0 599 | awk '{ print "server s" $1, "10.1." int($1 / 200) "." $1 % 200 + 1 ":8080" }')"
	start
	[ "$(servers | grep -c ^server)" -eq 513 ]
	grep -q ' and 84 more$' <<<"$said"
}

# Break: lib/controller/start.c s/if (!params->file_text)/if (1)/
@test "from: more than a filter can hold does not prevent a capture" {
	from
	configure "$(seq 1000 1511 | sed 's/.*/server s& 10.1.0.1:&/')"
	start
	[ "$(tail -n 1 <<<"$said")" = "all that is more than a filter can hold: the file of service 'shop' counts" ]
	[ "$(servers)" = "$file" ]
}

# Break: lib/controller/origin.c s/if (addrset_is_empty(&service->sources))/if (1)/
@test "from: addresses that engines use are added where the file has some, and nowhere else" {
	from
	configure 'server s1 10.0.0.1:8080 source 10.0.9.2' 'server s9 10.0.0.1:8080 source 10.0.9.3'
	start
	[ "$(servers)" = "$file" ]
	echo 'source 10.0.9.1' >>config/services/shop
	start
	[ "$said" = "lb uses addresses that the file of service 'shop' lacks, which count, too: '10.0.9.2', '10.0.9.3'" ]
	[ "$(servers)" = "$file
source 10.0.9.1
source 10.0.9.2
source 10.0.9.3" ]
}
