# shellcheck shell=bash
# Engines' vcap-run with small rings: the kernel clears all of a ring's memory, which takes longer than
# all else in most captures here.

# A vcap-run with small rings in DIR; the words $in NAMESPACE COMMAND... find it first.
small_rings() { # DIR
	mkdir -p "$1"
	printf '#!/bin/sh\nexec "%s" -b 4M "$@"\n' "$(command -v vcap-run)" >"$1/vcap-run"
	chmod 755 "$1/vcap-run"
	in="env PATH=$1:$PATH ip netns exec"
}
