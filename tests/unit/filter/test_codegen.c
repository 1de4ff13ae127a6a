#include "filter/codegen.h"

#include "filter/search.h"
#include "tap.h"

#include <linux/filter.h>
#include <stdlib.h>

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define JEQ  (BPF_JMP | BPF_JEQ | BPF_K)

static char *
assembled(struct codegen *cg, label entry)
{
	struct bpf program = BPF_INIT;
	struct failure why = FAILURE_INIT;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (codegen_assemble(cg, entry, &program, &why) < 0)
		fprintf(out, "%s\n", why.text);
	else
		bpf_print(&program, BPF_LISTING, out);
	fclose(out);
	bpf_release(&program);
	return text;
}

static void
is_program(struct codegen *cg, label entry, const char *wanted, const char *name)
{
	char *text = assembled(cg, entry);

	is_str(text, wanted, name);
	free(text);
}

static void
test_sharing(void)
{
	struct codegen *cg = codegen_new();
	label yes = codegen_return(cg, 1), no = codegen_return(cg, 0), a, b;

	ok(codegen_return(cg, 1) == yes, "one return for one value");
	a = codegen_op(cg, LOAD, 4, codegen_test(cg, JEQ, 7, yes, no));
	b = codegen_op(cg, LOAD, 4, codegen_test(cg, JEQ, 7, yes, no));
	ok(a == b, "what does the same and goes on to the same is one");
	ok(codegen_test(cg, JEQ, 9, a, b) == a, "no test between a place and itself");
	codegen_op(cg, LOAD, 8, no);
	is_program(cg, a,
		   "(000) ld       [4]\n(001) jeq      #0x7             jt 3\tjf 2\n"
		   "(002) ret      #0\n(003) ret      #1\n",
		   "what nothing leads to is left out");
	codegen_free(cg);
}

/* A chain of tests, of which the first and the last go on to the same far away place. */
static void
test_far(unsigned between)
{
	struct codegen *cg = codegen_new();
	struct bpf program = BPF_INIT;
	label yes = codegen_op(cg, LOAD, 0, codegen_return(cg, 1)), next = codegen_return(cg, 0);
	unsigned char packet[8] = {0};
	bool right = true;

	for (uint32_t i = between; i-- > 0;)
		next = codegen_test(cg, JEQ, i, i % 7 ? next : yes, next);
	next = codegen_op(cg, LOAD, 4, next);
	ok(codegen_assemble(cg, next, &program, NULL) == 0, "%u tests: %zu instructions", between,
	   program.count);
	for (uint32_t i = 0; i < between + 2; i++) {
		packet[6] = (unsigned char)(i >> 8);
		packet[7] = (unsigned char)i;
		right = right && bpf_run(&program, packet, 8, 8) == (i < between && i % 7 == 0);
	}
	ok(right, "%u tests: each goes where it should", between);
	for (size_t i = 0; i < program.count; i++)
		if (program.insns[i].code == (BPF_JMP | BPF_JA) &&
		    program.insns[i + 1 + program.insns[i].k].code == (BPF_JMP | BPF_JA))
			right = false;
	ok(right, "%u tests: no jump leads to a jump", between);
	bpf_release(&program);
	codegen_free(cg);
}

/* All of a small space of values, by intervals of it. */
static void
test_search(unsigned leaf)
{
	unsigned wrong = 0;

	srandom(leaf);
	for (int round = 0; round < 200; round++) {
		struct codegen *cg = codegen_new();
		struct search search = {cg, leaf};
		struct bpf program = BPF_INIT;
		struct addrset set = ADDRSET_INIT;
		label yes = codegen_return(cg, 1), no = codegen_return(cg, 0), entry;

		for (long n = random() % 40; n > 0; n--) {
			unsigned first = (unsigned)random() % 256, wide = (unsigned)random() % 4;

			addrset_add_interval(&set, 4, (struct interval){first, first + wide * wide},
					     NULL);
		}
		addrset_seal(&set);
		entry = search_word(&search, set.v4.list, set.v4.count, yes, no);
		entry = codegen_op(cg, LOAD, 0, entry);
		wrong += codegen_assemble(cg, entry, &program, NULL) < 0;
		for (unsigned value = 0; value < 300; value++) {
			unsigned char packet[4] = {0, 0, (unsigned char)(value >> 8),
						   (unsigned char)value};

			wrong += bpf_run(&program, packet, 4, 4) !=
				 addrset_has(&set, (struct addr){4, value});
		}
		addrset_release(&set);
		bpf_release(&program);
		codegen_free(cg);
	}
	ok(wrong == 0, "leaves of %u: every value is found or not as it should be", leaf);
}

static void
test_memory(void)
{
	struct codegen *cg = codegen_new();
	struct bpf program = BPF_INIT;
	struct failure why = FAILURE_INIT;
	label no = codegen_return(cg, 0);

	codegen_fail(cg);
	ok(codegen_assemble(cg, no, &program, &why) < 0, "a failure is remembered: %s", why.text);
	ok(codegen_assemble(NULL, no, &program, &why) < 0, "also that of codegen_new");
	codegen_free(cg);
}

int
main(void)
{
	test_sharing();
	test_far(10);
	test_far(255);
	test_far(256);
	test_far(257);
	test_far(3000);
	test_search(1);
	test_search(4);
	test_search(16);
	test_memory();
	return done_testing();
}
