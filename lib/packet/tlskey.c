/*
 * Words are what stands between blanks, quotation marks and brackets, so that the same parser reads key
 * logs and the structured data of a log line (RFC 5424, 6.3). Only known labels with exact lengths pass:
 * what is not a key must not get into a file, wherever the line came from.
 */
#include "packet/tlskey.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	size_t sizes[2]; /* of the secret */
	bool opens;
} labels[TLSKEY_LABELS] = {
    {"CLIENT_RANDOM", {48, 48}, true},
    {"CLIENT_EARLY_TRAFFIC_SECRET", {32, 48}, false},
    {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", {32, 48}, false},
    {"SERVER_HANDSHAKE_TRAFFIC_SECRET", {32, 48}, false},
    {"CLIENT_TRAFFIC_SECRET_0", {32, 48}, true},
    {"SERVER_TRAFFIC_SECRET_0", {32, 48}, true},
    {"EXPORTER_SECRET", {32, 48}, false},
    {"EARLY_EXPORTER_SECRET", {32, 48}, false},
};

/* What stands between words. */
#define BETWEEN " \t\r\n\"[]"

const char *
tlskey_label(unsigned label)
{
	return labels[label].name;
}

bool
tlskey_opens(const struct tlskey *key)
{
	return labels[key->label].opens;
}

struct word {
	const char *at;
	size_t size; /* 0: there is none */
};

static struct word
next_word(const char **text)
{
	struct word word;

	word.at = *text + strspn(*text, BETWEEN);
	word.size = strcspn(word.at, BETWEEN);
	*text = word.at + word.size;
	return word;
}

static bool
is_word(const struct word *word, const char *name)
{
	return word->size == strlen(name) && memcmp(word->at, name, word->size) == 0;
}

static int
digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) % 16 : -1;
}

/* Whether the word is this many bytes in hexadecimal digits. */
static bool
read_bytes(const struct word *word, unsigned char *bytes, size_t size)
{
	if (word->size != 2 * size)
		return false;
	for (size_t i = 0; i < size; i++) {
		const int high = digit(word->at[2 * i]), low = digit(word->at[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static unsigned
find_label(const struct word *word)
{
	unsigned i = 0;

	while (i < TLSKEY_LABELS && !is_word(word, labels[i].name))
		i++;
	return i;
}

/* Reads what stands behind a label. */
static enum tlskey_line
read_key(const char **text, struct tlskey *key)
{
	const struct word random = next_word(text), secret = next_word(text);
	const bool is_last = (*text)[strspn(*text, BETWEEN)] == '\0';

	for (int i = 0; i < 2; i++) {
		key->size = labels[key->label].sizes[i];
		if (read_bytes(&random, key->random, sizeof(key->random)) &&
		    read_bytes(&secret, key->secret, key->size))
			return TLSKEY_GOOD;
	}
	return is_last && secret.size < 2 * key->size ? TLSKEY_CUT : TLSKEY_REFUSED;
}

/* Whether HAProxy has logged that it has no such value. */
static bool
is_unset(const char *text)
{
	const struct word random = next_word(&text), secret = next_word(&text);

	return is_word(&random, "-") || is_word(&secret, "-");
}

/* Reads the key of a label, and keeps it if it is one. */
static enum tlskey_line
take_key(struct tlskeys *keys, const char **text, unsigned label, bool is_other_secret)
{
	struct tlskey *key = &keys->list[keys->count];
	enum tlskey_line verdict;

	if (keys->count == TLSKEY_MOST)
		return TLSKEY_REFUSED;
	if (is_unset(*text)) {
		next_word(text);
		next_word(text);
		return TLSKEY_GOOD;
	}
	key->label = label;
	verdict = read_key(text, key);
	keys->count += verdict == TLSKEY_GOOD && !is_other_secret;
	return verdict;
}

enum tlskey_line
tlskey_parse(struct tlskeys *keys, const char *line)
{
	enum tlskey_line verdict = TLSKEY_GOOD;
	bool is_version_3 = false, has_begun = false;
	struct word word;

	keys->count = 0;
	while (verdict == TLSKEY_GOOD && (word = next_word(&line)).size > 0) {
		const unsigned label = find_label(&word);

		if (label < TLSKEY_LABELS)
			verdict = take_key(keys, &line, label, is_version_3 && label == 0);
		else if (is_word(&word, "keys="))
			has_begun = true;
		else if (has_begun && is_word(&word, "end"))
			has_begun = false;
		is_version_3 = is_word(&word, "TLSv1.3");
	}
	if (verdict == TLSKEY_GOOD && has_begun)
		verdict = TLSKEY_CUT;
	if (verdict != TLSKEY_GOOD)
		keys->count = 0;
	return verdict;
}

size_t
tlskey_print(const struct tlskey *key, char line[TLSKEY_LINE])
{
	int at = snprintf(line, TLSKEY_LINE, "%s ", labels[key->label].name);

	for (size_t i = 0; i < TLSKEY_RANDOM; i++)
		at += snprintf(line + at, TLSKEY_LINE - (size_t)at, "%02x", key->random[i]);
	line[at++] = ' ';
	for (size_t i = 0; i < key->size; i++)
		at += snprintf(line + at, TLSKEY_LINE - (size_t)at, "%02x", key->secret[i]);
	line[at++] = '\n';
	line[at] = '\0';
	return (size_t)at;
}
