#!/usr/bin/env bats
# Who had TLS keys kept, exported and removed: the lines in the log of the controller and of the engine, which are
# this host here, in a /dev of its own.

bats_require_minimum_version 1.5.0
load ../until

setup_file() {
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make a log: run them by tests/netns-run"
		return 1
	}
	# Another /dev, in this mount namespace, for its `log`.
	local dev=$BATS_FILE_TMPDIR/dev
	mkdir "$dev"
	mount -t tmpfs tmpfs "$dev"
	for name in null zero full random urandom tty; do
		: >"$dev/$name"
		mount --bind "/dev/$name" "$dev/$name"
	done
	ln -s /proc/self/fd "$dev/fd"
	mount --rbind "$dev" /dev
	umount -Rl "$dev"
}

setup() {
	build=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}" && pwd)
	PATH=$build/bin:$build/tests/tools:$PATH:/usr/sbin:/sbin
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	unset SUDO_USER SUDO_UID PKEXEC_UID COCKPIT_REMOTE_PEER
	export SSH_CONNECTION='192.0.2.7 50000 192.0.2.1 22'
	mkdir -p config/services
	: >keylog
	echo "a dir=$PWD/run keys=file:$PWD/keylog exec env" >config/engines
	printf '%s\n' 'vip 127.0.0.1 tcp/5000' 'server 127.0.0.2 tcp/6000' 'monitor tcp/1' 'engine a' >config/services/shop
	who=$(id -un):$(id -u),ssh:192.0.2.7
	there=-:$(id -u),ssh:192.0.2.7
}

teardown() {
	[ -z "${logger-}" ] || kill "$logger"
	rm -f /dev/log
	for pid in $(pgrep -x 'vcap-wait|vcap-run'); do
		kill -9 "$pid" 2>/dev/null || true
	done
}

has() { # NAME LINE
	sed -n "s/^85 $1: //p" lines | grep -qxF -- "$2"
}

# A connection to the VIP whose only bytes are a hello with this random.
say_hello() { # NUMBER
	perl -MIO::Socket::INET -e '
		my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1:5000", Listen => 1, ReuseAddr => 1) or die;
		my $client = IO::Socket::INET->new(PeerAddr => "127.0.0.1:5000") or die;
		my $peer = $server->accept;
		print $client pack "H*", "1603010200" . "010001fc0303" . $ARGV[0] . "00" x 100;
		close $client; 1 while <$peer>' "$(printf '%064x' "$1")"
}

# Break: lib/capture/hostreply.c s/^\taudit_write(.*;/;/
# Break: lib/controller/mergedfile.c s/form->keys ? CAPTURE_AUDIT_KEYS/0 ? CAPTURE_AUDIT_KEYS/
# Break: lib/controller/prune.c s/capture_audit(.entry, CAPTURE_AUDIT_DELETE_KEYS, NULL, getenv, why) < 0 ||//
@test "keys in the log: their start, on both hosts, their fetch, each export with them, their end" {
	syslog >lines 3>&- &
	logger=$!
	until_true test -S /dev/log
	id=$(vcap start shop --keys -t 0 2>err 3>&-)
	say_hello 7
	printf 'CLIENT_RANDOM %064x %096d\n' 7 1 8 2 >>keylog
	until_true grep -q . run/*/keys
	vcap stop "$id" >out 2>err 3>&-
	[ "$(vcap ls -r -o KEYS "$id")" = 1/1 ]
	vcap export -w "$PWD/plain.pcapng" "$id" >out
	vcap export --keys -w "$PWD/open.pcapng" "$id" >out
	strings open.pcapng | grep -q "^CLIENT_RANDOM $(printf '%064x' 7) "
	run -1 grep -q "$(printf '%064x' 8)" open.pcapng
	vcap prune --keys -a 0 >out
	until_true has vcap-prune "delete-keys id=$id service=shop engines=a by=$who"
	until_true has vcap-start "start id=$id service=shop engines=a by=$who keys=yes"
	until_true has vcap-run "start dir=$PWD/run/$id.a engine=a by=$who keys=file:$PWD/keylog caller=$there"
	until_true has vcap-host "keys dir=$PWD/run/$id.a caller=$there"
	until_true has vcap-export "export id=$id service=shop engines=a by=$who to=$PWD/plain.pcapng"
	until_true has vcap-export "export-keys id=$id service=shop engines=a by=$who to=$PWD/open.pcapng"
}
