/*
 * A proxy has one log-format, for all its logs: keys in it would get into each of them. Structured data
 * (RFC 5424, 6.3) has a format of its own, log-format-sd, and only logs of the format rfc5424 have it: so only
 * the ring, which is memory of HAProxy's, has keys.
 */
#include "flows/keylogformat.h"

#include <stdbool.h>
#include <string.h>

/* label, and the fetch of the secret behind ssl_fc_ or ssl_bc_ (configuration manual, 7.3.4). */
static const char *const secrets[][2] = {
    {"CLIENT_EARLY_TRAFFIC_SECRET", "client_early_traffic_secret"},
    {"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "client_handshake_traffic_secret"},
    {"SERVER_HANDSHAKE_TRAFFIC_SECRET", "server_handshake_traffic_secret"},
    {"CLIENT_TRAFFIC_SECRET_0", "client_traffic_secret_0"},
    {"SERVER_TRAFFIC_SECRET_0", "server_traffic_secret_0"},
};

/* The keys of one side: fc, the client's, or bc, the server's. */
static void
print_side(const char *side, bool has_version_3, FILE *out)
{
	fprintf(out,
		"%%[ssl_%s_protocol] CLIENT_RANDOM %%[ssl_%s_client_random,hex] "
		"%%[ssl_%s_session_key,hex] ",
		side, side, side);
	for (size_t i = 0; has_version_3 && i < sizeof(secrets) / sizeof(*secrets); i++)
		fprintf(out, "%s %%[ssl_%s_client_random,hex] %%[ssl_%s_%s] ", secrets[i][0], side,
			side, secrets[i][1]);
}

int
keylogformat_print(const char *version, FILE *out, struct failure *why)
{
	unsigned major, minor;

	if (sscanf(version, "%3u.%3u", &major, &minor) != 2)
		return failure_set(why, "not a version of HAProxy, such as 2.6: '%s'", version);
	if (major < 2 || (major == 2 && minor < 6))
		return failure_set(why, "HAProxy before 2.6 has no such log: '%s'", version);
	fprintf(out, "# for HAProxy %s\n", major >= 3 ? "3.0 and later" : "2.6 to 2.9");
	if (major < 3)
		fputs("# the server side has keys to TLS 1.2: before 3.0 HAProxy tells none of TLS "
		      "1.3 there\n",
		      out);
	fputs("global\n\ttune.ssl.keylog on\n\n"
	      "ring vcap-keys\n\tformat rfc5424\n\tmaxlen 4096\n\tsize 1048576\n\n"
	      "# in each frontend with TLS that has 'option httplog', 'option tcplog' or a "
	      "log-format, beside its\n"
	      "# other log lines, none of which may be of the format rfc5424\n"
	      "\tlog ring@vcap-keys len 4096 format rfc5424 local0\n"
	      "\tlog-format-sd \"[vcap-keys@0 keys=\\\"",
	      out);
	print_side("fc", true, out);
	print_side("bc", major >= 3, out);
	fputs("end\\\"]\"\n", out);
	return 0;
}
