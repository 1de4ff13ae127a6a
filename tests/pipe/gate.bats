#!/usr/bin/env bats
# vcap-gate: what vcap-on sends arrives as it was given; nothing else runs, whatever it looks like.
# shellcheck disable=SC2016 # dollars that must stay

bats_require_minimum_version 1.5.0

setup() {
	PATH="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin:$PATH"
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config
	mkdir config bin there
	# The gate, beside commands that take down what they were asked.
	cp "$(command -v vcap-gate)" there
	for name in run host merge on region; do
		printf '#!/bin/sh\nprintf "%%s\\0" vcap-%s "$@" >>"%s/ran"\n' $name "$PWD" >there/vcap-$name
		chmod 755 there/vcap-$name
	done
	# ssh, and the sshd at its other end: the command line becomes a variable of the forced command.
	cat >bin/ssh <<-END
		#!/bin/sh
		for last; do :; done
		SSH_ORIGINAL_COMMAND=\$last exec "$PWD/there/vcap-gate" \$GATE_OPTIONS /run/base
	END
	chmod 755 bin/ssh
	PATH="$PWD/bin:$PATH"
	echo 'far bin=/opt/vcap dir=/run/base ssh far' >config/engines
	export GATE_OPTIONS=''
}

# Without `run`, rm and cmp here: hundreds of calls, and each process costs its time.
arrives() { # WORD...
	: >ran
	vcap-on far "$@"
	mapfile -d '' -t ran <ran
	[ "${#ran[@]} ${ran[*]@Q}" = "$# ${*@Q}" ] || { echo "did not arrive: $*"; false; }
}

refused() { # WORD...
	is_refused "$*" vcap-on far "$@"
}

line_refused() { # LINE: as a controller that is not vcap-on could send it
	# shellcheck disable=SC2086 # words
	SSH_ORIGINAL_COMMAND=$1 is_refused "$1" there/vcap-gate ${2-/run/base}
}

is_refused() { # WHAT COMMAND...: one line of the gate's, and nothing has run
	: >ran
	status=0
	"${@:2}" >said 2>&1 || status=$?
	mapfile -t lines <said
	[ "$status" -eq 2 ] || { echo "$status: $1"; false; }
	[ "${#lines[@]}" -eq 1 ]
	[[ ${lines[0]} == vcap-gate:* ]]
	[ ! -s ran ] || { echo "ran: $1"; false; }
}

dir=/run/base/shop.20260101_000000.lb1
job=(vcap-run -n lb1 -f -)

@test "gate: what vcap asks of an engine arrives as it was given" {
	arrives "${job[@]}" --detach -w $dir
	arrives "${job[@]}" --detach -w $dir -c1000 -t300.000000000s -s96 -b8388608 -i eth0 -i eth1.5 --wait=eth2
	arrives "${job[@]}" --detach -w $dir --flows conntrack -- vcap-join -S ./service -m none -t /dev/fd/3
	arrives "${job[@]}" --detach -w $dir -- vcap-join -S ./service -m only -P -x --specs specs
	arrives "${job[@]}" --detach -w $dir -- vcap-join -S ./service -m only -x '--bytecode=2,40 0 0 12,6 0 0 262144' --specs specs
	arrives "${job[@]}" --token=0123456789abcdef --by=root:0,sudo:al%20ice:1000,ssh:2001:db8::7 --audit=required --detach -w $dir
	arrives "${job[@]}" --drops --detach -w $dir -sheaders
	arrives "${job[@]}" --audit=required --lease=15000ms -w - -c1
	arrives "${job[@]}" --lease=15000ms -w - -- vcap-join -S /dev/fd/4 -m include -x --specs /dev/fd/5
	for verb in status stop remove; do
		arrives vcap-host $verb $dir
	done
	arrives vcap-host clock
	arrives vcap-host check /run/base
	arrives vcap-host list /run/base
	arrives vcap-host check -i eth0 -i eth1 /run/base 192.0.2.10 2001:db8::10
	arrives vcap-merge -w - lb1=$dir
	arrives vcap-merge -w - -z lb1=$dir
	arrives vcap-host answer 0123456789abcdef -- "${job[@]}" --detach -w $dir
	arrives vcap-host answer 0123456789abcdef -- vcap-host stop $dir
	arrives vcap-host answer 0123456789abcdef -- vcap-merge -w - lb1=$dir
}

