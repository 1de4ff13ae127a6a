#!/usr/bin/env bats
# vcap-run -C SIZE [-W FILES]: each core's files follow one another.

bats_require_minimum_version 1.5.0
load tcpdump
load ../until
load veth

numbers() { # FILE...: of the packets, in order; send begins each payload with one
	vcap-merge -F pcap -w - "$@" | "$BATS_TEST_DIRNAME/../frames" -f payload - | cut -c 1-8
}

largest() { # FILE...
	stat -c %s "$@" | sort -n | tail -n 1
}

# Break: lib/capture/filewriter.c s/if (writer->max_size && left < writer->room)/if (0)/
@test "-C: no file is larger, each is whole, and no packet is lost between them" {
	start d -i vb -C 64k -n lb1
	send -C 0 -c 3000 va
	vcap-host stop d
	[ "$(value packets)" -eq 3000 ]
	[ "$(largest d/core-*.pcapng)" -le 65536 ]
	files=(d/core-0.*.pcapng)
	[ "${#files[@]}" -gt 5 ]
	numbers d/core-0.*.pcapng | cmp - <(seq 0 2999 | xargs printf '%08x\n')
	# Whole: with an end mark, and with everything that a file of a capture says.
	for file in d/core-*.pcapng; do
		run -0 vcap-merge -w - "$file"
		grep -aq "^core ${file:7:1}$\|core ${file:7:1}" "$file"
		grep -aq "file-size 65536" "$file"
	done
	[ "$(cat "${files[@]}" | grep -ac "ended rotated")" -ge 1 ]
	[ "$(value file-size)" -eq 65536 ]
	# Counters go on over the files: merged, they are what the capture had.
	vcap-merge -w all lb1=d
	[ "$(vcap-stat -j all | jq '[.origins[].packets] | add')" -eq 3000 ]
}

# Break: lib/capture/rotation.c s/ringmark_set(.*/;/
# Break: lib/capture/rotation.c s/rotation->kept.count > rotation->files/0/
# Break: lib/capture/status.c s/if (options->files || options->rolling_ns)$/if (options->rolling_ns)/
# bats test_tags=slow
@test "-W keeps the newest files, and says how much it let go of" {
	start d -i vb -C 64k -W 3
	send -C 0 -c 3000 va
	vcap-host stop d
	files=(d/core-0.*.pcapng)
	[ "${#files[@]}" -eq 3 ]
	[ "$(largest d/core-*.pcapng)" -le 65536 ]
	kept=$(field 0 packets)
	[ $((kept + $(value removed))) -eq 3000 ]
	[ "$(count_in d/core-*.pcapng)" -eq "$kept" ]
	[ "$kept" -gt 600 ]
	numbers d/core-0.*.pcapng | cmp - <(seq $((3000 - kept)) 2999 | xargs printf '%08x\n')
	grep -q "$((3000 - kept)) older packets" err
	# Each file says when it was begun; the ring is complete from then on that its oldest file was.
	since=$(for file in "${files[@]}"; do grep -ao 'complete-since [0-9.]*' "$file"; done)
	[ "$(sort -u <<<"$since" | wc -l)" -eq 3 ]
	vcap-stat d 2>&1 >/dev/null | grep -q "is complete since 2"
	[ "complete-since $(value complete-since)" = "$(head -n 1 <<<"$since")" ]
	vcap-host remove d
	[ ! -e d ]
}

# bats test_tags=slow
@test "-W 1: there is always a file" {
	start d -i vb -C 64k -W 1
	send -C 0 -c 1000 va
	vcap-host stop d
	files=(d/core-0.*.pcapng)
	[ "${#files[@]}" -eq 1 ]
	[ "$(count_in "${files[@]}")" -eq "$(field 0 packets)" ]
}

