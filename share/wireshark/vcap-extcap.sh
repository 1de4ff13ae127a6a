#!/bin/sh
# vcap-extcap.sh: services of a vcap controller as an interface of Wireshark, on a computer (Linux, macOS)
# that has only Wireshark and ssh.
#
#	sh vcap-extcap.sh --install --controller [USER@]HOST
#
# copies this script to Wireshark's extcap programs of this user. Wireshark then has an interface `vcap`,
# whose dialog chooses the service. What the controller says of services is kept for a minute; all
# commands share one connection of ssh, which must work without a question (BatchMode).
#
# It is for any sh, that of macOS and BSD's tools included: no option is used that they or BusyBox lack, and
# what they do in different ways is not left to them. find's -mmin counts begun minutes there, and sed
# completes a last line that has no end.
set -eu

umask 077
cache=${XDG_CACHE_HOME:-$HOME/.cache}/vcap-extcap
config=${XDG_CONFIG_HOME:-$HOME/.config}/vcap-extcap
program='vcap extcap'

die() { # STATUS MESSAGE
	printf 'vcap-extcap: %s\n' "$2" >&2
	exit "$1"
}

quoted() { # WORD...: for the controller's shell
	for word; do
		word=$(printf '%s\n' "$word" | sed "s/'/'\\\\''/g")
		printf " '%s'" "$word"
	done
}

number() { # WORD...: a name for them
	printf '%s\n' "$@" | cksum | cut -d ' ' -f 1
}

remote() { # COMMAND: on the controller, in the place of this shell
	# The name of a socket has at most 104 bytes, of which ssh takes 17 for itself.
	socket=$cache/$(number "$controller")
	[ ${#socket} -le 80 ] || socket=none
	exec ssh -T -a -x -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=5 -o LogLevel=ERROR \
		-o ClearAllForwardings=yes -o ControlMaster=auto -o ControlPersist=60s -o "ControlPath=$socket" \
		-- "$controller" "$1"
}

tame() { # what was said there, without what a terminal could act upon
	LC_ALL=C tr -c '[:print:]\n' '?'
}

ask() { # ARG...: of vcap-extcap there
	told=$cache/told.$$ status=0
	(remote "$program$(quoted "$@")") </dev/null 2>"$told" || status=$?
	tame <"$told" >&2
	rm -f "$told"
	return $status
}

# The same; the answer is kept for a minute, behind a line that says since when.
ask_or_remember() { # ARG...
	answer=$cache/list.$(number "$controller" "$@")
	now=$(date +%s)
	asked=$(sed -n '1s/^[0-9][0-9]*$/&/p' "$answer" 2>/dev/null) || true
	if [ $((now - ${asked:-0})) -ge 60 ] || [ $((now - ${asked:-0})) -lt 0 ]; then
		{ echo "$now" && ask "$@"; } >"$answer.$$" || {
			rm -f "$answer.$$"
			return 1
		}
		mv "$answer.$$" "$answer"
	fi
	sed 1d "$answer"
}

# Whether the controller's vcap-extcap has an option, which an older one may lack.
has() { # OPTION
	case $(ask_or_remember --help 2>/dev/null) in *" $1 "*) ;; *) return 1 ;; esac
}

folder() { # NAME...: where Wireshark looks, the first of these that there is
	for tool in tshark wireshark /Applications/Wireshark.app/Contents/MacOS/tshark; do
		! command -v "$tool" >/dev/null || break
	done
	for name; do
		"$tool" -G folders 2>/dev/null | sed -n "s/^$name:[[:space:]]*//p" | grep . && return
	done
}

install_here() {
	[ -n "$controller" ] || die 2 'needs --controller [USER@]HOST'
	to=$(folder 'Personal Extcap path') || to=$(folder 'Personal configuration')/extcap || die 1 'there is no Wireshark here'
	mkdir -p "$to" "$config"
	printf '%s\n' "$controller" >"$config/controller"
	# It may be itself.
	cp "$0" "$to/vcap-extcap.$$"
	chmod 755 "$to/vcap-extcap.$$"
	mv "$to/vcap-extcap.$$" "$to/vcap-extcap.sh"
	printf '%s\n' "$to/vcap-extcap.sh"
}

uninstall_here() {
	for to in "$(folder 'Personal Extcap path' || true)" "$(folder 'Personal configuration' || true)/extcap"; do
		rm -f "$to/vcap-extcap.sh"
	done
	rm -rf "$config" "$cache"
}

