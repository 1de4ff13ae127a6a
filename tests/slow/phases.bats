#!/usr/bin/env -S tests/lab/lab bats
# What docs/when-it-fails.md says of each phase of a capture and each fault in it. A row here is a cell
# of its table: the capture is brought into the phase, the fault is put in, and commands follow, each
# with the status it is to have. In the end all packets of lb1 are in the file, those of lb2 too if the
# last command says so, and nothing is left anywhere.
# shellcheck disable=SC2154,SC2034,SC2016 # the names are the lab's; dollars for the shell of a stand-in

bats_require_minimum_version 1.5.0
load ../until
load ../stand_in

setup_file() {
	[ "${LAB_TRANSPORT-}" = ssh ] || skip "needs sshd, which needs root"
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
}

setup() {
	for part in names network service control witness; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	cd "$BATS_TEST_TMPDIR" || return
	# The commands of lb2 are copies as well, and so is the key.
	mkdir bin engine
	cp "$LAB_DIR"/bin/* bin
	cp -a "$LAB_DIR"/bin/* engine
	cp "$LAB_DIR/ssh/key" key
	cp -r "$VCAP_CONFIG" config
	sed -i "/^lb2 /s|bin=[^ ]*|bin=$PWD/engine|; s|-i [^ ]*|-i $PWD/key|" config/engines
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$LAB_DIR/phases.$BATS_TEST_NUMBER
	ssh=$(command -v ssh)
	PATH=$PWD/bin:$PATH
	mkfifo never
	commands='' marked=''
}

teardown() {
	kill_controller
	as_they_were
	mend
	timeout 60 vcap rm --give-up "$(vcap ls -r | cut -f 9)" >/dev/null 2>&1 || true
	for pid in *.pid; do
		[ ! -e "$pid" ] || kill -TERM "$(cat "$pid")" 2>/dev/null || true
	done
	disk_of_lb2 umount "$LAB_DIR/lb2.run" 2>/dev/null || true
	rm -rf "$LAB_DIR"/lb?.run
	umount "$VCAP_SPOOL" 2>/dev/null || true
}

# The phases. Each leaves `id`; where a step is held, `release` lets it go on, into the fault.

begin() {
	controller vcap start shop -t 5 --patience "${given-5s}"
	wait "$controller"
	entry
	traffic_with_marks
	marked=yes
}

in_starting() {
	stand_in ssh '*.102*vcap-run*' 'hold; exec '"$ssh"' "$@"'
	controller vcap start shop -t 5 --patience "${given-5s}"
	until_true test -e held
	until_true runs_on lb1
	entry
}

# The engine's vcap-run captures, but nobody has been told.
in_starting_there() {
	stand_in_there vcap-run 'real "$@"; hold; exit'
	controller vcap start shop -t 5 --patience "${given-5s}"
	until_true test -e held
	until_true runs_on lb1
	entry
}

in_starting_with_prints() {
	prints
	begin
}

in_capturing() {
	begin
}

# lb2 has been told, and does not answer.
in_ending() {
	begin
	until_true eval '[ -n "$(session_there)" ]'
	kill -STOP "$(session_there)"
	controller vcap stop "$id"
	until_true eval '[ "$(engine_fact lb1 state)" = done ]'
}

in_fetching() {
	begin
	stand_in ssh '*.102*vcap-merge*' 'hold; exec '"$ssh"' "$@"'
	controller vcap stop "$id"
	until_true test -e held
	until_true test -e "$VCAP_SPOOL/captures/$id/engines/lb1.pcapng"
}

# Part of the stream is on its way.
in_fetching_there() {
	begin
	stand_in_there vcap-merge 'real "$@" | { head -c 5000; hold; }; exit'
	controller vcap stop "$id"
	until_true test -e held
	until_true test -e "$VCAP_SPOOL/captures/$id/engines/lb1.pcapng"
}

in_merging() {
	begin
	stand_in vcap-merge '*-S*' 'hold; real "$@"; exit'
	controller vcap stop "$id"
	until_true test -e held
}

in_removing() {
	stand_in ssh '*follow*' "$removes_nothing"
	begin
	stand_in ssh '*follow*' "$removes_nothing" '*.102*remove*' 'hold; exec '"$ssh"' "$@"'
	controller vcap stop "$id"
	until_true test -e held
	until_true eval '[ "$(find "$LAB_DIR/lb1.run" -mindepth 1 | wc -l)" -eq 0 ]'
}

# lb2 is about to remove it.
in_removing_there() {
	stand_in ssh '*follow*' "$removes_nothing"
	begin
	stand_in_there vcap-host 'case $* in *remove*) hold ;; esac; real "$@"; exit'
	controller vcap stop "$id"
	until_true test -e held
	until_true eval '[ "$(find "$LAB_DIR/lb1.run" -mindepth 1 | wc -l)" -eq 0 ]'
}

release() { # all that hold
	local pid
	for pid in $(pgrep -x -f '/bin/sh .*/bin/(ssh|vcap-merge) .*') $(on_lb2 vcap-host); do
		kill -CONT "$pid" 2>/dev/null || true
		[ ! -p never ] || timeout 1 sh -c 'echo >never' || true
	done
}

