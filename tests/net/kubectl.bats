#!/usr/bin/env bats
# bats file_tags=slow
# Kubernetes by the real kubectl, against a server that speaks as much of the API as that needs (tests/apiserver): the
# import, pods that are found and run commands in, and a capture of nodes that are reached so. Pods are this host.
# shellcheck disable=SC2016,SC2154 # dollars that are to arrive; run sets stderr

bats_require_minimum_version 1.5.0
load ../until

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	build=$top/${VCAP_BUILD:-build}
	inputs=$BATS_TEST_DIRNAME/../pipe/import/k8s
	PATH=$build/bin:$PATH:/usr/sbin:/sbin
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests need namespaces: run them by tests/netns-run"
		return 1
	}
	command -v kubectl >/dev/null || skip 'no kubectl'
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool HOME=$PWD KUBECONFIG=$PWD/kubeconfig
	cp "$inputs/cluster.json" objects
	printf '%s\n' 'engine-a1 node-a Running' 'engine-b1 node-b Running' 'other-1 node-c Pending' >pods
	pids=
	serve
}

teardown() {
	# shellcheck disable=SC2086 # words
	[ -z "$pids" ] || kill $pids 2>/dev/null || true
	for pid in $(pgrep -x vcap-wait) $(pgrep -x vcap-run); do
		kill -9 "$pid" 2>/dev/null || true
	done
	ip addr flush dev lo scope global
}

serve() {
	"$top/tests/apiserver" 8001 objects pods </dev/null >requests 2>&1 3>&- &
	pids="$pids $!"
	disown
	until_true grep -q listening requests
	configure http://127.0.0.1:8001
}

configure() { # SERVER
	printf '%s\n' 'apiVersion: v1' 'kind: Config' 'clusters:' "- {name: lab, cluster: {server: '$1'}}" 'contexts:' \
		'- {name: lab, context: {cluster: lab, user: nobody}}' 'users:' '- {name: nobody, user: {}}' \
		'current-context: lab' >kubeconfig
}

# Break: lib/import/importer.c s/services,endpointslices,nodes -A/services,endpointslices,nodes/
@test "kubectl: an import of a cluster comes to what kubectl's JSON in a file does" {
	# "default" has none of them, so all come from -A.
	vcap-import k8s >services 2>said || [ $? -eq 3 ]
	sed 's/cluster\.json/kubectl/g' "$inputs/cluster.services" | diff - services
	sed 's/cluster\.json/kubectl/g' "$inputs/cluster.said" | diff - said
	vcap-import -w k8s >written 2>said || [ $? -eq 3 ]
	[ "$(vcap-engines -r | cut -f 1,2)" = $'node-a\texec\nnode-b\texec' ]
	[ "$(vcap-import -S shop/api k8s | grep -c '^# service')" -eq 1 ]
}

