#include "import/draft.h"

#include "base/parse.h"
#include "packet/addrset.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NAME_ROOM 64

static void
release_words(struct strvec *words)
{
	strvec_free(strvec_finish(words));
}

void
drafts_release(struct drafts *drafts)
{
	for (size_t i = 0; i < drafts->count; i++) {
		struct draft *draft = drafts->list[i];

		release_words(&draft->notes);
		release_words(&draft->vips);
		release_words(&draft->servers);
		release_words(&draft->monitors);
		release_words(&draft->sources);
		free(draft->vip_ports);
		free(draft->server_ports);
		free(draft->name);
		free(draft);
	}
	free(drafts->list);
	release_words(&drafts->remarks);
	*drafts = DRAFTS_INIT;
}

bool
drafts_is_whole(const struct drafts *drafts)
{
	bool failed = drafts->failed || drafts->remarks.failed;

	for (size_t i = 0; i < drafts->count; i++) {
		const struct draft *draft = drafts->list[i];

		failed |= draft->notes.failed || draft->vips.failed || draft->servers.failed ||
			  draft->monitors.failed || draft->sources.failed;
	}
	return !failed;
}

/* A name as parse_is_name has it, with room for a number at its end. */
static void
make_name(char to[NAME_ROOM], const char *from)
{
	size_t length = 0;

	while (*from && !isalnum((unsigned char)*from))
		from++;
	for (; *from && length < NAME_ROOM - 8; from++)
		if (!strchr("[]", *from))
			to[length++] =
			    isalnum((unsigned char)*from) || strchr("._-", *from) ? *from : '-';
	while (length && !isalnum((unsigned char)to[length - 1]) && to[length - 1] != '_')
		length--;
	strcpy(to + length, length ? "" : "service");
}

static struct draft *
find_exactly(const struct drafts *drafts, const char *name)
{
	for (size_t i = 0; i < drafts->count; i++)
		if (strcmp(drafts->list[i]->name, name) == 0)
			return drafts->list[i];
	return NULL;
}

struct draft *
drafts_find(const struct drafts *drafts, const char *name)
{
	char made[NAME_ROOM];

	make_name(made, name);
	return find_exactly(drafts, made);
}

static bool
is_wanted(const struct drafts *drafts, const char *name)
{
	for (char *const *word = drafts->wanted; word && *word; word++)
		if (strcmp(*word, name) == 0)
			return true;
	return !drafts->wanted;
}

struct draft *
drafts_add(struct drafts *drafts, const char *name)
{
	struct draft **larger = reallocarray(drafts->list, drafts->count + 1, sizeof(*larger));
	struct draft *draft = calloc(1, sizeof(*draft));
	char made[NAME_ROOM];
	size_t length;

	if (larger)
		drafts->list = larger;
	make_name(made, name);
	length = strlen(made);
	for (unsigned number = 2; find_exactly(drafts, made); number++)
		snprintf(made + length, sizeof(made) - length, "-%u", number);
	if (draft)
		draft->name = strdup(made);
	if (!larger || !draft || !draft->name) {
		free(draft);
		drafts->failed = true;
		return NULL;
	}
	draft->is_wanted = is_wanted(drafts, made) || is_wanted(drafts, name);
	return drafts->list[drafts->count++] = draft;
}

void
drafts_remark(struct drafts *drafts, const struct draft *draft, struct draft_place place,
	      const char *format, ...)
{
	char text[512], *remark;
	va_list args;
	int length;

	if (draft && !draft->is_wanted)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (place.line)
		length = asprintf(&remark, "%s:%u: %s", place.file, place.line, text);
	else
		length = asprintf(&remark, "%s: %s", place.file, text);
	if (length < 0)
		drafts->failed = true;
	else if (!strvec_has(&drafts->remarks, remark))
		strvec_add(&drafts->remarks, remark);
	if (length >= 0)
		free(remark);
}

/* What a comment must not hold: it ends with its line. */
static void
tame(char *text)
{
	for (; text && *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

/* Each only once. */
static void __attribute__((format(printf, 2, 0)))
add_once(struct strvec *words, const char *format, va_list args)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, args);
	tame(text);
	if (!strvec_has(words, text))
		strvec_add(words, text);
}

void
draft_note(struct draft *draft, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_once(&draft->notes, format, args);
	va_end(args);
}

