#include "import/haproxy.h"

#include "base/parse.h"
#include "import/haproxy_server.h"
#include "import/haproxy_words.h"

#include <stdlib.h>
#include <string.h>

enum kind { DEFAULTS, FRONTEND, LISTEN, BACKEND, OTHER };

/* The words of a line; beyond the last one they are empty. */
struct line {
	unsigned number;
	bool is_conditional; /* kept only for where a section may begin */
	char **words;
	size_t count;
};

struct section {
	enum kind kind;
	const char *name;
	size_t first, end;              /* lines below its head */
	const struct section *defaults; /* NULL: none */
	unsigned number;                /* of the line that begins it */
};

struct conf {
	struct drafts *drafts;
	const char *file;
	struct line *lines;
	size_t line_count;
	struct section *sections; /* never moves: others point into it */
	size_t section_count;
};

static const char *
word(const struct line *line, size_t i)
{
	return i < line->count ? line->words[i] : "";
}

static bool
is(const struct line *line, size_t i, const char *what)
{
	return strcmp(word(line, i), what) == 0;
}

static bool
is_any(const char *what, const char *const *list)
{
	while (*list && strcmp(*list, what) != 0)
		list++;
	return *list;
}

static struct draft_place
place_of(const struct conf *conf, const struct line *line)
{
	return (struct draft_place){conf->file, line->number};
}

/* The kind of section that the line begins; -1: none. */
static int
kind_of(const struct line *line)
{
	static const char *const kinds[] = {"defaults", "frontend", "listen", "backend"};
	static const char *const others[] = {
	    "global", "peers",       "resolvers", "mailers",     "userlist",       "cache",
	    "ring",   "program",     "fcgi-app",  "log-forward", "http-errors",    "crt-store",
	    "traces", "log-profile", "acme",      "udp-lb",      "namespace_list", NULL};

	for (int i = 0; i < OTHER; i++)
		if (is(line, 0, kinds[i]))
			return i;
	return is_any(word(line, 0), others) ? OTHER : -1;
}

/* What is between `.if` and its `.endif` is not known to apply. */
static bool
is_conditional(struct conf *conf, const struct line *line, unsigned *depth)
{
	const bool inside = *depth > 0;

	if (is(line, 0, ".if")) {
		if ((*depth)++ == 0)
			drafts_remark(conf->drafts, NULL, place_of(conf, line),
				      "'.if' is not evaluated: what is before its '.endif' is left "
				      "out");
		return true;
	}
	if (is(line, 0, ".endif") && inside)
		--*depth;
	return inside || word(line, 0)[0] == '.';
}

/* Remembers what a line does to the environment; a name alone is not known from here on, and an
 * empty one says so of all. */
static void
set_variables(struct strvec *variables, const struct line *line)
{
	if (is(line, 0, "setenv") && line->count == 3 && !line->is_conditional)
		strvec_addf(variables, "%s=%s", line->words[1], line->words[2]);
	else if (is(line, 0, "setenv") && line->count > 1)
		strvec_add(variables, line->words[1]);
	else if (is(line, 0, "resetenv"))
		strvec_add(variables, "");
	for (size_t i = 1; is(line, 0, "unsetenv") && i < line->count; i++)
		strvec_add(variables, line->words[i]);
}