# bats test_tags=slow
@test "gate: no other command, however it is written" {
	for command in id sh ls /bin/sh vcap vcap-on vcap-filter vcap-join vcap-gate vcap-runx xvcap-run '' .. \
		vcap-run/../../bin/sh; do
		refused "$command" clock
	done
	refused sudo -n -- vcap-host clock
	refused env vcap-host clock
	refused sh -c 'vcap-host clock'
	for command in id /opt/vcap/vcap-host vcap-on vcap-region "vcap-host answer 0123456789abcdef --"; do
		# shellcheck disable=SC2086 # words
		refused vcap-host answer 0123456789abcdef -- $command clock
	done
	refused vcap-host answer 0123456789abcdef vcap-host clock
	refused vcap-host answer 0123 -- vcap-host clock
	refused vcap-host answer 0123456789abcdef -- vcap-merge -w x lb1=$dir
	# A directory before the name decides nothing.
	rm -f ran
	vcap-on far /tmp/evil/vcap-host clock
	[ "$(tr '\0' ' ' <ran)" = 'vcap-host clock ' ]
}

# bats test_tags=slow
@test "gate: no other option, path or filter" {
	for path in / /run /run/base /run/base/ /run/base/. /run/base/.. /run/base/../x /run/base/a/b /run/basex/a \
		/run/base/-x '/run/base/a b' $'/run/base/a\nb' /etc/passwd a ./a '' "/run/base/$(printf 'a%.0s' {1..256})"; do
		for verb in status stop remove; do
			refused vcap-host $verb "$path"
		done
		refused "${job[@]}" --detach -w "$path"
		refused vcap-merge -w - "lb1=$path"
	done
	refused vcap-host
	refused vcap-host --help
	refused vcap-host status
	refused vcap-host status $dir $dir
	refused vcap-host list
	refused vcap-host list /
	refused vcap-host list $dir
	refused vcap-host list /run/base /etc
	refused vcap-host check /
	refused vcap-host check
	refused vcap-host check /run/base /etc
	refused vcap-host check /run/base 10.0.0.0/8
	refused vcap-host check -i ../x /run/base
	refused vcap-host clock x
	refused vcap-merge -w $dir/x lb1=$dir
	refused vcap-merge -w - $dir
	refused vcap-merge -w - lb1=-
	refused vcap-merge -w - lb1=$dir lb1=$dir
	refused vcap-merge -S /etc/passwd -w - lb1=$dir
	refused vcap-merge -w - "a/b=$dir"
	refused vcap-merge -w - "$(printf 'a%.0s' {1..65})=$dir"
	refused "${job[@]}"
	refused "${job[@]}" -w $dir
	refused "${job[@]}" -w -
	refused "${job[@]}" --lease -w -
	refused "${job[@]}" --lease=15s --detach -w -
	refused "${job[@]}" --detach --lease=15s -w $dir
	refused "${job[@]}" --detach -w $dir -w -
	refused "${job[@]}" --detach -w - -w $dir --lease=1s
	refused "${job[@]}" --detach -w -n x -w $dir
	refused "${job[@]}" --detach -w $dir -R 0
	refused "${job[@]}" --detach -w $dir -R0
	refused "${job[@]}" --detach -w $dir --sandbox off
	refused "${job[@]}" --detach -w $dir --sandbox=off
	for by in '' 'a b' 'a=b' $'a\nb' "a'b" '$(id)' a/b "$(printf 'a%.0s' {1..256})"; do
		refused "${job[@]}" --detach -w $dir "--by=$by"
	done
	refused "${job[@]}" --detach -w $dir --by root:0
	refused "${job[@]}" --detach -w $dir --audit=no
	refused "${job[@]}" --detach -w $dir --audit required
	refused "${job[@]}" --detach -w $dir -f /etc/shadow
	refused "${job[@]}" --detach -w $dir -n ../x
	refused "${job[@]}" --detach -w $dir -i -x
	refused "${job[@]}" --detach -w $dir -i a/b
	refused "${job[@]}" --detach -w $dir -c
	refused "${job[@]}" --detach -w $dir -cx
	refused "${job[@]}" --detach -w $dir -t1y
	refused "${job[@]}" --detach -w $dir x
	refused "${job[@]}" --detach -w $dir --flows log:/etc/shadow
	refused "${job[@]}" --detach -w $dir --flows haproxy:/run/h.sock
	for filter in '' sh 'sh -c id' vcap-filter 'vcap-join' 'vcap-join -S /etc/passwd -m none' \
		'vcap-join -S ./service -m some' 'vcap-join -S /dev/fd/4 -m none' 'vcap-join -S ./service -m' \
		'vcap-join -S ./service -m none -t /etc/passwd' 'vcap-join -S ./service -m none -r x' \
		'vcap-join -S ./service -m none -w x' 'vcap-join -S ./service -m none --specs /etc/passwd' \
		'vcap-join -S ./service -m none --specs' './vcap-join -S ./service -m none'; do
		# shellcheck disable=SC2086 # words
		refused "${job[@]}" --detach -w $dir -- $filter
	done
	for program in '' x 2,6 '1,6 0 0 1,6 0 0 1' '1,21 9 9 1' '/etc/passwd'; do
		refused "${job[@]}" --detach -w $dir -- vcap-join -S ./service -m none "--bytecode=$program"
	done
	refused "${job[@]}" --lease=1s -w - -- vcap-join -S ./service -m none
}

