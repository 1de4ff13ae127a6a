#!/usr/bin/env bats
# vcap-shell without engines: its grammar, scripts and what ends them, settings in the spool, and a
# terminal. What is captured is in tests/net/shell.bats.
# shellcheck disable=SC2016 # dollars for another shell

bats_require_minimum_version 1.5.0

setup() {
	build=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}" && pwd)
	PATH=$build/bin:$build/tests/tools:$PATH
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool HOME=$PWD TERM=dumb
	mkdir -p config/services
	echo 'a dir=/d exec false' >config/engines
	printf '%s\n' 'vip 192.0.2.10' 'engine a' >config/services/Test-VS
	cp config/services/Test-VS config/services/Test-2
	cp config/services/Test-VS config/services/shop
}

refused() { # STATUS MESSAGE LINE...: of a script
	run vcap-shell < <(printf '%s\n' "${@:3}")
	echo "$status: $output"
	[ "$status" -eq "$1" ]
	[ "${lines[-1]}" = "vcap-shell: $2" ]
}

at_terminal() { # STEPS of tests/tools/pty, on standard input
	run -0 timeout 60 pty vcap-shell
}

# Break: lib/shell/repl.c s/report("line %u: %s"/report("%.0d%s"/
@test "a script ends with the line that is wrong, which is named; 2 is wrong usage, 1 a failure" {
	refused 2 "line 1: unknown word 'foo'" foo
	refused 2 "line 3: no virtual service 'x'" '# first' '' 'debug virtualservice x' 'show virtualservice'
	refused 2 "line 1: no virtual service '../services/shop'" 'show debug virtualservice ../services/shop'
	refused 2 "line 1: no virtual service 'x'" 'show debug virtualservice x capture'
	refused 2 "line 1: no virtual service '\\x1b[2J'" $'show debug virtualservice \e[2J'
	refused 2 "line 1: 'show' needs debug or virtualservice" show
	refused 2 "line 2: not a number: 'many'" 'debug virtualservice shop' 'capture_params num_pkts many'
	refused 2 "line 2: not an address: '10.1.1.300'" 'debug virtualservice shop' 'debug_ip addrs 10.1.1.300'
	refused 2 "line 2: unknown word 'all' after 'no'" 'debug virtualservice shop' 'no all'
	refused 1 "line 1: there is no capture of 'shop'" 'show debug virtualservice shop capture'
	refused 1 "line 3: no 'save' before the end: the settings of 'shop' are lost" \
		'debug virtualservice shop' 'capture_params num_pkts 5' ''
	mv config/engines engines
	echo nonsense >config/engines
	refused 2 "line 3: 'show virtualservice' has failed" '' '' 'show virtualservice'
	mv engines config/engines
	run -2 vcap-shell < <(printf 'show\0virtualservice\n')
	[ "$output" = "vcap-shell: line 1: has a NUL byte" ]
	run -2 vcap-shell script
	[ "$output" = "vcap-shell: unexpected argument 'script'" ]
	run -1 sh -c 'vcap-shell <.'
	[ "$output" = "vcap-shell: line 1: cannot read the next line: Is a directory" ]
	run -1 sh -c 'vcap-shell -c help >/dev/full'
}

