/*
 * IPVS's virtual services, as `ipvsadm -Sn` prints them and `ipvsadm -R` reads them, as services:
 * one for each, called PROTOCOL-ADDRESS-PORT.
 *
 * Masquerading (-m): servers see the client's address, unless something else hides it. Direct
 * routing (-g): packets to servers carry the VIP, so that there is no server line, as what an
 * engine and such a server say to each other beside them is no client's. Remarked upon: tunnels
 * (-i), whose packets vcap does not look into, services by firewall mark, and names.
 */
#ifndef VCAP_IPVS_H
#define VCAP_IPVS_H

#include "import/draft.h"

int ipvs_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

#endif
