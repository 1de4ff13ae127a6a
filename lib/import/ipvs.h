/*
 * The virtual services of IPVS, as `ipvsadm -Sn` prints them and `ipvsadm -R` reads them, as
 * services: one for each, called PROTOCOL-ADDRESS-PORT.
 *
 * Masquerading (-m): servers see the client's address, unless a rule of the firewall hides it.
 * Direct routing (-g): packets to servers carry the VIP, so there are no server lines; what engine
 * and server exchange otherwise is no client's. Warned of are tunnels (-i), since the packets
 * within are not matched, services by firewall mark, and names instead of numbers.
 */
#ifndef VCAP_IPVS_H
#define VCAP_IPVS_H

#include "import/draft.h"

/* An importer (draft.h). -1: out of memory. */
int ipvs_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

#endif
