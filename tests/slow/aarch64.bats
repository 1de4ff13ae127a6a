#!/usr/bin/env bats
# Programs for aarch64, made on an empty Debian 12 of another architecture and run by qemu's emulation: all
# that needs no packet ring, which emulated processes have not. The tests depend on each other.
# shellcheck disable=SC2016 # dollars for the shell there

bats_require_minimum_version 1.5.0
load root

setup_file() {
	[ "$(uname -m)" != aarch64 ] || skip "aarch64: is this machine's own"
	export root=$BATS_FILE_TMPDIR/root
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
	make_root "$root"
	mkdir "$root/src"
	tar -c -C "$BATS_TEST_DIRNAME/../.." --exclude=./build --exclude='./build-*' --exclude=./.git . | tar -x -C "$root/src"
	inside 'apt-get -q update && apt-get -q -y --no-install-recommends install make binutils' >"$root.log" 2>&1 || {
		tail "$root.log"
		return 1
	}
}

# Not by chroot(2), within which nobody may make a user namespace.
inside() { # SCRIPT: in the sources there
	unshare -mpf --kill-child sh -ec 'root=$1
		shift
		mount --bind "$root" "$root"
		cd "$root"
		mount -t proc proc proc
		mount --rbind /sys sys
		mount --rbind /dev dev
		pivot_root . .
		umount -l .
		cd /src
		exec "$@"' sh "$root" env -u MAKEFLAGS -u MAKELEVEL DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
		PATH=/usr/sbin:/usr/bin:/sbin:/bin bash -euc "$1"
}

# Break: Makefile s/^CC := .(ARCH)-linux-gnu-gcc/CC := gcc/
@test "aarch64: make static ARCH=aarch64 with nothing but make" {
	run -0 inside 'make -j2 static ARCH=aarch64'
	for name in run host merge join gate flows keys; do
		run -0 inside "readelf -hl build/libexec/vcap/aarch64/vcap-$name"
		[[ $output == *"Machine:"*AArch64* ]]
		[[ $output != *INTERP* ]]
	done
	# What is installed for this machine is still known to be.
	run -0 inside 'make -j2 commands static && tools/install-deps build aarch64'
	run -0 inside 'ls build/libexec/vcap'
	[[ $output == *aarch64*$(uname -m)* ]]
	run -0 inside 'make install DESTDIR=/there && ls /there/usr/local/libexec/vcap/aarch64/vcap-run'
}

@test "aarch64: its tests of modules, files and pipes, by emulation" {
	# What is long takes several times as long there.
	inside 'env -u VCAP_SLOW make check ARCH=aarch64' >"$root.log" 2>&1 || {
		tail -n 60 "$root.log"
		false
	}
	grep -E '^[0-9]{3,} passed, 0 failed' "$root.log"
}

# Break: lib/base/sandbox.c s/"lseek", //
@test "aarch64: the system calls that are made in the sandbox are those that it allows there" {
	inside 'tests/emulate build-aarch64 build-aarch64/tests/tools/mkcap -n 100 >in.pcap
		export VCAP_SECCOMP_PFC=$PWD/filter
		for command in "vcap-merge -w out.pcapng in.pcap" "vcap-filter -r in.pcap -w out.pcapng 10.0.0.0/8" "vcap-stat in.pcap"; do
			rm -f filter
			LD_PRELOAD="$PWD/build-aarch64/tests/preload/\$LIB/noseccomp.so" qemu-aarch64-static -strace build-aarch64/bin/$command 2>calls >/dev/null
			# From where its filter was made on, which is when the file was closed.
			awk "/\"[^\"]*filter\"/ { on = 1; next } on" calls | sed -nE "s/^[0-9]+ ([a-z_0-9]+)\(.*/\1/p" | sort -u >made
			sed -nE "s/.*filter for syscall \"([^\"]*)\".*/\1/p" filter | sort -u >allowed
			[ -s made ] && [ -s allowed ]
			# Of the file that the filter is written to.
			grep -vxE "fcntl|dup3?" made | comm -23 - allowed >forbidden
			[ ! -s forbidden ] || { echo "$command:"; cat forbidden; exit 1; }
		done'
}

# Break: libexec/push.sh s/uname -m \&\& cd/echo x86_64 \&\& cd/
@test "aarch64: vcap push brings them where uname -m says so, and vcap check says what it is" {
	run inside 'mkdir -p fake config
		printf "#!/bin/sh\necho aarch64\n" >fake/uname
		chmod 755 fake/uname
		export VCAP_CONFIG=$PWD/config
		echo "lb1 bin=/opt/vcap/bin exec env PATH=$PWD/fake:$PATH" >config/engines
		tests/emulate build-aarch64 build/bin/vcap push lb1 || :
		cmp /opt/vcap/bin/vcap-run build/libexec/vcap/aarch64/vcap-run
		tests/emulate build-aarch64 build/bin/vcap check -r lb1 || :'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *"lb1: vcap "*" in /opt/vcap/bin, brought: vcap-run vcap-host "* ]]
	[[ $output == *$'\taarch64\t'* ]]
}
