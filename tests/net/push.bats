#!/usr/bin/env bats
# vcap-push: an engine that has a shell and seven small tools, and no library.
# shellcheck disable=SC2016 # dollars for the shell of an engine

bats_require_minimum_version 1.5.0
load ../until

# A root that has a shell, these tools, and what the kernel gives: made once, for all tests to copy.
setup_file() {
	mkdir "$BATS_FILE_TMPDIR/bare"
	cd "$BATS_FILE_TMPDIR/bare" || return
	mkdir bin dev proc tmp
	for tool in sh cat chmod mkdir mv rm rmdir uname; do
		program=$(readlink -f "$(command -v "$tool")")
		cp "$program" "bin/$tool"
		ldd "$program" | grep -o '/[^ ]*' >>"$BATS_FILE_TMPDIR/libraries"
	done
	sort -u "$BATS_FILE_TMPDIR/libraries" | while read -r file; do
		mkdir -p ".${file%/*}"
		cp -n "$(readlink -f "$file")" ".$file"
	done
}

setup() {
	build=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}" && pwd)
	programs=$build/libexec/vcap/$(uname -m)
	[ -d "$programs" ] || skip "static: not in this build"
	grep -q netns-run /proc/1/cmdline || {
		echo "these tests make namespaces: run them by tests/netns-run"
		return 1
	}
	PATH=$build/bin:$build/tests/tools:$PATH:/usr/sbin:/sbin
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services
	ip netns add lb1
	ip -n lb1 link set lo up
	bare root
	echo "lb1 bin=/opt/vcap/bin iface=lo exec ip netns exec lb1 chroot $PWD/root" >config/engines
	printf '%s\n' 'vip 127.0.0.1 udp/9' 'engine lb1' >config/services/shop
	find root ! -path 'root/proc/*' | sort >before
}

teardown() {
	# Not if it was skipped.
	[ -d root/proc ] || return 0
	! grep -q "$PWD/root/opt " /proc/self/mountinfo || umount root/opt
	umount root/proc root
	ip netns del lb1
}

bare() { # DIR
	mkdir "$1"
	# The reserve of a capture is a GiB.
	mount -t tmpfs -o size=4g tmpfs "$1"
	cp -a "$BATS_FILE_TMPDIR/bare/." "$1"
	mknod -m 666 "$1/dev/null" c 1 3 || { touch "$1/dev/null" && mount --bind /dev/null "$1/dev/null"; }
	mount -t proc proc "$1/proc"
}

nothing_left() {
	find root ! -path 'root/proc/*' | sort | diff before -
}

# Break: libexec/push.sh s/rmdir "$path"/:/
@test "push: a capture through what was brought, and nothing is left" {
	run -1 vcap-check lb1
	run -0 --separate-stderr vcap push lb1
	[ "$output" = "lb1: vcap $(vcap --version | cut -d ' ' -f 2) in /opt/vcap/bin, brought: vcap-run vcap-host vcap-merge vcap-join vcap-gate vcap-flows vcap-keys" ]
	[ -z "$stderr" ]
	for name in vcap-run vcap-host vcap-merge vcap-join vcap-gate vcap-flows; do
		cmp "$programs/$name" "root/opt/vcap/bin/$name"
		[ "$(stat -c %a "root/opt/vcap/bin/$name")" = 755 ]
	done
	[ -z "$(find root -name '*.new')" ]
	vcap-check shop
	id=$(vcap-start -c 0 shop)
	ip netns exec lb1 perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 9, Proto => "udp") or die;
		send($s, "packet $_", 0) for 1 .. 20'
	vcap-stop shop
	file=$(vcap-wait "$id")
	[ "$(tshark -nr "$file" -Y 'udp.dstport == 9' 2>/dev/null | wc -l)" -eq 20 ]
	run -0 vcap push --remove lb1
	nothing_left
	run -0 vcap push --remove lb1
	[ "$output" = "lb1: nothing was brought" ]
}

