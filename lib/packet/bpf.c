/*
 * The interpreter has no checks of its own: check() has made sure that every jump goes forward and
 * stays within the program, that memory words exist and that a return is reached, so it ends. Only
 * what depends on the packet is looked at while it runs: the bounds of loads and divisors.
 */
#include "packet/bpf.h"

#include "base/parse.h"

#include <ctype.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void
bpf_release(struct bpf *program)
{
	free(program->insns);
	*program = BPF_INIT;
}

/* Whether the kernel knows this opcode (net/core/filter.c, chk_code_allowed). */
static bool
is_known(uint16_t code)
{
	switch (code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_B | BPF_MSH:
	case BPF_LDX | BPF_IMM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
	case BPF_ALU | BPF_NEG:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_JMP | BPF_JA: return true;
	default: break;
	}
	if (code >= 0x100)
		return false;
	if (BPF_CLASS(code) == BPF_ALU)
		return BPF_OP(code) <= BPF_XOR && BPF_OP(code) != BPF_NEG;
	if (BPF_CLASS(code) == BPF_JMP)
		return BPF_OP(code) >= BPF_JEQ && BPF_OP(code) <= BPF_JSET;
	return false;
}

static int
check(const struct insn *insns, size_t count, struct failure *why)
{
	for (size_t i = 0; i < count; i++) {
		const struct insn *insn = &insns[i];
		size_t after = count - i - 1; /* instructions that a jump can reach */
		bool bad_jump = false, bad_k = false;

		if (!is_known(insn->code))
			return failure_set(why, "instruction %zu: unknown opcode '%u'", i,
					   insn->code);
		switch (BPF_CLASS(insn->code)) {
		case BPF_JMP:
			if (BPF_OP(insn->code) == BPF_JA)
				bad_jump = insn->k >= after;
			else
				bad_jump = insn->jt >= after || insn->jf >= after;
			break;
		case BPF_ST:
		case BPF_STX: bad_k = insn->k >= BPF_MEMWORDS; break;
		case BPF_LD:
		case BPF_LDX:
			bad_k = BPF_MODE(insn->code) == BPF_MEM && insn->k >= BPF_MEMWORDS;
			break;
		case BPF_ALU:
			if (BPF_SRC(insn->code) == BPF_X)
				break;
			if (BPF_OP(insn->code) == BPF_DIV || BPF_OP(insn->code) == BPF_MOD)
				bad_k = insn->k == 0;
			else if (BPF_OP(insn->code) == BPF_LSH || BPF_OP(insn->code) == BPF_RSH)
				bad_k = insn->k >= 32;
			break;
		default: break;
		}
		if (bad_jump)
			return failure_set(why, "instruction %zu jumps out of the program", i);
		if (bad_k)
			return failure_set(why, "instruction %zu: operand out of range: '%u'", i,
					   insn->k);
	}
	if (BPF_CLASS(insns[count - 1].code) != BPF_RET)
		return failure_set(why, "program does not end in a return");
	return 0;
}

/* Reads the next number of a line; false at its end, or if it is not a number of at most max. */
static bool
take_number(const char **text, uint64_t max, uint64_t *number)
{
	char word[24];
	const char *s = *text + strspn(*text, " \t\r");
	size_t length = strspn(s, "0123456789");

	if (length == 0 || length >= sizeof(word))
		return false;
	memcpy(word, s, length);
	word[length] = '\0';
	*text = s + length;
	return (*s == '\0' || !isalnum((unsigned char)s[length])) &&
	       parse_number(word, max, number, NULL) == 0;
}

/* Moves past the end of a line; false if more follows on it. */
static bool
take_line_end(const char **text)
{
	*text += strspn(*text, " \t\r");
	if (**text == '\0')
		return true;
	if (**text != '\n' && **text != ',')
		return false;
	++*text;
	return true;
}

