#!/usr/bin/env bats
# vcap-import: service files from configurations of other programs. Below import/KIND, NAME.services
# is what a configuration comes to, and NAME.said what is said of it; both were read by hand.
# shellcheck disable=SC2016 # programs of awk, and dollars of HAProxy

bats_require_minimum_version 1.5.0
load import/stubs

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	inputs=$BATS_TEST_DIRNAME/import
	import_stubs "$BATS_TEST_TMPDIR/stubs"
	PATH="$BATS_TEST_TMPDIR/stubs:$top/${VCAP_BUILD:-build}/bin:$PATH:/usr/sbin"
	export VCAP_CONFIG="$BATS_TEST_TMPDIR/config"
	cd "$BATS_TEST_TMPDIR" || return
}

# What comes of a file is what stands beside it, and is said by the exit status as well.
comes_to() { # KIND FILE
	local name=${2%.*} status=0 options=()

	[ ! -e "$inputs/$1/$name.backends" ] || options=(-b "$name.backends")
	(cd "$inputs/$1" && vcap-import "${options[@]}" "$1" "$2") >services 2>said || status=$?
	diff -u "$inputs/$1/$name.services" services
	diff -u <(cat "$inputs/$1/$name.said" 2>/dev/null) said
	if [ -s said ]; then
		[ "$status" -eq 3 ]
	else
		[ "$status" -eq 0 ]
	fi
}

# Each configuration of a kind comes to what stands beside it.
all_come_to() { # KIND ENDING COUNT
	local count=0 file

	for file in "$inputs/$1"/*."$2"; do
		comes_to "$1" "$(basename "$file")"
		count=$((count + 1))
	done
	[ "$count" -eq "$3" ]
}

# Cut at their first lines, the services are files of their own.
cut_apart() { # FROM TO
	mkdir -p "$2"
	awk -v to="$2" '/^# service / { file = to "/" $3 } { print >file }' "$1"
}

one() { # LINE...: a configuration of one frontend with these lines, imported
	printf '%s\n' 'frontend one' 'bind 192.0.2.1:80' "$@" | vcap-import haproxy -
}

# Break: lib/import/haproxy_server.c s/addr->kind = HAPROXY_PORT_CLIENTS;/;/
# Break: lib/import/haproxy.c s/server->is_disabled \&\&/false \&\&/
# Break: lib/import/haproxy.c s/for_each_server(&front, add_checks);/;/
# Break: lib/import/haproxy_names.c s/wanted -= strchr(separators/wanted -= !strchr(separators/
@test "haproxy: configurations of different style" {
	all_come_to haproxy cfg 20
}

# bats test_tags=slow
@test "haproxy: HAProxy itself takes all of them" {
	cd "$inputs/haproxy" # maps are found from there
	for file in *.cfg; do
		# An empty root has no /etc/hosts.
		! grep -q localhost "$file" || getent hosts localhost >/dev/null || continue
		! grep -q quic4@ "$file" || haproxy -vv | grep -q +QUIC || continue
		haproxy -c -f "$file" || { echo "$file"; false; }
	done
}

# header_of LINE...: what a frontend with these lines, and one server of its own, has for a header.
header_of() {
	printf '%s\n' 'defaults' 'mode http' 'listen one' 'bind 192.0.2.1:80' 'server s 10.1.0.1:80' "$@" |
		vcap-import haproxy - | sed -n 's/^header *//p; s/: it tells none//p; s/.*\(set-src\).*/\1/p' | tr '\n' ';'
}

# Break: lib/import/haproxy_headers.c s/line->count == 4/line->count >= 4/
# Break: lib/import/haproxy_headers.c s/reason = "except";/;/
# bats test_tags=slow
@test "haproxy: the header that every request has, and none that a client may have written" {
	[ "$(header_of 'option forwardfor')" = 'X-Forwarded-For;' ]
	[ "$(header_of 'option forwardfor header X-Client except 127.0.0.0/8')" = 'X-Client;' ]
	[ "$(header_of 'option forwardfor except 10.0.0.0/8')" = \
		"#        X-Forwarded-For may be a client's own, by 'except' (standard input:6);none;" ]
	[ "$(header_of 'option forwardfor if-none')" = \
		"#        X-Forwarded-For may be a client's own, by 'if-none' (standard input:6);none;" ]
	[ "$(header_of 'option forwardfor if-none' 'http-request set-header X-Real-IP %[src]' |
		sed 's/.*);//')" = 'X-Real-IP;' ]
	[ "$(header_of 'http-request set-header X-A %ci' 'http-request del-header x-a')" = 'none;' ]
	[ "$(header_of 'http-request set-header X-A %[src] if TRUE')" = \
		'#        X-A has the client only on a condition (standard input:6);none;' ]
	[ "$(header_of 'option forwardfor' 'http-request set-src hdr(x-client)')" = 'set-src;none;' ]
	[ "$(header_of 'option forwardfor' 'server p 10.1.0.2:80 send-proxy' 'server t 10.1.0.3:443 ssl')" = \
		'X-Forwarded-For;' ]
	# Of either section one without if-none is enough; the backend's name counts.
	[ "$(printf '%s\n' 'defaults' 'mode http' 'option forwardfor if-none' 'frontend f' 'bind 192.0.2.1:80' \
		'default_backend b' 'backend b' 'option forwardfor header X-B' 'server s 10.1.0.1:80' |
		vcap-import haproxy - | grep ^header)" = 'header   X-B' ]
	# Two ways with a header each: no header is in all requests.
	[ "$(printf '%s\n' 'defaults' 'mode http' 'frontend f' 'bind 192.0.2.1:80' 'use_backend c if TRUE' \
		'default_backend b' 'backend b' 'option forwardfor' 'server s 10.1.0.1:80' 'backend c' \
		'option forwardfor header X-C' 'server s 10.1.0.2:80' |
		vcap-import haproxy - | grep ^header)" = 'header   none' ]
}