/* Cuts the text into lines of words, as far as they matter. */
static int
read_lines(struct conf *conf, const char *text, struct failure *why)
{
	struct strvec variables = STRVEC_INIT;
	unsigned number = 0, depth = 0;

	while (*text) {
		struct strvec words = STRVEC_INIT;
		struct failure wrong = FAILURE_INIT;
		size_t length = strcspn(text, "\n");
		struct line line = {.number = number + 1};

		if (haproxy_words_split(text, length, &variables, &words, &wrong) < 0) {
			drafts_remark(conf->drafts, NULL, place_of(conf, &line), "%s", wrong.text);
			strvec_free(strvec_finish(&words));
			words = STRVEC_INIT;
		}
		text += length + (text[length] == '\n');
		number++;
		line.count = words.count;
		line.words = strvec_finish(&words);
		line.is_conditional = line.count > 0 && is_conditional(conf, &line, &depth);
		set_variables(&variables, &line);
		if (line.count == 0 || (line.is_conditional && kind_of(&line) < 0)) {
			strvec_free(line.words);
			continue;
		}
		conf->lines[conf->line_count++] = line;
	}
	conf->drafts->failed |= variables.failed;
	strvec_free(strvec_finish(&variables));
	return conf->drafts->failed ? failure_set(why, "out of memory") : 0;
}

static const struct section *
find_section(const struct conf *conf, const char *name, unsigned kinds)
{
	for (size_t i = conf->section_count; i > 0; i--)
		if ((kinds & 1u << conf->sections[i - 1].kind) &&
		    strcmp(conf->sections[i - 1].name, name) == 0)
			return &conf->sections[i - 1];
	return NULL;
}

static void
begin_section(struct conf *conf, size_t at, enum kind kind)
{
	const struct line *line = &conf->lines[at];
	struct section *section = &conf->sections[conf->section_count];
	const bool is_anonymous = kind == DEFAULTS && is(line, 1, "from");
	const size_t from = is_anonymous ? 1 : 2;

	*section = (struct section){.kind = kind,
				    .name = is_anonymous ? "" : word(line, 1),
				    .first = at + 1,
				    .end = at + 1,
				    .number = line->number};
	if (kind != OTHER && is(line, from, "from"))
		section->defaults = find_section(conf, word(line, from + 1), 1u << DEFAULTS);
	else if (kind != OTHER && kind != DEFAULTS)
		for (size_t i = 0; i < conf->section_count; i++)
			if (conf->sections[i].kind == DEFAULTS)
				section->defaults = &conf->sections[i];
	if (kind == OTHER && (is(line, 0, "log-forward") || is(line, 0, "udp-lb")))
		drafts_remark(conf->drafts, NULL, place_of(conf, line), "'%s' is no service",
			      word(line, 0));
	else if ((kind == FRONTEND || kind == LISTEN) && line->count > 2 && !is(line, 2, "from"))
		drafts_remark(conf->drafts, NULL, place_of(conf, line),
			      "an address that HAProxy takes only from 'bind' today: '%s'",
			      word(line, 2));
	conf->section_count++;
}

static void
find_sections(struct conf *conf)
{
	bool is_uncertain = false;

	for (size_t i = 0; i < conf->line_count; i++) {
		int kind = kind_of(&conf->lines[i]);

		if (kind >= 0)
			begin_section(conf, i,
				      conf->lines[i].is_conditional ? OTHER : (enum kind)kind);
		else if (conf->section_count)
			conf->sections[conf->section_count - 1].end = i + 1;
		else
			drafts_remark(conf->drafts, NULL, place_of(conf, &conf->lines[0]),
				      "lines before the first section belong to none: '%s'",
				      word(&conf->lines[0], 0));
		is_uncertain = kind >= 0 ? conf->lines[i].is_conditional : is_uncertain;
		if (is_uncertain && kind < 0)
			drafts_remark(conf->drafts, NULL, place_of(conf, &conf->lines[i]),
				      "what section this belongs to is up to an '.if': '%s'",
				      word(&conf->lines[i], 0));
	}
}

/* The last line of the section, or of its defaults, that says `first` and, unless it is NULL, any
 * of the second words. NULL: none, or the last one says no. */
static const struct line *
setting(const struct conf *conf, const struct section *section, const char *first,
	const char *const *second)
{
	for (; section; section = section->defaults) {
		for (size_t i = section->end; i > section->first; i--) {
			const struct line *line = &conf->lines[i - 1];
			const size_t no = is(line, 0, "no");

			if (is(line, no, first) && (!second || is_any(word(line, no + 1), second)))
				return no ? NULL : line;
		}
	}
	return NULL;
}

