#!/usr/bin/env bats
# vcap-ls and vcap-rm on a spool that was written by hand, and by others.

bats_require_minimum_version 1.5.0

setup() {
	PATH="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin:$PATH"
	export VCAP_SPOOL="$BATS_TEST_TMPDIR/spool"
	umask 077
	mkdir -p "$VCAP_SPOOL/captures"
	cd "$VCAP_SPOOL/captures" || return
	entry shop.20260102_030405 'state done' 'engine a' 'engine b' 'packets 12' 'size 2048' 'dropped 3'
	entry shop.20260101_000000 'state partial' 'engine a' 'engine b' 'missing b not reached: x' \
		'packets 5' 'size 500' 'dropped 0' 'message engine b is missing'
	entry web.1.20260103_000000 'state capturing' 'engine a' 'engine b'
	printf '%s\n' 'packets 7' 'dropped 1' >web.1.20260103_000000/engines/a.state
	printf '%s\n' 'packets 8' >web.1.20260103_000000/engines/b.state
}

entry() { # ID LINE...
	mkdir -p "$1/engines"
	printf '%s\n' "${@:2}" >"$1/capture"
}

@test "raw: documented columns, oldest first" {
	[ "$(vcap-ls -r)" = "$(printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
		'2026-01-01 00:00:00' shop 500 5 0 a b partial shop.20260101_000000 \
		'2026-01-02 03:04:05' shop 2048 12 3 a,b - "done" shop.20260102_030405 \
		'2026-01-03 00:00:00' web.1 0 15 1 a,b - capturing web.1.20260103_000000)" ]
}

# Break: cmd/vcap-ls.c s/if (options.word \&\& !\*ids/if (0/
@test "a service, an id, neither" {
	[ "$(vcap-ls -r shop | wc -l)" -eq 2 ]
	[ "$(vcap-ls -r web | wc -l)" -eq 0 ]
	[ "$(vcap-ls -r web.1 | wc -l)" -eq 1 ]
	[ "$(vcap-ls -r shop.20260101_000000 | cut -f 8)" = partial ]
	# People are told of a word that is nothing, and scripts get nothing.
	run -0 vcap-ls web
	[ "$output" = "vcap-ls: there is no capture of 'web'" ]
	run -0 vcap-ls web.20260101_000000
	[ "$output" = "vcap-ls: there is no capture 'web.20260101_000000'" ]
	run -0 vcap-ls -r web
	[ -z "$output" ]
}

@test "a table for people" {
	TZ=UTC run vcap-ls
	[ "${#lines[@]}" -eq 4 ]
	[[ "${lines[0]}" =~ ^DATE\ \(\+00:00\)\ +SERVICE\ +SIZE\ +PACKETS\ +DROPS\ +ENGINES\ +STATE\ +ID$ ]]
	[[ "${lines[1]}" == *"a (missing b)"*partial* ]]
	[[ "${lines[2]}" == *2.0k* ]]
}

# Break: lib/controller/capture_table.c s/format_local(date_ns(entry->id), date)/format_date(entry->id, date)/
@test "dates are local ones for people, with their zone in the heading or behind them" {
	entry shop.20260701_120000-2 'state done'
	export TZ=CET-1CEST,M3.5.0,M10.5.0/3
	run vcap-ls
	zone=$(date +%:z)
	[[ "${lines[0]}" == "DATE ($zone)"* ]]
	grep -q "^2026-01-02 04:04:05" <<<"$output"
	grep -q "^2026-07-01 14:00:00.* shop " <<<"$output"
	[ "$zone" = +02:00 ] || grep -q "^2026-07-01 14:00:00 +02:00 " <<<"$output"
	vcap-ls -r | grep -q "^2026-07-01 12:00:00	shop"
}