# Break: lib/import/haproxy_sections.c s/if (file == line->at.file)/if (conf->section_count)/
@test "haproxy: several files, and those of a directory" {
	mkdir conf.d
	printf '%s\n' 'frontend two' 'bind 192.0.2.2:80' 'default_backend b' >conf.d/B.cfg
	printf '%s\n' 'server stray 10.9.9.9:80' 'backend b' 'server s 10.0.0.1:80' >conf.d/a.cfg
	printf 'nonsense\n' >conf.d/a.cfg.bak
	run -3 --separate-stderr vcap-import haproxy conf.d
	[ "$stderr" = "vcap-import: conf.d/a.cfg:1: line before the first section: 'server'" ]
	[ "$(grep -E '^(#  |server)' <<<"$output" | head -n 1)" = "#        frontend 'two' of conf.d/B.cfg:1" ]
	[ "$(grep ^server <<<"$output")" = 'server   10.0.0.1 tcp/80  # b/s' ]
	run -0 vcap-import -a conf.d/B.cfg haproxy - two < <(printf 'backend b\nserver s 10.0.0.2:80')
	[ "$(grep ^server <<<"$output")" = 'server   10.0.0.2 tcp/80  # b/s' ]
}

# Break: lib/import/ipvs.c s/method == 'g'/true/
# Break: lib/import/ipvs.c s/"gre") == 0/"gue") == 0/
# Break: lib/import/ipvs.c s/far_end.ports = .*via};/far_end.ports.via = via;/
# Break: lib/import/ipvs.c s/draft_add_source(draft, NULL);/;/
@test "ipvs: masquerading, direct routing, tunnels, marks, names, and what a firewall hides" {
	all_come_to ipvs rules 5
}

# Break: lib/import/iptables_source.c s/is_conditional = true;/;/
# Break: lib/import/iptables.c s/match.ports = colon/match.ports = 0/
@test "iptables: clusters, containers, sets, balancing" {
	all_come_to iptables rules 6
}

# Break: lib/controller/clustername.c s/rc = found.count == 1/rc = 1/
@test "iptables: services of Kubernetes are found by NAMESPACE/NAME:PORT, also where a name is too long" {
	vcap-import -w iptables "$inputs/iptables/cluster.rules" >written
	for name in shop/web:http shop/web shop.web.http; do
		[ "$(vcap-filter -S $name 2>&1 | wc -l)" -gt 10 ]
	done
	run -2 vcap-filter -S shop/web:none
	cp config/services/shop.web.http config/services/shop.web.https
	run ! vcap-filter -S shop/web
	[[ "$output" == *"several services are ports of 'shop/web': 'shop.web.http', 'shop.web.https'" ]]
	long=$(printf 'x%.0s' {1..40})
	sed "s|shop/web:http|$long/$long:http|" "$inputs/iptables/cluster.rules" >long.rules
	vcap-import -w iptables long.rules "$long/$long:http" >written
	[[ "$(basename "$(cat written)")" =~ ^x{40}\.x{14}-[0-9a-f]{8}$ ]]
	vcap-filter -S "$long/$long:http" >/dev/null 2>&1
}

# Break: lib/import/k8s.c s/\*json_text(endpoint, "nodeName")/true/
# Break: lib/import/k8s.c s/!json_is_false(json_object_get(conditions, "ready"))/true/; s/by_space ? by_space/0 ? 0/
@test "k8s: Services, by the endpoints of their ports, on all nodes" {
	all_come_to k8s json 2
	run -1 vcap-import k8s - <<<'[]'
	run -0 vcap-import k8s "$inputs/k8s/cluster.json" shop/api
	[ "$(grep -c '^# service' <<<"$output")" -eq 1 ]
}

# Break: lib/import/envoy.c s/envoy_is_type(config, ".TcpProxy")/0/
# Break: lib/import/envoy_cluster.c s/, ".EndpointsConfigDump"/, "none"/
# Break: lib/import/envoy.c s/if (!is_bound(object))/if (0)/
# Break: lib/import/envoy_dump.c s/"envoy_internal_address"/"none"/
# Break: lib/import/envoy_cluster.c s/wrapping.proxy == 2/0/
@test "envoy: listeners, by the clusters that routes and proxies lead to" {
	all_come_to envoy json 3
}

# Break: lib/import/keepalived_tree.c s/--parser->depth < DEPTH_MAX/--parser->depth < 0/
# Break: lib/import/keepalived.c s/index, methods, 'm')/index, methods, 'g')/
# Break: lib/import/keepalived_tree.c s/definition = find_definition/definition = 0 ? NULL : NULL; (void)find_definition/
# Break: lib/import/keepalived.c s/servers, protocol, first)/servers, "tcp", first)/
@test "keepalived: virtual servers, groups, methods, checks, parameters" {
	all_come_to keepalived conf 4
}

# Break: lib/import/serving.c s/strncmp(end, mark, before) != 0;/*end != 'v';/
@test "auto: one host's proxy, addresses that move, and containers, one behind the other" {
	all_come_to auto serving 1
}

