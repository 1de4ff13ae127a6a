#!/usr/bin/env -S tests/lab/lab bats
# Wireshark itself, on a display of its own, with mouse and keys: a service's dialog is filled in, the capture
# started, stopped and saved. Places are those of a window of 1280x800 in Wireshark 4.0 of Debian 12.
# SCREENSHOTS=DIR keeps pictures.

bats_require_minimum_version 1.5.0
load ../until
load ../net/extcap

programs() {
	local program
	for program in wireshark Xvfb xdotool import; do
		command -v "$program" >/dev/null || skip "no $program here"
	done
}

teardown() {
	kill "$wireshark" "$display" 2>/dev/null || true
	until_true gone
}

window() { # TITLE: its number
	xdotool search --onlyvisible --name "$1" | head -n 1 | grep .
}

colour_is() { # X Y COLOUR: what is drawn there
	[[ "$(import -window root -crop "1x1+$1+$2" -depth 8 txt:-)" == *"$3"* ]]
}

picture() { # NAME
	[ -z "${SCREENSHOTS-}" ] || import -window root -colors 64 "$SCREENSHOTS/wireshark-$1.png"
}

click() { # X Y
	xdotool mousemove "$1" "$2" click 1
}

# The keys go to the window that has the focus: there is no window manager.
keys() { # TITLE KEY...
	until_true window "$1"
	xdotool windowfocus --sync "$(window "$1")" key "${@:2}"
}

# dumpcap may go on, for the pictures of traffic beside the interfaces.
ended_by_button() {
	! pgrep -x 'vcap-run|vcap-live|vcap-merge|vcap-extcap'
}

captured() { # TEXT: in Wireshark's own file
	grep -aq "$1" tmp/*.pcapng
}

# Wireshark, on a display of its own, with one interface, which is chosen.
open_wireshark() { # HEIGHT: at which the interface's line lies
	mkdir tmp
	mkdir -m 700 run
	export TMPDIR=$PWD/tmp XDG_RUNTIME_DIR=$PWD/run
	Xvfb -displayfd 9 -screen 0 1280x800x24 -nolisten tcp 9>number >xvfb.log 2>&1 3>&- &
	display=$!
	until_true test -s number
	DISPLAY=:$(cat number)
	export DISPLAY
	hidden=$(tshark -D 2>/dev/null | sed 's/^[0-9]*\. //; s/ .*//' | grep -v '^vcap-' | paste -sd ,)
	wireshark -C vcap -o gui.update.enabled:FALSE -o "capture.devices_hide:$hidden" >wireshark.log 2>&1 3>&- &
	wireshark=$!
	until_true window 'Wireshark Network Analyzer'
	xdotool windowmove "$(window 'Wireshark Network Analyzer')" 0 0 windowsize "$(window 'Wireshark Network Analyzer')" 1280 800
	# The only interface is chosen once it is known.
	until_true colour_is 900 "$1" '#308CC6'
	xdotool windowfocus --sync "$(window 'Wireshark Network Analyzer')"
}

@test "wireshark: a dialog is filled in, a capture started, stopped and saved; the file is the witnesses'" {
	programs
	lab_witness_all
	open_wireshark 241
	# Its gear wheel opens the dialog.
	click 169 241
	until_true window 'Interface Options'
	xdotool windowfocus --sync "$(window 'Interface Options')"
	until_true colour_is 600 440 '#EFEFEF'
	click 640 307
	xdotool type '10.0.0.0/8 2001:db8::/32'
	picture dialog
	click 707 451
	until_true grep -q '^extcap.vcap_shop.spec: 10.0.0.0/8 2001:db8::/32' "$HOME/.config/wireshark/profiles/vcap/preferences"
	keys 'Wireshark Network Analyzer' ctrl+e
	until_true pgrep -x vcap-join
	until_true captured lb1
	lab_mark m1
	lab_traffic 1
	lab_mark m2
	until_true captured 'GET /m2'
	picture capture
	[[ "$(cat /proc/"$(pgrep -x vcap-extcap)"/cmdline | tr '\0' ' ')" == *'--spec 10.0.0.0/8 2001:db8::/32 '* ]]
	until_true window 'Capturing from vcap'
	# Not by ctrl+e: the filter line has the keys by now, where that moves the cursor to the end. After a click
	# into the list of packets it would do.
	click 53 41
	began=${EPOCHREALTIME/./}
	patience=15 until_true ended_by_button
	printf '# stop button: %d ms\n' $(((${EPOCHREALTIME/./} - began) / 1000)) >&3
	keys 'vcap' ctrl+shift+s
	until_true window 'Save Capture File'
	xdotool windowfocus --sync "$(window 'Save Capture File')" type "$PWD/saved.pcapng"
	xdotool key Return
	until_true test -s saved.pcapng
	picture saved
	# The button ends a capture so that the file is whole.
	vcap-stat saved.pcapng >stat 2>stat.err
	run -1 grep 'cut short' stat.err
	lab_collect saved.pcapng client server
	lab_compare client server
}

has_text() { # TITLE: in a window of its own
	[ "$(import -window "$(window "$1")" -depth 8 txt:- | grep -c '#000000')" -gt 100 ]
}

# Break: lib/extcap/extcap_capture.c s/end_ns = after_ns ? flow->started_ns + after_ns/end_ns = after_ns ? INT64_MAX/
@test "wireshark: the toolbar has a log, and how long to go on is changed while it captures" {
	programs
	echo 'gui.interface_toolbar_show: "vcap: services on their load balancers"' \
		>"$HOME/.config/wireshark/profiles/vcap/recent"
	open_wireshark 281
	keys 'Wireshark Network Analyzer' ctrl+e
	until_true captured lb1
	until_true captured lb2
	until_true window 'Capturing from vcap'
	click 1226 109
	until_true window 'vcap-shop Log'
	until_true has_text 'vcap-shop Log'
	picture log
	keys 'vcap-shop Log' Escape
	# Five minutes, which are one from here on.
	click 303 109
	xdotool key Home Down Return
	picture toolbar
	patience=90 until_true ended_by_button
	vcap-stat tmp/*.pcapng >stat 2>stat.err
	run -1 grep 'cut short' stat.err
}
