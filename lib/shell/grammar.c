/*
 * The table is a tree in preorder: a node is followed by its children, one level deeper. Parsing
 * descends one word at a time, and completion and help list the children of the node reached, so
 * they offer only what the parser accepts. A node whose word is `<...>` takes any word as a value.
 */
#include "shell/grammar.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A word of a command. */
struct node {
	int depth;
	unsigned modes; /* of enum grammar_mode; for depth 0 */
	const char *word;
	const char *help;
	enum grammar_verb verb; /* GRAMMAR_NOTHING: the command cannot end here */
	enum settings_field field;
	enum grammar_value kind; /* of a word that is a value */
	const char *value;       /* of the command, constant; NULL: its last word that is a value */
};

#define TOP     GRAMMAR_TOP
#define SERVICE GRAMMAR_SERVICE
#define IP      GRAMMAR_IP
#define DO      GRAMMAR_DO

/* clang-format off */
static const struct node nodes[] = {
    {0, TOP, "debug", "set up, start and stop captures"},
    {1, 0, "virtualservice", "of a service"},
    {2, 0, "<name>", "edit the settings of this service", GRAMMAR_DEBUG, 0, GRAMMAR_A_SERVICE},

    {0, TOP | DO, "show", "show services, settings and captures"},
    {1, 0, "debug", "settings and captures"},
    {2, 0, "virtualservice", "of a service"},
    {3, 0, "<name>", "the settings of this service", GRAMMAR_SHOW, 0, GRAMMAR_A_SERVICE},
    {4, 0, "capture", "the progress of the capture; its file once complete", GRAMMAR_SHOW_CAPTURE},
    {1, 0, "virtualservice", "the services", GRAMMAR_SHOW_SERVICES},

    {0, SERVICE, "capture_params", "limits"},
    {1, 0, "duration", "time limit"},
    {2, 0, "<minutes>", "time limit: minutes, or 30s, 2h; 0 is unlimited", GRAMMAR_SET, SETTINGS_DURATION, GRAMMAR_OTHER},
    {1, 0, "num_pkts", "maximum number of packets"},
    {2, 0, "<number>", "maximum number of packets, per core; 0 is unlimited", GRAMMAR_SET, SETTINGS_COUNT, GRAMMAR_OTHER},
    {1, 0, "pkt_size", "bytes captured of each packet"},
    {2, 0, "<bytes>", "bytes captured of each packet; 0 is all", GRAMMAR_SET, SETTINGS_SNAPLEN, GRAMMAR_OTHER},
    {1, 0, "rolling", "go on, and keep the last minutes for snapshots"},
    {2, 0, "<minutes>", "what is kept: minutes, or 30s, 2h; 0 is no rolling capture", GRAMMAR_SET, SETTINGS_ROLLING, GRAMMAR_OTHER},

    {0, SERVICE, "debug_ip", "enter addresses: only their packets are captured", GRAMMAR_ADDRESSES},
    {1, 0, "addrs", "an address"},
    {2, 0, "<address>", "packets of this address, IPv4 or IPv6", GRAMMAR_ADDRESSES, SETTINGS_ADDRS, GRAMMAR_OTHER},
    {1, 0, "prefixes", "a subnet"},
    {2, 0, "<address/length>", "packets of this subnet", GRAMMAR_ADDRESSES, SETTINGS_PREFIXES, GRAMMAR_OTHER},
    {1, 0, "ranges", "a range"},
    {2, 0, "<address-address>", "packets of this range, both ends included", GRAMMAR_ADDRESSES, SETTINGS_RANGES, GRAMMAR_OTHER},

    {0, IP, "addrs", "an address"},
    {1, 0, "<address>", "packets of this address, IPv4 or IPv6", GRAMMAR_SET, SETTINGS_ADDRS, GRAMMAR_OTHER},
    {0, IP, "prefixes", "a subnet"},
    {1, 0, "<address/length>", "packets of this subnet", GRAMMAR_SET, SETTINGS_PREFIXES, GRAMMAR_OTHER},
    {0, IP, "ranges", "a range"},
    {1, 0, "<address-address>", "packets of this range, both ends included", GRAMMAR_SET, SETTINGS_RANGES, GRAMMAR_OTHER},

    {0, SERVICE, "debug_virtualservice_hm_include", "health monitor packets, too", GRAMMAR_SET, SETTINGS_MONITORS, 0, "include"},
    {0, SERVICE, "debug_virtualservice_hm_none", "no health monitor packets, as at first", GRAMMAR_SET, SETTINGS_MONITORS, 0, "none"},
    {0, SERVICE, "debug_virtualservice_hm_only", "health monitor packets only", GRAMMAR_SET, SETTINGS_MONITORS, 0, "only"},
    {0, SERVICE, "debug_virtual", "the same in two words"},
    {1, 0, "service_hm_include", "health monitor packets, too", GRAMMAR_SET, SETTINGS_MONITORS, 0, "include"},
    {1, 0, "service_hm_none", "no health monitor packets, as at first", GRAMMAR_SET, SETTINGS_MONITORS, 0, "none"},
    {1, 0, "service_hm_only", "health monitor packets only", GRAMMAR_SET, SETTINGS_MONITORS, 0, "only"},

    {0, SERVICE, "export_format", "the format of downloads"},
    {1, 0, "pcapng", "with the engine and side of each packet, as at first", GRAMMAR_SET, SETTINGS_FORMAT, 0, "pcapng"},
    {1, 0, "pcap", "for older programs", GRAMMAR_SET, SETTINGS_FORMAT, 0, "pcap"},

    {0, SERVICE, "capture", "save will start a capture", GRAMMAR_SET, SETTINGS_CAPTURE, 0, "True"},

    {0, SERVICE, "no", "reset a setting"},
    {1, 0, "capture", "save will stop the capture", GRAMMAR_CLEAR, SETTINGS_CAPTURE},
    {1, 0, "capture_params", "no limits", GRAMMAR_CLEAR, SETTINGS_LIMITS},
    {2, 0, "duration", "unlimited time", GRAMMAR_CLEAR, SETTINGS_DURATION},
    {2, 0, "num_pkts", "any number of packets", GRAMMAR_CLEAR, SETTINGS_COUNT},
    {2, 0, "pkt_size", "whole packets", GRAMMAR_CLEAR, SETTINGS_SNAPLEN},
    {2, 0, "rolling", "no rolling capture", GRAMMAR_CLEAR, SETTINGS_ROLLING},
    {1, 0, "debug_ip", "packets of all addresses", GRAMMAR_CLEAR, SETTINGS_LISTS},
    {2, 0, "addrs", "none of the addresses", GRAMMAR_CLEAR, SETTINGS_ADDRS},
    {3, 0, "<address>", "not this one", GRAMMAR_CLEAR, SETTINGS_ADDRS, GRAMMAR_AN_ADDRESS_SET},
    {2, 0, "prefixes", "none of the subnets", GRAMMAR_CLEAR, SETTINGS_PREFIXES},
    {3, 0, "<address/length>", "not this one", GRAMMAR_CLEAR, SETTINGS_PREFIXES, GRAMMAR_AN_ADDRESS_SET},
    {2, 0, "ranges", "none of the ranges", GRAMMAR_CLEAR, SETTINGS_RANGES},
    {3, 0, "<address-address>", "not this one", GRAMMAR_CLEAR, SETTINGS_RANGES, GRAMMAR_AN_ADDRESS_SET},
    {1, 0, "export_format", "downloads are pcapng", GRAMMAR_CLEAR, SETTINGS_FORMAT},
    {1, 0, "debug_virtualservice_hm_include", "no health monitor packets", GRAMMAR_CLEAR, SETTINGS_MONITORS},
    {1, 0, "debug_virtualservice_hm_none", "the same", GRAMMAR_CLEAR, SETTINGS_MONITORS},
    {1, 0, "debug_virtualservice_hm_only", "the same", GRAMMAR_CLEAR, SETTINGS_MONITORS},
    {1, 0, "debug_virtual", "the same in two words"},
    {2, 0, "service_hm_include", "no health monitor packets", GRAMMAR_CLEAR, SETTINGS_MONITORS},
    {2, 0, "service_hm_none", "the same", GRAMMAR_CLEAR, SETTINGS_MONITORS},
    {2, 0, "service_hm_only", "the same", GRAMMAR_CLEAR, SETTINGS_MONITORS},

    {0, IP, "no", "remove addresses"},
    {1, 0, "addrs", "none of the addresses", GRAMMAR_CLEAR, SETTINGS_ADDRS},
    {2, 0, "<address>", "not this one", GRAMMAR_CLEAR, SETTINGS_ADDRS, GRAMMAR_AN_ADDRESS_SET},
    {1, 0, "prefixes", "none of the subnets", GRAMMAR_CLEAR, SETTINGS_PREFIXES},
    {2, 0, "<address/length>", "not this one", GRAMMAR_CLEAR, SETTINGS_PREFIXES, GRAMMAR_AN_ADDRESS_SET},
    {1, 0, "ranges", "none of the ranges", GRAMMAR_CLEAR, SETTINGS_RANGES},
    {2, 0, "<address-address>", "not this one", GRAMMAR_CLEAR, SETTINGS_RANGES, GRAMMAR_AN_ADDRESS_SET},

    {0, SERVICE, "save", "save the settings; start or stop the capture", GRAMMAR_SAVE},
    {0, IP, "save", "keep the addresses and return to the other settings", GRAMMAR_SAVE},
    {0, SERVICE, "snapshot", "keep the last minutes of the rolling capture", GRAMMAR_SNAPSHOT},
    {0, TOP | SERVICE | IP, "where", "the mode, its service and settings", GRAMMAR_WHERE},
    {0, SERVICE | IP, "do", "run a command of the top"},
    {0, TOP | SERVICE | IP, "bash", "a shell of this host, until its exit", GRAMMAR_BASH},
    {0, TOP | SERVICE | IP, "help", "list the commands of this mode", GRAMMAR_HELP},
    {0, TOP, "exit", "leave the shell", GRAMMAR_EXIT},
    {0, SERVICE | IP, "exit", "leave this mode", GRAMMAR_EXIT},
};
/* clang-format on */

