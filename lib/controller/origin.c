/*
 * What an engine says of its configuration is an outsider's word, and decides what is captured on all
 * engines of the service. So it can only add: VIPs, servers and sources, each a single address and port, not
 * too many, and all of them told; what the file has stays. vcap-import confines what parses it. The answer
 * has no say in health checks, which would leave packets out, nor in engines.
 */
#include "controller/origin.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PATIENCE_NS (2 * NS_PER_SECOND)
#define ANSWER_MAX  (4u << 20)
#define ERRORS_MAX  (64u << 10)
#define NAMED_MAX   4  /* addresses that a line names */
#define SOURCES_MAX 64 /* addresses one behind the other */

void
origin_release(struct origin *origin)
{
	strvec_release(&origin->said);
	if (origin->fd >= 0)
		close(origin->fd);
	*origin = ORIGIN_INIT;
}

static const char *
whom(const struct service *service)
{
	return service->from.engine ? service->from.engine : "kubectl";
}

static char **
command(const struct service_from *from)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-import", "--service", from->name, NULL);
	if (from->engine)
		strvec_pushl(&argv, "--engines", from->engine, NULL);
	strvec_pushl(&argv, "--", from->kind, from->file, NULL);
	return strvec_detach(&argv);
}

/* Why vcap-import failed, from what it printed on standard error: its own last line, unless that says that a
 * command failed, and then the last line of another, such as ssh. Points into errors, which is changed. */
static const char *
find_reason(char *errors)
{
	static const char name[] = "vcap-import: ";
	const char *own = NULL, *other = NULL;

	for (char *line; (line = strsep(&errors, "\n"));) {
		if (strncmp(line, name, sizeof(name) - 1) == 0)
			own = line + sizeof(name) - 1;
		else if (*line)
			other = line;
	}
	if (own && !(other && strstr(own, "' failed")))
		return own;
	return other ? other : "it ended without a word";
}

/* How much of a service an answer has: what it lacks may be what vcap-import has left out, and its VIPs those
 * that one of several engines has now. */
enum extent { EXTENT_PART, EXTENT_SERVERS, EXTENT_WHOLE };

static void
say_silence(struct origin *origin, const struct service *service, const char *reason)
{
	strvec_pushf(&origin->said, "cannot ask %s for service '%s' again, so its file counts: %s",
		     whom(service), service->name, reason);
}

/* Runs it, and tells why it failed. Returns what it printed, on the heap; NULL: nothing came of it. */
static char *
run(struct origin *origin, const struct service *service, char *const *argv, enum extent *extent)
{
	struct failure why = FAILURE_INIT;
	struct process child;
	int out = process_output_open(ANSWER_MAX, &why);
	int err = process_output_open(ERRORS_MAX, &why), status = -1;
	char *text = NULL, *errors = NULL;

	if (out >= 0 && err >= 0 && process_start_group(&child, argv, -1, out, err, &why) == 0)
		status = process_wait(&child, PATIENCE_NS);
	*extent = status == EXIT_DONE ? EXTENT_WHOLE : EXTENT_PART;
	if (status == EXIT_DONE || status == EXIT_PARTIAL)
		text = process_output_text(out);
	else if (status == EXIT_TIMEOUT)
		say_silence(origin, service, "no answer within 2 seconds");
	else if (status > 0 && (errors = process_output_text(err)))
		say_silence(origin, service, find_reason(errors));
	else
		say_silence(origin, service, why.text);
	free(errors);
	if (out >= 0)
		close(out);
	if (err >= 0)
		close(err);
	return text;
}

