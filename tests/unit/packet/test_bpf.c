#include "packet/bpf.h"

#include "tap.h"

#include <pcap/pcap.h>
#include <stdlib.h>

static void
refused(const char *text, const char *message)
{
	struct bpf program = BPF_INIT;
	struct failure why = FAILURE_INIT;

	ok(bpf_parse(&program, text, &why) < 0 && strstr(why.text, message) && !program.insns,
	   "refused: %s", why.text);
}

static char *
printed(const struct bpf *program, enum bpf_form form)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	bpf_print(program, form, out);
	fclose(out);
	return text;
}

/* A program of libpcap's, in our hands. */
static bool
compile(struct bpf *program, const char *expression)
{
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, 262144);
	struct bpf_program theirs;
	char text[65536];
	size_t used = 0;
	bool done = pcap_compile(dead, &theirs, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;

	pcap_close(dead);
	if (!done)
		return false;
	used += (size_t)snprintf(text, sizeof(text), "%u\n", theirs.bf_len);
	for (unsigned i = 0; i < theirs.bf_len; i++) {
		struct bpf_insn *in = &theirs.bf_insns[i];

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%u %u %u %u\n",
					 in->code, in->jt, in->jf, in->k);
	}
	pcap_freecode(&theirs);
	return bpf_parse(program, text, NULL) == 0;
}

static void
test_listing(void)
{
	static const char *const expressions[] = {
	    "ip host 10.1.1.1 and tcp[13] & 2 != 0 and ip[6:2] & 0x1fff = 0 and len > 60",
	    "ip6 and udp port 53 or vlan 5 and icmp",
	    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0 and (ip[2:2] - ((ip[0]&0xf)<<2)) / 3 != 7",
	    "ether[0] & 1 = 0 and ip[16] >= 224 and ip[8] * 2 % 5 ^ 3 > ip[9] - 1",
	};
	bool same = true;

	for (size_t i = 0; i < sizeof(expressions) / sizeof(*expressions); i++) {
		struct bpf program = BPF_INIT;
		char *text, *line, *rest;
		int n = 0;

		if (!ok(compile(&program, expressions[i]), "compiles: %s", expressions[i]))
			continue;
		text = printed(&program, BPF_LISTING);
		for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
			const char *theirs =
			    bpf_image((const struct bpf_insn *)&program.insns[n], n);

			same = same && strcmp(line, theirs) == 0;
			if (strcmp(line, theirs) != 0)
				printf("# ours:   '%s'\n# theirs: '%s'\n", line, theirs);
			n++;
		}
		ok(n == (int)program.count, "a line an instruction");
		free(text);
		bpf_release(&program);
	}
	ok(same, "the listing is libpcap's");
}

static void
test_forms(void)
{
	const char *text = "3\n40 0 0 12\n21 0 1 2048\n6 0 0 262144\n";
	struct bpf program = BPF_INIT, again = BPF_INIT;
	char *form;

	refused(text, "jumps out of the program");
	text = "4\n40 0 0 12\n21 0 1 2048\n6 0 0 262144\n6 0 0 0\n";
	ok(bpf_parse(&program, text, NULL) == 0 && program.count == 4, "a program");
	form = printed(&program, BPF_DECIMAL);
	is_str(form, text, "decimal is what was read");
	ok(bpf_parse(&again, form, NULL) == 0, "and can be read again");
	free(form);
	form = printed(&program, BPF_COMMA);
	is_str(form, "4,40 0 0 12,21 0 1 2048,6 0 0 262144,6 0 0 0\n", "comma");
	free(form);
	form = printed(&program, BPF_C);
	is_str(form,
	       "{ 0x28, 0, 0, 0x0000000c },\n{ 0x15, 0, 1, 0x00000800 },\n"
	       "{ 0x6, 0, 0, 0x00040000 },\n{ 0x6, 0, 0, 0x00000000 },\n",
	       "C");
	free(form);
	bpf_release(&program);
	bpf_release(&again);
}

