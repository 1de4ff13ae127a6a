# The text of vcap-report: from the groups of vcap-transactions --by server and its rows, in the order
# of the columns that vcap-report asks for. Of the environment: name is of what was read, said is a file of
# what was said on standard error.
BEGIN { FS = "\t"; name = ENVIRON["name"]; said = ENVIRON["said"] }

function shorter(text, width) { return length(text) > width ? substr(text, 1, width - 3) "..." : text }
# Addresses are never cut: a column is as wide as the widest.
function padded(text, width) { return sprintf("%-" width "s", text) }
function wider(width, text) { return length(text) > width ? length(text) : width }

FILENAME ~ /\/by$/ {
	if ($4 ~ /^(WAIT|CONNECT|TTFB|TRANSFER|TOTAL)$/)
	{
		phase_server[++phase_count] = $1
		phases[phase_count] = sprintf("%6s %6s %-8s %9s %9s %9s %9s", $2, $3, $4, $6, $7, $8, $9)
	}
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
		id[i] = id[i - 1]; client[i] = client[i - 1]; server[i] = server[i - 1]; line[i] = line[i - 1]
	}
	if (i < 10 || slow[i] < $10) {
		slow[i] = $10
		id[i] = $1; client[i] = $3; server[i] = $4
		line[i] = sprintf("%-22s %3s %9s %9s %9s %9s %s", shorter($5 " " $6, 22), $7, $12, $11, $14, $10, $9)
	}
}
END {
	printf "%s: %d rows in %.3f s", name, count, last - first
	for (unit in units) printf ", %d %s", units[unit], unit
	printf "\n"
	width = length("SERVER")
	for (i = 1; i <= phase_count; i++) width = wider(width, phase_server[i])
	if (phase_count) printf "\n%s %6s %6s %-8s %9s %9s %9s %9s\n", padded("SERVER", width), "COUNT", "ERRORS", "PHASE", "MEDIAN", "P95", "P99", "MAX"
	for (i = 1; i <= phase_count; i++) print padded(phase_server[i], width), phases[i]
	width = length("CLIENT"); to = length("SERVER")
	for (i = 1; i <= slow_count; i++) { width = wider(width, client[i]); to = wider(to, server[i]) }
	if (slow_count) printf "\n%6s %s %s %-22s %3s %9s %9s %9s %9s %s\n", "ID", padded("CLIENT", width), padded("SERVER", to), "REQUEST", "", "WAIT", "TTFB", "TRANSFER", "TOTAL", "END"
	for (i = 1; i <= slow_count; i++) printf "%6s %s %s %s\n", id[i], padded(client[i], width), padded(server[i], to), line[i]
	printf "\nnot complete, or failed:\n"
	for (end in ends) { printf "%8d %s\n", ends[end], end | "sort -rn"; any = 1 }
	close("sort -rn")
	if (!any) print "       0"
	printf "\nsent again %d, windows closed by clients %d, rows with lost bytes %d\n", again, closed, lost
	while ((getline text < said) > 0) print text
}
