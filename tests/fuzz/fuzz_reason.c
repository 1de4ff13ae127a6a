/* Why a command failed: one line of what was written, or a sentence of vcap's own. The first byte
 * is the exit status. */
#include "controller/reason.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *const argv[] = {"vcap-on", "lb1", "vcap-run", "-w", "/d/x", NULL};
	char *text = fuzz_text(data + (size > 0), size - (size > 0));
	char *reason = reason_find(argv, size > 0 ? data[0] : 0, text);

	must(reason);
	must(!strchr(reason, '\n'));
	must(strstr(text, reason) || strncmp(reason, "the host key of '", 17) == 0 ||
	     strcmp(reason, "no answer in time") == 0 ||
	     strcmp(reason, "the connection was closed or reset without a word") == 0);
	free(reason);
	free(text);
	return 0;
}
