#include "import/ipvs.h"

#include "packet/addrset.h"

#include <stdlib.h>
#include <string.h>

/* What the options of a line say. */
struct rule {
	bool adds_service, adds_server, has_mark;
	const char *protocol;     /* NULL: none */
	const char *vip, *server; /* ADDRESS:PORT */
	char method;              /* 'g', 'i', 'm' */
};

static bool
is(const char *word, const char *letter, const char *name)
{
	return strcmp(word, letter) == 0 || strcmp(word, name) == 0;
}

/* Reads a line's words; false if it adds neither a service nor a server. */
static bool
read_rule(struct rule *rule, char *const *words)
{
	*rule = (struct rule){.method = 'g'};
	for (; *words; words++) {
		const char *protocol = is(*words, "-t", "--tcp-service")       ? "tcp"
				       : is(*words, "-u", "--udp-service")     ? "udp"
				       : strcmp(*words, "--sctp-service") == 0 ? "sctp"
									       : NULL;

		if (is(*words, "-A", "--add-service"))
			rule->adds_service = true;
		else if (is(*words, "-a", "--add-server"))
			rule->adds_server = true;
		else if (is(*words, "-g", "--gatewaying"))
			rule->method = 'g';
		else if (is(*words, "-i", "--ipip"))
			rule->method = 'i';
		else if (is(*words, "-m", "--masquerading"))
			rule->method = 'm';
		else if (is(*words, "-f", "--fwmark-service"))
			rule->has_mark = true;
		else if (protocol && words[1]) {
			rule->protocol = protocol;
			rule->vip = *++words;
		} else if (is(*words, "-r", "--real-server") && words[1])
			rule->server = *++words;
	}
	return rule->adds_service || rule->adds_server;
}

/* Parts ADDRESS:PORT, of numbers, into buffer; port 0 is any. NULL: it is not that. */
static const char *
read_end(char buffer[64], const char *word, struct draft_ports *ports)
{
	struct addr addr;
	char *port, *host;

	if (strlen(word) >= 64)
		return NULL;
	strcpy(buffer, word);
	host = draft_split(buffer, &port);
	ports->first = 0;
	ports->last = UINT16_MAX;
	if (addr_parse(&addr, host, NULL) < 0 ||
	    (port && strcmp(port, "0") != 0 &&
	     draft_parse_ports(port, &ports->first, &ports->last) < 0))
		return NULL;
	return host;
}

static void
add_service(struct drafts *drafts, struct draft_place place, const char *name,
	    const struct rule *rule)
{
	struct draft_ports ports = {.protocol = rule->protocol};
	struct draft *draft = drafts_add(drafts, name);
	char buffer[64];
	const char *host = read_end(buffer, rule->vip, &ports);

	if (!draft)
		return;
	if (host)
		draft_vip(drafts, draft, place, host, 0, ports, NULL);
	else
		drafts_remark(drafts, draft, place,
			      "not an address and port: '%s' (-n for ipvsadm)", rule->vip);
}

static void
add_server(struct drafts *drafts, struct draft_place place, struct draft *draft,
	   const struct rule *rule)
{
	struct draft_ports ports = {.protocol = rule->protocol};
	char buffer[64];
	const char *host = rule->server ? read_end(buffer, rule->server, &ports) : NULL;

	if (!host) {
		drafts_remark(drafts, draft, place,
			      "not an address and port: '%s' (-n for ipvsadm)",
			      rule->server ? rule->server : "");
	} else if (rule->method == 'm') {
		draft_server(drafts, draft, place, host, 0, ports, NULL);
		draft_source(draft, "client");
	} else if (rule->method == 'g') {
		draft_note(draft, "direct routing to %s: its packets carry the VIP", host);
	} else {
		drafts_remark(drafts, draft, place, "tunnels are not looked into: '%s'",
			      rule->server);
	}
}

static void
add_rule(struct drafts *drafts, struct draft_place place, const struct rule *rule)
{
	struct draft *draft;
	char name[128];

	if (rule->has_mark || !rule->vip) {
		drafts_remark(drafts, NULL, place,
			      rule->has_mark ? "a service by firewall mark: which addresses it has "
					       "only the firewall's rules say"
					     : "no service is named");
		return;
	}
	snprintf(name, sizeof(name), "%s-%s", rule->protocol, rule->vip);
	draft = drafts_find(drafts, name);
	if (rule->adds_service && !draft)
		add_service(drafts, place, name, rule);
	else if (rule->adds_server && draft)
		add_server(drafts, place, draft, rule);
	else
		drafts_remark(drafts, NULL, place,
			      draft ? "this service is there already: '%s'"
				    : "there is no such service: '%s'",
			      rule->vip);
}

int
ipvs_import(struct drafts *drafts, const char *text, const char *file, struct failure *why)
{
	struct draft_place place = {file, 0};

	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line = strndup(text, length), *rest = line, **list;
		struct strvec words = STRVEC_INIT;
		struct rule rule;

		place.line++;
		for (char *word; (word = strsep(&rest, " \t\r"));)
			if (*word)
				strvec_add(&words, word);
		list = strvec_finish(&words);
		if (!line || (!list && line[strspn(line, " \t\r")])) {
			free(line);
			return failure_set(why, "out of memory");
		}
		if (list && read_rule(&rule, list))
			add_rule(drafts, place, &rule);
		else if (list && **list != '#')
			drafts_remark(drafts, NULL, place, "not a rule of IPVS: '%s'", *list);
		strvec_free(list);
		free(line);
		text += length + (text[length] == '\n');
	}
	return 0;
}
