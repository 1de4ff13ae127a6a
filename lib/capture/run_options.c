#include "capture/run_options.h"

#include "base/caller.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/sandbox.h"
#include "flows/keysource_spec.h"
#include "flows/trigger_spec.h"

#include <string.h>

/* tcpdump takes a bare number as millions of bytes; such a small size is a mistake. */
static int
parse_file_size(const char *word, uint64_t *size, struct failure *why)
{
	if (parse_size(word, size, why) < 0)
		return -1;
	if (*size < ROTATION_SIZE_MIN)
		return failure_set(why, "a file has at least 64k (100M is 100 MiB): '-C %s'", word);
	return 0;
}

static int
parse_bounded(const char *word, uint32_t max, uint32_t *value, struct failure *why)
{
	uint64_t number;

	if (parse_number(word, max, &number, why) < 0)
		return -1;
	*value = (uint32_t)number;
	return 0;
}

static int
parse_rolling(const char *word, int64_t *ns, struct failure *why)
{
	if (parse_duration(word, NS_PER_SECOND, ns, why) < 0)
		return -1;
	return *ns >= ROTATION_ROLLING_MIN
		   ? 0
		   : failure_set(why, "at least 2s can be kept: '--rolling %s'", word);
}

static int
parse_max_size(const char *word, uint64_t *size, struct failure *why)
{
	if (parse_size(word, size, why) < 0)
		return -1;
	return *size ? 0 : failure_set(why, "size of zero: '--max-size %s'", word);
}

static int
check_name(const char *word, struct failure *why)
{
	return parse_is_name(word) ? 0 : failure_set(why, "not a name: '%s'", word);
}

static int
check_token(const char *word, struct failure *why)
{
	return parse_is_token(word) ? 0 : failure_set(why, "not a token: '%s'", word);
}

static int
check_by(const char *word, struct failure *why)
{
	return caller_is_word(word) ? 0 : failure_set(why, "not a word of who asks: '%s'", word);
}

int
run_options_set(struct run_options *options, int option, const char *word, struct failure *why)
{
	struct capture_options *capture = &options->capture;
	struct session_options *session = &options->session;

	switch (option) {
	case 'i':
		strvec_push(&options->interfaces, word);
		return options->interfaces.failed ? failure_nomem(why) : 0;
	case RUN_OPTION_WITH_SSH: options->with_ssh = true; return 0;
	case RUN_OPTION_WAIT:
		strvec_push(&options->awaited, word);
		return options->awaited.failed ? failure_nomem(why) : 0;
	case 'f': options->job = word; return 0;
	case 'S': options->service = word; return 0;
	case 'c': return parse_number(word, UINT64_MAX, &capture->count, why);
	case 't': return parse_duration(word, NS_PER_MINUTE, &capture->duration_ns, why);
	case 's':
		capture->cuts = strcmp(word, "headers") == 0;
		return capture->cuts ? 0
				     : parse_bounded(word, PACKET_SNAPLEN, &capture->snaplen, why);
	case 'C': return parse_file_size(word, &capture->file_size, why);
	case 'W': return parse_bounded(word, ROTATION_FILES_MAX, &capture->files, why);
	case 'w': session->path = word; return 0;
	case 'n': capture->name = word; return check_name(word, why);
	case 'R': return parse_size(word, &capture->reserve, why);
	case 'b': return parse_size(word, &capture->ring_bytes, why);
	case RUN_OPTION_MAX_SIZE: return parse_max_size(word, &capture->max_size, why);
	case RUN_OPTION_ROLLING: return parse_rolling(word, &capture->rolling_ns, why);
	case RUN_OPTION_LEASE:
		capture->has_lease = true;
		return word ? parse_duration(word, NS_PER_SECOND, &capture->lease_ns, why) : 0;
	case RUN_OPTION_ON:
		strvec_push(&options->triggers, word);
		session->triggers = options->triggers.list;
		if (options->triggers.failed)
			return failure_nomem(why);
		return trigger_spec_parse(&(struct trigger_spec){0}, word, why);
	case RUN_OPTION_FLOWS:
		session->flows = word;
		return pairsource_spec_parse(&(struct pairsource_spec){0}, word, why);
	case RUN_OPTION_KEYS:
		session->keys = word;
		return keysource_spec_parse(&(struct pairsource_spec){0}, word, why);
	case RUN_OPTION_DROPS: session->drops = true; return 0;
	case RUN_OPTION_SANDBOX: return sandbox_parse(word, &session->sandbox, why);
	case RUN_OPTION_DETACH: session->detached = true; return 0;
	case RUN_OPTION_TOKEN: session->token = word; return check_token(word, why);
	case RUN_OPTION_BY: capture->by = word; return check_by(word, why);
	case RUN_OPTION_AUDIT: return audit_parse(word, &session->audit, why);
	default: return failure_set(why, "unknown option");
	}
}

struct ifrule
run_options_rule(const struct run_options *options)
{
	return (struct ifrule){
	    .named = (const char *const *)options->interfaces.list,
	    .named_count = options->interfaces.count,
	    .awaited = (const char *const *)options->awaited.list,
	    .awaited_count = options->awaited.count,
	};
}

int
run_options_check(struct run_options *options, struct failure *why)
{
	struct session_options *session = &options->session;

	if (!session->path)
		return failure_set(why, "missing output: '-w'");
	if (options->capture.files && !options->capture.file_size)
		return failure_set(why, "'-W' goes with '-C'");
	if (options->capture.rolling_ns && options->capture.count)
		return failure_set(why, "'--rolling' and '-c' exclude each other");
	if (options->capture.has_lease && session->detached)
		return failure_set(why, "'--lease' and '--detach' exclude each other");
	if (session->keys && options->capture.cuts)
		return failure_set(why, "'--keys' and '-s headers' exclude each other: without "
					"payload there is nothing to open");
	if (strcmp(session->path, "-") != 0)
		return 0;
	if (session->drops)
		return failure_set(why, "'--drops' needs a directory, not a stream");
	if (session->keys)
		return failure_set(why, "'--keys' needs a directory, not a stream");
	if (session->flows && !session->filter)
		return failure_set(why, "'--flows' goes with a filter or a directory");
	session->path = NULL;
	if (session->triggers)
		return failure_set(why, "'--on' needs a directory, not a stream");
	if (session->token)
		return failure_set(why, "'--token' needs a directory, not a stream");
	if (options->capture.file_size)
		return failure_set(why, "'-C' needs a directory, not a stream");
	if (options->capture.rolling_ns)
		return failure_set(why, "'--rolling' needs a directory, not a stream");
	if (session->detached)
		return failure_set(why, "'--detach' needs a directory, not a stream");
	return 0;
}
