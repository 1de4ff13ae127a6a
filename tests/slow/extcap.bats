#!/usr/bin/env -S tests/lab/lab bats
# How captures of tshark end, in the lab; run it from the top of the tree.

bats_require_minimum_version 1.5.0
load ../until
load ../net/extcap

# Break: lib/extcap/extcap_capture.c s/toolbar_tell(flow->capture->toolbar, reason)/say(flow, reason)/
@test "extcap: nothing is left and nothing is called an error, however a capture ends" {
	# By packets, by tshark's time, by a signal, by the reader's death, by tshark's own.
	begin count.pcapng -c 5
	lab_get 201 /x
	ended 0 >said
	begin time.pcapng -a duration:4
	ended 0 >>said
	begin term.pcapng
	kill -TERM "$shark"
	ended 0 >>said || ended 1 >>said
	begin reader.pcapng
	kill -KILL "$(pgrep -x dumpcap)"
	until_true gone
	kill -TERM "$shark" 2>/dev/null || true
	wait "$shark" || true
	begin kill.pcapng
	kill -KILL "$shark"
	wait "$shark" || true
	until_true gone
	# By the dialog's limits, which complete the file.
	for limit in stopafter:3s stopsize:200; do
		begin limit.pcapng -o "extcap.vcap_shop.$limit"
		ended 0 >>said
		vcap-stat limit.pcapng >stat 2>stat.err
		run -1 grep 'cut short' stat.err
	done
	[ ! -s said ] || { cat said; false; }
}