# Break: lib/controller/config_write.c s/!engines_find(&engines, \*names, NULL)/true/
# Break: libexec/vcap-kubectl s/| \*\[!a-z0-9.-\]\*)/)/
@test "k8s: -w makes engines of the nodes, which vcap-kubectl finds the pods of" {
	mkdir config
	echo 'node-b ssh there' >config/engines
	vcap-import -w k8s "$inputs/k8s/cluster.json" shop/api >written
	[ "$(sed 's|exec .*/libexec|exec|' config/engines)" = $'node-b ssh there\nnode-a exec/vcap/vcap-kubectl node-a' ]
	cat >stubs/kubectl <<-'END'
		#!/bin/sh
		echo "$*" >>asked
		case $* in
		get*nodeName=node-a*) echo pod/vcap-x7 ;;
		exec*) shift 8 && exec "$@" ;;
		esac
	END
	chmod 755 stubs/kubectl
	[ "$(echo 'a b' | vcap-on node-a sed 's/ /  /')" = 'a  b' ]
	grep -qx 'exec --stdin --namespace vcap pod/vcap-x7 --container engine -- sed s/ /  /' asked
	run -255 "$top/${VCAP_BUILD:-build}/libexec/vcap/vcap-kubectl" node-z true
	[[ "$output" == *"no pod of the DaemonSet runs on node 'node-z'" ]]
	# The cluster's word is a pod's name, or none.
	for answer in --kubeconfig=/tmp/x 'pod/a --kubeconfig=/tmp/x' service/vcap; do
		printf '#!/bin/sh\necho "$1" >>ran\necho "%s"\n' "$answer" >stubs/kubectl
		run -255 "$top/${VCAP_BUILD:-build}/libexec/vcap/vcap-kubectl" node-a true
		[[ "$output" == *"kubectl names no pod on node 'node-a'" ]]
	done
	[ "$(sort -u ran)" = get ]
}

# Break: lib/controller/catalog.c s/return find_other(catalog, service, shares_vip)/return 0/
@test "import: a VIP of two services, and a name twice, are said in the files, by vcap services and before a capture" {
	printf '%s\n' 'frontend a:b' 'bind 192.0.2.1:80' 'default_backend x' 'frontend a.b' 'bind 192.0.2.1:80,192.0.2.2:80' \
		'default_backend x' 'frontend a-b' 'bind 192.0.2.3:80' 'default_backend x' 'backend x' 'server s 10.0.0.1:80' >two.cfg
	vcap-import haproxy two.cfg >two
	grep -qx "#        vip 192.0.2.1 tcp/80 is also one of 'a.b': captures have both" two
	grep -qx "#        another service has the name 'a-b'" two
	vcap-import -w haproxy two.cfg a:b a.b >written
	echo 'alias the shop' | tee -a config/services/a-b >>config/services/a.b
	vcap-services >listed
	grep -q "^a-b .*has a VIP of 'a.b': captures have both" listed
	grep -q "^a-b .*has a name of 'a.b' as well" listed
	echo 'local exec false' >config/engines
	VCAP_SPOOL=$PWD/spool run -1 vcap-start -t 1 a-b
	[[ "$output" == *"service 'a-b' has a VIP of 'a.b': the capture has both"* ]]
}

# Break: lib/import/nftables.c s/if (nft_kube_name(kube, name))/if (0)/
# Break: lib/import/nftables.c s/if (nft_is_loopback(/if (0 \&\& (/
# Break: lib/import/nft_kube.c s/draft = protocol ? find_draft/draft = !protocol ? find_draft/
# Break: lib/import/nftables.c s/return apply_negated_match(importer, match, statement);/return true;/; s/is_narrowed |= importer->has_verdict/is_narrowed |= false/
# bats test_tags=slow
@test "nft: port forwarding, balancing by maps, chains of services" {
	all_come_to nft json 7
}

# Break: lib/import/nft_kube.c s/nft_protocol_name(json_array_get(parts, first))/json_string_value(json_array_get(parts, first))/
@test "nft: what stands in the place of a protocol is in no service file" {
	for text in 10.96.1.9 'tcp/80\\nserver 10.9.9.9 tcp'; do
		sed "s|\(\"10.96.1.3\", \)\"tcp\"|\1\"$text\"|" "$inputs/nft/kubeproxy.json" >hostile.json
		run ! cmp -s "$inputs/nft/kubeproxy.json" hostile.json
		vcap-import nft hostile.json >services 2>said || [ $? -eq 3 ]
		run ! grep -F -e 10.9.9.9 -e 10.96.1.9 services
		[ "$(grep -c '^# service' services)" -ge 3 ]
	done
}

# Break: lib/import/nginx_pass.c s/add_replaced(server, pass, authority, at, end, name);/;/
# Break: lib/import/nginx_value.c s/!search.is_certain \&\& !(is_location/!(is_location/
# Break: lib/import/nginx_pass.c s/inner.knows_client = learns_client(server, pass, listen);/;/
# Break: lib/import/nginx_listen.c s/draft_endpoint_is_loopback(to->host)/false/
# Break: lib/import/nginx_ingress.c s/"alternativeBackends"/"none"/
@test "nginx: http and stream, with includes, variables, servers behind servers, and ingress-nginx" {
	all_come_to nginx dump 5
	run -1 vcap-import -b "$inputs/nginx/sites.dump" nginx "$inputs/nginx/ingress.dump"
	[[ "$output" == *"not what 'kubectl ingress-nginx backends' prints"* ]]
}

