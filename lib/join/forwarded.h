/*
 * The client of an HTTP request, as the headers name it in which proxies write for whom they ask:
 * X-Forwarded-For, Forwarded (RFC 7239), X-Real-IP, or the one that a service file says. Pure, and
 * the same for every version of HTTP.
 *
 *	forwarded_begin -> forwarded_find, forwarded_add or forwarded_add_list ... -> forwarded_client
 */
#ifndef VCAP_FORWARDED_H
#define VCAP_FORWARDED_H

#include "filter/service.h"
#include "join/evidence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A longer value of a header names no client. */
#define FORWARDED_TEXT 264

/* Which headers count. */
struct forwarded_rule {
	struct service_header header;  /* its name NULL: it is not known which the engine writes */
	const struct service *service; /* whose engines' addresses are passed over; NULL: none */
};

/* The headers that are looked at while it is not known which the engine writes. */
enum forwarded_name { FORWARDED_FOR, FORWARDED, FORWARDED_REAL_IP, FORWARDED_NAMES };

/* What the headers of one request say. */
struct forwarded {
	const struct forwarded_rule *rule; /* the caller's; NULL: no header counts */
	struct addr engine; /* the connection's own end, which is no client; family 0: not known */
	uint8_t there;      /* a bit for each header that is there, 1 << enum forwarded_name; of a
			       rule that names one, bit 0 */
	bool
	    has_agent; /* a program has named itself, and not as one that checks servers: a client's */
	uint16_t counts[FORWARDED_NAMES]; /* of values, the engine's own not counted */
	/* Private: the last values, of a named header as many as it has hops, else one of each. */
	struct evidence_end last[SERVICE_HOPS_MAX];
};

/* For a connection from engine, if that is known. rule must outlive it, and may be NULL. */
void forwarded_init(struct forwarded *forwarded, const struct forwarded_rule *rule,
		    struct addr engine);

/* A request begins. */
void forwarded_begin(struct forwarded *forwarded);

/* Which of the headers that count this is, for forwarded_add; -1: none. */
int forwarded_find(const struct forwarded *forwarded, const char *name);
/* Whether its values are as Forwarded has them, with parameters and quotes. */
bool forwarded_is_rfc7239(const struct forwarded *forwarded, int which);

/* A header that counts is there. */
void forwarded_see(struct forwarded *forwarded, int which);
/* The value of User-Agent. */
void forwarded_see_agent(struct forwarded *forwarded, const char *value, size_t size);
/* The next member of its list, without the blanks around it; less than FORWARDED_TEXT bytes. */
void forwarded_add(struct forwarded *forwarded, int which, const char *member);
/* All of its value, as forwarded_see and forwarded_add for each of its members. */
void forwarded_add_list(struct forwarded *forwarded, int which, const char *value, size_t size);

/* The client by one header; not known if it does not say. */
struct evidence_end forwarded_by(const struct forwarded *forwarded, int which);
/* The client of the request. *is_disputed: headers name different ones, and it is not known. */
struct evidence_end forwarded_client(const struct forwarded *forwarded, bool *is_disputed);

/* Parses ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT. Anything else, and what is nobody's address, gives
 * an end that is not known. */
struct evidence_end forwarded_address(const char *text);

#endif