/* Random packets through programs of libpcap's, here and there. */
static void
test_run(void)
{
	static const char *const expressions[] = {
	    "ip[9] = 6 and tcp[13] & 2 != 0",
	    "ip[0] * 3 + ip[1] / 2 - ip[2] % 7 > 300 or ip[3] << 2 >> 1 = 8",
	    "ip6 or len < 40 or (ip[ip[5] & 31] = 1)",
	    "ip[2] / ip[3] = 1 or -ip[4] < 5 or ip[5] ^ ip[6] | ip[7] = 3",
	};
	unsigned wrong = 0, passed = 0;

	srandom(1);
	for (size_t i = 0; i < sizeof(expressions) / sizeof(*expressions); i++) {
		struct bpf program = BPF_INIT;

		if (!ok(compile(&program, expressions[i]), "compiles: %s", expressions[i]))
			continue;
		for (int n = 0; n < 5000; n++) {
			unsigned char bytes[80];
			uint32_t caplen = (uint32_t)random() % sizeof(bytes), ours, theirs;

			for (size_t j = 0; j < sizeof(bytes); j++)
				bytes[j] = (unsigned char)(random() % 3 ? random() : random() % 8);
			bytes[12] = random() % 4 ? 0x08 : 0x86;
			bytes[13] = bytes[12] == 0x08 ? 0 : 0xdd;
			bytes[23] = 6;
			ours = bpf_run(&program, bytes, caplen, caplen + 3);
			theirs = bpf_filter((const struct bpf_insn *)program.insns, bytes,
					    caplen + 3, caplen);
			wrong += ours != theirs;
			passed += ours != 0;
		}
		bpf_release(&program);
	}
	ok(wrong == 0 && passed > 100, "20,000 runs as bpf_filter's; %u let through", passed);
}

/* What two expressions say, against a program that requires the one of the other. */
static void
test_condition(void)
{
	static const char *const pairs[][2] = {
	    {"ip[9] = 6", "tcp[13] & 2 != 0"},
	    {"ip6 or len < 40", "ip[0] * 3 + ip[1] / 2 > 300 or ip6[7] > 9"},
	    {"ip[2] / ip[3] = 1 or -ip[4] < 5", "ip[2] / ip[4] = 1 or ip[5] ^ ip[6] = 3"},
	};
	unsigned wrong = 0, passed = 0, refused_one = 0;

	srandom(3);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct bpf condition = BPF_INIT, program = BPF_INIT, both = BPF_INIT;

		if (!ok(compile(&condition, pairs[i][0]) && compile(&program, pairs[i][1]) &&
			    compile(&both, pairs[i][1]) &&
			    bpf_require(&both, &condition, NULL) == 0 &&
			    bpf_validate((const struct bpf_insn *)both.insns, (int)both.count),
			"%s, of what is %s", pairs[i][1], pairs[i][0]))
			continue;
		for (int n = 0; n < 5000; n++) {
			unsigned char bytes[80];
			uint32_t caplen = (uint32_t)random() % sizeof(bytes), wanted, got;

			for (size_t j = 0; j < sizeof(bytes); j++)
				bytes[j] = (unsigned char)(random() % 3 ? random() : random() % 8);
			bytes[12] = random() % 4 ? 0x08 : 0x86;
			bytes[13] = bytes[12] == 0x08 ? 0 : 0xdd;
			bytes[23] = 6;
			wanted = bpf_run(&condition, bytes, caplen, caplen + 3)
				     ? bpf_run(&program, bytes, caplen, caplen + 3)
				     : 0;
			got = bpf_run(&both, bytes, caplen, caplen + 3);
			wrong += got != wanted;
			passed += got != 0;
			refused_one += bpf_run(&program, bytes, caplen, caplen + 3) != got;
		}
		bpf_release(&condition);
		bpf_release(&program);
		bpf_release(&both);
	}
	ok(wrong == 0 && passed > 100 && refused_one > 100,
	   "of 15,000 packets those pass that pass both; %u do", passed);
}