enum { NODES = sizeof(nodes) / sizeof(*nodes) };

const char *
grammar_mode_name(enum grammar_mode mode)
{
	switch (mode) {
	case GRAMMAR_SERVICE: return "debugvirtualservice";
	case GRAMMAR_IP: return "debugvirtualservice:debug_ip";
	case GRAMMAR_TOP:
	case GRAMMAR_DO: break;
	}
	return "";
}

int
grammar_split(const char *line, struct strvec *words)
{
	static const char blanks[] = " \t\r\n";

	for (const char *s = line + strspn(line, blanks); *s && *s != '#'; s += strspn(s, blanks)) {
		const char quote[] = {*s, '\0'};
		const bool is_quoted = *s == '"' || *s == '\'';
		size_t length = is_quoted ? strcspn(++s, quote) : strcspn(s, blanks);

		strvec_push_nodup(words, strndup(s, length));
		s += length;
		s += is_quoted && *s;
	}
	return words->failed ? -1 : 0;
}

/* The next child of parent (-1: the root of a mode) after the child before (-1: the first one).
 * NODES: there is none. */
static int
next_choice(enum grammar_mode mode, int parent, int before)
{
	const int depth = parent < 0 ? 0 : nodes[parent].depth + 1;

	for (int i = (before < 0 ? parent : before) + 1; i < NODES && nodes[i].depth >= depth; i++)
		if (nodes[i].depth == depth && (depth > 0 || nodes[i].modes & mode))
			return i;
	return NODES;
}

