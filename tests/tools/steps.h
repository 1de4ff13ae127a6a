/*
 * How many instructions a program executes for a packet: what the kernel's interpreter would count.
 */
#ifndef VCAP_TEST_STEPS_H
#define VCAP_TEST_STEPS_H

#include "packet/bpf.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

/* Bytes beyond the packet are zero: filters that are counted read none. */
static uint32_t
steps_load(const unsigned char *data, uint32_t size, uint32_t at, uint16_t code)
{
	unsigned width = BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;
	uint32_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value = value << 8 | (at + i < size ? data[at + i] : 0);
	return value;
}

static uint32_t
steps_compute(uint16_t code, uint32_t a, uint32_t operand)
{
	switch (BPF_OP(code)) {
	case BPF_ADD: return a + operand;
	case BPF_SUB: return a - operand;
	case BPF_MUL: return a * operand;
	case BPF_AND: return a & operand;
	case BPF_OR: return a | operand;
	case BPF_LSH: return a << operand;
	default: return a >> operand;
	}
}

static bool
steps_compare(uint16_t code, uint32_t a, uint32_t operand)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ: return a == operand;
	case BPF_JGT: return a > operand;
	case BPF_JGE: return a >= operand;
	default: return (a & operand) != 0;
	}
}

/* The return is one of them. */
static unsigned
count_steps(const struct insn *insns, const unsigned char *data, uint32_t size)
{
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {0};
	unsigned steps = 1;

	for (const struct insn *i = insns; BPF_CLASS(i->code) != BPF_RET; i++, steps++) {
		uint32_t operand = BPF_SRC(i->code) == BPF_X ? x : i->k;

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			switch (BPF_MODE(i->code)) {
			case BPF_ABS: a = steps_load(data, size, i->k, i->code); break;
			case BPF_IND: a = steps_load(data, size, i->k + x, i->code); break;
			case BPF_MEM: a = memory[i->k]; break;
			case BPF_LEN: a = size; break;
			default: a = i->k; break;
			}
			break;
		case BPF_LDX:
			x = BPF_MODE(i->code) == BPF_MSH
				? (steps_load(data, size, i->k, BPF_B) & 15) * 4
			    : BPF_MODE(i->code) == BPF_MEM ? memory[i->k]
							   : i->k;
			break;
		case BPF_ST: memory[i->k] = a; break;
		case BPF_STX: memory[i->k] = x; break;
		case BPF_ALU: a = steps_compute(i->code, a, operand); break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				i += i->k;
			else
				i += steps_compare(i->code, a, operand) ? i->jt : i->jf;
			break;
		default:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		}
	}
	return steps;
}

#endif
