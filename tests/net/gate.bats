#!/usr/bin/env -S tests/lab/lab bats
# A key whose forced command is vcap-gate: captures go through it, and nothing else does. Run this
# from the top of the tree.
# shellcheck disable=SC2154 # the names come from the lab

bats_require_minimum_version 1.5.0

setup_file() {
	[ "${LAB_TRANSPORT-}" = ssh ] || skip "needs sshd, which needs root"
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
}

setup() {
	for part in names control; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	cd "$BATS_TEST_TMPDIR" || return
	sed "s|-i $LAB_DIR/ssh/key |-i $LAB_DIR/ssh/gated |" "$VCAP_CONFIG/engines" >engines
	mkdir config
	cp -r "$VCAP_CONFIG/services" config
	mv engines config
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
}

with_key() { # KEY SSH-WORD...: ssh or scp with it
	"$2" -F none -i "$1" -o "UserKnownHostsFile=$LAB_DIR/ssh/known_hosts" \
		-o GlobalKnownHostsFile=none -o BatchMode=yes -o IdentitiesOnly=yes "${@:3}" </dev/null
}

gated() { # SSH-WORD...: with the key that is for captures alone
	with_key "$LAB_DIR/ssh/gated" "$@"
}

refused() { # SSH-WORD...
	run gated "$@"
	[ "$status" -ne 0 ] || { echo "went through: $*: $output"; false; }
	[[ $output != *root:* ]]
}

has_all() { # by the table of the file: both sides of both engines
	for engine in lb1 lb2; do
		for side in client server; do
			grep -qE "^$engine +eth[01] +$side +[1-9]" table || return
		done
	done
}

has_all_and_left_nothing() {
	has_all
	for engine in lb1 lb2; do
		[ -z "$(ls "$LAB_DIR/$engine.run")" ]
	done
}

@test "gate: a whole capture goes through it, and leaves nothing on the engines" {
	grep -q gated config/engines
	steady=()
	for n in 201 202; do
		lab_steady $n 5 3>&- &
		steady+=($!)
	done
	vcap capture shop -t 3s >out 2>err 3>&- || { cat err; false; }
	kill "${steady[@]}"
	file=$(tail -n 1 out)
	vcap-stat "$file" >table
	cat table
	has_all_and_left_nothing
	[ "$(vcap-ls -r | cut -f 8)" = "done" ]
}

# bats test_tags=slow
@test "gate: so do a capture of transactions, its end, and a stream" {
	vcap start shop -c 100 -s 96 -m include 10.9.0.201 10.9.0.0/24 >id 2>err 3>&- || { cat err; false; }
	lab_get 201 /small >/dev/null
	vcap status "$(cat id)" >status
	[ "$(grep -c 'capturing.*capturing' status)" -eq 2 ]
	vcap stop "$(cat id)" >out 2>err || { cat err; false; }
	[ "$(capinfos -Mc "$(cat out)" | awk '/Number of packets:/ { print $NF }')" -gt 0 ]
	vcap clock lb1
	[ "$(vcap check -r shop | cut -f 2)" = $'ready\nready' ]
	vcap live shop -t 3s 10.9.0.201 2>err 3>&- >stream &
	live=$!
	lab_steady 201 5 3>&- &
	traffic=$!
	wait $live || { cat err; false; }
	kill $traffic
	[ "$(grep -c 'ended by time' err)" -eq 2 ]
	[ "$(capinfos -Mc stream | awk '/Number of packets:/ { print $NF }')" -gt 0 ]
}

