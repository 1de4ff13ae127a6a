/*
 * The health checks of a server in a HAProxy configuration (its manual, "option httpchk", "option
 * tcp-check", "http-check", "tcp-check", "check" and "agent-check") as monitor lines.
 */
#ifndef VCAP_HAPROXY_CHECKS_H
#define VCAP_HAPROXY_CHECKS_H

#include "import/draft.h"
#include "import/haproxy_sections.h"
#include "import/haproxy_server.h"

/* Adds monitor lines for the checks of a server, which is this line of the section; warns of checks
 * that look like clients' connections. draft must have all its server lines: only a port that none
 * of them has can identify checks. */
void haproxy_checks_add(struct draft *draft, const struct haproxy_section *section,
			const struct haproxy_line *line, const struct haproxy_server *server);

#endif
