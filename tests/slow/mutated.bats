#!/usr/bin/env bats
# Whole captures with an engine whose answers are recordings with something changed in them, beside one
# that answers as recorded. MUTATED: how many (300); SEED: of the first (1).

bats_require_minimum_version 1.5.0

setup() {
	build=$(cd "$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}" && pwd)
	PATH=$build/bin:$build/tests/tools:$PATH
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p good
	mkcap -f pcapng -n 20 -z 40 -d 0 -a vcap-run | vcap-merge -w good/file -
	bytes=$(($(vcap-merge -F pcap -w - good/file | wc -c) - 24 - 16 * 20))
	for state in running 'done'; do
		printf '%s\n' "state $state" 'pid 7' 'version 0.2.0' 'abilities token answer by audit follow' \
			'packets 20' "bytes $bytes" 'dropped 0' 'core-0 packets 20 bytes 9 received 20 dropped 0 full -' \
			'reason time' >"good/$state"
	done
	printf 'time 1795961591.539062123\nstate done\npackets 20\nbytes %s\n\n' "$bytes" >good/raw.recorded
	cat >mutate <<-'END'
		# mutate SEED FILE: what a fuzzer does to bytes, from the seed alone
		use strict;
		my ($seed, $file) = @ARGV;
		srand $seed;
		open my $in, "<:raw", $file or die; local $/; my $text = <$in>;
		my @words = ("\e[2J", "\x9b31m", "\xe2\x80\xae", "\0", "\n\n", "time ", "state running\n", "../../x", "18446744073709551616",
			"-1", "\xff" x 8, "\0" x 16, "A" x 70000, "%n%s", "key\n", "\r", "reason \e]0;x\a\n", "vcap-answer 0123456789abcdef\n");
		for (1 .. 1 + int rand 6) {
			my $at = int rand(1 + length $text);
			my $kind = int rand 6;
			if ($kind == 0 && $at < length $text) { substr($text, $at, 1) ^= chr(1 << int rand 8) }
			elsif ($kind == 1) { substr($text, $at, 0) = $words[rand @words] }
			elsif ($kind == 2) { substr($text, $at, int rand 40) = "" }
			elsif ($kind == 3) { $text = substr $text, 0, $at }
			elsif ($kind == 4) { substr($text, $at, 0) = substr $text, int rand(1 + length $text), int rand 200 }
			else { substr($text, $at, 4) = pack "V", int rand 2**32 if $at + 4 <= length $text }
		}
		binmode STDOUT; print $text;
	END
}

# One capture, everything of it in a directory. Says what is wrong with what has become of it.
one() { # SEED
	local seed=$1 target status=0 end
	rm -rf "round.$seed"
	cp -r good "round.$seed"
	cd "round.$seed" || return
	targets=(running 'done' file raw.recorded)
	target=${targets[seed % 4]}
	perl ../mutate "$seed" "$target" >"${target%.recorded}.new"
	mv "${target%.recorded}.new" "${target%.recorded}"
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services
	printf '%s\n' 'vip 192.0.2.10 tcp/80' 'server 10.0.0.1' 'monitor tcp/1' 'engine good' 'engine bad' >config/services/shop
	end=$(($(date +%s) + 1))
	printf '%s\n' "good exec engine_stub ../good $end" "bad exec engine_stub . $end" >config/engines
	find . ../good -type f | sort >before
	# The bound of vcap-stop(1).
	timeout -k 5 400 vcap-capture -t 1s --patience 1s shop >out 2>err || status=$?
	case $status in
	0 | 3)
		vcap-stat "$(tail -n 1 out)" >counted || echo "seed $seed: the file cannot be read"
		grep -Eq '^good .* 20 ' <(tr -s ' ' <counted) || echo "seed $seed: the good engine's packets are not there"
		;;
	1) ;;
	*) echo "seed $seed: exit status $status" ;;
	esac
	! LC_ALL=C grep -q "$(printf '[\001-\010\013-\037\177]\|\302[\200-\237]\|\342\200\256')" out err || echo "seed $seed: control characters"
	find . ../good -type f ! -path './spool/*' ! -name out ! -name err ! -name before ! -name counted | sort |
		diff <(grep -v -e /out -e /err -e /before before) - || echo "seed $seed: files outside the spool"
	[ -z "$(find spool -name '*.tmp')" ] || echo "seed $seed: temporary files"
	cd .. && rm -rf "round.$seed"
}
export -f one

@test "captures whose engine answers with changed recordings: bounded, whole for the other, nothing outside" {
	seq "${SEED:-1}" $((${SEED:-1} + ${MUTATED:-300} - 1)) | xargs -P 4 -I{} bash -c 'one {}' >wrong
	cat wrong
	[ ! -s wrong ]
}
