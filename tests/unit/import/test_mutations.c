/*
 * Configurations that were changed by chance: lines (of JSON: elements and members) left out, doubled,
 * and put elsewhere. Whatever becomes of one, its importer has to come to an end and to name no server
 * whose address is not in the text, and what it prints has to be a service file. A text that stands
 * twice has the servers of one.
 *
 * The chance is that of a fixed seed.
 */
#include "base/fileio.h"
#include "filter/service.h"
#include "import/importer.h"
#include "import/json.h"
#include "tap.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define TOP       "tests/pipe/import"
#define BY_CHANCE 150 /* of each file */
#define LINES_MAX 2000
#define CHANGES   5

static uint64_t state = 88172645463325252u;

/* xorshift64 (Marsaglia). */
static unsigned
chance(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)(state % below);
}

/* The text of a configuration, and the kind of its importer. */
struct trial {
	const struct importer *importer;
	const char *path, *text;
	char *whole;          /* text with its names replaced, for kinds that have such */
	const char *backends; /* ingress-nginx's, if there is a file of them beside it */
	unsigned count;
	size_t servers; /* of the texts without a change */
	bool failed;
};

static char *
read_file(const char *path)
{
	struct failure why;
	char *text = NULL;
	size_t size;
	const int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fileio_slurp(fd, 1 << 24, path, &text, &size, &why) < 0)
		text = NULL;
	if (fd >= 0)
		close(fd);
	return text;
}

static char *
read_map(void *context, const char *path, struct failure *why)
{
	char *text = read_file(path);

	(void)context;
	if (!text)
		failure_set(why, "cannot read '%s'", path);
	return text;
}

static bool
is_of_address(char c)
{
	return isxdigit((unsigned char)c) || c == '.' || c == ':';
}

/* Whether text has the address, and no longer one; a port may stand behind it. */
static bool
has_address(const char *text, const char *address)
{
	const size_t length = strlen(address);

	for (const char *at = text; (at = strstr(at, address)); at++) {
		const char behind = at[length];

		if ((at == text || !is_of_address(at[-1]) || at[-1] == ':') &&
		    !isxdigit((unsigned char)behind) &&
		    !(behind == '.' && isdigit((unsigned char)at[length + 1])))
			return true;
	}
	return false;
}

static void
fail(struct trial *trial, const char *what, const char *which)
{
	if (!trial->failed)
		printf("# %s, the %uth change: %s: '%s'\n", trial->path, trial->count, what, which);
	if (!trial->failed && getenv("VCAP_MUTATION"))
		printf("%s\n", trial->text);
	trial->failed = true;
}

/* The host's addresses; those of a name, whose words have to be in the text. */
static int
resolve(void *context, const char *name, struct strvec *addresses, struct failure *why)
{
	struct trial *trial = context;

	(void)why;
	for (const char *at = name ? name : ""; *at;) {
		const size_t length = strcspn(at, "-._");
		char word[256];

		snprintf(word, sizeof(word), "%.*s", (int)length, at);
		if (!strcasestr(trial->whole, word))
			fail(trial, "name that is not in the text", name);
		at += length + (at[length] != '\0');
	}
	strvec_push(addresses, "198.18.0.1");
	return 0;
}

/* Whether each address of a server line is in the text, or in that of the backends. */
static void
check_server(struct trial *trial, const char *line)
{
	char *more = trial->backends ? read_file(trial->backends) : NULL;

	char words[256], *rest = words;

	snprintf(words, sizeof(words), "%.*s", (int)strcspn(line, " /"), line);
	for (char *word; (word = strsep(&rest, "-"));)
		if (strcmp(word, "198.18.0.1") != 0 && !has_address(trial->whole, word) &&
		    !(more && has_address(more, word)))
			fail(trial, "server that is not in the text", line);
	free(more);
}

static void
check_draft(struct trial *trial, const struct draft *draft)
{
	struct service service = SERVICE_INIT;
	struct failure why = FAILURE_INIT;
	char *text = draft_format(draft, (char *const[]){NULL});

	if (!text || service_parse(&service, draft->name, text, "draft", &why) < 0 ||
	    service.server_count != draft->servers.lines.count)
		fail(trial, "no service file", text ? why.text : "out of memory");
	else
		service_release(&service);
	for (size_t i = 0; i < draft->servers.lines.count; i++)
		check_server(trial, draft->servers.lines.list[i]);
	free(text);
}