static bool
is_do(const struct node *node)
{
	return strcmp(node->word, "do") == 0;
}

/* The child of parent that accepts a word; -1: none. */
static int
step(enum grammar_mode mode, int parent, const char *word)
{
	for (int i = next_choice(mode, parent, -1); i < NODES; i = next_choice(mode, parent, i))
		if (nodes[i].word[0] == '<' || strcmp(nodes[i].word, word) == 0)
			return i;
	return -1;
}

/* Descends by the words, also through `do`, which changes *mode. Returns how many were accepted;
 * *at is the node reached (-1: the root), *value the last word that is a value. */
static size_t
follow(enum grammar_mode *mode, char *const *words, size_t count, int *at, const char **value)
{
	*at = -1;
	for (size_t i = 0; i < count; i++) {
		int next = step(*mode, *at, words[i]);

		if (next < 0)
			return i;
		if (nodes[next].word[0] == '<')
			*value = words[i];
		*at = next;
		if (is_do(&nodes[next])) {
			*mode = GRAMMAR_DO;
			*at = -1;
		}
	}
	return count;
}

static char *
join_first(const struct strvec *words, size_t count)
{
	struct strvec first = {.list = words->list, .count = count};

	return strvec_join(&first, " ");
}

/* A mode that has a command beginning with the word; 0: none. */
static enum grammar_mode
find_mode(const char *word)
{
	for (unsigned mode = GRAMMAR_TOP; mode <= GRAMMAR_IP; mode <<= 1)
		if (step((enum grammar_mode)mode, -1, word) >= 0)
			return (enum grammar_mode)mode;
	return 0;
}

