# As root, Debian's tcpdump becomes another user, whom a namespace of one user lacks: there it runs as
# nobody at all. To be sourced; for reading files.
tcpdump() {
	if [ "$(awk "{ print \$3 }" /proc/self/uid_map)" -gt 1 ]; then
		command tcpdump "$@"
	else
		unshare -U tcpdump "$@"
	fi
}
