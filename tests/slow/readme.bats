#!/usr/bin/env bats
# README on an empty Debian 12, from the first line to the last: each of its commands is run, with real
# HAProxy. The tests depend on each other, as its sections do.

bats_require_minimum_version 1.5.0
load root

setup_file() {
	export root=$BATS_FILE_TMPDIR/root
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	make_root "$root"
	mkdir "$root/src"
	tar -c -C "$BATS_TEST_DIRNAME/../.." --exclude=./build --exclude='./build-*' --exclude=./.git . | tar -x -C "$root/src"
	enter_root "$root" sh -c 'apt-get -q update && apt-get -q -y --no-install-recommends install make' >"$root.log" 2>&1 || {
		tail "$root.log"
		return 1
	}
}

section() { # NAME [PART...]
	enter_root "$root" bash -c 'cd /src && . tests/slow/readme.bash && section "$@"' section "$@" >"$root.log" 2>&1 || {
		tail -n 60 "$root.log"
		return 1
	}
}

@test "readme: the demo and the tests, with nothing but make" {
	section try
}

# Break: libexec/push-engine.sh s/makes them, and then/is of no use, and then/
@test "readme: what is installed, and how what is not is said" {
	section install
}

@test "readme: a load balancer's own HAProxy, and two from another machine" {
	section lab own far
}

@test "readme: the packages, and engines reached by a user" {
	section packages
	section lab use parts
}

@test "readme: that was every command" {
	section all
}