# Break: lib/base/table.c s/ > room/ > 9999/
# bats test_tags=slow
@test "tables are as narrow as the terminal: nothing is cut, and what gives way is below or in the id" {
	long=a-service-with-thirty-letters..
	engines=$(printf 'engine engine-%d\n' 1 2 3 4 5)
	mapfile -t lines <<<"$engines"
	entry $long.20260104_000000 'state partial' "${lines[@]}" 'missing engine-2 not reached: the host is down and nobody answers, nobody at all' \
		'packets 1234567' 'size 123456789' 'dropped 0'
	for command in "vcap-ls $long" "vcap-status -n $long.20260104_000000"; do
		for columns in 80 200; do
			COLUMNS=$columns $command >shown.$columns
			awk -v most=$columns 'length($0) > most { print; bad = 1 } END { exit bad }' shown.$columns
			grep -q $long.20260104_000000 shown.$columns
		done
		# The words are the same, but for the columns that the id has.
		tr -s ' \n' '\n' <shown.80 | sort -u >words.80
		tr -s ' \n' '\n' <shown.200 | sort -u | comm -13 - words.80 | diff /dev/null -
		run ! cmp -s shown.80 shown.200
	done
	grep -q "^  not reached: the host is down" shown.80
}

@test "a terminal that is too narrow for all that gets the whole table" {
	[ "$(script -qec 'stty cols 40; vcap-ls' /dev/null | tr -d '\r')" = "$(vcap-ls)" ]
}

# Break: lib/controller/mergedfile.c s/--only=%s/-z/
# bats test_tags=slow
@test "export: of one engine, of one side, as pcap, with a note" {
	mkcap=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/tests/tools" && pwd)/mkcap
	id=shop.20260102_030405
	printf 'vip 10.0.0.2 udp/9\n' >shop
	"$mkcap" -f pcapng -n 7 -p 9 >a
	"$mkcap" -f pcapng -n 5 -p 8 >b
	vcap-merge -S ./shop -w $id/$id.pcapng a=a b=a b=b
	vcap-export -w all $id && cmp all $id/$id.pcapng
	(umask 077 && printf '%064d\n' 7 >key)
	vcap-export --anonymize key -w away.pcapng $id
	vcap-anonymize -k key -w same.pcapng all
	[ "$(vcap-print away.pcapng)" = "$(vcap-print same.pcapng)" ]
	[ "$(vcap-print away.pcapng | wc -l)" -eq "$(vcap-print all | wc -l)" ]
	run -1 vcap-export --anonymize nokey -w nothing.pcapng $id
	[ ! -e nothing.pcapng ]
	run -2 vcap-export --anonymize key --keys -w nothing.pcapng $id
	[ "$(vcap-export --only a -w - $id | tcpdump -nr - 2>/dev/null | wc -l)" -eq 7 ]
	[ "$(vcap-export --only /client -F pcap -w - $id | tcpdump -nr - 2>/dev/null | wc -l)" -eq 14 ]
	vcap-export --only b/other --comment 'for Alice' -w - $id | grep -qaF 'note: for Alice'
	run -2 vcap-export --only a/b $id
	run -2 vcap-export -F pcap --comment x $id
}

