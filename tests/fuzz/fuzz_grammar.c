/* Lines for vcap shell, the mode in the first byte: what is refused is said, what is understood is
 * whole, and after each of its words the next one may come. */
#include "fuzz.h"
#include "shell/grammar.h"

struct search {
	const char *word;
	int found;
};

static void
compare(void *context, const struct grammar_choice *choice)
{
	struct search *search = context;

	search->found |= choice->word[0] == '<' ? strcmp(choice->word, "<cr>") != 0
						: strcmp(choice->word, search->word) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum grammar_mode modes[] = {GRAMMAR_TOP, GRAMMAR_SERVICE, GRAMMAR_IP};
	enum grammar_mode mode = modes[size ? data[0] % 3 : 0];
	char *line = fuzz_text(data + (size > 0), size - (size > 0));
	struct strvec words = STRVEC_INIT;
	struct grammar_command command;
	struct failure why = FAILURE_INIT;

	must(grammar_split(line, &words) == 0);
	if (grammar_parse(mode, &words, &command, &why) < 0) {
		must(why.text[0]);
	} else {
		must((command.verb == GRAMMAR_NOTHING) == (words.count == 0));
		for (size_t i = 0; i < words.count; i++) {
			struct search search = {words.list[i], 0};

			grammar_next(mode, words.list, i, compare, &search);
			must(search.found);
		}
	}
	strvec_release(&words);
	free(line);
	return 0;
}
