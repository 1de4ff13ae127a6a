/*
 * vcap-start: begins a capture of a service on all its engines, leaves a vcap-wait behind that will
 * fetch and merge it, and prints its id. Nothing is written before everything asked for is checked.
 */
#include "child.h"
#include "cli.h"
#include "config.h"
#include "dispatch.h"
#include "engine.h"
#include "fdio.h"
#include "order.h"
#include "packet.h"
#include "parse.h"
#include "service.h"
#include "spool.h"
#include "waiter.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INPUT_MAX (16u << 20) /* bytes of specs on standard input */

static const struct command self = {
    .name = "vcap-start",
    .synopsis = "[-Px] [-c count] [-E list] [-m mode] [-s snaplen] [-t time] [--patience time] "
		"service [spec ...]",
    .options = "  -c, --count count     packets per core (any number)\n"
	       "  -E, --engines list    only these engines of the service, separated by commas\n"
	       "  -m, --monitors mode   health checks: none (the default), include or only\n"
	       "  -P, --per-packet      judge each packet by its own addresses\n"
	       "  -s, --snaplen snaplen bytes kept of each packet (all)\n"
	       "  -t, --time time       for how long; a bare number means minutes (for ever)\n"
	       "  -x, --exclude         what the same command without -x would leave out\n"
	       "      --patience time   how long to wait for an engine that is out of reach (30s)\n"
	       "      --help            show this help\n"
	       "      --version         show the version\n",
};

/* What the command line says; the rest of the order comes from the configuration. */
static struct order
parse_options(int argc, char **argv, const char **engines)
{
	enum { PATIENCE = 0x100 };
	static const struct option options[] = {{"count", required_argument, NULL, 'c'},
						{"engines", required_argument, NULL, 'E'},
						{"monitors", required_argument, NULL, 'm'},
						{"per-packet", no_argument, NULL, 'P'},
						{"snaplen", required_argument, NULL, 's'},
						{"time", required_argument, NULL, 't'},
						{"exclude", no_argument, NULL, 'x'},
						{"patience", required_argument, NULL, PATIENCE},
						CLI_OPTIONS};
	struct order order = {.monitors = "none", .patience_ns = 30 * NS_PER_SECOND};
	struct failure why = FAILURE_INIT;
	enum monitor_mode mode;
	int opt, rc = 0;

	*engines = NULL;
	while ((opt = getopt_long(argc, argv, ":c:E:m:Ps:t:x", options, NULL)) != -1) {
		switch (opt) {
		case 'c': rc = parse_number(optarg, UINT64_MAX, &order.count, &why); break;
		case 'E': *engines = optarg; break;
		case 'm':
			rc = service_parse_mode(optarg, &mode, &why);
			order.monitors = optarg;
			break;
		case 'P': order.per_packet = true; break;
		case 's': rc = parse_number(optarg, PACKET_SNAPLEN, &order.snaplen, &why); break;
		case 't':
			rc = parse_duration(optarg, NS_PER_MINUTE, &order.duration_ns, &why);
			break;
		case 'x': order.invert = true; break;
		case PATIENCE:
			rc = parse_duration(optarg, NS_PER_SECOND, &order.patience_ns, &why);
			break;
		default: cli_option(opt, argv);
		}
		if (rc < 0)
			die_usage("%s", why.text);
	}
	if (optind == argc)
		die_usage("needs a service (try --help)");
	order.word = argv[optind];
	order.specs = argv + optind + 1;
	return order;
}

/* Adds what the configuration says: the service's text and its engines. */
static void
complete(struct order *order, const char *engine_list)
{
	static struct config_file file;
	struct service service = SERVICE_INIT;
	struct engines known = ENGINES_INIT;
	struct failure why = FAILURE_INIT;

	order->service = config_service_name(order->word);
	if (config_read_service(&file, order->word, getenv, &why) < 0 ||
	    service_parse(&service, order->service, file.text, file.path, &why) < 0 ||
	    engines_load(&known, getenv, &why) < 0)
		die_usage("%s", why.text);
	order->service_text = file.text;
	order->engines = order_engines(&service, &known, engine_list, &why);
	if (!order->engines)
		die_usage("%s", why.text);
	service_release(&service);
	engines_release(&known);
}

static const char *
read_specs(char *const *specs)
{
	struct failure why = FAILURE_INIT;
	char *text;
	size_t size;

	for (; *specs; specs++)
		if (strcmp(*specs, "-") == 0)
			break;
	if (!*specs)
		return NULL;
	if (fdio_slurp(STDIN_FILENO, INPUT_MAX, "standard input", &text, &size, &why) < 0)
		die_usage("%s", why.text);
	return text;
}

static char *
compile(const struct order *order)
{
	struct failure why = FAILURE_INIT;
	char *program;
	int status = dispatch_compile(order, &program, &why);

	if (status < 0)
		die("%s", why.text);
	if (status > 0)
		exit(status == EXIT_MISUSE ? EXIT_MISUSE : EXIT_FAILED);
	return program;
}

static void
warn_of_limits(const struct order *order)
{
	if (!order->count && !order->duration_ns)
		warn("no limit (-c, -t): the capture goes on until it is stopped, or the disks of "
		     "the engines are down to their reserve");
	else if (!order->duration_ns)
		warn("no time limit (-t): a core that sees too few packets never ends by -c");
}

/* What nobody captures is no capture: it leaves nothing behind. */
static _Noreturn void
withdraw(const struct spool *spool, struct entry *entry, const char *message)
{
	struct failure why = FAILURE_INIT;

	warn("%s", message);
	if (spool_withdraw(spool, entry, &why) < 0)
		die("%s", why.text);
	exit(EXIT_FAILED);
}

/* Makes the capture and starts its engines. A failure on the way is the capture's end. */
static int
launch(const struct order *order, const struct spool *spool, struct entry *entry)
{
	struct words names = entry_engines(entry);
	struct failure why = FAILURE_INIT;
	int started = order_store(order, entry->dir, &why);

	if (started == 0)
		started = dispatch_engines(order, entry, &why);
	for (size_t i = 0; i < names.count; i++) {
		const char *reason = entry_missing_reason(entry, names.list[i]);

		if (reason)
			warn("engine '%s' does not capture: %s", names.list[i], reason);
	}
	if (started == 0)
		failure_set(&why, "no engine of '%s' captures", order->service);
	if (started <= 0)
		withdraw(spool, entry, why.text);
	if (entry_set_state(entry, "capturing", NULL, &why) < 0 || waiter_start(entry, &why) < 0)
		die("%s", why.text);
	return (size_t)started < names.count ? EXIT_PARTIAL : EXIT_DONE;
}

int
main(int argc, char **argv)
{
	struct keyval facts = KEYVAL_INIT;
	struct spool spool = SPOOL_INIT;
	struct entry entry = ENTRY_INIT;
	struct failure why = FAILURE_INIT;
	const char *engine_list;
	struct order order;
	int status;

	cli_start(&self);
	order = parse_options(argc, argv, &engine_list);
	if (child_siblings_first() < 0)
		die("out of memory");
	complete(&order, engine_list);
	order.input = read_specs(order.specs);
	order.filter = compile(&order);
	if (order_facts(&order, &facts) < 0)
		die("out of memory");
	if (spool_open(&spool, getenv, &why) < 0 ||
	    spool_create(&spool, order.service, &facts, &entry, &why) < 0)
		die("%s", why.text);
	warn_of_limits(&order);
	status = launch(&order, &spool, &entry);
	puts(entry.id);
	return cli_finish(status);
}
