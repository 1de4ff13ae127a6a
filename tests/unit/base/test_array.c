#include "base/array.h"
#include "tap.h"

#include <stdint.h>
#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
/* What cannot be had is refused, not a fault of the program. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}
#endif

static void
grows_by_one_each_time(void)
{
	uint64_t *list = NULL;
	size_t count, wrong = 0;

	for (count = 0; count < 1000 && array_grow(&list, count, sizeof(*list)) == 0; count++)
		list[count] = count;
	for (size_t i = 0; i < count; i++)
		wrong += list[i] != i;
	ok(count == 1000 && wrong == 0, "elements are kept as the array grows");
	free(list);
}

static void
is_emptied_and_filled_again(void)
{
	uint64_t *list = NULL;

	ok(array_grow(&list, 0, sizeof(*list)) == 0 && list, "the first element");
	list[0] = 7;
	ok(array_grow(&list, 0, sizeof(*list)) == 0 && list[0] == 7, "no element, but a list");
	free(list);
}

static void
fails_without_memory(void)
{
	uint64_t *list = NULL;

	ok(array_grow(&list, 0, sizeof(*list)) == 0, "room for one");
	list[0] = 7;
	ok(array_grow(&list, (size_t)1 << 62, sizeof(*list)) < 0,
	   "a size beyond size_t is refused");
	ok(list[0] == 7, "... and the list is unchanged");
	free(list);
}

int
main(void)
{
	grows_by_one_each_time();
	is_emptied_and_filled_again();
	fails_without_memory();
	return done_testing();
}