/* Replaces $NAME and ${NAME} of keepalived by what the text says of them: plainly, for comparison. */
static char *
replace_names(const char *text)
{
	char *whole = strdup(text);

	for (const char *line = text; line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *equals = *line == '$' ? strpbrk(line, "=\n") : NULL;
		char name[64], value[256];

		if (!equals || *equals != '=')
			continue;
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(equals + 1, "\n"), equals + 1);
		snprintf(name, sizeof(name), "${%.*s}", (int)(equals - line - 1), line + 1);
		for (char *at; (at = strstr(whole, name));) {
			char *next;

			if (asprintf(&next, "%.*s%s%s", (int)(at - whole), whole, value,
				     at + strlen(name)) < 0)
				abort();
			free(whole);
			whole = next;
			if (strlen(whole) > 1 << 20)
				return whole;
		}
	}
	return whole;
}

/* Imports a text. servers, if it is not NULL, gets each server line once. */
static void
try_text(struct trial *trial, const char *text, struct strvec *servers)
{
	struct drafts drafts = {
	    .resolve = resolve, .read = read_map, .backends = trial->backends, .context = trial};
	struct failure why = FAILURE_INIT;

	trial->text = text;
	trial->whole = replace_names(text);
	trial->count++;
	if (importer_import(trial->importer, &drafts, text, trial->path, &why) < 0 && !why.text[0])
		fail(trial, "no reason", "");
	for (size_t i = 0; i < drafts.count; i++) {
		const struct strvec *lines = &drafts.list[i]->servers.lines;

		check_draft(trial, drafts.list[i]);
		for (size_t k = 0; servers && k < lines->count; k++)
			if (!strvec_has(servers, lines->list[k]))
				strvec_push(servers, lines->list[k]);
	}
	drafts_release(&drafts);
	free(trial->whole);
}

/* The lines of a text, each with its end. */
struct lines {
	const char *at[LINES_MAX];
	size_t count;
};

static struct lines
split(const char *text)
{
	struct lines lines = {.count = 0};

	while (*text && lines.count < LINES_MAX) {
		const char *end = strchr(text, '\n');

		lines.at[lines.count++] = text;
		text = end ? end + 1 : text + strlen(text);
	}
	return lines;
}

static void
try_lines(struct trial *trial, const struct lines *lines)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < lines->count; i++)
		fprintf(out, "%.*s\n", (int)strcspn(lines->at[i], "\n"), lines->at[i]);
	fclose(out);
	try_text(trial, text, NULL);
	free(text);
}

static void
leave_out(struct lines *lines, size_t from, size_t count)
{
	memmove(lines->at + from, lines->at + from + count,
		(lines->count - from - count) * sizeof(*lines->at));
	lines->count -= count;
}

static void
put(struct lines *lines, size_t to, const char *const *from, size_t count)
{
	const char *block[LINES_MAX];

	if (lines->count + count > LINES_MAX)
		return;
	memcpy(block, from, count * sizeof(*block));
	memmove(lines->at + to + count, lines->at + to, (lines->count - to) * sizeof(*lines->at));
	memcpy(lines->at + to, block, count * sizeof(*block));
	lines->count += count;
}

/* Leaves a block of lines out, doubles it, or puts it elsewhere. */
static void
change(struct lines *lines)
{
	const char *block[LINES_MAX];
	const size_t from = chance((unsigned)lines->count);
	size_t count = 1 + chance(chance(3) ? 3 : 30);
	const unsigned way = chance(3);

	if (count > lines->count - from)
		count = lines->count - from;
	memcpy(block, lines->at + from, count * sizeof(*block));
	if (way != 1)
		leave_out(lines, from, count);
	if (way != 0)
		put(lines, chance((unsigned)lines->count + 1), block, count);
}

static void
try_each_line(struct trial *trial, const struct lines *whole)
{
	for (size_t i = 0; i < whole->count; i++) {
		struct lines changed = *whole;

		leave_out(&changed, i, 1);
		try_lines(trial, &changed);
		put(&changed, i ? i - 1 : 0, &whole->at[i], 1);
		try_lines(trial, &changed);
		changed = *whole;
		put(&changed, i, &whole->at[i], 1);
		try_lines(trial, &changed);
	}
}

static void
try_lines_by_chance(struct trial *trial, const struct lines *whole)
{
	for (unsigned i = 0; i < BY_CHANCE; i++) {
		struct lines changed = *whole;

		for (unsigned k = 1 + chance(CHANGES); k > 0 && changed.count; k--)
			change(&changed);
		try_lines(trial, &changed);
	}
}

