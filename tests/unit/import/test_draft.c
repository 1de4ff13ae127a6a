#include "base/parse.h"
#include "import/draft.h"
#include "tap.h"

#include <stdlib.h>

static const struct draft_location here = {"file", 7};
static char *const no_engines[] = {NULL};

static struct draft_endpoint
endpoint(const char *host, int family)
{
	return (struct draft_endpoint){host, family, {"tcp", 80, 80}, NULL};
}

static void
add_server(struct draft *draft, const char *host)
{
	struct draft_endpoint server = endpoint(host, 0);

	draft_add_server(draft, here, &server);
}

/* How many lines of text begin with this. */
static unsigned
count_lines(const char *text, const char *beginning)
{
	unsigned count = strncmp(text, beginning, strlen(beginning)) == 0;

	for (const char *s = text; (s = strchr(s, '\n')); s++)
		count += strncmp(s + 1, beginning, strlen(beginning)) == 0;
	return count;
}

static void
test_names(void)
{
	static const char *const names[] = {"a.b",
					    "a:b",
					    "a-b",
					    "a:b-",
					    ":::",
					    "",
					    "\x1b[2J",
					    "Aa0123456789012345678901234567890123456789012345678901"
					    "23456789",
					    "Aa0123456789012345678901234567890123456789012345678901"
					    "23456789x"};
	const size_t count = sizeof(names) / sizeof(*names);
	struct drafts drafts = DRAFTS_INIT;
	bool valid = true, unique = true, found = true, known = true;

	for (size_t i = 0; i < count; i++)
		drafts_add(&drafts, names[i]);
	for (size_t i = 0; i < count; i++) {
		valid &= parse_is_name(drafts.list[i]->name);
		found &= drafts_find(&drafts, drafts.list[i]->name) == drafts.list[i];
		known &= drafts_find(&drafts, names[i]) != NULL;
		for (size_t k = 0; k < i; k++)
			unique &= strcmp(drafts.list[i]->name, drafts.list[k]->name) != 0;
	}
	ok(valid, "every service has a valid name");
	ok(unique, "... of its own");
	ok(found, "... by which it is found");
	ok(known, "... and by the name that was given");
	ok(!drafts_find(&drafts, "other"), "no service is found by another name");
	drafts_release(&drafts);
}

static void
test_protocols_stay(void)
{
	struct drafts drafts = DRAFTS_INIT;
	struct draft *draft = drafts_add(&drafts, "a");
	char protocol[] = "tcp";
	struct draft_endpoint server = {"10.0.0.1", 0, {protocol, 80, 80}, NULL};

	draft_add_server(draft, here, &server);
	strcpy(protocol, "udp");
	ok(draft_endpoints_have_port(&draft->servers, "tcp", 80) &&
	       !draft_endpoints_have_port(&draft->servers, "udp", 80),
	   "a protocol stays what it was when its text changes");
	drafts_release(&drafts);
}

static void
test_lines_are_unique(void)
{
	struct drafts drafts = DRAFTS_INIT;
	struct draft *draft = drafts_add(&drafts, "a");
	struct draft_endpoint server = endpoint("10.0.0.1", 0);

	draft_add_server(draft, here, &server);
	server.comment = "again";
	draft_add_server(draft, here, &server);
	ok(draft->servers.lines.count == 1, "a line is added once, comments aside");
	server.ports.last = 81;
	draft_add_server(draft, here, &server);
	ok(draft->servers.lines.count == 2, "... and with other ports again");
	ok(draft_endpoints_have_host(&draft->servers, "10.0.0.1"), "the address is found");
	ok(!draft_endpoints_have_host(&draft->servers, "10.0.0.10") &&
	       !draft_endpoints_have_host(&draft->servers, "10.0.0"),
	   "... and neither a longer nor a shorter one");
	ok(draft_endpoints_have_port(&draft->servers, "tcp", 81) &&
	       !draft_endpoints_have_port(&draft->servers, "tcp", 82) &&
	       !draft_endpoints_have_port(&draft->servers, "udp", 81),
	   "ports are found by protocol, also within ranges");
	add_server(draft, "::ffff:10.0.0.1");
	ok(draft->servers.lines.count == 2, "an IPv4-mapped address becomes an IPv4 address");
	for (unsigned i = 0; i < DRAFT_LINES_MAX + 10; i++) {
		char address[32];

		snprintf(address, sizeof(address), "10.1.%u.%u", i / 256, i % 256);
		add_server(draft, address);
	}
	ok(draft->servers.lines.count == DRAFT_LINES_MAX && drafts.warnings.count > 0,
	   "there are at most %d, with a warning", DRAFT_LINES_MAX);
	drafts_release(&drafts);
}

