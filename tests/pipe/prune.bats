#!/usr/bin/env bats
# vcap-prune: what goes and what stays.

bats_require_minimum_version 1.5.0

setup() {
	PATH="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin:$PATH"
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_SPOOL=$PWD/spool
	now=$(date +%s)
	# Five of shop, one a day, 100 bytes each; one of web; and the oldest goes on.
	for day in 1 2 3 4 5; do capture shop.2026010${day}_000000 'done' $((6 - day)); done
	capture web.20260101_000000 partial 5
	capture shop.20260101_120000 capturing 9
}

capture() { # ID STATE DAYS-AGO
	(umask 077 && mkdir -p "spool/captures/$1/engines")
	printf '%s\n' "state $2" 'size 100' "ended $((now - $3 * 86400)).0" >"spool/captures/$1/capture"
}

left() {
	vcap-ls -r | cut -f 9 | sort | tr '\n' ' '
}

@test "by count, by size, by age; what goes on stays" {
	run -0 vcap-prune -c 4 shop
	[ "$output" = shop.20260101_000000 ]
	run -0 vcap-prune -s 399 shop
	[ "$output" = shop.20260102_000000 ]
	run -0 vcap-prune -a 60h
	[ "$output" = $'shop.20260103_000000\nweb.20260101_000000' ]
	[ "$(left)" = "shop.20260101_120000 shop.20260104_000000 shop.20260105_000000 " ]
	run -0 vcap-prune -c 0
	[ "$(left)" = "shop.20260101_120000 " ]
}

# bats test_tags=slow
@test "a dry run removes nothing; no limit is wrong usage" {
	before=$(left)
	run -0 vcap-prune -n -c 0
	[ "${#lines[@]}" -eq 6 ]
	[ "$(left)" = "$before" ]
	run -2 vcap-prune
	run -2 vcap-prune -n shop
	run -2 vcap-prune -c 1 ../x
	run -2 vcap-prune -s x
	[ "$(left)" = "$before" ]
}

# Break: lib/controller/prune_rules.c s/spool_id_is_of(id, rule->service)/0/
@test "a file has limits for single services, which the others' do not count" {
	printf '%s\n' '# kept' 'age 10d  count 3' '' 'service web size 50' 'service shop count 4 # the newest' >rules
	run -0 vcap-prune -n -f rules
	[ "$output" = $'shop.20260101_000000\nweb.20260101_000000' ]
	echo 'count 3' >rules
	run -0 vcap-prune -f rules
	[ "$output" = $'shop.20260102_000000\nshop.20260101_000000\nweb.20260101_000000' ] || { echo "$output"; false; }
}

# bats test_tags=slow
@test "a file that is not understood removes nothing, and says where" {
	before=$(left)
	for line in 'age' 'age x' 'service ../x age 1d' 'service shop' 'service shop leftovers 1d' 'years 1' '# nothing'; do
		printf 'count 0\n%s\n' "$line" >rules
		[ "$line" != '# nothing' ] || echo "$line" >rules
		run -2 vcap-prune -f rules
		[[ $output == "vcap-prune: "*rules* ]]
	done
	run -2 vcap-prune -f rules -c 1
	run -2 vcap-prune -f rules shop
	run -2 vcap-prune -f missing
	[ "$(left)" = "$before" ]
}
