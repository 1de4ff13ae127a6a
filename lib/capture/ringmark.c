#include "capture/ringmark.h"

#include "base/clock.h"
#include "base/parse.h"
#include "capfile/pcapng.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Most bytes of a section header that a mark is looked for in. */
#define HEADER_MAX (64u << 10)

int
ringmark_read(int fd, int64_t *begun_ns)
{
	char text[RINGMARK_WIDTH + 1];
	unsigned char *header = malloc(HEADER_MAX), *at = NULL;
	ssize_t size = header ? pread(fd, header, HEADER_MAX, 0) : -1;
	uint32_t head[2];
	int rc = -1;

	if (size >= (ssize_t)sizeof(head)) {
		memcpy(head, header, sizeof(head));
		if (head[0] == PCAPNG_SHB && head[1] <= (size_t)size)
			at = memmem(header, head[1], RINGMARK_KEY " ", sizeof(RINGMARK_KEY));
	}
	if (at && at + sizeof(RINGMARK_KEY) + RINGMARK_WIDTH <= header + size) {
		memcpy(text, at + sizeof(RINGMARK_KEY), RINGMARK_WIDTH);
		text[RINGMARK_WIDTH] = '\0';
		rc = parse_offset(text, begun_ns, NULL);
	}
	free(header);
	return rc;
}