# In place of a command on lb2: a process of the same name, which holds by stopping itself.
stand_in_there() { # PROGRAM SCRIPT
	{
		printf '#!/bin/sh\nreal() { %s "$@"; }\n' "$LAB_DIR/bin/$1"
		printf 'hold() { : >"%s/held"; kill -STOP $$; }\n%s\n' "$PWD" "$2"
	} >stand-in
	chmod 755 stand-in
	mv stand-in "engine/$1"
}

all_as_they_were() {
	as_they_were
	cp -a --remove-destination "$LAB_DIR"/bin/* engine
}

# The faults.

of_controller() { # NAME: its process, the one for lb2 if there are several
	local pid
	for pid in $(controllers); do
		! tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qE "^(/bin/sh )?([^ ]*/)?$1 (.* )?(lb2|shop[^ ]*)[ =]" ||
			echo "$pid"
	done
}

on_lb2() { # NAME: the processes of that name there
	local pid
	for pid in $(ip netns pids lb2); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != "$1" ] || echo "$pid"
	done
}

# kill -9 of one program here. What it has started is left to itself.
killed() { # NAME [OPTION]
	local pids
	pids=$(of_controller "$*")
	[ -n "$pids" ]
	as_they_were
	# shellcheck disable=SC2086 # words
	kill -KILL $pids
	release
}

killed_all() {
	kill_controller
	as_they_were
}

# The same of one of the engine's.
killed_there() { # NAME
	local pids
	pids=$(on_lb2 "$1")
	[ -n "$pids" ]
	all_as_they_were
	# shellcheck disable=SC2086 # words
	kill -KILL $pids
	release
}

# The one of vcap-run that the controller waits for; what it has put into the background captures.
killed_front() {
	local pid
	pid=$(pgrep -o -x -f "/bin/sh $PWD/engine/vcap-run .*")
	all_as_they_were
	kill -KILL "$pid"
	release
}

session_there() { # the vcap-host that answers the controller's questions about the capture
	local pid
	for pid in $(on_lb2 vcap-host); do
		! tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q ' follow ' || echo "$pid"
	done
}

connection() { # the process that has the connection with lb2
	pgrep -f '^ssh: .*/lb2 \[mux\]'
}

stopped_ssh() {
	as_they_were
	# shellcheck disable=SC2046 # words
	kill -STOP $(connection)
	release
}

# That which is held, for good: before there is a connection.
stopped_first_ssh() {
	as_they_were
	# shellcheck disable=SC2046 # words
	kill -STOP $(first_ssh)
}

first_ssh() {
	pgrep -x -f '/bin/sh .*/bin/ssh .*[.]102.*vcap-run.*'
}

hole() {
	as_they_were
	swallow lb2
	release
}

no_key() {
	as_they_were
	mv key key.away
	# shellcheck disable=SC2046 # words
	kill -KILL $(connection)
	release
}

# As after a loss of power: all processes are gone, and what comes back is an sshd.
rebooted() { # [gone]: with the captures of lb2
	local pid
	as_they_were
	for pid in $(on_lb2 sshd) $(on_lb2 vcap-run) $(on_lb2 vcap-host) $(on_lb2 vcap-merge); do
		# Some end by themselves as others are killed.
		kill -KILL "$pid" 2>/dev/null || true
	done
	[ "${1-}" != gone ] || rm -rf "$LAB_DIR/lb2.run"
	lab_sshd lb2
	lab_wait "sshd on lb2" lab_ssh lb2 true
	release
}

no_merge_is_held() {
	! pgrep -x -f '/bin/sh .*/bin/vcap-merge .*'
}