static bool
take_insn(const char **text, struct insn *insn)
{
	uint64_t code, jt, jf, k;

	if (!take_number(text, UINT16_MAX, &code) || !take_number(text, UINT8_MAX, &jt) ||
	    !take_number(text, UINT8_MAX, &jf) || !take_number(text, UINT32_MAX, &k))
		return false;
	*insn = (struct insn){(uint16_t)code, (uint8_t)jt, (uint8_t)jf, (uint32_t)k};
	return true;
}

int
bpf_parse(struct bpf *program, const char *text, struct failure *why)
{
	struct insn *insns = NULL;
	uint64_t count;

	if (!take_number(&text, UINT32_MAX, &count) || !take_line_end(&text))
		return failure_set(why, "program does not start with its number of instructions");
	if (count == 0)
		return failure_set(why, "program has no instructions");
	if (count > BPF_MAX)
		return failure_set(why, "program has %llu instructions, the kernel takes %d",
				   (unsigned long long)count, BPF_MAX);
	insns = calloc(count, sizeof(*insns));
	if (!insns)
		return failure_nomem(why);
	for (size_t i = 0; i < count; i++) {
		if (!take_insn(&text, &insns[i]) || !take_line_end(&text)) {
			failure_set(why, "instruction %zu is not 'code jt jf k'", i);
			goto fail;
		}
	}
	if (text[strspn(text, " \t\r\n")]) {
		failure_set(why, "more than the %llu instructions announced",
			    (unsigned long long)count);
		goto fail;
	}
	if (check(insns, count, why) < 0)
		goto fail;
	bpf_release(program);
	*program = (struct bpf){insns, count};
	return 0;
fail:
	free(insns);
	return -1;
}

/* A program begins with zeros in both registers. */
static const struct insn beginning[] = {{.code = BPF_LD | BPF_IMM}, {.code = BPF_LDX | BPF_IMM}};
enum { BEGINNING = sizeof(beginning) / sizeof(*beginning) };

/* Has the condition, of count instructions, go on behind its end where it accepts. */
static void
lead_on(struct insn *insns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (insns[i].code == (BPF_RET | BPF_K) && insns[i].k)
			insns[i] =
			    (struct insn){.code = BPF_JMP | BPF_JA, .k = (uint32_t)(count - i - 1)};
}

int
bpf_require(struct bpf *program, const struct bpf *condition, struct failure *why)
{
	const size_t before = condition->count + (program->count ? BEGINNING : 0);
	const size_t count = before + program->count;
	struct insn *insns;

	if (count > BPF_MAX)
		return failure_set(why,
				   "a program of %zu instructions and its condition of %zu: the "
				   "kernel takes %d together",
				   program->count, condition->count, BPF_MAX);
	insns = calloc(count ? count : 1, sizeof(*insns));
	if (!insns)
		return failure_nomem(why);
	memcpy(insns, condition->insns, condition->count * sizeof(*insns));
	if (program->count) {
		lead_on(insns, condition->count);
		memcpy(insns + condition->count, beginning, sizeof(beginning));
		memcpy(insns + before, program->insns, program->count * sizeof(*insns));
	}
	bpf_release(program);
	*program = (struct bpf){insns, count};
	return 0;
}

static const char *
load_name(uint16_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_H: return "ldh";
	case BPF_B: return "ldb";
	default: return "ld";
	}
}

static void
describe_load(const struct insn *insn, const char **name, char *operand, size_t size)
{
	bool to_x = BPF_CLASS(insn->code) == BPF_LDX;

	*name = to_x ? "ldx" : "ld";
	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
		*name = load_name(insn->code);
		snprintf(operand, size, "[%u]", insn->k);
		break;
	case BPF_IND:
		*name = load_name(insn->code);
		snprintf(operand, size, "[x + %u]", insn->k);
		break;
	case BPF_IMM: snprintf(operand, size, "#0x%x", insn->k); break;
	case BPF_MEM: snprintf(operand, size, "M[%u]", insn->k); break;
	case BPF_MSH:
		*name = "ldxb";
		snprintf(operand, size, "4*([%u]&0xf)", insn->k);
		break;
	default: snprintf(operand, size, "#pktlen"); break;
	}
}

