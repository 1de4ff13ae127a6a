/*
 * A capture filter that is only an address. Wireshark's filter field takes pcap-filter(7), which judges
 * each packet alone: `host 10.1.1.1` would lose the server side, whose packets do not carry the
 * client's address. As a SPEC it keeps whole transactions.
 */
#ifndef VCAP_HOSTWORD_H
#define VCAP_HOSTWORD_H

#include <stdbool.h>

enum { HOSTWORD_ROOM = 128 };

/* Whether the filter is `host ADDRESS`, `net NETWORK` (10.1 and 10.1.0.0/16 alike), or an address, range
 * or subnet alone; spec is then what to write for it on a command line of vcap, else unchanged. */
bool hostword_read(char spec[HOSTWORD_ROOM], const char *filter);

#endif
