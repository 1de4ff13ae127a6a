/*
 * vcap-keys: prints the secrets of TLS sessions as HAProxy or a key log file tells them.
 */
#include "base/clock.h"
#include "base/parse.h"
#include "cli.h"
#include "flows/keyfeed.h"
#include "flows/keylogformat.h"
#include "flows/keystore.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static const struct command self = {
    .name = "vcap-keys",
    .says = "Prints the secrets of TLS sessions, as lines of a key log.",
    .examples = "vcap-keys --haproxy /run/haproxy/admin.sock\nvcap-keys --print-haproxy 2.6\n",
    .synopsis = "[--keep reserve [--rolling time]] [--ring name] --haproxy socket\n"
		"[--keep reserve [--rolling time]] --file keylog\n"
		"--print-haproxy [version]",
    .options = "      --haproxy socket     from a log ring of HAProxy, by its stats socket\n"
	       "      --ring name          of the ring (vcap-keys)\n"
	       "      --file keylog        from a key log file, as it grows (- is stdin)\n"
	       "      --keep reserve       only those asked for, to descriptor 3 (vcap-run)\n"
	       "      --rolling time       ... and those of before to descriptor 4, in turns\n"
	       "      --print-haproxy      print the lines for haproxy.cfg (of version 2.6)\n",
};

enum { HAPROXY = 256, RING, FILE_, KEEP, ROLLING, PRINT };

struct request {
	bool has_source;
	struct pairsource_spec spec;
	const char *ring, *keep;
	int64_t rolling_ns;
};

static void
set_source(struct request *request, enum pairsource_spec_kind kind, const char *path)
{
	if (request->has_source)
		die_usage("--haproxy and --file exclude each other");
	request->has_source = true;
	request->spec = (struct pairsource_spec){.kind = kind, .path = path};
}

/* Prints the lines for haproxy.cfg, and exits. */
static _Noreturn void
print_haproxy(const char *version)
{
	struct failure why;

	if (keylogformat_print(version ? version : "2.6", stdout, &why) < 0)
		die_usage("%s", why.text);
	exit(cli_finish(EXIT_DONE));
}

static void
parse_options(struct request *request, int argc, char **argv)
{
	static const struct option options[] = {{"haproxy", required_argument, NULL, HAPROXY},
						{"ring", required_argument, NULL, RING},
						{"file", required_argument, NULL, FILE_},
						{"keep", required_argument, NULL, KEEP},
						{"rolling", required_argument, NULL, ROLLING},
						{"print-haproxy", no_argument, NULL, PRINT},
						CLI_OPTIONS};
	struct failure why;
	bool prints = false;
	int opt;

	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (opt) {
		case HAPROXY: set_source(request, PAIRSOURCE_SPEC_HAPROXY, optarg); break;
		case FILE_: set_source(request, PAIRSOURCE_SPEC_LOG, optarg); break;
		case KEEP: request->keep = optarg; break;
		case PRINT: prints = true; break;
		case ROLLING:
			if (parse_duration(optarg, NS_PER_SECOND, &request->rolling_ns, &why) < 0)
				die_usage("%s", why.text);
			break;
		case RING:
			/* It becomes part of a command. */
			if (!parse_is_name(optarg))
				die_usage("not a name: '%s'", optarg);
			request->ring = optarg;
			break;
		default: cli_option(opt, argv);
		}
	}
	if (prints && argc - optind <= 1)
		print_haproxy(argv[optind]);
	if (optind < argc)
		die_usage("unexpected argument '%s'", argv[optind]);
	if (!request->has_source)
		die_usage("needs --haproxy or --file (try --help)");
	if (request->ring && request->spec.kind != PAIRSOURCE_SPEC_HAPROXY)
		die_usage("'--ring' goes with '--haproxy'");
	if (request->rolling_ns && !request->keep)
		die_usage("'--rolling' goes with '--keep'");
}

static void
tell(const char *line)
{
	warn("%s", line);
}

int
main(int argc, char **argv)
{
	/* A core file would have all keys in it. */
	static const struct rlimit none = {0, 0};
	struct request request = {0};
	struct keystore store;
	struct failure why;
	int rc;

	cli_start(&self);
	parse_options(&request, argc, argv);
	setrlimit(RLIMIT_CORE, &none);
	if (keystore_open(&store, stdout, request.keep, request.rolling_ns, &why) < 0)
		die_usage("%s", why.text);
	if (keystore_read(&store, &request.spec, request.ring, &why) < 0)
		die("%s", why.text);
	rc = keystore_run(&store, tell, &why);
	if (rc < 0)
		die("%s", why.text);
	if (store.feed.refused)
		warn("lines refused: %llu", (unsigned long long)store.feed.refused);
	rc = store.feed.refused ? EXIT_PARTIAL : EXIT_DONE;
	keystore_release(&store);
	return cli_finish(rc);
}
