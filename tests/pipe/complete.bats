#!/usr/bin/env bats
# vcap-complete, and the completions of bash, zsh and fish that ask it.
# shellcheck disable=SC2016,SC1003 # words that must stay as they are

bats_require_minimum_version 1.5.0

setup() {
	top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	PATH="$top/${VCAP_BUILD:-build}/bin:$PATH"
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool HOME=$PWD XDG_CONFIG_HOME=$PWD/xdg XDG_DATA_HOME=$PWD/xdg
	mkdir -p config/services spool/captures/shop.20260101_000000/engines
	chmod -R go= spool
	printf 'lb1 local\nlb2 local\nother local\n' >config/engines
	printf 'vip 192.0.2.1\nengine lb1\n' >config/services/shop
	cp config/services/shop config/services/shoes
	printf 'state done\nservice shop\n' >spool/captures/shop.20260101_000000/capture
	touch file.pcap
}

commands() {
	basename -a "$top"/cmd/vcap-*.c "$top"/cmd/vcap-*.sh | sed 's/\.[a-z]*$//' |
		grep -vx "$(command -v vcap-drops >/dev/null || echo vcap-drops)" # left out without libbpf
}

may_be() { # WANTED (with blanks between) WORD...
	[ "$(vcap-complete "${@:2}" | cut -f 1 | tr '\n' ' ')" = "${1:+$1 }" ] || {
		echo "${*:2}: $(vcap-complete "${@:2}")"
		false
	}
}

# Independent of how vcap-complete reads it.
long_options() { # COMMAND
	"$1" --help | sed -nE 's/^ +(-., )?(--[a-z][a-z-]*).*/\2/p' | sort
}

# What bash would offer, for the last word.
in_bash() { # WORD...
	bash --norc -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); compopt() { echo ":$2"; }
		_vcap; printf "%s\n" "${COMPREPLY[@]}"' bash "$top/completions/vcap.bash" "$@"
}

# bats test_tags=slow
@test "complete: services, engines, captures, as the commands want them" {
	may_be 'shoes shop' vcap start ''
	may_be 'shoes shop' vcap-start ''
	may_be 'shoes shop' vcap capture -t 5 -m none sho
	may_be 'shoes shop lb1 lb2 other' vcap check ''
	may_be 'lb1 lb2' vcap-on lb
	may_be '' vcap-on lb1 ''
	may_be 'lb1' vcap clock lb1
	may_be 'shop shop.20260101_000000' vcap export ''
	may_be 'shop.20260101_000000' vcap rm ''
	may_be 'shop.20260101_000000' vcap rm shop.20260101_000000 shop
	may_be 'lb1 lb2 other' vcap-fetch ''
	may_be 'shop.20260101_000000' vcap-fetch -k lb1 ''
	may_be ':files' vcap-fetch lb1 shop.20260101_000000 ''
	may_be ':files' vcap-merge -w ''
	may_be ':files' vcap-merge a.pcap ''
	may_be 'status stop' vcap-host st
	may_be 'nft nginx' vcap import -w n
	may_be ':files' vcap import nft ''
	may_be 'shoes shop' vcap import nft - ''
	may_be 'lb1,lb2' vcap import -E lb1,lb2
	may_be ':files' vcap-host status ''
}

# bats test_tags=slow
@test "complete: verbs, options, their values, and after --" {
	may_be 'start stat status stop' vcap st
	may_be '--monitors' vcap start --mon
	may_be 'include none only' vcap start -m ''
	may_be 'include' vcap start --monitors i
	may_be '--monitors=include' vcap start --monitors=i
	may_be 'enforce log off' vcap-run --sandbox ''
	may_be 'lb1 lb2 other' vcap start -E ''
	may_be 'lb1,lb1 lb1,lb2' vcap start -E lb1,l
	may_be '--engines=lb1,other' vcap start --engines=lb1,o
	may_be 'pcap pcapng' vcap-merge -F ''
	may_be 'SERVICE SINCE SIZE SNAPLEN SNAPSHOT-OF SPECS STATE' vcap ls -o S
	may_be '+ID,MESSAGE +ID,MISSING +ID,MONITORS' vcap-ls -o +ID,M
	may_be '--output=DATE --output=DROPS --output=DURATION' vcap ls --output=D
	may_be '' vcap start -t ''
	may_be '' vcap start -- --m
	may_be '' vcap start -x --nothing
	[[ "$(vcap-complete vcap start -)" == *$'-t\tfor how long'* ]]
	[[ "$(vcap-complete vcap start --t)" == $'--time\tfor how long'* ]]
}