controller='' request='' fifo='' filter='' reload='' specs='' service=''
monitors=none engines='' count='' snaplen='' after='' size='' flags=''
[ ! -r "$config/controller" ] || controller=$(cat "$config/controller")
while [ $# -gt 0 ]; do
	case $1 in
	--*=*) option=${1%%=*} value=${1#*=} ;;
	--capture | --extcap-interfaces | --extcap-config | --extcap-dlts | --install | --uninstall)
		request=${1#--}
		shift
		continue
		;;
	--headers-only | --per-packet | --exclude)
		flags="$flags $1"
		shift
		continue
		;;
	*)
		[ $# -gt 1 ] || die 2 "option '$1' needs a value"
		option=$1 value=$2
		shift
		;;
	esac
	shift
	case $option in
	--controller) controller=$value ;;
	--extcap-capture-filter) filter=$value ;;
	--extcap-reload-option) reload=$value ;;
	--fifo) fifo=$value ;;
	--spec) specs=$value ;;
	--service) service=$value ;;
	--monitors) monitors=$value ;;
	--engines) engines=$value ;;
	--count) count=$value ;;
	--snaplen) snaplen=$value ;;
	--stop-after) after=$value ;;
	--stop-size) size=$value ;;
	--extcap-interface | --extcap-version) ;;
	*) die 2 "unknown option '$option'" ;;
	esac
done
case $controller in -*) die 2 "not a destination of ssh: '$controller'" ;; esac
mkdir -p "$cache"

dialog() { # prints the options of the dialog as words, quoted
	# shellcheck disable=SC2086 # words
	quoted $flags
	for pair in "--service=$service" "--spec=$specs" "--extcap-capture-filter=$filter" "--monitors=$monitors" \
		"--engines=$engines" "--count=$count" "--snaplen=$snaplen" "--stop-after=$after" "--stop-size=$size"; do
		[ -z "${pair#*=}" ] || quoted "$pair"
	done
}

# The packets come over ssh. Its end, however it comes, ends the capture there: the controller's vcap-extcap
# writes to its standard output, and ends with whoever reads that. Of a computer that falls asleep, and of a link
# that is gone, it hears no end; but it misses the lines that are sent to it as long as this runs.
capture() {
	[ -n "$service" ] || die 2 'no service is chosen'
	[ -n "$fifo" ] || die 2 'needs --fifo'
	started=$PPID said=$cache/said.$$ heartbeat=''
	! has --heartbeat || heartbeat=' --heartbeat 10s'
	# Of processes that end by a signal some shells say so, which Wireshark takes for an error.
	exec 3>&2 2>/dev/null
	trap 'rm -f "$said"' EXIT
	while echo; do sleep 2; done </dev/null 3>&- |
		{ remote "$program --capture --extcap-interface vcap --fifo -$heartbeat$(dialog)"; } >"$fifo" 2>"$said" 3>&- &
	ssh=$!
	# tshark that was killed tells nobody; $$ is this shell.
	(while kill -0 "$started" && kill -0 $$ && kill -0 $ssh; do sleep 1; done; kill $ssh) >/dev/null </dev/null 3>&- &
	watch=$!
	# ssh that is killed has a status of its own; what is up to 3 the controller has said.
	trap 'kill $ssh || true; status=0; wait $ssh || status=$?; [ $status -le 3 ] || status=0; settle $status' HUP INT TERM
	# Wireshark takes the end of the FIFO for the end of it all: that comes when all is said.
	exec 4>"$fifo"
	status=0
	wait $ssh || status=$?
	settle $status
}

# Ends, with what went wrong, which a SIGTERM at the same time is not to hide.
settle() { # STATUS: of ssh
	trap '' HUP INT TERM
	kill $watch || true
	case $1 in
	# By a signal, which is a number of its own in some shells.
	0 | 129 | 130 | 141 | 143 | 25[6-9] | 2[6-9]? | [34]??) exit 0 ;;
	*)
		[ -s "$said" ] || echo "vcap-extcap: the connection to '$controller' was lost" >"$said"
		tame <"$said" >&3
		exit "$1"
		;;
	esac
}

case $request in
install) install_here ;;
uninstall) uninstall_here ;;
extcap-interfaces)
	echo 'extcap {version=1.0}{display=vcap: services on their load balancers}'
	[ -z "$controller" ] || echo "interface {value=vcap}{display=vcap: a service of $controller}"
	;;
extcap-dlts) echo 'dlt {number=1}{name=EN10MB}{display=Ethernet}' ;;
extcap-config | '')
	# Who presses the button wants to know what is there now.
	if [ -n "$reload" ]; then
		ask --extcap-interface vcap --extcap-reload-option "$reload" --service "$service"
	elif [ "$request" ]; then
		ask_or_remember --extcap-interface vcap --extcap-config --service "$service"
	elif [ "$filter" ]; then
		ask --extcap-interface vcap --extcap-capture-filter "$filter" --service "$service"
	else
		die 2 'nothing is asked for'
	fi
	;;
capture) capture ;;
esac
