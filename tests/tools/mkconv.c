/*
 * Writes a pcap file of HTTP conversations through a proxy, both sides of it, to
 * stdout. Each packet says whose it is: the IPv4 identification (IPv6: the flow
 * label's lower 16 bits) is the number of its client, from 1; health checks have 61001
 * (empty), 61002 (http /health) and 61003 (local), a flood 62000. So `tcpdump 'ip[4:2]
 * = 7'` is what belongs to client 7, whoever asks.
 *
 *	mkconv [-n clients] [-q requests] [-e none|bare|proxy1|proxy2|xff|forwarded|named] [-6]
 *	       [-p ports] [-r ports] [-k clients] [-s segment] [-o] [-b bytes] [-a segment]
 *	       [-c checks] [-f syns] [-2] [-t table] [-g us]
 *
 * -q connections a client; -e what tells the client towards servers (bare: clients
 * forge no header); -p so many ports of the engine are used again and again, -r so
 * many of each client; -k so many clients share a server connection; -s the engine's
 * bytes come in pieces of this size; -o and each pair of pieces the wrong way round,
 * the first one twice; -b bytes of response; -a it comes in pieces of this size, 1400
 * at most; -c health checks of each kind; -f SYNs to a server in the middle that nobody
 * answers; -2 every other client talks to another service on the same servers; -t
 * writes the pairs as vcap-flows would; -g microseconds between the starts of
 * connections.
 *
 * Client n has the address 10.1.0.0 (2001:db8:1::) + n. VIPs 192.0.2.10 and .20, port
 * 80; engine 10.0.9.1 (in a flood all of 10.0.9.0/24); servers 10.0.1.11 and .12, port
 * 8080. (IPv6: 2001:db8::10, ::20, fd00:9::1, fd00:1::11.)
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct end {
	uint32_t host; /* the address, or what is told of an IPv6 one */
	uint8_t net;   /* of IPv6: which */
	uint16_t port;
};

/* A packet, rendered when it is written. */
struct item {
	int64_t us;
	uint64_t order;
	struct end from, to;
	uint32_t seq, ack, size;
	char *bytes; /* NULL: filler */
	uint16_t id;
	uint8_t flags;
};

/* One TCP connection being written. */
struct connection {
	struct end a, b;
	uint32_t a_next, b_next;
	uint16_t id;
};

static struct {
	unsigned clients, requests, ports, client_ports, shared, segment, body, piece, checks,
	    flood, gap;
	const char *evidence;
	bool is_v6, disorder, two;
	FILE *table;
} opt = {.clients = 20,
	 .requests = 5,
	 .ports = 20000,
	 .client_ports = 40000,
	 .shared = 1,
	 .body = 300,
	 .piece = 1400,
	 .gap = 500,
	 .evidence = "none"};

static struct item *items;
static size_t count, room;
static int64_t now_us;

static void
add(struct end from, struct end to, uint32_t seq, uint32_t ack, uint8_t flags, uint16_t id,
    const char *bytes, uint32_t size)
{
	char *copy = NULL;

	if (count == room) {
		room = room ? 2 * room : 4096;
		items = reallocarray(items, room, sizeof(*items));
		if (!items)
			exit(1);
	}
	if (bytes)
		copy = memcpy(malloc(size), bytes, size);
	items[count] = (struct item){now_us, count, from, to, seq, ack, size, copy, id, flags};
	count++;
	now_us += 20;
}

static void
handshake(struct connection *c)
{
	add(c->a, c->b, c->a_next++, 0, SYN, c->id, NULL, 0);
	add(c->b, c->a, c->b_next++, c->a_next, SYN | ACK, c->id, NULL, 0);
	add(c->a, c->b, c->a_next, c->b_next, ACK, c->id, NULL, 0);
}

static void
say(struct connection *c, const char *bytes, uint32_t size, unsigned piece, bool disorder)
{
	uint32_t at = 0;

	if (piece == 0 || piece > 1400)
		piece = 1400;
	while (at < size) {
		uint32_t one = size - at < piece ? size - at : piece;
		uint32_t two = size - at - one < piece ? size - at - one : piece;

		if (disorder && two > 0) {
			add(c->a, c->b, c->a_next + at + one, c->b_next, PSH | ACK, c->id,
			    bytes + at + one, two);
			add(c->a, c->b, c->a_next + at, c->b_next, PSH | ACK, c->id, bytes + at,
			    one);
			one += two;
		} else {
			add(c->a, c->b, c->a_next + at, c->b_next, PSH | ACK, c->id, bytes + at,
			    one);
		}
		if (disorder)
			add(c->a, c->b, c->a_next + at, c->b_next, PSH | ACK, c->id, bytes + at, 1);
		at += one;
	}
	c->a_next += size;
}