# bats test_tags=slow
@test "gate: one source of pairs, when the key says so; and sudo, when it does" {
	GATE_OPTIONS='--flows log:/var/log/haproxy.log'
	arrives "${job[@]}" --detach -w $dir --flows log:/var/log/haproxy.log
	arrives "${job[@]}" --detach -w $dir --flows conntrack
	refused "${job[@]}" --detach -w $dir --flows log:/var/log/haproxy.log2
	# sudo is found in the usual places alone, not where whoever logs in says.
	GATE_OPTIONS=--sudo
	refused vcap-host clock
	refused sudo -- vcap-host clock
	refused sudo -n -- sh
	refused sudo -n -- sudo -n -- vcap-host clock
	run vcap-on far sudo -n -- /opt/vcap/vcap-host clock
	[ "$status" -ne 2 ]
	[[ $output != *"this key"* ]]
}

by_sudo() { # COMMAND...: as sudo runs it for somebody
	run env SUDO_UID=4711 SUDO_COMMAND="/usr/local/bin/$*" "$@"
}

# Break: lib/controller/gate.c s/if (run->job \&\& strcmp(run->job, "-") != 0)/if (0)/
# Break: lib/controller/gate.c s/if (admit_merge(&left) .*/if (1)/
# Break: lib/controller/gate.c s,"%s/\.","%s",
# Break: cmd/cli.c s/(ran \&\& !strstr(ran, self->name))/ran/
@test "sudo: vcap-run and vcap-merge take what a controller sends, and nothing else" {
	mkfifo service
	id=shop.20260101_000000.lb1
	for words in "-f service -w -" "-f - -w $PWD/x" "-f - -w $id" "-f - -w $PWD/$id/" "-f - -w $PWD/$id/core.d" \
		"-w - -- sh -c id" "-w - -- $PWD/vcap-join -S /dev/fd/4 -m none" "-w - -- vcap-filter -r - -w $PWD/x" \
		"-w - -- vcap-join -S $PWD/service -m none" "-w - -- vcap-join -S /dev/fd/4 -m none -t $PWD/service" \
		"-w - -- vcap-join -S /dev/fd/4 -m none -w $PWD/x" "-w - -- vcap-join -S /dev/fd/4 -m none --specs service"; do
		# shellcheck disable=SC2086 # words
		by_sudo timeout 9 vcap-run $words
		[ "$status" -eq 2 ]
		[[ $output == "vcap-run: by sudo "* ]] || { echo "$words: $output"; false; }
	done
	for words in "-w $PWD/x $PWD/$id" "-w - service" "-w - a=$PWD/service" "-w - -S service a=$PWD/$id" \
		"-w - a=$PWD/$id b=$PWD/$id" "-w - a=$PWD/$id/../service"; do
		# shellcheck disable=SC2086 # words
		by_sudo timeout 9 vcap-merge $words
		[ "$status" -eq 2 ]
		[[ $output == "vcap-merge: by sudo it takes only "* ]] || { echo "$words: $output"; false; }
	done
	[ ! -e x ]
	# What a controller sends goes on, to where the interface or the capture is missed.
	for words in "-i none0 -f - -w $PWD/$id -- vcap-join -S ./service -m none --specs specs" \
		"-i none0 -f - -w - -- vcap-join -S /dev/fd/4 -m only -P -x --specs /dev/fd/5"; do
		# shellcheck disable=SC2086 # words
		by_sudo vcap-run $words </dev/null
		[ "$status" -eq 1 ]
		[[ $output != *"by sudo"* ]]
	done
	by_sudo vcap-merge -w - -z "lb1=$PWD/$id"
	[[ $output == *"$id"* && $output != *"by sudo"* ]]
	# And nothing that is not such a directory.
	cp "$BATS_TEST_DIRNAME/../golden/direct" "$id"
	by_sudo vcap-merge -w - "lb1=$PWD/$id"
	[ "$status" -eq 1 ]
	[[ $output == *"Not a directory" ]]
	# Root itself, and what a command that sudo runs runs, is free.
	run env SUDO_UID=0 SUDO_COMMAND=/usr/bin/vcap-merge vcap-merge "$PWD/none"
	[[ $output != *"by sudo"* ]]
	run env SUDO_UID=4711 SUDO_COMMAND="/usr/bin/vcap capture shop" vcap-merge "$PWD/none"
	[[ $output != *"by sudo"* ]]
}

