/*
 * Nearly every hello has its random in its first segment, which one look at the payload shows. The others
 * need the first bytes of the stream in their order: from a SYN on, or from a segment that could begin a hello,
 * the first HEAD bytes of a direction are collected, with a bit for each, until they are a hello or cannot be
 * one. The table is set-associative, as that of connwatch.
 */
#include "packet/clienthello.h"

#include "packet/dissect.h"
#include "packet/tcp_header.h"
#include "packet/tunnel.h"

#include <stdlib.h>
#include <string.h>

enum { WAYS = 8, SETS = 256 };

/* Bytes of a stream that are collected: a random in records of a byte each takes 228. */
#define HEAD 512u

/* Of a handshake message, what has to be seen: type, length, version and random. */
#define HELLO          (1 + 3 + 2 + TLSKEY_RANDOM)

#define RECORD_HEADER  5u
#define PROXY2_HEADER  16u
#define PROXY1_LONGEST 107u

struct stream {
	struct addr source, destination;
	uint16_t source_port, destination_port;
	bool is_used;
	uint32_t start; /* sequence number of bytes[0] */
	uint64_t age;
	uint64_t has[HEAD / 64];
	unsigned char bytes[HEAD];
};

struct clienthello {
	struct siphash_key secret;
	struct stream *streams; /* SETS * WAYS, or NULL */
	size_t used;
	uint64_t clock;
};

enum verdict { NOT, MORE, FOUND };

struct clienthello *
clienthello_new(struct siphash_key secret, struct failure *why)
{
	struct clienthello *finder = calloc(1, sizeof(*finder));

	if (!finder) {
		failure_nomem(why);
		return NULL;
	}
	finder->secret = secret;
	return finder;
}

void
clienthello_free(struct clienthello *finder)
{
	if (!finder)
		return;
	free(finder->streams);
	free(finder);
}

/* Compares as far as there are bytes. */
static bool
begins(const unsigned char *bytes, size_t size, const void *with, size_t length)
{
	return memcmp(bytes, with, size < length ? size : length) == 0;
}

/* The length of a PROXY header in front; 0: there is none. MORE: it is not known yet. */
static enum verdict
find_proxy(const unsigned char *bytes, size_t size, uint32_t *length)
{
	static const unsigned char signature[12] = "\r\n\r\n\0\r\nQUIT\n";
	const unsigned char *end;

	*length = 0;
	if (size == 0)
		return MORE;
	if (begins(bytes, size, signature, sizeof(signature))) {
		if (size < PROXY2_HEADER)
			return MORE;
		*length = PROXY2_HEADER + ((uint32_t)bytes[14] << 8 | bytes[15]);
		return FOUND;
	}
	if (!begins(bytes, size, "PROXY ", 6))
		return FOUND;
	end = memchr(bytes, '\n', size < PROXY1_LONGEST ? size : PROXY1_LONGEST);
	if (!end)
		return size < PROXY1_LONGEST ? MORE : NOT;
	*length = (uint32_t)(end + 1 - bytes);
	return FOUND;
}

/* Whether a record with a part of a handshake begins so (RFC 8446, 5.1). */
static bool
is_record(const unsigned char *bytes, size_t size)
{
	const unsigned length = size > 4 ? (unsigned)bytes[3] << 8 | bytes[4] : 1;

	return bytes[0] == 22 && (size < 2 || bytes[1] == 3) && (size < 3 || bytes[2] <= 4) &&
	       length > 0 && length <= 16384;
}

/* Whether a ClientHello begins so. A hello with post-quantum keys has some thousand bytes. */
static bool
is_hello(const unsigned char *bytes, size_t size)
{
	return size == 0 || (bytes[0] == 1 && (size < 2 || bytes[1] <= 1) &&
			     (size < 5 || bytes[4] == 3) && (size < 6 || bytes[5] <= 4));
}

/* Looks for a random from the first byte of a hello's first record on. */
static enum verdict
parse_records(const unsigned char *bytes, size_t size, unsigned char random[TLSKEY_RANDOM])
{
	unsigned char hello[HELLO];
	size_t known = 0;

	while (size > 0) {
		size_t length, take;

		if (!is_record(bytes, size))
			return NOT;
		if (size <= RECORD_HEADER)
			break;
		length = (size_t)bytes[3] << 8 | bytes[4];
		bytes += RECORD_HEADER;
		size -= RECORD_HEADER;
		take = length < size ? length : size;
		if (take > HELLO - known)
			take = HELLO - known;
		memcpy(hello + known, bytes, take);
		known += take;
		if (!is_hello(hello, known))
			return NOT;
		if (known == HELLO) {
			memcpy(random, hello + HELLO - TLSKEY_RANDOM, TLSKEY_RANDOM);
			return FOUND;
		}
		bytes += take;
		size -= take;
	}
	return MORE;
}

static enum verdict
parse(const unsigned char *bytes, size_t size, unsigned char random[TLSKEY_RANDOM])
{
	uint32_t length;
	const enum verdict proxy = find_proxy(bytes, size, &length);

	if (proxy != FOUND)
		return proxy;
	return length < size ? parse_records(bytes + length, size - length, random) : MORE;
}

static uint64_t
hash_end(const struct clienthello *finder, struct addr addr, uint16_t port)
{
	const uint64_t words[] = {(uint64_t)addr.value, (uint64_t)(addr.value >> 64),
				  (uint64_t)addr.family << 16 | port};

	return siphash_words(&finder->secret, words, 3);
}

