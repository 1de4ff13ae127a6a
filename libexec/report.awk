# The text of vcap-report: from the groups of vcap-transactions --by server and its rows, in the order
# of the columns that vcap-report asks for. Of the environment: name is of what was read, said is a file of
# what was said on standard error.
BEGIN { FS = "\t"; name = ENVIRON["name"]; said = ENVIRON["said"] }

function shorter(text, width) { return length(text) > width ? substr(text, 1, width - 3) "..." : text }

FILENAME ~ /\/by$/ {
	if ($4 ~ /^(WAIT|CONNECT|TTFB|TRANSFER|TOTAL)$/)
		phases[++phase_count] = sprintf("%-24s %7s %7s %-8s %10s %10s %10s %10s", shorter($1, 24), $2, $3, $4, $6, $7, $8, $9)
	next
}
{
	count++
	first = first == "" || $2 < first ? $2 : first
	last = $2 > last ? $2 : last
	units[$19]++
	if ($9 != "complete") ends[$9]++
	if ($7 >= 500) ends["status " $7 " from " ($8 == "-" ? "?" : $8)]++
	if ($20 != "-") { n = split($20, parts, ", "); for (i = 1; i <= n; i++) ends["attempt: " parts[i]]++ }
	if ($18 ~ /lost/) lost++
	again += $15 + $16
	closed += $17
	if ($10 == "-") next
	# The ten slowest, in order.
	for (i = slow_count < 10 ? ++slow_count : 10; i > 1 && slow[i - 1] < $10; i--) {
		slow[i] = slow[i - 1]
		line[i] = line[i - 1]
	}
	if (i < 10 || slow[i] < $10) {
		slow[i] = $10
		line[i] = sprintf("%6s %-21s %-21s %-22s %3s %9s %9s %9s %9s %s", $1, shorter($3, 21), shorter($4, 21),
			shorter($5 " " $6, 22), $7, $12, $11, $14, $10, $9)
	}
}
END {
	printf "%s: %d rows in %.3f s", name, count, last - first
	for (unit in units) printf ", %d %s", units[unit], unit
	printf "\n"
	if (phase_count) printf "\n%-24s %7s %7s %-8s %10s %10s %10s %10s\n", "SERVER", "COUNT", "ERRORS", "PHASE", "MEDIAN", "P95", "P99", "MAX"
	for (i = 1; i <= phase_count; i++) print phases[i]
	if (slow_count) printf "\n%6s %-21s %-21s %-22s %3s %9s %9s %9s %9s %s\n", "ID", "CLIENT", "SERVER", "REQUEST", "", "WAIT", "TTFB", "TRANSFER", "TOTAL", "END"
	for (i = 1; i <= slow_count; i++) print line[i]
	printf "\nnot complete, or failed:\n"
	for (end in ends) { printf "%8d %s\n", ends[end], end | "sort -rn"; any = 1 }
	close("sort -rn")
	if (!any) print "       0"
	printf "\nsent again %d, windows closed by clients %d, rows with lost bytes %d\n", again, closed, lost
	while ((getline text < said) > 0) print text
}