# Break: libexec/complete.awk s/if (long in choices)/if (0)/
# Break: libexec/complete.awk s/ && token\[1\] !~ kinds//
# Break: libexec/complete.awk s/if (kind\[long\] != "") i++//
# Break: libexec/complete.awk s/if (token\[2\] == "..."/if (0/
# Break: libexec/complete.awk s/gsub(\/  +\/, " ", text);//
# bats test_tags=slow
@test "complete: what is offered is what the command takes there, however its usage is written" {
	may_be 'auto envoy haproxy iptables ipvs k8s keepalived nft nginx' vcap import ''
	may_be 'engine server client path' vcap transactions --by ''
	may_be '--by=server' vcap transactions --by=s
	may_be '--undecided=keep' vcap join --undecided=k
	may_be 'TOTAL TRANSFER TTFB' vcap transactions --sort T
	may_be 'headers' vcap export -s ''
	# A row's number, and an id that is not there yet.
	may_be '' vcap transactions --packets ''
	may_be '' vcap start --id ''
	# Options that are not in brackets are no operands, and a form that begins with one is no verb.
	may_be 'shoes shop' vcap prune -n --keys ''
	may_be 'shop shop.20260101_000000' vcap collect ''
	may_be '' vcap flows ''
	may_be '' vcap keys ''
	may_be '' vcap extcap ''
	may_be ':files' vcap anonymize -k key ''
	# Addresses come before the file; a usage is wrapped anywhere.
	for word in '' '10.1.1.1 ' '-j '; do
		# shellcheck disable=SC2086 # words
		may_be ':files shop.20260101_000000 shoes shop' vcap transactions $word ''
	done
	may_be ':files shop.20260101_000000 shoes shop' vcap print -c 3 ''
}

# bats test_tags=slow
@test "complete: nothing for what is not vcap's, whatever the words are" {
	for words in 'ls -' 'vcapx -' 'vcap nothing -' 'vcap ../x -' '/bin/sh -' 'vcap-../../x -'; do
		# shellcheck disable=SC2086 # words
		may_be '' $words
	done
	for word in '*' '$(touch x)' '`touch x`' $'a\nb' "'" '\' '%s' 'a=b' ';'; do
		may_be '' vcap start "$word"
		may_be '' vcap start -E "$word"
		may_be '' vcap start --engines="$word"
	done
	[ ! -e x ]
	rm config/engines
	run -0 --separate-stderr vcap-complete vcap start -E ''
	[ -z "$output$stderr" ]
}

# Break: libexec/complete.awk s/match($0, \/^--\[a-z-\]/match($0, \/^--[a-z]/
# bats test_tags=slow
@test "complete: every long option of every command is known, as bash has it from vcap-complete" {
	for name in $(commands); do
		long_options "$name" | sed "s/^/$name /"
	done >wanted
	# One shell for all, as starting one takes its time.
	# shellcheck disable=SC2046 # commands have no blanks
	bash --norc -c '. "$1"; shift; COMP_CWORD=2
		for name; do
			COMP_WORDS=(vcap "${name#vcap-}" --); _vcap
			printf "$name %s\n" "${COMPREPLY[@]}" | sort
		done' bash "$top/completions/vcap.bash" $(commands) | diff wanted -
	[ "$(cut -d " " -f 1 wanted | uniq)" = "$(commands)" ]
	[ "$(vcap-complete vcap '' | cut -f 1 | sed 's/^/vcap-/' | grep -vx vcap-drops | sort)" = "$(commands | grep -vx vcap-drops | sort)" ]
}

@test "complete: bash" {
	[ "$(in_bash vcap start '')" = $'shoes\nshop' ]
	[ "$(in_bash vcap-start -E lb1,o)" = lb1,other ]
	[ "$(in_bash vcap start --engines = lb1,o)" = lb1,other ]
	[ "$(in_bash vcap start --monitors =)" = $'include\nnone\nonly' ]
	[ "$(in_bash vcap-merge '')" = $':default' ]
	bash --norc -c '. "$1"; complete -p vcap vcap-start vcap-merge' bash "$top/completions/vcap.bash"
}

# bats test_tags=slow
@test "complete: zsh" {
	command -v zsh || skip "no zsh"
	# A terminal, as zsh completes for nobody else, and what it is offered in < >.
	cat >shell.zsh <<-END
		PS1= PATH=${PATH%%:*}:\$PATH fpath=($top/completions \$fpath)
		autoload -Uz compinit
		compinit -u -D
		compadd() {
			local -a offered=("\${(@P)@[-1]}")
			print -r -- "<\$offered>"
			builtin compadd "\$@"
		}
		_files() { print "<files>" }
		print "<ready>"
	END
	cat >complete.zsh <<-'END'
		zmodload zsh/zpty
		offered() {
			local line
			zpty -r -m shell line '*<*>*'
			print -r -- ${${line##*<}%%>*}
		}
		zpty shell zsh -f -i
		zpty -w shell '. ./shell.zsh'
		offered
		for line in 'vcap start --mon' 'vcap-fetch lb' 'vcap start -E lb1,o' 'vcap-merge '; do
			zpty -w -n shell $line$'\t'
			offered
			zpty -w -n shell $'\C-u'
		done
	END
	timeout 60 zsh -f complete.zsh >got
	cat got
	[ "$(cat got)" = $'ready\n--monitors\nlb1 lb2\nlb1,other\nfiles' ]
}

# bats test_tags=slow
@test "complete: fish" {
	command -v fish || skip "no fish"
	in_fish() {
		fish --no-config -c "source $top/completions/vcap.fish; complete -C '$1'" | cut -f 1
	}
	[ "$(in_fish 'vcap start sh')" = $'shoes\nshop' ]
	[ "$(in_fish 'vcap start --mon')" = --monitors ]
	[ "$(in_fish 'vcap-fetch lb')" = $'lb1\nlb2' ]
	[ "$(in_fish 'vcap start -E lb1,o')" = lb1,other ]
	[[ "$(in_fish 'vcap-merge fi')" == *file.pcap* ]]
	for name in start merge ls; do
		[ "$(in_fish "vcap $name --" | sort)" = "$(long_options "vcap-$name")" ]
	done
}
