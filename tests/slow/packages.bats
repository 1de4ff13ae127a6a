#!/usr/bin/env bats
# The Debian packages of `make deb`, on roots that debootstrap made: from installing to purging. The
# network is used for what a user of apt would use it for; captures run in namespaces without one.
# shellcheck disable=SC2016 # dollars for the shell there

bats_require_minimum_version 1.5.0
load root

setup_file() {
	export packages
	packages=$(cd "$BATS_TEST_DIRNAME/../.." && echo "$PWD/build/deb")
	ls "$packages"/vcap_*.deb "$packages"/vcap-engine_*.deb >/dev/null || {
		echo "make deb comes first"
		return 1
	}
	base=$BATS_FILE_TMPDIR/base
	make_root "$base"
	for package in vcap vcap-engine; do
		cp "$packages/$package"_*.deb "$base/$package.deb"
	done
	export base
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cp -a "$base" root
}

inside() { # COMMAND...: in the fresh root, by root
	unshare -mpf --kill-child chroot root sh -c 'mount -t proc proc /proc && exec "$@"' sh "$@"
}

apart() { # USER SCRIPT: there, where loopback is all there is of a network
	unshare -n -- "$BASH" -c "$(declare -f inside)"'; ip link set lo up; inside runuser -l "$1" -s /bin/bash -c "$2"' \
		apart "$@"
}

apt() { # ARG...
	inside env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends "$@" >apt.log 2>&1 || {
		cat apt.log
		return 1
	}
}

# Sends once it captures, and ends it.
capture_self='vcap init >/dev/null
(
	until vcap status -nr self 2>/dev/null | grep -q capturing; do sleep 0.1; done
	for address in 127.0.0.1 ::1; do
		for n in $(seq 20); do echo x >"/dev/udp/$address/9"; done
	done
	vcap stop self
) &
timeout 120 vcap capture self'

is_right() { # CAPTURED: what capture_self printed
	file=root$(tail -n 1 <<<"$1")
	tshark -nr "$file" -Y 'udp.dstport == 9 && !icmp && !icmpv6' -T fields -e frame.interface_name -e ip.dst -e ipv6.dst 2>/dev/null |
		sort | uniq -c | tr -s ' \t' ' ' >seen
	printf '%s\n' ' 20 local/lo/client 127.0.0.1 ' ' 20 local/lo/client ::1' | sort | diff - <(sort seen)
}

# Break: debian/vcap-engine.postinst s/setcap cap_net_raw=ep/true/
@test "packages: vcap capture self, by root and by a member of the group" {
	find root ! -path 'root/var/*' ! -path 'root/run*' | sort >before
	apt install /vcap.deb /vcap-engine.deb
	version=$(dpkg-deb -f root/vcap.deb Version)
	[ "$(inside vcap --version)" = "vcap ${version%-*}" ]
	run -0 --separate-stderr apart root "$capture_self"
	is_right "$output"
	inside useradd -m -s /bin/bash -G vcap member
	run -0 --separate-stderr apart member "$capture_self"
	is_right "$output"
	# Not by anybody else, and it is said why.
	inside useradd -m -s /bin/bash other
	run -1 apart other 'vcap init >/dev/null; vcap check self'
	[[ $output == *"not-ready"*"may not run vcap-run"* ]]
	run -1 --separate-stderr apart other 'vcap capture self -t 1s'
	[[ $stderr == *"Permission denied"* ]]
	# What is brought to engines without the package.
	run -0 inside sh -c '/usr/libexec/vcap/$(uname -m)/vcap-run --version'
	apt purge vcap vcap-engine
	apt autoremove --purge
	inside userdel -r member
	inside userdel -r other
	find root ! -path 'root/var/*' ! -path 'root/run*' | sort | comm -13 before - |
		grep -Ev '^root/etc/(vcap(/|$)|(passwd|group|shadow|gshadow|sub[ug]id)-$)' >left || :
	[ ! -s left ] || { cat left; false; }
	# Captures are not the package's.
	[ -s "$(ls root/var/lib/vcap/captures/self.*/self.*.pcapng)" ]
}

# Break: debian/vcap-engine.postinst s/if ! dpkg-statoverride.*/if true; then/
@test "packages: an engine needs no more than vcap-engine" {
	apt install /vcap-engine.deb
	! inside sh -c 'command -v vcap' || false
	for command in run host merge join gate flows; do
		run -0 inside "vcap-$command" --version
	done
	inside useradd -m -s /bin/bash -G vcap member
	run -0 apart member 'vcap-run -i lo -t 200ms -w /var/lib/vcap/run/mine && vcap-host status /var/lib/vcap/run/mine'
	[[ $output == *"state done"* ]]
	# One member's capture is not another's.
	inside useradd -m -s /bin/bash -G vcap second
	run -1 apart second 'vcap-host remove /var/lib/vcap/run/mine'
	[ -d root/var/lib/vcap/run/mine ]
	run -0 apart member 'vcap-host remove /var/lib/vcap/run/mine'
	# An administrator's own decision about the program is kept.
	inside dpkg-statoverride --update --add root root 0700 /usr/bin/vcap-run
	apt install --reinstall /vcap-engine.deb
	[ "$(stat -c %a:%G root/usr/bin/vcap-run)" = 700:root ]
	inside userdel -r member
	inside userdel -r second
	apt purge vcap-engine
	[ ! -e root/var/lib/vcap ]
	! grep -q '^vcap:' root/etc/group || false
}

