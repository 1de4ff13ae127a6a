# Prints the completions of a command line. The input is the command's --help, the arguments are the
# words after the command; the last one is the word to complete.
#
# Prints lines of two kinds: "=WORD<tab>DESCRIPTION" is a candidate. "?KIND<tab>PREFIX<tab>BEGINNING"
# stands for all words of that kind with that beginning; PREFIX precedes them, as in --option=.
#
# The operands follow from the usage: its options are removed, and the nth remaining word is the kind of the
# nth operand, unless it is a word of itself, by which several forms differ. What may be repeated in front of others,
# as the addresses before a file, is in the place of any. A line of an option has its letter, name and kind of value;
# where the usage has alternatives for that, these are all.
BEGIN {
	kinds = "^(service|capture|engine|id|file|dir)(\\||$)"
	count = ARGC - 1
	for (i = 1; i <= count; i++) word[i] = ARGV[i]
	ARGC = 1
	current = word[count]
}
# A sentence, then the usage, then the options.
/^$/ { part++; next }
part == 1 && /^(usage:|      ) vcap/ { forms++ }
part == 1 {
	sub(/^(usage:)? *vcap(-[a-z]+)? */, "")
	form[forms] = form[forms] " " $0
}
/^Examples?:/ { exit }
part > 1 && /^ +(-[A-Za-z0-9], )?--[a-z]/ {
	sub(/^ +/, ""); letter = ""
	if (/^-[A-Za-z0-9], /) { letter = substr($0, 1, 2); $0 = substr($0, 5) }
	match($0, /^--[a-z-]+/); long = substr($0, 1, RLENGTH); $0 = substr($0, RLENGTH + 1)
	sub(/^\[=[^]]*\]/, "")
	if (/^ [^ ]/) { kind[long] = $1; $0 = substr($0, 2 + length($1)) }
	sub(/^ +/, "")
	if (letter) { of[letter] = long; described[letter] = $0 }
	described[long] = $0; option[++options] = long
}
part > 1 && /^    [a-z]+ +[a-z]/ {
	line = $0; sub(/^ +[a-z]+ +/, "", line); about[$1] = line
	# In the order of the alphabet.
	for (i = ++verbs; i > 1 && verb[i - 1] > $1; i--) verb[i] = verb[i - 1]
	verb[i] = $1
}
# A form of the usage without the options in brackets; their alternatives are noted.
function strip(text,   rest, option) {
	gsub(/  +/, " ", text); sub(/^ /, "", text)
	rest = text
	while (match(rest, /\[--?[a-z-]+ [a-z]+(\|[a-z]+)+\]/)) {
		option = substr(rest, RSTART + 1, RLENGTH - 2); rest = substr(rest, RSTART + RLENGTH)
		choices[substr(option, 1, index(option, " ") - 1)] = substr(option, index(option, " ") + 1)
	}
	gsub(/\[=[a-z]+\]/, "", text)
	while (sub(/ *\[-[^][]*\]( \.\.\.)?/, "", text)) ;
	gsub(/ *\| */, "|", text); gsub(/[][]/, "", text); sub(/^ /, "", text)
	return text
}
# Without options and their values: the number of words in token.
function operands(text, token,   i, n, all, words, long) {
	split("", token)
	n = split(text, all, " ")
	for (i = 1; i <= n; i++) {
		if (all[i] !~ /^-./) { token[++words] = all[i]; continue }
		long = all[i]; sub(/.*\|/, "", long)
		if (long !~ /^--/) long = of[long]
		if (kind[long] != "") i++
	}
	return words + 0
}
function offer(text, about) { if (index(text, current) == 1) printf "=%s\t%s\n", text, about }
function value(long, prefix, beginning,   i, n, each) {
	if (long == "--id" || long == "--packets") return # of none that is there; of a row
	if (long in choices) {
		n = split(choices[long], each, "|")
		for (i = 1; i <= n; i++) if (index(each[i], beginning) == 1) printf "=%s\t\n", prefix each[i]
		return
	}
	printf "?%s\t%s\t%s\n", long == "--sandbox" ? "sandbox" : kind[long], prefix, beginning
}
END {
	for (f = 1; f <= forms; f++) form[f] = strip(form[f])
	for (i = 1; i < count; i++) {
		if (only_words || word[i] !~ /^-./) { given[++words] = word[i]; continue }
		if (word[i] == "--") { only_words = 1; continue }
		long = word[i]
		if (long !~ /^--/) long = of["-" substr(long, length(long))]
		if (kind[long] == "") continue
		if (++i == count) { value(long, "", current); exit }
	}
	if (!only_words && current ~ /^--[a-z-]+=/) {
		equals = index(current, "="); long = substr(current, 1, equals - 1)
		if (kind[long]) value(long, long "=", substr(current, equals + 1))
		exit
	}
	if (!only_words && current ~ /^-/) {
		for (i = 1; i <= options; i++) offer(option[i], described[option[i]])
		if (current == "-") for (letter in of) offer(letter, described[letter])
		exit
	}
	for (i = 1; i <= verbs; i++) if (!words) offer(verb[i], about[verb[i]])
	for (f = 1; f <= forms; f++) {
		tokens = operands(form[f], token)
		if (forms > 1 && form[f] ~ /^[a-z]/ && token[1] !~ kinds) {
			if (!words) offer(token[1], "")
			if (token[1] != given[1]) continue
		}
		at = words + 1
		if (token[2] == "..." && tokens > 2) at = tokens
		if (at >= tokens && token[tokens] == "...") at = tokens - 1
		count = at <= tokens ? split(token[at], each, "|") : 0
		for (k = 1; k <= count; k++)
			if (!(each[k] in asked)) { asked[each[k]]; printf "?%s\t\t%s\n", each[k], current }
	}
}
