/*
 * Services as an importer drafts them, from what the configuration of another program says:
 * lines of vcap-service(5), and remarks on what could not be understood. An importer is a function
 *
 *	int NOUN_import(struct drafts *drafts, const char *text, const char *file,
 *			struct failure *why);
 *
 * which adds to drafts; file is what remarks call the text. -1: the text as a whole is none of its
 * kind. Memory that ran out on the way is remembered, for drafts_is_whole to tell at the end.
 */
#ifndef VCAP_DRAFT_H
#define VCAP_DRAFT_H

#include "base/failure.h"
#include "base/strvec.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define DRAFT_LINES_MAX 4096 /* of a kind in one service; more are said and left out */

/* What is not in the configuration: the addresses of a name, or of the host itself (name NULL), are
 * added to addresses. -1: there are none, with why. */
typedef int draft_finder(void *context, const char *name, struct strvec *addresses,
			 struct failure *why);

struct draft_ports {
	const char *protocol; /* "tcp", "udp", "sctp"; NULL: any, and any port */
	unsigned first, last; /* 0-65535: any */
};

#define DRAFT_ANY_PORT 0, UINT16_MAX

/* Where something stands in what is imported: FILE:LINE; line 0: where says it all. */
struct draft_place {
	const char *file;
	unsigned line;
};

struct draft {
	char *name;
	bool is_wanted;
	struct strvec notes; /* comments at its head */
	struct strvec vips, servers, monitors;
	struct draft_ports *vip_ports, *server_ports; /* of each line in vips and servers */
	/* The address that servers see, as far as every server's is known. */
	struct strvec sources;
	bool has_client_source, has_unknown_source;
	bool has_unjoined; /* some server learns nothing of the client */
};

struct drafts {
	struct draft **list;
	size_t count;
	struct strvec remarks; /* "FILE:LINE: text" */
	char *const *wanted;   /* names of services, NULL-ended; NULL: all */
	draft_finder *find;
	void *context; /* of find */
	bool failed;
};

#define DRAFTS_INIT ((struct drafts){0})

void drafts_release(struct drafts *drafts);

/* Whether memory was enough for all that was added. */
bool drafts_is_whole(const struct drafts *drafts);

/* A service that is to be called name, which is made a valid and unique one: every character that
 * no name may have becomes `-`. NULL without memory. */
struct draft *drafts_add(struct drafts *drafts, const char *name);
/* The one of that name, which need not be a valid one, or NULL. */
struct draft *drafts_find(const struct drafts *drafts, const char *name);

/* Says what is left out. draft, which may be NULL, is what it is left out of: unless that is
 * wanted, nothing is said. */
void drafts_remark(struct drafts *drafts, const struct draft *draft, struct draft_place place,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* A comment at the head of the file. */
void draft_note(struct draft *draft, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Adds lines, each only once. host is an address, a range or subnet, a name, or NULL for every
 * address of the host; family is 4, 6 or 0 for both. note is a comment, or NULL. What has no
 * address is remarked upon.
 */
void draft_vip(struct drafts *drafts, struct draft *draft, struct draft_place place,
	       const char *host, int family, struct draft_ports ports, const char *note);
void draft_server(struct drafts *drafts, struct draft *draft, struct draft_place place,
		  const char *host, int family, struct draft_ports ports, const char *note);
void draft_monitor(struct draft *draft, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Checks that ask for a path. One that clients ask for as well, `/`, would take their connections
 * for checks, and one that no service file can hold: these are remarked upon. */
void draft_monitor_http(struct drafts *drafts, struct draft *draft, struct draft_place place,
			const char *path);

/* For every server: what it sees as the client's address. `client`, an address or range, or NULL if
 * that is not known. */
void draft_source(struct draft *draft, const char *source);

/* Whether a server line has this address, as it was given. */
bool draft_has_server(const struct draft *draft, const char *host);
/* Whether a server line has this port. */
bool draft_serves(const struct draft *draft, const char *protocol, unsigned port);

/* The service file, without the engines. */
void draft_print(const struct draft *draft, FILE *out);

/* Reads "80" or "80-90" (1-65535). */
int draft_parse_ports(const char *word, unsigned *first, unsigned *last);
/* Parts ADDRESS:PORTS at its last colon, in place, and takes the brackets off; without a colon
 * outside of brackets *ports is NULL. Returns the address. */
char *draft_split(char *word, char **ports);

#endif