@test "gate: command lines that vcap-on does not write" {
	for line in 'vcap-host clock' '"vcap-host" "clock"' "'vcap-host'  'clock'" " 'vcap-host' 'clock'" \
		"'vcap-host' 'clock' " "'vcap-host' 'clock'; id" "'vcap-host' 'clock'|id" "'vcap-host' clock" \
		"'vcap-host' 'clock" "'vcap-host'\\''clock'" "'vcap-host'	'clock'" $'\'vcap-host\'\n\'clock\'' \
		"'vcap-host' 'clock'\\" "'vcap-host' 'clock'\\'" "'vcap-host' \\''clock'" \
		"'vcap-host' 'clock' && 'id'" "\$('vcap-host' 'clock')" "'vcap-host' 'clock' >/x" "''" "'" "" " " \
		"internal-sftp" "/usr/lib/openssh/sftp-server" "scp -t /run/base" "scp -f /etc/passwd" \
		"rsync --server . /" "git-upload-pack '/'" "~" "#" $'\e[31m' "'vcap-host' '\$(id)'"; do
		line_refused "$line"
	done
	line_refused "'$(printf 'a%.0s' {1..100000})'"
	run env -u SSH_ORIGINAL_COMMAND there/vcap-gate /run/base
	[ "$status" -eq 2 ]
	[ "$output" = "vcap-gate: this key allows only vcap commands" ]
	run ! grep -q $'\e' <<<"$(SSH_ORIGINAL_COMMAND=$'\e[31m' there/vcap-gate 2>&1)"
}

@test "gate: nothing of the environment goes through but what the gate puts there" {
	printf '#!/bin/sh\nenv >"%s/environment"\n' "$PWD" >there/vcap-host
	LD_PRELOAD_X=1 BASH_ENV=x IFS=x PATH="$PATH:$PWD/evil" vcap-on far vcap-host clock
	run ! grep -E 'BASH_ENV|LD_|SSH_|evil' environment
	grep -q '^PATH=/usr' environment
}

@test "gate: wrong usage" {
	for words in run /run/ / '' '/run /run' '--flows x' '--flows log:x'; do
		# shellcheck disable=SC2086 # words
		run there/vcap-gate $words
		[ "$status" -eq 2 ]
	done
}

# Break: lib/controller/gate.c s/if (left->gate->headers_only && target.has_payload)/if (0)/
# Break: lib/controller/gate_words.c s/(strncmp(word, "-s", 2) == 0 && !headers_only)/strncmp(word, "-s", 2) == 0/
# Break: lib/controller/gate_exec.c s/if (gate->headers_only \&\& strcmp/if (0 \&\& strcmp/
@test "gate: --headers-only captures no payload and reads none" {
	GATE_OPTIONS=--headers-only
	arrives "${job[@]}" --detach -w $dir -sheaders -c1000
	arrives vcap-host answer 0123456789abcdef -- "${job[@]}" --lease=15000ms -w - -sheaders
	arrives vcap-host status $dir
	refused "${job[@]}" --detach -w $dir
	[[ ${lines[0]} == *"this key does not allow 'a capture without -s headers'" ]]
	refused "${job[@]}" --detach -w $dir -s96
	refused "${job[@]}" --detach -w $dir -sheaders -s96
	refused "${job[@]}" --detach -w $dir -s96 -sheaders
	refused vcap-host answer 0123456789abcdef -- "${job[@]}" --lease=15000ms -w -
	# What the engine has may be somebody else's: it is cut as it is read.
	for words in "vcap-merge -w - lb1=$dir" "vcap-merge -w - -z lb1=$dir" \
		"vcap-host answer 0123456789abcdef -- vcap-merge -w - lb1=$dir"; do
		: >ran
		# shellcheck disable=SC2086 # words
		vcap-on far $words
		mapfile -d '' -t ran <ran
		[ "${ran[*]}" = "${words/-w -/-w - --cut}" ]
	done
}

