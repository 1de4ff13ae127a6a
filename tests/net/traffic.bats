#!/usr/bin/env -S tests/lab/lab bats
# Whole captures of real traffic, against what independent witnesses on the engines saw. All tests
# of this file share one lab; run it from the top of the tree.

bats_require_minimum_version 1.5.0

setup_file() {
	[ -n "${LAB_DIR-}" ] || {
		echo "run this as: tests/lab/lab bats $BATS_TEST_FILENAME" >&2
		return 1
	}
}

setup() {
	for part in names network service control witness; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	cd "$BATS_TEST_TMPDIR"
	case $BATS_TEST_DESCRIPTION in
	*'-m none'* | *'stop ends'* | *sshd* | *'not reached'*) ;; # as users have it
	*) lab_near ;;
	esac
}

teardown() {
	vcap stop shop >/dev/null 2>&1 || true
	for pid in *.pid; do
		[ ! -e "$pid" ] || kill -TERM "$(cat "$pid")" 2>/dev/null || true
	done
}

sides() { # the sides that the frames are of
	cut -d ' ' -f 1 frames | sort -u
}

whole_capture() { # MODE SIDE...: one with traffic of every kind, marks around it
	mode=$1
	shift
	lab_witness_all
	run -0 --separate-stderr vcap start shop -m "$mode" -t 5
	lab_mark m1
	lab_traffic 1
	lab_mark m2
	run -0 vcap stop shop
	run -0 vcap export shop .
	lab_collect shop.*.pcapng "$@"
	lab_compare "$@"
}

@test "traffic: -m none keeps the packets of clients and servers, all and no other" {
	whole_capture none client server
	[ "$(sides)" = "$(printf '%s\n' lb1/eth0/client lb1/eth1/server lb2/eth0/client lb2/eth1/server)" ]

	# In time order, and readable by others.
	cut -d ' ' -f 2 frames | sort -c
	[ "$(lab_tcpdump -r shop.*.pcapng | wc -l)" -eq "$(wc -l <frames)" ]
	tshark --disable-protocol eth -nr shop.*.pcapng -T fields -E separator=' ' -e frame.interface_name \
		-e frame.time_epoch -e frame.len 2>/dev/null | cmp - <(cut -d ' ' -f 1-3 frames)
}

# bats test_tags=slow
@test "traffic: -m include keeps health checks too" {
	whole_capture include client server monitor
	[ "$(sides | wc -l)" -eq 6 ]
}

# bats test_tags=slow
@test "traffic: -m only keeps health checks alone" {
	whole_capture only monitor
	[ "$(sides)" = "$(printf '%s\n' lb1/eth1/monitor lb2/eth1/monitor)" ]
}

# bats test_tags=slow
@test "traffic: -s 96 cuts packets and keeps their lengths" {
	lab_witness_all
	run -0 --separate-stderr vcap start shop -s 96 -t 5
	lab_mark m1
	lab_traffic 1
	lab_mark m2
	run -0 vcap stop shop
	run -0 vcap export shop .
	lab_collect shop.*.pcapng client server
	for seen in *.seen frames; do # as the snaplen would have cut them
		sed -E 's/^(([^ ]+ ){3}.{192}).*/\1/' "$seen" >short
		[ "$seen" != frames ] || cmp short frames
		mv short "$seen"
	done
	lab_compare client server
	awk '$3 > 10000 { large = 1 } END { exit !large }' frames
}

# bats test_tags=slow
@test "traffic: -P keeps the packets of the addresses given" {
	lab_witness_all
	run -0 --separate-stderr vcap start shop -t 5 -P "$LAB_FRONT4.5" "$LAB_FRONT4.7-$LAB_FRONT4.8" \
		"$LAB_FRONT6:5" "$LAB_FRONT4.201" "$LAB_FRONT4.202"
	lab_mark m1
	lab_traffic 1
	lab_mark m2
	run -0 vcap stop shop
	run -0 vcap export shop .
	lab_collect shop.*.pcapng client
	for engine in $LAB_ENGINES; do
		# tcpdump reads its own file through another expression written by hand.
		lab_tcpdump -r "$engine.client" -w chosen "host $LAB_FRONT4.5 or host $LAB_FRONT4.7 or
			host $LAB_FRONT4.8 or host $LAB_FRONT6:5 or host $LAB_FRONT4.201 or host $LAB_FRONT4.202"
		lab_frames chosen >"$engine.client.seen"
	done
	lab_compare client
	[ "$(sides)" = "$(printf '%s\n' lb1/eth0/client lb2/eth0/client)" ]
}

run_status() { # ENGINE: of the capture, also once it has been fetched and is gone there
	vcap-on "$1" vcap-host status "$LAB_DIR/$1.run/$id.$1" || cat "$VCAP_SPOOL/captures/$id/engines/$1.state"
}

core() { # ENGINE CORE PACKETS: that core has kept so many
	run_status "$1" | grep -q "^core-$2 packets $3 "
}

