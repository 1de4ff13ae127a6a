#!/bin/sh
# vcap-init: makes the configuration directory with examples, and the service `self`, the loopback
# traffic of this host. Existing files are kept.
set -eu

PATH=$(dirname "$(readlink -f "$0")"):$PATH
export PATH

fail() { # STATUS TEXT
	printf '%s: %s\n' "${VCAP_AS:-vcap-init}" "$2" | LC_ALL=C tr -c '[:print:]\n' '?' >&2
	exit "$1"
}

dry=
case ${1-} in
-h | --help)
	cat <<'END' && exit ;;
Makes the configuration directory, with examples, for a first capture.

usage: vcap-init [-n]

  -n, --dry-run  only print what would be written
  -h, --help     show this help
      --version  show the version

Example:
  vcap init

See vcap-init(1).
END
--version) echo "vcap-init @VERSION@"; exit ;;
-n | --dry-run) dry=$1; shift ;;
-*) fail 2 "unknown option '$1' (try --help)" ;;
esac
[ $# -eq 0 ] || fail 2 "unexpected argument '$1'"

# Where vcap looks for it (vcap(7), FILES), and where captures live while they run.
own=${HOME:-/}/.config/vcap config=/etc/vcap dir=
if [ -n "${VCAP_CONFIG:-}" ]; then
	config=$VCAP_CONFIG
elif [ -d "$own" ] || [ "$(id -u)" -ne 0 ]; then
	config=$own
	[ -d "$own" ] || [ ! -e /etc/vcap/engines ] ||
		fail 1 "'/etc/vcap' is in use, and '$own' would hide it (to make it all the same, set VCAP_CONFIG=$own)"
fi
[ "$(id -u)" -eq 0 ] || dir="dir=${XDG_STATE_HOME:-${HOME:-}/.local/state}/vcap/run "

write() { # NAME: standard input becomes that file, or with -n is shown, unless there is one
	if [ -e "$config/$1" ] || [ -h "$config/$1" ]; then
		echo "$config/$1 exists, and is kept"
		return
	fi
	[ -z "$dry" ] || { printf '# file %s\n\n' "$config/$1"; cat; echo; return; }
	cat >"$config/$1.new.$$" || fail 1 "cannot write '$config/$1'"
	# ln fails if another process has made the file meanwhile, which is kept.
	ln "$config/$1.new.$$" "$config/$1" || :
	rm -f "$config/$1.new.$$"
	echo "$config/$1"
}

[ -n "$dry" ] || mkdir -p "$config/services" || fail 1 "cannot make '$config'"

write engines <<END
# The load balancers, one line each: name, settings, how it is reached. See vcap-engines(5).
#
# lb1  bin=/opt/vcap/bin ssh root@lb1.example.net
# lb2  bin=/opt/vcap/bin as=sudo iface=eth0,eth1 ssh capture@lb2.example.net -p 2222
# pod0 bin=/opt/vcap/bin exec kubectl exec -i lb-0 --
#
# 'vcap push lb1' copies the programs to bin=, 'vcap check' shows which engines are ready.

local ${dir}local
END

write service.example <<'END'
# A service: copy this to services/NAME, then run 'vcap capture NAME'. See vcap-service(5);
# 'vcap import' makes such files from the configuration of HAProxy, nginx, nftables or IPVS.

vip      192.0.2.10 tcp/443        # where clients connect to; one line for each
server   10.0.1.11 tcp/8080        # where engines connect to: an address, a range or a subnet
server   10.0.1.12 tcp/8080
# source  10.0.9.1-10.0.9.4        # the engines' addresses, if servers have other clients, too
monitor  tcp/8081                  # health checks: not captured unless asked for, -m include
# monitor http /health
engine   lb1                       # the engines that serve it, by their names in the engines file
engine   lb2
END

engines='local	local'
[ -n "$dry" ] && [ ! -e "$config/engines" ] || engines=$(vcap-engines -r -o TRANSPORT,NAME) || exit
engine=$(echo "$engines" | sed -n 's/^local	//p' | sed 1q)
[ -n "$engine" ] || fail 1 "no engine in '$config/engines' is this host: add the line 'local ${dir}local' and run this again"

write services/self <<END
# This host's loopback traffic, to try vcap: vcap capture self -t 10s

vip     127.0.0.1
vip     ::1
engine  $engine
END
