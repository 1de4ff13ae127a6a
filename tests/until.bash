# shellcheck shell=bash
# Waiting for what another process does.

until_true() { # COMMAND...: within half a minute, or $patience seconds
	for _ in $(seq $((${patience:-30} * 50))); do
		if "$@" >/dev/null 2>&1; then return 0; fi
		sleep 0.02
	done
	echo "never: $*"
	cat err 2>/dev/null || true
	return 1
}
