/* Programs as text, and what runs them: a line of dashes parts the text from a packet. */
#include "fuzz.h"
#include "program.h"

static void
check_printed(const struct program *program)
{
	struct program again = PROGRAM_INIT;
	struct failure why;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	must(out);
	program_print(program, PROGRAM_DECIMAL, out);
	must(fclose(out) == 0);
	must(program_parse(&again, text, &why) == 0);
	must(again.count == program->count);
	for (size_t i = 0; i < again.count; i++)
		must(again.insns[i].code == program->insns[i].code &&
		     again.insns[i].jt == program->insns[i].jt &&
		     again.insns[i].jf == program->insns[i].jf &&
		     again.insns[i].k == program->insns[i].k);
	program_release(&again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *dashes = strstr(text, "--\n");
	struct program program = PROGRAM_INIT;
	struct failure why;
	size_t length = size;

	if (dashes) {
		*dashes = '\0';
		length = (size_t)(dashes - text) + 3;
	}
	if (program_parse(&program, text, &why) == 0) {
		const uint32_t caplen = (uint32_t)(size - length);
		const uint32_t value = program_run(&program, data + length, caplen, caplen + 7);
		const enum program_verdict verdict =
		    program_judge(&program, data + length, caplen, caplen + 7);

		must((verdict == PROGRAM_ACCEPTS) == (value != 0));
		check_printed(&program);
	}
	program_release(&program);
	free(text);
	return 0;
}
