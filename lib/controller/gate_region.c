#include "controller/gate_region.h"

#include "base/clock.h"
#include "base/parse.h"
#include "controller/gate_words.h"
#include "controller/spool_id.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* pcap-filter(7) in the same word: what it means is checked by the vcap-filter that compiles it. */
static bool
is_expression(const char *word)
{
	static const char option[] = "--expression=";
	const char *text = word + sizeof(option) - 1;

	if (strncmp(word, option, sizeof(option) - 1) != 0)
		return false;
	for (const char *byte = text; *byte; byte++)
		if (*byte != '\t' && (*byte < ' ' || *byte > '~'))
			return false;
	return *text && strlen(text) <= GATE_REGION_EXPRESSION_MAX;
}

static bool
is_patience(const char *word)
{
	int64_t duration;

	return strncmp(word, "--patience=", 11) == 0 &&
	       parse_duration(word + 11, NS_PER_SECOND, &duration, NULL) == 0;
}

static bool
is_lease(const char *word)
{
	int64_t duration;

	return strncmp(word, "--lease=", 8) == 0 &&
	       parse_duration(word + 8, NS_PER_SECOND, &duration, NULL) == 0;
}

/* What is captured: to a file, or as a stream, which has neither a name nor keys. */
enum kind { CAPTURE, STREAM };

static bool
is_option(const char *word, enum kind kind, struct gate_region_rights rights)
{
	if (gate_words_is_limit(word, rights.headers_only) || is_expression(word) ||
	    gate_words_is_by(word))
		return true;
	return kind == CAPTURE &&
	       (gate_words_is_token(word) || is_patience(word) || strcmp(word, "--drops") == 0 ||
		(rights.allows_keys && strcmp(word, "--keys") == 0));
}

/* An option that says which packets, how many, for how long, or who asks. */
static bool
take_option(char *const **next, enum kind kind, struct gate_region_rights rights, bool *has_payload)
{
	if (gate_words_take(next, "-m"))
		return gate_words_take_some(next, gate_words_is_mode);
	if (gate_words_take(next, "-P") || gate_words_take(next, "-x"))
		return true;
	if (gate_words_take(next, "-sheaders")) {
		*has_payload = false;
		return true;
	}
	if (!is_option(**next, kind, rights))
		return false;
	++*next;
	return true;
}

/* OPTION... SERVICE; the latter by its name: with a '/' it would be a file. */
static bool
take_packets(char *const **next, enum kind kind, struct gate_region_rights rights,
	     const char **fault)
{
	bool has_payload = true;

	while (**next && ***next == '-')
		if (!take_option(next, kind, rights, &has_payload))
			return false;
	if (rights.service ? !gate_words_take(next, rights.service)
			   : !gate_words_take_some(next, parse_is_name))
		return false;
	if (rights.headers_only && has_payload)
		*fault = GATE_WORDS_PAYLOAD;
	return !rights.headers_only || !has_payload;
}

/* The id of a capture of such a service. */
static bool
take_id(char *const **next, struct gate_region_rights rights)
{
	if (rights.service && **next && !spool_id_is_of(**next, rights.service))
		return false;
	return gate_words_take_some(next, spool_id_is_valid);
}

bool
gate_region_admit(char *const **next, const char **fault, struct gate_region_rights rights)
{
	if (gate_words_take(next, "check"))
		return true;
	if (gate_words_take(next, "start"))
		return take_id(next, rights) && take_packets(next, CAPTURE, rights, fault);
	/* Without a lease a stream would continue without a reader. */
	if (gate_words_take(next, "live"))
		return gate_words_take_some(next, is_lease) &&
		       take_packets(next, STREAM, rights, fault);
	if (gate_words_take(next, "fetch")) {
		gate_words_take(next, "-z");
		return take_id(next, rights);
	}
	if (!gate_words_take(next, "status") && !gate_words_take(next, "stop") &&
	    !gate_words_take(next, "follow") && !gate_words_take(next, "remove") &&
	    !gate_words_take(next, "pairs") &&
	    !(rights.allows_keys && gate_words_take(next, "keys")))
		return false;
	if (!take_id(next, rights))
		return false;
	gate_words_take_some(next, parse_is_token);
	return true;
}
