# shellcheck shell=bash
# Waiting for what another process does.

# A moment, without a process for it: a pipe that never has a line. Long waits look less often.
pause() { # HUNDREDTHS of a second, below 100
	[ -p "$BATS_RUN_TMPDIR/never" ] || mkfifo "$BATS_RUN_TMPDIR/never" 2>/dev/null || true
	local hundredths
	printf -v hundredths .%02d "$1"
	read -rt "$hundredths" <>"$BATS_RUN_TMPDIR/never" || true
}

until_true() { # COMMAND...: within half a minute, or $patience seconds
	local moment=1 end=$((SECONDS + ${patience:-30}))
	until "$@" >/dev/null 2>&1; do
		if [ "$SECONDS" -gt "$end" ]; then
			echo "never: $*"
			cat err 2>/dev/null || true
			return 1
		fi
		pause $moment
		[ $moment -ge 8 ] || moment=$((moment + 1))
	done
}
