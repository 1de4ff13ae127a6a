# shellcheck shell=bash
# What benchmarks of captures measure with.

# Processor time so far of a process and all that it has started, in ns.
spent() { # PID
	local pids=$1 more=$1 pid
	while more=$(pgrep -P "$(paste -sd , <<<"$more")"); do pids+=$'\n'$more; done
	for pid in $pids; do cat /proc/"$pid"/task/*/schedstat; done 2>/dev/null |
		awk '{ sum += $1 } END { printf "%.0f\n", sum }'
}

# Of numbers, one a line.
median() {
	sort -g | awk '{ v[NR] = $1 } END { printf "%.12g\n", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# The median, and the least and the most behind it.
range() { # FORMAT of each
	sort -g | awk -v format="$1" '{ v[NR] = $1 } END {
		printf format " (" format "-" format ")\n", (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2, v[1], v[NR] }'
}
