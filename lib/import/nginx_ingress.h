/*
 * The backends of ingress-nginx, whose nginx has them in memory only: as JSON, what `kubectl
 * ingress-nginx backends` prints, a list of names with the addresses behind each.
 */
#ifndef VCAP_NGINX_INGRESS_H
#define VCAP_NGINX_INGRESS_H

#include "base/failure.h"
#include "base/strvec.h"
#include "import/draft.h"
#include "import/json.h"

struct nginx_backends {
	json_t *list;
	const char *file; /* where from */
};

#define NGINX_BACKENDS_INIT ((struct nginx_backends){0})

/* Reads drafts->backends, by drafts->read. -1 with why: it cannot be read, or is something else. The
 * caller releases backends in any case, before drafts. */
int nginx_backends_read(struct nginx_backends *backends, const struct drafts *drafts,
			struct failure *why);
void nginx_backends_release(struct nginx_backends *backends);

/* Appends the endpoints of the backend of this name, and of its alternatives, to endpoints, as
 * HOST:PORT. -1: there is no such backend. */
int nginx_backends_find(const struct nginx_backends *backends, const char *name,
			struct strvec *endpoints);

#endif