@test "gate: no shell, no copying, no forwarding, no other file" {
	host=root@$LAB_MGMT4.101
	gated ssh "$host" "'vcap-host' 'clock'"
	refused ssh "$host"
	refused ssh -tt "$host"
	refused ssh "$host" id
	refused ssh "$host" 'cat /etc/passwd'
	refused ssh "$host" "'vcap-host' 'clock'; cat /etc/passwd"
	refused ssh "$host" "'vcap-merge' '-w' '-' 'a=/etc/passwd'"
	refused ssh "$host" "'vcap-merge' '-w' '-' 'a=$LAB_DIR/lb1.run/../../etc/passwd'"
	refused ssh "$host" "'vcap-merge' '-w' '-' 'a=$LAB_DIR/lb2.run/x'"
	refused scp "$host:/etc/passwd" copy
	refused scp -O "$host:/etc/passwd" copy
	refused scp /etc/hostname "$host:$LAB_DIR/lb1.run/x"
	refused scp -O /etc/hostname "$host:$LAB_DIR/lb1.run/x"
	refused ssh -s "$host" sftp
	[ ! -e copy ]
	[ ! -e "$LAB_DIR/lb1.run/x" ]
	# Forwarding: of a port here, of one there, and of standard input.
	refused ssh -W 127.0.0.1:1 "$host"
	refused ssh -N -o ExitOnForwardFailure=yes -R 2222:127.0.0.1:1 "$host"
	refused ssh -o SendEnv=BASH_ENV "$host" id
}

# The gated key's line on both engines, with these options.
gate_with() { # WORD...
	for engine in lb1 lb2; do
		sed -i "s|vcap-gate [^\"]*|vcap-gate $* $LAB_DIR/$engine.run|" "$LAB_DIR/$engine.gated"
	done
}

# Break: lib/controller/limited_run.c s/rc = apply(/rc = 0 \&\& apply(/
# bats test_tags=slow
@test "gate: with --service a whole capture of it goes through, of another nothing, and no other packets" {
	cp config/services/shop shop
	gate_with --service "$PWD/shop"
	vcap start shop -t 5 10.9.0.201 10.9.0.202 >id 2>err 3>&- || { cat err; false; }
	for n in 201 202; do
		lab_get $n /small >/dev/null
	done
	vcap stop "$(cat id)" >out 2>err || { cat err; false; }
	vcap-stat "$(cat out)" >table
	cat table
	has_all_and_left_nothing
	# By the same service's name and file, but with a program that accepts everything.
	printf '1\n6 0 0 262144\n\n' | cat - shop <(echo) >job
	dir=$LAB_DIR/lb1.run/shop.20260101_000000.lb1
	ssh -F none -i "$LAB_DIR/ssh/gated" -o "UserKnownHostsFile=$LAB_DIR/ssh/known_hosts" -o BatchMode=yes \
		"root@$LAB_MGMT4.101" "'vcap-run' '-n' 'lb1' '-f' '-' '--detach' '-w' '$dir'" <job
	lab_get 201 /small >/dev/null
	# Refused, but packets.
	run lab_in client curl -s "http://$LAB_VIP4:81/" "http://$LAB_FRONT4.101:80/"
	gated ssh "root@$LAB_MGMT4.101" "'vcap-host' 'stop' '$dir'"
	vcap-merge -w all "lb1=$dir"
	of_shop="($(lab_expression client)) or ($(lab_expression server)) or ($(lab_expression monitor))"
	[ "$(tcpdump -r all --count "$of_shop" 2>/dev/null | cut -d ' ' -f 1)" -gt 10 ]
	[ "$(tcpdump -r all --count "not ($of_shop)" 2>/dev/null)" = '0 packets' ]
	gated ssh "root@$LAB_MGMT4.101" "'vcap-host' 'remove' '$dir'"
	# Another one is refused, and one that has more than the engine knows of.
	sed 's/^vip.*/vip 198.51.100.1/' shop >config/services/bank
	run -1 --separate-stderr vcap start bank -t 1s
	echo "$stderr"
	[[ $stderr == *"this key does not allow"* ]]
	echo 'server 10.99.0.1 tcp/1' >>config/services/shop
	run -1 --separate-stderr vcap start shop -t 1s
	echo "$stderr"
	[[ $stderr == *"service 'shop' here has no 'server 10.99.0.1 tcp/1'"* ]]
	gate_with
}

