#include "controller/region.h"

#include "base/abilities.h"
#include "base/diskquota.h"
#include "base/exitcode.h"
#include "base/followreply.h"
#include "base/process.h"
#include "base/strvec.h"
#include "controller/capture_audit.h"
#include "controller/engine_state.h"
#include "controller/removal.h"
#include "controller/spool.h"
#include "controller/spool_keys.h"
#include "controller/spool_pairs.h"
#include "controller/waitproc.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Runs words as a command and releases them. Returns its exit status, or -1. */
static int
run(struct strvec *words, int in, int out, struct failure *why)
{
	char **argv = strvec_detach(words);
	int status = argv ? process_run(argv, in, out, STDERR_FILENO, -1, why) : failure_nomem(why);

	strvec_free(argv);
	return status;
}

int
region_check_token(const char *id, const char *token, config_variable *variable,
		   struct failure *why)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	const char *own;
	int rc = 0;

	if (!token || spool_open_entry(&entry, id, variable, NULL) < 0)
		return EXIT_DONE;
	own = keyval_get(&entry.facts, "token");
	if (!own || strcmp(own, token) != 0)
		rc = failure_set(why, "'%s' is another capture's", id);
	spool_entry_close(&entry);
	return rc;
}

int
region_start(const char *id, char *const *arguments, const char *specs, struct failure *why)
{
	const bool has_specs = specs && *specs;
	struct strvec argv = STRVEC_INIT;
	int in = -1, status;

	strvec_pushl(&argv, "vcap-start", "--id", id, NULL);
	strvec_pushv(&argv, arguments);
	if (has_specs) {
		strvec_push(&argv, "-");
		in = process_input_open(specs, strlen(specs), why);
	}
	status = has_specs && in < 0 ? -1 : run(&argv, in, -1, why);
	if (in >= 0)
		close(in);
	strvec_release(&argv);
	return status == EXIT_PARTIAL ? EXIT_DONE : status;
}

int
region_status(const char *id, config_variable *variable, FILE *out, struct failure *why)
{
	static const char *const counters[] = {"packets", "bytes", "dropped"};
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	const char *message;
	uint64_t pairs;

	if (spool_open_entry(&entry, id, variable, why) < 0)
		return -1;
	if (waitproc_revive(&entry, why) < 0) {
		spool_entry_close(&entry);
		return -1;
	}
	fprintf(out, "state %s\n",
		spool_entry_is_over(&entry) ? spool_entry_state_name(&entry) : "running");
	fprintf(out, "version %s\nabilities %s\n", VCAP_VERSION, ABILITIES);
	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		fprintf(out, "%s %" PRIu64 "\n", counters[i],
			engine_state_total(&entry, counters[i]));
	if (spool_entry_is_over(&entry) && spool_keys_exist(&entry))
		fprintf(out, "keys %" PRIu64 "\n", spool_keys_size(&entry));
	pairs = spool_entry_is_over(&entry) ? spool_pairs_size(&entry) : 0;
	if (pairs)
		fprintf(out, "pairs %" PRIu64 "\n", pairs);
	message = keyval_get(&entry.facts, "message");
	fprintf(out, "message %s\n", message ? message : "");
	spool_entry_close(&entry);
	return EXIT_DONE;
}

int
region_stop(const char *id, config_variable *variable, FILE *out, struct failure *why)
{
	struct strvec argv = STRVEC_INIT;
	int status;

	strvec_pushl(&argv, "vcap-stop", "--no-wait", id, NULL);
	status = run(&argv, -1, -1, why);
	return status == EXIT_DONE || status == EXIT_PARTIAL ? region_status(id, variable, out, why)
							     : status;
}

static int
export_file(const char *id, FILE *out, struct failure *why)
{
	struct strvec argv = STRVEC_INIT;

	strvec_pushl(&argv, "vcap-export", "-w", "-", id, NULL);
	return run(&argv, -1, fileno(out), why);
}

/* The same in another form, which vcap-merge gives it. */
static int
convert(const char *id, struct region_form form, config_variable *variable, FILE *out,
	struct failure *why)
{
	struct strvec wait = STRVEC_INIT, merge = STRVEC_INIT;
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	int waited, merged;

