/*
 * vcap-extcap: what Wireshark and tshark run to have services among their interfaces.
 */
#include "base/process.h"
#include "base/text.h"
#include "cli.h"
#include "extcap/extcap_capture.h"
#include "extcap/extcap_request.h"
#include "extcap/sentence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REASON_MAX 65536 /* bytes that vcap-filter may print */

static const struct command self = {
    .name = "vcap-extcap",
    .says = "Makes services interfaces of Wireshark and tshark, live from all engines.",
    .examples = "vcap extcap --install\ntshark -i vcap-shop -f 'tcp port 80'\n",
    .synopsis = EXTCAP_SYNOPSIS,
    .options = EXTCAP_HELP,
};

static void
parse_options(int argc, char **argv, struct extcap_request *request)
{
	static const struct option options[] = {EXTCAP_OPTIONS, CLI_OPTIONS};
	struct failure why;
	int opt;

	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1)
		if (!extcap_request_option(request, opt, optarg))
			cli_option(opt, argv);
	if (optind < argc)
		die_usage("unexpected argument '%s'", argv[optind]);
	if (extcap_request_complete(request, &why) < 0)
		die_usage("%s (try --help)", why.text);
}

/* Prints what Wireshark asks for at its start and in front of a dialog. */
static int
print(const struct extcap_request *request)
{
	struct choice choice;

	choice_load(&choice, getenv);
	switch (request->ask) {
	case EXTCAP_INTERFACES:
		sentence_print(stdout, "extcap", "version", VCAP_VERSION, "display",
			       "vcap: services on their load balancers", NULL);
		choice_print_interfaces(&choice, getenv, stdout);
		if (choice.count > 0)
			toolbar_declare(stdout, DIALOG_STOP_AFTER);
		break;
	case EXTCAP_CONFIG: dialog_print(&request->dialog, &choice, getenv, stdout); break;
	case EXTCAP_RELOAD:
		dialog_reload(&request->dialog, request->reload, &choice, getenv, stdout);
		break;
	default:
		sentence_print(stdout, "dlt", "number", "1", "name", "EN10MB", "display",
			       "Ethernet", NULL);
	}
	choice_release(&choice);
	return EXIT_DONE;
}

/* Prints the first line of what is wrong with the filter, and nothing if it is good. */
static int
check(const struct extcap_request *request)
{
	struct strvec argv = STRVEC_INIT;
	struct failure why;
	int out = process_output_open(REASON_MAX, &why), status = -1;
	char *text, *reason;

	if (out < 0 || dialog_check_command(&request->dialog, &argv, &why) < 0 ||
	    (status = process_run(argv.list, -1, -1, out, -1, &why)) < 0)
		die("%s", why.text);
	strvec_release(&argv);
	text = process_output_text(out);
	if (!text)
		die("out of memory");
	reason = strncmp(text, "vcap-filter: ", 13) == 0 ? text + 13 : text;
	if (status != EXIT_DONE && printf("%.*s\n", (int)strcspn(reason, "\n"), reason) < 0)
		die("cannot write");
	free(text);
	return EXIT_DONE;
}

/* What failed is said on stderr, where Wireshark takes every word for a failure. */
static int
capture(const struct extcap_request *request)
{
	struct toolbar toolbar;
	struct strvec argv = STRVEC_INIT;
	struct failure why;
	struct extcap_capture run = {
	    .fifo = request->fifo, .toolbar = &toolbar, .heartbeat_ns = request->heartbeat_ns};
	char *remark = NULL, safe[1024];
	int status;

	if (toolbar_open(&toolbar, request->control_in, request->control_out, &why) < 0 ||
	    dialog_limits(&request->dialog, &run.stop_after_ns, &run.stop_size, &why) < 0 ||
	    dialog_command(&request->dialog, &argv, &remark, &why) < 0)
		die_usage("%s", why.text);
	if (remark)
		toolbar_tell(&toolbar, remark);
	run.argv = argv.list;
	status = extcap_capture_run(&run, &why);
	toolbar_close(&toolbar);
	strvec_release(&argv);
	free(remark);
	if (status < 0)
		die("%s", why.text);
	for (size_t i = 0; status != EXIT_DONE && i < run.said.count; i++)
		fprintf(stderr, "%s\n", text_escape(safe, sizeof(safe), run.said.list[i]));
	strvec_release(&run.said);
	return status;
}

static int
install(const struct extcap_request *request)
{
	char *script = process_sibling("../libexec/vcap/extcap-install.sh");

	if (!script)
		die("out of memory");
	execl(script, script, request->ask == EXTCAP_INSTALL ? "install" : "uninstall",
	      request->is_personal ? "personal" : "global", (char *)NULL);
	die("cannot run '%s'", script);
}

int
main(int argc, char **argv)
{
	struct extcap_request request = {0};

	cli_start(&self);
	parse_options(argc, argv, &request);
	cli_siblings_first();
	switch (request.ask) {
	case EXTCAP_CHECK: return cli_finish(check(&request));
	case EXTCAP_CAPTURE: return cli_finish(capture(&request));
	case EXTCAP_INSTALL:
	case EXTCAP_UNINSTALL: return install(&request);
	default: return cli_finish(print(&request));
	}
}
