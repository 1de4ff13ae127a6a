/* Files of what is set for a service in vcap shell: what is taken is printed, kept and taken again
 * as the same, and each address can be taken away. */
#include "fuzz.h"
#include "shell/settings.h"
#include "shell/settings_table.h"

static void
hold(struct settings *settings)
{
	struct keyval facts = KEYVAL_INIT;
	struct settings again;
	struct failure why;
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	must(out && settings_table_print(settings, "shop", "shop", out, &why) == 0);
	fclose(out);
	for (const char *c = text; *c; c++)
		must(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7f));
	free(text);
	must(settings_facts(settings, &facts, &why) == 0);
	must(settings_recall(&again, &facts, &why) == 0 && settings_equal(settings, &again));
	for (int i = 0; i < SETTINGS_KINDS; i++)
		while (again.lists[i].count > 0) {
			char *word = strdup(again.lists[i].list[again.lists[i].count - 1]);

			must(settings_clear(&again, SETTINGS_ADDRS + (unsigned)i, word, &why) == 0);
			free(word);
		}
	must(settings_address_count(&again) == 0);
	settings_release(&again);
	keyval_release(&facts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct keyval facts = KEYVAL_INIT;
	struct settings settings;
	struct failure why = FAILURE_INIT;

	if (keyval_parse(&facts, text, &why) == 0) {
		if (settings_recall(&settings, &facts, &why) == 0)
			hold(&settings);
		else
			must(why.text[0]);
		settings_release(&settings);
	}
	keyval_release(&facts);
	free(text);
	return 0;
}