static struct stream *
set_of(const struct clienthello *finder, const struct tuple *tuple)
{
	const uint64_t hash = hash_end(finder, tuple->source, tuple->source_port) +
			      3 * hash_end(finder, tuple->destination, tuple->destination_port);

	return finder->streams + WAYS * (hash % SETS);
}

static bool
is_same(struct addr a, struct addr b)
{
	return a.family == b.family && a.value == b.value;
}

static struct stream *
find(const struct clienthello *finder, const struct tuple *tuple)
{
	struct stream *set;

	if (finder->used == 0)
		return NULL;
	set = set_of(finder, tuple);
	for (struct stream *stream = set; stream < set + WAYS; stream++)
		if (stream->is_used && stream->source_port == tuple->source_port &&
		    stream->destination_port == tuple->destination_port &&
		    is_same(stream->source, tuple->source) &&
		    is_same(stream->destination, tuple->destination))
			return stream;
	return NULL;
}

static void
forget(struct clienthello *finder, struct stream *stream)
{
	if (!stream)
		return;
	stream->is_used = false;
	finder->used--;
}

/* Begins to collect a stream at this sequence number. NULL: out of memory. */
static struct stream *
begin(struct clienthello *finder, const struct tuple *tuple, uint32_t start)
{
	struct stream *set, *stream;

	if (!finder->streams)
		finder->streams = calloc((size_t)SETS * WAYS, sizeof(*finder->streams));
	if (!finder->streams)
		return NULL;
	set = stream = set_of(finder, tuple);
	for (struct stream *other = set; other < set + WAYS && stream->is_used; other++)
		if (!other->is_used || other->age < stream->age)
			stream = other;
	finder->used += !stream->is_used;
	stream->is_used = true;
	stream->source = tuple->source;
	stream->destination = tuple->destination;
	stream->source_port = tuple->source_port;
	stream->destination_port = tuple->destination_port;
	stream->start = start;
	stream->age = finder->clock++;
	memset(stream->has, 0, sizeof(stream->has));
	return stream;
}

static bool
has_byte(const struct stream *stream, uint32_t at)
{
	return stream->has[at / 64] >> at % 64 & 1;
}

/* Adds bytes of the stream; those that are there already stay. */
static void
collect(struct stream *stream, uint32_t sequence, const unsigned char *bytes, uint32_t size)
{
	uint32_t at = sequence - stream->start, skip = 0;

	/* It begins before the stream does. */
	if (at > UINT32_MAX / 2)
		skip = -at;
	for (uint32_t i = skip; i < size && at + i < HEAD; i++) {
		if (has_byte(stream, at + i))
			continue;
		stream->bytes[at + i] = bytes[i];
		stream->has[(at + i) / 64] |= UINT64_C(1) << (at + i) % 64;
	}
}

/* Leaves out a PROXY header that takes more than its share of what is collected. */
static void
pass_proxy(struct stream *stream, uint32_t length)
{
	for (uint32_t i = 0; i < HEAD; i++) {
		const bool has = i + length < HEAD && has_byte(stream, i + length);

		stream->has[i / 64] &= ~(UINT64_C(1) << i % 64);
		if (!has)
			continue;
		stream->bytes[i] = stream->bytes[i + length];
		stream->has[i / 64] |= UINT64_C(1) << i % 64;
	}
	stream->start += length;
}

static enum verdict
judge(struct stream *stream, unsigned char random[TLSKEY_RANDOM])
{
	uint32_t size = 0, length;
	enum verdict verdict;

	while (size < HEAD && has_byte(stream, size))
		size++;
	if (find_proxy(stream->bytes, size, &length) == FOUND && length > 0) {
		pass_proxy(stream, length);
		for (size = 0; size < HEAD && has_byte(stream, size);)
			size++;
	}
	verdict = parse(stream->bytes, size, random);
	return verdict == MORE && size == HEAD ? NOT : verdict;
}

/* A segment without a whole hello. */
static bool
see_part(struct clienthello *finder, struct stream *stream, const struct tuple *tuple,
	 enum verdict alone, unsigned char random[TLSKEY_RANDOM])
{
	const uint32_t sequence = tcp_payload_sequence(tuple->transport);
	enum verdict verdict;

	if (!stream && alone == MORE)
		stream = begin(finder, tuple, sequence);
	if (!stream)
		return false;
	collect(stream, sequence, tuple->payload, tuple->payload_len);
	verdict = judge(stream, random);
	if (verdict != MORE)
		forget(finder, stream);
	return verdict == FOUND;
}

bool
clienthello_see(struct clienthello *finder, const struct packet *packet, uint16_t linktype,
		unsigned char random[TLSKEY_RANDOM])
{
	enum verdict alone;
	struct stream *stream;
	struct tuple tuple;
	uint32_t sequence;

	if (!tunnel_dissect(packet, linktype, &tuple) || tuple.protocol != PROTOCOL_TCP ||
	    !tuple.transport)
		return false;
	stream = find(finder, &tuple);
	sequence = tcp_payload_sequence(tuple.transport);
	/* A SYN may come again, and behind what follows it, as from another CPU. */
	if ((tcp_flags(tuple.transport) & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
	    (!stream || stream->start != sequence)) {
		forget(finder, stream);
		stream = begin(finder, &tuple, sequence);
	}
	if (tuple.payload_len == 0)
		return false;
	alone = parse(tuple.payload, tuple.payload_len, random);
	if (alone == FOUND) {
		forget(finder, stream);
		return true;
	}
	return see_part(finder, stream, &tuple, alone, random);
}
