#!/usr/bin/env bats
# The role of contrib/ansible on a fresh Debian 12, with itself as its only host: what it makes, that a
# second run changes nothing, and that a controller can capture there by a key.
# shellcheck disable=SC2016 # dollars for the shell there

bats_require_minimum_version 1.5.0
load root

setup_file() {
	export base=$BATS_FILE_TMPDIR/base top
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	make -s -C "$top" commands static
	make_root "$base"
	enter_root "$base" sh -c 'export DEBIAN_FRONTEND=noninteractive
		apt-get -q update && apt-get -q -y --no-install-recommends install ansible-core yamllint openssh-server python3-apt sudo' >"$base.log" 2>&1 || {
		tail "$base.log"
		return 1
	}
	cp -R "$top/contrib/ansible" "$base/ansible"
	cp -R "$top/build/libexec/vcap" "$base/programs"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cp -a "$base" root
	PATH=$top/build/bin:$PATH
	export HOME=$PWD
	ssh-keygen -q -t ed25519 -N '' -f key
}

play() { # NAME=VALUE...: the playbook, on itself; sets changed and failed
	local words=()
	for word; do words+=(-e "$word"); done
	run enter_root "$PWD/root" env ANSIBLE_LOCALHOST_WARNING=0 ANSIBLE_NOCOLOR=1 LC_ALL=C.UTF-8 ansible-playbook -i localhost, -c local \
		-e "{\"vcap_engine_keys\": [\"$(cat key.pub)\"]}" "${words[@]}" /ansible/engines.yml
	echo "$output"
	changed=$(sed -n 's/^localhost .* changed=\([0-9]*\) .*/\1/p' <<<"$output")
	failed=$(sed -n 's/^localhost .* failed=\([0-9]*\) .*/\1/p' <<<"$output")
}

# With sshd there, where loopback is all there is of a network: vcap's own commands from here.
captured() { # BIN [WORD]: as the engines file has it
	mkdir -p config/services
	printf '%s\n' "lb1 bin=$1 ${2-} ssh vcap@127.0.0.1 -i $PWD/key" >config/engines
	printf '%s\n' 'vip 127.0.0.1 udp/9' 'engine lb1' >config/services/self
	VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool unshare -n bash -euc '. "$1/tests/slow/root.bash"; . "$1/tests/until.bash"
		ip link set lo up
		mkdir -p root/run/sshd
		enter_root "$PWD/root" /usr/sbin/sshd -D -e >sshd.log 2>&1 3>&- &
		# What the shell of the function has started ends with it.
		trap "pkill -KILL -P $!" EXIT
		until_true sh -c "ssh-keyscan -t ed25519 127.0.0.1 >known && [ -s known ]"
		sed -i "s,\$, -o UserKnownHostsFile=$PWD/known," config/engines
		vcap check self
		! ssh -o UserKnownHostsFile="$PWD/known" -o BatchMode=yes -i key vcap@127.0.0.1 id || exit 1
		id=$(vcap start self)
		for n in $(seq 20); do echo x >/dev/udp/127.0.0.1/9 || :; done 2>/dev/null
		vcap stop self
		vcap-stat "$(vcap wait "$id")"' captured "$top"
}

# Break: contrib/ansible/roles/vcap_engine/tasks/static.yml s/is not search('cap_net_raw.*/is not search('never')/
# Break: contrib/ansible/roles/vcap_engine/templates/authorized_keys.j2 s/^restrict,command="[^"]*" //
@test "ansible: static programs, a key that vcap-gate guards, and a second run that changes nothing" {
	enter_root "$PWD/root" yamllint -s /ansible
	play vcap_engine_programs=/programs
	[ "$failed" = 0 ]
	[ "$changed" -gt 5 ]
	play vcap_engine_programs=/programs
	[ "$failed" = 0 ]
	[ "$changed" = 0 ]
	[ "$(enter_root "$PWD/root" stat -c %a:%U:%G /opt/vcap/bin/vcap-run)" = 750:root:vcap ]
	run -0 captured /opt/vcap/bin
	# Each packet and its refusal.
	[[ $output =~ lb1\ +lo\ +client\ +40\  ]]
	# What is changed there is put back, and nothing else is touched.
	echo other >root/opt/vcap/bin/vcap-merge
	play vcap_engine_programs=/programs
	[ "$failed" = 0 ]
	[ "$changed" = 1 ]
	cmp root/opt/vcap/bin/vcap-merge "root/programs/$(uname -m)/vcap-merge"
}

# Break: contrib/ansible/roles/vcap_engine/templates/sudoers.j2 s/vcap-host/vcap-other/
@test "ansible: by sudo" {
	play vcap_engine_programs=/programs vcap_engine_privilege=sudo
	[ "$failed" = 0 ]
	play vcap_engine_programs=/programs vcap_engine_privilege=sudo
	[ "$changed" = 0 ]
	[ -z "$(getcap root/opt/vcap/bin/vcap-run)" ]
	run -0 captured /opt/vcap/bin as=sudo
	# Each packet and its refusal.
	[[ $output =~ lb1\ +lo\ +client\ +40\  ]]
}

# Break: contrib/ansible/roles/vcap_engine/tasks/package.yml s/deb: "/deb: "x/
@test "ansible: the package" {
	ls "$top"/build/deb/vcap-engine_*.deb >/dev/null || skip "make deb comes first"
	cp "$top"/build/deb/vcap-engine_*.deb root/engine.deb
	play vcap_engine_from=package vcap_engine_package=/engine.deb
	[ "$failed" = 0 ]
	play vcap_engine_from=package vcap_engine_package=/engine.deb
	[ "$failed" = 0 ]
	[ "$changed" = 0 ]
	run -0 captured /usr/bin
	# Each packet and its refusal.
	[[ $output =~ lb1\ +lo\ +client\ +40\  ]]
}

@test "ansible: what would break a line is refused" {
	play vcap_engine_programs=/programs '{"vcap_engine_gate": "x\" id"}'
	[ "$failed" = 1 ]
	[ ! -e root/opt/vcap ]
}
