/* Command lines for vcap-gate: one that is taken apart is what vcap-on would have written, and what
 * is let through holds no path but those of captures and of vcap's own. */
#include "base/shquote.h"
#include "base/strvec.h"
#include "controller/gate.h"
#include "fuzz.h"

static bool
is_harmless(const char *word)
{
	const char *slash = strchr(word, '/');

	return !slash ||
	       (strstr(word, "/base/") == slash && !strchr(slash + 6, '/') && slash[6] != '.') ||
	       strcmp(word, "/base") == 0 || strcmp(word, "./service") == 0 ||
	       strncmp(word, "/dev/fd/", 8) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gate gate = {.directory = "/base"};
	char *line = fuzz_text(data, size);
	struct failure why;
	char **words = shquote_split(line, &why);
	char *const *command;

	if (!words) {
		must(why.text[0]);
		free(line);
		return 0;
	}
	char *again = shquote_join(words);

	must(again && strcmp(again, line) == 0);
	command = gate_admit(&gate, words, &why);
	must(command || why.text[0]);
	if (command) {
		must(strncmp(gate_name(*command), "vcap-", 5) == 0);
		for (char *const *word = command + 1; *word; word++)
			must(is_harmless(*word) && !strpbrk(*word, "\n\t ;|&$`'\"\\<>*?~#("));
	}
	free(again);
	strvec_free(words);
	free(line);
	return 0;
}
