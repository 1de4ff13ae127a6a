#!/usr/bin/env bats
# vcap extcap without a capture: what Wireshark is told of interfaces and options, and where it is installed.

bats_require_minimum_version 1.5.0
load ../until

setup() {
	PATH="$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin" && pwd):$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/tests/tools:$PATH"
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

# Break: lib/extcap/dialog.c s/"unsigned", "Bytes"/"unsigned", "Limits"/
@test "extcap: the options are in tabs, and the engines are a list that can be loaded again" {
	config | sed -n 's/^arg .*{call=\([^}]*\)}.*{group=\([^}]*\)}$/\2: \1/p' >in-tabs
	diff in-tabs - <<-'END'
		Addresses: --spec
		Addresses: --per-packet
		Addresses: --exclude
		Health checks: --monitors
		Engines: --engines
		Bytes: --snaplen
		Bytes: --headers-only
		Limits: --count
		Limits: --stop-after
		Limits: --stop-size
	END
	[ "$(config | grep -c '^arg')" -eq "$(wc -l <in-tabs)" ]
	config | grep '{call=--engines}' | grep -q '{type=selector}.*{reload=true}'
	config | grep -q '{call=--stop-size}.*{default=1G}'
	# The expression has a field of Wireshark's own.
	vcap-extcap --extcap-interface vcap-shop --extcap-dlts | grep -q '^dlt {number=1}{name=EN10MB}'
}

# What comes out of the toolbar's pipe, a message a line: the control, the command, the text.
messages() { # FILE
	perl -e '
		$| = 1;
		while (read(STDIN, my $head, 6) == 6) {
			my (undef, $high, $low, $control, $command) = unpack "a C n C C", $head;
			read STDIN, my $text, ($high << 16) + $low - 2;
			print "$control $command $text", $text =~ /\n$/ ? "" : "\n";
		}' <"$1"
}

message() { # CONTROL COMMAND TEXT
	perl -e 'my $text = $ARGV[2]; print pack("a C n C C", "T", 0, 2 + length $text, $ARGV[0], $ARGV[1]), $text' "$@"
}

