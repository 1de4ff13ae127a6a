#!/usr/bin/env bats
# vcap-each: one command per engine, and what became of it.
# shellcheck disable=SC2016,SC2086,SC1003 # words that must stay as they are; ids without blanks

bats_require_minimum_version 1.5.0

setup() {
	PATH="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin:$PATH"
	export VCAP_CONFIG="$BATS_TEST_TMPDIR/config" VCAP_SPOOL="$BATS_TEST_TMPDIR/spool"
	id=shop.20260101_000000
	mkdir "$VCAP_CONFIG"
	(umask 077 && mkdir -p "$VCAP_SPOOL/captures/$id/engines")
	printf '%s\n' 'a dir=/d local' 'b iface=e0,e1 local' 'c local' >"$VCAP_CONFIG/engines"
	printf '%s\n' 'id '$id 'service shop' 'state capturing' 'engine a' 'engine b' 'engine c' \
		>"$VCAP_SPOOL/captures/$id/capture"
}

state() { # ENGINE KEY
	sed -n "s/^$2 //p" "$VCAP_SPOOL/captures/$id/engines/$1.state"
}

@test "the answer of each becomes its state" {
	vcap-each $id sh -c 'echo state running; echo "packets ${#1}"; echo hm >&2' - '{}{}'
	for engine in a b c; do
		[ "$(state $engine state)" = running ]
		[ "$(state $engine packets)" = 2 ]
		[ "$(state $engine exit)" = 0 ]
		[ "$(cat "$VCAP_SPOOL/captures/$id/engines/$engine.log")" = hm ]
	done
	vcap-each shop echo packets 7
	[ "$(state b packets)" = 7 ]
	[ "$(state b state)" = running ]
}

@test "placeholders" {
	vcap-each $id echo args '{dir}' '{interfaces}' 'x{}y'
	[ "$(state a args)" = "/d/$id.a xay" ]
	[ "$(state b args)" = "/var/lib/vcap/run/$id.b -i e0 -i e1 xby" ]
}

@test "0, 1 and 3: all, none and some" {
	run vcap-each $id true
	[ "$status" -eq 0 ]
	run vcap-each $id false
	[ "$status" -eq 1 ]
	run vcap-each $id sh -c 'echo first >&2; echo "why $1" >&2; [ "$1" != b ]' - '{}'
	[ "$status" -eq 3 ]
	[ "$(state b exit)" = 1 ]
	[ "$(state b error)" = "why b" ]
	[ "$(state a error)" = "" ]
	run vcap-each -E a,c $id sh -c '[ "$1" != b ]' - '{}'
	[ "$status" -eq 0 ]
	run vcap-each -E a,x $id true
	[ "$status" -eq 2 ]
	[[ "$output" == *"has no engine 'x'" ]]
}

@test "every command reads the input from its beginning; without one, nothing" {
	seq 1000 >"$BATS_TEST_TMPDIR/in"
	vcap-each -i "$BATS_TEST_TMPDIR/in" $id sh -c 'echo lines $(wc -l)'
	for engine in a b c; do
		[ "$(state $engine lines)" = 1000 ]
	done
	vcap-each $id sh -c 'echo lines $(wc -l)' </dev/zero
	[ "$(state c lines)" = 0 ]
}

@test "a command that does not end is ended" {
	run vcap-each -t 200ms $id sleep 60
	[ "$status" -eq 1 ]
	[ "$(state a exit)" = 124 ]
	[ "$(state a error)" = "no answer in time" ]
}

@test "an endless or garbled answer harms nobody" {
	run vcap-each -t 20s -E a $id yes
	[ "$status" -eq 1 ]
	run vcap-each -E b $id sh -c 'yes >&2'
	[ "$status" -eq 1 ]
	[ "$(stat -c %s "$VCAP_SPOOL/captures/$id/engines/b.log")" -le 2000000 ]
	run vcap-each -E c $id printf 'STATE \033[31m\n'
	[ "$status" -eq 1 ] || [ "$(state c exit)" = 1 ]
	vcap-each -E a $id printf 'note \033[31mred\033[0m\n'
	[ "$(state a note)" = "?[31mred?[0m" ]
	run ! grep -r $'\033' "$VCAP_SPOOL"
}

@test "an engine that the engines file has lost is a failure of that engine" {
	printf 'a local\nb local\n' >"$VCAP_CONFIG/engines"
	run vcap-each $id true
	[ "$status" -eq 3 ]
	[[ "$(state c error)" == *"unknown engine 'c'" ]]
}

@test "files are the owner's alone" {
	umask 000
	vcap-each $id sh -c 'echo a b; echo x >&2'
	[ -z "$(find "$VCAP_SPOOL/captures/$id/engines" -type f ! -perm 600)" ]
	chmod 777 "$VCAP_SPOOL/captures/$id"
	run vcap-each $id true
	[ "$status" -eq 1 ]
	[[ "$output" == *"others may write to"* ]]
}

@test "a state that is a link is not followed" {
	echo victim >"$BATS_TEST_TMPDIR/victim"
	ln -s "$BATS_TEST_TMPDIR/victim" "$VCAP_SPOOL/captures/$id/engines/a.state"
	ln -s "$BATS_TEST_TMPDIR/victim" "$VCAP_SPOOL/captures/$id/engines/a.log"
	run vcap-each -E a $id sh -c 'echo a b; echo x >&2'
	[ "$(cat "$BATS_TEST_TMPDIR/victim")" = victim ]
}
