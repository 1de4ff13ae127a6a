/*
 * Drafts: services as an importer reads them from another program's configuration, with warnings of
 * what it could not import. An importer is a function
 *
 *	int NOUN_import(struct drafts *drafts, const char *text, const char *file,
 *			struct failure *why);
 *
 * which adds the services in text to drafts; file is the text's name in warnings and must stay
 * valid until drafts_release. It returns -1 with why if the text as a whole is malformed. Functions
 * below that return nothing record when memory runs out: check drafts_are_complete at the end.
 */
#ifndef VCAP_DRAFT_H
#define VCAP_DRAFT_H

#include "base/failure.h"
#include "base/strvec.h"
#include "import/draft_endpoint.h"

#include <stdbool.h>

#define DRAFT_LINES_MAX 4096 /* vip or server lines of a service; others give a warning */

/* Appends the addresses of a host name, or with name NULL of the host itself, to addresses. -1 with
 * why: there are none. */
typedef int draft_resolver(void *context, const char *name, struct strvec *addresses,
			   struct failure *why);

/* The text of a file that a configuration names, on the heap, from the host that has the
 * configuration; NULL with why: it cannot be read. */
typedef char *draft_reader(void *context, const char *path, struct failure *why);

/* Where a warning points to: FILE:LINE; line 0: file alone, which is borrowed. */
struct draft_location {
	const char *file;
	unsigned line;
};

struct draft {
	struct drafts *drafts;
	char *name;
	bool is_wanted;         /* false: it takes no lines and gives no warnings */
	struct strvec comments; /* at the head of the file */
	struct draft_endpoints vips, servers;
	struct strvec monitors;
	struct strvec engines; /* that serve, if the configuration says so */
	struct strvec sources; /* addresses that servers see as their client's */
	struct strvec headers; /* that name the client in requests to every server so far */
	bool has_headers;      /* there are servers that requests can be read of */
	bool has_client_source, has_unknown_source;
	bool has_unlinked;      /* connections to some server do not identify the client */
	bool has_overlap;       /* a comment says with what */
	bool has_untold_checks; /* health checks that look like clients' connections */
};

struct drafts {
	struct draft **list;
	size_t count;
	struct strvec warnings;  /* "FILE:LINE: text", each only once */
	char *const *wanted;     /* names of services, NULL-ended; NULL: all */
	draft_resolver *resolve; /* NULL: names are not resolved */
	draft_reader *read;      /* NULL: files are not read */
	const char *backends;    /* file of ingress-nginx's backends; NULL: none */
	void *context;           /* of resolve and read */
	bool failed;             /* memory ran out */
};

#define DRAFTS_INIT ((struct drafts){0})

/* Frees the services and warnings; drafts is DRAFTS_INIT afterwards. */
void drafts_release(struct drafts *drafts);

/* Whether everything could be added; false: memory ran out. */
bool drafts_are_complete(const struct drafts *drafts);

/* Adds a service, owned by drafts. Its name is made valid, with `-` for each forbidden character,
 * and unique, by a number at its end. NULL: out of memory. */
struct draft *drafts_add(struct drafts *drafts, const char *name);
/* Whether the service of this name is wanted, there or not. */
bool drafts_want(const struct drafts *drafts, const char *name);
/* The service of this name, or else the first that drafts_add named after it; NULL: none. */
struct draft *drafts_find(const struct drafts *drafts, const char *name);

/* Removes the services that are not wanted, and those without a vip line, which cannot be
 * captured. */
void drafts_drop_empty(struct drafts *drafts);

/* Add a warning of what is not imported, each only once; draft_warn adds none for a draft that is
 * not wanted. */
void drafts_warn(struct drafts *drafts, struct draft_location at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void draft_warn(struct draft *draft, struct draft_location at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* draft_warn for health checks that look like clients' connections; the file says that they will be
 * in captures. */
void draft_warn_of_checks(struct draft *draft, struct draft_location at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a comment line at the head of the file. */
void draft_add_comment(struct draft *draft, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Add lines, each only once. Names are resolved; an endpoint without an address gives a warning. */
void draft_add_vip(struct draft *draft, struct draft_location at,
		   const struct draft_endpoint *endpoint);
void draft_add_server(struct draft *draft, struct draft_location at,
		      const struct draft_endpoint *endpoint);

/* Adds an engine by its name; one that no engine may have gives a warning. */
void draft_add_engine(struct draft *draft, const char *name);

/* Adds a monitor line: the words after the keyword. */
void draft_add_monitor(struct draft *draft, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a monitor line for health checks that request a path, without its query. Warns instead if
 * clients request the path as well (`/`), since their connections would count as checks, or if a
 * service file cannot hold it. */
void draft_add_http_monitor(struct draft *draft, struct draft_location at, const char *path);

/* Records the client's address as one server sees it; call it for every server. source is "client",
 * an address or a range; NULL or other text: not known. */
void draft_add_source(struct draft *draft, const char *source);

/* Records the headers, best first, in which requests to a server name their client: call it for every
 * server whose requests can be read. The file has one that all servers get, or says that there is
 * none. */
void draft_add_headers(struct draft *draft, const struct strvec *headers);

/* The text of the service file, with an engine line for each name in engines (NULL-ended). Heap;
 * NULL: out of memory. */
char *draft_format(const struct draft *draft, char *const *engines);

#endif