# Break: lib/capture/filewriter.c s/while (\*limit && writer->free_space/while (0 \&\& writer->free_space/
# bats test_tags=slow
@test "-W: the size cap makes older files go, and does not end the capture" {
	start d -i vb -C 64k -W 1000 --max-size 400k
	send -C 0 -c 5000 va
	until_true is_at_least received 5000
	grep -qx "state running" d/status
	vcap-host stop d
	[ "$(value reason)" = request ]
	[ "$(cat d/core-*.pcapng | wc -c)" -le $((400 << 10)) ]
	[ "$(cat d/core-*.pcapng | wc -c)" -gt $((250 << 10)) ]
	kept=$(value packets)
	[ "$(count_in d/core-*.pcapng)" -eq "$kept" ]
	numbers d/core-0.*.pcapng | cmp - <(seq $((5000 - kept)) 4999 | xargs printf '%08x\n')
}

is_at_least() { # KEY NUMBER
	[ "$(value "$1")" -ge "$2" ]
}

# Break: lib/capture/filewriter.c s/while (\*limit && writer->free_space/while (0 \&\& writer->free_space/
# bats test_tags=slow
@test "-W: so does the reserve" {
	disk size=8M
	vcap-run -b 32M -i vb -R 5M --max-size 1G -C 256k -W 1000 -w disk/d 2>err 3>&- &
	pid=$!
	until_true grep -q running disk/d/status
	send -C 0 -c 8000 -s 1400 va
	[ "$(df --output=avail -B1 disk | tail -n 1)" -ge $((5 << 20)) ]
	kill "$pid"
	ended 0
	[ "$(value reason disk/d)" = signal ]
	[ $(($(value packets disk/d) + $(value removed disk/d))) -eq 8000 ]
	[ "$(count_in disk/d/core-*.pcapng)" -eq "$(value packets disk/d)" ]
}

# bats test_tags=slow
@test "-C without -W: the size cap ends it" {
	start d -i vb -C 64k --max-size 300k
	send -C 0 -c 5000 va
	ended 0
	[ "$(value reason)" = size ]
	[ "$(cat d/core-*.pcapng | wc -c)" -le $((300 << 10)) ]
	[ "$(count_in d/core-*.pcapng)" -eq "$(value packets)" ]
}

@test "-c counts what was ever kept" {
	[ "$cpus" -eq 2 ] || skip "two CPUs fill both cores"
	start d -i vb -C 64k -W 2 -c 1000
	send -C 0 -c 1500 va
	send -C 1 -c 1500 va
	wait "$pid"
	[ "$(value reason)" = count ]
	[ $(($(value packets) + $(value removed))) -eq 2000 ]
	numbers d/core-0.*.pcapng | tail -n 1 | grep -qx "$(printf %08x 999)"
}

# bats test_tags=slow
@test "kill -9 leaves whole files, but for the newest" {
	start d -i vb -C 64k -W 4
	send -C 0 -c 200000 -r 20000 va >/dev/null 3>&- &
	sender=$!
	until_true is_at_least removed 1000
	kill -9 "$pid"
	wait "$pid" || true
	kill -9 "$sender"
	wait "$sender" || true
	mapfile -t files < <(printf '%s\n' d/core-0.*.pcapng | sort -V)
	for file in "${files[@]:0:${#files[@]}-1}"; do
		run -0 vcap-merge -w - "$file"
	done
	run -3 vcap-merge -w all "${files[@]}"
	numbers all >seen
	awk 'NR == 1 { n = strtonum("0x" $1) } { exit strtonum("0x" $1) != n++ }' seen || {
		awk 'NR > 1 { exit }' seen
	}
	vcap-host remove d
}

@test "bad words" {
	for bad in "-C 100" "-C 63k" "-C x" "-W 3" "-C 1M -W x" "-C 1M -W 99999999"; do
		# shellcheck disable=SC2086
		run -2 vcap-run -i vb $bad -w d
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == *\'* ]]
		[ ! -e d ]
	done
	# shellcheck disable=SC2016 # the inner shell's
	run -2 bash -c 'vcap-run -i vb -C 1M -w - | cat; exit "${PIPESTATUS[0]}"'
	[[ $output == *"'-C'"* ]]
}