static void
describe_alu(const struct insn *insn, const char **name, char *operand, size_t size)
{
	static const char *const names[] = {"add", "sub", "mul", "div", "or", "and",
					    "lsh", "rsh", "neg", "mod", "xor"};
	unsigned op = BPF_OP(insn->code);

	*name = names[op >> 4];
	if (op == BPF_NEG)
		operand[0] = '\0';
	else if (BPF_SRC(insn->code) == BPF_X)
		snprintf(operand, size, "x");
	else if (op == BPF_AND || op == BPF_OR || op == BPF_XOR)
		snprintf(operand, size, "#0x%x", insn->k);
	else
		snprintf(operand, size, "#%u", insn->k);
}

static void
describe_jump(const struct insn *insn, size_t at, const char **name, char *operand, size_t size)
{
	static const char *const names[] = {"ja", "jeq", "jgt", "jge", "jset"};

	*name = names[BPF_OP(insn->code) >> 4];
	if (BPF_OP(insn->code) == BPF_JA)
		snprintf(operand, size, "%zu", at + 1 + insn->k);
	else if (BPF_SRC(insn->code) == BPF_X)
		snprintf(operand, size, "x");
	else
		snprintf(operand, size, "#0x%x", insn->k);
}

/* One line in the words of `tcpdump -d`. */
static void
print_listing(const struct insn *insn, size_t at, FILE *out)
{
	const char *name = "";
	char operand[32] = "";

	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
	case BPF_LDX: describe_load(insn, &name, operand, sizeof(operand)); break;
	case BPF_ST:
	case BPF_STX:
		name = BPF_CLASS(insn->code) == BPF_ST ? "st" : "stx";
		snprintf(operand, sizeof(operand), "M[%u]", insn->k);
		break;
	case BPF_ALU: describe_alu(insn, &name, operand, sizeof(operand)); break;
	case BPF_JMP: describe_jump(insn, at, &name, operand, sizeof(operand)); break;
	case BPF_RET:
		name = "ret";
		if (BPF_RVAL(insn->code) == BPF_K)
			snprintf(operand, sizeof(operand), "#%u", insn->k);
		break;
	default: name = BPF_MISCOP(insn->code) == BPF_TAX ? "tax" : "txa"; break;
	}
	if (BPF_CLASS(insn->code) == BPF_JMP && BPF_OP(insn->code) != BPF_JA)
		fprintf(out, "(%03zu) %-8s %-16s jt %zu\tjf %zu\n", at, name, operand,
			at + 1 + insn->jt, at + 1 + insn->jf);
	else
		fprintf(out, "(%03zu) %-8s %s\n", at, name, operand);
}

void
bpf_print(const struct bpf *program, enum bpf_form form, FILE *out)
{
	if (form == BPF_DECIMAL)
		fprintf(out, "%zu\n", program->count);
	else if (form == BPF_COMMA)
		fprintf(out, "%zu", program->count);
	for (size_t i = 0; i < program->count; i++) {
		const struct insn *insn = &program->insns[i];

		switch (form) {
		case BPF_LISTING: print_listing(insn, i, out); break;
		case BPF_C:
			fprintf(out, "{ 0x%x, %u, %u, 0x%08x },\n", insn->code, insn->jt, insn->jf,
				insn->k);
			break;
		case BPF_DECIMAL:
			fprintf(out, "%u %u %u %u\n", insn->code, insn->jt, insn->jf, insn->k);
			break;
		case BPF_COMMA:
			fprintf(out, ",%u %u %u %u", insn->code, insn->jt, insn->jf, insn->k);
			break;
		}
	}
	if (form == BPF_COMMA)
		putc('\n', out);
}

/* Loads size bytes at `at`. Offsets from 2^31 on are the kernel's ancillary data (SKF_AD_OFF),
 * which a packet in memory does not have. */
