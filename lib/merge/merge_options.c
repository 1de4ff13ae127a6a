#include "merge/merge_options.h"

#include "base/clock.h"
#include "base/datetime.h"
#include "base/parse.h"

#include <limits.h>
#include <string.h>

static int
set_offset(struct merge_cmd *cmd, char *arg, struct failure *why)
{
	char *equals = strchr(arg, '=');
	int64_t offset_ns;

	if (!equals)
		return failure_set(why, "'%s' is not NAME=OFFSET", arg);
	*equals = '\0';
	if (parse_offset(equals + 1, &offset_ns, why) < 0)
		return -1;
	return merge_cmd_offset(cmd, arg, offset_ns, why);
}

static int
set_format(struct merge_cmd *cmd, const char *arg, struct failure *why)
{
	if (strcmp(arg, "pcap") == 0)
		cmd->format = FORMAT_PCAP;
	else if (strcmp(arg, "pcapng") == 0)
		cmd->format = FORMAT_PCAPNG;
	else
		return failure_set(why, "unknown format '%s' (pcapng or pcap)", arg);
	return 0;
}

static int
set_control(struct merge_live *live, const char *arg, struct failure *why)
{
	uint64_t fd;

	if (parse_number(arg, INT_MAX, &fd, why) < 0)
		return -1;
	live->control.fd = (int)fd;
	return 0;
}

/* Names with commas between them. */
static void
add_names(struct strvec *names, char *list)
{
	for (char *rest = list, *name; (name = strsep(&rest, ","));)
		if (*name)
			strvec_push(names, name);
}

int
merge_options_set(struct merge_options *options, int option, char *arg, struct failure *why)
{
	struct merge_cmd *cmd = options->cmd;
	int rc = 0;

	switch (option) {
	case 'w': cmd->output = arg; break;
	case 'F': rc = set_format(cmd, arg, why); break;
	case 'S': options->service = arg; break;
	case 'o': rc = set_offset(cmd, arg, why); break;
	case 'z': cmd->compresses = true; break;
	case MERGE_OPTION_COMMENT: strvec_push(&cmd->remarks, arg); break;
	case MERGE_OPTION_STRICT: cmd->is_strict = true; break;
	case MERGE_OPTION_COMPLETE: cmd->is_complete = true; break;
	case MERGE_OPTION_CUT: cmd->cuts = true; break;
	case MERGE_OPTION_KEYS:
		strvec_push(&options->keys->paths, arg);
		cmd->keys = options->keys;
		break;
	case MERGE_OPTION_SINCE:
		rc = datetime_parse_moment(arg, clock_realtime_ns(), &cmd->period.since_ns, why);
		break;
	case MERGE_OPTION_UNTIL:
		rc = datetime_parse_moment(arg, clock_realtime_ns(), &cmd->period.until_ns, why);
		break;
	case MERGE_OPTION_MIXED: cmd->mixes_linktypes = true; break;
	case MERGE_OPTION_WINDOW:
		rc = parse_duration(arg, NS_PER_SECOND, &cmd->inputs.window_ns, why);
		break;
	case MERGE_OPTION_LIVE: cmd->live = options->live; break;
	case MERGE_OPTION_ANNOUNCE: options->live->announces = true; break;
	case MERGE_OPTION_STALL:
		rc = parse_duration(arg, NS_PER_SECOND, &options->live->stall_ns, why);
		break;
	case MERGE_OPTION_CONTROL: rc = set_control(options->live, arg, why); break;
	case MERGE_OPTION_REGION: strvec_push(&cmd->inputs.regions, arg); break;
	case MERGE_OPTION_ENGINES: add_names(&cmd->inputs.strangers, arg); break;
	case MERGE_OPTION_ONLY:
		rc = chosen_is_part(arg, why) ? 0 : -1;
		cmd->only = arg;
		break;
	default: return 0;
	}
	return rc < 0 ? -1 : 1;
}

int
merge_options_check(const struct merge_cmd *cmd, struct failure *why)
{
	if (cmd->mixes_linktypes && cmd->format == FORMAT_PCAP)
		return failure_set(why, "'--mixed' is for pcapng: a pcap file has one link type");
	if (cmd->period.since_ns >= cmd->period.until_ns)
		return failure_set(why, "'--until' is not after '--since'");
	if (cmd->is_complete && cmd->live)
		return failure_set(why, "'--complete' and '--live' exclude each other");
	if (cmd->keys && cmd->format == FORMAT_PCAP)
		return failure_set(why, "a pcap file has no keys: '--keys' is for pcapng");
	if (cmd->keys && cmd->cuts)
		return failure_set(why, "'--keys' and '--cut' exclude each other: without payload "
					"there is nothing to open");
	if (cmd->keys && cmd->live)
		return failure_set(why, "'--keys' and '--live' exclude each other");
	if (cmd->live && cmd->live->control.fd >= 0 && strcmp(cmd->output, "-") != 0)
		return failure_set(why, "'--control' is for what is written to standard output");
	if (cmd->only && cmd->live)
		return failure_set(why, "'--only' and '--live' exclude each other");
	if ((cmd->compresses || codec_of_name(cmd->output) != CODEC_NONE) && cmd->live)
		return failure_set(why,
				   "%s and '--live' exclude each other: compression delays packets",
				   cmd->compresses ? "'-z'" : "a compressed output");
	return 0;
}
