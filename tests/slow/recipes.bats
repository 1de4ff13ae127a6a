#!/usr/bin/env -S tests/lab/lab bats
# What vcap(7) says of rolling captures: the service that keeps one going, and who may ask for a snapshot.
#
# shellcheck disable=SC2154,SC1008,SC2030,SC2031,SC2046,SC2238 # the names come from the lab; words

bats_require_minimum_version 1.5.0
load ../until

setup() {
	for part in names network service control; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	cd "$BATS_TEST_TMPDIR" || return
	cp -rL "$LAB_DIR/near" config
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool VCAP_ROLLING_PAUSE=1
	PATH=$LAB_DIR/bin:$PATH
	libexec=$root/${VCAP_BUILD:-build}/libexec/vcap
}

teardown() {
	[ -z "${started-}" ] || kill "${started[@]}" 2>/dev/null || true
	for id in $(vcap-ls -r -o ID 2>/dev/null); do vcap-rm --give-up "$id" >/dev/null 2>&1 || true; done
}

recipe() { # NUMBER: of the page, for this host
	"$root/tests/tools/examples" "$root/man/vcap.7" |
		awk -v wanted="== $1" '/^== /{ on = $0 == wanted; next } on' |
		sed "s#/usr/libexec/vcap#$libexec#g; s#/var/crash#$PWD/crash#g; s#/etc/vcap#$VCAP_CONFIG#g"
}

snapshots() {
	vcap-ls -r -o ID,SNAPSHOT-OF,COMMENT shop | awk -F '\t' '$2 != "-"'
}

has_snapshots() { # COUNT
	[ "$(snapshots | wc -l)" -eq "$1" ]
}

# The next one is not in the window of the last; nothing of it is here.
forget() {
	for id in $(snapshots | cut -f 1); do
		vcap-wait --quiet "$id" >/dev/null || true
		vcap-rm "$id" >/dev/null
	done
}

alert() { # PATH: as Alertmanager sends it
	curl -s -o answer -w '%{http_code}' -d '{"alerts": ["secret-word; reboot"]}' "http://127.0.0.1:9099/$1"
}

listens() {
	ss -ltn | grep -q '127.0.0.1:9099 '
}

