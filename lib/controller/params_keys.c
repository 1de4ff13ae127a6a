#include "controller/params_keys.h"

#include "base/strvec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* A TLS record of the most bytes, with its headers (RFC 8446, 5.2): what is cut in one cannot be opened. */
#define WHOLE_PACKETS 65535

/* A region's engines are the region's to know. */
static bool
has_source(const struct engines *engines, const char *name)
{
	const struct engine *engine = engines_find(engines, name, NULL);

	return engine && (engine->is_region || engine->keys);
}

int
params_keys_check(const struct params *params, const struct engines *engines,
		  char text[PARAMS_KEYS_TEXT], struct failure *why)
{
	struct strvec without = STRVEC_INIT;
	size_t with = 0;
	char *names;

	*text = '\0';
	if (params->cuts)
		return failure_set(why, "'--keys' needs the payload, which '-s headers', or "
					"'payload no' of the service, leaves out");
	for (char *const *name = params->engines; *name; name++) {
		if (has_source(engines, *name))
			with++;
		else
			strvec_push(&without, *name);
	}
	names = strvec_join(&without, "', '");
	strvec_release(&without);
	/* A larger controller does not know what there is here. */
	if (with == 0 && !params->token) {
		failure_set(why,
			    "no engine of '%s' has TLS keys to tell: 'keys=' in the engines "
			    "file says where from",
			    params->service);
		free(names);
		return -1;
	}
	if (names && *names)
		snprintf(text, PARAMS_KEYS_TEXT,
			 "without 'keys=' in the engines file, no TLS keys of '%s'", names);
	else if (params->snaplen && params->snaplen < WHOLE_PACKETS)
		snprintf(text, PARAMS_KEYS_TEXT,
			 "-s %" PRIu64 " cuts TLS records, and keys open only whole ones",
			 params->snaplen);
	free(names);
	return 0;
}