static void
answer(struct connection *c, uint32_t size)
{
	while (size > 0) {
		uint32_t piece = size < opt.piece ? size : opt.piece;

		add(c->b, c->a, c->b_next, c->a_next, PSH | ACK, c->id, NULL, piece);
		c->b_next += piece;
		size -= piece;
	}
	add(c->a, c->b, c->a_next, c->b_next, ACK, c->id, NULL, 0);
}

static void
bye(struct connection *c)
{
	add(c->a, c->b, c->a_next++, c->b_next, FIN | ACK, c->id, NULL, 0);
	add(c->b, c->a, c->b_next++, c->a_next, FIN | ACK, c->id, NULL, 0);
	add(c->a, c->b, c->a_next, c->b_next, ACK, c->id, NULL, 0);
}

static void
print_addr(char *to, struct end end)
{
	if (opt.is_v6)
		sprintf(to,
			end.net == 9   ? "fd00:9::%x"
			: end.net == 2 ? "fd00:1::%x"
			: end.net      ? "2001:db8:1::%x"
				       : "2001:db8::%x",
			end.host & 0xffff);
	else
		sprintf(to, "%u.%u.%u.%u", end.host >> 24, end.host >> 16 & 255,
			end.host >> 8 & 255, end.host & 255);
}

static void
put_addr(unsigned char *to, struct end end)
{
	static const unsigned char nets[][6] = {{0x20, 1, 0xd, 0xb8, 0, 0},
						{0x20, 1, 0xd, 0xb8, 0, 1},
						{0xfd, 0, 0, 1, 0, 0},
						{0xfd, 0, 0, 9, 0, 0}};

	if (opt.is_v6) {
		memset(to, 0, 16);
		memcpy(to, nets[end.net == 9 ? 3 : end.net], 6);
		to[14] = (unsigned char)(end.host >> 8);
		to[15] = (unsigned char)end.host;
		return;
	}
	for (int i = 0; i < 4; i++)
		to[i] = (unsigned char)(end.host >> (24 - 8 * i));
}

static struct end
client(unsigned n, unsigned connection)
{
	return (struct end){opt.is_v6 ? n : 0x0a010000 + n, 1,
			    (uint16_t)(20000 + connection % opt.client_ports)};
}

static struct end
vip(unsigned n)
{
	bool other = opt.two && n % 2;

	return (struct end){opt.is_v6 ? (other ? 0x20 : 0x10) : 0xc0000200 + (other ? 20 : 10), 0,
			    80};
}

static struct end
engine(unsigned connection)
{
	return (struct end){opt.is_v6 ? 1 : 0x0a000901, 9,
			    (uint16_t)(30000 + connection % opt.ports)};
}

static struct end
server(unsigned connection)
{
	return (struct end){opt.is_v6 ? 0x11 + connection % 2 : 0x0a00010b + connection % 2, 2,
			    8080};
}

static void
tell_table(unsigned n, unsigned connection, const struct connection *towards)
{
	const struct end ends[] = {client(n, connection), vip(n), towards->a, towards->b};

	if (!opt.table)
		return;
	fprintf(opt.table, "%lld.%06lld000 new tcp", (long long)(now_us / 1000000),
		(long long)(now_us % 1000000));
	for (int i = 0; i < 4; i++) {
		char text[64];

		print_addr(text, ends[i]);
		fprintf(opt.table, opt.is_v6 ? " [%s]:%u" : " %s:%u", text, ends[i].port);
	}
	fputc('\n', opt.table);
}