full_here() {
	as_they_were
	fallocate -l 270M "$VCAP_SPOOL/filler"
	# A merge that is let go before its controller has looked at the disk may be through first.
	[ "$phase" != merging ] || until_true no_merge_is_held
	release
}

disk_of_lb2() { # COMMAND...
	nsenter -t "$(cat "$LAB_DIR/lb2-sshd.pid")" -m "$@"
}

full_there() {
	disk_of_lb2 fallocate -l 270M "$LAB_DIR/lb2.run/filler"
	# It is seen when something is to be written.
	[ -z "$(on_lb2 vcap-run)" ] || until_true eval 'lab_get 202 /large && [ -z "$(on_lb2 vcap-run)" ]'
	as_they_were
	release
}

# What a login shell may do before the command.
prints() {
	stand_in ssh '*.102*' 'echo Welcome to lb2; exec '"$ssh"' "$@"'
}

# All is as it was, but for what the fault has done.
mend() {
	lab_in lb2 nft delete table inet hole 2>/dev/null || true
	[ ! -e key.away ] || mv key.away key
	rm -f "$VCAP_SPOOL/filler"
	# shellcheck disable=SC2046 # words
	kill -CONT $(connection) $(first_ssh) 2>/dev/null || true
	lab_ssh lb2 true || lab_sshd lb2
	lab_wait "sshd on lb2" lab_ssh lb2 true
}

# What is left when a capture is over.

no_command_here() {
	local pid
	for pid in $(controllers); do
		! grep -qE '^(vcap-|ssh)' "/proc/$pid/comm" || return
	done 2>/dev/null
}

nothing_left_anywhere() {
	until_true eval '[ "$(on_engines)" -eq 0 ]'
	[ -z "$(disk_of_lb2 find "$LAB_DIR/lb2.run" -mindepth 1 ! -name filler)" ]
	nothing_left
	# A session that the controller has lost ends soon after what it was about.
	until_true eval '[ -z "$(on_lb2 vcap-host)" ]'
	patience=60 until_true no_command_here
	until_true eval '[ -z "$(find /run /tmp -maxdepth 1 -name "vcap-??????" -type d -newer config)" ]'
}

# A row.
cell() { # PHASE FAULT [STATUS COMMAND]...: `first` is the command that was under way, $id follows each
	local phase=$1 fault=$2 wanted last word
	shift 2
	[ "$fault" != full_here ] || { mkdir "$VCAP_SPOOL" && mount -t tmpfs -o size=1250M,mode=700 tmpfs "$VCAP_SPOOL"; }
	[ "$fault" != full_there ] || { mkdir "$LAB_DIR/lb2.run" && disk_of_lb2 mount -t tmpfs -o size=1250M tmpfs "$LAB_DIR/lb2.run"; }
	lab_witness_all
	"in_$phase"
	$fault
	while [ $# -gt 0 ]; do
		wanted=$1 last=$2
		shift 2
		if [ -z "$marked" ] && [ "$last" != first ]; then
			traffic_with_marks
			marked=yes
		fi
		status=0
		case $last in
		first) wait "$controller" || status=$? ; controller='' ;;
		mend) mend ;;
		*)
			# shellcheck disable=SC2086 # words
			VCAP_TEST_CONTROLLER=yes timeout 300 vcap $last "$id" >out 2>err 3>&- || status=$?
			;;
		esac
		echo "# $phase, $fault: $last: exit $status: $(sed 's/^/  /' err)"
		[ "$status" -eq "$wanted" ]
	done
	case $last in
	rm*) [ ! -e "$VCAP_SPOOL/captures/$id" ] ;;
	*)
		[ "$wanted" -ne 0 ] || [ "$(state)" = "done" ]
		[ "$wanted" -ne 3 ] || LAB_ENGINES=lb1
		vcap export "$id" . || [ "$wanted" -eq 3 ]
		lab_collect "$id.pcapng" client server
		lab_compare client server
		;;
	esac
	nothing_left_anywhere
}

@test "starting: vcap-start is killed" {
	LAB_ENGINES=lb1
	cell starting 'killed vcap-start' 137 first 0 status 3 stop
}

@test "starting: all is killed here, and it is given up" {
	LAB_ENGINES=lb1
	cell starting killed_all 137 first 0 'rm --give-up'
}

@test "starting: vcap-each is killed" {
	LAB_ENGINES=lb1
	cell starting 'killed vcap-each' 3 first 3 stop
}

@test "starting: vcap-on is killed" {
	LAB_ENGINES=lb1
	cell starting 'killed vcap-on' 3 first 3 stop
}