# Break: cmd/vcap-extcap.c s/toolbar_tell(&toolbar, remark)/(void)0/
# Break: lib/extcap/toolbar.c s/message.control != TOOLBAR_STOP_AFTER/1/
@test "extcap: the toolbar: a log, the status bar, and how long to go on, changed meanwhile" {
	mkfifo fifo to from
	mkdir bin
	cp "$(command -v vcap-extcap)" bin
	cat >bin/vcap-live <<-'END'
		#!/bin/bash
		trap 'kill $!; echo " the end"; exit 0' TERM
		echo "vcap-merge: 'lb2' is waited for" >&2
		echo "vcap-live: engine 'lb1': vcap-run: 12 packets were dropped" >&2
		printf packets
		sleep 60 &
		wait
	END
	chmod 755 bin/vcap-live
	exec 6<>to
	messages from >log 3>&- &
	reader=$!
	cat fifo >packets 3>&- &
	bin/vcap-extcap --capture --extcap-interface vcap-shop --fifo fifo --extcap-control-in to --extcap-control-out from \
		--extcap-capture-filter 'host 10.1.1.1' --stop-after 5m 2>err 3>&- 6>&- &
	extcap=$!
	until_true grep -qx "0 2 engine 'lb1': vcap-run: 12 packets were dropped" log
	until_true grep -qx packets packets
	# What is no time is said, other controls are none of it, and the last choice counts.
	message 1 1 soon >&6
	message 2 1 1s >&6
	message 1 1 8h >&6
	message 1 1 0.1s >&6
	wait "$extcap"
	wait "$reader"
	[ ! -s err ]
	until_true grep -qx 'packets the end' packets
	for said in "'host 10.1.1.1' is taken as an address: both sides of its transactions are kept" \
		'reaching the engines' "'lb2' is waited for" 'the time is over'; do
		# In the log and in the status bar.
		grep -qxF "0 2 $said" log
		grep -qxF "0 6 $said" log
	done
	grep -q '^0 2 .*soon' log
	exec 6>&-
	# They are opened before anything else, whatever is wrong with it, or Wireshark would wait.
	for pipes in 'none from' 'to none'; do
		# shellcheck disable=SC2086 # words
		run -2 vcap-extcap --capture --extcap-interface vcap --fifo fifo --extcap-control-in ${pipes% *} --extcap-control-out ${pipes#* }
		[[ "$output" == "vcap-extcap: cannot open 'none': "* ]]
	done
}

# Break: lib/extcap/extcap_capture.c s/case HEARTBEAT_CLOSED: end(flow, NULL); break;/case HEARTBEAT_CLOSED: break;/
# Break: lib/extcap/extcap_capture.c s/status = see_unheard(&flow, status)/;/
@test "extcap: with --heartbeat it ends with whoever sends them, and says so if they are missing" {
	mkdir bin
	cp "$(command -v vcap-extcap)" bin
	cat >bin/vcap-live <<-'END'
		#!/bin/bash
		trap 'kill $!; exit 0' TERM
		echo packets
		sleep 60 >/dev/null &
		wait
	END
	chmod 755 bin/vcap-live
	mkfifo beats
	capture() { bin/vcap-extcap --capture --extcap-interface vcap-shop --fifo - "$@"; }
	# Standard input that ends is an end as any other, and without the option makes no difference.
	exec 5<>beats
	capture --heartbeat 1h <beats >packets 2>err 3>&- 5>&- &
	extcap=$!
	until_true grep -qx packets packets
	echo >&5
	kill -0 "$extcap"
	exec 5>&-
	wait "$extcap"
	[ ! -s err ]
	capture --stop-after 0.3s </dev/null >packets 2>err
	grep -qx packets packets
	# One who is there, and says nothing any more, gets nothing any more.
	exec 5<>beats
	run -3 --separate-stderr capture --heartbeat 300ms <beats 5>&-
	[ "$stderr" = 'vcap-extcap: no heartbeat came in time: the capture was ended' ]
	exec 5>&-
	run -2 --separate-stderr capture --heartbeat 0
	[ "$stderr" = "vcap-extcap: heartbeats take some time: not '0' (try --help)" ]
}

# Break: share/wireshark/profiles/vcap/dfilter_buttons s/tcp.flags.reset/tcp.flags.resett/
@test "extcap: the filters of the profile's colours and buttons are filters, and its columns fields" {
	share=$BATS_TEST_DIRNAME/../../share/wireshark
	export HOME=$PWD/home
	unset XDG_CONFIG_HOME
	mkdir -p home/.config/wireshark/profiles
	cp -r "$share/profiles/vcap" home/.config/wireshark/profiles
	mkcap -f pcapng -n 5 -s 1 >a.pcapng
	vcap-merge -w merged.pcapng lb1=a.pcapng
	{
		awk -F @ '/^@/ { print "(" $3 ")" }' "$share/profiles/vcap/colorfilters"
		# References to the selected packet, of which there is none.
		perl -ne 's/\$\{vcap.engine\}/\x00x\x00/; s/\$\{vcap.transaction\}/1/; s/\\x22/\x00/g; /^"TRUE","[^"]+","([^"]+)"/ or next;
			($_ = "($1)\n") =~ tr/\0/"/; print' "$share/profiles/vcap/dfilter_buttons"
	} >filters
	[ "$(wc -l <filters)" -eq 11 ]
	run -0 --separate-stderr tshark -C vcap -X "lua_script:$share/vcap.lua" -r merged.pcapng -Y "!($(paste -sd '|' filters | sed 's/|/ || /g'))"
	[ "${#lines[@]}" -eq 5 ]
	# Its columns: engine in the third one.
	[ "$(awk '{ print $3 }' <<<"$output" | sort -u)" = lb1 ]
}

# Break: share/wireshark/profiles/vcap/colorfilters s,/server\$,/servers\$,
# Break: share/wireshark/profiles/vcap/preferences s/vcap.side:0:R/vcap.sides:0:R/
# bats test_tags=slow
@test "extcap: the profile's columns, and its colours by side and for resets and retransmissions" {
	share=$BATS_TEST_DIRNAME/../../share/wireshark
	export HOME=$PWD/home
	unset XDG_CONFIG_HOME
	mkdir -p home/.config/wireshark/profiles
	cp -r "$share/profiles/vcap" home/.config/wireshark/profiles
	printf '%s\n' 'vip 192.0.2.10 tcp/80' 'server 10.0.0.1 tcp/8080' 'monitor tcp/8081' >service
	"$BATS_TEST_DIRNAME/../mktcp" >a.pcap <<-'END'
		1 10.9.0.1:1000 192.0.2.10:80 S 1 0
		2 10.1.0.1:2000 10.0.0.1:8080 S 1 0
		3 10.1.0.1:2001 10.0.0.1:8081 S 1 0
		4 192.0.2.10:80 10.9.0.1:1000 RA 0 2
		5 10.1.0.1:2000 10.0.0.1:8080 S 1 0
		6 10.9.0.9:1 10.9.0.8:2 udp x
	END
	vcap-merge -S ./service -w a.pcapng lb1=a.pcap
	tshark -C vcap --color -r a.pcapng -T fields -E separator=: -e frame.interface_name -e frame.coloring_rule.name 2>/dev/null |
		diff - <(printf 'lb1/-/%s\n' 'client:Client side' 'server:Server side' 'monitor:Health check' client:Reset \
			server:Retransmission other:)
	tshark -C vcap -X "lua_script:$share/vcap.lua" -r a.pcapng 2>/dev/null | head -n 2 | sed 's/  */ /g; s/ *\[.*//' |
		diff - <(printf ' %s\n' '1 0.000000000 lb1 client 10.9.0.1 → 192.0.2.10 TCP 54 1000 → 80' \
			'2 1.000000000 lb1 server 10.1.0.1 → 10.0.0.1 TCP 54 2000 → 8080')
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

# What each sh there is makes of vcap-extcap.sh, with tools that differ as those of BSD do.
with_any_sh() { # COMMAND...: for each shell in $shell, which is to be split into words
	local shell count=0
	for shell in dash 'bash --posix' 'zsh --emulate sh' 'busybox sh' ksh posh mksh yash; do
		command -v "${shell%% *}" >/dev/null || continue
		count=$((count + 1))
		echo "$shell"
		"$@"
	done
	[ "$count" -ge 2 ]
}

# A desk with Wireshark and ssh alone: `asked` has what the controller's shell was told.
desk() {
	export HOME=$PWD/desk CLOCK=$PWD/clock ASKED=$PWD/asked
	unset XDG_CACHE_HOME XDG_CONFIG_HOME
	mkdir -p desk tools
	folders 4.4 | sed "s|$PWD/home|$HOME|" >folders
	printf '#!/bin/sh\n[ "$*" = "-G folders" ] && cat %s/folders\n' "$PWD" >tools/tshark
	# shellcheck disable=SC2016 # words for another shell
	printf '#!/bin/sh\ncat "$CLOCK"\n' >tools/date
	printf '#!/bin/sh\n%s "$@" | awk 1\n' "$(command -v sed)" >tools/sed
	printf '#!/bin/sh\ncase "$*" in *-mmin*) exit 1 ;; esac\nexec %s "$@"\n' "$(command -v find)" >tools/find
	# In the place of ssh: takes the destination and one command for a shell, as sshd does.
	cat >tools/ssh <<-'END'
		#!/bin/sh
		while [ "$1" != -- ]; do
			case $1 in ControlPath=*) echo "$1" >"$ASKED.socket" ;; esac
			shift
		done
		printf '%s: %s\n' "$2" "$3" >>"$ASKED"
		exec sh -c "exec $3"
	END
	# In the place of the controller's vcap: its words, or a stream that ends with its reader.
	cat >tools/vcap <<-'END'
		#!/bin/bash
		case "$*" in
		*--help*) [ ! -e "$ASKED.new" ] || vcap-extcap --help ;;
		*nowhere*) printf 'vcap-extcap: \033[31mno\302\233\n' >&2; exit 1 ;;
		*--capture*)
			# Lines come as long as somebody is there.
			case "$*" in *--heartbeat*) read -r line && read -r line && [ -z "$line" ] || exit 1 ;; esac
			printf '<%s>' "$@"; echo; trap '' PIPE; while sleep 0.02 && echo packet; do :; done 2>/dev/null; exit 0
			;;
		*) printf '<%s>' "$@"; echo ;;
		esac
	END
	chmod 755 tools/*
	tools=$PWD/tools
	script=$BATS_TEST_DIRNAME/../../share/wireshark/vcap-extcap.sh
}

asked_are() { # COUNT: since the last time
	[ "$(wc -l <asked)" -eq "$1" ] || { cat asked; return 1; }
	: >asked
}

desk_lists() {
	rm -rf desk
	mkdir desk
	: >asked
	echo 1000 >clock
	$shell "$script" --install --controller 'admin@there' >made
	[ "$(cat made)" = "$HOME/.local/lib/wireshark/extcap/vcap-extcap.sh" ]
	[ "$($shell "$(cat made)" --extcap-interfaces --extcap-version=4.4)" = \
		"extcap {version=1.0}{display=vcap: services on their load balancers}
interface {value=vcap}{display=vcap: a service of admin@there}" ]
	[[ "$($shell "$(cat made)" --extcap-interface vcap --extcap-dlts)" == 'dlt {number=1}{name=EN10MB}'* ]]
	asked_are 0
	# Kept for a minute, however the clock is set then.
	for second in 1000 1059 1060 900; do
		echo $second >clock
		[ "$($shell "$(cat made)" --extcap-interface vcap --extcap-config)" = \
			'<extcap><--extcap-interface><vcap><--extcap-config><--service><>' ]
	done
	asked_are 3
	# Nothing that is typed or pressed is.
	for _ in 1 2; do
		[ "$($shell "$(cat made)" --extcap-interface vcap --extcap-config --extcap-reload-option service)" = \
			'<extcap><--extcap-interface><vcap><--extcap-reload-option><service><--service><>' ]
		[ "$($shell "$(cat made)" --extcap-interface vcap --extcap-capture-filter "it's a 'port 80' \\ \$HOME" --service=shop)" = \
			"<extcap><--extcap-interface><vcap><--extcap-capture-filter><it's a 'port 80' \\ \$HOME><--service><shop>" ]
	done
	asked_are 4
	# What failed is not kept, and said.
	for _ in 1 2; do
		# shellcheck disable=SC2086 # words
		run -1 $shell "$(cat made)" --extcap-interface vcap --extcap-config --service nowhere
		[ "$output" = 'vcap-extcap: ?[31mno??' ]
	done
	asked_are 2
	[ "$(find desk/.cache -type f | wc -l)" -eq 1 ]
	# shellcheck disable=SC2086 # words
	run -1 $shell "$(cat made)" --capture --extcap-interface vcap --fifo "$PWD/out" --service nowhere
	[ "$output" = 'vcap-extcap: ?[31mno??' ]
	: >asked
	[[ "$(cat asked.socket)" == "ControlPath=$HOME/.cache/vcap-extcap/"* ]]
	# Too long for the name of a socket.
	XDG_CACHE_HOME=$HOME/$(printf '%080d' 0) $shell "$(cat made)" --extcap-interface vcap --extcap-config >/dev/null
	[ "$(cat asked.socket)" = ControlPath=none ]
	rm -r desk/000*
	# It may install itself, for another controller.
	$shell "$(cat made)" --install --controller there2 | diff made -
	[[ "$($shell "$(cat made)" --extcap-interfaces)" == *'a service of there2}' ]]
	for wrong in '' --capture '--capture --service shop' '--extcap-config --controller -oProxyCommand=x' '--x y' --fifo; do
		# shellcheck disable=SC2086 # words
		run -2 $shell "$(cat made)" $wrong
	done
	$shell "$(cat made)" --uninstall
	[ -z "$(find desk -type f)" ]
}

# Break: share/wireshark/vcap-extcap.sh s/-ge 60/-ge 61/
# Break: share/wireshark/vcap-extcap.sh s/word=$(printf/other=$(printf/
# Break: share/wireshark/vcap-extcap.sh s/tame <"$told"/cat "$told"/
# Break: share/wireshark/vcap-extcap.sh s/tame <"$said"/cat "$said"/
@test "extcap: vcap-extcap.sh lists and checks with any sh" {
	desk
	# Not beyond the test: bats asks for the date.
	local PATH=$tools:$PATH
	with_any_sh desk_lists
}

desk_captures() {
	rm -rf desk fifo
	mkdir desk
	mkfifo fifo
	echo 1000 >clock
	: >asked
	# By the reader's end, by a signal, by the end of whoever started it; the last one with an older controller.
	for end in reader signal starter; do
		heartbeat='<--heartbeat><10s>'
		: >asked.new
		[ $end != starter ] || { heartbeat='' && rm -rf asked.new desk/.cache; }
		rm -f stderr
		# shellcheck disable=SC2016,SC2086 # words
		sh -c '"$@" & echo $! >script.pid; exec sleep 60' - $shell "$script" --controller there --capture --extcap-interface vcap \
			--fifo "$PWD/fifo" --service shop --spec '10.0.0.0/8 2001:db8::/32' --extcap-capture-filter "tcp port 80" \
			--headers-only --exclude --stop-after 5m 2>stderr 3>&- &
		starter=$!
		exec 5<fifo
		read -r words <&5
		[ "$words" = '<extcap><--capture><--extcap-interface><vcap><--fifo><->'$heartbeat'<--headers-only><--exclude><--service=shop><--spec=10.0.0.0/8 2001:db8::/32><--extcap-capture-filter=tcp port 80><--monitors=none><--stop-after=5m>' ] || { echo "$words"; return 1; }
		read -r packet <&5
		[ "$packet" = packet ]
		case $end in
		reader) exec 5<&- ;;
		signal) kill -TERM "$(cat script.pid)" ;;
		starter) kill -KILL "$starter" ;;
		esac
		until_true all_gone
		exec 5<&-
		kill "$starter" 2>/dev/null || true
		wait "$starter" || true
		[ ! -s stderr ] || { cat stderr; return 1; }
		[ -z "$(find desk/.cache -name 'said.*')" ]
	done
}

all_gone() { # of the script, and of what it ran
	! pgrep -f "$PWD/(tools/vcap|fifo)"
}

# Break: share/wireshark/vcap-extcap.sh s/done; kill $ssh)/done)/
# bats test_tags=slow
@test "extcap: vcap-extcap.sh captures with any sh, and nothing is left, however it ends" {
	desk
	local PATH=$tools:$PATH
	with_any_sh desk_captures
}

# A PATH of the tools that the script may want, which take down their options, and are strict about the rest.
strict_tools() {
	local tool from
	mkdir strict
	for tool in cat chmod cksum cp cut grep mkdir mv rm sed sleep tr; do
		from=$(command -v "$tool")
		[ "$tool" != sed ] || from="$from --posix"
		cat >strict/$tool <<-END
			#!/bin/sh
			for word; do case \$word in -*) echo "$tool \$word" >>"$PWD/options" ;; esac done
			POSIXLY_CORRECT=1 exec $from "\$@"
		END
	done
	printf '#!/bin/sh\n[ "$*" = +%%s ] && exec cat "%s"\n' "$PWD/clock" >strict/date
	for tool in ssh tshark; do
		printf '#!/bin/sh\nPATH=%s exec "%s" "$@"\n' "$tools:$PATH" "$tools/$tool" >strict/$tool
	done
	chmod 755 strict/*
}

# Break: share/wireshark/vcap-extcap.sh s/cksum | cut -d/md5sum | cut -d/
# Break: share/wireshark/vcap-extcap.sh s/rm -f "$said"/rm "$said" -f/
# Break: share/wireshark/vcap-extcap.sh s/mv "$to/mv -T "$to/
# bats test_tags=slow
@test "extcap: vcap-extcap.sh asks of its tools what POSIX and BSD have" {
	desk
	strict_tools
	shell="env PATH=$PWD/strict $(command -v dash || command -v bash)"
	PATH=$tools:$PATH desk_lists
	PATH=$tools:$PATH desk_captures
	sort -u options | diff - <(printf '%s\n' 'cut -d' 'cut -f' 'mkdir -p' 'rm -f' 'rm -rf' 'sed -n' 'tr -c')
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
	# On a terminal, without a display.
	printf '#!/bin/sh\necho "termshark $*"\n' >tools/termshark
	chmod 755 tools/termshark
	script -qec 'vcap-open shop -Y tcp' /dev/null </dev/null >seen 3>&-
	[ "$(tr -d '\r' <seen)" = "termshark -r $spool/shop.20260102_000000/shop.20260102_000000.pcapng -Y tcp" ]
	run -1 vcap-open shop.20260103_000000
	[ "$output" = "vcap-open: no capture of 'shop.20260103_000000' has a file yet" ]
	run -1 vcap-open web
	run -2 vcap-open
}