static void
try_twice(struct trial *trial, const char *text)
{
	struct strvec one = STRVEC_INIT, two = STRVEC_INIT;
	char *doubled;

	if (asprintf(&doubled, "%s\n%s", text, text) < 0)
		abort();
	try_text(trial, text, &one);
	try_text(trial, doubled, &two);
	trial->servers += one.count;
	for (size_t i = 0; i < one.count; i++)
		if (!strvec_has(&two, one.list[i]))
			fail(trial, "server that is lost where all is there twice", one.list[i]);
	if (one.count != two.count)
		fail(trial, "other servers where all is there twice", "");
	strvec_release(&one);
	strvec_release(&two);
	free(doubled);
}

/* How many values a JSON value has within. */
static unsigned
count_values(json_t *value)
{
	unsigned count = 1;
	const char *key;
	json_t *each;
	size_t i;

	json_array_foreach(value, i, each) {
		count += count_values(each);
	}
	json_object_foreach(value, key, each)
	{
		count += count_values(each);
	}
	return count;
}

static json_t *
any_value(void)
{
	switch (chance(5)) {
	case 0: return json_null();
	case 1: return json_integer((json_int_t)chance(70000) - 1);
	case 2: return json_string("10.0.0.");
	case 3: return json_array();
	default: return json_object();
	}
}

/* Changes the index-th value within, or the place that it has: leaves it out, doubles it, puts another
 * in its place, or puts it first. Returns how many values were passed over if it is not within. */
static unsigned
change_value(json_t *value, unsigned index)
{
	unsigned passed = 0;
	const char *key;
	json_t *each;
	size_t i;
	void *next;

	json_array_foreach(value, i, each) {
		if (passed++ == index) {
			json_t *kept = json_deep_copy(each);

			if (chance(4))
				json_array_remove(value, i);
			if (chance(3))
				json_array_insert_new(value, 0, kept);
			else
				json_decref(kept);
			return index + 1;
		}
		passed += change_value(each, index - passed);
		if (passed > index)
			return passed;
	}
	json_object_foreach_safe(value, next, key, each)
	{
		if (passed++ == index) {
			if (chance(2))
				json_object_del(value, key);
			else
				json_object_set_new(value, key, any_value());
			return index + 1;
		}
		passed += change_value(each, index - passed);
		if (passed > index)
			return passed;
	}
	return passed;
}

static void
try_json(struct trial *trial, const char *text)
{
	json_t *root = json_loads(text, 0, NULL);
	struct strvec servers = STRVEC_INIT;

	try_text(trial, text, &servers);
	trial->servers += servers.count;
	strvec_release(&servers);
	for (unsigned i = 0; root && i < 2 * BY_CHANCE; i++) {
		json_t *changed = json_deep_copy(root);
		char *printed;

		for (unsigned k = 1 + chance(CHANGES); k > 0; k--)
			change_value(changed, chance(count_values(changed)));
		printed = json_dumps(changed, JSON_COMPACT);
		try_text(trial, printed, NULL);
		free(printed);
		json_decref(changed);
	}
	if (!root)
		fail(trial, "no JSON", "");
	json_decref(root);
}

static void
try_file(struct trial *trial, bool is_json)
{
	char *text = read_file(trial->path);
	struct lines lines;

	if (!text) {
		fail(trial, "cannot be read", "");
		return;
	}
	lines = split(text);
	if (is_json) {
		try_json(trial, text);
	} else {
		try_twice(trial, text);
		try_each_line(trial, &lines);
	}
	try_lines_by_chance(trial, &lines);
	free(text);
}

static void
try_kind(const char *kind, const char *ending)
{
	struct trial trial = {.importer = importer_find(kind)};
	char directory[64], path[512], backends[512];
	struct dirent *entry;
	unsigned files = 0;
	DIR *dir;

	snprintf(directory, sizeof(directory), TOP "/%s", kind);
	dir = opendir(directory);
	while (dir && (entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, ending) != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		snprintf(backends, sizeof(backends), "%s/%.*s.backends", directory,
			 (int)(dot - entry->d_name), entry->d_name);
		trial.path = path;
		trial.backends = access(backends, R_OK) == 0 ? backends : NULL;
		files++;
		try_file(&trial, strcmp(ending, ".json") == 0);
	}
	if (dir)
		closedir(dir);
	ok(trial.servers > 0 && !trial.failed, "%s: %u files with %zu servers, changed in %u ways",
	   kind, files, trial.servers, trial.count);
}

int
main(void)
{
	static const struct {
		const char *name, *ending;
	} kinds[] = {{"auto", ".serving"},    {"envoy", ".json"}, {"haproxy", ".cfg"},
		     {"iptables", ".rules"},  {"ipvs", ".rules"}, {"k8s", ".json"},
		     {"keepalived", ".conf"}, {"nft", ".json"},   {"nginx", ".dump"}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		try_kind(kinds[i].name, kinds[i].ending);
	return done_testing();
}