static bool
load(const unsigned char *data, uint32_t caplen, uint64_t at, uint16_t code, uint32_t *value)
{
	unsigned size = BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;

	if (at + size > caplen)
		return false;
	*value = 0;
	for (unsigned i = 0; i < size; i++)
		*value = *value << 8 | data[at + i];
	return true;
}

/* False for a division by zero, which ends the program. */
static bool
compute(uint16_t code, uint32_t *a, uint32_t b)
{
	switch (BPF_OP(code)) {
	case BPF_ADD: *a += b; break;
	case BPF_SUB: *a -= b; break;
	case BPF_MUL: *a *= b; break;
	case BPF_OR: *a |= b; break;
	case BPF_AND: *a &= b; break;
	case BPF_XOR: *a ^= b; break;
	case BPF_LSH: *a <<= b & 31; break;
	case BPF_RSH: *a >>= b & 31; break;
	case BPF_NEG: *a = -*a; break;
	case BPF_DIV:
	case BPF_MOD:
		if (b == 0)
			return false;
		*a = BPF_OP(code) == BPF_DIV ? *a / b : *a % b;
		break;
	default: break;
	}
	return true;
}

static bool
compare(uint16_t code, uint32_t a, uint32_t b)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ: return a == b;
	case BPF_JGT: return a > b;
	case BPF_JGE: return a >= b;
	default: return (a & b) != 0;
	}
}

/* Sets *cut where the program ends without a return. */
static uint32_t
run(const struct bpf *program, const unsigned char *data, uint32_t caplen, uint32_t len, bool *cut)
{
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {0};

	for (const struct insn *insn = program->insns;; insn++) {
		uint16_t code = insn->code;
		uint32_t operand = BPF_SRC(code) == BPF_X ? x : insn->k;

		switch (BPF_CLASS(code)) {
		case BPF_LD:
			switch (BPF_MODE(code)) {
			case BPF_ABS:
				if (!load(data, caplen, insn->k, code, &a))
					goto cut;
				break;
			case BPF_IND:
				if (!load(data, caplen, (uint64_t)x + insn->k, code, &a))
					goto cut;
				break;
			case BPF_IMM: a = insn->k; break;
			case BPF_MEM: a = memory[insn->k]; break;
			default: a = len; break;
			}
			break;
		case BPF_LDX:
			switch (BPF_MODE(code)) {
			case BPF_MSH:
				if (!load(data, caplen, insn->k, BPF_B, &x))
					goto cut;
				x = 4 * (x & 0xf);
				break;
			case BPF_IMM: x = insn->k; break;
			case BPF_MEM: x = memory[insn->k]; break;
			default: x = len; break;
			}
			break;
		case BPF_ST: memory[insn->k] = a; break;
		case BPF_STX: memory[insn->k] = x; break;
		case BPF_ALU:
			if (!compute(code, &a, operand))
				goto cut;
			break;
		case BPF_JMP:
			if (BPF_OP(code) == BPF_JA)
				insn += insn->k;
			else
				insn += compare(code, a, operand) ? insn->jt : insn->jf;
			break;
		case BPF_RET: return BPF_RVAL(code) == BPF_A ? a : insn->k;
		default:
			if (BPF_MISCOP(code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		}
	}
cut:
	*cut = true;
	return 0;
}

uint32_t
bpf_run(const struct bpf *program, const unsigned char *data, uint32_t caplen, uint32_t len)
{
	bool cut = false;

	return run(program, data, caplen, len, &cut);
}

enum bpf_verdict
bpf_judge(const struct bpf *program, const unsigned char *data, uint32_t caplen, uint32_t len)
{
	bool cut = false;
	uint32_t value = program->count > 0 ? run(program, data, caplen, len, &cut) : 0;

	if (cut)
		return BPF_CUT;
	return value ? BPF_ACCEPTS : BPF_REJECTS;
}
