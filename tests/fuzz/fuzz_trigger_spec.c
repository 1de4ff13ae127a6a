/* Words that say what to watch for, patterns and lines: a search comes to an end, whatever they are; and lines of
 * counts. The input is a word, a newline, and a line. */
#include "base/linepattern.h"
#include "flows/matchcount.h"
#include "flows/trigger_spec.h"
#include "fuzz.h"

static void
judge(const char *text, const char *line)
{
	struct failure why = FAILURE_INIT;
	struct linepattern *pattern = linepattern_new(text, &why);

	if (!pattern) {
		must(*why.text);
		return;
	}
	must(linepattern_text_check(text, NULL) == 0);
	must(linepattern_judge(pattern, line, strlen(line)) <= LINEPATTERN_LIMIT);
	linepattern_free(pattern);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *word = fuzz_text(data, size), *line = strchr(word, '\n');
	struct trigger_spec spec;
	struct failure why = FAILURE_INIT;
	uint64_t matches, limited;
	unsigned number;

	if (line)
		*line++ = '\0';
	else
		line = word + strlen(word);
	if (trigger_spec_parse(&spec, word, &why) == 0) {
		must(*spec.what && spec.what > word && spec.what < word + strlen(word));
		must(spec.kind != TRIGGER_FILE || trigger_spec_is_path(spec.path));
		must(spec.kind != TRIGGER_PACKETS || (spec.count > 0 && spec.within_ns > 0));
		if (spec.kind != TRIGGER_PACKETS)
			judge(spec.what, line);
	} else {
		must(*why.text);
	}
	if (matchcount_parse(line, &number, &matches, &limited) > 0)
		must(number >= 1 && number <= MATCHCOUNT_MOST);
	free(word);
	return 0;
}