/* Resolves everything, and keeps what it was asked for in context. */
static int
resolve(void *context, const char *name, struct strvec *addresses, struct failure *why)
{
	strvec_push(context, name ? name : "*");
	if (name && strcmp(name, "nowhere") == 0)
		return failure_set(why, "cannot resolve '%s'", name);
	strvec_push(addresses, "10.0.0.1");
	strvec_push(addresses, "2001:db8::1");
	return 0;
}

static void
test_resolving(void)
{
	static const char *const hostile[] = {"-oProxyCommand=x", "$(touch@x)", "a/../b", "a b",
					      "a\nengine b",      "300.0.0.1.", ""};
	struct strvec asked = STRVEC_INIT;
	struct drafts drafts = {.resolve = resolve, .context = &asked};
	struct draft *draft = drafts_add(&drafts, "a");
	struct draft_endpoint six = endpoint("six.example", 6), any = endpoint(NULL, 0);

	add_server(draft, "both.example");
	ok(draft->servers.lines.count == 2, "a host name becomes all its addresses");
	draft_add_vip(draft, here, &six);
	ok(draft->vips.lines.count == 1 && draft->vips.lines.list[0][0] == '2',
	   "... or those of a family");
	draft_add_vip(draft, here, &any);
	ok(draft->vips.lines.count == 2,
	   "without a host the host's own addresses are added, each once");
	ok(drafts.warnings.count == 0, "... all without a warning");
	add_server(draft, "nowhere");
	is_str(drafts.warnings.list[0], "file:7: cannot resolve 'nowhere'",
	       "a name without an address gives a warning");
	strvec_release(&asked);
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++)
		add_server(draft, hostile[i]);
	ok(asked.count == 0 && draft->servers.lines.count == 2,
	   "text that is not a host name is neither resolved nor added");
	drafts.resolve = NULL;
	add_server(draft, "name.example");
	ok(draft->servers.lines.count == 2, "without a resolver names are not resolved");
	drafts_release(&drafts);
	strvec_release(&asked);
}

static void
test_wanted(void)
{
	char *const wanted[] = {"b", "other", NULL};
	struct drafts drafts = {.wanted = wanted};
	struct draft *a = drafts_add(&drafts, "a"), *b = drafts_add(&drafts, "b");
	struct draft_endpoint vip = endpoint("192.0.2.1", 0);

	drafts_add(&drafts, "other");
	draft_add_vip(a, here, &vip);
	draft_warn(a, here, "of a");
	ok(a->vips.lines.count == 0 && drafts.warnings.count == 0,
	   "an unwanted service takes no lines and gives no warnings");
	draft_add_vip(b, here, &vip);
	draft_warn(b, here, "of b");
	draft_warn(b, here, "of b");
	ok(b->vips.lines.count == 1 && drafts.warnings.count == 1,
	   "... and a wanted one gives each warning once");
	drafts_drop_empty(&drafts);
	ok(drafts.count == 1 && drafts.list[0] == b, "only wanted services with a VIP are kept");
	drafts_release(&drafts);
}

/* Of every subset of kinds of sources: source lines are there if it has one kind, and that
 * known. */
static void
test_sources(void)
{
	static const char *const sources[] = {"client", "10.0.0.1", "10.0.0.2-10.0.0.4", NULL};
	bool agrees = true;

	for (unsigned subset = 1; subset < 1u << 4; subset++) {
		struct drafts drafts = DRAFTS_INIT;
		struct draft *draft = drafts_add(&drafts, "a");
		const unsigned addresses = (subset >> 1 & 1) + (subset >> 2 & 1);
		const bool has_client = subset & 1, has_unknown = subset >> 3;
		const unsigned expected = has_unknown ? 0 : !has_client ? addresses : !addresses;
		char *text;

		for (unsigned i = 0; i < 4; i++)
			if (subset >> i & 1)
				draft_add_source(draft, sources[i]);
		text = draft_format(draft, no_engines);
		agrees &= count_lines(text, "source ") == expected;
		free(text);
		drafts_release(&drafts);
	}
	ok(agrees, "a source is printed if all servers' are known and of one kind");
}