# Break: lib/import/nftables.c s/add_snat(importer, match, NULL);/;/
@test "nft: where a rule of iptables may hide clients, servers are not said to see them" {
	rule() { # CHAIN EXPR
		printf '{"rule": {"family": "ip", "table": "nat", "chain": "%s", "handle": 1, "expr": [%s]}}, ' "$1" "$2"
	}
	chain() { # NAME HOOK
		printf '{"chain": {"family": "ip", "table": "nat", "name": "%s", "type": "nat", "hook": "%s"}}, ' "$1" "$2"
	}
	{
		printf '{"nftables": ['
		chain pre prerouting
		chain POSTROUTING postrouting
		rule pre '{"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "daddr"}}, "right": "192.0.2.1"}}, {"dnat": {"addr": "10.0.0.1"}}'
		rule POSTROUTING '{"counter": null}, {"xt": {"type": "target", "name": "MASQUERADE"}}'
		printf '{"metainfo": null}]}'
	} >rules.json
	run -3 --separate-stderr vcap-import nft rules.json
	[[ "$stderr" == *"iptables rule, whose content nft does not print" ]]
	[[ "$output" == *'server   10.0.0.1'* ]]
	[[ "$output" != *source* ]]
}

nginx() { # LINE...: lines of http, imported
	printf '%s\n' 'http {' "$@" '}' | vcap-import nginx -
}

# Break: lib/import/nginx_headers.c s/behind && is_harmless(behind)/behind/
# bats test_tags=slow
@test "nginx: the header that every request ends with the client in" {
	while IFS='|' read -r value header; do
		run -0 nginx 'server { listen 192.0.2.1:80;' \
			"location / { proxy_pass http://10.1.0.1; proxy_set_header X-A $value; } }"
		[ "$(sed -n 's/^header *//p' <<<"$output")" = "$header" ] || { echo "$value"; false; }
	done <<-'END'
		$remote_addr|X-A
		$proxy_add_x_forwarded_for|X-A
		"$http_x_a, $remote_addr"|X-A
		"for=$remote_addr;proto=$scheme"|X-A
		'for="[${remote_addr}]:$remote_port"'|X-A
		"for=$remote_addr;host=$http_host"|none
		"$remote_addr, $http_x_a"|none
		$http_x_a|none
		$remote_addr_mapped|none
	END
	# The inner block's directives replace the outer's; what is encrypted does not count.
	run -0 nginx 'proxy_set_header X-Forwarded-For $remote_addr;' 'server { listen 192.0.2.1:80;' \
		'location / { proxy_pass http://10.1.0.1; }' \
		'location /t { proxy_pass https://10.1.0.1; proxy_set_header Host x; } }'
	[[ "$output" == *'header   X-Forwarded-For'* ]]
	run -0 nginx 'proxy_set_header X-Forwarded-For $remote_addr;' 'server { listen 192.0.2.1:80;' \
		'location / { proxy_pass http://10.1.0.1; }' \
		'location /t { proxy_pass http://10.1.0.1; proxy_set_header Host x; } }'
	[[ "$output" == *'header   none'* ]]
}

# Break: lib/import/nginx_pass.c s/nginx_node_inherited(block, bind_name)/nginx_node_inherited(block, "proxy_bind")/
@test "nginx: an address that only some of what passes on is bound to is no source" {
	run -0 nginx 'proxy_bind 10.0.0.9;' 'server { listen 192.0.2.1:80;' 'location / { proxy_pass http://10.1.0.1; }' \
		'location /p { fastcgi_pass 10.1.0.2:9000; } }'
	[ "$(grep -c ^server <<<"$output")" -eq 2 ]
	[[ "$output" != *source* ]]
	run -0 nginx 'proxy_bind 10.0.0.9;' 'server { listen 192.0.2.1:80;' 'location / { proxy_pass http://10.1.0.1; }' \
		'location /p { fastcgi_bind 10.0.0.8; fastcgi_pass 10.1.0.2:9000; } }'
	[ "$(grep ^source <<<"$output")" = $'source   10.0.0.9\nsource   10.0.0.8' ]
}

