/*
 * The confined process: what it asks for and tells, and what is believed of one that has gone bad. Importers here are
 * functions of the test that run in it; the socket is what their drafts have for a context.
 */
#include "importing/import_process.h"

#include "tap.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *const usual[] = {"usual", NULL}, *const chosen[] = {"lb1", "lb2", NULL};

static unsigned resolved; /* how often somebody was asked */

static int
resolve(void *context, const char *name, struct strvec *addresses, struct failure *why)
{
	(void)context;
	resolved++;
	if (name && strcmp(name, "one.example") != 0)
		return failure_set(why, "cannot resolve '%s'", name);
	strvec_push(addresses, name ? "10.0.0.1" : "192.0.2.1");
	strvec_push(addresses, name ? "10.0.0.2" : "192.0.2.2");
	return 0;
}

static char *
read_file(void *context, const char *path, struct failure *why)
{
	(void)context;
	if (strcmp(path, "/map") == 0)
		return strdup("a b\n");
	failure_set(why, "cannot read '%s'", path);
	return NULL;
}

/* Runs an importer. Returns its status; the caller releases imports. */
static int
run(struct imports *imports,
    int (*import)(struct drafts *, const char *, const char *, struct failure *),
    char *const *engines, struct failure *why)
{
	const struct importer importer = {.name = "test", .import = import};
	const struct drafts drafts = {.resolve = resolve, .read = read_file};

	*imports = IMPORTS_INIT;
	*why = FAILURE_INIT;
	return import_process_run(imports, &importer, &drafts, "text", "file",
				  (struct import_engines){engines, usual}, why);
}

static int
import_well(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	const struct draft_location at = {file, 7};
	struct draft *draft = drafts_add(drafts, "shop"), *other = drafts_add(drafts, "mail");
	const struct draft_endpoint here = {NULL, 0, {"tcp", 80, 80}, NULL};
	const struct draft_endpoint one = {"one.example", 0, {"tcp", 81, 81}, NULL};
	const struct draft_endpoint two = {"two.example", 0, {"tcp", 81, 81}, NULL};
	char *map = drafts->read(drafts->context, "/map", why);

	draft_add_vip(draft, at, &here);
	draft_add_vip(other, at, &here);
	draft_add_server(draft, at, &one);
	draft_add_server(draft, at, &two);
	draft_add_engine(other, "node-a");
	drafts_warn(drafts, at, "%s of %s is '%s'", "map", text, map ? map : "");
	free(map);
	if (!drafts->read(drafts->context, "/none", why))
		drafts_warn(drafts, at, "%s", why->text);
	return 0;
}

static void
test_good(void)
{
	struct imports imports;
	struct failure why;

	ok(run(&imports, import_well, NULL, &why) == 0 && imports.count == 2, "two services: %s",
	   why.text);
	if (imports.count == 2) {
		is_str(imports.list[0].name, "shop", "the first one's name");
		ok(strstr(imports.list[0].text, "vip      192.0.2.1 tcp/80") &&
		       strstr(imports.list[0].text, "vip      192.0.2.2 tcp/80"),
		   "the host's addresses");
		ok(strstr(imports.list[0].text, "server   10.0.0.1 tcp/81") &&
		       strstr(imports.list[0].text, "server   10.0.0.2 tcp/81"),
		   "the addresses of a name");
		ok(strstr(imports.list[0].text, "engine   usual\n") &&
		       imports.list[0].engines.count == 0,
		   "the usual engine");
		ok(strstr(imports.list[1].text, "engine   node-a\n") &&
		       imports.list[1].engines.count == 1,
		   "the configuration's own engine");
	}
	ok(resolved == 3, "the host and two names are asked for once each");
	ok(imports.warnings.count == 3, "three warnings");
	ok(strvec_has(&imports.warnings, "file:7: map of text is 'a b\n'"), "what the file has");
	ok(strvec_has(&imports.warnings, "file:7: cannot read '/none'"), "why there is no file");
	ok(strvec_has(&imports.warnings, "file:7: cannot resolve 'two.example'"), "why no address");
	imports_release(&imports);
	ok(run(&imports, import_well, chosen, &why) == 0 && imports.count == 2 &&
	       imports.list[1].engines.count == 0 &&
	       strstr(imports.list[1].text, "engine   lb1\nengine   lb2\n"),
	   "the engines that were chosen");
	imports_release(&imports);
}

static int
import_nothing(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	(void)drafts, (void)text;
	return failure_set(why, "%s:1: nonsense", file);
}

static int
import_and_crash(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	(void)drafts, (void)text, (void)file, (void)why;
	_exit(0);
}

/* What else it could do than read its text. */
static int
import_and_open(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	(void)drafts, (void)text, (void)file, (void)why;
	(void)!open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	return 0;
}

static dev_t null_device; /* as a confined process cannot ask */

/* Names what it has open but the socket. */
static int
import_and_look(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	const struct draft_location at = {file, 0};
	const int *fd = drafts->context;
	struct stat st;

	(void)text, (void)why;
	for (int i = 0; i < 1024; i++)
		if (i != *fd && fstat(i, &st) == 0 && st.st_rdev != null_device)
			drafts_warn(drafts, at, "descriptor %d is open", i);
	return 0;
}

