#!/usr/bin/env bats
# Help, manual pages and the commands themselves say the same.

bats_require_minimum_version 1.5.0

# What each command says, and each page, in a file NAME.help or NAME.page: programs take long to start.
setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || exit
	PATH="$PWD/${VCAP_BUILD:-build}/bin:$PATH"
	for name in $(commands); do
		"$name" --help >"$BATS_FILE_TMPDIR/$name.help"
	done
	# The head of each page has its name, in capitals.
	# shellcheck disable=SC2046 # words
	mandoc -T utf8 -O width=500 $(commands | sed 's|.*|man/&.1|') | col -bx | awk -v dir="$BATS_FILE_TMPDIR" '
		/^VCAP[A-Z-]*\(1\) .*VCAP[A-Z-]*\(1\)$/ && tolower($1) != page { page = tolower($1); name = page; sub(/\(1\)/, "", name) }
		{ print >(dir "/" name ".page") }'
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || exit
	PATH="$PWD/${VCAP_BUILD:-build}/bin:$PATH"
}

commands() {
	for source in cmd/vcap*.c cmd/vcap*.sh; do
		source=${source##*/}
		# This one is left out without clang and libbpf.
		[ "$source" != vcap-drops.c ] || command -v vcap-drops >/dev/null || continue
		echo "${source%.*}"
	done
}

# Of each page, "NAME SYNOPSIS" as one line with single blanks.
synopses() {
	awk '
		FNR == 1 { on = 0; name = FILENAME; sub(/.*\//, "", name); sub(/\.page$/, "", name); order[++n] = name }
		/^[A-Z]/ { on = /^SYNOPSIS/; next }
		on { text[name] = text[name] " " $0 }
		END {
			for (i = 1; i <= n; i++) {
				line = text[order[i]]; gsub(/‐/, "-", line); gsub(/[ \t]+/, " ", line)
				sub(/^ /, "", line); sub(/ $/, "", line)
				print order[i], line
			}
		}' "$@"
}

# The usage lines of --help, likewise.
usages() {
	awk '
		FNR == 1 { on = 0; name = FILENAME; sub(/.*\//, "", name); sub(/\.help$/, "", name); order[++n] = name }
		/^usage:/ { on = 1 }
		/^$/ { on = 0 }
		on { sub(/^usage: */, ""); text[name] = text[name] " " $0 }
		END {
			for (i = 1; i <= n; i++) {
				line = text[order[i]]; gsub(/[ \t]+/, " ", line)
				sub(/^ /, "", line); sub(/ $/, "", line)
				print order[i], line
			}
		}' "$@"
}

# "NAME --option" of each long option in what is said of options.
options_said() {
	awk '
		FNR == 1 { part = 0; name = FILENAME; sub(/.*\//, "", name); sub(/\.help$/, "", name) }
		/^$/ { part++ }
		/^Example/ { part = 0 }
		part > 1 {
			line = " " $0
			while (match(line, /[ ,]--[a-z][a-z-]*/)) {
				print name, substr(line, RSTART + 1, RLENGTH - 1)
				line = " " substr(line, RSTART + RLENGTH)
			}
		}' "$@" | sort -u
}

options_of_pages() {
	awk '
		FNR == 1 { name = FILENAME; sub(/.*\//, "", name); sub(/\.1$/, "", name) }
		/^\.It .*Fl/ {
			line = $0
			while (match(line, /Fl -[a-z][a-z-]*/)) {
				print name, "-" substr(line, RSTART + 3, RLENGTH - 3)
				line = substr(line, RSTART + RLENGTH)
			}
		}' "$@" | sort -u
}

@test "every command has a manual page, and no page has a warning" {
	for name in $(commands); do
		[ -f "man/$name.1" ] || { echo "no man/$name.1"; false; }
	done
	mandoc -T lint -W warning man/*.[1-8]
}

@test "usage in --help is the SYNOPSIS of the page" {
	cd "$BATS_FILE_TMPDIR"
	usages ./*.help | sort >usages
	[ "$(cut -d ' ' -f 1 usages)" = "$(cd "$OLDPWD" && commands | sort)" ]
	synopses ./*.page | sort | diff usages -
}

@test "the options of --help are those of the page" {
	options_said "$BATS_FILE_TMPDIR"/*.help >"$BATS_TEST_TMPDIR/said"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/said")" -gt 100 ]
	# shellcheck disable=SC2046 # words
	options_of_pages $(commands | sed 's|.*|man/&.1|') | diff "$BATS_TEST_TMPDIR/said" -
}

# Break: cmd/cli.c s/column + 1 + length > 80/0/
@test "--help begins with a sentence, is 80 columns wide, and ends with examples" {
	awk '
		function bad(what) { print FILENAME ": " what ": " $0; failed = 1 }
		FNR == 1 && !/^[A-Z][^.]*[a-z.][^.]*\.$/ { bad("no sentence") }
		length($0) > 80 { bad("too wide") }
		FNR == 1 { if (NR > 1 && examples != 1 && examples != 2) { print "examples before " FILENAME; failed = 1 }
			examples = on = 0 }
		/^$/ { on = 0 }
		on { examples++ }
		/^Examples?:$/ { on = 1 }
		END { exit failed }' "$BATS_FILE_TMPDIR"/*.help
}

# bats test_tags=slow
@test "--help goes to stdout with 0, --version names the command, an unknown option is misuse" {
	for name in $(commands); do
		echo "# $name"
		run --separate-stderr "$name" --help
		[ "$status" -eq 0 ]
		[ -n "$output" ]
		[ -z "$stderr" ]
		"$name" -h | diff - "$BATS_FILE_TMPDIR/$name.help"
		output=$("$name" --version)
		[[ "$output" =~ ^$name\ [0-9]+\.[0-9]+ ]]
		run --separate-stderr "$name" --no-such-option
		[ "$status" -eq 2 ]
		[ -z "$output" ]
		[[ "$stderr" == "$name: "*"'--no-such-option'"* ]]
		[ "${#stderr_lines[@]}" -eq 1 ]
	done
}

# bats test_tags=slow
@test "a full disk on stdout is an error, and so is none, and a closed stdin" {
	for name in $(commands); do
		for stdout in '>/dev/full' '>&-'; do
			! eval "$name --help $stdout" 2>/dev/null || { echo "$name $stdout"; false; }
		done
	done
	run -2 sh -c 'vcap-filter - <&-'
	[ "$output" = "vcap-filter: cannot read 'standard input': Bad file descriptor" ]
}

@test "pages refer only to pages that exist" {
	sed -nE 's/^\.Xr (vcap[a-z-]*) ([0-9]).*/\1.\2/p' man/*.[1-8] | sort -u | while read -r page; do
		[ -f "man/$page" ] || { echo "no man/$page"; exit 1; }
	done
}

@test "vcap's help has a line for every command" {
	for name in $(commands); do
		[ "$name" = vcap ] || grep -qE "^    ${name#vcap-} +[a-z]" "$BATS_FILE_TMPDIR/vcap.help" || { echo "$name"; false; }
	done
	vcap help | diff - "$BATS_FILE_TMPDIR/vcap.help"
	run -2 vcap
	[ "$output" = "$(cat "$BATS_FILE_TMPDIR/vcap.help")" ]
	vcap help ls | diff - "$BATS_FILE_TMPDIR/vcap-ls.help"
}

@test "vcap(7) names every command" {
	for name in $(commands); do
		grep -qE "^\.It Xr $name 1|^\.Xr $name 1" man/vcap.7 || { echo "$name"; false; }
	done
}
