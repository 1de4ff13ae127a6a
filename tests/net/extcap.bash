# shellcheck shell=bash disable=SC2154 # the names are the lab's
# tshark, with vcap's services among its interfaces, in the lab.

setup_file() {
	[ -n "${LAB_DIR-}" ] || {
		echo "run this as: tests/lab/lab bats $BATS_TEST_FILENAME" >&2
		return 1
	}
	export HOME=$BATS_FILE_TMPDIR/home
	mkdir "$HOME"
	vcap extcap --install --personal
}

setup() {
	for part in names network service control witness; do
		# shellcheck source=/dev/null
		. "$BATS_TEST_DIRNAME/../lab/$part.sh"
	done
	cd "$BATS_TEST_TMPDIR" || return
	lab_near
}

teardown() {
	nft delete table inet hole 2>/dev/null || true
	for pid in *.pid $(pgrep -x tshark) $(pgrep -x dumpcap); do
		[ -e "$pid" ] && pid=$(cat "$pid")
		kill -TERM "$pid" 2>/dev/null || true
	done
	until_true gone
}

gone() { # on the engines, which share this namespace of processes
	! pgrep -x 'vcap-run|vcap-live|vcap-merge|vcap-extcap|dumpcap'
}

begin() { # FILE ARG...: tshark in the background, until every engine captures
	tshark -i "${interface-vcap-shop}" -w "$@" >/dev/null 2>"$1.err" 3>&- &
	shark=$!
	for engine in ${engines-$LAB_ENGINES}; do
		until_true grep -aq "$engine/eth0" "$1"
	done
}

# Nothing of a capture may be left longer than that, which is also how long an engine goes on without a word.
leaves_nothing() {
	patience=15 until_true gone
}

ended() { # STATUS: and nothing is left; prints what tshark calls an error
	local status=0
	wait "$shark" || status=$?
	[ "$status" -eq "$1" ] || { echo "status $status"; cat ./*.err; return 1; }
	leaves_nothing
	grep -h 'Error by' ./*.err || true
}
