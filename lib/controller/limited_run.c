#include "controller/limited_run.h"

#include "controller/gate.h"
#include "filter/service_limit.h"

#include <string.h>

static int
check_job(const struct service *limit, const char *text, struct failure *why)
{
	if (!text)
		return 0;
	if (!*text)
		return failure_set(why, "the job is of no service, and this is for '%s' alone",
				   limit->name);
	return service_limit_check(limit, text, why);
}

/* Whether the command decides on each packet by the job, whatever the program let through. */
static bool
is_join(char *const *command)
{
	return command && *command && strcmp(gate_name(*command), "vcap-join") == 0;
}

static int
apply(const struct service *limit, const struct limited_run *asked, struct bpf *program,
      struct failure *why)
{
	struct bpf own = BPF_INIT;

	if (service_limit_apply(limit, program, why) == 0)
		return 0;
	if (!is_join(asked->command) || service_limit_apply(limit, &own, why) < 0)
		return -1;
	bpf_release(program);
	*program = own;
	return 0;
}

int
limited_run_program(const struct limited_run *asked, const char *word, config_variable *variable,
		    struct bpf *program, struct failure *why)
{
	struct service limit;
	int rc = config_service_load(&limit, word, variable, why);

	if (rc < 0)
		return -1;
	rc = check_job(&limit, asked->service, why);
	if (rc == 0)
		rc = apply(&limit, asked, program, why);
	service_release(&limit);
	return rc;
}