/* ADDRESS PROTOCOL/PORTS as vcap-service(5) writes them. */
static void
print_end(FILE *out, const char *address, struct draft_ports ports)
{
	fputs(address, out);
	if (!ports.protocol)
		return;
	fprintf(out, " %s", ports.protocol);
	if (ports.first == 0 && ports.last == UINT16_MAX)
		return;
	fprintf(out, "/%u", ports.first);
	if (ports.last != ports.first)
		fprintf(out, "-%u", ports.last);
}

/* Whether the line is there, whatever the comment after it. */
static bool
has_line(const struct strvec *lines, const char *line)
{
	size_t length = strcspn(line, "#");

	for (size_t i = 0; i < lines->count; i++)
		if (strncmp(lines->list[i], line, length) == 0 &&
		    (lines->list[i][length] == '#' || !lines->list[i][length]))
			return true;
	return false;
}

static void
add_line(struct drafts *drafts, struct strvec *lines, struct draft_ports **list,
	 const char *address, struct draft_ports ports, const char *note)
{
	char *line = NULL;
	size_t size, count = lines->count;
	FILE *out = open_memstream(&line, &size);
	struct draft_ports *larger;

	if (out) {
		print_end(out, address, ports);
		if (note)
			fprintf(out, "  # %s", note);
	}
	if (!out || fclose(out) != 0) {
		drafts->failed = true;
		return;
	}
	tame(line);
	larger = reallocarray(*list, count + 1, sizeof(*larger));
	if (larger)
		*list = larger;
	if (larger && !has_line(lines, line))
		strvec_add(lines, line);
	if (lines->count > count)
		larger[count] = ports;
	drafts->failed |= !larger;
	free(line);
}

/* Whether a resolver may be asked for it. */
static bool
is_host_name(const char *host)
{
	bool has_letter = false;

	for (const char *s = host; *s; s++) {
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return false;
		has_letter |= isalpha((unsigned char)*s);
	}
	return has_letter && isalnum((unsigned char)*host) && strlen(host) < 254;
}

static void
add_found(struct drafts *drafts, struct draft *draft, struct draft_place place, const char *host,
	  int family, struct draft_ports ports, const char *comment, struct strvec *lines,
	  struct draft_ports **list)
{
	struct strvec addresses = STRVEC_INIT;
	struct failure why = FAILURE_INIT;
	size_t used = 0;
	char note[512];

	if (host)
		snprintf(note, sizeof(note), "%s%s%s, resolved once", comment ? comment : "",
			 comment ? ": " : "", host);
	else
		snprintf(note, sizeof(note), "an address of the host");
	if (!drafts->find || drafts->find(drafts->context, host, &addresses, &why) < 0) {
		drafts_remark(drafts, draft, place, "%s",
			      why.text[0] ? why.text : "names are not resolved");
	} else {
		for (size_t i = 0; i < addresses.count; i++) {
			const int its = strchr(addresses.list[i], ':') ? 6 : 4;

			if (family && its != family)
				continue;
			add_line(drafts, lines, list, addresses.list[i], ports, note);
			used++;
		}
		if (used == 0)
			drafts_remark(drafts, draft, place, "no address of IPv%d: '%s'", family,
				      host ? host : "*");
	}
	drafts->failed |= addresses.failed;
	release_words(&addresses);
}

static void
add_end(struct drafts *drafts, struct draft *draft, struct draft_place place, const char *host,
	int family, struct draft_ports ports, const char *note, struct strvec *lines,
	struct draft_ports **list)
{
	struct interval interval;
	uint8_t found;

	if (!draft->is_wanted)
		return;
	/* Its packets are those of IPv4. */
	if (host && strncasecmp(host, "::ffff:", 7) == 0 && strchr(host, '.'))
		host += 7;
	if (lines->count >= DRAFT_LINES_MAX)
		drafts_remark(drafts, draft, place, "more addresses than fit in a service: '%s'",
			      host ? host : "*");
	else if (host && interval_parse(&interval, &found, host, NULL) == 0)
		add_line(drafts, lines, list, host, ports, note);
	else if (host && !is_host_name(host))
		drafts_remark(drafts, draft, place, "not an address: '%s'", host);
	else
		add_found(drafts, draft, place, host, family, ports, note, lines, list);
}

