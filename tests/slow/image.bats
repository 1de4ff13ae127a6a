#!/usr/bin/env bats
# The image of an engine's programs, run as contrib/kubernetes/daemonset.yaml has its container: one
# capability, a root that is read only, the host's network, which here is a namespace of the test's own.

bats_require_minimum_version 1.5.0
load ../until

# Debian's crun refuses a host whose control groups are of both kinds.
podman_() {
	podman ${runtime:+--runtime "$runtime"} --root "$BATS_FILE_TMPDIR/root" --runroot "$BATS_FILE_TMPDIR/run" \
		--storage-driver vfs --cgroup-manager cgroupfs "$@"
}

setup_file() {
	[ "$(id -u)" -eq 0 ] || skip "podman: as root only"
	command -v podman >/dev/null || skip "podman: not here"
	make -s -C "$BATS_TEST_DIRNAME/../.." commands image >"$BATS_FILE_TMPDIR/log" 2>&1 || {
		tail "$BATS_FILE_TMPDIR/log"
		return 1
	}
	podman_ load -qi "$BATS_TEST_DIRNAME/../../build/vcap-engine.oci.tar" >/dev/null
	export runtime=
	ip netns add image
	ip -n image link set lo up
	begin_container || { runtime=runc && begin_container; } || skip "podman: runs no container here"
}

# What the manifest says behind a key: `add: ["NET_RAW"]` is NET_RAW.
manifest() { # KEY
	sed -nE "s/^ *$1: \[?\"?([^]\"]*)\"?\]?$/\1/p" "$BATS_TEST_DIRNAME/../../contrib/kubernetes/daemonset.yaml"
}

# As the DaemonSet's container, waiting.
begin_container() {
	mkdir -p "$BATS_FILE_TMPDIR/captures"
	podman_ run -d --name engine --replace --network "ns:/run/netns/image" --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 \
		--cap-drop "$(manifest drop)" --cap-add "$(manifest add)" --read-only="$(manifest readOnlyRootFilesystem)" \
		--security-opt "no-new-privileges:$([ "$(manifest allowPrivilegeEscalation)" = true ] || echo true)" \
		-v "$BATS_FILE_TMPDIR/captures:$(manifest mountPath)" "$(manifest image)" "$(manifest command)" \
		>/dev/null 2>"$BATS_FILE_TMPDIR/err" 3>&-
}

teardown_file() {
	podman_ rm -f -t 0 engine >/dev/null 2>&1 || true
	# shellcheck disable=SC2016 # for eval
	until_true eval '! pgrep -f -- "--root $BATS_FILE_TMPDIR/root"'
	# It mounts what it stores in over itself.
	umount -R "$BATS_FILE_TMPDIR/root" 2>/dev/null || true
	ip netns del image 2>/dev/null || true
}

setup() {
	PATH=$(cd "$BATS_TEST_DIRNAME/../../build/bin" && pwd):$PATH
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services
	# shellcheck disable=SC2016 # the script's own
	{
		declare -f podman_
		printf 'runtime=%q BATS_FILE_TMPDIR=%q\npodman_ exec -i engine "$@"\n' "$runtime" "$BATS_FILE_TMPDIR"
	} >in-engine
	echo "node exec bash $PWD/in-engine" >config/engines
	printf '%s\n' 'vip 127.0.0.1 udp/5000' 'server 127.0.0.2 udp/6000' 'engine node' >config/services/shop
}

# Break: contrib/kubernetes/daemonset.yaml s/"NET_RAW"/"KILL"/
# Break: tools/image s,var/lib/vcap/run",var/lib/other",
@test "image: a capture by an engine in a container" {
	run -0 --separate-stderr vcap check -r shop
	[ "$(cut -f 2 <<<"$output")" = ready ]
	id=$(vcap start shop -t 60s 2>err 3>&-)
	# Each is refused: two packets.
	for _ in 1 2 3; do
		ip netns exec image bash -c 'echo x >/dev/udp/127.0.0.1/5000; echo x >/dev/udp/127.0.0.2/6000' 2>/dev/null
	done
	run -0 --separate-stderr vcap stop "$id"
	[ "$(vcap-stat "$output" | awk 'NR > 1 { print $1, $3, $4 }')" = $'node client 6\nnode server 6' ]
	[ -z "$(ls "$BATS_FILE_TMPDIR/captures")" ]
}
