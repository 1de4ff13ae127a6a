#!/usr/bin/env bats
# vcap extcap without a capture: what Wireshark is told of interfaces and options, and where it is installed.

bats_require_minimum_version 1.5.0

setup() {
	PATH="$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin" && pwd):$PATH"
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services
	echo 'a local' >config/engines
	printf '%s\n' 'vip 192.0.2.10 tcp/80' 'server 10.0.0.1' 'engine a' 'engine b' >config/services/shop
	printf '%s\n' 'vip nonsense' >config/services/broken
}

names() { vcap-extcap --extcap-interfaces --extcap-version=4.0 | sed -n 's/^interface {value=\([^}]*\)}.*/\1/p'; }
config() { vcap-extcap --extcap-interface vcap-shop --extcap-config; }
check() { vcap-extcap --extcap-interface vcap-shop --extcap-capture-filter "$@"; }

# Break: lib/extcap/choice.h s/CHOICE_MOST = 20/CHOICE_MOST = 21/
@test "extcap: interfaces, up to 20; of more services one, whose dialog lists them" {
	[ "$(names)" = "$(printf '%s\n' vcap-broken vcap-shop)" ]
	[ "$(vcap-extcap --extcap-interfaces | grep -c '^control')" -eq 2 ]
	for n in $(seq 18); do cp config/services/shop "config/services/s$n"; done
	[ "$(names | wc -l)" -eq 20 ]
	cp config/services/shop config/services/one-more
	[ "$(names)" = vcap ]
	vcap-extcap --extcap-interface vcap --extcap-config >config.out
	grep -q '^arg {number=0}{call=--service}.*{type=selector}.*{reload=true}' config.out
	[ "$(grep -c '^value {arg=0}' config.out)" -eq 21 ]
	vcap-extcap --extcap-interface vcap --extcap-reload-option service |
		diff - <(grep '^value {arg=0}' config.out)
	vcap-extcap --extcap-interface vcap --extcap-config --extcap-reload-option engines --service shop |
		diff - <(config | grep '^value {arg=5}')
	# No line has a brace within a value, and a configuration that is not there has no interface.
	run -1 grep -vE '^(arg|value) (\{[a-z]+=[^{}]*\})+$' config.out
	VCAP_CONFIG=$PWD/none run -0 --separate-stderr vcap-extcap --extcap-interfaces
	[ "${#lines[@]}" -eq 1 ]
	[ -z "$stderr" ]
}

# Break: lib/extcap/dialog.c s/settings.duration_ns > 0/0/
@test "extcap: the dialog begins with what vcap shell has stored, and makes no spool" {
	config >before
	[ ! -e spool ]
	[ "$(grep -c '^value {arg=5}' before)" -eq 3 ]
	grep -q '{call=--stop-after}.*{default=5m}' before
	grep -q '^value {arg=4}{value=none}.*{default=true}' before
	mkdir -p spool/debug
	chmod 700 spool/debug
	printf '%s\n' 'duration 90000000000' 'count 7' 'snaplen 96' 'monitors only' 'addrs 10.1.1.1' \
		'prefixes 10.2.0.0/16' >spool/debug/shop
	chmod 600 spool/debug/shop
	config >after
	grep -q '{call=--stop-after}.*{default=90s}' after
	grep -q '{call=--spec}.*{default=10.1.1.1 10.2.0.0/16}' after
	grep -q '{call=--snaplen}.*{default=96}' after
	grep -q '{call=--count}.*{default=7}' after
	grep -q '^value {arg=4}{value=only}.*{default=true}' after
}

@test "extcap: a filter is checked: nothing if it is good, else what is wrong" {
	for good in 'tcp port 80' 'host 10.1.1.1' 'net 10.2' 10.1.1.1-10.1.1.9; do
		run -0 --separate-stderr check "$good" --monitors include
		[ -z "$output$stderr" ]
	done
	run -0 --separate-stderr check 'tcp prot 80'
	[ "$output" = "expression 'tcp prot 80': can't parse filter expression: syntax error" ]
	[ -z "$stderr" ]
	# What is taken for an address is one; so is what is not.
	mkfifo fifo
	for filter in 'net 10.2' 'src host 10.2.1.1'; do
		mkdir -p bin
		printf '#!/bin/sh\nprintf "%%s\\n" "$@" >asked\n' >bin/vcap-live
		cp -f "$(command -v vcap-extcap)" bin/vcap-extcap
		chmod 755 bin/vcap-live
		cat fifo >/dev/null 3>&- &
		bin/vcap-extcap --capture --extcap-interface vcap-shop --fifo fifo --extcap-capture-filter "$filter" \
			--spec '10.9.9.9, 10.8.0.0/16' --engines a,b --headers-only
		wait $!
		mv asked "asked.${filter%% *}"
	done
	diff asked.net <(printf '%s\n' -v -m none -E a,b -s headers -- shop 10.9.9.9 10.8.0.0/16 10.2.0.0/16)
	diff asked.src <(printf '%s\n' -v -m none -e 'src host 10.2.1.1' -E a,b -s headers -- shop 10.9.9.9 10.8.0.0/16)
	for wrong in '' '--capture' '--extcap-dlts' '--capture --extcap-interface vcap-shop' \
		'--extcap-interfaces --extcap-control-in x' '--extcap-interfaces more'; do
		# shellcheck disable=SC2086 # words
		run -2 vcap-extcap $wrong
	done
	run -2 vcap-extcap --capture --extcap-interface vcap --fifo fifo
	[ "$output" = "vcap-extcap: no service is chosen" ]
}

