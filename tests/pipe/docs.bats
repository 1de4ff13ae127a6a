#!/usr/bin/env bats
# Help, manual pages and the commands themselves say the same.

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || exit
	PATH="$PWD/${VCAP_BUILD:-build}/bin:$PATH"
}

commands() {
	basename -a cmd/vcap*.c cmd/vcap*.sh | sed 's/\.[a-z]*$//'
}

# A page's SYNOPSIS as one line with single blanks.
synopsis() {
	mandoc -T utf8 -O width=500 "man/$1.1" | col -bx |
		sed -n '/^SYNOPSIS/,/^DESCRIPTION/{ /^[A-Z]/d; p; }' | tr -s ' \n' ' ' |
		sed 's/‐/-/g; s/^ //; s/ $//'
}

# The usage lines of --help, likewise.
usage() {
	"$1" --help | sed -n '1,/^$/p' | sed 's/^usage: *//' | tr -s ' \n' ' ' |
		sed 's/^ //; s/ $//'
}

differ() { # NAME HELP PAGE
	[ "$2" = "$3" ] || {
		printf '%s\nhelp: %s\npage: %s\n' "$@"
		return 1
	}
}

@test "every command has a manual page, and no page has a warning" {
	for name in $(commands); do
		[ -f "man/$name.1" ] || { echo "no man/$name.1"; false; }
	done
	mandoc -T lint -W warning man/*.[1-8]
}

@test "usage in --help is the SYNOPSIS of the page" {
	for name in $(commands); do
		differ "$name" "$(usage "$name")" "$(synopsis "$name")"
	done
}

@test "the options of --help are those of the page" {
	for name in $(commands); do
		in_help=$("$name" --help | sed -n '/^$/,$p' |
			grep -oE '(^|[ ,])--[a-z][a-z-]*' | tr -d ' ,' | sort -u)
		in_page=$({ grep -E '^\.It .*Fl' "man/$name.1" || true; } |
			grep -oE 'Fl -[a-z][a-z-]*' | sed 's/Fl /-/' | sort -u)
		differ "$name" "$in_help" "$in_page"
	done
}

@test "--help goes to stdout with 0, --version names the command, an unknown option is misuse" {
	for name in $(commands); do
		echo "# $name"
		run --separate-stderr "$name" --help
		[ "$status" -eq 0 ]
		[ -n "$output" ]
		[ -z "$stderr" ]
		run "$name" --version
		[ "$status" -eq 0 ]
		[[ "$output" =~ ^$name\ [0-9]+\.[0-9]+ ]]
		run --separate-stderr "$name" --no-such-option
		[ "$status" -eq 2 ]
		[ -z "$output" ]
		[[ "$stderr" == "$name: "*"'--no-such-option'"* ]]
		[ "${#stderr_lines[@]}" -eq 1 ]
	done
}

@test "a full disk on stdout is an error, and so is none, and a closed stdin" {
	for name in $(commands); do
		for stdout in '>/dev/full' '>&-'; do
			run sh -c "$name --help $stdout"
			[ "$status" -ne 0 ] || { echo "$name $stdout"; false; }
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

@test "vcap(7) names every command" {
	for name in $(commands); do
		grep -qE "^\.It Xr $name 1|^\.Xr $name 1" man/vcap.7 || { echo "$name"; false; }
	done
}