# A controller that is a region: on this engine's host, by a key that vcap-gate guards with these options.
region_on() { # ENGINE NAME OPTION...
	local line
	mkdir -p "$2/config" "$2/spool" "$2.run"
	cp -r "$VCAP_CONFIG/services" "$2/config"
	ssh-keygen -q -t ed25519 -N '' -f "$2.key"
	line="restrict,command=\"$LAB_DIR/bin/vcap-gate --region --config $PWD/$2/config --spool $PWD/$2/spool"
	echo "$line${*:3}\" $(cat "$2.key.pub")" >>"$LAB_DIR/$1.gated"
}

# The line of an engines file by which it is reached.
region_line() { # ENGINE NAME
	echo "$2 region bin=$LAB_DIR/bin ssh root@$LAB_MGMT4.10$(lab_number "$1") -F none -i $PWD/$2.key" \
		"-o IdentitiesOnly=yes -o UserKnownHostsFile=$LAB_DIR/ssh/known_hosts -o GlobalKnownHostsFile=none"
}

# The engine, as the controller on its own host has it.
here_line() { # ENGINE NAME-OF-THE-REGION
	echo "$1 bin=$LAB_DIR/bin dir=$PWD/$2.run local"
}

# This controller has the region `west` on the host of lb1, which has lb1 and the region `inner` on that of
# lb2, which has lb2; each behind its gate.
nested_regions() { # [OPTION]: of west's gate
	region_on lb1 west "$@"
	region_on lb2 inner
	{ here_line lb1 west && region_line lb2 inner; } >west/config/engines
	here_line lb2 inner >inner/config/engines
	region_line lb1 west >config/engines
	sed -i 's/^engine .*lb1/engine west/; /^engine .*lb2/d' config/services/shop
	sed -i 's/^engine .*lb2/engine inner/' west/config/services/shop
	sed -i '/^engine .*lb1/d' inner/config/services/shop
}

nothing_is_left_in() { # REGION...
	for region; do
		[ -z "$(find "$region/spool/captures" "$region.run" -mindepth 1)" ] || return
	done
}

# Break: lib/controller/gate_region.c s/gate_words_take(next, "follow")/0/
# Break: lib/controller/gate.c s/{"vcap-host", true, true, take_request}/{"vcap-host", true, false, take_request}/
@test "gate: regions within regions take part in a capture, each behind its gate" {
	nested_regions
	run -0 --separate-stderr vcap check -r shop
	[ "$(cut -f 1,2 <<<"$output")" = $'west\tready' ]
	steady=()
	for n in 201 202; do
		lab_steady $n 5 3>&- &
		steady+=($!)
	done
	vcap capture shop -t 3s -e 'tcp port 80 or tcp port 8080' 10.9.0.201 10.9.0.202 >out 2>err 3>&- || { cat err; false; }
	kill "${steady[@]}"
	cat err
	vcap-stat "$(tail -n 1 out)" >table
	cat table
	has_all
	[ "$(vcap-ls -r | cut -f 6,8)" = $'west\tdone' ]
	nothing_is_left_in west inner
	# By that key nothing else is done there.
	host=root@$LAB_MGMT4.101
	run -0 with_key west.key ssh "$host" "'vcap-host' 'clock'"
	for line in "'id'" "'vcap-host' 'list' '$LAB_DIR/lb1.run'" "'vcap-merge' '-w' '-' 'a=$LAB_DIR/lb1.run/shop.20260101_000000.lb1'" \
		"'vcap-region' 'start' 'shop.20260101_000000' '-m' 'none' '/etc/passwd'" "'vcap' 'ls'"; do
		run -2 with_key west.key ssh "$host" "$line"
		[[ $output == "vcap-gate: this key does not allow "* ]]
	done
	run -255 with_key west.key ssh -o ExitOnForwardFailure=yes -N -R 2222:127.0.0.1:1 "$host"
}

