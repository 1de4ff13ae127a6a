/*
 * The gate is a recursive-descent parser whose grammar is the set of command lines that commands.h
 * can build: each function takes the words of one rule from the front, and a command is admitted
 * only if all of its words have been taken. So nothing has to be known of what is dangerous: an
 * option that vcap gains later is refused until the grammar has it, too. Values are checked by the
 * parsers that the commands themselves use, numbers in the same word as their option; paths are
 * compared with the one directory, and have no further '/'.
 */
#include "controller/gate.h"

#include "base/clock.h"
#include "base/parse.h"
#include "controller/config.h"
#include "controller/gate_region.h"
#include "controller/gate_trigger.h"
#include "controller/gate_words.h"
#include "filter/service.h"
#include "flows/keysource_spec.h"
#include "packet/addrset.h"
#include "packet/bpf.h"

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAPTURE_MAX 255 /* bytes of ID.ENGINE */

/* The words that have not been parsed yet. */
struct words_left {
	const struct gate *gate;
	char *const *next;
	const char *fault; /* the offending word; NULL: the next one */
};

/* Takes the next word if it is this one. */
static bool
take(struct words_left *left, const char *word)
{
	return gate_words_take(&left->next, word);
}

static bool
take_all(struct words_left *left, const char *const *words)
{
	for (; *words; words++)
		if (!take(left, *words))
			return false;
	return true;
}

static int
refuse(const struct words_left *left, struct failure *why)
{
	const char *word = left->fault ? left->fault : *left->next;

	if (!word)
		return failure_set(why, "the command is incomplete");
	return failure_set(why, "this key does not allow '%s'", word);
}

/* DIRECTORY/ID.ENGINE: directly in the directory, neither below nor outside of it. */
static bool
is_capture(const struct gate *gate, const char *word)
{
	const char *name = word[0] == '/' ? strrchr(word, '/') + 1 : "";

	if (!isalnum((unsigned char)*name) || strlen(name) > CAPTURE_MAX)
		return false;
	if (gate->directory && (strlen(gate->directory) != (size_t)(name - word - 1) ||
				strncmp(word, gate->directory, strlen(gate->directory)) != 0))
		return false;
	if (gate->service && !parse_is_capture_of(name, config_service_name(gate->service)))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
			return false;
	return true;
}

static bool
is_source(const struct gate *gate, const char *word)
{
	return strcmp(word, "conntrack") == 0 || (gate->flows && strcmp(word, gate->flows) == 0);
}

/* Where vcap-run may write: to a capture that outlives the connection, or to the connection for as
 * long as the controller renews the lease. */
struct target {
	bool is_capture, is_stream, detaches, has_lease;
	bool has_payload; /* what is written */
};

/* Without a lease a stream would continue without a reader; without --detach a capture would end
 * with the connection. */
static bool
target_is_whole(const struct target *target)
{
	return target->is_capture ? target->detaches && !target->has_lease
				  : target->is_stream && target->has_lease && !target->detaches;
}

/* An option of vcap-run whose value is in the same word. */
static bool
take_single(struct words_left *left, struct target *target)
{
	const char *word = *left->next;
	int64_t duration;

	if (strcmp(word, "--detach") == 0)
		target->detaches = true;
	else if (strcmp(word, "--drops") == 0)
		;
	else if (strncmp(word, "--wait=", 7) == 0 && parse_is_interface(word + 7))
		;
	else if (strncmp(word, "--lease=", 8) == 0 &&
		 parse_duration(word + 8, NS_PER_SECOND, &duration, NULL) == 0)
		target->has_lease = true;
	else if (strncmp(word, "--rolling=", 10) == 0 &&
		 parse_duration(word + 10, NS_PER_SECOND, &duration, NULL) == 0)
		;
	else if (gate_trigger_admit(left->gate->flows, left->gate->watched, word))
		;
	else if (strcmp(word, "-sheaders") == 0 && target->has_payload)
		target->has_payload = false;
	else if (strcmp(word, "--audit=required") != 0 && !gate_words_is_token(word) &&
		 !gate_words_is_by(word) && !gate_words_is_limit(word, left->gate->headers_only))
		return false;
	left->next++;
	return true;
}

static bool
is_target(const struct gate *gate, const char *word, struct target *target)
{
	if (target->is_stream || target->is_capture)
		return false;
	target->is_stream = strcmp(word, "-") == 0;
	target->is_capture = is_capture(gate, word);
	return target->is_stream || target->is_capture;
}

/* An option of vcap-run whose value is the next word. */
static bool
take_pair(struct words_left *left, struct target *target)
{
	const char *option = left->next[0], *value = left->next[1];
	bool is_good;

	if (!value)
		return false;
	if (strcmp(option, "-n") == 0)
		is_good = parse_is_name(value);
	else if (strcmp(option, "-f") == 0)
		is_good = strcmp(value, "-") == 0;
	else if (strcmp(option, "-i") == 0)
		is_good = parse_is_interface(value);
	else if (strcmp(option, "-w") == 0)
		is_good = is_target(left->gate, value, target);
	else if (strcmp(option, "--flows") == 0)
		is_good = is_source(left->gate, value);
	else if (strcmp(option, "--keys") == 0)
		is_good = left->gate->allows_keys && keysource_spec_is(value, left->gate->keys);
	else
		return false;
	if (is_good)
		left->next += 2;
	else
		left->fault = value;
	return is_good;
}

