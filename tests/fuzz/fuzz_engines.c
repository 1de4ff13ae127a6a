/* Engines files: whatever is read has a name that is one, and a command line. */
#include "base/parse.h"
#include "base/strvec.h"
#include "controller/engine.h"
#include "controller/transport.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char word[] = "it's", *command[] = {word, NULL};
	char *text = fuzz_text(data, size);
	struct engines engines = ENGINES_INIT;
	struct failure why;

	if (engines_parse(&engines, text, "input", &why) < 0)
		must(why.text[0] && engines.count == 0);
	for (size_t i = 0; i < engines.count; i++) {
		char **words = transport_command(&engines.list[i], command);

		must(parse_is_name(engines.list[i].name) && engines.list[i].directory);
		must(engines_find(&engines, engines.list[i].name, &why));
		must(words && words[0]);
		strvec_free(words);
	}
	engines_release(&engines);
	free(text);
	return 0;
}