@test "starting: the link swallows all, and is back" {
	LAB_ENGINES=lb1
	cell starting hole 3 first 0 mend 3 stop
}

@test "starting: the engine is rebooted" {
	cell starting rebooted 0 first 0 stop
}

@test "starting: the engine is rebooted, and its captures are gone" {
	cell starting 'rebooted gone' 0 first 0 stop
}

@test "starting: vcap-run is killed there" {
	LAB_ENGINES=lb1
	cell starting_there 'killed_there vcap-run' 3 first 3 stop
}

@test "starting: the vcap-run that would say so is killed there, the other captures" {
	cell starting_there killed_front 3 first 0 stop
}

@test "starting: ssh is stopped" {
	LAB_ENGINES=lb1
	cell starting stopped_first_ssh 3 first 0 mend 3 stop
}

@test "starting: the login shell prints" {
	cell starting_with_prints : 0 stop
}

@test "capturing: vcap-wait is killed" {
	cell capturing 'killed vcap-wait' 0 status 0 stop
}

@test "capturing: vcap-host is killed" {
	cell capturing 'killed_there vcap-host' 0 stop
}

@test "capturing: vcap-run is killed" {
	cell capturing 'killed_there vcap-run' 3 stop
}

# Break: lib/controller/following.c s/sshmux_drop(engine->name);/;/
@test "capturing: ssh is stopped" {
	given=5m cell capturing stopped_ssh 0 stop
}

# Break: lib/controller/poll.c s/if (now - alone_since > patience)/if (0)/
@test "capturing: the link swallows all, and is back" {
	cell capturing hole 3 stop 0 mend 0 wait
}

@test "capturing: the key is gone, and is back" {
	cell capturing no_key 3 stop 0 mend 0 wait
}

@test "capturing: the engine is rebooted" {
	cell capturing rebooted 3 stop
}

@test "capturing: the engine is rebooted, and its captures are gone" {
	cell capturing 'rebooted gone' 3 stop
}

@test "capturing: the engine's disk is full" {
	cell capturing full_there 3 stop
}

@test "capturing: the disk here is full" {
	cell capturing full_here 1 stop 0 mend 0 wait
}

@test "capturing: the login shell prints" {
	cell capturing prints 0 stop
}

@test "ending: vcap-wait is killed" {
	cell ending 'killed vcap-wait --persist' 0 first
}

@test "ending: vcap-host is killed" {
	cell ending 'killed_there vcap-host' 0 first
}

@test "ending: the link swallows all, and is back" {
	cell ending hole 3 first 0 mend 0 wait
}

@test "ending: the engine is rebooted" {
	cell ending rebooted 3 first
}

@test "ending: the engine is rebooted, and its captures are gone" {
	cell ending 'rebooted gone' 3 first
}

@test "ending: vcap-run is killed there" {
	cell ending 'killed_there vcap-run' 3 first
}

# Break: lib/controller/following.c s/sshmux_drop(engine->name);/;/
@test "ending: ssh is stopped" {
	given=5m cell ending stopped_ssh 0 first
}

@test "ending: the key is gone, and is back" {
	cell ending no_key 3 first 0 mend 0 wait
}

@test "ending: the engine's disk is full" {
	cell ending full_there 3 first
}

@test "ending: the disk here is full" {
	cell ending full_here 1 first 0 mend 0 wait
}

@test "fetching: vcap-wait is killed" {
	cell fetching 'killed vcap-wait --persist' 0 first
}

@test "fetching: vcap-each is killed" {
	cell fetching 'killed vcap-each' 0 first
}

# Break: lib/controller/collect.c s/#define FETCH_TRIES 3/#define FETCH_TRIES 1/
@test "fetching: vcap-fetch is killed" {
	cell fetching 'killed vcap-fetch' 0 first
}

@test "fetching: vcap-on is killed" {
	cell fetching 'killed vcap-on' 0 first
}

# Break: lib/controller/collect.c s/#define FETCH_TRIES 3/#define FETCH_TRIES 1/
@test "fetching: vcap-merge is killed there" {
	cell fetching_there 'killed_there vcap-merge' 0 first
}

@test "fetching: the engine's disk is full" {
	cell fetching full_there 0 first
}

@test "fetching: vcap-host is killed there" {
	cell fetching 'killed_there vcap-host' 0 first
}

@test "fetching: ssh is stopped" {
	cell fetching stopped_ssh 3 first 0 wait
}