# What crosses is what was sent, both ways, with the status.
crosses() { # NODE
	head -c 1000000 /dev/urandom >random
	vcap-on "$1" cat <random >back
	cmp random back
	[ "$(vcap-on "$1" sh -c 'echo "a  b" >&2; cat' </dev/null 2>&1)" = 'a  b' ]
	run -7 vcap-on "$1" sh -c 'exit 7'
	[ "$(vcap-on "$1" printf '%s|' '' 'a b' "'" '$HOME' '+%20&x=y')" = "|a b|'|\$HOME|+%20&x=y|" ]
}

# Break: libexec/vcap-kubectl s/ --stdin//
@test "kubectl: commands run in the node's pod, by a WebSocket and by SPDY" {
	vcap-import -w k8s >written 2>said || [ $? -eq 3 ]
	crosses node-a
	export KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false
	crosses node-b
	grep -q '^POST /api/v1/namespaces/vcap/pods/engine-b1/exec' requests
}

# Break: libexec/vcap-kubectl s/spec.nodeName=$node,//
@test "kubectl: the pod is looked for at each call, and why there is none is said" {
	vcap-import -w k8s >written 2>said || [ $? -eq 3 ]
	vcap-on node-b true
	# A rollout: the old one ends, the new one has another name.
	printf '%s\n' 'engine-a1 node-a Running' 'engine-b1 node-b Failed' 'engine-b2 node-b Running' >pods
	vcap-on node-b true
	[ "$(grep -o 'engine-b./exec' requests | uniq | tr '\n' ' ')" = 'engine-b1/exec engine-b2/exec ' ]
	printf '%s\n' 'engine-a1 node-a Running' 'engine-b2 node-b Pending' >pods
	run -255 vcap-on node-b true
	[[ "$output" == *"no pod of the DaemonSet runs on node 'node-b'"* ]]
	configure http://127.0.0.1:8001/deny
	run -255 vcap-on node-a true
	[[ "$output" == *orbidden* ]]
	run -1 vcap-import k8s
	[[ "$output" == *orbidden* ]]
	configure http://127.0.0.1:8002
	run -255 vcap-on node-a true
	[[ "$output" == *refused* ]]
}

endpoint() { # ADDRESS...
	local addresses
	addresses=$(printf ', {"addresses": ["%s"], "nodeName": "node-a"}' "$@")
	cat >objects <<-END
		{"kind": "List", "items": [
		{"kind": "Service", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"type": "ClusterIP",
			"clusterIP": "192.0.2.10", "clusterIPs": ["192.0.2.10"], "ports": [{"name": "http", "port": 80}]}},
		{"kind": "EndpointSlice", "metadata": {"name": "web-1", "namespace": "shop",
			"labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
			"ports": [{"name": "http", "port": 8080}], "endpoints": [${addresses#, }]},
		{"kind": "Node", "metadata": {"name": "node-a"}, "status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]}}]}
	END
}

in_background() { # COMMAND...
	"$@" </dev/null >>log 2>&1 3>&- &
	pids="$pids $!"
	disown
}

count() { # FILTER
	tshark -nr capture.pcapng -Y "$1" 2>/dev/null | wc -l
}

# A proxy is what kube-proxy would be.
# Break: lib/controller/origin.c s/"--", from->kind/"--", "nft"/
@test "kubectl: a capture of a node by its pod, with an endpoint that came after the import" {
	for address in 192.0.2.10 10.0.1.11 10.0.1.12; do
		ip addr add $address/32 dev lo
	done
	printf '%s\n' defaults 'mode http' 'timeout client 9s' 'timeout server 9s' 'timeout connect 9s' 'frontend web' \
		'bind 192.0.2.10:80' 'default_backend b' 'backend b' 'balance roundrobin' 'server one 10.0.1.11:8080' \
		'server two 10.0.1.12:8080' 'frontend pods' 'bind 10.0.1.11:8080' 'bind 10.0.1.12:8080' \
		'http-request return status 200 content-type text/plain string ok' >haproxy.cfg
	in_background haproxy -db -f haproxy.cfg
	until_true curl -sf http://192.0.2.10/
	endpoint 10.0.1.11
	vcap import -w k8s
	sed -i "s|^node-a |&dir=$PWD/engine |" config/engines
	endpoint 10.0.1.11 10.0.1.12
	echo 'from k8s shop/web:http' >>config/services/shop.web.http
	run -0 --separate-stderr vcap start -t 5 shop/web:http 3>&-
	[ "$stderr" = "vcap start: kubectl has servers that the file of service 'shop.web.http' lacks, which are captured, too: '10.0.1.12 tcp/8080'" ]
	for _ in 1 2 3 4; do
		curl -sf -o /dev/null http://192.0.2.10/page
	done
	vcap stop "$output"
	vcap export -w capture.pcapng "$output"
	[ "$(count 'http.request and ip.dst == 192.0.2.10')" -eq 4 ]
	[ "$(count 'http.request and ip.dst == 10.0.1.11')" -eq 2 ]
	[ "$(count 'http.request and ip.dst == 10.0.1.12')" -eq 2 ]
	[ "$(vcap-stat capture.pcapng | awk 'NR > 1 { print $3 }' | sort -u | tr '\n' ' ')" = 'client server ' ]
}
