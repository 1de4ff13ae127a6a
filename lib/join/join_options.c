#include "join/join_options.h"

#include "base/fileio.h"
#include "base/parse.h"
#include "filter/specs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM_MAX  (1u << 20) /* bytes of text */
#define MEMORY_LEAST (UINT64_C(1) << 20)
#define MEMORY_MOST  (UINT64_C(1) << 40)

void
join_options_release(struct join_options *options)
{
	strvec_release(&options->tables);
	addrset_release(&options->set);
	bpf_release(&options->program);
	free(options->config.header.name);
	*options = JOIN_OPTIONS_INIT;
}

static int
parse_memory(struct join_options *options, const char *value, struct failure *why)
{
	uint64_t memory;

	if (parse_size(value, &memory, why) < 0)
		return -1;
	if (memory < MEMORY_LEAST || memory > MEMORY_MOST)
		return failure_set(why, "'--memory' takes 1M to 1T");
	options->config.memory = memory;
	return 0;
}

static int
parse_undecided(struct join_options *options, const char *value, struct failure *why)
{
	if (strcmp(value, "drop") != 0 && strcmp(value, "keep") != 0)
		return failure_set(why, "not 'drop' or 'keep': '%s'", value);
	options->undecided = value;
	return 0;
}

int
join_options_parse_header(struct service_header *header, const char *value, struct failure *why)
{
	struct service_header parsed;

	if (service_header_read(&parsed, value, why) < 0)
		return -1;
	free(header->name);
	*header = parsed;
	return 0;
}

int
join_options_take(struct join_options *options, int letter, const char *value, struct failure *why)
{
	struct join_config *config = &options->config;
	int rc = 0;

	switch (letter) {
	case 't': strvec_push(&options->tables, value); break;
	case 'm': rc = service_parse_mode(value, &config->monitors, why); break;
	case 'P': config->per_packet = true; break;
	case 'x': config->exclude = true; break;
	case 'f':
		options->program_file = value;
		config->program = &options->program;
		break;
	case 'r': options->in = value; break;
	case 'w': options->out = value; break;
	case JOIN_OPTION_BYTECODE:
		options->program_file = NULL;
		config->program = &options->program;
		rc = bpf_parse(&options->program, value, why);
		break;
	case JOIN_OPTION_HEADER: rc = join_options_parse_header(&config->header, value, why); break;
	case JOIN_OPTION_KEYS: options->keys = JOIN_KEYS_OF_OUTPUT; break;
	case JOIN_OPTION_MIXED: options->mixes_linktypes = true; break;
	case JOIN_OPTION_UNDECIDED: rc = parse_undecided(options, value, why); break;
	case JOIN_OPTION_LIVE: options->mode = JOIN_LIVE; break;
	case JOIN_OPTION_MEMORY: rc = parse_memory(options, value, why); break;
	case JOIN_OPTION_HOLD:
		rc = parse_duration(value, NS_PER_SECOND, &config->hold_ns, why);
		break;
	case JOIN_OPTION_SPECS: options->specs = value; break;
	default: return 0;
	}
	return rc < 0 ? -1 : 1;
}

int
join_options_decide(struct join_options *options, char *const *words, struct failure *why)
{
	struct join_config *config = &options->config;
	bool has_specs = false;

	if (options->tables.failed)
		return failure_nomem(why);
	if (specs_add(&options->set, options->specs, words, options->in, &has_specs, why) < 0)
		return -1;
	addrset_seal(&options->set);
	if (has_specs && addrset_is_empty(&options->set))
		return failure_set(why, "the list of addresses is empty");
	if (has_specs)
		config->set = &options->set;
	if (!config->service && !config->set)
		return failure_set(why, "needs a service or addresses (try --help)");
	if (config->exclude && !config->set && !config->program)
		return failure_set(why, "'-x' needs addresses or a program");
	config->keeps_undecided = options->undecided
				      ? strcmp(options->undecided, "keep") == 0
				      : !config->set && config->monitors != MONITORS_ONLY;
	return 0;
}

int
join_options_load_program(struct join_options *options, struct failure *why)
{
	const char *path = options->program_file;
	char *text = NULL;
	size_t size;
	int fd, rc;

	if (!path)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return failure_errno(why, "cannot read '%s'", path);
	rc = fileio_slurp(fd, PROGRAM_MAX, path, &text, &size, why);
	if (rc == 0)
		rc = bpf_parse(&options->program, text, why);
	free(text);
	close(fd);
	return rc;
}