/* --bytecode=PROGRAM; any other word, and a malformed program, is left. */
static void
take_bytecode(struct words_left *left)
{
	static const char option[] = "--bytecode=";
	struct bpf program = BPF_INIT;

	if (!*left->next || strncmp(*left->next, option, sizeof(option) - 1) != 0)
		return;
	if (bpf_parse(&program, *left->next + sizeof(option) - 1, NULL) == 0)
		left->next++;
	bpf_release(&program);
}

/* --header=NAME or --header=NAME HOPS, in one word; any other word is left. */
static void
take_header(struct words_left *left)
{
	static const char option[] = "--header=";
	struct service_header header;

	if (!*left->next || strncmp(*left->next, option, sizeof(option) - 1) != 0 ||
	    service_header_read(&header, *left->next + sizeof(option) - 1, NULL) < 0)
		return;
	free(header.name);
	left->next++;
}

/* vcap-join as the command that packets pass through; service and specs are the paths of these
 * parts of the job. */
static bool
take_join(struct words_left *left, const char *service, const char *specs)
{
	if (!take_all(left, (const char *const[]){"vcap-join", "-S", service, "-m", NULL}) ||
	    !gate_words_take_some(&left->next, gate_words_is_mode))
		return false;
	if (!take(left, "-P") && take(left, "-t") && !take(left, "/dev/fd/3"))
		return false;
	take(left, "-x");
	take_header(left);
	take_bytecode(left);
	return !take(left, "--specs") || take(left, specs);
}

static bool
admit_run(struct words_left *left)
{
	struct target target = {.has_payload = true};

	while (*left->next && strcmp(*left->next, "--") != 0)
		if (!take_single(left, &target) && !take_pair(left, &target))
			return false;
	if (!target_is_whole(&target))
		return false;
	if (left->gate->headers_only && target.has_payload) {
		left->fault = GATE_WORDS_PAYLOAD;
		return false;
	}
	if (!take(left, "--"))
		return true;
	return target.is_capture ? take_join(left, "./service", "specs")
				 : take_join(left, "/dev/fd/4", "/dev/fd/5");
}

/* [-i IFACE]... DIRECTORY [ADDRESS]... */
static bool
take_check(struct words_left *left)
{
	struct addr addr;

	while (take(left, "-i"))
		if (!gate_words_take_some(&left->next, parse_is_interface))
			return false;
	if (!take(left, left->gate->directory))
		return false;
	while (*left->next && addr_parse(&addr, *left->next, NULL) == 0)
		left->next++;
	return true;
}

/* [IFACE]... */
static bool
take_interfaces(struct words_left *left)
{
	while (gate_words_take_some(&left->next, parse_is_interface))
		;
	return true;
}

static bool
take_capture(struct words_left *left)
{
	if (!*left->next || !is_capture(left->gate, *left->next))
		return false;
	left->next++;
	return true;
}

static bool
is_time(const char *word)
{
	int64_t ns;

	return parse_offset(word, &ns, NULL) == 0 && ns >= 0;
}

/* Takes a word of that kind, or `-`. */
static bool
take_some(struct words_left *left, bool (*is_kind)(const char *word))
{
	return take(left, "-") || gate_words_take_some(&left->next, is_kind);
}

/* CAPTURE CAPTURE FROM TO TOKEN TOKEN */
static bool
take_snapshot(struct words_left *left)
{
	return take_capture(left) && take_capture(left) && take_some(left, is_time) &&
	       take_some(left, is_time) && take_some(left, parse_is_token) &&
	       take_some(left, parse_is_token);
}

/* A request about a capture, or to the host. */
static bool
take_request(struct words_left *left)
{
	if (take(left, "clock"))
		return true;
	if (left->gate->is_region)
		return false;
	if (take(left, "check"))
		return take_check(left);
	if (take(left, "trial") || take(left, "losses"))
		return take_interfaces(left);
	if (take(left, "list"))
		return take(left, left->gate->directory);
	if (take(left, "snapshot"))
		return take_snapshot(left);
	if (!take(left, "status") && !take(left, "stop") && !take(left, "follow") &&
	    !take(left, "remove") && !take(left, "pairs") &&
	    !(left->gate->allows_keys && take(left, "keys")))
		return false;
	if (!take_capture(left))
		return false;
	gate_words_take_some(&left->next, parse_is_token);
	return true;
}

/* --since=TIME, --until=TIME; other words are left. */
static void
take_period(struct words_left *left)
{
	if (*left->next && strncmp(*left->next, "--since=", 8) == 0 && is_time(*left->next + 8))
		left->next++;
	if (*left->next && strncmp(*left->next, "--until=", 8) == 0 && is_time(*left->next + 8))
		left->next++;
}

