/*
 * The Test Anything Protocol for C tests: ok() and is_str() print a line each, done_testing() the
 * plan. A test program includes this once.
 */
#ifndef VCAP_TAP_H
#define VCAP_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static unsigned tap_count, tap_failed;

__attribute__((format(printf, 2, 3), unused)) static bool
ok(bool passed, const char *format, ...)
{
	va_list args;

	printf("%sok %u - ", passed ? "" : "not ", ++tap_count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	tap_failed += !passed;
	return passed;
}

__attribute__((unused)) static bool
is_str(const char *got, const char *wanted, const char *name)
{
	bool same = got && wanted ? strcmp(got, wanted) == 0 : got == wanted;

	ok(same, "%s", name);
	if (!same)
		printf("#    got: %s\n# wanted: %s\n", got ? got : "(null)",
		       wanted ? wanted : "(null)");
	return same;
}

__attribute__((unused)) static int
done_testing(void)
{
	printf("1..%u\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif
