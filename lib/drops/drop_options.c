#include "drops/drop_options.h"

#include "base/clock.h"
#include "base/parse.h"
#include "capture/rotation.h"

#include <string.h>

static int
set_snaplen(struct dropcapture_options *capture, const char *word, struct failure *why)
{
	uint64_t number = 0;

	capture->cuts = strcmp(word, "headers") == 0;
	if (!capture->cuts && parse_number(word, PACKET_SNAPLEN, &number, why) < 0)
		return -1;
	capture->snaplen = (uint32_t)number;
	return 0;
}

int
drop_options_set(struct drop_options *options, int option, const char *word, struct failure *why)
{
	struct dropcapture_options *capture = &options->capture;

	switch (option) {
	case 'S': options->service = word; return 0;
	case 'n':
		capture->engine = word;
		return parse_is_name(word) ? 0 : failure_set(why, "not a name: '%s'", word);
	case 's': return set_snaplen(capture, word, why);
	case 't': return parse_duration(word, NS_PER_MINUTE, &capture->duration_ns, why);
	case 'c': return parse_number(word, UINT64_MAX, &capture->count, why);
	case 'w': options->path = word; return 0;
	case DROP_OPTION_KEEP:
		options->keep.is_wanted = true;
		return parse_size(word, &capture->reserve, why);
	case DROP_OPTION_ROLLING:
		if (parse_duration(word, NS_PER_SECOND, &capture->rolling_ns, why) < 0)
			return -1;
		return capture->rolling_ns >= ROTATION_ROLLING_MIN
			   ? 0
			   : failure_set(why, "at least 2s can be kept: '--rolling %s'", word);
	case DROP_OPTION_MAX_SIZE: return parse_size(word, &capture->max_size, why);
	case DROP_OPTION_BYTECODE: options->keep.bytecode = word; return 0;
	default: return failure_set(why, "unknown option");
	}
}

int
drop_options_check(const struct drop_options *options, int operands, struct failure *why)
{
	const struct dropcapture_options *capture = &options->capture;

	if (!options->keep.is_wanted &&
	    (capture->max_size || capture->rolling_ns || options->keep.bytecode))
		return failure_set(why,
				   "'--rolling', '--max-size' and '--bytecode' go with '--keep'");
	if (!options->keep.is_wanted && (!options->service || !options->path))
		return failure_set(why, "needs -S and -w (try --help)");
	if (options->keep.is_wanted && (options->service || options->path || operands ||
					capture->duration_ns || capture->count))
		return failure_set(why, "'--keep' takes all else from the capture: no -S, -t, -c, "
					"-w and no addresses");
	return 0;
}
