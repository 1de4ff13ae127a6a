#include "capture/ringmark.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void
ringmark_set(struct blocks *blocks, int64_t now_ns)
{
	char text[64];
	unsigned char *at =
	    memmem(blocks->bytes, blocks->used, RINGMARK_KEY " ", sizeof(RINGMARK_KEY));
	const int size = snprintf(text, sizeof(text), "%010" PRId64 ".%09" PRId64,
				  now_ns / NS_PER_SECOND, now_ns % NS_PER_SECOND);

	if (at && size == RINGMARK_WIDTH)
		memcpy(at + sizeof(RINGMARK_KEY), text, RINGMARK_WIDTH);
}
