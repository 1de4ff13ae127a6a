#include "extcap/sentence.h"

#include <stdarg.h>

void
sentence_begin(FILE *out, const char *kind)
{
	fprintf(out, "%s ", kind);
}

void
sentence_field(FILE *out, const char *name, const char *value)
{
	if (!value)
		return;
	fprintf(out, "{%s=", name);
	for (; *value; value++) {
		const unsigned char c = (unsigned char)*value;

		putc(c == '{' ? '(' : c == '}' ? ')' : c < ' ' || c == 0x7f ? ' ' : c, out);
	}
	putc('}', out);
}

void
sentence_number(FILE *out, const char *name, unsigned value)
{
	fprintf(out, "{%s=%u}", name, value);
}

void
sentence_end(FILE *out)
{
	putc('\n', out);
}

void
sentence_print(FILE *out, const char *kind, ...)
{
	const char *name;
	va_list fields;

	sentence_begin(out, kind);
	va_start(fields, kind);
	while ((name = va_arg(fields, const char *)))
		sentence_field(out, name, va_arg(fields, const char *));
	va_end(fields);
	sentence_end(out);
}
