/* Command lines for vcap-gate: one that is taken apart is what vcap-on would have written, and what
 * is let through holds no path but those of captures and of vcap's own. */
#include "base/parse.h"
#include "base/shquote.h"
#include "base/strvec.h"
#include "controller/gate_exec.h"
#include "fuzz.h"

static bool
has_control(const char *word)
{
	for (; *word; word++)
		if (*word != '\t' && (*word < ' ' || *word > '~'))
			return true;
	return false;
}

/* Whether a word can neither be a path of another's, nor mean something to a shell that it should
 * reach by mistake. The kernel lets an interface have any name without blanks and slashes. */
static bool
is_harmless(const char *word, const char *before, bool is_region)
{
	const char *slash = strchr(word, '/');

	if (strncmp(word, "--wait=", 7) == 0)
		return parse_is_interface(word + 7);
	if (strcmp(before, "-i") == 0)
		return parse_is_interface(word);
	if (strncmp(word, "--bytecode=", 11) == 0)
		return !word[11 + strspn(word + 11, "0123456789, ")];
	/* A region's, which libpcap parses: a line that a terminal can show. */
	if (strncmp(word, "--expression=", 13) == 0)
		return is_region && word[13] && !has_control(word);
	if (strpbrk(word, "\n\t ;|&$`'\"\\<>*?~#("))
		return false;
	return !slash ||
	       (strstr(word, "/base/") == slash && !strchr(slash + 6, '/') && slash[6] != '.') ||
	       strcmp(word, "/base") == 0 || strcmp(word, "./service") == 0 ||
	       strncmp(word, "/dev/fd/", 8) == 0;
}

/* Whether the word is one of the interfaces that `vcap-host trial` or `losses` is asked about. */
static bool
is_operand(char *const *command, char *const *word)
{
	for (char *const *before = command + 1; before < word; before++)
		if ((strcmp(*before, "trial") == 0 || strcmp(*before, "losses") == 0) &&
		    strcmp(gate_name(before[-1]), "vcap-host") == 0)
			return true;
	return false;
}

static void
check(const struct gate *gate, char **words)
{
	struct failure why = FAILURE_INIT;
	char *const *command = gate_admit(gate, words, &why);
	struct strvec rest = STRVEC_INIT;

	must(command || why.text[0]);
	if (!command)
		return;
	must(strncmp(gate_name(*command), "vcap-", 5) == 0);
	for (char *const *word = command + 1; *word; word++) {
		must(is_operand(command, word) ? parse_is_interface(*word)
					       : is_harmless(*word, word[-1], gate->is_region));
		must(!gate->is_region || !strchr(*word, '/') ||
		     strncmp(*word, "--expression=", 13) == 0);
	}
	gate_exec_push(gate, command, &rest);
	strvec_release(&rest);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct gate gates[] = {
	    {.directory = "/base"},
	    {.is_region = true, .allows_keys = true},
	    {.is_region = true, .headers_only = true},
	};
	char *line = fuzz_text(data, size);
	struct failure why;
	char **words = shquote_split(line, &why);

	if (!words) {
		must(why.text[0]);
		free(line);
		return 0;
	}
	char *again = shquote_join(words);

	must(again && strcmp(again, line) == 0);
	for (size_t i = 0; i < sizeof(gates) / sizeof(*gates); i++)
		check(&gates[i], words);
	free(again);
	strvec_free(words);
	free(line);
	return 0;
}
