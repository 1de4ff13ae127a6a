#include "base/failure.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sets the formatted text and, unless it is empty, ": " and the reason. */
static void
set(struct failure *why, const char *reason, const char *format, va_list args)
{
	char *text = NULL, *whole = NULL;

	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	if (text && asprintf(&whole, "%s%s%s", text, *reason ? ": " : "", reason) < 0)
		whole = NULL;
	text_abridge(why->text, sizeof(why->text), whole ? whole : "out of memory");
	free(whole);
	free(text);
}

int
failure_set(struct failure *why, const char *format, ...)
{
	va_list args;

	if (!why)
		return -1;
	va_start(args, format);
	set(why, "", format, args);
	va_end(args);
	return -1;
}

int
failure_errno(struct failure *why, const char *format, ...)
{
	int saved = errno;
	va_list args;

	if (!why)
		return -1;
	va_start(args, format);
	set(why, strerror(saved), format, args);
	va_end(args);
	errno = saved;
	return -1;
}

int
failure_nomem(struct failure *why)
{
	return failure_set(why, "out of memory");
}
