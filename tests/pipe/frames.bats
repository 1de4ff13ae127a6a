#!/usr/bin/env bats
# The other tests' reader of capture files, tests/frames, against tshark.

bats_require_minimum_version 1.5.0

setup() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$build/tests/tools:$PATH
	cd "$BATS_TEST_TMPDIR" || return
}

# Break: tests/frames s/ord.\$value. & 0x80/0/
# bats test_tags=slow
@test "frames: what tshark reads of files of every kind" {
	for options in '-n 20 -s 1' '-n 20 -s 2 -u -b' '-n 20 -s 3 -L 60-90,1400 -z 0' \
		'-f pcapng -n 20 -s 4 -i 3 -d 7 -C hello -p 99' '-f pcapng -n 20 -s 5 -i 2 -b -d 3' \
		'-f pcapng -n 20 -s 6 -R 0x9e' '-f pcapng -n 20 -s 7 -u -S second'; do
		# shellcheck disable=SC2086 # words
		mkcap $options >file
		"$BATS_TEST_DIRNAME/../frames" -f time,length,kept,protocol,destination,port,payload file >ours
		tshark -r file -T fields -E separator=' ' -e frame.time_epoch -e frame.len -e frame.cap_len \
			-e ip.proto -e ip.dst -e udp.dstport -e udp.payload 2>/dev/null | diff - ours || {
			echo "mkcap $options"
			false
		}
		[ "$(wc -l <ours)" -eq 20 ]
		[[ $options != *pcapng* ]] || tshark -r file -T fields -e frame.interface_name 2>/dev/null |
			diff - <("$BATS_TEST_DIRNAME/../frames" -f name file)
	done
}