	strvec_pushl(&wait, "vcap-wait", id, NULL);
	waited = run(&wait, -1, -1, why);
	if (waited != EXIT_DONE && waited != EXIT_PARTIAL)
		return waited;
	if (spool_open_entry(&entry, id, variable, why) < 0)
		return -1;
	if (capture_audit(&entry, CAPTURE_AUDIT_EXPORT, "-", variable, why) < 0) {
		spool_entry_close(&entry);
		return -1;
	}
	strvec_pushl(&merge, "vcap-merge", "-w", "-", NULL);
	if (form.compressed)
		strvec_push(&merge, "-z");
	if (form.cut)
		strvec_push(&merge, "--cut");
	strvec_push_nodup(&merge, spool_entry_file(&entry, "%s.pcapng", entry.id));
	spool_entry_close(&entry);
	merged = run(&merge, -1, fileno(out), why);
	return merged == EXIT_DONE || merged == EXIT_PARTIAL ? waited : merged;
}

int
region_fetch(const char *id, struct region_form form, config_variable *variable, FILE *out,
	     struct failure *why)
{
	return form.compressed || form.cut ? convert(id, form, variable, out, why)
					   : export_file(id, out, why);
}

int
region_keys(const char *id, config_variable *variable, FILE *out, struct failure *why)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	int rc;

	if (spool_open_entry(&entry, id, variable, why) < 0)
		return -1;
	rc = capture_audit(&entry, CAPTURE_AUDIT_KEYS, "-", variable, why);
	if (rc == 0)
		rc = spool_keys_print(&entry, out, why);
	spool_entry_close(&entry);
	return rc < 0 ? -1 : EXIT_DONE;
}

int
region_pairs(const char *id, config_variable *variable, FILE *out, struct failure *why)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	int rc;

	if (spool_open_entry(&entry, id, variable, why) < 0)
		return -1;
	rc = spool_pairs_print(&entry, out, why);
	spool_entry_close(&entry);
	return rc < 0 ? -1 : EXIT_DONE;
}

int
region_remove(const char *id, config_variable *variable, FILE *out, struct failure *why)
{
	struct spool spool = SPOOL_INIT;
	struct strvec left = STRVEC_INIT;
	char **ids = NULL;
	int rc = spool_open(&spool, variable, why);

	(void)out;
	if (rc == 0)
		rc = spool_list(&spool, id, &ids, why);
	if (rc == 0 && *ids)
		rc = removal_run(&spool, id, REMOVAL_IDLE, variable, &left, why);
	if (rc == 0 && left.count > 0)
		rc = failure_set(why, "%s", left.list[0]);
	strvec_release(&left);
	spool_list_free(ids);
	spool_close(&spool);
	return rc < 0 ? -1 : EXIT_DONE;
}

struct followed {
	const char *id;
	config_variable *variable;
};

static int
answer(enum followreply_request request, void *context, FILE *out, struct failure *why)
{
	const struct followed *capture = context;
	region_request *const requests[] = {[FOLLOWREPLY_STATUS] = region_status,
					    [FOLLOWREPLY_STOP] = region_stop,
					    [FOLLOWREPLY_REMOVE] = region_remove};
	int status = requests[request](capture->id, capture->variable, out, why);

	return status > 0 ? failure_set(why, "capture '%s' could not be ended", capture->id)
			  : status;
}

int
region_follow(const char *id, config_variable *variable, FILE *out, struct failure *why)
{
	return followreply_run(STDIN_FILENO, fileno(out), answer, NULL,
			       &(struct followed){id, variable}, why);
}

int
region_check(const char *id, config_variable *variable, FILE *out, struct failure *why)
{
	struct spool spool = SPOOL_INIT;
	int rc = spool_open(&spool, variable, why);

	(void)id;
	fprintf(out, "version %s\nabilities %s\n", VCAP_VERSION, ABILITIES);
	if (rc == 0)
		rc = diskquota_check_room(spool.dir, spool.path, 0, why);
	spool_close(&spool);
	return rc < 0 ? -1 : EXIT_DONE;
}