# Break: lib/shell/grammar.c s/"debug_virtual", "the same/"debug_virtual_", "the same/
@test "settings of every kind: set, shown, saved, taken back; each service has its own" {
	run -0 --separate-stderr vcap-shell <<-'END'
		# What is set for one.
		debug virtualservice Test-VS
		capture_params duration 5
		capture_params num_pkts 1000   # per core
		capture_params pkt_size 96
		debug_ip addrs 10.10.10.10
		addrs 2001:db8::7
		prefixes 10.2.0.0/16
		ranges 10.1.1.1-10.1.1.255
		where
		save
		debug_virtual service_hm_only
		debug_virtualservice_hm_include
		do show virtualservice
		save
	END
	[ -z "$stderr" ]
	diff - <(printf '%s\n' "$output") <<-'END'
		Updating an existing object. Currently, the object is:
		+-------+---------+
		| Field | Value   |
		+-------+---------+
		| uuid  | Test-VS |
		| name  | Test-VS |
		+-------+---------+
		debugvirtualservice:debug_ip of 'Test-VS', not saved
		+----------------+---------------------+
		| Field          | Value               |
		+----------------+---------------------+
		| uuid           | Test-VS             |
		| name           | Test-VS             |
		| debug_ip       |                     |
		|   addrs[1]     | 10.10.10.10         |
		|   addrs[2]     | 2001:db8::7         |
		|   prefixes[1]  | 10.2.0.0/16         |
		|   ranges[1]    | 10.1.1.1-10.1.1.255 |
		| capture_params |                     |
		|   duration     | 5 mins              |
		|   num_pkts     | 1000                |
		|   pkt_size     | 96 bytes            |
		+----------------+---------------------+
		NAME    VIPS       SERVERS ENGINES
		Test-2  192.0.2.10         a
		Test-VS 192.0.2.10         a
		shop    192.0.2.10         a
		+-------------------------+---------------------+
		| Field                   | Value               |
		+-------------------------+---------------------+
		| uuid                    | Test-VS             |
		| name                    | Test-VS             |
		| debug_ip                |                     |
		|   addrs[1]              | 10.10.10.10         |
		|   addrs[2]              | 2001:db8::7         |
		|   prefixes[1]           | 10.2.0.0/16         |
		|   ranges[1]             | 10.1.1.1-10.1.1.255 |
		| capture_params          |                     |
		|   duration              | 5 mins              |
		|   num_pkts              | 1000                |
		|   pkt_size              | 96 bytes            |
		| debug_virtualservice_hm | include             |
		+-------------------------+---------------------+
	END
	printf '%s\n' 'duration 300000000000' 'count 1000' 'snaplen 96' 'monitors include' 'addrs 10.10.10.10' \
		'addrs 2001:db8::7' 'prefixes 10.2.0.0/16' 'ranges 10.1.1.1-10.1.1.255' | diff - spool/debug/Test-VS
	[ "$(stat -c %a spool/debug spool/debug/Test-VS)" = $'700\n600' ]
	run -0 vcap-shell -c 'show debug virtualservice Test-2'
	[ "${#lines[@]}" -eq 6 ]

	run -0 --separate-stderr vcap-shell -c 'debug virtualservice Test-VS
		no capture_params num_pkts
		no debug_ip addrs 10.10.10.10' -c 'no debug_ip prefixes' -c 'debug_ip' -c 'no ranges' -c 'save' \
		-c 'no debug_virtual service_hm_include' -c save
	[ -z "$stderr" ]
	printf '%s\n' 'duration 300000000000' 'count 0' 'snaplen 96' 'monitors none' 'addrs 2001:db8::7' |
		diff - spool/debug/Test-VS
	run -0 vcap-shell -c 'debug virtualservice Test-VS' -c 'no debug_ip' -c 'no capture_params' -c save
	[ "${lines[-5]} ${lines[-2]}" = "| Field | Value   | | name  | Test-VS |" ]
}