# Break: debian/rules s/-Vvcap:Static-Built-Using=/-Vvcap:Other=/
@test "packages: the page with the licences of what it has, its sources, and what static programs are built of" {
	dpkg-deb --fsys-tarfile "$packages"/vcap-cockpit_*.deb >page.tar
	for file in index.html manifest.json patternfly.css.gz assets/fonts/RedHatText/RedHatTextVF.woff2; do
		tar -tf page.tar "./usr/share/cockpit/vcap/$file"
	done
	tar -xOf page.tar ./usr/share/doc/vcap-cockpit/copyright >copyright
	grep -q '^License: Expat' copyright
	grep -q '^License: OFL-1.1' copyright
	tar -tf "$packages"/vcap_*.orig-patternfly.tar.xz patternfly/components/Button/button.scss
	for source in glibc libcap2 libseccomp libzstd nghttp2 pcre2; do
		dpkg-deb -f "$packages"/vcap_*.deb Static-Built-Using | grep -q "$source (= "
	done
}

# Break: debian/vcap.vcap-prune.service s/prune -f/prune -n -f/
@test "packages: a timer prunes as /etc/vcap/prune says, if there is one" {
	apt install /vcap.deb /vcap-engine.deb
	[ -h root/etc/systemd/system/timers.target.wants/vcap-prune.timer ]
	unit=root/lib/systemd/system/vcap-prune.service
	[ "$(sed -n 's/^ConditionPathExists=//p' $unit)" = /etc/vcap/prune ]
	mkdir -p root/etc/vcap
	printf '%s\n' 'age 7d' 'service kept age 90d' >root/etc/vcap/prune
	for id in shop.20260101_000000 kept.20260101_000000; do
		(umask 077 && mkdir -p root/var/lib/vcap/captures/$id/engines)
		printf '%s\n' 'state done' 'size 100' "ended $(date -d '-8 days' +%s).0" >root/var/lib/vcap/captures/$id/capture
	done
	# shellcheck disable=SC2046 # words
	[ "$(inside $(sed -n 's/^ExecStart=//p' $unit))" = shop.20260101_000000 ]
	[ "$(ls root/var/lib/vcap/captures)" = kept.20260101_000000 ]
}

# Break: rpm/vcap-engine.spec s/%caps(cap_net_raw=ep) //
@test "packages: the RPM of vcap-engine" {
	cp "$packages"/../rpm/vcap-engine-*.rpm root/engine.rpm
	apt install rpm passwd
	inside rpm -i --nodeps /engine.rpm
	inside useradd -m -s /bin/bash -G vcap member
	run -0 apart member 'vcap-run -i lo -t 200ms -w /var/lib/vcap/run/mine && vcap-host status /var/lib/vcap/run/mine'
	[[ $output == *"state done"* ]]
	inside useradd -m -s /bin/bash other
	run -126 apart other 'vcap-run --version'
	inside rpm -V --nodeps vcap-engine
	inside rpm -e --nodeps vcap-engine
	[ ! -e root/usr/bin/vcap-run ]
	[ -d root/var/lib/vcap/run/mine ]
}

# Break: debian/changelog s/0.2.0/0.2.1/
@test "packages: the versions of the program and the packages agree" {
	for package in "$base"/*.deb; do
		version=$(dpkg-deb -f "$package" Version)
		[ "${version%-*}" = "$(sed -n 's/^VERSION *:= *//p' "$BATS_TEST_DIRNAME/../../Makefile")" ]
	done
}

@test "packages: a unit keeps a rolling capture going, as a user of its own" {
	apt install /vcap.deb /vcap-engine.deb
	unit=root/lib/systemd/system/vcap-rolling@.service
	grep -qx User=vcap $unit
	[ -x "root$(sed -n 's/^ExecStart=\([^ ]*\) %i/\1/p' $unit)" ]
	[ -z "$(find root/etc/systemd -name 'vcap-rolling*')" ]
	inside id -u vcap
	[ "$(inside id -gn vcap)" = vcap ]
}

lists_services() { # by tshark in the root
	run -0 --separate-stderr apart root 'vcap init >/dev/null 2>&1; tshark -D; tshark -G plugins; ls -d "$(tshark -G folders | sed -n "s/^Global configuration:[ \t]*//p")/profiles/vcap"'
	[[ $output == *". vcap-self "* ]]
	[[ $output == *"/vcap.lua"* ]]
	[[ $output == *"/profiles/vcap" ]]
}

# Break: debian/vcap.links s,/extcap/vcap-extcap,/extcaps/vcap-extcap,
@test "packages: services are interfaces of Wireshark, whichever is installed first, and not when vcap is gone" {
	apt install /vcap.deb /vcap-engine.deb
	apt install tshark
	lists_services
	apt purge tshark wireshark-common
	apt autoremove --purge
	[ -x root/usr/bin/vcap-extcap ]
	apt purge vcap vcap-engine
	apt autoremove --purge
	[ -z "$(find root/usr/lib -name '*wireshark*')" ]
	apt install tshark
	apt install /vcap.deb /vcap-engine.deb
	lists_services
	apt purge vcap
	run -0 --separate-stderr apart root 'tshark -D'
	[[ $output != *vcap* ]]
	[ -z "$(find root/usr/lib root/usr/share/wireshark -name '*vcap*')" ]
}