/* NAME=CAPTURE, to standard output, compressed or not, all of it or the packets of a period. */
static bool
admit_merge(struct words_left *left)
{
	const char *equals;
	char name[65];

	if (!take(left, "-w") || !take(left, "-"))
		return false;
	take(left, "--cut");
	take(left, "-z");
	take_period(left);
	if (!*left->next)
		return false;
	equals = strchr(*left->next, '=');
	if (!equals || equals - *left->next >= (ptrdiff_t)sizeof(name))
		return false;
	memcpy(name, *left->next, (size_t)(equals - *left->next));
	name[equals - *left->next] = '\0';
	if (!parse_is_name(name) || !is_capture(left->gate, equals + 1))
		return false;
	left->next++;
	return true;
}

static bool
admit_region(struct words_left *left)
{
	const struct gate_region_rights rights = {left->gate->headers_only, left->gate->allows_keys,
						  left->gate->service};

	return gate_region_admit(&left->next, &left->fault, rights);
}

const char *
gate_name(const char *command)
{
	const char *slash = strrchr(command, '/');

	return slash ? slash + 1 : command;
}

/* The command that the next word names so, of an engine or of a region. */
static bool
admit_named(struct words_left *left, const char *name)
{
	static const struct {
		const char *name;
		bool for_engine, for_region;
		bool (*admit)(struct words_left *left);
	} commands[] = {{"vcap-run", true, false, admit_run},
			{"vcap-merge", true, false, admit_merge},
			{"vcap-region", false, true, admit_region},
			{"vcap-host", true, true, take_request}};

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(name, commands[i].name) != 0 ||
		    !(left->gate->is_region ? commands[i].for_region : commands[i].for_engine))
			continue;
		left->next++;
		return commands[i].admit(left);
	}
	return false;
}

/* A command, perhaps a path, or `vcap-host answer NONCE --` and one by its name alone. */
static bool
admit_command(struct words_left *left)
{
	const char *name = *left->next ? gate_name(*left->next) : "";

	if (strcmp(name, "vcap-host") != 0 || !left->next[1] ||
	    strcmp(left->next[1], "answer") != 0)
		return *left->next && admit_named(left, name);
	left->next += 2;
	return gate_words_take_some(&left->next, parse_is_token) && take(left, "--") &&
	       *left->next && admit_named(left, *left->next);
}

char *const *
gate_admit(const struct gate *gate, char *const *words, struct failure *why)
{
	struct words_left left = {gate, words, NULL};
	char *const *command;

	if (gate->sudo && !take_all(&left, (const char *const[]){"sudo", "-n", "--", NULL})) {
		failure_set(why, "this key is for 'as=sudo' in the engines file");
		return NULL;
	}
	command = left.next;
	if (admit_command(&left) && !*left.next)
		return command;
	refuse(&left, why);
	return NULL;
}

bool
gate_is_service(const char *word, bool by_sudo)
{
	return parse_is_name(config_service_name(word)) &&
	       (!strchr(word, '/') || (word[0] == '/' && !by_sudo));
}

static bool
is_called_as_capture(const char *path)
{
	return parse_is_capture(strrchr(path, '/') + 1);
}

int
gate_check_run(const struct gate_run *run, struct failure *why)
{
	char *const *filter = run->filter;
	const struct gate any = {0};
	struct words_left left = {&any, filter, NULL}, stream = left;

	if (run->job && strcmp(run->job, "-") != 0)
		return failure_set(why, "by sudo '-f' takes only '-': '%s' (try '-f - <file')",
				   run->job);
	if (run->directory &&
	    (!is_capture(&any, run->directory) || !is_called_as_capture(run->directory)))
		return failure_set(why,
				   "by sudo the directory is /PATH/SERVICE.YYYYMMDD_HHMMSS.ENGINE: "
				   "'%s' (try '-w - >file')",
				   run->directory);
	if (gate_trigger_check(run->triggers, run->flows, why) < 0)
		return -1;
	if (run->service && strchr(run->service, '/'))
		return failure_set(why, "by sudo a service is told by its name: '-S %s'",
				   run->service);
	if (!filter || (take_join(&left, "./service", "specs") && !*left.next) ||
	    (take_join(&stream, "/dev/fd/4", "/dev/fd/5") && !*stream.next))
		return 0;
	if (stream.next > left.next)
		left = stream;
	return failure_set(why, "by sudo the filter is vcap-join as vcap-start runs it: '%s'",
			   *left.next ? *left.next : *filter);
}

int
gate_check_merge(char **argv, struct failure *why)
{
	const struct gate any = {0};
	struct words_left left = {&any, argv + 1, NULL};
	char *directory;

	if (admit_merge(&left) && !*left.next && is_called_as_capture(left.next[-1])) {
		if (asprintf(&directory, "%s/.", left.next[-1]) < 0)
			return failure_nomem(why);
		argv[left.next - argv - 1] = directory;
		return 0;
	}
	return failure_set(why, "by sudo it takes only '-w - [--cut] [-z] [--since=T] [--until=T] "
				"NAME=/PATH/SERVICE.YYYYMMDD_HHMMSS.ENGINE'");
}
