#include "base/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
failure_vset(struct failure *why, const char *format, va_list args)
{
	vsnprintf(why->text, sizeof(why->text), format, args);
}

int
failure_set(struct failure *why, const char *format, ...)
{
	va_list args;

	if (!why)
		return -1;
	va_start(args, format);
	failure_vset(why, format, args);
	va_end(args);
	return -1;
}

int
failure_errno(struct failure *why, const char *format, ...)
{
	int saved = errno;
	va_list args;
	size_t used;

	if (!why)
		return -1;
	va_start(args, format);
	failure_vset(why, format, args);
	va_end(args);
	used = strlen(why->text);
	snprintf(why->text + used, sizeof(why->text) - used, ": %s", strerror(saved));
	errno = saved;
	return -1;
}