# Break: libexec/push-engine.sh s/^\t\tsum_there "$name"$/\t\tsum=/
# bats test_tags=slow
@test "push: nothing is sent twice, and only what differs is replaced" {
	vcap push lb1
	stat -c '%n %i %Z' root/opt/vcap/bin/* >once
	run -0 vcap push lb1
	[[ $output == *"brought: nothing, it was there" ]]
	stat -c '%n %i %Z' root/opt/vcap/bin/* | diff once -
	# As another version had left it.
	printf '#!/bin/sh\necho vcap-join 0.0.1\n' >root/opt/vcap/bin/vcap-join
	sed -i "s/^file vcap-join .*/file vcap-join $(cksum <root/opt/vcap/bin/vcap-join)/" root/opt/vcap/bin/.vcap-push
	run -0 vcap push lb1
	[[ $output == *"brought: vcap-join" ]]
	cmp "$programs/vcap-join" root/opt/vcap/bin/vcap-join
	[ "$(stat -c '%n %i %Z' root/opt/vcap/bin/* | diff once - | grep -c '^>')" -eq 1 ]
	vcap push --remove lb1
	nothing_left
}

# Break: libexec/push.sh s/sum=$(cksum <"$name" 2>.dev.null) || sum=unknown/sum=unknown/
# bats test_tags=slow
@test "push: what is there is not read back if cksum is there, too" {
	cp "$(command -v cksum)" root/bin/
	vcap push lb1
	mv root/bin/cat root/bin/real-cat
	printf '#!/bin/sh\necho "$*" >>/asked\nexec /bin/real-cat "$@"\n' >root/bin/cat
	chmod 755 root/bin/cat
	run -0 vcap push lb1
	[[ $output == *"brought: nothing, it was there" ]]
	[ "$(cat root/asked)" = .vcap-push ]
}

# bats test_tags=slow
@test "push: without the privilege to capture it is there, and what is missing is said" {
	printf '#!/bin/sh\nexec capsh --drop=cap_net_raw -- -c %s -- "$@"\n' "'exec \"\$@\"'" >less
	chmod 755 less
	sed -i "s,exec ip,exec $PWD/less ip," config/engines
	run -1 --separate-stderr vcap push lb1
	[[ $output == "lb1: vcap "* ]]
	[[ ${stderr_lines[0]} == "vcap push: engine 'lb1' is not ready: no privilege to capture"* ]]
	[ "${stderr_lines[1]}" = "vcap push: as root there: setcap cap_net_raw=ep /opt/vcap/bin/vcap-run" ]
	[ -x root/opt/vcap/bin/vcap-run ]
}

# Break: libexec/push-engine.sh s/is_ours "$name" || {/true || {/
# bats test_tags=slow
@test "push: what others have put there is not replaced, and not removed" {
	mkdir -p root/opt/vcap/bin
	echo mine >root/opt/vcap/bin/vcap-merge
	echo mine >root/opt/vcap/bin/other
	run -1 vcap push lb1
	[ "$output" = "vcap push: engine 'lb1': '/opt/vcap/bin/vcap-merge' exists, and was not sent from here" ]
	[ "$(ls root/opt/vcap/bin)" = $'other\nvcap-merge' ]
	rm root/opt/vcap/bin/vcap-merge
	vcap push lb1
	echo changed >root/opt/vcap/bin/vcap-gate
	run -0 vcap push --remove lb1
	[[ ${lines[0]} == *"'/opt/vcap/bin/vcap-gate' is not the one that was sent, and stays" ]]
	[ "$(ls -A root/opt/vcap/bin)" = $'other\nvcap-gate' ]
}