static void
test_monitor_paths(void)
{
	static const char *const unusable[] = {"/",   "", "health", "/a b", "/a\nengine x",
					       "/$x", "*"};
	struct drafts drafts = DRAFTS_INIT;
	struct draft *draft = drafts_add(&drafts, "a");

	draft_add_http_monitor(draft, here, "/health");
	draft_add_http_monitor(draft, here, "/health?verbose=1");
	ok(draft->monitors.count == 1, "a monitor's path has no query");
	is_str(draft->monitors.list[0], "http /health", "... as a line of its own");
	for (size_t i = 0; i < sizeof(unusable) / sizeof(*unusable); i++)
		draft_add_http_monitor(draft, here, unusable[i]);
	ok(draft->monitors.count == 1 && drafts.warnings.count == 7,
	   "a path that cannot be a monitor gives a warning");
	drafts_release(&drafts);
}

static void
test_file(void)
{
	char *const engines[] = {"lb1", "lb2", NULL};
	struct drafts drafts = DRAFTS_INIT;
	struct draft *draft = drafts_add(&drafts, "a");
	struct draft_endpoint vip = endpoint("192.0.2.1", 0);
	char *text;

	vip.comment = "x\nengine evil";
	draft_add_vip(draft, here, &vip);
	draft_add_comment(draft, "of\nengine evil");
	draft_add_monitor(draft, "tcp/%u", 8081u);
	text = draft_format(draft, engines);
	ok(count_lines(text, "# service a\n") == 1, "a file begins with the service's name");
	ok(count_lines(text, "engine ") == 2, "... and has a line for each engine, but no other");
	ok(count_lines(text, "vip ") == 1 && count_lines(text, "monitor ") == 1,
	   "... and one for each that was added");
	free(text);
	ok(drafts_are_complete(&drafts), "nothing ran out of memory");
	drafts_release(&drafts);
}

static void
test_ports(void)
{
	static const struct {
		const char *word;
		unsigned first, last; /* 0: malformed */
	} cases[] = {{"80", 80, 80}, {"80-90", 80, 90},  {"1-65535", 1, 65535}, {"0", 0, 0},
		     {"", 0, 0},     {"90-80", 0, 0},    {"65536", 0, 0},       {"80-", 0, 0},
		     {"-80", 0, 0},  {"80-65536", 0, 0}, {"x", 0, 0},           {"80 ", 0, 0}};
	static const struct {
		const char *word, *host, *ports;
	} splits[] = {{"10.0.0.1:80", "10.0.0.1", "80"},
		      {"10.0.0.1", "10.0.0.1", NULL},
		      {"[2001:db8::1]:80", "2001:db8::1", "80"},
		      {"[2001:db8::1]", "2001:db8::1", NULL},
		      {":80", "", "80"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		unsigned first = 0, last = 0;
		int rc = draft_endpoint_parse_ports(cases[i].word, &first, &last);

		ok((rc == 0) == (cases[i].first > 0) && first == cases[i].first &&
		       last == cases[i].last,
		   "ports '%s'", cases[i].word);
	}
	for (size_t i = 0; i < sizeof(splits) / sizeof(*splits); i++) {
		char *copy = strdup(splits[i].word), *ports;

		is_str(draft_endpoint_split(copy, &ports), splits[i].host, splits[i].word);
		is_str(ports, splits[i].ports, "... and its ports");
		free(copy);
	}
}

/* Against a comparison of all with all. */
static void
test_many_lines(void)
{
	enum { ADDED = 3000, DISTINCT = 1000 };
	static char addresses[DISTINCT][20];
	struct draft_endpoints endpoints = {0};
	const struct draft_ports ports = {"tcp", 80, 80, NULL};
	size_t distinct = 0, in_order = 0;
	bool is_seen[DISTINCT] = {false};

	srandom(7);
	for (int i = 0; i < ADDED; i++) {
		const long n = random() % DISTINCT;
		char address[20], comment[20];

		snprintf(address, sizeof(address), "10.0.%ld.%ld", n / 256, n % 256);
		snprintf(comment, sizeof(comment), "server %d", i);
		if (!is_seen[n])
			memcpy(addresses[distinct++], address, sizeof(address));
		is_seen[n] = true;
		draft_endpoints_add(&endpoints, address, ports, i % 3 ? comment : NULL);
	}
	for (size_t i = 0; i < endpoints.lines.count && i < distinct; i++)
		in_order +=
		    strncmp(endpoints.lines.list[i], addresses[i], strlen(addresses[i])) == 0;
	ok(endpoints.lines.count == distinct && in_order == distinct && distinct > 900,
	   "%zu lines of %zu, each once, whatever their comments", endpoints.lines.count, distinct);
	draft_endpoints_release(&endpoints);
}

int
main(void)
{
	test_names();
	test_lines_are_unique();
	test_many_lines();
	test_protocols_stay();
	test_resolving();
	test_wanted();
	test_sources();
	test_monitor_paths();
	test_file();
	test_ports();
	return done_testing();
}