# Break: lib/shell/shell.c s/settings_copy(&shell->draft, &shell->outer, why) < 0/false/
@test "exit loses what is not saved, of the addresses first, and says so" {
	run -0 --separate-stderr vcap-shell <<-'END'
		debug virtualservice shop
		capture_params duration 7
		debug_ip addrs 10.10.10.10
		exit
		debug_ip
		exit
		where
		exit
		show debug virtualservice shop
		exit
		nonsense that is not read
	END
	[ "$stderr" = "vcap-shell: the settings of 'shop' are not saved
vcap-shell: the settings of 'shop' are not saved" ]
	[[ $output == *"debugvirtualservice of 'shop', not saved"*'7 mins'* ]]
	[[ $output != *10.10.10.10* ]]
	[ "${lines[-5]}" = '| Field | Value |' ]
}

# Break: lib/shell/store.c s/rc < 0 && errno == ENOENT/rc < 0/
@test "settings that cannot be read are said, and so is a spool that is not one's own" {
	(umask 077 && mkdir -p spool/debug)
	echo 'count many' >spool/debug/shop
	refused 1 "line 1: cannot read the settings of 'shop': 'count': not a number: 'many'" \
		'debug virtualservice shop'
	echo "Count 5" >spool/debug/shop
	refused 1 "line 1: cannot read the settings of 'shop': 'shop': line 1 is not 'key value': 'Count 5'" \
		"show debug virtualservice shop"
	chmod 777 spool/debug
	refused 1 "line 1: others may write to '$PWD/spool/debug'" 'debug virtualservice Test-2'
	echo 'nonsense' >>config/services/shop
	run -2 vcap-shell -c 'show debug virtualservice shop'
	[[ $output == "vcap-shell: line 1: $PWD/config/services/shop:3: "* ]]
}

# Break: lib/shell/lineedit.c s/count == 1 ? " " : ""/""/
@test "a terminal: Tab completes commands, services and addresses, ? shows what comes next" {
	at_terminal <<-'END'
		< : >
		> show deb\tvirt\tsh\t
		< show debug virtualservice shop
		> capt\t\r
		< there is no capture of 'shop'
		< : >
		> debug virtualservice T\t
		< Test-
		> \t
		< Test-2
		< Test-VS
		> V\t\r
		< +---
		< debugvirtualservice>
		> capture_params ?
		< duration  time limit
		< num_pkts  maximum number of packets
		< pkt_size
		< debugvirtualservice> capture_params
		> num_pkts ?
		< <number>
		< per core
		> 12\r
		< debugvirtualservice>
		> de?
		< debug_ip
		< debug_virtualservice_hm_only
		> bug_ip addrs 10.10.10.10\r
		< :debug_ip>
		> addrs 10.10.10.11\r
		< :debug_ip>
		> no addrs 1\t
		< 10.10.10.1
		> 0\t\r
		< :debug_ip>
		> save\r
		< debugvirtualservice>
		> save\r
		< +---
		< : >
		> exit\r
	END
	[[ $output == *$'|   addrs[1]     | 10.10.10.11 |\n| capture_params |             |\n|   duration     | 0 mins      |\n|   num_pkts     | 12          |\n'* ]]
}

# Break: lib/shell/lineedit.c s/is_dropped = true/is_dropped = false/
@test "a terminal: lines are edited and remembered; ^C drops one, ^D leaves a mode, twice if unsaved" {
	at_terminal <<-'END'
		< : >
		> show virtualservicX\x08e\r
		< Test-VS
		< : >
		> nonsense\x03
		< ^C
		< : >
		> debug virtualservice shop\r
		< +---
		< debugvirtualservice>
		> \x04
		< : >
		> debug virtualservice shop\r
		< +---
		< debugvirtualservice>
		> capture_params num_pkts 5\r
		< debugvirtualservice>
		> \x04
		< unsaved settings: 'save' them, or 'exit' again to lose them
		< debugvirtualservice>
		> \x04
		< : >
		> unknown\r
		< unknown word 'unknown'
		< : >
		> \x04
	END
	[[ $output != *"word 'nonsense'"* ]]
	[ "$(grep -c 'unsaved settings:' <<<"$output")" -eq 1 ]
	[ "$(stat -c %a spool/history)" = 600 ]
	printf '%s\n' 'show virtualservice' 'debug virtualservice shop' 'debug virtualservice shop' \
		'capture_params num_pkts 5' unknown | diff - spool/history
	# In another shell: the last but one, and its end changed.
	at_terminal <<-'END'
		< : >
		> \x10\x10
		< capture_params num_pkts 5
		> \x01\x0bdebug virtualservice shop\r
		< +---
		< debugvirtualservice>
		> \x10\x10\x10\x08
		< num_pkts
		> 7\r
		< debugvirtualservice>
		> where\r
		< 7
		< +---
		< debugvirtualservice>
		> exit\r
		< unsaved settings
		< debugvirtualservice>
		> exit\r
		< : >
		> exit\r
	END
}

# Break: lib/shell/lineedit.c s/edit->is_question = true/edit->is_question = false/
# bats test_tags=slow
@test "a terminal: the question for a directory has no history, and ? is a letter there" {
	id=shop.20260101_000000
	(umask 077 && mkdir -p "spool/captures/$id/engines")
	printf '%s\n' 'state done' 'packets 0' >"spool/captures/$id/capture"
	echo file >spool/captures/$id/$id.pcapng
	mkdir 'why?' other
	cat >steps <<-END
		< : >
		> show debug virtualservice shop capture\r
		< Please specify the destination directory:
		> why?\r
		< Downloaded the attachment to why?/$id.pcapng
		< : >
		> show debug virtualservice shop capture\r
		< Please specify the destination directory:
		> oth\t
		< other/
		> \r
		< Downloaded the attachment to other/$id.pcapng
		< : >
		> show debug virtualservice shop capture\r
		< Please specify the destination directory:
		> \x03
		< no directory given: nothing is downloaded
		< : >
		> show debug virtualservice shop capture\r
		< Please specify the destination directory:
		> /nowhere\r
		< vcap-export: cannot
		< : >
		> exit\r
	END
	at_terminal <steps
	[ "$(cat why?/$id.pcapng other/$id.pcapng)" = $'file\nfile' ]
	run -1 grep why spool/history
	# A script's answer is a whole line; none is an error.
	mkdir 'a place #1'
	run -0 --separate-stderr vcap-shell <<<$'show debug virtualservice shop capture\na place #1\n# end'
	[ "$output" = "Downloaded the attachment to a place #1/$id.pcapng" ]
	refused 2 "line 1: no directory given: nothing is downloaded" 'show debug virtualservice shop capture'
}

# Break: lib/shell/lineedit.c s/raise(SIGTSTP)/(void)0/
@test "a terminal: ^Z stops the shell, which goes on where it was" {
	cat >steps <<-'END'
		< ready>
		> vcap-shell\r
		< : >
		> show virt\x1a
		< Stopped
		< ready>
		! fg\r
		< vcap-shell
		< : >
		> ualservice\r
		< Test-VS
		< : >
		> exit\r
		< ready>
		! exit\r
	END
	PS1='ready>' run -0 timeout 60 pty bash --norc --noprofile -i <steps
	[[ $output == *'shop '*192.0.2.10* ]]
}

# Break: lib/shell/grammar.c s/"pkt_size"/"packet_size"/
@test "the manual has every word that help has" {
	page=$BATS_TEST_DIRNAME/../../man/vcap-shell.1
	run -0 vcap-shell -c 'help
		debug virtualservice shop
		help
		debug_ip
		help'
	# Up to two blanks, help has words; after those, what they do.
	sed -n 's/^  \([a-z].*\)/\1/p' <<<"$output" | sed 's/  .*//; s/ <.*//' | tr ' ' '\n' | sort -u >words
	[ "$(wc -l <words)" -ge 25 ]
	while read -r word; do
		grep -qw -- "$word" "$page" || { echo "not in the page: $word"; false; }
	done <words
}

# Break: lib/shell/shell_words.c s/is_alias = strcmp/is_alias = 0 \&\& strcmp/
# bats test_tags=slow
@test "a service with blanks in its name, in quotes or not, is shown by that name" {
	echo 'alias Test-virtual service' >>config/services/shop
	for name in 'Test-virtual service' '"Test-virtual  service"' "'Test-virtual service'"; do
		run -0 --separate-stderr vcap-shell -c "debug virtualservice $name" -c "do show debug virtualservice $name"
		[ "$(grep -cx '| uuid  | shop                 |' <<<"$output")" -eq 2 ]
		[ "$(grep -cx '| name  | Test-virtual service |' <<<"$output")" -eq 2 ]
	done
	refused 1 "line 1: there is no capture of 'shop'" 'show debug virtualservice Test-virtual service capture'
	refused 2 "line 1: unknown word 'services' after 'show debug virtualservice shop'" \
		'show debug virtualservice shop services'
}

# Break: lib/shell/shell_bash.c s/is_script ? status : EXIT_DONE/EXIT_DONE/
@test "bash: in a script what follows is for it, on a terminal it is a shell" {
	run -3 --separate-stderr vcap-shell <<-'END'
		show virtualservice
		bash
		for n in 1 2; do echo "line $n"; done
		exit 3
	END
	[[ $output == *$'\nline 1\nline 2' ]]
	run -0 vcap-shell -c bash
	at_terminal <<-'END'
		< : >
		> bash --norc\r
		< : >
		> bash\r
		> echo $((6 * 7))\r
		< 42
		> exit\r
		< : >
		> exit\r
	END
}

# Break: lib/shell/shell_capture.c s/!is_running || !lineedit_is_terminal/!is_running \&\& !lineedit_is_terminal/
@test "a script's answer is the line after the question also while the capture goes on" {
	id=shop.$(date -u -d '-1 minute' +%Y%m%d_%H%M%S)
	(umask 077 && mkdir -p "spool/captures/$id/engines")
	printf '%s\n' 'state capturing' "created $(date +%s).0" 'engine a' 'duration 3600000000000' >"spool/captures/$id/capture"
	refused 2 "line 2: no directory '$PWD/none': nothing is downloaded" \
		'show debug virtualservice shop capture' "$PWD/none" 'show nonsense'
	# A stand-in for the wait, after which it is over.
	mkdir programs
	ln -s "$build"/bin/* programs
	rm programs/vcap-wait
	printf '#!/bin/sh\nsed -i "s/^state .*/state done/" spool/captures/%s/capture\n' "$id" >programs/vcap-wait
	chmod 755 programs/vcap-wait
	rm programs/vcap-shell programs/vcap-export
	cp "$build/bin/vcap-shell" programs
	printf '#!/bin/sh\necho "$*"\n' >programs/vcap-export
	chmod 755 programs/vcap-export
	run -0 --separate-stderr programs/vcap-shell <<-END
		debug virtualservice shop
		export_format pcap
		save
		show debug virtualservice shop capture
		$PWD
		show virtualservice
	END
	[[ $output == *"Downloaded the attachment to -F pcap -- $id $PWD"$'\n'NAME* ]] || { echo "$output"; false; }
	[[ $stderr == *"vcap-shell: waiting for the end of capture '$id', and its file"* ]] || { echo "$stderr"; false; }
}
