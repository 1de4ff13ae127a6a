/*
 * Bit n of a pseudonym is bit n of the address, flipped or not as the first bit of the cipher of what
 * stands before it says: the first n bits of the address, the rest from a pad. So addresses with the same
 * beginning are treated alike up to the bit in which they differ, and no two get the same pseudonym.
 */
#include "packet/pseudonym.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 16
#define CACHE (1u << 14) /* addresses that are remembered */

struct pseudonyms {
	EVP_CIPHER_CTX *cipher;
	unsigned char pad[BLOCK];
	bool has_failed;
	struct addr known[CACHE], names[CACHE];
};

/* Enciphers blocks in place. */
static void
encipher(struct pseudonyms *pseudonyms, unsigned char *blocks, int size)
{
	int written = 0;

	/* Without padding, and whole blocks: it should not fail. */
	if (EVP_EncryptUpdate(pseudonyms->cipher, blocks, &written, blocks, size) != 1 ||
	    written != size)
		pseudonyms->has_failed = true;
}

struct pseudonyms *
pseudonyms_new(const unsigned char key[PSEUDONYM_KEY], struct failure *why)
{
	struct pseudonyms *pseudonyms = calloc(1, sizeof(*pseudonyms));

	if (!pseudonyms || !(pseudonyms->cipher = EVP_CIPHER_CTX_new())) {
		failure_nomem(why);
		free(pseudonyms);
		return NULL;
	}
	if (EVP_EncryptInit_ex(pseudonyms->cipher, EVP_aes_128_ecb(), NULL, key, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(pseudonyms->cipher, 0) != 1) {
		failure_set(why, "libcrypto has no AES");
		pseudonyms_free(pseudonyms);
		return NULL;
	}
	memcpy(pseudonyms->pad, key + BLOCK, BLOCK);
	encipher(pseudonyms, pseudonyms->pad, BLOCK);
	return pseudonyms;
}

void
pseudonyms_free(struct pseudonyms *pseudonyms)
{
	if (!pseudonyms)
		return;
	EVP_CIPHER_CTX_free(pseudonyms->cipher);
	free(pseudonyms);
}

bool
pseudonyms_have_failed(const struct pseudonyms *pseudonyms)
{
	return pseudonyms->has_failed;
}

static bool
is_its_own(struct addr addr)
{
	if (addr.family == 6)
		return addr.value <= 1 || addr.value >> 120 == 0xff;
	return addr.value == 0 || addr.value == 0xffffffff || addr.value >> 24 == 127 ||
	       addr.value >> 28 == 14;
}

/* How many of the first bits say what kind of address it is. */
static int
kind_bits(struct addr addr)
{
	if (addr.family == 4)
		return 4;
	if (addr.value >> 121 == 0xfc >> 1)
		return 7;
	return addr.value >> 118 == 0xfe80 >> 6 ? 10 : 3;
}

static void
put_bytes(unsigned char *to, unsigned __int128 value, int size)
{
	while (size-- > 0) {
		to[size] = (unsigned char)value;
		value >>= 8;
	}
}

static struct addr
permute(struct pseudonyms *pseudonyms, struct addr addr)
{
	const int bits = addr.family == 4 ? 32 : 128, first = kind_bits(addr);
	unsigned char blocks[128 * BLOCK], bytes[BLOCK];
	struct addr name = addr;

	put_bytes(bytes, addr.value, bits / 8);
	for (int n = first; n < bits; n++) {
		unsigned char *block = blocks + (size_t)(n - first) * BLOCK;

		memcpy(block, pseudonyms->pad, BLOCK);
		memcpy(block, bytes, (size_t)n / 8);
		if (n % 8) {
			const unsigned mask = 0xff00u >> n % 8 & 0xff;

			block[n / 8] = (unsigned char)((bytes[n / 8] & mask) |
						       (pseudonyms->pad[n / 8] & ~mask));
		}
	}
	encipher(pseudonyms, blocks, (bits - first) * BLOCK);
	for (int n = first; n < bits; n++)
		if (blocks[(size_t)(n - first) * BLOCK] & 0x80)
			name.value ^= (unsigned __int128)1 << (bits - 1 - n);
	return name;
}

struct addr
pseudonym_of(struct pseudonyms *pseudonyms, struct addr addr)
{
	const uint64_t mixed = (uint64_t)(addr.value ^ addr.value >> 64) * 0x9e3779b97f4a7c15;
	const size_t at = mixed >> 50; /* 14 bits */
	struct addr name = addr;

	if (is_its_own(addr))
		return addr;
	if (pseudonyms->known[at].family == addr.family &&
	    pseudonyms->known[at].value == addr.value)
		return pseudonyms->names[at];
	do
		name = permute(pseudonyms, name);
	while (is_its_own(name));
	pseudonyms->known[at] = addr;
	pseudonyms->names[at] = name;
	return name;
}

void
pseudonym_ethernet(struct pseudonyms *pseudonyms, unsigned char address[6])
{
	static const unsigned char nothing[6];
	unsigned char block[BLOCK] = "Ethernet";

	if (address[0] & 1 || memcmp(address, nothing, sizeof(nothing)) == 0)
		return;
	memcpy(block + 8, address, 6);
	encipher(pseudonyms, block, sizeof(block));
	memcpy(address + 3, block, 3);
}

#define ADDRESS_CHARACTERS "0123456789ABCDEFabcdef.:"

/* Reads an address at the beginning of a run of such characters, which a port, or the end of a sentence,
 * may follow. Returns its length; 0: there is none. */
static size_t
find_address(const char *run, size_t size, struct addr *addr)
{
	char word[ADDR_TEXT];

	for (; size > 1; size--) {
		if (size >= sizeof(word))
			continue;
		memcpy(word, run, size);
		word[size] = '\0';
		if (addr_parse(addr, word, NULL) == 0 &&
		    (!run[size] || !strchr("0123456789", run[size])))
			return size;
	}
	return 0;
}

char *
pseudonym_text(struct pseudonyms *pseudonyms, const char *text)
{
	char *copy = NULL, name[ADDR_TEXT];
	struct addr addr;
	size_t size;
	FILE *out = open_memstream(&copy, &size);

	while (out && *text) {
		const size_t run = strspn(text, ADDRESS_CHARACTERS);
		const size_t found = run ? find_address(text, run, &addr) : 0;
		size_t passed = 0;

		/* An address may begin within a run: of "ssh:2001:db8::7" the second character. */
		if (!found)
			passed = run ? 1 : strcspn(text, ADDRESS_CHARACTERS);

		if (found)
			fputs(addr_format(pseudonym_of(pseudonyms, addr), name, sizeof(name)), out);
		fwrite(text + found, 1, passed, out);
		text += found + passed;
	}
	if (out && fclose(out) == 0)
		return copy;
	free(copy);
	return NULL;
}
