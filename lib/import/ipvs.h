/*
 * Imports the virtual services of IPVS, as `ipvsadm -Sn` prints them and `ipvsadm -R` reads them: a
 * service for each, called PROTOCOL-ADDRESS-PORT.
 *
 * Masquerading (-m): servers see the client's address, unless a firewall rule hides it: what
 * iptables-save prints may stand behind, and then no source is told where one may. Direct
 * routing (-g): packets to servers carry the VIP, so there are no server lines; other traffic
 * between engine and server is not clients'. Tunnels (-i): the server is the far end, of IPIP or GRE,
 * whatever the port, which is the VIP's. Gives warnings for tunnels in UDP (GUE), whose inner packets
 * are not matched, services by firewall mark, and names instead of numbers.
 */
#ifndef VCAP_IPVS_H
#define VCAP_IPVS_H

#include "import/draft.h"

/* An importer (draft.h). -1: out of memory. */
int ipvs_import(struct drafts *drafts, const char *text, const char *file, struct failure *why);

/* Adds a server of a virtual service that packets reach by this method of ipvsadm: 'm' masquerading,
 * 'g' direct routing, whose packets carry the VIP and so have no server line, 'i' tunneling; or by that of a
 * kind, ipvs_tunnel_method. */
void ipvs_add_server(struct draft *draft, struct draft_location at, char method,
		     const struct draft_endpoint *endpoint);

/* The method of tunnels of this type: ipip, gre or gue. */
char ipvs_tunnel_method(const char *type);

#endif