@test "fetching: the link swallows all, and is back" {
	cell fetching hole 3 first 0 mend 0 wait
}

@test "fetching: the key is gone, and is back" {
	cell fetching no_key 3 first 0 mend 0 wait
}

@test "fetching: the engine is rebooted" {
	cell fetching rebooted 0 first
}

@test "fetching: the engine is rebooted, and its captures are gone" {
	cell fetching 'rebooted gone' 3 first
}

@test "fetching: the disk here is full" {
	cell fetching full_here 1 first 0 mend 0 wait
}

@test "fetching: the disk here is full, and it is given up" {
	cell fetching full_here 1 first 0 rm
}

@test "merging: vcap-wait is killed" {
	cell merging 'killed vcap-wait --persist' 0 first
}

# Break: cmd/vcap-wait.c s/if (was_over .*/if (0)/
@test "merging: vcap-merge is killed" {
	cell merging 'killed vcap-merge' 0 first
}

@test "merging: the disk here is full" {
	cell merging full_here 1 first 0 mend 0 wait
}

@test "merging: vcap-host is killed there" {
	cell merging 'killed_there vcap-host' 0 first
}

@test "merging: ssh is stopped" {
	cell merging stopped_ssh 0 first 0 mend 0 wait
}

@test "merging: the link swallows all, and is back" {
	cell merging hole 0 first 0 mend 0 wait
}

@test "merging: the key is gone, and is back" {
	cell merging no_key 0 first 0 mend 0 wait
}

@test "merging: the engine is rebooted" {
	cell merging rebooted 0 first
}

@test "merging: the engine is rebooted, and its captures are gone" {
	cell merging 'rebooted gone' 0 first
}

@test "merging: the engine's disk is full" {
	cell merging full_there 0 first
}

@test "removing: vcap-wait is killed" {
	cell removing 'killed vcap-wait --persist' 0 first
}

# Break: lib/controller/leftover.c s/!each_has_asked(.status) ||//
@test "removing: vcap-each is killed" {
	cell removing 'killed vcap-each' 0 first
}

# Break: lib/controller/leftover.c s/define TRIES .*/define TRIES 1/
@test "removing: vcap-on is killed" {
	cell removing 'killed vcap-on' 0 first
}

@test "removing: the link swallows all, and is back" {
	cell removing hole 0 first 0 mend 0 wait
}

@test "removing: the engine is rebooted" {
	cell removing rebooted 0 first
}

@test "removing: the engine is rebooted, and its captures are gone" {
	cell removing 'rebooted gone' 0 first
}

# Break: lib/controller/leftover.c s/define TRIES .*/define TRIES 1/
@test "removing: vcap-host is killed there" {
	cell removing_there 'killed_there vcap-host' 0 first
}

@test "removing: ssh is stopped" {
	cell removing stopped_ssh 0 first 0 mend 0 wait
}

@test "removing: the key is gone, and is back" {
	cell removing no_key 0 first 0 mend 0 wait
}

@test "removing: the engine's disk is full" {
	cell removing full_there 0 first
}

@test "removing: the disk here is full" {
	cell removing full_here 0 first
}

# It captures on, and ends by the commands that vcap rm says.
# Break: lib/controller/leftover.c s/return !has_ended;/return false;/
@test "capturing: the link swallows all, and it is given up" {
	lab_witness_all
	begin
	swallow lb2
	run -3 timeout 300 vcap rm --give-up "$id"
	[ ! -e "$VCAP_SPOOL/captures/$id" ]
	mend
	runs_on lb2
	[[ $output =~ "run '"(vcap-on .*)"', then '"(vcap-on .*)"'"$ ]]
	remove=${BASH_REMATCH[2]}
	${BASH_REMATCH[1]}
	$remove
	nothing_left_anywhere
}

# Break: lib/controller/following.c s/if (!engine->session.has_answered) {/if (0) {/
@test "an engine whose answers are held back on the way until each command ends" {
	printf '#!/bin/sh\nip netns exec lb2 "$@" | sed ""\n' >holding
	chmod 755 holding
	sed -i "/^lb2 /s| ssh .*| exec $PWD/holding|" config/engines
	lab_witness_all
	begin
	# Its session never answers, and still it is known what it has.
	until_true eval '[ "$(engine_fact lb2 packets)" -gt 0 ]'
	run -0 timeout 300 vcap stop "$id"
	[ "$(state)" = "done" ]
	whole
	nothing_left_anywhere
}
