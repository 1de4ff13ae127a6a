# shellcheck shell=sh disable=SC2154 # the names come from names.sh
# What scripts about vcap live in the lab look for, in live.pcapng and among processes.

seen() { # ENGINE PATH: the request, over IPv4 and IPv6
	[ "$("$LAB_TOOLS/../frames" live.pcapng | grep -c "^$1/[^ ]*/client .*$(printf 'GET %s ' "$2" | od -An -tx1 | tr -d ' \n')")" -eq 2 ]
}

captures() { # ENGINE
	capinfos -I live.pcapng | grep -q "Name = $1/"
}

# Ends it by ^C, prints what it has said, and exits as it does.
end_live() { # PID
	kill -INT "$1"
	status=0
	wait "$1" || status=$?
	cat err
	lab_wait 'end of vcap-run' eval '! pgrep -x vcap-run'
	exit "$status"
}
