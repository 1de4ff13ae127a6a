# shellcheck shell=sh disable=SC2154 # the names come from names.sh
# The controller: how it reaches the engines, and its configuration.

# sshd needs its own user and the rights to become any other, so it runs only for a real root.
lab_transport() {
	if lab_real_root && command -v sshd >/dev/null; then
		echo "${LAB_TRANSPORT-ssh}"
	else
		echo exec
	fi
}

lab_ssh_keys() {
	mkdir -m 700 "$LAB_DIR/ssh"
	ssh-keygen -q -t ed25519 -N '' -C lab -f "$LAB_DIR/ssh/host"
	# One key for all, and one that vcap-gate guards.
	ssh-keygen -q -t ed25519 -N '' -C lab -f "$LAB_DIR/ssh/key"
	ssh-keygen -q -t ed25519 -N '' -C lab -f "$LAB_DIR/ssh/gated"
	for engine in $LAB_ENGINES; do
		echo "$LAB_MGMT4.10$(lab_number "$engine") $(cat "$LAB_DIR/ssh/host.pub")"
	done >"$LAB_DIR/ssh/known_hosts"
	# sshd refuses a root whose password field is a '!'. The copy is seen by this lab alone.
	sed 's/^root:[^:]*:/root:*:/' /etc/shadow >"$LAB_DIR/ssh/shadow"
	chmod 600 "$LAB_DIR/ssh/shadow"
	mount --bind "$LAB_DIR/ssh/shadow" /etc/shadow
	# Nor is what its bash reads at every connection part of a lab.
	sed '/^root:/s,[^:]*$,/bin/sh,' /etc/passwd >"$LAB_DIR/ssh/passwd"
	mount --bind "$LAB_DIR/ssh/passwd" /etc/passwd
}

lab_sshd() { # ENGINE
	echo "restrict,command=\"$LAB_DIR/bin/vcap-gate $LAB_DIR/$1.run\" $(cat "$LAB_DIR/ssh/gated.pub")" \
		>"$LAB_DIR/$1.gated"
	cat >"$LAB_DIR/$1.sshd" <<-END
	ListenAddress $LAB_MGMT4.10$(lab_number "$1")
	HostKey $LAB_DIR/ssh/host
	AuthorizedKeysFile $LAB_DIR/ssh/key.pub $LAB_DIR/$1.gated
	Subsystem sftp internal-sftp
	PermitRootLogin prohibit-password
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	StrictModes no
	UsePAM no
	UseDNS no
	PrintMotd no
	PidFile none
	MaxStartups 100
	KexAlgorithms curve25519-sha256
	END
	# -r: a connection is served by the process that was forked for it, without starting sshd anew.
	lab_run "$1" "$1-sshd" "$(command -v sshd)" -r -D -e -f "$LAB_DIR/$1.sshd"
}

lab_engine_line() { # ENGINE [TRANSPORT]: of the engines file
	printf '%s bin=%s dir=%s ' "$1" "$LAB_DIR/bin" "$LAB_DIR/$1.run"
	if [ "${2-$LAB_TRANSPORT}" = ssh ]; then
		printf 'ssh root@%s -F none -i %s -o UserKnownHostsFile=%s -o GlobalKnownHostsFile=none\n' \
			"$LAB_MGMT4.10$(lab_number "$1")" "$LAB_DIR/ssh/key" "$LAB_DIR/ssh/known_hosts"
	else
		echo "exec ip netns exec $1"
	fi
}

lab_config() {
	mkdir -p "$VCAP_CONFIG/services"
	{
		echo "vip      $LAB_VIP4 tcp/$LAB_PORT"
		echo "vip      $LAB_VIP6 tcp/$LAB_PORT"
		for server in $LAB_SERVERS; do
			n=1$(lab_number "$server")
			echo "server   $LAB_BACK4.$n tcp/$LAB_SERVER_PORT"
			echo "server   $LAB_BACK6:$n tcp/$LAB_SERVER_PORT"
		done
		for engine in $LAB_ENGINES; do
			n=10$(lab_number "$engine")
			echo "source   $LAB_BACK4.$n"
			echo "source   $LAB_BACK6:$n"
		done
		echo "monitor  tcp/$LAB_CHECK_PORT"
		for engine in $LAB_ENGINES; do
			echo "engine   $engine"
		done
	} >"$VCAP_CONFIG/services/shop"
	# Another configuration, without ssh, most of whose time is its beginning: see lab_near.
	mkdir "$LAB_DIR/near"
	ln -s "$VCAP_CONFIG/services" "$LAB_DIR/near"
	for engine in $LAB_ENGINES; do
		lab_engine_line "$engine" exec >>"$LAB_DIR/near/engines"
		lab_engine_line "$engine"
	done >"$VCAP_CONFIG/engines"
}

# The commands for the engines, whose rings are large enough for the lab, and soon made.
lab_bin() { # DIR
	mkdir "$LAB_DIR/bin"
	ln -s "$1"/* "$LAB_DIR/bin"
	# The gate looks for its neighbours where it really lies.
	cp --remove-destination "$1/vcap-gate" "$LAB_DIR/bin/"
	rm "$LAB_DIR/bin/vcap-run"
	printf '#!/bin/sh\nexec "%s/vcap-run" -b 64M "$@"\n' "$1" >"$LAB_DIR/bin/vcap-run"
	chmod 755 "$LAB_DIR/bin/vcap-run"
}

lab_start() {
	# Of its own, and large: vcap leaves the larger of 1 GiB and a tenth of a disk alone.
	mkdir -p "$LAB_DIR"
	mount -t tmpfs -o mode=755,size=16g tmpfs "$LAB_DIR"
	bin=$(cd "$here/../.." && pwd)/${VCAP_BUILD:-build}/bin
	lab_bin "$bin"
	LAB_TRANSPORT=$(lab_transport)
	PATH=$bin:$PATH VCAP_CONFIG=$LAB_DIR/config VCAP_SPOOL=$LAB_DIR/spool
	export PATH VCAP_CONFIG VCAP_SPOOL LAB_DIR LAB_TRANSPORT

	lab_network
	lab_bodies
	for server in $LAB_SERVERS; do
		lab_server "$server"
	done
	for server in $LAB_SERVERS; do
		lab_wait "answer from $server" lab_in "$server" curl -sf "http://127.0.0.1:$LAB_CHECK_PORT/" || {
			cat "$LAB_DIR/$server.log" >&2
			return 1
		}
	done
	for engine in $LAB_ENGINES; do
		lab_proxy "$engine"
	done
	if [ "$LAB_TRANSPORT" = ssh ]; then
		mkdir /run/sshd
		lab_ssh_keys
		for engine in $LAB_ENGINES; do
			lab_sshd "$engine"
		done
	fi
	lab_config
	lab_ready
}

lab_ready() {
	for engine in $LAB_ENGINES; do
		lab_wait "healthy servers on $engine" lab_proxy_ready "$engine"
		lab_wait "way from the client through $engine" lab_get "20$(lab_number "$engine")" /ready
		[ "$LAB_TRANSPORT" = exec ] || lab_wait "sshd on $engine" lab_ssh "$engine" true
	done
}

lab_ssh() { # ENGINE COMMAND: as its line in the engines file does it
	ssh -F none -i "$LAB_DIR/ssh/key" -o "UserKnownHostsFile=$LAB_DIR/ssh/known_hosts" \
		-o GlobalKnownHostsFile=none -o BatchMode=yes \
		"root@$LAB_MGMT4.10$(lab_number "$1")" "$2" </dev/null
}