# Break: libexec/vcap-alert s/--note alert --/--note "$line" --/
# Break: libexec/vcap-alert s/|| status='200 OK'/\&\& status='200 OK'/
@test "who may ask: cron, a file that comes, an alert by socat and by systemd; the request says nothing" {
	# In the words of vcap shell.
	printf '%s\n' 'debug virtualservice shop' 'capture_params rolling 2s' capture save >words
	run -0 vcap-shell -c "$(cat words)"
	[[ $output == *"  rolling "*"2 secs"* ]]
	printf '%s\n' 'debug virtualservice shop' snapshot >words
	run -0 --separate-stderr vcap-shell -c "$(cat words)"
	has_snapshots 1
	[[ $output == *"$(snapshots | cut -f 1)"* ]]
	forget
	# cron's line, run by sh as cron does.
	recipe 14 | sed -n 's/^[0-9*]* [0-9*]* \* \* 1-5 //p' >job
	run -0 --separate-stderr sh job
	[ -z "$output" ]
	[[ $(snapshots) == *": the bell" ]]
	forget
	# A file that comes.
	mkdir crash
	recipe 15 >watch
	setsid bash watch >watched 2>&1 3>&- &
	started+=($!)
	until_true pgrep -f "inotifywait.*$PWD/crash"
	until_true sh -c ': >crash/core.$$; [ -s watched ]'
	until_true has_snapshots 1
	[[ $(snapshots) == *": core dump" ]]
	kill -- "-${started[0]}"
	forget
	# Alerts, of which two are one.
	recipe 16 >socat.sh
	setsid bash socat.sh >said 2>&1 3>&- &
	started+=($!)
	until_true listens
	[ "$(alert 'shop?service=other;reboot')" = 200 ]
	[ "$(alert again)" = 200 ]
	[ ! -s answer ]
	has_snapshots 1
	[[ $(snapshots) == *": alert" ]]
	run ! grep -rq secret-word said spool/captures/*/capture
	kill -- "-${started[1]}"
	forget
	# The same by systemd's units.
	[ "$(recipe 17 | sed -n 's/^ListenStream=//p')" = 127.0.0.1:9099 ]
	recipe 17 | grep -qx Accept=yes
	recipe 18 | grep -qx User=vcap
	recipe 18 | grep -qx StandardInput=socket
	until_true eval '! listens'
	systemd-socket-activate -a --inetd -l 127.0.0.1:9099 -E PATH="$PATH" -E VCAP_CONFIG -E VCAP_SPOOL \
		$(recipe 18 | sed -n 's/^ExecStart=//p') 2>said 3>&- &
	started+=($!)
	until_true listens
	[ "$(alert x)" = 200 ]
	has_snapshots 1
	forget
	# Without a rolling capture the answer says that there is no snapshot.
	vcap-stop "$(vcap-ls -r -o ID shop)"
	[ "$(alert x)" = 503 ]
}

ring() {
	vcap-ls -r -o ID,STATE,ROLLING,SNAPSHOT-OF shop | awk -F '\t' '$2 == "capturing" && $3 > 0 && $4 == "-" { print $1 }'
}

has_ring() { # not OTHER
	[ -n "$(ring)" ] && [ "$(ring)" != "${1-}" ] && [ "$(vcap-status -r "$(ring)" | cut -f 4 | sort -u)" = capturing ]
}

# Break: libexec/vcap-rolling s/^ring=.(find_ring)/ring=/
# Break: libexec/vcap-rolling s/vcap-stop --snapshot/vcap-stop/
@test "vcap-rolling keeps one going: over its own end, and that of an engine's part" {
	grep -q '^User=vcap' "$root/debian/vcap.vcap-rolling@.service"
	run ! grep -iE '^(User|Group)=root|^Ambient' "$root/debian/vcap.vcap-rolling@.service"
	# What systemd itself says of it: nothing but that pages are not where it looks; and how much it is exposed.
	sed "s#/usr/libexec/vcap#$libexec#" "$root/debian/vcap.vcap-rolling@.service" >vcap-rolling@shop.service
	systemd-analyze verify "$PWD/vcap-rolling@shop.service" >said 2>&1 || true
	run ! grep -v "Command 'man " said
	run -0 systemd-analyze security --offline=yes --threshold=20 "$PWD/vcap-rolling@shop.service"
	recipe 13 | sed -n 's/^# //; /mkdir/p; /^cat/,/^END/p' | sed 's/2m/2s/; /^--on/d' >make
	sh make
	# Its log is its own, as in a unit.
	"$libexec/vcap-rolling" shop >log 2>&1 3>&- &
	started+=($!)
	until_true has_ring
	first=$(ring)
	# The controller is killed, and comes back: the engines have gone on.
	kill -9 "${started[0]}"
	"$libexec/vcap-rolling" shop >>log 2>&1 3>&- &
	started[0]=$!
	until_true pgrep -P "${started[0]}" sleep
	[ "$(ring)" = "$first" ]
	# An engine is: what the other has is kept, and both begin anew.
	kill -9 "$(sed -n 's/^pid //p' "$LAB_DIR/lb1.run/$first.lb1/status")"
	until_true has_ring "$first"
	[ "$(snapshots | wc -l)" -eq 1 ]
	# Its end is that of the capture.
	kill "${started[0]}"
	wait "${started[0]}"
	[ -z "$(ring)" ]
	run ls -A "$LAB_DIR/lb1.run" "$LAB_DIR/lb2.run"
	[[ $output != *shop* ]] || { cat log; false; }
}