void
draft_vip(struct drafts *drafts, struct draft *draft, struct draft_place place, const char *host,
	  int family, struct draft_ports ports, const char *note)
{
	add_end(drafts, draft, place, host, family, ports, note, &draft->vips, &draft->vip_ports);
}

void
draft_server(struct drafts *drafts, struct draft *draft, struct draft_place place, const char *host,
	     int family, struct draft_ports ports, const char *note)
{
	add_end(drafts, draft, place, host, family, ports, note, &draft->servers,
		&draft->server_ports);
}

void
draft_monitor(struct draft *draft, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_once(&draft->monitors, format, args);
	va_end(args);
}

void
draft_monitor_http(struct drafts *drafts, struct draft *draft, struct draft_place place,
		   const char *path)
{
	const int length = (int)strcspn(path, "?");

	if (path[0] != '/' || (int)strcspn(path, " \t\r\n$") < length || length < 2 || length > 400)
		drafts_remark(drafts, draft, place,
			      "checks are not told from requests of clients: '%s'", path);
	else
		draft_monitor(draft, "http %.*s", length, path);
}

void
draft_source(struct draft *draft, const char *source)
{
	struct interval interval;
	uint8_t family;

	if (source && strcmp(source, "client") == 0)
		draft->has_client_source = true;
	else if (!source || interval_parse(&interval, &family, source, NULL) < 0)
		draft->has_unknown_source = true;
	else if (!strvec_has(&draft->sources, source))
		strvec_add(&draft->sources, source);
}

bool
draft_has_server(const struct draft *draft, const char *host)
{
	const size_t length = strlen(host);

	for (size_t i = 0; i < draft->servers.count; i++)
		if (strncmp(draft->servers.list[i], host, length) == 0 &&
		    strchr(" ", draft->servers.list[i][length]))
			return true;
	return false;
}

bool
draft_serves(const struct draft *draft, const char *protocol, unsigned port)
{
	for (size_t i = 0; i < draft->servers.count; i++) {
		const struct draft_ports *ports = &draft->server_ports[i];

		if (!ports->protocol || (strcmp(ports->protocol, protocol) == 0 &&
					 ports->first <= port && port <= ports->last))
			return true;
	}
	return false;
}

static void
print_lines(FILE *out, const char *keyword, const struct strvec *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		fprintf(out, "%-8s %s\n", keyword, lines->list[i]);
}

void
draft_print(const struct draft *draft, FILE *out)
{
	/* A source line narrows the server side, so one server whose source is not known, or that
	 * differs in kind, leaves it open. */
	const bool all_clients =
	    draft->has_client_source && !draft->has_unknown_source && draft->sources.count == 0;

	print_lines(out, "#", &draft->notes);
	if (draft->has_unjoined && !all_clients)
		fputs(
		    "#        nothing in the packets joins all client and server connections: for\n"
		    "#        captures of single clients see flows= in vcap-engines(5)\n",
		    out);
	print_lines(out, "vip", &draft->vips);
	print_lines(out, "server", &draft->servers);
	if (all_clients)
		fputs("source   client\n", out);
	else if (!draft->has_client_source && !draft->has_unknown_source)
		print_lines(out, "source", &draft->sources);
	print_lines(out, "monitor", &draft->monitors);
}

int
draft_parse_ports(const char *word, unsigned *first, unsigned *last)
{
	const char *dash = strchr(word, '-');
	char number[8] = "";
	uint64_t low, high;
	size_t length = dash ? (size_t)(dash - word) : strlen(word);

	if (length >= sizeof(number))
		return -1;
	memcpy(number, word, length);
	if (parse_number(number, UINT16_MAX, &low, NULL) < 0 || low == 0)
		return -1;
	high = low;
	if (dash && (parse_number(dash + 1, UINT16_MAX, &high, NULL) < 0 || high < low))
		return -1;
	*first = (unsigned)low;
	*last = (unsigned)high;
	return 0;
}

char *
draft_split(char *word, char **ports)
{
	char *bracket = *word == '[' ? strchr(word, ']') : NULL;
	char *colon = strrchr(bracket ? bracket : word, ':');

	*ports = colon ? colon + 1 : NULL;
	if (colon)
		*colon = '\0';
	if (bracket) {
		*bracket = '\0';
		return word + 1;
	}
	return word;
}
