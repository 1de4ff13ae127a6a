#!/usr/bin/env bats
# `payload no` in a service file: captures keep the headers alone, unless they are asked for more.

bats_require_minimum_version 1.5.0

setup() {
	PATH="$BATS_TEST_DIRNAME/../../${VCAP_BUILD:-build}/bin:$PATH"
	cd "$BATS_TEST_TMPDIR" || return
	export VCAP_CONFIG=$PWD/config VCAP_SPOOL=$PWD/spool
	mkdir -p config/services
	# An engine that takes down what it is asked, and does nothing.
	cat >engine <<-END
		#!/bin/sh
		echo "\$*" >>"$PWD/asked"
		case "\$*" in *vcap-run*) cat >"$PWD/job" ;; esac
		exit 1
	END
	chmod 755 engine
	echo "a exec $PWD/engine" >config/engines
	printf 'vip 192.0.2.10 tcp/80\nserver 10.0.0.1\nengine a\npayload no\n' >config/services/shop
	sed 's/ no$/ yes/' config/services/shop >config/services/open
}

# What a capture has its engine do; err is what it says before that.
asked() { # ARG...
	rm -f asked
	vcap-start -t 1 "$@" 2>err || true
	grep 'vcap-run .*--detach' asked
}

# Break: lib/controller/params_cli.c s/params->cuts = true;/params->cuts = false;/
# Break: lib/controller/params_cli.c s/if (params->snaplen)$/if (0)/
# Break: lib/controller/params.c s/service_remove(service, "payload");//
@test "payload no: headers are the default, --payload keeps all; engines are not told" {
	[[ $(asked shop) == *-sheaders* ]]
	run ! grep -q payload err
	# As the shell and Wireshark ask for all.
	[[ $(asked -s 0 shop) == *-sheaders* ]]
	run ! grep -q payload err
	[[ $(asked -s 96 shop) == *-sheaders* ]]
	grep -q "service 'shop' has 'payload no': only headers are kept ('--payload' keeps more)" err
	[[ $(asked --payload shop) != *headers* ]]
	[[ $(asked --payload -s 96 shop) == *-s96* ]]
	[[ $(asked open) != *headers* ]]
	# Engines of older releases do not know the line: they are told of the service without it.
	asked shop
	grep -q '^vip 192.0.2.10' job
	run ! grep -q payload job
	for wrong in 'payload' 'payload none' 'payload no no'; do
		printf 'vip 192.0.2.10\nserver 10.0.0.1\nengine a\n%s\n' "$wrong" >config/services/wrong
		run -2 vcap-start --dry-run -t 1 wrong
	done
	[[ $output == *wrong:4:* ]]
}