/* An endpoint as its line has it. Heap; NULL: out of memory. */
static char *
format(const struct endpoint *endpoint)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	endpoint_print(endpoint, out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static bool
has(const struct endpoint *list, size_t count, const struct endpoint *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (endpoint_is_within(wanted, &list[i]))
			return true;
	return false;
}

static bool
has_part(const struct endpoint *list, size_t count, const struct endpoint *whole)
{
	for (size_t i = 0; i < count; i++)
		if (endpoint_is_within(&list[i], whole))
			return true;
	return false;
}

/* What is said of endpoints, around the service's name. */
struct phrase {
	const char *before, *behind;
};

static const struct phrase more_vips = {"has VIPs that the file of service",
					"lacks, which are captured, too"};
static const struct phrase more_servers = {"has servers that the file of service",
					   "lacks, which are captured, too"};
static const struct phrase more_sources = {"uses addresses that the file of service",
					   "lacks, which count, too"};
static const struct phrase too_much = {"has more for service",
				       "than is taken unasked ('vcap import -w' takes it)"};
static const struct phrase less = {"lacks what the file of service",
				   "has, which is captured all the same"};

/* Says so of these endpoints, of which the first are named. */
static void
say(struct origin *origin, const struct service *service, struct phrase phrase,
    const struct strvec *endpoints)
{
	struct strvec some = STRVEC_INIT;
	char *names, rest[40] = "";

	for (size_t i = 0; i < endpoints->count && i < NAMED_MAX; i++)
		strvec_push(&some, endpoints->list[i]);
	names = strvec_join(&some, "', '");
	if (endpoints->count > NAMED_MAX)
		snprintf(rest, sizeof(rest), " and %zu more", endpoints->count - NAMED_MAX);
	if (endpoints->count && names)
		strvec_pushf(&origin->said, "%s %s '%s' %s: '%s'%s", whom(service), phrase.before,
			     service->name, phrase.behind, names, rest);
	origin->said.failed |= !names || endpoints->failed;
	free(names);
	strvec_release(&some);
}

/* What a service has of a kind: VIPs or servers. */
struct endpoint_list {
	const struct endpoint *list;
	size_t count;
};

/* Lines to be added. */
struct addition {
	FILE *out;
	size_t count;
};

/* Whether it is one address and port, as all are that proxies listen at and connect to. */
static bool
is_single(const struct endpoint *endpoint)
{
	return endpoint->addresses.first == endpoint->addresses.last && endpoint->protocol;
}

/* Adds what is new of a kind, and says so. */
static void
add_new(struct origin *origin, const struct service *service, const char *keyword,
	struct endpoint_list old, struct endpoint_list now, struct addition *addition)
{
	struct strvec added = STRVEC_INIT, left = STRVEC_INIT;

	for (size_t i = 0; i < now.count; i++) {
		const bool is_taken = addition->count < ORIGIN_LINES_MAX && is_single(&now.list[i]);
		char *text;

		if (has(old.list, old.count, &now.list[i]))
			continue;
		text = format(&now.list[i]);
		if (is_taken && text) {
			fprintf(addition->out, "%-8s %s\n", keyword, text);
			addition->count++;
		}
		strvec_push_nodup(is_taken ? &added : &left, text);
	}
	say(origin, service, strcmp(keyword, "vip") == 0 ? more_vips : more_servers, &added);
	say(origin, service, too_much, &left);
	strvec_release(&added);
	strvec_release(&left);
}

/* Says what is not there any more, which is captured all the same. */
static void
tell_gone(struct origin *origin, const struct service *service, struct endpoint_list old,
	  struct endpoint_list now)
{
	struct strvec gone = STRVEC_INIT;

	for (size_t i = 0; i < old.count; i++)
		if (!has_part(now.list, now.count, &old.list[i]) &&
		    !has(now.list, now.count, &old.list[i]))
			strvec_push_nodup(&gone, format(&old.list[i]));
	say(origin, service, less, &gone);
	strvec_release(&gone);
}

/* Adds the addresses of a range that the file's sources lack, if it is no wide one. */
static void
add_range(const struct service *service, uint8_t family, const struct interval *range,
	  struct addition *addition, struct strvec *added)
{
	for (unsigned __int128 i = 0; i < SOURCES_MAX && i <= range->last - range->first; i++) {
		const struct addr addr = {family, range->first + i};
		char text[ADDR_TEXT];

		if (range->last - range->first >= SOURCES_MAX ||
		    addrset_has(&service->sources, addr) || addition->count >= ORIGIN_LINES_MAX)
			continue;
		addr_format(addr, text, sizeof(text));
		fprintf(addition->out, "%-8s %s\n", "source", text);
		addition->count++;
		strvec_push(added, text);
	}
}

/* Adds addresses that engines use, where only those of the file would be captured. */
static void
add_sources(struct origin *origin, const struct service *service, const struct service *now,
	    struct addition *addition)
{
	struct strvec added = STRVEC_INIT;

	if (addrset_is_empty(&service->sources))
		return;
	for (size_t i = 0; i < now->sources.v4.count; i++)
		add_range(service, 4, &now->sources.v4.list[i], addition, &added);
	for (size_t i = 0; i < now->sources.v6.count; i++)
		add_range(service, 6, &now->sources.v6.list[i], addition, &added);
	say(origin, service, more_sources, &added);
	strvec_release(&added);
}

/* Puts the text into a file in memory that is called as the service. */
static int
put_file(struct origin *origin, const char *name, const char *text, struct failure *why)
{
	origin->fd = memfd_create(name, MFD_CLOEXEC);
	if (origin->fd < 0 || fileio_write_all(origin->fd, text, strlen(text)) < 0)
		return failure_errno(why, "no room for the file of service '%s'", name);
	snprintf(origin->path, sizeof(origin->path), "/proc/%d/fd/%d", (int)getpid(), origin->fd);
	return 0;
}

/* Appends the lines to *text. */
static int
extend(struct origin *origin, const char *name, char **text, const char *lines, struct failure *why)
{
	char *all;

	if (asprintf(&all, "%s\n# asked for again\n%s", *text, lines) < 0)
		return failure_nomem(why);
	if (put_file(origin, name, all, why) < 0) {
		free(all);
		return -1;
	}
	free(*text);
	*text = all;
	return 0;
}

static int
compare(struct origin *origin, const struct service *service, const struct service *now,
	enum extent extent, char **text, struct failure *why)
{
	const struct endpoint_list old_vips = {service->vips, service->vip_count};
	const struct endpoint_list old_servers = {service->servers, service->server_count};
	const struct endpoint_list vips = {now->vips, now->vip_count};
	const struct endpoint_list servers = {now->servers, now->server_count};
	struct addition addition = {0};
	char *lines = NULL;
	size_t size;
	int rc = 0;

	addition.out = open_memstream(&lines, &size);
	if (!addition.out)
		return failure_nomem(why);
	add_new(origin, service, "vip", old_vips, vips, &addition);
	add_new(origin, service, "server", old_servers, servers, &addition);
	add_sources(origin, service, now, &addition);
	if (extent == EXTENT_WHOLE)
		tell_gone(origin, service, old_vips, vips);
	if (extent != EXTENT_PART)
		tell_gone(origin, service, old_servers, servers);
	if (fclose(addition.out) != 0)
		rc = failure_nomem(why);
	else if (addition.count)
		rc = extend(origin, service->name, text, lines, why);
	free(lines);
	return rc;
}

/* How many services an answer has. */
static size_t
count_services(const char *answer)
{
	size_t count = 0;

	for (; *answer; answer += strcspn(answer, "\n"), answer += *answer == '\n')
		count += strncmp(answer, "# service ", strlen("# service ")) == 0;
	return count;
}

/* Takes what vcap-import has printed. */
static int
take(struct origin *origin, const struct service *service, const char *answer, enum extent extent,
     char **text, struct failure *why)
{
	struct failure malformed = FAILURE_INIT;
	struct service now;
	int rc;

	if (count_services(answer) > 1) {
		say_silence(origin, service, "several services there are called so");
		return 0;
	}
	if (service_parse(&now, service->name, answer, "the answer", &malformed) < 0) {
		say_silence(origin, service, malformed.text);
		return 0;
	}
	if (extent == EXTENT_WHOLE && strstr(answer, "# an address of the host"))
		extent = EXTENT_SERVERS;
	rc = compare(origin, service, &now, extent, text, why);
	service_release(&now);
	return rc;
}

int
origin_ask(struct origin *origin, const struct service *service, char **text, struct failure *why)
{
	char **argv = command(&service->from), *answer;
	enum extent extent;
	int rc = 0;

	if (!argv)
		return failure_nomem(why);
	answer = run(origin, service, argv, &extent);
	strvec_free(argv);
	if (answer)
		rc = take(origin, service, answer, extent, text, why);
	free(answer);
	return origin->said.failed ? failure_nomem(why) : rc;
}