# The folders that Debian 12's tshark names, and later ones.
folders() { # VERSION
	cat <<-END
		Personal configuration:	$PWD/home/.config/wireshark
		Global configuration:	$PWD/share/wireshark
		Personal Plugins:    	$PWD/home/.local/lib/wireshark/plugins/$1
		Global Plugins:      	$PWD/lib/wireshark/plugins/$1
		Personal Lua Plugins:	$PWD/home/.local/lib/wireshark/plugins
		Global Lua Plugins:  	$PWD/lib/wireshark/plugins
	END
	if [ "$1" = 4.0 ]; then
		echo "Extcap path:         	$PWD/lib/wireshark/extcap"
	else
		echo "Personal Extcap path:	$PWD/home/.local/lib/wireshark/extcap"
		echo "Global Extcap path:  	$PWD/lib/wireshark/extcap"
	fi
}

# Break: libexec/extcap-install.sh s/'Personal Extcap path' 2/'Extcap path' 2/
@test "extcap: installed where tshark says, and removed" {
	mkdir tools
	printf '#!/bin/sh\n[ "$*" = "-G folders" ] && cat %s/folders\n' "$PWD" >tools/tshark
	chmod 755 tools/tshark
	PATH=$PWD/tools:$PATH
	for version in 4.0 4.4; do
		folders $version >folders
		place=.config
		[ $version = 4.0 ] || place=.local/lib
		vcap-extcap --install --personal >made
		printf '%s\n' "$PWD/home/$place/wireshark/extcap/vcap-extcap" \
			"$PWD/home/.local/lib/wireshark/plugins/vcap.lua" "$PWD/home/.config/wireshark/profiles/vcap" |
			diff - made
		"home/$place/wireshark/extcap/vcap-extcap" --extcap-interfaces | grep -q vcap-shop
		vcap-extcap --install --personal | diff - made
		vcap-extcap --install >global
		diff global - <<<"$PWD/lib/wireshark/extcap/vcap-extcap
$PWD/lib/wireshark/plugins/vcap.lua
$PWD/share/wireshark/profiles/vcap"
		vcap-extcap --uninstall | diff - global
		# A profile that was changed is the user's.
		echo 'gui.x: TRUE' >>home/.config/wireshark/profiles/vcap/preferences
		run -0 --separate-stderr vcap-extcap --uninstall --personal
		[[ "$stderr" == *"profiles/vcap' was changed, and is left" ]]
		rm -r home/.config/wireshark/profiles/vcap
		[ -z "$(find home lib share ! -type d)" ]
	done
}

# Break: cmd/vcap-open.sh s/tail -n 1/head -n 1/
@test "open: the newest capture that has a file, in what there is" {
	spool=$PWD/spool/captures
	for id in 20260101_000000 20260102_000000 20260103_000000; do
		mkdir -p "$spool/shop.$id/engines"
		chmod 700 spool spool/captures "$spool/shop.$id/engines"
		printf '%s\n' 'state done' 'size 9' 'snaplen headers' 'engine a' >"$spool/shop.$id/capture"
		: >"$spool/shop.$id/shop.$id.pcapng"
	done
	printf '%s\n' 'state capturing' 'engine a' >"$spool/shop.20260103_000000/capture"
	[ "$(vcap-ls -r -o SNAPLEN,OPTIONS shop.20260102_000000)" = $'0\t-s headers' ]
	mkdir tools
	for tool in wireshark tshark; do
		printf '#!/bin/sh\necho "%s $*"\n' $tool >tools/$tool
		chmod 755 tools/$tool
	done
	PATH=$PWD/tools:$PATH
	export HOME=$PWD
	unset DISPLAY WAYLAND_DISPLAY XDG_CONFIG_HOME
	run -0 --separate-stderr vcap-open shop -Y 'tcp.port == 80'
	[[ "$output" == "tshark "*"/vcap.lua -r $spool/shop.20260102_000000/shop.20260102_000000.pcapng -Y tcp.port == 80" ]]
	mkdir -p .config/wireshark/profiles/vcap
	DISPLAY=:9 run -0 --separate-stderr vcap-open shop.20260101_000000
	[[ "$output" == "wireshark -C vcap "*/shop.20260101_000000.pcapng ]]
	[ -z "$stderr" ]
	run -1 vcap-open shop.20260103_000000
	[ "$output" = "vcap-open: no capture of 'shop.20260103_000000' has a file yet" ]
	run -1 vcap-open web
	run -2 vcap-open
}