static void
test_descriptors(void)
{
	const int secret = open("/etc/passwd", O_RDONLY);
	struct imports imports;
	struct failure why;
	struct stat st;

	null_device = stat("/dev/null", &st) == 0 ? st.st_rdev : 0;
	ok(run(&imports, import_and_look, NULL, &why) == 0, "one that looks at its descriptors");
#ifndef __SANITIZE_ADDRESS__
	ok(imports.warnings.count == 0, "it has none but the socket: %s",
	   imports.warnings.count ? imports.warnings.list[0] : "");
#endif
	imports_release(&imports);
	close(secret);
}

static void
send_message(const struct drafts *drafts, char message, const char *text)
{
	const uint32_t header[] = {(uint32_t)message, (uint32_t)strlen(text)};
	const int *fd = drafts->context;

	(void)!write(*fd, header, sizeof(header));
	(void)!write(*fd, text, strlen(text));
}

/* The messages of the next importer, pairs. */
static const char *lies[8];

static int
import_and_lie(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	(void)text, (void)file, (void)why;
	for (int i = 0; lies[i]; i += 2)
		send_message(drafts, lies[i][0], lies[i + 1]);
	_exit(0);
}

/* Asks for more than it may say altogether, of which nothing is kept. */
static int
import_and_go_on(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	const size_t size = (size_t)64 << 20;
	char *path = malloc(size + 1);

	(void)text, (void)file;
	if (!path)
		return failure_nomem(why);
	memset(path, '/', size);
	path[size] = '\0';
	for (int i = 0; i < 5; i++)
		free(drafts->read(drafts->context, path, why));
	return 0;
}

/* Asks for more names than anybody is asked for; tells what came of the last ones. */
static int
import_and_ask(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	const struct draft_location at = {file, 0};
	struct failure reason = FAILURE_INIT;
	struct strvec addresses = STRVEC_INIT;
	char name[32];

	(void)text, (void)why;
	for (int i = 0; i < 4096; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		drafts->resolve(drafts->context, name, &addresses, &reason);
	}
	drafts_warn(drafts, at, "%s", reason.text);
	drafts->resolve(drafts->context, "one.example", &addresses, &reason);
	drafts_warn(drafts, at, "%s", reason.text);
	free(drafts->read(drafts->context, "/map", &reason));
	drafts_warn(drafts, at, "%s", reason.text);
	strvec_release(&addresses);
	return 0;
}

static void
test_questions(void)
{
	struct imports imports;
	struct failure why;

	resolved = 0;
	ok(run(&imports, import_and_ask, NULL, &why) == 0, "one that asks and asks");
	ok(resolved == 4096, "so many names, and no more, are asked for: %u", resolved);
	ok(strvec_has(&imports.warnings, "file: cannot resolve 'n4095.example'"), "the last one");
	ok(strvec_has(&imports.warnings, "file: too many names and files: 'one.example'"),
	   "one more is told");
	ok(strvec_has(&imports.warnings, "file: too many names and files: '/map'"), "so is a file");
	imports_release(&imports);
}

static void
test_texts(void)
{
	struct imports imports;
	struct failure why;

	memset(lies, 0, sizeof(lies));
	memcpy(lies, (const char *[]){"s", "shop", "t", "vip\t1\n# \x1b[31m\xc2\x9b\n", "d", ""},
	       6 * sizeof(*lies));
	ok(run(&imports, import_and_lie, NULL, &why) == 0 && imports.count == 1, "a text: %s",
	   why.text);
	is_str(imports.count ? imports.list[0].text : "", "vip\t1\n# ?[31m?\n",
	       "what a terminal could act upon is taken out");
	imports_release(&imports);
}

static int
import_and_exceed(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	const uint32_t header[] = {'w', UINT32_MAX};
	const int *fd = drafts->context;

	(void)text, (void)file, (void)why;
	(void)!write(*fd, header, sizeof(header));
	(void)!write(*fd, "x", 1);
	return 0;
}

static void
refused(int (*import)(struct drafts *, const char *, const char *, struct failure *),
	const char *message, const char *name)
{
	struct imports imports;
	struct failure why;

	ok(run(&imports, import, NULL, &why) < 0, "%s", name);
	is_str(why.text, message, "and said so");
	imports_release(&imports);
}

static void
lied(const char *const *messages, const char *name)
{
	memset(lies, 0, sizeof(lies));
	for (int i = 0; messages[i]; i++)
		lies[i] = messages[i];
	refused(import_and_lie, "the process that imports says what it cannot", name);
}

int
main(void)
{
	test_good();
	refused(import_nothing, "file:1: nonsense", "text that is something else");
	refused(import_and_crash, "the process that imports has died",
		"a process without a last word");
#ifndef __SANITIZE_ADDRESS__
	if (getenv("VCAP_EMULATED"))
		printf("ok %u - one that opens a file # skip seccomp: is not emulated\n",
		       ++tap_count);
	else
		refused(import_and_open, "the process that imports has died",
			"one that opens a file");
#endif
	refused(import_and_exceed, "the process that imports has died", "a length beyond all");
	refused(import_and_go_on, "the process that imports says too much",
		"one that goes on and on");
	test_descriptors();
	test_texts();
	test_questions();
	lied((const char *[]){"s", "../../.bashrc", "t", "x", NULL}, "a name that is a path");
	lied((const char *[]){"s", "shop", "e", "lb1 exec evil", NULL}, "an engine that is a line");
	lied((const char *[]){"t", "text", NULL}, "a text of no service");
	lied((const char *[]){"s", "shop", "t", "one", "t", "two", NULL}, "two texts of a service");
	lied((const char *[]){"?", "", NULL}, "a message that there is none of");
	return done_testing();
}