# Break: libexec/push-engine.sh s/sum_there ".$name.new"/:/
# bats test_tags=slow
@test "push: what does not arrive whole, or does not run, replaces nothing" {
	vcap push lb1
	mkdir -p "old/$(uname -m)" bad
	cp "$programs"/* "old/$(uname -m)"
	printf x >>"old/$(uname -m)/vcap-host"
	# A link that breaks within vcap-run: the shell there sees the end of a file.
	cat >bad/cut <<-'END'
		#!/bin/sh
		case "$*" in
		*'vcap-push receive '*vcap-host) head -c 100000 | "$@" ;;
		*) exec "$@" ;;
		esac
	END
	chmod 755 bad/cut
	sed -i "s,exec ip,exec $PWD/bad/cut ip," config/engines
	run -1 vcap push --from old lb1
	[ "$output" = "vcap push: engine 'lb1': 'vcap-host' arrived damaged" ]
	cmp "$programs/vcap-host" root/opt/vcap/bin/vcap-host
	sed -i "s,exec $PWD/bad/cut,exec," config/engines
	printf '#!/bin/sh\nexit 1\n' >"old/$(uname -m)/vcap-host"
	run -1 vcap push --from old lb1
	[[ $output == *"vcap-host $(vcap --version | cut -d ' ' -f 2) does not run there"* ]]
	cmp "$programs/vcap-host" root/opt/vcap/bin/vcap-host
	vcap push --remove lb1
	nothing_left
}

# Break: libexec/push.sh s/uname -m \&\& cd/echo x86_64 \&\& cd/
# Break: libexec/push-engine.sh s/arch=" ARCH=$machine"/:/
# bats test_tags=slow
@test "push: which programs are brought is what uname -m says there" {
	mkdir -p both/aarch64 both/x86_64 root/bin
	# Such as run on the engine, and can be told apart.
	for name in vcap-run vcap-host vcap-merge vcap-join vcap-gate vcap-flows vcap-keys; do
		printf '#!/bin/sh\n# aarch64\necho "%s %s"\n' $name "$(vcap --version | cut -d ' ' -f 2)" >both/aarch64/$name
		printf '#!/bin/sh\n# x86_64\nexit 1\n' >both/x86_64/$name
	done
	printf '#!/bin/sh\necho aarch64\n' >root/bin/uname
	run -1 --separate-stderr vcap push --from both lb1
	[[ $output == "lb1: vcap "*", brought: vcap-run vcap-host "* ]]
	for name in vcap-run vcap-host vcap-merge vcap-join vcap-gate vcap-flows vcap-keys; do
		cmp both/aarch64/$name root/opt/vcap/bin/$name
	done
	vcap push --remove --from both lb1
	# One that there is nothing for is refused before anything is made there; where it lies is what decides.
	for machine in armv7l .. . ''; do
		printf '#!/bin/sh\necho "%s"\n' "$machine" >root/bin/uname
		run -1 vcap push --from both lb1
		[ ! -e root/opt ]
		[ -n "$machine" ] || continue
		[[ $output == *"engine 'lb1': no programs for '$machine' in 'both': "* ]]
	done
	printf '#!/bin/sh\necho armv7l\n' >root/bin/uname
	run -1 vcap push --from both lb1
	[ "$output" = "vcap push: engine 'lb1': no programs for 'armv7l' in 'both': 'make static ARCH=armv7l' makes them, and then 'make install' puts them there" ]
	cp "$(command -v uname)" root/bin/uname
	nothing_left
}

# Break: libexec/push.sh s/\*,noexec,\*) ;;/*,no,*) ;;/
# bats test_tags=slow
@test "push: a bin= where nothing may be executed is said, and nothing is left in it" {
	mkdir root/opt
	mount -t tmpfs -o noexec tmpfs root/opt
	run -1 vcap push lb1
	umount root/opt
	rmdir root/opt
	[[ $output == *"'/opt/vcap/bin' is on a file system mounted noexec: set bin= to another directory"* ]]
}

# bats test_tags=slow
@test "push: another architecture, an engine without bin=, one that is gone, captures that are there" {
	printf '#!/bin/sh\necho riscv64\n' >root/bin/uname
	run -1 vcap push lb1
	[[ $output == "vcap push: engine 'lb1': no programs for 'riscv64' in "*": 'make static ARCH=riscv64' makes them"* ]]
	[ ! -e root/opt ]
	cp "$(command -v uname)" root/bin/uname
	echo 'lb2 exec false' >>config/engines
	echo 'lb3 bin=/opt/vcap/bin exec false' >>config/engines
	run -2 vcap push lb1 lb2
	[[ $output == "vcap push: engine 'lb2' has no bin= in the engines file"* ]]
	run -2 vcap push nobody
	[ "$output" = "vcap push: unknown engine 'nobody'" ]
	run -2 vcap push
	run -3 vcap push lb3 lb1
	[ -x root/opt/vcap/bin/vcap-run ]
	id=$(vcap-start shop)
	run -1 vcap push --remove lb1
	path=/var/lib/vcap/run/$id.lb1
	[ "$output" = "vcap push: engine 'lb1' has '$path': 'vcap-on lb1 vcap-host remove $path' removes it
vcap push: engine 'lb1' has captures in '/var/lib/vcap/run': fetch ('vcap collect') or remove them first" ]
	vcap-stop shop
	vcap-wait "$id"
	vcap push --remove lb1
	nothing_left
}

# Break: libexec/push.sh s/^\tset -f$/:/
# Break: libexec/push-engine.sh s/printf '%s.n' "$1"$/echo "$1"/
# bats test_tags=slow
@test "push: whatever the characters of bin=" {
	odd='/opt/v[1]*\b$x;"q'"'"'é/bin'
	mkdir -p root/opt/v1b
	find root ! -path 'root/proc/*' | sort >before
	sed -i "s,bin=[^ ]*,bin=${odd//\\/\\\\}," config/engines
	vcap push lb1
	[ -x "root$odd/vcap-run" ]
	run -0 vcap push lb1
	[ "$output" = "lb1: vcap $(vcap --version | cut -d ' ' -f 2) in $odd, brought: nothing, it was there" ]
	vcap push --remove lb1
	nothing_left
}

# Break: libexec/push.sh s/cd "$1" && rm -f .vcap-.*new/:/
# bats test_tags=slow
@test "push: a disk that is full is said, and no part is left on it" {
	mkdir root/opt
	mount -t tmpfs -o size=1500k tmpfs root/opt
	run -1 vcap push lb1
	[[ ${lines[-1]} == "vcap push: engine 'lb1': 'vcap-"*"' cannot be written to '/opt/vcap/bin'" ]]
	[ -z "$(find root/opt -name 'vcap-*' -o -name '.*.new')" ]
	vcap push --remove lb1
	[ -z "$(ls -A root/opt)" ]
	umount root/opt
	rmdir root/opt
	nothing_left
}

# Killed while vcap-merge is on its way there.
pushed_and_killed() {
	cat >stuck <<-'END'
		#!/bin/sh
		case "$*" in
		*'vcap-push receive '*vcap-merge) touch is_stuck && head -c 100000 | "$@"; exec sleep 600 ;;
		*) exec "$@" ;;
		esac
	END
	chmod 755 stuck
	sed "s,exec ip,exec $PWD/stuck ip," config/engines >engines
	mv config/engines free && mv engines config/engines
	setsid vcap push lb1 </dev/null >>log 2>&1 3>&- &
	killed=$!
	until_true test -e is_stuck
	arrived() { [ "$(stat -c %s root/opt/vcap/bin/.vcap-merge.new)" -eq 100000 ]; }
	until_true arrived
	kill -9 -- "-$killed"
	wait "$killed" || true
	mv free config/engines
	rm is_stuck
}

# Break: libexec/push.sh s/printf %s "$list" >>"$bin\/.vcap-push"/true/
# bats test_tags=slow
@test "push: one that was killed is taken away, or completed" {
	pushed_and_killed
	run -0 vcap push --remove lb1
	[[ $output == "lb1: removed: "* ]]
	nothing_left
	pushed_and_killed
	vcap push lb1
	cmp "$programs/vcap-merge" root/opt/vcap/bin/vcap-merge
	[ -z "$(find root -name '*.new')" ]
	vcap push --remove lb1
	nothing_left
	# Where the directories were there before.
	mkdir -p root/opt/vcap/bin root/var/lib/vcap/run
	pushed_and_killed
	run -0 vcap push --remove lb1
	[[ $output == "lb1: removed: .vcap-"* ]]
	[ -z "$(find root -name '*vcap-*')" ]
}
