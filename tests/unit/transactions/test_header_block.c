/* Headers of HTTP/2 are what those of HTTP/1 are. */
#include "tap.h"
#include "transactions/header_block.h"

#include <string.h>

/* "NAME=VALUE" each, up to NULL. */
static struct header_block
block_of(const char *const *headers)
{
	struct header_block block;
	char name[64];

	header_block_begin(&block);
	for (; *headers; headers++) {
		const char *value = strchr(*headers + 1, '=') + 1;

		snprintf(name, sizeof(name), "%.*s", (int)(value - 1 - *headers), *headers);
		header_block_take(&block, name, value, strlen(value));
	}
	return block;
}
#define BLOCK(...) block_of((const char *const[]){__VA_ARGS__, NULL})

static uint64_t
signature_of(const char *text)
{
	struct http_message http;
	enum http_event event = HTTP_MORE;
	size_t size = strlen(text), used = 0;

	http_message_init(&http, HTTP_REQUEST);
	while (event != HTTP_HEAD)
		used += http_message_feed(&http, (const unsigned char *)text + used, size - used,
					  true, &event);
	return http.signature;
}

static void
signatures(void)
{
	struct header_block block = BLOCK(":method=GET", ":path=/", ":authority=Shop:80",
					  "user-agent=x/1", "accept-encoding=gzip");
	char text[4096], cookie[2048];

	ok(header_block_signature(&block) ==
	       signature_of("GET / HTTP/1.1\r\nUSER-agent: x/1\r\nHost: Shop:80\r\nVia: y\r\n\r\n"),
	   "the same fields, in any order, among others");
	block =
	    BLOCK(":authority=x", "host=x", "cookie=a=1", "accept=*/*", "cookie=b=2", "cookie=c");
	ok(header_block_signature(&block) ==
	       signature_of(
		   "GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1; b=2; c\r\nAccept: */*\r\n\r\n"),
	   "a cookie in pieces, a host that is said twice");
	block = BLOCK(":authority=x", "cookie=b=2", "cookie=a=1");
	ok(header_block_signature(&block) !=
	       signature_of("GET / HTTP/1.1\r\nHost: x\r\nCookie: a=1; b=2\r\n\r\n"),
	   "another cookie");
	memset(cookie, 'x', sizeof(cookie) - 1);
	memcpy(cookie, "cookie=", 7);
	cookie[sizeof(cookie) - 1] = '\0';
	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nCookie: %s\r\n\r\n", cookie + 7);
	block = BLOCK(cookie);
	ok(header_block_signature(&block) == signature_of(text), "a cookie longer than a line");
}

int
main(void)
{
	char path[2048];
	struct header_block block = BLOCK(":method=POST", ":path=/a?b", ":scheme=http");

	ok(block.has_method, "a request");
	is_str(block.method, "POST", "its method");
	is_str(block.target, "/a?b", "its target");
	block = BLOCK("x=y", "grpc-status=0");
	ok(!block.has_method && block.status == 0, "trailers");
	block = BLOCK(":status=204");
	ok(!block.has_method && block.status == 204, "a status");
	block = BLOCK(":status=2000");
	ok(block.status == 0, "a status that is none");
	block = BLOCK(":method=get it", ":path=/");
	ok(block.has_method && !block.method[0], "a method that HTTP/1 could not have");
	block = BLOCK(":method=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	ok(block.has_method && !block.method[0], "... and a long one");
	block = BLOCK(":method=CONNECT", ":authority=x:443");
	is_str(block.target, "x:443", "the authority is the target of CONNECT");
	memset(path, 'x', sizeof(path) - 1);
	memcpy(path, ":path=", 6);
	path[sizeof(path) - 1] = '\0';
	block = BLOCK(path);
	ok(block.target_is_cut && strlen(block.target) == HTTP_LINE - 1, "a target is cut");
	signatures();
	return done_testing();
}