/* What begins a connection to a server. Returns its length. */
static uint32_t
preamble(char *to, unsigned n, unsigned connection)
{
	struct end from = client(n, connection), at = vip(n);
	char a[64], b[64];
	unsigned width = opt.is_v6 ? 16 : 4;

	print_addr(a, from);
	print_addr(b, at);
	if (strcmp(opt.evidence, "proxy1") == 0)
		return (uint32_t)sprintf(to, "PROXY TCP%c %s %s %u %u\r\n", opt.is_v6 ? '6' : '4',
					 a, b, from.port, at.port);
	if (strcmp(opt.evidence, "proxy2") != 0)
		return 0;
	memcpy(to, "\r\n\r\n\0\r\nQUIT\n\x21", 13);
	to[13] = opt.is_v6 ? 0x21 : 0x11;
	to[14] = 0;
	to[15] = (char)(2 * width + 4 + 7);
	put_addr((unsigned char *)to + 16, from);
	put_addr((unsigned char *)to + 16 + width, at);
	to += 16 + 2 * width;
	to[0] = (char)(from.port >> 8);
	to[1] = (char)from.port;
	to[2] = (char)(at.port >> 8);
	to[3] = (char)at.port;
	memcpy(to + 4, "\x04\0\4abcd", 7); /* a TLV: NOOP */
	return 16 + 2 * width + 4 + 7;
}

/* A request; clients forge what headers they can. */
static uint32_t
request(char *to, unsigned n, unsigned connection)
{
	char address[64], *at = to;

	print_addr(address, client(n, connection));
	at += sprintf(at, "POST /%u/%u?q=1 HTTP/1.1\r\nHost: shop\r\nContent-Length: 20\r\n", n,
		      connection);
	if (strcmp(opt.evidence, "bare") != 0)
		at += sprintf(at, "X-Forwarded-For: 10.1.0.1, 10.1.0.2\r\n");
	if (strcmp(opt.evidence, "xff") == 0)
		at += sprintf(at, "X-Forwarded-For: 10.1.0.3, %s\r\n", address);
	if (strcmp(opt.evidence, "named") == 0)
		at += sprintf(at, "x-real-ip:%s\r\n", address);
	if (strcmp(opt.evidence, "forwarded") == 0)
		at += sprintf(at, "Forwarded: for=10.1.0.4, proto=http;for=\"%s%s%s:%u\";by=_x\r\n",
			      opt.is_v6 ? "[" : "", address, opt.is_v6 ? "]" : "",
			      client(n, connection).port);
	at += sprintf(at, "\r\nGET /1 HTTP/1.1\r\n\r\nx");
	return (uint32_t)(at - to);
}

static void
converse(unsigned first, unsigned connection)
{
	struct connection towards = {engine(connection), server(connection), 1000 + connection * 77,
				     5000 + connection, (uint16_t)(first + 1)};
	char bytes[1024];

	for (unsigned i = 0; i < opt.shared && first + i < opt.clients; i++) {
		unsigned n = first + i + 1;
		struct connection near = {client(n, connection), vip(n), 9000 + connection * 31,
					  70000 + connection, (uint16_t)n};
		uint32_t size = 0;

		towards.id = (uint16_t)n;
		handshake(&near);
		size = request(bytes, n, connection);
		say(&near, bytes, size, 0, false);
		tell_table(n, connection, &towards);
		size = 0;
		if (i == 0) {
			handshake(&towards);
			size = preamble(bytes, n, connection);
		}
		size += request(bytes + size, n, connection);
		say(&towards, bytes, size, opt.segment, opt.disorder);
		answer(&towards, opt.body);
		answer(&near, opt.body);
		bye(&near);
	}
	bye(&towards);
}

