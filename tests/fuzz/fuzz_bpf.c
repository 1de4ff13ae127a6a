/* Programs as text, and what runs them: a line of dashes parts the text from a packet. */
#include "fuzz.h"
#include "packet/bpf.h"

static void
check_printed(const struct bpf *program)
{
	struct bpf again = BPF_INIT;
	struct failure why;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	must(out);
	bpf_print(program, BPF_DECIMAL, out);
	must(fclose(out) == 0);
	must(bpf_parse(&again, text, &why) == 0);
	must(again.count == program->count);
	for (size_t i = 0; i < again.count; i++)
		must(again.insns[i].code == program->insns[i].code &&
		     again.insns[i].jt == program->insns[i].jt &&
		     again.insns[i].jf == program->insns[i].jf &&
		     again.insns[i].k == program->insns[i].k);
	bpf_release(&again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *dashes = strstr(text, "--\n");
	struct bpf program = BPF_INIT;
	struct failure why;
	size_t length = size;

	if (dashes) {
		*dashes = '\0';
		length = (size_t)(dashes - text) + 3;
	}
	if (bpf_parse(&program, text, &why) == 0) {
		const uint32_t caplen = (uint32_t)(size - length);
		const uint32_t value = bpf_run(&program, data + length, caplen, caplen + 7);
		const enum bpf_verdict verdict =
		    bpf_judge(&program, data + length, caplen, caplen + 7);

		must((verdict == BPF_ACCEPTS) == (value != 0));
		check_printed(&program);
	}
	bpf_release(&program);
	free(text);
	return 0;
}
