/*
 * A BPF program judges each packet by its own addresses and ports. That is not enough when the
 * packets of a connection between engine and server do not tell which client or service they belong
 * to: with specs (unless the servers see the client's address), with another service on the same
 * servers, and for health checks that are recognised by their content. Then the filter on the
 * engines is only a first selection, and vcap-join, which follows connections, makes the decision,
 * unless -P is given. It also does when there are more addresses than a program of the 4096
 * instructions that the kernel allows can hold.
 */
#include "controller/params_cli.h"

#include "base/clock.h"
#include "base/fileio.h"
#include "base/heartbeat.h"
#include "base/parse.h"
#include "base/text.h"
#include "controller/capture_audit.h"
#include "controller/catalog.h"
#include "controller/params_keys.h"
#include "controller/spool_id.h"
#include "filter/service_alias.h"
#include "packet/addrset.h"
#include "packet/packet.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX (16u << 20) /* bytes of specs in a file or on standard input */

/* The number of intervals of addresses that fit into a program of 4096 instructions next to those
 * of a usual service. An interval of IPv6 takes as many instructions as six of IPv4. */
#define INTERVALS_IN_PROGRAM 1000

/* The spool stores it as one line. Its syntax is checked by vcap-filter. */
static int
check_expression(const char *value, struct failure *why)
{
	if (!*value)
		return failure_set(why, "the expression is empty");
	if (strpbrk(value, "\n\r"))
		return failure_set(why, "an expression is one line");
	return 0;
}

/* A number of bytes, or `headers`; what stands last counts. */
static int
read_snaplen(struct params *params, const char *value, struct failure *why)
{
	const bool cuts = strcmp(value, "headers") == 0;

	if (!cuts && parse_number(value, PACKET_SNAPLEN, &params->snaplen, why) < 0)
		return -1;
	if (cuts)
		params->snaplen = 0;
	params->cuts = cuts;
	return 0;
}

static int
read_rolling(struct params *params, const char *value, struct failure *why)
{
	if (parse_duration(value, NS_PER_SECOND, &params->rolling_ns, why) < 0)
		return -1;
	return params->rolling_ns >= NS_PER_SECOND
		   ? 0
		   : failure_set(why, "at least 1s is kept: '--rolling %s'", value);
}

static int
add_interface(struct params_cli *cli, const char *name, struct failure *why)
{
	if (!parse_is_interface(name))
		return failure_set(why, "not the name of an interface: '%s'", name);
	strvec_push(&cli->interfaces, name);
	return cli->interfaces.failed ? failure_nomem(why) : 0;
}

int
params_cli_option(struct params_cli *cli, int letter, const char *value, struct failure *why)
{
	struct params *params = &cli->params;
	enum monitor_mode mode;
	int rc = 0;

	switch (letter) {
	case 'b': rc = parse_size(value, &params->buffer, why); break;
	case 'c': rc = parse_number(value, UINT64_MAX, &params->count, why); break;
	case 'e':
		params->expression = value;
		rc = check_expression(value, why);
		break;
	case 'E': cli->engine_list = value; break;
	case 'i': rc = add_interface(cli, value, why); break;
	case PARAMS_CLI_HEARTBEAT: rc = heartbeat_parse(value, &cli->heartbeat_ns, why); break;
	case PARAMS_CLI_LEASE:
		rc = parse_duration(value, NS_PER_SECOND, &cli->lease_ns, why);
		break;
	case 'm':
		rc = service_parse_mode(value, &mode, why);
		params->monitors = value;
		break;
	case 'P': params->per_packet = true; break;
	case PARAMS_CLI_SPECS: params->list = value; break;
	case 's': rc = read_snaplen(params, value, why); break;
	case 't':
		rc = parse_duration(value, NS_PER_MINUTE, &params->duration_ns, why);
		cli->is_unlimited = rc == 0 && params->duration_ns == 0;
		break;
	case 'v': params->is_verbose = true; break;
	case 'x': params->invert = true; break;
	case PARAMS_CLI_BY: params->by = value; break;
	case PARAMS_CLI_DROPS: params->drops = true; break;
	case PARAMS_CLI_EXPECT: params->expects_packets = true; break;
	case PARAMS_CLI_COMMENT: rc = params_comment(params, value, why); break;
	case PARAMS_CLI_ID: params->id = value; break;
	case PARAMS_CLI_ON: rc = trigger_params_add(&params->triggers, value, why); break;
	case PARAMS_CLI_COOLDOWN:
		rc = trigger_params_cooldown(&params->triggers, value, why);
		break;
	case PARAMS_CLI_MOST: rc = trigger_params_most(&params->triggers, value, why); break;
	case PARAMS_CLI_KEYS: params->keys = true; break;
	case PARAMS_CLI_ROLLING: rc = read_rolling(params, value, why); break;
	case PARAMS_CLI_PAYLOAD: params->wants_payload = true; break;
	case PARAMS_CLI_TOKEN: params->token = value; break;
	default: return 0;
	}
	return rc < 0 ? -1 : 1;
}

