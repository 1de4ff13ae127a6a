#!/usr/bin/env bats
# vcap-rolling@SERVICE.service of the package `vcap` under a systemd that is process 1 of a container: a
# controller that reaches its engine, the container itself by the package `vcap-engine`, by ssh and a key.
# shellcheck disable=SC2016 # dollars for the shell there

bats_require_minimum_version 1.5.0
load root
load ../until

# Debian's crun refuses a host whose control groups are of both kinds.
podman_() {
	podman ${runtime:+--runtime "$runtime"} --root "$BATS_FILE_TMPDIR/store" --runroot "$BATS_FILE_TMPDIR/run" \
		--storage-driver vfs --cgroup-manager cgroupfs "$@" 3>&-
}

in_it() { # COMMAND...
	podman_ exec controller "$@"
}

# Units confine by namespaces of their own, which takes CAP_SYS_ADMIN.
begin_container() {
	podman_ run -d --name controller --replace --systemd always --network none --ulimit nofile=1024:4096 --ulimit nproc=4096:4096 \
		--cap-add SYS_ADMIN,NET_ADMIN,NET_RAW,SYS_RESOURCE --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
		--security-opt unmask=ALL --rootfs "$root" /sbin/init >/dev/null 2>"$BATS_FILE_TMPDIR/err"
}

is_up() {
	[[ $(in_it systemctl is-system-running) =~ ^(running|degraded)$ ]]
}

prepare() { # in the root
	set -e
	export DEBIAN_FRONTEND=noninteractive
	apt-get -q update
	apt-get -q -y --no-install-recommends install systemd systemd-sysv dbus openssh-server openssh-client procps /vcap.deb /vcap-engine.deb
	useradd -m -s /bin/bash -p '*' -G vcap ops
	install -d -o vcap -g vcap -m 700 /var/lib/vcap-rolling /var/lib/vcap-rolling/.ssh
	ssh-keygen -q -t ed25519 -N '' -f /var/lib/vcap-rolling/.ssh/id_ed25519
	chown vcap:vcap /var/lib/vcap-rolling/.ssh/*
	install -d -o ops -g ops -m 700 /home/ops/.ssh
	echo "restrict,command=\"/usr/bin/vcap-gate\" $(cat /var/lib/vcap-rolling/.ssh/id_ed25519.pub)" >/home/ops/.ssh/authorized_keys
	chown ops:ops /home/ops/.ssh/authorized_keys
	echo "127.0.0.1 $(cut -d ' ' -f 1-2 /etc/ssh/ssh_host_ed25519_key.pub)" >/etc/ssh/ssh_known_hosts
	mkdir -p /etc/vcap/services /etc/vcap/rolling
	echo 'lb1 iface=lo ssh ops@127.0.0.1' >/etc/vcap/engines
	printf '%s\n' 'vip 127.0.0.1 udp/9' 'engine lb1' >/etc/vcap/services/shop
	echo --rolling=10s >/etc/vcap/rolling/shop
	mkdir -p /etc/systemd/system/vcap-rolling@.service.d
	# Not the half minute of production.
	printf '%s\n' '[Service]' RestartSec=1 'Environment=VCAP_ROLLING_PAUSE=1' >/etc/systemd/system/vcap-rolling@.service.d/test.conf
}

setup_file() {
	export runtime='' root=$BATS_FILE_TMPDIR/root
	[ "$(id -u)" -eq 0 ] || skip "podman: as root only"
	command -v podman >/dev/null || skip "podman: not here"
	packages=$(cd "$BATS_TEST_DIRNAME/../.." && echo "$PWD/build/deb")
	ls "$packages"/vcap_*.deb "$packages"/vcap-engine_*.deb >/dev/null || {
		echo "make deb comes first"
		return 1
	}
	make_root "$root"
	for package in vcap vcap-engine; do
		cp "$packages/$package"_*.deb "$root/$package.deb"
	done
	enter_root "$root" bash -c "$(declare -f prepare); prepare" >"$root.log" 2>&1 || {
		tail "$root.log"
		return 1
	}
	begin_container || { runtime=runc && begin_container; } || skip "podman: runs no container here"
	until_true is_up || skip "systemd: does not come up in a container here"
}

teardown_file() {
	podman_ rm -f -t 0 controller >/dev/null 2>&1 || true
	# It mounts what it stores in over itself.
	umount -R "$BATS_FILE_TMPDIR/store" 2>/dev/null || true
}

# By the unit's user, as vcap(7) has it.
as_user() { # COMMAND...
	in_it runuser -u vcap -- env VCAP_CONFIG=/etc/vcap HOME=/var/lib/vcap-rolling "$@"
}

ring() {
	as_user vcap-ls -r -o ID,STATE,ROLLING shop | awk -F '\t' '$2 == "capturing" && $3 > 0 { print $1; exit }'
}

captures() {
	[ -n "$(ring)" ] && [ "$(as_user vcap-status -r "$(ring)" | cut -f 4)" = capturing ]
}

main_pid() {
	in_it systemctl show -P MainPID vcap-rolling@shop
}

is_other_than() { # PID
	[ "$(main_pid)" -gt 0 ] && [ "$(main_pid)" != "$1" ]
}

# Break: debian/vcap.vcap-rolling@.service s/^CapabilityBoundingSet=$/CapabilityBoundingSet=CAP_NET_RAW/
@test "systemd: the unit is as systemd has units, begins a capture, and is as confined as it says" {
	run -0 in_it systemd-analyze verify --man=no vcap-rolling@shop.service
	[ -z "$output" ]
	run -0 in_it systemd-analyze security --no-pager --threshold=20 vcap-rolling@shop.service
	run -0 in_it systemctl enable --now vcap-rolling@shop
	until_true captures
	pid=$(main_pid)
	run -0 in_it cat "/proc/$pid/status"
	[ "$(sed -n 's/^Uid:\t\([0-9]*\)\t.*/\1/p' <<<"$output")" = "$(in_it id -u vcap)" ]
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		[ "$(sed -n "s/^$set:\t//p" <<<"$output")" = 0000000000000000 ]
	done
	grep -qP '^NoNewPrivs:\t1' <<<"$output"
	grep -qP '^Seccomp:\t2' <<<"$output"
	# What it may not write to, and may not see.
	run ! in_it nsenter -t "$pid" -m touch /usr/x /etc/x /var/lib/vcap/x
	run ! in_it nsenter -t "$pid" -m ls /home/ops
	run -0 as_user vcap-snapshot --after 0 shop
}

# Break: debian/vcap.vcap-rolling@.service s/^Restart=always$/Restart=no/
@test "systemd: it comes back when it was killed, and takes up the capture that is there" {
	first=$(ring)
	pid=$(main_pid)
	in_it kill -9 "$pid"
	until_true is_other_than "$pid"
	until_true captures
	[ "$(ring)" = "$first" ]
}

# Break: debian/vcap.vcap-rolling@.service s/^WantedBy=multi-user.target$/WantedBy=rescue.target/
@test "systemd: ... and when the host was booted again, where the engine has lost its part" {
	first=$(ring)
	podman_ stop -t 60 controller >/dev/null
	podman_ start controller >/dev/null
	until_true is_up
	patience=90 until_true captures
	[ "$(ring)" != "$first" ]
}

@test "systemd: its end is that of the capture" {
	in_it systemctl stop vcap-rolling@shop
	[ -z "$(ring)" ]
	run ! in_it pgrep -x vcap-run
	run -0 in_it systemctl is-failed vcap-rolling@shop || [ "$output" = inactive ]
}
