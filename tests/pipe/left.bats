#!/usr/bin/env bats
# What nobody has fetched from engines: it is listed, told, and removed when its time is over.

bats_require_minimum_version 1.5.0

setup() {
	PATH="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin:$PATH"
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services run
	id=shop.20260101_000000
	now=$(date +%s)
	week=604800
}

# A capture as vcap-run leaves it, whose status says that it expires then, and was written a week before.
left() { # NAME EXPIRES [TOKEN]
	(umask 077 && mkdir "run/$1")
	echo packets >"run/$1/core-0.pcapng"
	printf %s "${3-0123456789abcdef}" >"run/$1/token"
	printf '%s\n' 'state done' 'bytes 8' "expires $2.000000000" >"run/$1/status"
	touch -d "@$(($2 - week))" "run/$1/status"
}

# Break: lib/capture/runlist.c s/run.expires_ns < now/0/
@test "host: each request removes what has expired beside its capture, and says so, but not that one" {
	for words in "status run/$id.b" "stop run/$id.b" "remove run/none" 'list run' 'check run'; do
		left "$id.a" $((now - 9))
		[ -d "run/$id.b" ] || left "$id.b" $((now - 9))
		left "$id.c" $((now + 99))
		# shellcheck disable=SC2086 # words
		run --separate-stderr vcap-host $words
		grep -q "^vcap-host: removed 'run/$id.a', which expired on 20" <<<"$stderr" || { echo "$words: $stderr"; false; }
		[ ! -e "run/$id.a" ]
		[[ $words != *"$id.b" ]] || [ -s "run/$id.b/core-0.pcapng" ]
		rm -r "run/$id.c"
	done
}

# Break: lib/capture/runlist.c s/INT64_MAX/0/
@test "host: a list of what is there, also in the answer to check" {
	left "$id.a" $((now + 99))
	left 'mine' $((now + 200)) ''
	mkdir run/empty
	ln -s "$id.a" "run/$id.link"
	run -0 --separate-stderr vcap-host list run
	[ "$(sort <<<"$output")" = "mine - done 8 $((now + 200)).000000000 -
$id.a 0123456789abcdef done 8 $((now + 99)).000000000 -" ]
	[ -z "$stderr" ]
	run vcap-host check run
	[ "$(grep -c '^capture ' <<<"$output")" -eq 2 ]
	run -0 vcap-host list none
	[ -z "$output" ]
	run -2 vcap-host list
	run -2 vcap-host list run 0123456789abcdef
}
