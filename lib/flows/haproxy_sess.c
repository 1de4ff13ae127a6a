#include "flows/haproxy_sess.h"

#include "base/parse.h"
#include "packet/dissect.h"

#include <string.h>

/* Parses the endpoint after `key`; all unknown if there is no key, or no address. */
static struct connpair_end
find_end(const char *line, const char *key)
{
	struct connpair_end end = {0};
	const char *at = strstr(line, key);
	char word[64], *colon;
	uint64_t port;
	size_t length;

	if (!at)
		return end;
	at += strlen(key);
	length = strcspn(at, " \t\r");
	if (length >= sizeof(word))
		return end;
	memcpy(word, at, length);
	word[length] = '\0';
	colon = strrchr(word, ':');
	if (!colon || parse_number(colon + 1, UINT16_MAX, &port, NULL) < 0)
		return end;
	*colon = '\0';
	if (addr_parse(&end.addr, word, NULL) < 0)
		return (struct connpair_end){0};
	end.has_addr = true;
	end.port = (uint16_t)port;
	end.has_port = port != 0;
	return end;
}

static bool
begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

bool
haproxy_sess_parse(struct haproxy_sess *session, const char *line, int64_t now_ns,
		   struct connpair *pair)
{
	struct connpair_end server;

	if (begins(line, "0x")) {
		*session = HAPROXY_SESS_INIT;
		session->client = find_end(line, " source=");
	} else if (begins(line, "  frontend=")) {
		session->vip = find_end(line, " addr=");
	} else if (begins(line, "  backend=")) {
		session->source = find_end(line, " addr=");
	} else if (begins(line, "  server=")) {
		server = find_end(line, " addr=");
		if (!session->client.has_addr || !session->source.has_port || !server.has_port)
			return false;
		*pair = (struct connpair){.time_ns = now_ns,
					  .protocol = PROTOCOL_TCP,
					  .client = session->client,
					  .vip = session->vip,
					  .source = session->source,
					  .server = server};
		*session = HAPROXY_SESS_INIT;
		return true;
	}
	return false;
}