static int
refuse_word(const struct strvec *words, size_t at, struct failure *why)
{
	const char *word = words->list[at];
	enum grammar_mode elsewhere = at == 0 ? find_mode(word) : 0;
	char *before = at > 0 ? join_first(words, at) : NULL;

	if (before)
		failure_set(why, "unknown word '%s' after '%s'", word, before);
	else if (elsewhere == GRAMMAR_TOP)
		failure_set(why, "'%s' is a command of the top: 'exit' first, or use 'do'", word);
	else if (elsewhere)
		failure_set(why, "'%s' is a command of the mode '%s'", word,
			    grammar_mode_name(elsewhere));
	else
		failure_set(why, "unknown word '%s'", word);
	free(before);
	return -1;
}

static void
add_alternative(void *context, const struct grammar_choice *choice)
{
	strvec_push(context, choice->word);
}

static int
refuse_end(enum grammar_mode mode, const struct strvec *words, struct failure *why)
{
	struct strvec wanted = STRVEC_INIT;
	char *line = strvec_join(words, " "), *list;

	grammar_next(mode, words->list, words->count, add_alternative, &wanted);
	list = strvec_join(&wanted, " or ");
	failure_set(why, "'%s' needs %s", line ? line : "", list ? list : "more words");
	free(line);
	free(list);
	strvec_release(&wanted);
	return -1;
}

int
grammar_parse(enum grammar_mode mode, const struct strvec *words, struct grammar_command *command,
	      struct failure *why)
{
	enum grammar_mode now = mode;
	const char *value = NULL;
	size_t followed;
	int at;

	*command = (struct grammar_command){.verb = GRAMMAR_NOTHING};
	if (words->count == 0)
		return 0;
	followed = follow(&now, words->list, words->count, &at, &value);
	if (followed < words->count)
		return refuse_word(words, followed, why);
	if (at < 0 || nodes[at].verb == GRAMMAR_NOTHING)
		return refuse_end(mode, words, why);
	*command = (struct grammar_command){nodes[at].verb, nodes[at].field,
					    nodes[at].value ? nodes[at].value : value};
	return 0;
}

void
grammar_next(enum grammar_mode mode, char *const *words, size_t count, grammar_take *take,
	     void *context)
{
	const char *value = NULL;
	int at;

	if (follow(&mode, words, count, &at, &value) < count)
		return;
	for (int i = next_choice(mode, at, -1); i < NODES; i = next_choice(mode, at, i))
		take(context, &(struct grammar_choice){nodes[i].word, nodes[i].help,
						       nodes[i].word[0] == '<' ? nodes[i].kind
									       : GRAMMAR_NO_VALUE,
						       nodes[i].field});
	if (at >= 0 && nodes[at].verb != GRAMMAR_NOTHING)
		take(context,
		     &(struct grammar_choice){"<cr>", "the end of the line", GRAMMAR_NO_VALUE, 0});
}

/* Prints the commands below a node; before has the words that lead to it. */
static void
print_commands(enum grammar_mode mode, int parent, const char *before, FILE *out)
{
	for (int i = next_choice(mode, parent, -1); i < NODES; i = next_choice(mode, parent, i)) {
		char line[200];

		snprintf(line, sizeof(line), "%s%s%s", before, *before ? " " : "", nodes[i].word);
		if (is_do(&nodes[i]))
			fprintf(out, "  %-44s %s\n", "do <command>", nodes[i].help);
		else if (nodes[i].verb != GRAMMAR_NOTHING)
			fprintf(out, "  %-44s %s\n", line, nodes[i].help);
		print_commands(mode, i, line, out);
	}
}

void
grammar_help(enum grammar_mode mode, FILE *out)
{
	print_commands(mode, -1, "", out);
}