/* The value after a word in a line, or NULL. */
static const char *
value_after(const struct line *line, const char *name)
{
	for (size_t i = 0; line && i + 1 < line->count; i++)
		if (is(line, i, name))
			return line->words[i + 1];
	return NULL;
}

/* Says that a bind or server line is of a network that captures here do not see. */
static void
remark_namespace(struct conf *conf, struct draft *draft, const struct line *line)
{
	const char *name = value_after(line, "namespace");

	if (name)
		drafts_remark(conf->drafts, draft, place_of(conf, line),
			      "only an engine within that network namespace sees it: '%s'", name);
}

/* Takes the first address of a comma-separated list off it, as the VIP it is. */
static void
read_bind(struct conf *conf, struct draft *draft, const struct line *line)
{
	const bool is_v6only = is_any("v6only", (const char *const *)line->words);
	char *rest = line->words[1];

	remark_namespace(conf, draft, line);
	for (char *address; (address = strsep(&rest, ","));) {
		struct failure why = FAILURE_INIT;
		struct haproxy_addr at;

		if (haproxy_addr_parse(&at, address, &why) < 0) {
			drafts_remark(conf->drafts, draft, place_of(conf, line), "%s", why.text);
		} else if (at.kind != HAPROXY_PORT_FIXED) {
			drafts_remark(conf->drafts, draft, place_of(conf, line), "no port: '%s'",
				      address);
		} else {
			/* An IPv6 socket takes IPv4 too, unless Linux is told otherwise. */
			if (!at.host && at.family == 6 && !is_v6only)
				at.family = 0;
			draft_vip(conf->drafts, draft, place_of(conf, line), at.host, at.family,
				  at.ports, NULL);
		}
	}
}

/* Applies the default-server lines of the section, before a line, and of its defaults. */
static void
apply_defaults(const struct conf *conf, const struct section *section, size_t before,
	       struct haproxy_server *server)
{
	if (section->defaults)
		apply_defaults(conf, section->defaults, section->defaults->end, server);
	for (size_t i = section->first; i < before; i++)
		if (is(&conf->lines[i], 0, "default-server"))
			haproxy_server_apply(server, conf->lines[i].words + 1);
}

/* The server that a line of the section is, with all that holds for it; false if it is none. */
static bool
read_server(const struct conf *conf, const struct section *section, size_t at,
	    struct haproxy_server *server)
{
	const struct line *source = setting(conf, section, "source", NULL);

	*server = (struct haproxy_server){0};
	if (source)
		haproxy_server_set_source(server, source->words + 1);
	apply_defaults(conf, section, at, server);
	return haproxy_server_read(server, conf->lines[at].words);
}

/* Adds a server whose port is that of the client's connection, or counts from it. */
static void
add_relative(struct conf *conf, struct draft *draft, const struct line *line,
	     const struct haproxy_addr *addr, const char *note)
{
	for (size_t i = 0; i < draft->vips.count; i++) {
		const int first = (int)draft->vip_ports[i].first + addr->offset;
		const int last = (int)draft->vip_ports[i].last + addr->offset;

		if (first > 0 && last <= UINT16_MAX)
			draft_server(conf->drafts, draft, place_of(conf, line), addr->host,
				     addr->family,
				     (struct draft_ports){addr->ports.protocol, (unsigned)first,
							  (unsigned)last},
				     note);
		else
			drafts_remark(
			    conf->drafts, draft, place_of(conf, line),
			    "its port is not 1 to 65535 for all ports of the service: '%s'",
			    word(line, 2));
	}
}

/* Whether requests tell the server of their client, as far as they are not encrypted. */
static bool
has_header(const struct conf *conf, const struct section *front, const struct section *back)
{
	static const char *const options[] = {"forwardfor", "forwarded", NULL};
	const struct line *mode = setting(conf, back, "mode", NULL);

	return mode && is(mode, 1, "http") &&
	       (setting(conf, front, "option", options) || setting(conf, back, "option", options));
}