# Break: lib/import/nginx_value.c s/!is_parameter(map, line)/true/
# Break: lib/import/nginx_pass.c s/strcasecmp(nginx_node_word(node, 1), name)/strcmp(nginx_node_word(node, 1), name)/
@test "nginx: names of upstreams in any case, settings among values, braces around variables" {
	run -0 nginx 'geo $pool { default POOL; proxy 10.9.9.9; delete 10.9.9.8; 10.0.0.0/8 other; }' \
		'upstream pool { server 10.1.0.1:8080; }' 'upstream Other { server 10.1.1.1:8080; }' \
		'server { listen 192.0.2.1:80; set $x ""; if ($host = a) { set $x 10.1.3.1; }' \
		'location / { proxy_pass HTTP://${pool}/y; } location /x { proxy_pass http://${x}; } }'
	[ "$(grep ^server <<<"$output")" = "\
server   10.1.0.1 tcp/8080  # pool
server   10.1.1.1 tcp/8080  # Other
server   10.1.3.1 tcp/80" ]
}

# Break: lib/import/nginx_pass.c s/warn_of_upstream(server->draft, upstream);/;/
@test "nginx: servers that are not in the configuration are said to be missing" {
	run -3 --separate-stderr nginx 'upstream a { zone a 64k; state /a.state; }' 'upstream b { include servers; }' \
		'upstream c { server 0.0.0.1; balancer_by_lua_block { pick("{", [[{]]) -- do not "{
} }' 'upstream d { server 10.1.0.1; check interval=3000; }' \
		'server { listen 192.0.2.1:80; location /a { proxy_pass http://a; } location /b { proxy_pass http://b; }' \
		'location /c { proxy_pass http://c; } location /d { proxy_pass http://d; } }'
	[ "$stderr" = "\
vcap-import: standard input:3: included file not found (nginx -T prints it): 'servers'
vcap-import: standard input:2: servers in a state file are not known: 'state'
vcap-import: standard input:3: upstream has no server: 'b'
vcap-import: standard input:4: servers chosen by code are not known: 'balancer_by_lua_block' (of ingress-nginx: --backends)
vcap-import: standard input:6: checks by 'check' cannot be told from client connections" ]
}

# Break: lib/import/nginx.c s/hides_checks(server, check->parent)/false/; s/import_servers(&importer, context, STAGE_CHECKS);/;/
@test "nginx: checks that show no request are no monitor by path, and no port that serves is one" {
	run -3 --separate-stderr nginx 'server { listen 192.0.2.1:80; server_name s;' \
		'location / { proxy_pass https://10.1.0.1; health_check uri=/up; }' \
		'location /p { proxy_pass http://10.1.0.2:8080; health_check uri=/live; health_check port=8081; } }' \
		'server { listen 192.0.2.2:80; server_name s; location / { proxy_pass http://10.1.0.3:8081; } }'
	[ "$stderr" = "\
vcap-import: standard input:3: checks cannot be told from client connections
vcap-import: standard input:4: checks cannot be told from client requests: '/'" ]
	[ "$(grep ^monitor <<<"$output")" = 'monitor  http /live' ]
}

# bats test_tags=slow
@test "import: what is printed passes vcap-services, as it is" {
	for file in "$inputs"/*/*.services; do
		rm -rf config
		cut_apart "$file" config/services
		echo 'local local' >config/engines
		[ "$(vcap-services -r | wc -l)" -eq "$(grep -c '^# service' "$file")" ]
	done
}

# Break: lib/controller/config_write.c s/is_kept = change.is_edited && !by_force/is_kept = false/
# bats test_tags=slow
@test "import: -w writes what would be printed, and the engine that is this host" {
	haproxy=$inputs/haproxy/tiers.cfg
	vcap-import haproxy "$haproxy" >printed
	cut_apart printed apart
	run -0 vcap-import -w haproxy "$haproxy"
	[ "$output" = "$(printf '%s\n' "$VCAP_CONFIG"/services/{api,ldap,gopher})" ]
	for name in api ldap gopher; do
		diff <(sed '/^$/d' "apart/$name") <(sed '$d' "config/services/$name")
	done
	[ "$(vcap-engines -r | cut -f 1,2)" = $'local\tlocal' ]
	vcap-services >/dev/null

	# Again: nothing changes, what stands before and behind the imported part stays, and so does
	# what was edited in it.
	cp config/engines engines
	{
		echo '# before'
		cat config/services/ldap
		echo 'alias the directory'
	} >ldap
	cp ldap config/services/ldap
	run -0 vcap-import -w haproxy "$haproxy"
	cmp ldap config/services/ldap
	sed 's/^backend ldap.*/&\n server more 10.99.0.1:389/' "$haproxy" >more.cfg
	run -0 vcap-import --diff haproxy more.cfg ldap
	[ "$(grep '^[+-]server' <<<"$output")" = '+server   10.99.0.1 tcp/389  # ldap/more' ]
	cmp ldap config/services/ldap
	run -0 vcap-import -w haproxy more.cfg ldap
	[ "$(sed -n '1p;$p' config/services/ldap)" = $'# before\nalias the directory' ]
	grep -q '^server .*10.99.0.1' config/services/ldap
	sed -i '/10.99.0.1/d' config/services/ldap
	cp config/services/ldap ldap
	run -3 --separate-stderr vcap-import -w haproxy "$haproxy"
	[ "$stderr" = "vcap-import: '$VCAP_CONFIG/services/ldap' exists and differs (-f replaces it)" ]
	cmp ldap config/services/ldap
	cmp engines config/engines
	run -0 vcap-import -fw haproxy "$haproxy"
	[ "$(sed -n '1p;$p' config/services/ldap)" = $'# before\nalias the directory' ]
	run -0 vcap-import --diff haproxy "$haproxy"
	[ -z "$output" ]
}

# Break: lib/controller/config_write.c s/engines.list\[i\].transport == ENGINE_LOCAL/false/
@test "import: the engine that is this host is the one there is" {
	mkdir config
	printf 'far ssh far\nhere dir=/d local\n' >config/engines
	one 'default_backend b' 'backend b' 'server s 10.0.0.1:80' | grep -qx 'engine   here'
	one >/dev/null
	printf 'far ssh far' >config/engines
	one | grep -qx 'engine   local'
	printf 'bind 192.0.2.1:80\n' >bind
	printf 'frontend one\nbind 192.0.2.1:80\n' | vcap-import -w haproxy -
	[ "$(head -n 1 config/engines)" = 'far ssh far' ]
	[[ "$(sed -n 2p config/engines)" == 'local '*local ]]
	echo 'local ssh elsewhere' >config/engines
	run -2 one
	[[ "$output" == *"engine 'local' is not this host"* ]]
}

# Break: lib/controller/ask.c s/if (engine) {/if (0) {/
# bats test_tags=slow
@test "import: -E reads from the first engine, asks it for names, and all for addresses" {
	mkdir config
	for lb in lb1 lb2; do
		mkdir "$lb"
		printf '#!/bin/sh\nPATH=%s:$PATH exec "$@"\n' "$PWD/$lb" >"$lb/enter"
		chmod 755 "$lb/enter"
		echo "$lb exec $PWD/$lb/enter" >>config/engines
	done
	printf '#!/bin/sh\necho "1: eth0 inet 192.0.2.1/24 scope global"\n' >lb1/ip
	printf '#!/bin/sh\necho "1: eth0 inet 192.0.2.2/24 scope global"\n' >lb2/ip
	printf '#!/bin/sh\necho "10.9.9.9 STREAM $2"\n' >lb1/getent
	printf '#!/bin/sh\n[ "$*" = -Sn ] || exit\necho -A -t 192.0.2.9:80\n' >lb1/ipvsadm
	chmod 755 lb1/* lb2/*
	printf '%s\n' 'frontend one' 'bind :80' 'default_backend b' 'backend b' 'server s here.example:80' >x.cfg
	[ "$(vcap-import -E lb1,lb2 haproxy "$PWD/x.cfg" | grep -v '^#' | sed 's/ *#.*//')" = "\
vip      192.0.2.1 tcp/80
vip      192.0.2.2 tcp/80
server   10.9.9.9 tcp/80
header   none
engine   lb1
engine   lb2" ]
	[ "$(vcap-import -E lb1 ipvs | grep ^vip)" = 'vip      192.0.2.9 tcp/80' ]
	[ "$(vcap-import -E lb2 haproxy - <x.cfg | grep '^#  ')" = "\
#        frontend 'one' of standard input:1
#        nothing in the packets joins all client and server connections: for
#        captures of single clients see flows= in vcap-engines(5)
#        no server line: only the client side will be captured" ]
	[ "$(vcap-import -E lb1,lb1 ipvs | grep -c ^engine)" -eq 1 ]
	run -2 vcap-import -E lb1,lb9 haproxy -
	[ "$output" = "vcap-import: unknown engine 'lb9'" ]
	run -1 vcap-import -E lb1 haproxy "$PWD/nothing"
	[[ "${lines[-1]}" == "vcap-import: 'cat' failed on lb1" ]]
}

# Break: lib/controller/ask.c s/text = ask_engine(context, command.list, why);/text = ask(NULL, command.list, why);/
@test "import: -E reads the maps that name backends from the engine, too" {
	mkdir config lb1
	printf '#!/bin/sh\nPATH=%s:$PATH exec "$@"\n' "$PWD/lb1" >enter
	printf '#!/bin/sh\ncase $* in\n*.map) echo "/a there" ;;\n*) exec /bin/cat "$@" ;;\nesac\n' >lb1/cat
	chmod 755 enter lb1/cat
	echo "lb1 exec $PWD/enter" >config/engines
	printf '%s\n' 'frontend one' 'bind 192.0.2.1:80' 'use_backend %[path,map(/nowhere/paths.map)]' 'backend here' \
		'server a 10.0.0.1:80' 'backend there' 'server b 10.0.0.2:80' >x.cfg
	run -0 vcap-import -E lb1 haproxy "$PWD/x.cfg"
	[ "$(grep ^server <<<"$output")" = 'server   10.0.0.2 tcp/80  # there/b' ]
}

# Break: lib/controller/config_write.c s/part->from && !has_one/part->from/
@test "import: --from writes the line by which captures ask again, and none beside another" {
	mkdir config
	printf '#!/bin/sh\nexec "$@"\n' >enter
	chmod 755 enter
	echo "lb1 exec $PWD/enter" >config/engines
	printf '%s\n' 'frontend web:one' 'bind 192.0.2.1:80' 'default_backend b' 'backend b' 'server s 10.0.0.1:80' >x.cfg
	vcap-import -F -E lb1 haproxy "$PWD/x.cfg" >printed
	[ "$(tail -n 1 printed)" = "from     haproxy lb1 web-one $PWD/x.cfg" ]
	vcap-import -Fw -E lb1 haproxy "$PWD/x.cfg"
	sed '$d' config/services/web-one | diff printed -
	cp config/services/web-one first
	run -0 vcap-import -Fw -E lb1 haproxy "$PWD/x.cfg"
	cmp first config/services/web-one
	sed -i 's/10.0.0.1/10.0.0.2/' x.cfg
	run --separate-stderr vcap-start --dry-run -t 1 web-one
	[[ "$stderr" == *"lb1 has servers that the file of service 'web-one' lacks, which are captured, too: '10.0.0.2 tcp/80'"* ]]
	# Without it the imported part loses the line; people's own stays the only one.
	vcap-import -w -E lb1 haproxy "$PWD/x.cfg"
	run ! grep '^from' config/services/web-one
	printf ' from\thaproxy lb1 web:one\n' >>config/services/web-one
	cp config/services/web-one own
	vcap-import -Fw -E lb1 haproxy "$PWD/x.cfg"
	cmp own config/services/web-one
	# A printed file is one that is not edited.
	cp printed config/services/web-one
	sed -i 's/10.0.0.2/10.0.0.1/' x.cfg
	run -0 vcap-import -Fw -E lb1 haproxy "$PWD/x.cfg"
	cmp first config/services/web-one
	printf '#!/bin/sh\nexec cat "%s"\n' "$inputs/k8s/cluster.json" >stubs/kubectl
	chmod 755 stubs/kubectl
	[ "$(vcap-import -F -S shop/api k8s | tail -n 1)" = 'from     k8s shop.api' ]
}

# Break: lib/import/importer.c s/\*file != '.'/false/; s/input->also \&\& input->also\[0\]/false/
@test "import: --from is refused for what no line can say" {
	echo 'lb1 local' >>engines
	mkdir config
	mv engines config
	printf '%s\n' 'frontend one' 'bind 192.0.2.1:80' >x.cfg
	while IFS='|' read -r words message; do
		# shellcheck disable=SC2086 # words
		run -2 vcap-import -Fw $words <x.cfg
		[ "${lines[-1]}" = "vcap-import: $message" ] || { echo "$output"; false; }
		[ ! -e config/services ]
	done <<-END
		haproxy $PWD/x.cfg|'--from' needs the engine to ask again ('--engines')
		k8s $inputs/k8s/cluster.json|'--from' needs the engine to ask again ('--engines')
		-E lb1 haproxy -|'--from' needs an absolute path without blanks
		-E lb1 haproxy x.cfg|'--from' needs an absolute path without blanks
		-E lb1 -a $PWD/x.cfg haproxy $PWD/x.cfg|'--from' is for one file, without '--also' and '--backends'
	END
}

# Break: lib/import/draft.c s/return !drafts->wanted;/return true;/
@test "import: only the services that are named, and only what is said of those" {
	run -0 --separate-stderr vcap-import haproxy "$inputs/haproxy/checks.cfg" agents connects
	[ "$(grep -c '^# service' <<<"$output")" -eq 2 ]
	[ -z "$stderr" ]
	run -3 --separate-stderr vcap-import haproxy "$inputs/haproxy/checks.cfg" root nothing
	[ "$(grep '^# service' <<<"$output")" = '# service root' ]
	[ "${stderr_lines[0]}" = "vcap-import: $inputs/haproxy/checks.cfg:11: checks cannot be told from client requests: '/'" ]
	[ "${stderr_lines[1]}" = "vcap-import: $inputs/haproxy/checks.cfg: no such service: 'nothing'" ]
	[ "$(vcap-import haproxy "$inputs/haproxy/edges.cfg" web:public.1 2>/dev/null | head -n 1)" = '# service web-public.1' ]
}

# Break: cmd/vcap-import.c s/imports->count ? status : EXIT_FAILED/status/
# bats test_tags=slow
@test "import: nothing comes out of what is something else, with status 1" {
	for kind in envoy haproxy iptables ipvs k8s keepalived nft nginx; do
		for text in '' 'nonsense' '{}' '{"nftables": 7}' 'a { b' "'" '}' '-A'; do
			run -1 --separate-stderr vcap-import "$kind" - <<<"$text"
			[ -z "$output" ]
			[[ "$stderr" == vcap-import:* ]]
		done
		run -1 vcap-import "$kind" - < <(printf 'a\0b')
		[[ "$output" == *"NUL"* ]]
		run -1 vcap-import "$kind" "$PWD/nothing"
	done
	run -1 --separate-stderr vcap-import haproxy config.d
	[[ "$stderr" != *directory:* ]]
	mkdir config.d
	run -1 --separate-stderr vcap-import haproxy config.d
	[ "$stderr" = "vcap-import: no service found in 'config.d'" ]
	run -2 vcap-import
	run -2 vcap-import apache
	[ "$output" = "vcap-import: needs a kind, auto, envoy, haproxy, iptables, ipvs, k8s, keepalived, nft or nginx, not 'apache'" ]
	run -2 vcap-import -f haproxy
	[ "$output" = "vcap-import: '-f' goes with '-w' or '-d'" ]
}

# Break: lib/import/haproxy_checks.c s/unknown = port_word;/;/; s/NULL : check->server->unknown_port/NULL : NULL/
@test "haproxy: checks at a port that is not known are no monitor" {
	run -3 --separate-stderr one 'default_backend b' 'backend b' 'server s 10.0.0.1:80 check port "${PORT}"'
	[ "$stderr" = "vcap-import: standard input:5: check port is not a number: '\${PORT}'" ]
	[[ "$output" != *monitor* ]]
	run -3 --separate-stderr one 'option tcp-check' 'default_backend b' 'backend b' 'option tcp-check' \
		'tcp-check connect port "%[var(x)]"' 'server s 10.0.0.1:80 check'
	[ "$stderr" = "vcap-import: standard input:8: check port is not a number: '%[var(x)]'" ]
	[[ "$output" != *monitor* ]]
}

# Break: lib/import/haproxy_lexer.c s/lexer.at += strlen(mark)/;/
@test "haproxy: what precedes the first section is said, and a byte order mark is passed over" {
	run -0 one 'default_backend b' $'\xef\xbb\xbfbackend b' $'server\vs\f10.0.0.1:80\r'
	[ "$(grep ^server <<<"$output")" = 'server   10.0.0.1 tcp/80  # b/s' ]
	run -3 --separate-stderr vcap-import haproxy - < <(printf 'bind 192.0.2.9:80\nfrontend one\nbind 192.0.2.1:80\n')
	[ "$stderr" = "vcap-import: standard input:1: line before the first section: 'bind'" ]
	[ "$(grep -c ^vip <<<"$output")" -eq 1 ]
}

# Break: lib/import/haproxy.c s/warn_of_transparent(route->draft, route->stops\[i\].backend);/;/
@test "haproxy: where connections go on to their own destination, that is said" {
	run -3 --separate-stderr one 'default_backend b' 'backend b' 'mode tcp' 'option transparent'
	[ "$stderr" = "vcap-import: standard input:6: the server is the client's own destination: 'transparent'" ]
}

# Break: lib/import/haproxy.c s/if (server->socks)/if (0)/; s/if (name)$/if (0)/
@test "haproxy: servers behind a SOCKS proxy, and in other network namespaces, are said" {
	run -3 --separate-stderr one 'default_backend b' 'backend b' 'server a 10.0.0.1:80 socks4 10.9.9.9:1080' \
		'server b 10.0.0.2:80 namespace blue'
	[ "$stderr" = "\
vcap-import: standard input:5: server behind a SOCKS proxy: '10.9.9.9:1080'
vcap-import: standard input:6: visible only within network namespace 'blue'" ]
	[ "$(grep -c ^server <<<"$output")" -eq 1 ]
}

# Break: lib/import/haproxy_sections.c s/set_variables(&variables, &line);/if (!line.is_conditional) set_variables(\&variables, \&line);/
@test "haproxy: a variable that is unset, or set under a condition, is not known" {
	for unset in 'unsetenv A B' 'resetenv' $'.if defined(X)\nsetenv B x\n.endif'; do
		run -3 --separate-stderr vcap-import haproxy - < <(printf '%s\n' global 'setenv B 10.0.0.9' "$unset" \
			'setenv A 10.0.0.1' 'frontend one' 'bind 192.0.2.1:80' 'default_backend b' 'backend b' 'server a "$A:80"' 'server b "$B:80"')
		[[ "${stderr_lines[-1]}" == *"depends on the environment: '\$B:80'" ]]
		[ "$(grep ^server <<<"$output")" = 'server   10.0.0.1 tcp/80  # b/a' ]
	done
}

# Break: lib/import/haproxy_sections.c s/if (line->hides_servers)/if (0)/
@test "haproxy: a service some of whose servers depend on a condition says so in its file" {
	run -3 --separate-stderr vcap-import haproxy - < <(printf '%s\n' 'frontend one' 'bind 192.0.2.1:80' 'default_backend b' \
		'frontend two' 'bind 192.0.2.2:80' '.if defined(X)' 'use_backend b if TRUE' '.endif' 'default_backend c' \
		'frontend three' 'bind 192.0.2.3:80' 'default_backend c' '.if defined(X)' 'maxconn 9' '.endif' \
		'backend b' 'server a 10.0.0.1:80' '.if defined(X)' 'server b 10.0.0.2:80' '.endif' 'server d 10.0.0.4:80' \
		'backend c' 'server c 10.0.0.3:80')
	echo "$output"
	[ "$(grep -B 9 ^vip <<<"$output" | grep -E '^vip|missing' | cut -c 1-80)" = "\
#        servers may be missing: lines of 'b' depend on an '.if'
vip      192.0.2.1 tcp/80
#        servers may be missing: lines of 'two' depend on an '.if'
vip      192.0.2.2 tcp/80
vip      192.0.2.3 tcp/80" ]
	[ "$(grep -c ^server <<<"$output")" -eq 4 ]
}

# Break: lib/import/draft.c s/host += 7;/;/
@test "import: an address of IPv4 in IPv6's clothes is what its packets have" {
	run -0 one 'bind ::ffff:192.0.2.2:81' 'default_backend b' 'backend b' 'server a ::FFFF:10.0.0.1:80'
	[ "$(grep -E '^(vip|server)' <<<"$output")" = "\
vip      192.0.2.1 tcp/80
vip      192.0.2.2 tcp/81
server   10.0.0.1 tcp/80  # b/a" ]
}

@test "haproxy: what earlier versions took is said" {
	run -1 vcap-import haproxy - <<<'listen old 192.0.2.1:80'
	[ "${lines[0]}" = "vcap-import: standard input:1: address outside of a 'bind' line: '192.0.2.1:80'" ]
}

# Break: lib/import/draft_endpoint.c s/!strchr("._-", \*s)/false/; s/return has_letter && .*/return true;/
@test "import: hostile text reaches neither a resolver, nor a terminal, nor another line" {
	printf '#!/bin/sh\necho "$@" >>asked\nexit 2\n' >stubs/getent
	one 'default_backend b' 'backend b' 'server s -oProxyCommand=x:80' 'server s $(touch@x):80' \
		'server s a/../b:80' 'server "a\nengine b" 10.0.0.1:80' 'server s\x1b[31m 10.0.0.2:80' \
		'server s x;y:80' 'option httpchk GET "/a\nengine c"' 'server c 10.0.0.3:80 check' >out 2>err || true
	[ ! -e asked ]
	run ! grep -q $'\e' out
	run ! grep -q $'\e' err
	[ "$(grep -c ^engine out)" -eq 1 ]
	[ "$(grep -c ^server out)" -eq 3 ]
}

# Break: lib/import/draft.c s/find_by_exact_name(drafts, made); number++/NULL; number++/
@test "import: names that no service may have are made valid ones, each of its own" {
	long=$(printf 'x%.0s' {1..80})
	for name in a.b a:b a-b a:b- "$long" "${long}y" ::: '..'; do
		printf 'frontend %s\nbind 192.0.2.1:80\n' "$name"
	done | vcap-import -w haproxy - >written
	[ "$(vcap-services -r | wc -l)" -eq 8 ]
	[ "$(sort -u written | wc -l)" -eq 8 ]
}