# Break: lib/controller/fileword.c s/if (!is_ring(&entry))/if (1)/
# Break: lib/controller/fileword.c s/(rc == 0 \&\& !is_ring(entry))/rc == 0/
@test "a rolling capture has no file: of its service another capture is taken, or it is said what to do" {
	rm -r shop.*
	entry shop.20260103_000000 'state capturing' 'service shop' 'engine a' 'rolling 5000000000'
	for command in 'export -w out' print transactions report wait; do
		# shellcheck disable=SC2086 # words
		run -1 vcap-$command shop
		[ "$output" = "vcap-${command%% *}: 'shop.20260103_000000' is rolling, and the only capture of 'shop': 'vcap snapshot shop' makes one of what it has" ]
	done
	run -1 env -C / vcap-report shop.20260103_000000
	[ "$output" = "vcap-report: 'shop.20260103_000000' is rolling: 'vcap snapshot shop.20260103_000000' makes a capture of it" ]
	entry shop.20260102_030405 'state done' 'service shop' 'engine a'
	printf 'vip 10.0.0.2 udp/9\n' >shop.20260102_030405/service
	"$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/tests/tools/mkcap" -f pcapng -n 7 -p 9 >a
	vcap-merge -w shop.20260102_030405/shop.20260102_030405.pcapng a
	[ "$(vcap-print shop | wc -l)" -eq 7 ]
	vcap-export -w out shop
	[ "$(vcap-wait shop)" = "$PWD/shop.20260102_030405/shop.20260102_030405.pcapng" ]
	# One that has ended by its time has a file.
	entry shop.20260102_040000 'state done' 'service shop' 'engine a' 'rolling 5000000000' 'duration 3000000000'
	cp shop.20260102_030405/service shop.20260102_040000
	vcap-merge -w shop.20260102_040000/shop.20260102_040000.pcapng a a
	[ "$(vcap-print shop | wc -l)" -eq 14 ]
	rm -r shop.20260102_040000
	# A second one, too, is in nobody's way, and is stopped as before.
	entry shop.20260104_000000 'state capturing' 'service shop' 'engine a' 'rolling 6000000000'
	[ "$(vcap-print shop | wc -l)" -eq 7 ]
	run -2 vcap-stop shop
	entry shop.20260105_000000 'state capturing' 'service shop' 'engine a'
	run -1 vcap-print shop
	[[ $output == *"'shop.20260105_000000' has no file yet: run 'vcap wait"* ]]
	entry shop.20260106_000000 'state capturing' 'service shop' 'engine a' 'snapshot-of shop.20260104_000000' 'rolling 6000000000'
	run -2 vcap-print shop
	[ "$output" = "vcap-print: several captures of 'shop' are unfinished: 'shop.20260106_000000', 'shop.20260105_000000'" ]
}

