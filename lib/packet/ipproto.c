#include "packet/ipproto.h"

#include <string.h>

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
    {"tcp", PROTOCOL_TCP},
    {"udp", PROTOCOL_UDP},
    {"sctp", PROTOCOL_SCTP},
};

#define PROTOCOLS (sizeof(protocols) / sizeof(*protocols))

uint8_t
ipproto_number(const char *name, size_t length)
{
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (strlen(protocols[i].name) == length &&
		    memcmp(protocols[i].name, name, length) == 0)
			return protocols[i].number;
	return 0;
}

const char *
ipproto_name(unsigned number)
{
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (protocols[i].number == number)
			return protocols[i].name;
	return NULL;
}