static void
add_server(struct conf *conf, struct draft *draft, const struct section *section,
	   const struct line *line, const struct haproxy_server *server)
{
	struct failure why = FAILURE_INIT;
	struct haproxy_addr addr;
	char note[256];

	snprintf(note, sizeof(note), "%s/%s", section->name, server->name);
	remark_namespace(conf, draft, line);
	if (server->socks)
		drafts_remark(conf->drafts, draft, place_of(conf, line),
			      "a server that is reached by a SOCKS proxy: '%s'", server->socks);
	else if (haproxy_addr_parse(&addr, server->address, &why) < 0)
		drafts_remark(conf->drafts, draft, place_of(conf, line), "%s", why.text);
	else if (!addr.host)
		drafts_remark(conf->drafts, draft, place_of(conf, line),
			      "a server at whatever address its client wanted: '%s'",
			      server->address);
	else if (addr.kind == HAPROXY_PORT_FIXED)
		draft_server(conf->drafts, draft, place_of(conf, line), addr.host, addr.family,
			     addr.ports, note);
	else
		add_relative(conf, draft, line, &addr, note);
	draft_source(draft, server->source[0] ? server->source : NULL);
}

/* The checks of a section. */
struct check {
	const struct line *option;   /* `option httpchk` or the like; NULL: a mere connection */
	const char *keyword;         /* of its rules; NULL: it has none */
	const struct section *rules; /* whose lines they are; NULL: nobody's */
};

/* One connection of a check. */
struct probe {
	const struct line *connect; /* NULL: the one that goes without saying */
	const struct line *option;  /* the `option httpchk` whose request it makes, or NULL */
	const char *path;           /* of its first request of HTTP; NULL: none */
	const struct line *by;      /* which line says so */
	bool asks;                  /* that is known, whatever follows */
	bool talks;                 /* bytes that are not HTTP's are exchanged */
};

static bool
has_word(const struct line *line, const char *what)
{
	return line && is_any(what, (const char *const *)line->words);
}

/* Whether the section has a line that makes rules of its own. A new `option httpchk` does, while
 * `option tcp-check` leaves those of the defaults. */
static bool
has_rules(const struct conf *conf, const struct section *section, const char *keyword)
{
	static const char *const settings[] = {"disable-on-404", "send-state", NULL};

	for (size_t i = section->first; i < section->end; i++) {
		const struct line *line = &conf->lines[i];

		if ((is(line, 0, keyword) && !is_any(word(line, 1), settings)) ||
		    (strcmp(keyword, "http-check") == 0 && is(line, 0, "option") &&
		     is(line, 1, "httpchk")))
			return true;
	}
	return false;
}

static struct check
find_check(const struct conf *conf, const struct section *section)
{
	static const char *const options[] = {
	    "httpchk",     "tcp-check",      "smtpchk",     "ldap-check",
	    "mysql-check", "pgsql-check",    "redis-check", "ssl-hello-chk",
	    "spop-check",  "external-check", NULL};
	struct check check = {.option = setting(conf, section, "option", options)};

	if (check.option && is(check.option, 1, "httpchk"))
		check.keyword = "http-check";
	else if (check.option && is(check.option, 1, "tcp-check"))
		check.keyword = "tcp-check";
	while (check.keyword && section && !has_rules(conf, section, check.keyword))
		section = section->defaults;
	check.rules = check.keyword ? section : NULL;
	return check;
}

/* Where the checks of a server go is no server of the service: NULL, or that address. */
static const char *
find_elsewhere(const struct draft *draft, const struct haproxy_server *server,
	       const struct probe *probe)
{
	const char *address = value_after(probe->connect, "addr");
	struct haproxy_addr at;

	address = address ? address : server->check_addr;
	if (!address || haproxy_addr_parse(&at, address, NULL) < 0)
		return address;
	return at.host && draft_has_server(draft, at.host) ? NULL : address;
}