/* Registers begin with 0 behind a condition, too; a program without one, and two that are too long. */
static void
test_conditions_ends(void)
{
	struct bpf condition = BPF_INIT, program = BPF_INIT;
	struct insn *insns = calloc(BPF_MAX, sizeof(*insns));
	struct failure why = FAILURE_INIT;
	const unsigned char packet[40] = {7};

	bpf_parse(&condition, "4\n48 0 0 0\n7 0 0 0\n6 0 0 9\n6 0 0 0\n", NULL);
	ok(bpf_require(&program, &condition, NULL) == 0 && program.count == 4 &&
	       bpf_run(&program, packet, sizeof(packet), 40) == 9,
	   "no program: the condition");
	bpf_parse(&program, "2\n12 0 0 0\n22 0 0 0\n", NULL);
	bpf_require(&program, &condition, NULL);
	ok(bpf_run(&program, packet, sizeof(packet), 40) == 0, "both registers are 0");
	bpf_release(&program);
	program = (struct bpf){insns, BPF_MAX - 5};
	ok(bpf_require(&program, &condition, &why) < 0 && program.insns == insns &&
	       strstr(why.text, "4091 instructions and its condition of 4"),
	   "too long: %s", why.text);
	program.count--;
	for (size_t i = 0; i < program.count; i++)
		insns[i].code = 6;
	ok(bpf_require(&program, &condition, &why) == 0 && program.count == BPF_MAX,
	   "as long as the kernel takes");
	bpf_release(&program);
	bpf_release(&condition);
}

/* Random instructions: what is accepted runs to its end, whatever the packet. */
static void
test_random_programs(void)
{
	unsigned accepted = 0;
	bool ends = true;

	srandom(2);
	for (int i = 0; i < 200000; i++) {
		unsigned count = 1 + (unsigned)random() % 4;
		struct bpf program = BPF_INIT;
		unsigned char packet[40];
		char text[512];
		int used = snprintf(text, sizeof(text), "%u\n", count);

		for (unsigned j = 0; j + 1 < count; j++)
			used +=
			    snprintf(text + used, sizeof(text) - (size_t)used, "%u %u %u %u\n",
				     (unsigned)random() % 160, (unsigned)random() % 3,
				     (unsigned)random() % 3,
				     random() % 4 ? (unsigned)random() % 40 : (unsigned)random());
		snprintf(text + used, sizeof(text) - (size_t)used, "%d 0 0 %u\n",
			 random() % 2 ? 6 : 22, (unsigned)random() % 3);
		if (bpf_parse(&program, text, NULL) < 0)
			continue;
		accepted++;
		for (size_t j = 0; j < sizeof(packet); j++)
			packet[j] = (unsigned char)random();
		ends = ends &&
		       bpf_validate((const struct bpf_insn *)program.insns, (int)program.count);
		bpf_run(&program, packet, sizeof(packet), 60);
		bpf_release(&program);
	}
	ok(ends && accepted > 1000, "%u random programs: bpf_validate accepts them too", accepted);
}

int
main(void)
{
	refused("", "does not start with");
	refused("0\n", "no instructions");
	refused("x\n", "does not start with");
	refused("4097\n", "the kernel takes 4096");
	refused("99999999999\n", "does not start with");
	refused("1\n6 0 0\n", "instruction 0");
	refused("1\n6 0 0 0 0\n", "instruction 0");
	refused("1\n6 0 0 4294967296\n", "instruction 0");
	refused("1\n6 256 0 0\n", "instruction 0");
	refused("2\n6 0 0 0\n", "instruction 1");
	refused("1\n6 0 0 0\n6 0 0 0\n", "more than");
	refused("1\n40 0 0 12\n", "does not end in a return");
	refused("2\n255 0 0 0\n6 0 0 0\n", "unknown opcode");
	refused("2\n5 0 0 1\n6 0 0 0\n", "jumps out");
	refused("2\n5 0 0 4294967295\n6 0 0 0\n", "jumps out");
	refused("2\n96 0 0 16\n6 0 0 0\n", "operand");
	refused("2\n2 0 0 16\n6 0 0 0\n", "operand");
	refused("2\n52 0 0 0\n6 0 0 0\n", "operand");
	refused("2\n100 0 0 32\n6 0 0 0\n", "operand");
	test_forms();
	test_listing();
	test_run();
	test_condition();
	test_conditions_ends();
	test_random_programs();
	return done_testing();
}