# Break: lib/controller/gate_region.c s/gate_words_take(next, "live")/0/
# bats test_tags=slow
@test "gate: regions within regions stream, each behind its gate, and leave nothing" {
	nested_regions
	vcap live shop -t 4s -s headers 10.9.0.201 10.9.0.202 2>err 3>&- >stream &
	live=$!
	steady=()
	for n in 201 202; do
		lab_steady $n 5 3>&- &
		steady+=($!)
	done
	wait $live || { cat err; false; }
	kill "${steady[@]}"
	vcap-stat stream >table
	cat table err
	has_all
	[ "$(requests_in stream)" -eq 0 ]
	capinfos -o stream | grep -q "Strict time order: *True"
	lab_wait "end of captures" eval '! pgrep -x vcap-run'
	nothing_is_left_in west inner
	# Its end is that of all, whoever ends.
	setsid vcap live shop >stream 2>err 3>&- &
	live=$!
	lab_wait captures capture_on_both
	kill -KILL -- -$live
	lab_wait "end of captures" eval '! pgrep -x vcap-run && ! pgrep -x vcap-live'
}

# Break: lib/controller/region.c s/strvec_push(.merge, "--cut")/;/
# bats test_tags=slow
@test "gate: of a region only headers, though another has captured more there" {
	nested_regions ' --headers-only'
	run -1 vcap start shop 3>&-
	[[ $output == *"this key does not allow 'a capture without -s headers'"* ]]
	run -0 --separate-stderr vcap start -s headers shop 3>&-
	id=$output
	lab_get 201 /small >/dev/null
	run -0 vcap stop "$id"
	[ "$(requests_in "$output")" -eq 0 ]
	[ "$(packets_in "$output")" -gt 0 ]
	# One of the region's own, with payload.
	export VCAP_CONFIG=$PWD/west/config VCAP_SPOOL=$PWD/west/spool
	id=shop.20260101_000000
	file=west/spool/captures/$id/$id.pcapng
	ip netns exec lb1 vcap start --id $id shop 3>&-
	lab_get 201 /small >/dev/null
	vcap stop $id
	[ "$(requests_in $file)" -gt 0 ]
	for words in "'fetch' '$id'" "'fetch' '-z' '$id'"; do
		with_key west.key ssh "root@$LAB_MGMT4.101" "'vcap-region' $words" >fetched
		vcap-merge -w plain fetched
		[ "$(requests_in plain)" -eq 0 ]
		[ "$(packets_in plain)" -eq "$(packets_in $file)" ]
	done
}

requests_in() { # FILE
	tcpdump -Anr "$1" 2>/dev/null | grep -c GET || true
}

packets_in() { # FILE
	capinfos -Mc "$1" | awk '/Number of packets:/ { print $NF }'
}

on_engine() { # ENGINE COMMAND...: with the mounts that its sshd has
	nsenter -t "$(cat "$LAB_DIR/$1-sshd.pid")" -m "${@:2}"
}

# An example of a manual page, as it is read: the line that begins so, with those that follow from it.
advice() { # PAGE BEGINNING
	mandoc -T utf8 -O width=200 "$BATS_TEST_DIRNAME/../../man/$1" | col -bx |
		awk -v wanted="$2" '{ sub(/^ +/, "") } index($0, wanted) == 1 { on = 1 } on { print } !/\\$/ { on = 0 }'
}

