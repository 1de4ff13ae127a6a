/*
 * What Wireshark asks of an extcap program (extcap(4)): one request a process, in options.
 */
#ifndef VCAP_EXTCAP_REQUEST_H
#define VCAP_EXTCAP_REQUEST_H

#include "extcap/dialog.h"

#include <stdbool.h>
#include <stdint.h>

/* EXTCAP_CHECK has no option of its own: it is a filter, and nothing else that is asked for. */
enum extcap_ask {
	EXTCAP_NOTHING,
	EXTCAP_INTERFACES,
	EXTCAP_CONFIG,
	EXTCAP_RELOAD,
	EXTCAP_DLTS,
	EXTCAP_CHECK,
	EXTCAP_CAPTURE,
	EXTCAP_INSTALL,
	EXTCAP_UNINSTALL,
};

/* Its strings are borrowed; NULL: not given. */
struct extcap_request {
	enum extcap_ask ask;
	const char *interface, *fifo, *control_in, *control_out, *reload, *heartbeat;
	int64_t heartbeat_ns; /* 0: not given */
	bool is_personal;
	struct dialog dialog; /* of the interface's service, if it has one */
};

enum {
	EXTCAP_OPTION = 0x300,
	EXTCAP_OPTION_CAPTURE = EXTCAP_OPTION,
	EXTCAP_OPTION_CONFIG,
	EXTCAP_OPTION_DLTS,
	EXTCAP_OPTION_INTERFACES,
	EXTCAP_OPTION_INSTALL,
	EXTCAP_OPTION_UNINSTALL,
	EXTCAP_OPTION_CONTROL_IN,
	EXTCAP_OPTION_CONTROL_OUT,
	EXTCAP_OPTION_FIFO,
	EXTCAP_OPTION_HEARTBEAT,
	EXTCAP_OPTION_INTERFACE,
	EXTCAP_OPTION_PERSONAL,
	EXTCAP_OPTION_RELOAD,
	EXTCAP_OPTION_VERSION,
};

/* clang-format off */
#define EXTCAP_OPTIONS \
	{"capture", no_argument, NULL, EXTCAP_OPTION_CAPTURE}, \
	{"extcap-config", no_argument, NULL, EXTCAP_OPTION_CONFIG}, \
	{"extcap-dlts", no_argument, NULL, EXTCAP_OPTION_DLTS}, \
	{"extcap-interfaces", no_argument, NULL, EXTCAP_OPTION_INTERFACES}, \
	{"install", no_argument, NULL, EXTCAP_OPTION_INSTALL}, \
	{"uninstall", no_argument, NULL, EXTCAP_OPTION_UNINSTALL}, \
	{"extcap-control-in", required_argument, NULL, EXTCAP_OPTION_CONTROL_IN}, \
	{"extcap-control-out", required_argument, NULL, EXTCAP_OPTION_CONTROL_OUT}, \
	{"fifo", required_argument, NULL, EXTCAP_OPTION_FIFO}, \
	{"heartbeat", required_argument, NULL, EXTCAP_OPTION_HEARTBEAT}, \
	{"extcap-interface", required_argument, NULL, EXTCAP_OPTION_INTERFACE}, \
	{"personal", no_argument, NULL, EXTCAP_OPTION_PERSONAL}, \
	{"extcap-reload-option", required_argument, NULL, EXTCAP_OPTION_RELOAD}, \
	{"extcap-version", required_argument, NULL, EXTCAP_OPTION_VERSION}, \
	DIALOG_OPTIONS

#define EXTCAP_SYNOPSIS \
	"--extcap-interfaces [--extcap-version version]\n" \
	"--extcap-interface name --extcap-dlts\n" \
	"--extcap-interface name --extcap-config [--extcap-reload-option option] [option ...]\n" \
	"--extcap-interface name --extcap-capture-filter filter [option ...]\n" \
	"--extcap-interface name --capture --fifo path [--extcap-control-in path " \
	"--extcap-control-out path] [--heartbeat time] [option ...]\n" \
	"--install [--personal]\n" \
	"--uninstall [--personal]"
#define EXTCAP_HELP \
	"  What Wireshark asks for:\n" \
	"      --capture             capture, and write to --fifo\n" \
	"      --extcap-config       print the dialog of the interface\n" \
	"      --extcap-control-in path, --extcap-control-out path\n" \
	"                            pipes of the toolbar\n" \
	"      --extcap-dlts         print the interface's link type\n" \
	"      --extcap-interface name\n" \
	"                            vcap-SERVICE, or vcap\n" \
	"      --extcap-interfaces   print the interfaces\n" \
	"      --extcap-reload-option option\n" \
	"                            print the choices of this option\n" \
	"      --extcap-version version\n" \
	"                            Wireshark's, which makes no difference\n" \
	"      --fifo path           where packets go; -: to standard output\n" \
	"      --heartbeat time      end with standard input, or so long without a byte\n" \
	"\n" \
	"  Options of the dialog:\n" \
	"      --count count         packets per core (any number)\n" \
	"      --engines list        only these, separated by commas\n" \
	"      --exclude             what would be left out otherwise\n" \
	"      --extcap-capture-filter filter\n" \
	"                            pcap-filter(7), or an address; alone: check it\n" \
	"      --headers-only        of each packet its headers\n" \
	"      --monitors mode       health checks: none, include or only\n" \
	"      --per-packet          judge each packet by its own addresses\n" \
	"      --service service     for the interface vcap\n" \
	"      --snaplen bytes       kept of each packet (all)\n" \
	"      --spec specs          addresses, ranges, subnets\n" \
	"      --stop-after time     a bare number means minutes (never)\n" \
	"      --stop-size size      bytes after which to stop (any)\n" \
	"\n" \
	"  To have it run by Wireshark:\n" \
	"      --install             for all users\n" \
	"      --personal            ... or this one only\n" \
	"      --uninstall           undo that\n"
/* clang-format on */

/* Stores an option. False: letter is none of those above. */
bool extcap_request_option(struct extcap_request *request, int letter, const char *value);

/* After all options. -1 with why: nothing is asked for, or what it needs is not there. */
int extcap_request_complete(struct extcap_request *request, struct failure *why);

#endif