# Break: lib/controller/gate.c s/if (gate->service \&\& !parse_is_capture_of/if (0 \&\& !parse_is_capture_of/
# Break: lib/controller/gate_exec.c s/if (gate->service \&\& strcmp/if (0 \&\& strcmp/
# Break: lib/base/parse.c s/word\[length\] == '.' \&\& has_time_and_name(word + length + 1)/word[length] == '.'/
@test "gate: --service tells vcap-run of it, and admits captures of it alone" {
	GATE_OPTIONS='--service /etc/vcap/services/shop'
	for words in "${job[*]} --detach -w $dir -c1000 -- vcap-join -S ./service -m none" \
		"${job[*]} --lease=15000ms -w -" "vcap-host answer 0123456789abcdef -- ${job[*]} --detach -w $dir"; do
		: >ran
		# shellcheck disable=SC2086 # words
		vcap-on far $words
		mapfile -d '' -t ran <ran
		[ "${ran[*]}" = "${words/vcap-run/vcap-run --service=/etc/vcap/services/shop}" ]
	done
	arrives vcap-host status $dir 0123456789abcdef
	arrives vcap-merge -w - lb1=$dir
	arrives vcap-host clock
	for id in shop.20260101_000000-2 shop.20260101_000001; do
		arrives vcap-host stop /run/base/$id.lb1
	done
	for id in bank.20260101_000000 shop.eu.20260101_000000 shop2.20260101_000000 shop 20260101_000000; do
		refused "${job[@]}" --detach -w /run/base/$id.lb1
		refused vcap-merge -w - lb1=/run/base/$id.lb1
		refused vcap-host remove /run/base/$id.lb1
		refused vcap-host snapshot /run/base/$id.lb1 $dir - - - -
		refused vcap-host snapshot $dir /run/base/$id.lb1 - - - -
	done
	# Which service that is, the engine says.
	refused "${job[@]}" --detach -w $dir --service=bank
	refused "${job[@]}" --detach -w $dir -Sbank
	for words in '--service a/b' '--service /etc/' '--service -x' '--service' '--sudo --service /etc/shop'; do
		# shellcheck disable=SC2086 # words
		run there/vcap-gate $words /run/base
		[ "$status" -eq 2 ]
	done
}

# Break: lib/controller/limited_run.c s/return service_limit_check(limit, text, why);/return 0;/
# Break: lib/controller/limited_run.c s/if (!\*text)/if (0)/
# Break: lib/controller/gate.c s/if (run->service \&\& strchr/if (0 \&\& strchr/
@test "vcap-run -S refuses a job of another service" {
	mkdir config/services
	printf 'vip 192.0.2.10 tcp/443\nserver 10.0.1.11 tcp/8080\n' >config/services/shop
	printf 'vip 192.0.2.10 tcp/443\nserver 10.0.1.12 tcp/8080\n' >other
	asked() { # SERVICE-FILE: a job of it
		{ vcap-filter -S shop; echo; cat "$1"; echo; } | vcap-run -S shop -f - -i none0 -w - >out 2>said || status=$?
	}
	status=0
	asked other
	[ "$status" -eq 1 ]
	[ "$(cat said)" = "vcap-run: service 'shop' here has no 'server 10.0.1.12 tcp/8080'" ]
	asked /dev/null
	[ "$(cat said)" = "vcap-run: the job is of no service, and this is for 'shop' alone" ]
	# What is of the service goes on, to where the interface is missed, or the privilege.
	asked config/services/shop
	[[ $(cat said) =~ none0|CAP_NET_RAW ]]
	echo 'vip 192.0.2.10 tcp/443' >part
	asked part
	[[ $(cat said) =~ none0|CAP_NET_RAW ]]
	run -1 vcap-run -S bank -i none0 -w - </dev/null
	[[ $output == *bank* ]]
	by_sudo vcap-run -S ./config/services/shop -f - -w -
	[ "$status" -eq 2 ]
	[ "$output" = "vcap-run: by sudo a service is told by its name: '-S ./config/services/shop'" ]
}