# A user without privileges, and what vcap-gate(1) and vcap-run(1) tell the engine's administrator.
sudoers() {
	command -v sudo >/dev/null || skip "no sudo"
	advice vcap-run.1 '%vcap ' >rule
	grep -q NOPASSWD rule
	advice vcap-gate.1 'restrict,command="/usr/local/bin/vcap-gate --sudo' >line
	grep -q ssh-ed25519 line
	ssh-keygen -q -t ed25519 -N '' -f key
	ssh-keygen -q -t ed25519 -N '' -f other
	{ cat /etc/group; echo vcap:x:4711:; } >group
	{ echo "Defaults use_pty, env_reset"; cat rule; } >sudoers
	chmod 440 sudoers
	echo "capture:x:4711:4711::/:/bin/sh" >>"$LAB_DIR/ssh/passwd"
	echo "capture:*:20000:0:99999:7:::" >>"$LAB_DIR/ssh/shadow"
	for engine in lb1 lb2; do
		on_engine $engine mount --bind "$PWD/group" /etc/group
		on_engine $engine mount --bind "$PWD/sudoers" /etc/sudoers
		on_engine $engine mount --bind "$(readlink -f "$LAB_DIR/bin")" /usr/local/bin
		# And another key, without that, to see what else the user can do.
		sed "s|--sudo|& $LAB_DIR/$engine.run|; s|ssh-ed25519.*|$(cut -d ' ' -f 1,2 key.pub)|" line |
			cat - other.pub >>"$LAB_DIR/$engine.gated"
	done
	sed -i "s|bin=[^ ]*|as=sudo|; s|root@|capture@|; s|-i [^ ]*|-i $PWD/key -o IdentitiesOnly=yes|" config/engines
}

capture_on_both() {
	[ "$(pgrep -cx vcap-run)" -eq 2 ]
}

teardown() {
	[ -e line ] || return 0
	for engine in lb1 lb2; do
		on_engine $engine umount /etc/group /etc/sudoers /usr/local/bin
	done
}

# Break: cmd/vcap-gate.c s/if (key->gate.sudo)/if (0)/
# bats test_tags=slow
@test "gate: captures of a user without privileges go through it and sudo, as the manual pages have it" {
	sudoers
	cat config/engines
	run -0 --separate-stderr vcap check -r shop
	[ "$(cut -f 2 <<<"$output")" = $'ready\nready' ]
	run -0 --separate-stderr vcap start shop -t 5 3>&-
	id=$output
	echo "$stderr"
	for n in 201 202; do
		lab_get $n /small >/dev/null
	done
	run -0 vcap stop "$id"
	vcap-stat "$output" >table
	cat table
	has_all_and_left_nothing
	vcap live shop -t 3s 2>err 3>&- >stream &
	live=$!
	lab_steady 201 5 3>&- &
	traffic=$!
	wait $live || { cat err; false; }
	kill $traffic
	[ "$(capinfos -Mc stream | awk '/Number of packets:/ { print $NF }')" -gt 0 ]
	# Its end is that of the engines' captures, whatever sudo does with signals and terminals.
	setsid vcap live shop >stream 2>err 3>&- &
	live=$!
	lab_wait captures capture_on_both
	kill -KILL -- -$live
	lab_wait "end of captures" eval '! pgrep -x vcap-run'

	host=capture@$LAB_MGMT4.101
	# Only so: not without sudo, nor by sudo what the rule does not name.
	run -2 with_key key ssh "$host" "'vcap-host' 'clock'"
	[[ $output == *"this key is for 'as=sudo'"* ]]
	run -0 with_key other ssh "$host" id -u
	[ "$output" = 4711 ]
	run -2 with_key other ssh "$host" "sudo -n -- vcap-run -i lo -w - -- sh -c 'id >&2'"
	[[ $output == *"by sudo the filter is vcap-join"* ]]
	run -2 with_key other ssh "$host" 'SUDO_UID=0 sudo -n -- vcap-merge -w /etc/x /etc/shadow'
	[[ $output == *"by sudo it takes only"* ]]
	on_engine lb1 test ! -e /etc/x
	run -1 with_key other ssh "$host" 'sudo -n -- cat /etc/shadow'
	[[ $output == "sudo: "* ]]
}
