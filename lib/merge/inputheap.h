/*
 * The inputs of a merge that have a head, the oldest head on top: by time, engine, core and then
 * contents, so that the order of the inputs has no influence. Equal heads of several inputs are
 * handed out in a row.
 *
 *	inputheap_push each, then repeat: inputheap_top -> inputheap_consume ->
 *	input_advance(inputheap_top) -> inputheap_advanced
 */
#ifndef VCAP_INPUTHEAP_H
#define VCAP_INPUTHEAP_H

#include "merge/input.h"
#include "merge/interfaces.h"
#include "packet/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_entry {
	int64_t ts_ns;
	uint32_t input;
};

struct inputheap {
	const struct interfaces *interfaces; /* the caller's, as inputs are */
	struct input *inputs;
	struct heap_entry *entries; /* a binary heap */
	size_t count;
	/* Inputs with equal heads, taken out of the heap; the last one is on top. */
	uint32_t *duplicates;
	size_t duplicate_count;
	struct packet duplicate; /* data and options are a copy, in duplicate_bytes */
	unsigned char *duplicate_bytes;
};

#define INPUTHEAP_INIT ((struct inputheap){0})

/* interfaces and the count inputs stay the caller's. -1: out of memory; it must still be released.
 */
int inputheap_init(struct inputheap *heap, const struct interfaces *interfaces,
		   struct input *inputs, size_t count);
/* Frees the heap, not the inputs; heap is then INPUTHEAP_INIT. */
void inputheap_release(struct inputheap *heap);

/* Adds an input that has a head. */
void inputheap_push(struct inputheap *heap, uint32_t input);

/* Whether no input has a head. */
static inline bool
inputheap_is_empty(const struct inputheap *heap)
{
	return heap->count == 0 && heap->duplicate_count == 0;
}

/* The input whose head is next. */
static inline uint32_t
inputheap_top(const struct inputheap *heap)
{
	return heap->duplicate_count ? heap->duplicates[heap->duplicate_count - 1]
				     : heap->entries[0].input;
}

/* Call when the head of inputheap_top has been handed out, before that input advances. -1: out of
 * memory. */
int inputheap_consume(struct inputheap *heap);
/* The input has advanced and has a head again, or none: then it leaves the heap. */
void inputheap_advanced(struct inputheap *heap, bool has_head);

/* The input at this place has a newer head, or the same: moves it down. The heap below the place is
 * in order. */
void inputheap_sift_down(struct inputheap *heap, size_t place);

#endif
