# shellcheck shell=bash disable=SC2034,SC2154,SC2016 # the names are the lab's; dollars for the shell of a stand-in
# Faults in the way of a controller, in the lab: steps that are held, processes that are killed, links
# that swallow. The test's directory has `bin`, copies of the commands, first on PATH; `never`, a FIFO;
# and ssh is what the real one is called.

# In place of ssh, or of a command of the controller: one that does what it is told when its arguments
# match, and else what it is to do. `real "$@"` is what that is; `hold` says so, and never returns.
stand_in() { # PROGRAM PATTERN SCRIPT [PATTERN SCRIPT]...
	local name=$1 program=$LAB_DIR/bin/$1
	[ "$name" != ssh ] || program=$ssh
	shift
	{
		printf '#!/bin/sh\nreal() { %s "$@"; }\n' "$program"
		printf 'hold() { : >"%s/held$1"; read -r _ <"%s/never"; }\ncase $* in\n' "$PWD" "$PWD"
		printf '%s) %s ;;\n' "$@"
		printf 'esac\nexec %s "$@"\n' "$program"
	} >stand-in
	chmod 755 stand-in
	mv stand-in "bin/$name"
}

# A session that ends when it is to remove a capture, so that a command does it. Its input is a socket
# that ssh makes non-blocking.
removes_nothing=$(
	cat <<-'END'
		perl -MIO::Select -e '
			my ($input, $text) = (IO::Select->new(*STDIN), "");
			$| = 1;
			while ($input->can_read) {
				my $size = sysread STDIN, $text, 4096, length $text;
				next if !defined $size;
				exit if !$size;
				while ($text =~ s/^(.*)\n//) { exit if $1 eq "remove"; print "$1\n" }
			}' | real "$@"
		exit
	END
)

as_they_were() {
	rm -f bin/ssh
	cp --remove-destination "$LAB_DIR/bin/vcap-merge" bin
}

# What a controller does, and all that comes of it, carries a mark; what engines do does not.
controller() { # COMMAND...: in the background, its output to out and err
	VCAP_TEST_CONTROLLER=yes "$@" >out 2>err 3>&- &
	controller=$!
}

controllers() {
	grep -lsz '^VCAP_TEST_CONTROLLER=yes$' /proc/[0-9]*/environ | cut -d / -f 3
}

has_no_controller() {
	[ -z "$(controllers)" ]
}

# All of them at the same moment, so that none can clean up after another.
kill_controller() {
	local pids
	while pids=$(controllers) && [ -n "$pids" ]; do
		# Some may have ended by themselves since they were listed.
		# shellcheck disable=SC2086 # words
		kill -STOP $pids || true
		# shellcheck disable=SC2086
		kill -KILL $pids || true
	done 2>/dev/null
	[ -z "${controller-}" ] || wait "$controller" || true
}

entry() { # [FILE]: of the capture, whose id it sets
	id=$(vcap ls -r | cut -f 9)
	echo "$VCAP_SPOOL/captures/$id${1:+/$1}"
}

state() {
	sed -n 's/^state //p' "$(entry capture)"
}

engine_fact() { # ENGINE KEY
	sed -n "s/^$2 //p" "$(entry "engines/$1.state")"
}

runs_on() { # ENGINE...: it captures
	for engine; do
		grep -qx 'state running' "$LAB_DIR/$engine.run"/*/status || return
	done
}

on_engines() { # how many copies are there
	find "$LAB_DIR"/lb?.run -mindepth 1 -maxdepth 1 | wc -l
}

no_capture_runs() {
	! pgrep -x vcap-run
}

nothing_left() {
	[ "$(on_engines)" -eq 0 ]
	# They say that they are done before they are gone.
	until_true no_capture_runs
	until_true eval '! pgrep -x vcap-merge'
	[ -z "$(find "$VCAP_SPOOL" -name '*.tmp')" ]
	[ -z "$(find "$VCAP_SPOOL" -path '*/engines/*.pcapng')" ]
}

traffic() { # through each engine, of both families, more than fits into any buffer
	for engine in $LAB_ENGINES; do
		lab_get "20$(lab_number "$engine")" /small /large /large
	done >/dev/null
}

traffic_with_marks() {
	lab_mark m1
	traffic
	lab_mark m2
}

# The capture's file has what the witnesses saw.
whole() {
	vcap export "$id" .
	lab_collect "$id.pcapng" client server
	lab_compare client server
}

swallow() { # ENGINE: all that ssh would send or receive
	lab_in "$1" nft -f - <<-END
		add table inet hole
		add chain inet hole in { type filter hook input priority 0; }
		add rule inet hole in tcp dport 22 drop
		add chain inet hole out { type filter hook output priority 0; }
		add rule inet hole out tcp sport 22 drop
	END
}

sessions_of() { # ENGINE: the processes of its sshd that serve somebody
	local pid
	for pid in $(lab_in "$1" ip netns pids "$1"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != sshd ] ||
			[ "$pid" = "$(cat "$LAB_DIR/$1-sshd.pid")" ] || echo "$pid"
	done
}