/* Reads the file of --specs. */
static int
read_list(struct params *params, struct failure *why)
{
	char *text;
	size_t size;
	int fd, rc;

	if (!params->list)
		return 0;
	fd = open(params->list, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return failure_errno(why, "cannot read '%s'", params->list);
	rc = fileio_slurp(fd, INPUT_MAX, params->list, &text, &size, why);
	close(fd);
	if (rc == 0) {
		text_drop_mark(text);
		params->list_text = text;
	}
	return rc;
}

static int
read_specs(struct params_cli *cli, struct failure *why)
{
	struct params *params = &cli->params;
	char *text;
	size_t size;

	if (read_list(params, why) < 0)
		return -1;
	for (char *const *spec = params->specs; *spec; spec++) {
		if (strcmp(*spec, "-") != 0)
			continue;
		if (cli->heartbeat_ns)
			return failure_set(why, "standard input has the heartbeats: give the "
						"specs in a file, '--specs FILE', not as '-'");
		if (fileio_slurp(STDIN_FILENO, INPUT_MAX, "standard input", &text, &size, why) < 0)
			return -1;
		text_drop_mark(text);
		params->input = text;
		return 0;
	}
	return 0;
}

static bool
has_connection_monitors(const struct service *service)
{
	for (size_t i = 0; i < service->monitor_count; i++)
		if (service->monitors[i].kind >= MONITOR_EMPTY)
			return true;
	return false;
}

/* Whether a packet's own addresses and ports do not decide if it belongs to the service. */
static bool
needs_join(struct params_cli *cli, const struct service *service, const struct catalog *catalog)
{
	const struct params *params = &cli->params;
	const bool judges_monitors =
	    strcmp(params->monitors, "include") != 0 && has_connection_monitors(service);
	const char *neighbour;

	if (params->per_packet)
		return false;
	if (service->source_client)
		return judges_monitors;
	if (params->specs[0] || params->list)
		return true;
	neighbour = catalog_find_sharing(catalog, service);
	if (!neighbour)
		return judges_monitors;
	snprintf(cli->remark, sizeof(cli->remark),
		 "service '%s' shares servers with '%s': vcap-join tells their connections "
		 "apart by the PROXY protocol or connection tables, where there are any",
		 service->name, neighbour);
	return true;
}

/* Whether the addresses may be too many for a program. Malformed ones are reported by
 * vcap-filter. */
static bool
is_large(const struct params *params)
{
	struct addrset set = ADDRSET_INIT;
	char *specs = params_specs(params);
	struct failure why;
	bool is_large = specs && addrset_add_lines(&set, specs, "", &why) == 0;

	addrset_seal(&set);
	is_large = is_large && set.v4.count + 6 * set.v6.count > INTERVALS_IN_PROGRAM;
	addrset_release(&set);
	free(specs);
	return is_large;
}

static void
decide(struct params_cli *cli, const struct service *service, config_variable *variable)
{
	struct params *params = &cli->params;
	const struct service_header *header = &service->header;
	struct catalog catalog;
	const char *overlap;

	(void)catalog_load(&catalog, variable, NULL); /* a service file may stand alone */
	overlap = catalog_find_overlap(&catalog, service);
	if (header->name && header->hops == 1)
		snprintf(cli->header, sizeof(cli->header), "%s", header->name);
	else if (header->name)
		snprintf(cli->header, sizeof(cli->header), "%s %u", header->name, header->hops);
	params->header = header->name ? cli->header : NULL;
	if (overlap && !cli->warning[0])
		snprintf(cli->warning, sizeof(cli->warning),
			 "service '%s' has a VIP of '%s': the capture has both", service->name,
			 overlap);
	params->joins = needs_join(cli, service, &catalog);
	catalog_release(&catalog);
	params->widens = is_large(params);
	if (params->widens && !params->joins)
		snprintf(cli->remark, sizeof(cli->remark),
			 "too many addresses for the filter program: vcap-join "
			 "applies them on the engines");
	params->joins |= params->widens;
}

/* Applies `payload no` of the service, unless it is asked for all the same. */
static void
leave_payload_out(struct params_cli *cli, const struct service *service)
{
	struct params *params = &cli->params;

	params->wants_payload &= service->has_no_payload;
	if (!service->has_no_payload || params->wants_payload)
		return;
	if (params->snaplen)
		snprintf(cli->warning, sizeof(cli->warning),
			 "service '%s' has 'payload no': only headers are kept ('--payload' keeps "
			 "more)",
			 service->name);
	params->snaplen = 0;
	params->cuts = true;
}

/* Checks what was chosen for the capture. */
static int
check_chosen(const struct params *params, struct failure *why)
{
	if (params->rolling_ns && params->count)
		return failure_set(why, "'--rolling' and '-c' exclude each other");
	if (params->drops && params->invert)
		return failure_set(why, "'--drops' and '-x' exclude each other");
	if (!params->rolling_ns && !trigger_params_is_empty(&params->triggers))
		return failure_set(why, "'--on', '--cooldown' and '--max-snapshots' go with "
					"'--rolling'");
	if (params->triggers.words.count == 0 && params->triggers.most)
		return failure_set(why, "'--max-snapshots' goes with '--on'");
	if (params->token && !parse_is_token(params->token))
		return failure_set(why, "not a token: '%s'", params->token);
	if (params->id && !spool_id_is_of(params->id, params->service))
		return failure_set(why, "not an id of a capture of '%s': '%s'", params->service,
				   params->id);
	if (params->by && !caller_is_word(params->by))
		return failure_set(why, "not a word of who asks: '%s'", params->by);
	return 0;
}

/* Refuses what cannot be done in a region, if one of the engines is one. */
static int
check_regions(const struct params_cli *cli, const char *what, struct failure *why)
{
	for (char *const *name = cli->params.engines; *name; name++) {
		const struct engine *engine = engines_find(&cli->engines, *name, NULL);

		if (engine && engine->is_region)
			return failure_set(why, "a region takes no part in %s: '%s'", what, *name);
	}
	return 0;
}

/* Applies -i. What the engines file waits for is not waited for then. */
static int
choose_interfaces(struct params_cli *cli, struct failure *why)
{
	for (size_t i = 0; cli->interfaces.count && i < cli->engines.count; i++) {
		struct engine *engine = &cli->engines.list[i];
		struct strvec names = STRVEC_INIT;

		strvec_pushv(&names, cli->interfaces.list);
		strvec_free(engine->interfaces);
		strvec_free(engine->awaited);
		engine->interfaces = strvec_detach(&names);
		engine->awaited = NULL;
		if (!engine->interfaces)
			return failure_nomem(why);
	}
	return 0;
}

/* Asks where the service came from, and takes what is new: the service is parsed again. */
static int
ask_again(struct params_cli *cli, struct service *service, struct failure *why)
{
	struct params *params = &cli->params;

	if (!service->from.kind)
		return 0;
	cli->file_text = strdup(cli->file.text);
	if (!cli->file_text)
		return failure_nomem(why);
	if (origin_ask(&cli->origin, service, &cli->file.text, why) < 0)
		return -1;
	if (cli->origin.fd < 0)
		return 0;
	service_alias_remove(cli->file_text);
	params->file_text = cli->file_text;
	params->file_word = params->word;
	params->word = cli->origin.path;
	service_release(service);
	return service_parse(service, cli->params.service, cli->file.text, cli->file.path, why);
}

int
params_cli_complete(struct params_cli *cli, char *const *words, config_variable *variable,
		    struct failure *why)
{
	struct params *params = &cli->params;
	struct service service = SERVICE_INIT;
	int rc;

	if (config_resolve(&cli->word, words[0], variable, why) < 0)
		return -1;
	params->word = cli->word;
	params->specs = words + 1;
	params->service = config_service_name(params->word);
	if (config_read_service(&cli->file, params->word, variable, why) < 0)
		return -1;
	rc = service_parse(&service, params->service, cli->file.text, cli->file.path, why);
	if (rc == 0)
		rc = ask_again(cli, &service, why);
	params->service_text = cli->file.text;
	service_alias_remove(cli->file.text);
	if (rc == 0 && (rc = engines_load(&cli->engines, variable, why)) == 0) {
		params->engines = params_engines(&service, &cli->engines, cli->engine_list, why);
		rc = params->engines ? read_specs(cli, why) : -1;
	}
	if (rc == 0)
		leave_payload_out(cli, &service);
	if (rc == 0)
		rc = choose_interfaces(cli, why);
	if (rc == 0)
		rc = check_chosen(params, why);
	/* What a region keeps nobody can take a snapshot of from here. */
	if (rc == 0 && params->rolling_ns)
		rc = check_regions(cli, "a rolling capture", why);
	/* An interface's name means nothing to a host with engines of its own. */
	if (rc == 0 && cli->interfaces.count)
		rc = check_regions(cli, "a choice of interfaces (-i)", why);
	if (rc == 0 && params->keys)
		rc = params_keys_check(params, &cli->engines, cli->unkeyed, why);
	if (rc == 0)
		rc = trigger_params_check(&params->triggers, params->engines, &cli->engines, why);
	if (rc == 0)
		decide(cli, &service, variable);
	params->by = capture_audit_caller(params->by, variable, cli->by);
	service_release(&service);
	return rc;
}

static bool
has_log_trigger(const struct params *params)
{
	for (size_t i = 0; i < params->triggers.words.count; i++)
		if (strncmp(params->triggers.words.list[i], "log:", 4) == 0)
			return true;
	return false;
}

void
params_cli_tell_origin(const struct params_cli *cli, void (*say)(const char *format, ...))
{
	for (size_t i = 0; i < cli->origin.said.count; i++)
		say("%s", cli->origin.said.list[i]);
	if (cli->params.file_text && cli->params.service_text == cli->params.file_text)
		say("all that is more than a filter can hold: the file of service '%s' counts",
		    cli->params.service);
}

void
params_cli_tell(const struct params_cli *cli, void (*say)(const char *format, ...))
{
	const struct params *params = &cli->params;

	if (params->rolling_ns)
		; /* it is meant to go on */
	else if (!cli->is_unlimited && !params->count && !params->duration_ns)
		say("no limit (-c, -t): the capture runs until it is stopped, or the engines' "
		    "disks are full up to their reserve");
	else if (!cli->is_unlimited && !params->duration_ns)
		say("no time limit (-t): a core that sees few packets may never reach -c");
	if (has_log_trigger(params))
		say("with HAProxy's 'option logasap' a pattern of 'log:' sees only what fails "
		    "before the response's head");
	if (cli->warning[0])
		say("%s", cli->warning);
	if (cli->unkeyed[0])
		say("%s", cli->unkeyed);
	if (cli->remark[0] && params->is_verbose)
		say("%s", cli->remark);
}