/* A check on a port that serves as well. */
static void
add_judged_monitor(struct conf *conf, struct draft *draft, const struct line *line,
		   const struct haproxy_server *server, const struct check *check,
		   const struct probe *probe)
{
	/* A `connect` has only what it says itself. */
	const bool is_bare = probe->connect && !has_word(probe->connect, "default");
	const bool is_apart = server->check_port || server->check_addr;
	const bool is_proxied = has_word(probe->connect, "send-proxy") ||
				(!is_bare && (server->check_proxy || (server->proxy && !is_apart)));
	const bool is_tls =
	    has_word(probe->connect, "ssl") || (!is_bare && !server->no_check_ssl &&
						(server->check_ssl || (server->ssl && !is_apart)));
	const char *proto = value_after(probe->connect, "proto");
	const struct line *blamed = check->option ? check->option : line;

	if (!proto && !is_bare)
		proto = server->check_proto ? server->check_proto : server->proto;
	if (is_proxied && server->proxy == 2)
		draft_monitor(draft, "local");
	else if (is_tls)
		drafts_remark(conf->drafts, draft, place_of(conf, line),
			      "checks over TLS are not told from other connections");
	else if (probe->talks)
		drafts_remark(conf->drafts, draft, place_of(conf, blamed),
			      "checks are not told from other connections: '%s'", word(blamed, 1));
	else if (haproxy_server_is_framed(proto))
		drafts_remark(conf->drafts, draft, place_of(conf, line),
			      "checks by '%s' are not told from other connections", proto);
	else if (probe->path)
		draft_monitor_http(conf->drafts, draft, place_of(conf, probe->by), probe->path);
	else if (is_proxied)
		drafts_remark(conf->drafts, draft, place_of(conf, line),
			      "checks with a PROXY header are not told from other connections");
	else
		draft_monitor(draft, "empty");
}

/* The port of an address; 0: it has none. */
static unsigned
port_in(const char *address)
{
	struct haproxy_addr at;

	return address && haproxy_addr_parse(&at, address, NULL) == 0 ? at.ports.first : 0;
}

static void
add_probe(struct conf *conf, struct draft *draft, const struct line *line,
	  const struct haproxy_server *server, const struct check *check, const struct probe *probe)
{
	const char *elsewhere = find_elsewhere(draft, server, probe);
	const char *word_of_port = value_after(probe->connect, "port");
	const char *unknown = word_of_port ? NULL : server->unknown_port;
	uint64_t port = server->check_port;

	if (word_of_port && parse_number(word_of_port, UINT16_MAX, &port, NULL) < 0)
		unknown = word_of_port;
	if (!port)
		port = port_in(value_after(probe->connect, "addr"));
	if (!port)
		port = port_in(server->check_addr);
	if (elsewhere)
		drafts_remark(conf->drafts, draft, place_of(conf, line),
			      "checks go to an address that no server has, and are not captured: "
			      "'%s'",
			      elsewhere);
	else if (unknown)
		drafts_remark(conf->drafts, draft, place_of(conf, line),
			      "checks at a port that is not known: '%s'", unknown);
	else if (port && !draft_serves(draft, "tcp", (unsigned)port))
		draft_monitor(draft, "tcp/%u", (unsigned)port);
	else
		add_judged_monitor(conf, draft, line, server, check, probe);
}

/* httpchk [METHOD] URI: NULL without one. */
static const char *
uri_of(const struct line *option)
{
	return option->count > 3 ? option->words[3] : option->count > 2 ? option->words[2] : NULL;
}

