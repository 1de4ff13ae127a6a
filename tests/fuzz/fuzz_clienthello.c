/*
 * Segments of few connections: a byte for the port, two of sequence number, one of flags, one of size, the
 * bytes; again and again.
 */
#include "fuzz.h"
#include "packet/clienthello.h"

static void
head(unsigned char packet[40], const uint8_t *data, size_t size)
{
	static const unsigned char ip[20] = {0x45, 0, 0,  0, 0, 0, 0,  0, 64, 6,
					     0,    0, 10, 0, 0, 1, 10, 0, 0,  2};

	memset(packet, 0, 40);
	memcpy(packet, ip, sizeof(ip));
	packet[2] = (unsigned char)((40 + size) >> 8);
	packet[3] = (unsigned char)(40 + size);
	packet[21] = data[0] & 3;
	packet[23] = 187;
	packet[26] = data[1] & 3;
	packet[27] = data[2];
	packet[32] = 0x50;
	packet[33] = data[3] & 0x12;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct siphash_key secret = {{1, 2}};
	struct failure why;
	struct clienthello *finder = clienthello_new(secret, &why);

	must(finder);
	while (size > 5) {
		const size_t bytes = data[4] < size - 5 ? data[4] : size - 5;
		unsigned char *copy = malloc(40 + bytes), random[TLSKEY_RANDOM] = {0};
		const struct packet packet = {
		    .caplen = (uint32_t)(40 + bytes), .len = (uint32_t)(40 + bytes), .data = copy};

		must(copy);
		head(copy, data, bytes);
		memcpy(copy + 40, data + 5, bytes);
		clienthello_see(finder, &packet, LINKTYPE_RAW, random);
		free(copy);
		data += 5 + bytes;
		size -= 5 + bytes;
	}
	clienthello_free(finder);
	return 0;
}