@test "JSON" {
	command -v jq >/dev/null || skip "no jq"
	[ "$(vcap-ls -j | jq -r '.captures[0] | [.packets, .missing, .message] | @tsv')" = $'5\tb\tengine b is missing' ]
	rm -r ./*
	[ "$(vcap-ls -j | jq '.captures | length')" = 0 ]
}

# Break: lib/base/table.c s/table->chosen\[i\] : i/i : i/
# bats test_tags=slow
@test "-o: these columns in this order, in every form; + adds to the usual ones" {
	[ "$(vcap-ls -r -o ID,packets shop)" = $'shop.20260101_000000\t5\nshop.20260102_030405\t12' ]
	[ "$(vcap-ls --output=state -r web.1)" = capturing ]
	[[ "$(vcap-ls -o ID,SIZE,DROPS shop | head -n 1)" =~ ^ID\ +SIZE\ +DROPS$ ]]
	[ "$(vcap-ls -r -o +message shop.20260101_000000)" = "$(vcap-ls -r shop.20260101_000000)"$'\tengine b is missing' ]
	[[ "$(vcap-ls -o +MESSAGE,CLOCKS | head -n 1)" =~ \ STATE\ +ID\ +MESSAGE\ +CLOCKS$ ]]
	# People see who is missing in one column, or in two.
	[[ "$(vcap-ls -o ID,ENGINES)" == *"a (missing b)"* ]]
	run ! grep -F '(missing' <(vcap-ls -o +MISSING)
	# Twice is twice, as lsblk has it.
	[ "$(vcap-ls -r -o ID,STATE,ID web.1)" = $'web.1.20260103_000000\tcapturing\tweb.1.20260103_000000' ]
}

# Break: lib/base/table.c s/if (is_repeated(table, i))/if (0)/
@test "-o: JSON has those keys in that order, each once" {
	command -v jq >/dev/null || skip "no jq"
	[ "$(vcap-ls -j -o id,DROPS,id web.1 | jq -c '.captures[]')" = '{"id":"web.1.20260103_000000","drops":1}' ]
	[ "$(vcap-ls -j -o +ID web.1)" = "$(vcap-ls -j web.1)" ]
	# --help names them all.
	[ "$(vcap-ls -j web.1 | jq -r '.captures[0] | keys_unsorted | join(" ") | ascii_upcase')" = \
		"$(vcap-ls --help | sed -n '/^Columns: /,/^$/p' | tr -s ' \n' ' ' | sed 's/Columns: \(.*\) $/\1/')" ]
}

# Break: lib/controller/capture_table.c s/words.count < SPECS_SHOWN/words.count < 99/
@test "what was asked for, when, and where the file is" {
	entry shop.20260104_000000 'state done' 'size 9' 'created 1767484800.5' 'started 1767484801.000000000' \
		'ended 1767484861.25' 'count 1000' 'duration 1500000000' 'snaplen 96' 'monitors only' \
		'per-packet yes' 'invert yes' 'drops yes' 'specs 2' 'expression port 80'
	printf '%s\n' 10.1.1.1 10.2.0.0/16 >shop.20260104_000000/specs
	[ "$(vcap-ls -r -o BEGAN,ENDED,COUNT,DURATION,SNAPLEN,MONITORS,OPTIONS,SPECS,ADDRESSES,EXPRESSION,FILE shop.20260104_000000 |
		tr '\t' ';')" = "2026-01-04T00:00:01Z;2026-01-04T00:01:01Z;1000;1.500000000;96;only;-P -x --drops;2;$(
		)10.1.1.1 10.2.0.0/16;port 80;$PWD/shop.20260104_000000/shop.20260104_000000.pcapng" ]
	# Of many addresses the first, and no file before it is whole.
	seq -f 10.0.0.%g 17 >web.1.20260103_000000/specs
	[[ "$(vcap-ls -r -o ADDRESSES web.1)" == '10.0.0.1 '*' 10.0.0.16 ...' ]]
	[ "$(vcap-ls -r -o BEGAN,COUNT,DURATION,FILE web.1)" = $'-\t0\t0\t-' ]
	# Something else in its place is not waited for.
	rm web.1.20260103_000000/specs
	mkfifo web.1.20260103_000000/specs
	[ "$(timeout 10 vcap-ls -r -o ADDRESSES web.1)" = - ]
}

# Break: lib/base/table.c s/whole > 1 \&\& text/0 \&\& text/
# bats test_tags=slow
@test "JSON: what is no number of JSON is null" {
	command -v jq >/dev/null || skip "no jq"
	entry shop.20260104_000000 'state capturing' 'engine a' 'duration 1500000000'
	[ "$(vcap-ls -j -o duration shop.20260104_000000 | jq -c '.captures')" = '[{"duration":1.5}]' ]
	for packets in 007 '' 1. .5 1.2.3 1e5 -1; do
		printf 'packets %s\nstate running\n' "$packets" >shop.20260104_000000/engines/a.state
		[ "$(vcap-status -n -j shop.20260104_000000 | jq -c '.engines[0].packets')" = null ]
	done
}

# Break: cmd/vcap-status.c s/if (request->word)$/if (1)/
@test "status: one that is damaged is named, the others are told" {
	mkdir empty.20260101_000000
	mkdir "$BATS_TEST_TMPDIR/config"
	export VCAP_CONFIG="$BATS_TEST_TMPDIR/config"
	exec 7<web.1.20260103_000000
	flock 7
	run -0 --separate-stderr vcap-status -n -r
	[ "${#lines[@]}" -eq 2 ]
	[[ "$stderr" == *"'empty.20260101_000000'"* ]]
	run -1 vcap-status -n empty.20260101_000000
}

# Break: lib/base/table.c s/column == table->width/column > table->width/
# bats test_tags=slow
@test "-o: a column that there is not is wrong usage, and named" {
	for names in NOPE ID,NOPE,SIZE +nope; do
		run --separate-stderr vcap-ls -o $names
		[ "$status" -eq 2 ]
		[ -z "$output" ]
		[[ "${stderr,,}" == "vcap-ls: unknown column 'nope' (try --help)" ]]
	done
	for names in '' + ',' 'ID,' 'ID STATE' I SIZ SIZES; do
		run -2 vcap-ls -r -o "$names"
		[ "${#lines[@]}" -eq 1 ]
	done
	run -2 vcap-ls -o $'\e[31m'
	[[ "$output" != *$'\e'* ]]
	run -2 vcap-ls -o
}

@test "F28: hostile names are passed over or escaped" {
	mkdir $'x\e[31m.20260101_000000' -- '-x.20260101_000000' 'a b.20260101_000000' '.20260101_000000' \
		'x.20260101-000000' 'x.2026010_1000000' $'x.20260101_000000\n'
	touch x.20260101_000000
	printf 'state done\nmessage \xe2\x80\xae\xff\nengine ../../x\npackets {}\n' >shop.20260102_030405/capture
	for form in '' -r -j; do
		run vcap-ls $form
		[[ "$output" != *$'\e'* ]]
		[[ "$output" != *$'\xe2\x80\xae'* ]]
		[[ "$output" != *../x* ]]
	done
	! command -v jq >/dev/null || vcap-ls -j 2>/dev/null | jq . >/dev/null
}

@test "F24: links in the spool are not followed, damage is named and the rest listed" {
	mkdir "$BATS_TEST_TMPDIR/elsewhere"
	ln -s "$BATS_TEST_TMPDIR/elsewhere" link.20260101_000000
	mkdir empty.20260101_000000
	ln -sf /etc/passwd shop.20260101_000000/capture
	mkfifo web.1.20260103_000000/fifo
	mv web.1.20260103_000000/fifo web.1.20260103_000000/capture
	run --separate-stderr vcap-ls -r
	[ "$(wc -l <<<"$output")" -eq 1 ]
	[ "${#stderr_lines[@]}" -eq 4 ]
	[[ "$stderr" == *"'empty.20260101_000000' is damaged"* ]]
}

@test "F24: rm removes what is there, and nothing behind a link" {
	mkdir "$BATS_TEST_TMPDIR/elsewhere"
	touch "$BATS_TEST_TMPDIR/elsewhere/victim"
	ln -s "$BATS_TEST_TMPDIR/elsewhere" shop.20260101_000000/engines/link
	ln -s "$BATS_TEST_TMPDIR/elsewhere" link.20260101_000000
	vcap-rm shop.20260101_000000
	[ ! -e shop.20260101_000000 ]
	run vcap-rm link.20260101_000000
	[ "$status" -eq 1 ]
	[ -e "$BATS_TEST_TMPDIR/elsewhere/victim" ]
	run vcap-rm web.1.20260103_000000
	[ "$status" -eq 1 ]
	[[ "$output" == *"is still running"* ]]
	for word in ../x shop /etc '' $'a\nb'; do
		run vcap-rm "$word"
		[ "$status" -eq 2 ]
	done
}

@test "a spool that others may write to, or somebody else's, is refused" {
	chmod 777 "$VCAP_SPOOL/captures"
	run vcap-ls
	[ "$status" -eq 1 ]
	[ "$output" = "vcap-ls: others may write to '$VCAP_SPOOL/captures'" ]
}

@test "a full disk on stdout is an error" {
	run sh -c 'vcap-ls >/dev/full'
	[ "$status" -eq 1 ]
}

# Break: lib/controller/spool_pairs.c s/i < paths.count && rc == 0/i < 1 \&\& rc == 0/
@test "a region answers with the pairs that all its engines kept" {
	id=shop.20260102_030405
	echo one >$id/engines/a.pairs
	echo two >$id/engines/b.pairs
	[ "$(vcap-ls -r -o PAIRS $id)" = a,b ]
	vcap-region status $id | grep -qx 'pairs 8'
	[ "$(vcap-region pairs $id)" = $'one\ntwo' ]
	id=shop.20260101_000000
	[ "$(vcap-region status $id | grep -c pairs)" = 0 ]
	[ "$(vcap-region pairs $id)" = "" ]
	run -1 vcap-region pairs $id 0123456789abcdef
	[ "$output" = "vcap-region: '$id' is another capture's" ]
}
