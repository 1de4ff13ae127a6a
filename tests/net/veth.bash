# A veth pair: packets are sent into va, and a capture sees them on vb. For tests of vcap-run.

setup() { # a test file that needs more has its own, which calls this
	make_veth
}

make_veth() {
	build=$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}
	PATH=$build/bin:$build/tests/tools:$PATH:/usr/sbin:/sbin
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make interfaces: run them by tests/netns-run"
		return 1
	}
	cd "$BATS_TEST_TMPDIR" || return
	# A process that cannot be traced cannot be searched for leaks either.
	export ASAN_OPTIONS=detect_leaks=0
	sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	ip link add dev va type veth peer name vb
	ip link set va up
	ip link set vb up
	cpus=$(nproc)
}

teardown() {
	if [ -n "${pid-}" ] && kill -9 "$pid"; then wait "$pid"; fi 2>/dev/null || true
	ip link del dev va 2>/dev/null || true
	ip link del dev wa 2>/dev/null || true
	! mountpoint -q "$BATS_TEST_TMPDIR/disk" || umount -l "$BATS_TEST_TMPDIR/disk"
}

# Starts a capture into DIR, which has begun on return.
start() { # DIR OPTION...
	dir=$1
	shift
	vcap-run -b 32M "$@" -R 0 -w "$dir" >/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	pid=$!
	until_true grep -q running "$dir/status"
}

value() { # KEY [DIR]
	sed -n "s/^$1 //p" "${2-d}/status"
}

field() { # CORE KEY
	value "core-$1" | tr ' ' '\n' | sed -n "/^$2\$/{ n; p; }"
}

ended() { # STATUS: that of the capture
	local got=0
	wait "$pid" || got=$?
	[ "$got" -eq "$1" ] || { echo "exit status $got"; cat "$BATS_TEST_TMPDIR/err"; false; }
}

is_at() { # CORE PACKETS
	[ "$(field "$1" packets)" -eq "$2" ]
}

has_beats() { # FILE COUNT: statistics of every interface
	[ "$(capinfos "$1" 2>/dev/null | sed -n 's/.*stat entries = //p' | sort -n | head -n 1)" -ge "$2" ]
}

is_up() { # INTERFACE
	ip link show "$1" | grep -q "state UP"
}

count_in() { # FILE...: packets, by another reader
	for file in "$@"; do tcpdump -nr "$file" 2>/dev/null; done | wc -l
}

disk() { # OPTIONS: a small file system
	mkdir disk
	mount -t tmpfs -o "$1" tmpfs disk
}