/* What a rule other than `connect` adds to its connection. */
static void
take_rule(struct probe *probe, const struct line *rule)
{
	const bool sends = strncmp(word(rule, 1), "send", 4) == 0;

	if (is(rule, 0, "tcp-check")) {
		probe->talks |= sends || is(rule, 1, "expect");
	} else if (is(rule, 1, "send") && !probe->asks) {
		const char *uri = value_after(rule, "uri");

		if (!uri && value_after(rule, "uri-lf"))
			uri = "an expression";
		/* Of a rule and an option the later has its way. */
		if (!probe->path || (uri && !(probe->option > rule && uri_of(probe->option)))) {
			probe->path = uri ? uri : "/";
			probe->by = rule;
		}
		probe->asks = true;
	}
}

/* What a check does before its first rule. Rules elsewhere than at the option, which are then all
 * there is, do without its request. */
static struct probe
begin_probe(const struct conf *conf, const struct check *check)
{
	struct probe probe = {.talks = check->option && !check->keyword};

	for (size_t i = check->rules ? check->rules->first : 0;
	     check->rules && i < check->rules->end; i++) {
		const struct line *line = &conf->lines[i];

		if (is(check->option, 1, "httpchk") && is(line, 0, "option") &&
		    is(line, 1, "httpchk"))
			probe.option = line;
	}
	if (probe.option)
		probe.path = uri_of(probe.option) ? uri_of(probe.option) : "/";
	probe.by = probe.option;
	return probe;
}

/* Every connection that a check of the server is made of. */
static void
add_probes(struct conf *conf, struct draft *draft, const struct section *section,
	   const struct line *line, const struct haproxy_server *server)
{
	const struct check check = find_check(conf, section);
	struct probe probe = begin_probe(conf, &check);
	bool is_begun = false;

	for (size_t i = check.rules ? check.rules->first : 0; check.rules && i < check.rules->end;
	     i++) {
		const struct line *rule = &conf->lines[i];

		if (!is(rule, 0, check.keyword))
			continue;
		if (!is(rule, 1, "connect")) {
			take_rule(&probe, rule);
			continue;
		}
		if (is_begun) {
			add_probe(conf, draft, line, server, &check, &probe);
			probe = (struct probe){0};
		}
		probe.connect = rule;
		is_begun = true;
	}
	add_probe(conf, draft, line, server, &check, &probe);
}

static void
add_monitors(struct conf *conf, struct draft *draft, const struct section *section,
	     const struct line *line, const struct haproxy_server *server)
{
	if (server->checks)
		add_probes(conf, draft, section, line, server);
	if (server->agent && server->agent_port && !draft_serves(draft, "tcp", server->agent_port))
		draft_monitor(draft, "tcp/%u", server->agent_port);
	else if (server->agent)
		drafts_remark(conf->drafts, draft, place_of(conf, line),
			      "agent checks are not told from other connections");
}

/* Adds the backend that the line names to those in use. */
static void
use_backend(struct conf *conf, struct draft *draft, const struct line *line,
	    const struct section **used, size_t *count)
{
	const struct section *backend =
	    find_section(conf, word(line, 1), 1u << BACKEND | 1u << LISTEN);

	if (!backend) {
		drafts_remark(conf->drafts, draft, place_of(conf, line),
			      strpbrk(word(line, 1), "%$") ? "a backend that is not known: '%s'"
							   : "there is no backend '%s'",
			      word(line, 1));
		return;
	}
	for (size_t i = 0; i < *count; i++)
		if (used[i] == backend)
			return;
	used[(*count)++] = backend;
}

/* All backends that a frontend may use, itself if it is a listen section. used has room for all. */
static size_t
find_backends(struct conf *conf, struct draft *draft, const struct section *section,
	      const struct section **used)
{
	const struct line *fallback = setting(conf, section, "default_backend", NULL);
	size_t count = 0;

	if (section->kind == LISTEN)
		used[count++] = section;
	for (size_t i = section->first; i < section->end; i++)
		if (is(&conf->lines[i], 0, "use_backend"))
			use_backend(conf, draft, &conf->lines[i], used, &count);
	if (fallback)
		use_backend(conf, draft, fallback, used, &count);
	return count;
}

