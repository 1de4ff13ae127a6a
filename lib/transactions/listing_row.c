#include "transactions/listing_row.h"

#include <stdlib.h>
#include <string.h>

int
listing_row_compare(const void *a, const void *b)
{
	const struct listing_row *one = a, *other = b;

	if (one->has_key != other->has_key)
		return one->has_key ? -1 : 1;
	if (one->has_key && one->key != other->key)
		return one->key > other->key ? -1 : 1;
	if (!one->text != !other->text)
		return one->text ? -1 : 1;
	if (one->text && strcmp(one->text, other->text) != 0)
		return strcmp(one->text, other->text);
	if (one->began_ns != other->began_ns)
		return one->began_ns < other->began_ns ? -1 : 1;
	return one->id < other->id ? -1 : one->id > other->id;
}

void
listing_row_release(struct listing_row *row)
{
	free(row->text);
	free(row->cells);
	row->text = row->cells = NULL;
}
