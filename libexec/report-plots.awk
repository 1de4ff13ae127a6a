# Two plots of vcap-report's page: TOTAL over time, a point for each row, and how many took at most how
# long. Reads the rows twice, the second time sorted by TOTAL.
BEGIN { FS = "\t"; width = 880; height = 240 }

function escaped(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	gsub(/>/, "\\&gt;", text)
	gsub(/"/, "\\&quot;", text)
	return text
}
function colour(end, status) {
	return end != "complete" ? "#c9190b" : status >= 500 ? "#f0ab00" : "#06c"
}
function frame(title, x, y) {
	printf "<h2>%s</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", title, width + 70, height + 30, title
	printf "<path d=\"M60 0V%dH%d\" fill=\"none\" stroke=\"#888\"/>\n", height, width + 60
	printf "<text x=\"0\" y=\"12\">%.6f s</text><text x=\"0\" y=\"%d\">0</text>\n", y, height
	printf "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", width + 60, height + 20, x
}

FNR == 1 { part++ }
part == 1 && $10 != "-" {
	count++
	began[count] = $2; total[count] = $10; end[count] = $9; status[count] = $7
	says[count] = "transaction " $1 ": " $5 " " $6 " " $7 ", " $10 " s, " $9
	if (first == "" || $2 < first) first = $2
	if ($2 > last) last = $2
	if ($10 > most) most = $10
}
part == 2 && $10 != "-" { sorted[++sorted_count] = $10 }
END {
	if (!count) exit
	if (most == 0) most = 1
	frame("TOTAL over time", sprintf("%.3f s", last - first), most)
	for (i = 1; i <= count; i++)
		printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"><title>%s</title></circle>\n",
			60 + (last > first ? (began[i] - first) / (last - first) : 0) * width,
			height - total[i] / most * height, colour(end[i], status[i]), escaped(says[i])
	print "</svg>\n<p>Blue: complete. Yellow: a status of 500 or more. Red: not complete.</p>"
	frame("TOTAL by percentile", "100 %", most)
	printf "<path fill=\"none\" stroke=\"#06c\" stroke-width=\"2\" d=\"M"
	for (i = 1; i <= sorted_count; i++)
		printf "%s%.1f %.1f", (i > 1 ? "L" : ""), 60 + i / sorted_count * width, height - sorted[i] / most * height
	print "\"/>\n</svg>"
}
