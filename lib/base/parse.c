#include "base/parse.h"

#include "base/clock.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* Reads digits at *word into *value; false if there are none or they exceed 64 bits. */
static bool
take_digits(const char **word, uint64_t *value)
{
	const char *s = *word;

	*value = 0;
	for (; isdigit((unsigned char)*s); s++)
		if (__builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, (uint64_t)(*s - '0'), value))
			return false;
	if (s == *word)
		return false;
	*word = s;
	return true;
}

/* Reads a fraction (".25") at *word as billionths; true and 0 if there is none. */
static bool
take_fraction(const char **word, uint64_t *billionths)
{
	const char *s = *word;
	uint64_t scale = 100000000;

	*billionths = 0;
	if (*s != '.')
		return true;
	if (!isdigit((unsigned char)*++s))
		return false;
	for (; isdigit((unsigned char)*s); s++, scale /= 10) {
		if (scale == 0)
			return false;
		*billionths += (uint64_t)(*s - '0') * scale;
	}
	*word = s;
	return true;
}

int
parse_number(const char *word, uint64_t max, uint64_t *out, struct failure *why)
{
	const char *s = word;
	uint64_t value;

	if (!take_digits(&s, &value) || *s)
		return failure_set(why, "not a number: '%s'", word);
	if (value > max)
		return failure_set(why, "number too large: '%s'", word);
	*out = value;
	return 0;
}

int
parse_duration(const char *word, int64_t bare_ns, int64_t *out, struct failure *why)
{
	static const struct {
		const char *name;
		int64_t ns;
	} units[] = {
	    {"ms", 1000000},           {"s", NS_PER_SECOND},           {"m", NS_PER_MINUTE},
	    {"h", 60 * NS_PER_MINUTE}, {"d", 24 * 60 * NS_PER_MINUTE},
	};
	const int64_t longest = 3660 * 24 * 60 * NS_PER_MINUTE;
	const char *s = word;
	uint64_t whole, fraction;
	int64_t unit = 0;

	if (!take_digits(&s, &whole) || !take_fraction(&s, &fraction))
		return failure_set(why, "not a duration: '%s'", word);
	if (!*s)
		unit = bare_ns;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strcmp(s, units[i].name) == 0)
			unit = units[i].ns;
	if (unit == 0)
		return failure_set(why, "not a duration: '%s'", word);
	if (whole > (uint64_t)(longest / unit))
		return failure_set(why, "duration too long: '%s'", word);
	*out = (int64_t)whole * unit +
	       (int64_t)((unsigned __int128)fraction * (uint64_t)unit / NS_PER_SECOND);
	return 0;
}

int
parse_offset(const char *word, int64_t *out, struct failure *why)
{
	const char *s = word;
	bool negative = *s == '-';
	uint64_t whole, fraction;
	int64_t ns;

	if (*s == '-' || *s == '+')
		s++;
	if (!take_digits(&s, &whole) || !take_fraction(&s, &fraction) || *s ||
	    whole > INT64_MAX / NS_PER_SECOND - 1)
		return failure_set(why, "not an offset in seconds: '%s'", word);
	ns = (int64_t)whole * NS_PER_SECOND + (int64_t)fraction;
	*out = negative ? -ns : ns;
	return 0;
}

int
parse_size(const char *word, uint64_t *out, struct failure *why)
{
	static const char suffixes[] = "kMGT";
	const char *s = word;
	unsigned shift = 0;
	uint64_t value;

	if (!take_digits(&s, &value))
		return failure_set(why, "not a size: '%s'", word);
	if (*s) {
		for (unsigned i = 0; suffixes[i]; i++)
			if (toupper((unsigned char)*s) == toupper((unsigned char)suffixes[i]))
				shift = 10 * (i + 1);
		if (shift == 0 || s[1])
			return failure_set(why, "not a size: '%s'", word);
	}
	if (value > (UINT64_MAX >> 1) >> shift)
		return failure_set(why, "size too large: '%s'", word);
	*out = value << shift;
	return 0;
}

bool
parse_is_name(const char *word)
{
	if (!isalnum((unsigned char)word[0]) || strlen(word) > 64)
		return false;
	for (const char *s = word; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return false;
	return true;
}

bool
parse_is_token(const char *word)
{
	return strspn(word, "0123456789abcdef") == 16 && word[16] == '\0';
}

/* Whether word is YYYYMMDD_HHMMSS, with -N behind it or not, a dot and a name. */
static bool
has_time_and_name(const char *word)
{
	static const char digits[] = "0123456789";

	if (strspn(word, digits) != 8 || word[8] != '_' || strspn(word + 9, digits) != 6)
		return false;
	word += 15;
	if (*word == '-' && isdigit((unsigned char)word[1]))
		word += 1 + strspn(word + 1, digits);
	return *word == '.' && parse_is_name(word + 1);
}

bool
parse_is_capture(const char *word)
{
	const size_t length = strlen(word);
	const char *dot = word;

	if (!isalnum((unsigned char)*word) || length > 255)
		return false;
	for (const char *s = word; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return false;
	while ((dot = strchr(dot + 1, '.')))
		if (has_time_and_name(dot + 1))
			return true;
	return false;
}

bool
parse_is_capture_of(const char *word, const char *service)
{
	const size_t length = strlen(service);

	return parse_is_capture(word) && strncmp(word, service, length) == 0 &&
	       word[length] == '.' && has_time_and_name(word + length + 1);
}

/* What Linux takes for an interface's name (dev_valid_name in net/core/dev.c), without controls, or for
 * an alternative one (ALTIFNAMSIZ). */
bool
parse_is_interface(const char *word)
{
	size_t length = strlen(word);

	if (length == 0 || length > 127 || strcmp(word, ".") == 0 || strcmp(word, "..") == 0)
		return false;
	for (const char *s = word; *s; s++)
		if (!isgraph((unsigned char)*s) || *s == '/' || *s == ':')
			return false;
	return word[0] != '-';
}

bool
parse_is_header(const char *word)
{
	static const char others[] = "!#$%&'*+-.^_`|~";
	size_t length = 0;

	while (isalnum((unsigned char)word[length]) ||
	       (word[length] && strchr(others, word[length])))
		length++;
	return word[length] == '\0' && length > 0 && length <= 64;
}
