#!/bin/sh
# vcap VERB runs vcap-VERB, from the directory this script is in before any other.
set -eu

PATH=$(dirname "$(readlink -f "$0")"):$PATH; export PATH

usage() {
	cat <<'END'
Captures the packets of a service on every load balancer that serves it.

usage: vcap verb [arg ...]

Set up:
    init       make a configuration with examples
    import     make services of a load balancer's configuration
    push       copy vcap's programs to an engine, or remove them
    services   list the services, and check their files
    engines    list the engines, and check their file
    check      whether the engines can capture
Capture:
    capture    capture a service and wait for the file
    live       stream the packets of a service, as they come
    extcap     make services interfaces of Wireshark
    start      start a capture and return
    status     show how captures go, engine by engine
    stop       end a capture before its limits
    snapshot   keep the last minutes of a rolling capture
    wait       wait for a capture's file
    shell      the same, in the words of a load balancer
Look:
    ls         list captures
    metrics    how captures go, for Prometheus
    stat       count a file's packets by engine, interface and side
    print      a line a packet, as tcpdump
    transactions  who was slow, and who hung up
    report     the same on one screen, for a ticket
    open       open a capture in Wireshark
Files:
    anonymize  copy a capture without payload, with other addresses
    export     copy a capture's file out of the spool
    collect    list and fetch what engines still have of captures
    prune      remove old captures
    rm         remove a capture
For scripts:
    filter     make a packet filter of addresses and services; filter a file
    run        capture on this host
    merge      merge capture files in the order of time
    join       keep whole transactions, on both sides of a proxy
    flows      print which client each connection to a server carries
    keys       print the secrets of TLS sessions
    drops      capture the packets that the kernel drops, and why
    on         run a command on an engine
    each       run a command for every engine of a capture
    fetch      fetch one engine's part of a capture
    clock      compare an engine's clock with this host's
    complete   list the completions of a command line
    gate       restrict a key to vcap's commands on an engine
    host       answer a controller, on an engine
    region     answer a larger controller

  -h, --help     show this help
      --version  show the version

To begin: 'vcap init' makes a configuration, 'vcap import' services; then
'vcap check' and 'vcap capture SERVICE -t 1'. 'vcap help VERB' says more of a
verb, 'man 7 vcap' of all.

Example:
  vcap capture shop -c 1000 -t 5

See vcap(1).
END
}

[ $# -gt 0 ] || { usage; exit 2; }
case $1 in
-h | --help) usage; exit ;;
help)
	[ $# -gt 1 ] || { usage; exit; }; shift
	case $1 in
	*[!a-z]* | '') ;;
	*) ! command -v "vcap-$1" >/dev/null || exec "vcap-$1" --help ;;
	esac
	;;
--version) echo "vcap @VERSION@"; exit ;;
-*)
	printf "vcap: unknown option '%s' (try --help)\n" "$1" | LC_ALL=C tr -c '[:print:]\n' '?' >&2
	exit 2
	;;
*[!a-z]* | '') ;;
*)
	if command -v "vcap-$1" >/dev/null; then
		export VCAP_AS="vcap $1" # by which the verb says what it says
		verb=vcap-$1 && shift && exec "$verb" "$@"
	fi
	;;
esac
printf "vcap: unknown verb '%s'\n" "$1" | LC_ALL=C tr -c '[:print:]\n' '?' >&2
usage | sed -n 's/^    \([a-z]*\) .*/\1/p' | tr '\n' ' ' | fold -s -w 70 | sed '1s/^/verbs: /; 2,$s/^/       /' >&2
echo >&2; exit 2