# Break: lib/controller/gate.c s/left->gate->is_region ? commands.i..for_region : commands.i..for_engine/1/
# Break: lib/controller/gate_key.c s/if (key->gate.is_region)$/if (0)/
@test "gate: --region admits what a larger controller asks, and nothing of an engine's" {
	sed -i 's/^far /far region /' config/engines
	sed -i 's,\$GATE_OPTIONS.*,$GATE_OPTIONS,' bin/ssh
	id=shop.20260101_000000 token=0123456789abcdef
	for GATE_OPTIONS in --region --region\ --headers-only; do
		arrives vcap-region start $id --token=$token --by=root:0 -m none -P -x '--expression=tcp[13] & 4 != 0' \
			--patience=30000ms -c9 -t90s -sheaders shop
		for request in status stop follow remove; do
			arrives vcap-region $request $id
			arrives vcap-host answer $token -- vcap-region $request $id $token
		done
		arrives vcap-region check
		arrives vcap-host clock
		refused vcap-host check /run/base
		refused vcap-host list /run/base
		refused vcap-host status $dir
		refused vcap-host losses
		refused "${job[@]}" --detach -w $dir
		refused vcap-merge -w - lb1=$dir
		refused vcap-host answer $token -- vcap-merge -w - lb1=$dir
		refused vcap-region start $id -m none /etc/passwd
		refused vcap-region start $id -m none --specs /etc/passwd shop
		refused vcap-region start $id -m none -E lb1 shop
		refused vcap-region start ../$id -m none shop
		refused vcap-region keys $id
		refused vcap-start shop
		refused vcap start shop
		line_refused "'vcap-region' 'check'; id" "$GATE_OPTIONS"
	done
	# Payload is left out of what is captured, and of what is fetched, whoever captured it.
	refused vcap-region start $id -m none shop
	[[ ${lines[0]} == *"this key does not allow 'a capture without -s headers'" ]]
	: >ran
	vcap-on far vcap-host answer $token -- vcap-region fetch -z $id
	mapfile -d '' -t ran <ran
	[ "${ran[*]}" = "vcap-host answer $token -- vcap-region fetch --cut -z $id" ]
	GATE_OPTIONS='--region --allow-keys'
	arrives vcap-region keys $id $token
	arrives vcap-region start $id -m none --keys shop
	arrives vcap-region fetch $id
	GATE_OPTIONS='--region --service shop'
	arrives vcap-region start $id -m none shop
	arrives vcap-region stop $id-2
	for other in bank shop.eu shop2; do
		refused vcap-region start $id -m none $other
		refused vcap-region start $other.20260101_000000 -m none $other
		refused vcap-region start $other.20260101_000000 -m none shop
		for request in status stop follow remove fetch; do
			refused vcap-region $request $other.20260101_000000
		done
	done
	# Where its files are is said by the line in authorized_keys alone, and by whose HOME it is.
	printf '#!/bin/sh\nenv >"%s/environment"\n' "$PWD" >there/vcap-region
	GATE_OPTIONS='--region --config /srv/config --spool /srv/spool'
	VCAP_SPOOL=/x XDG_STATE_HOME=/x BASH_ENV=x HOME=/home/vcap vcap-on far vcap-region check
	diff <(grep -E '^(VCAP_|HOME|XDG|BASH_ENV)' environment | sort) - <<-'END'
		HOME=/home/vcap
		VCAP_CONFIG=/srv/config
		VCAP_SPOOL=/srv/spool
	END
	for words in '--region /run/base' '--region --flows log:/x' '--region --sudo' '--region --watch /x' \
		'--region --allow-keys=file:/x' '--region --service /x/shop' '--region --config x' '--spool /x' '--config /x /run/base'; do
		# shellcheck disable=SC2086 # words
		SSH_ORIGINAL_COMMAND="'vcap-region' 'check'" run there/vcap-gate $words
		[ "$status" -eq 2 ]
		[[ $output != *"this key"* ]]
	done
}

# The text is one of libpcre2's messages.
# Break: lib/flows/trigger_spec.c s/linepattern_text.h/linepattern.h/;s/return linepattern_text_check(spec->what, why);/return linepattern_new(spec->what, why) ? 0 : -1;/
@test "gate: of the static programs, only the one that searches lines holds the library that does" {
	static=$(dirname "$(readlink -f "$(command -v vcap-gate)")")/../libexec/vcap/$(uname -m)
	[ -d "$static" ] || skip "static programs: not in this build, which is of another architecture"
	[ "$(grep -la 'quantifier does not follow a repeatable item' "$static"/vcap-*)" = "$static/vcap-flows" ]
}
