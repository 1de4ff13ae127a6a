#include "base/hugepage.h"

#include <stdlib.h>
#include <sys/mman.h>

#define LARGE_PAGE (2u << 20)

void *
hugepage_new(size_t size)
{
	const size_t whole = (size + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
	void *bytes = aligned_alloc(LARGE_PAGE, whole);

	/* If the kernel refuses, the pages are small. */
	if (bytes)
		madvise(bytes, whole, MADV_HUGEPAGE);
	return bytes;
}