/* Says that a section without servers passes on to wherever clients wanted to go. */
static void
remark_transparent(struct conf *conf, struct draft *draft, const struct section *section)
{
	static const char *const options[] = {"transparent", "http_proxy", NULL};
	const struct line *line = setting(conf, section, "option", options);

	if (line)
		drafts_remark(conf->drafts, draft, place_of(conf, line),
			      "servers at whatever address their clients wanted: '%s'",
			      word(line, 1));
}

static int
import_frontend(struct conf *conf, const struct section *section, struct failure *why)
{
	const struct section **used = calloc(conf->section_count, sizeof(const struct section *));
	struct draft *draft = used ? drafts_add(conf->drafts, section->name) : NULL;
	struct haproxy_server server;
	size_t count;

	if (!draft) {
		free(used);
		return failure_set(why, "out of memory");
	}
	draft_note(draft, "%s '%s' of %s:%u", section->kind == LISTEN ? "listen" : "frontend",
		   section->name, conf->file, section->number);
	for (size_t i = section->first; i < section->end; i++)
		if (is(&conf->lines[i], 0, "bind") && conf->lines[i].count > 1)
			read_bind(conf, draft, &conf->lines[i]);
	count = find_backends(conf, draft, section, used);
	for (size_t i = 0; i < count; i++)
		remark_transparent(conf, draft, used[i]);
	/* Which port belongs to checks alone is known once all servers are. */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < count; i++) {
			for (size_t at = used[i]->first; at < used[i]->end; at++) {
				if (!read_server(conf, used[i], at, &server))
					continue;
				if (pass == 0)
					add_server(conf, draft, used[i], &conf->lines[at], &server);
				else
					add_monitors(conf, draft, used[i], &conf->lines[at],
						     &server);
				if (!server.proxy &&
				    (server.ssl || haproxy_server_is_framed(server.proto) ||
				     !has_header(conf, section, used[i])))
					draft->has_unjoined = true;
			}
		}
	}
	free(used);
	return 0;
}

/* Of `enabled` and `disabled` the last holds, and its own before its defaults'. */
static bool
is_enabled(const struct conf *conf, const struct section *section)
{
	for (; section; section = section->defaults)
		for (size_t i = section->end; i > section->first; i--)
			if (is(&conf->lines[i - 1], 0, "enabled") ||
			    is(&conf->lines[i - 1], 0, "disabled"))
				return is(&conf->lines[i - 1], 0, "enabled");
	return true;
}

/* Whether it takes connections: it has an address, and is not disabled. */
static bool
is_served(const struct conf *conf, const struct section *section)
{
	if (section->kind != FRONTEND && section->kind != LISTEN)
		return false;
	for (size_t i = section->first; i < section->end; i++)
		if (is(&conf->lines[i], 0, "bind"))
			return is_enabled(conf, section);
	return false;
}

int
haproxy_import(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	struct conf conf = {.drafts = drafts, .file = file};
	size_t count = 1;
	int rc = 0;

	for (const char *s = text; *s; s++)
		count += *s == '\n';
	conf.lines = calloc(count, sizeof(*conf.lines));
	conf.sections = calloc(count, sizeof(*conf.sections));
	if (!conf.lines || !conf.sections)
		rc = failure_set(why, "out of memory");
	if (rc == 0)
		rc = read_lines(&conf, text, why);
	if (rc == 0)
		find_sections(&conf);
	for (size_t i = 0; rc == 0 && i < conf.section_count; i++)
		if (is_served(&conf, &conf.sections[i]))
			rc = import_frontend(&conf, &conf.sections[i], why);
	for (size_t i = 0; i < conf.line_count; i++)
		strvec_free(conf.lines[i].words);
	free(conf.lines);
	free(conf.sections);
	return rc;
}