pin() { # CPU: all that sends packets; a veth delivers on the sender's CPU
	for pid in "$LAB_DIR"/*.pid; do
		taskset -acp "$1" "$(cat "$pid")"
	done
	taskset -cp "$1" $BASHPID
}

# How many packets an answer is in depends on what the kernel has put together.
fills() { # ENGINE CORE PACKETS: after some more answers
	lab_get "20$(lab_number "$1")" /large /large /large /large >/dev/null
	core "$@"
}

# bats test_tags=slow
@test "traffic: -c 100 keeps 100 packets a core, and a full core's do not go to the others" {
	run -0 --separate-stderr vcap start shop -c 100 -t 5
	id=$output
	cpus=$(taskset -cp $BASHPID | sed 's/.*: //')
	all=$(getconf _NPROCESSORS_ONLN)
	for cpu in $(seq 0 $((all - 1))); do
		pin "$cpu" >/dev/null
		for engine in $LAB_ENGINES; do
			lab_wait "100 packets on core $cpu of $engine" fills "$engine" "$cpu" 100
			for later in $(seq $((cpu + 1)) $((all - 1))); do
				core "$engine" "$later" 0
			done
		done
	done
	pin "$cpus" >/dev/null

	# All cores are full: it ends by itself.
	run -0 vcap wait "$id"
	vcap export "$id" .
	lab_frames "$id.pcapng" >frames
	[ "$(grep -c ^lb1/ frames)" -eq $((100 * all)) ]
	[ "$(grep -c ^lb2/ frames)" -eq $((100 * all)) ]
	grep -x 'reason count' "$VCAP_SPOOL/captures/$id/engines/lb1.state"
}

# bats test_tags=slow
@test "traffic: -t 10s ends after ten seconds" {
	vcap capture shop -t 10s >out 2>err 3>&- &
	capture=$!
	# Traffic goes on before, during and after, through each engine.
	steady=()
	for host in 201 202; do
		lab_steady "$host" 3 3>&- &
		steady+=($!)
	done
	wait $capture
	kill "${steady[@]}"
	id=$(head -n 1 out)
	run -0 vcap export "$id" .
	lab_frames "$id.pcapng" >frames
	for engine in $LAB_ENGINES; do
		# The packets fill the time.
		awk -v engine="^$engine/" '
			NR == FNR { fact[$1] = $2; next }
			$1 ~ engine { if (!first) first = $2; last = $2 }
			END {
				printf "%s: from %f to %f of %f\n", engine, first - fact["started"],
					last - fact["started"], fact["ended"] - fact["started"]
				exit !(fact["reason"] == "time" && fact["ended"] - fact["started"] >= 10 &&
					first > fact["started"] - 0.5 && last < fact["ended"] + 0.5 &&
					last - first > 7)
			}' "$VCAP_SPOOL/captures/$id/engines/$engine.state" frames
	done
}

# bats test_tags=slow
@test "traffic: stop ends an unlimited one, and nothing stays on the engines" {
	run -0 --separate-stderr vcap start shop
	[[ $stderr == *limit* ]]
	lab_get 201 /small
	lab_get 202 /small
	run -0 vcap stop shop
	run -0 vcap export shop .
	[ -z "$(find "$LAB_DIR"/lb?.run -mindepth 1)" ]
	lab_wait "end of vcap-run" eval '! pgrep -x vcap-run'
}

sshd_of() { # ENGINE: the process ids of its sshd and of the sessions in it
	lab_in "$1" sh -c 'ip netns pids '"$1" | while read -r pid; do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != sshd ] || echo "$pid"
	done
}

# bats test_tags=slow
@test "traffic: an engine whose sshd dies is named, the others' packets are there, exit 3" {
	[ "$LAB_TRANSPORT" = ssh ] || skip "no sshd without root"
	run -0 --separate-stderr vcap start shop -t 5 --patience 1s
	id=$output
	lab_get 201 /before
	lab_get 202 /before
	# shellcheck disable=SC2046 # words
	kill -KILL $(sshd_of lb2)
	lab_get 201 /after
	run -3 --separate-stderr vcap stop shop
	[[ $stderr == *lb2* ]]
	run -3 vcap wait "$id"
	run vcap export "$id" .
	lab_frames "$id.pcapng" >frames
	grep -q ^lb1/eth0/client frames
	grep -q ^lb1/eth1/server frames
	run ! grep -q ^lb2/ frames
	vcap ls | grep "$id" | grep partial

	# The lab goes on: sshd again, and no capture on lb2.
	lab_sshd lb2
	lab_wait "sshd on lb2" lab_ssh lb2 true
	vcap-on lb2 vcap-host stop "$LAB_DIR/lb2.run/$id.lb2"
	vcap-on lb2 vcap-host remove "$LAB_DIR/lb2.run/$id.lb2"
}

# bats test_tags=slow
@test "traffic: goes on without an engine that is not reached, exit 3; without any, exit 1" {
	export VCAP_CONFIG=$BATS_TEST_TMPDIR/config
	cp -r "$LAB_DIR/config" config
	sed -i '/^lb2 /s/\(ssh\|exec\) .*/exec false/' config/engines
	run -3 --separate-stderr vcap start shop -t 5 --patience 1s
	[[ $stderr == *lb2* ]]
	lab_get 201 /small
	run -3 vcap stop shop
	run vcap export shop .
	lab_frames shop.*.pcapng >frames
	[ "$(cut -d / -f 1 frames | sort -u)" = lb1 ]

	sed -i 's/\(ssh\|exec\) .*/exec false/' config/engines
	run -1 --separate-stderr vcap start shop -t 5 --patience 1s
	[[ $stderr == *lb1* ]]
}