static void
check(unsigned connection)
{
	static const char local[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
	static const char get[] = "GET /health HTTP/1.0\r\n\r\n";
	struct connection c = {engine(connection), server(connection), 1, 1,
			       (uint16_t)(61001 + connection % 3)};

	handshake(&c);
	if (connection % 3 == 1) {
		say(&c, get, sizeof(get) - 1, opt.segment, opt.disorder);
		answer(&c, 20);
	}
	if (connection % 3 == 2)
		say(&c, local, sizeof(local) - 1, opt.segment, opt.disorder);
	bye(&c);
}

static void
flood(void)
{
	for (unsigned i = 0; i < opt.flood; i++) {
		struct end from = engine(0);

		from.host += 1 + i / 60000 % 200;
		from.port = (uint16_t)(1024 + i % 60000);
		add(from, server(i), i, 0, SYN, 62000, NULL, 0);
		now_us -= 19;
	}
}

static int
compare(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->us != y->us)
		return x->us < y->us ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static void
put16(unsigned char *to, unsigned value)
{
	to[0] = (unsigned char)(value >> 8);
	to[1] = (unsigned char)value;
}

static void
put32(unsigned char *to, uint32_t value)
{
	put16(to, value >> 16);
	put16(to + 2, value & 0xffff);
}

static void
render(const struct item *item)
{
	static unsigned char frame[2048];
	unsigned network = opt.is_v6 ? 40 : 20, width = opt.is_v6 ? 16 : 4;
	unsigned char *ip = frame + 14, *tcp = ip + network;
	uint32_t size = 14 + network + 20 + item->size;
	uint32_t record[4] = {(uint32_t)(item->us / 1000000), (uint32_t)(item->us % 1000000 * 1000),
			      size, size};

	memset(frame, 0, 14 + network + 20);
	put16(frame + 12, opt.is_v6 ? 0x86dd : 0x0800);
	ip[0] = opt.is_v6 ? 0x60 : 0x45;
	put16(ip + (opt.is_v6 ? 4 : 2), 20 + item->size + (opt.is_v6 ? 0 : network));
	put16(ip + (opt.is_v6 ? 2 : 4), item->id);
	ip[opt.is_v6 ? 7 : 8] = 64;
	ip[opt.is_v6 ? 6 : 9] = 6;
	put_addr(ip + (opt.is_v6 ? 8 : 12), item->from);
	put_addr(ip + (opt.is_v6 ? 8 : 12) + width, item->to);
	put16(tcp, item->from.port);
	put16(tcp + 2, item->to.port);
	put32(tcp + 4, item->seq);
	put32(tcp + 8, item->ack);
	tcp[12] = 5 << 4;
	tcp[13] = item->flags;
	put16(tcp + 14, 65535);
	if (item->bytes)
		memcpy(tcp + 20, item->bytes, item->size);
	else
		memset(tcp + 20, 'r', item->size);
	fwrite(record, sizeof(record), 1, stdout);
	fwrite(frame, size, 1, stdout);
}

static void
parse(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:q:e:6p:r:k:s:ob:a:c:f:2t:g:")) != -1) {
		unsigned number = optarg ? (unsigned)strtoul(optarg, NULL, 0) : 0;

		switch (c) {
		case 'n': opt.clients = number; break;
		case 'q': opt.requests = number; break;
		case 'e': opt.evidence = optarg; break;
		case '6': opt.is_v6 = true; break;
		case 'p': opt.ports = number; break;
		case 'r': opt.client_ports = number; break;
		case 'k': opt.shared = number; break;
		case 's': opt.segment = number; break;
		case 'o': opt.disorder = true; break;
		case 'b': opt.body = number; break;
		case 'a': opt.piece = number < 1 || number > 1400 ? 1400 : number; break;
		case 'c': opt.checks = number; break;
		case 'f': opt.flood = number; break;
		case '2': opt.two = true; break;
		case 't': opt.table = fopen(optarg, "w"); break;
		case 'g': opt.gap = number; break;
		default: exit(2);
		}
	}
}

int
main(int argc, char **argv)
{
	const uint32_t header[6] = {0xa1b23c4d, 2 | 4 << 16, 0, 0, 262144, 1};
	unsigned connection = 0, started = 0;

	parse(argc, argv);
	for (unsigned q = 0; q < opt.requests; q++) {
		if (q == opt.requests / 2) {
			now_us = INT64_C(1700000000000000) + (int64_t)started * opt.gap;
			flood();
		}
		for (unsigned n = 0; n < opt.clients; n += opt.shared) {
			now_us = INT64_C(1700000000000000) + (int64_t)started++ * opt.gap;
			converse(n, connection++);
		}
	}
	for (unsigned i = 0; i < 3 * opt.checks; i++) {
		now_us = INT64_C(1700000000000100) + (int64_t)i * opt.gap;
		check(connection++);
	}
	qsort(items, count, sizeof(*items), compare);
	fwrite(header, sizeof(header), 1, stdout);
	for (size_t i = 0; i < count; i++)
		render(&items[i]);
	if (opt.table)
		fclose(opt.table);
	return ferror(stdout) || fclose(stdout) ? 1 : 0;
}
