#include "expr.h"

#include <ctype.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libpcap refuses an expression that no packet can satisfy, with these words. */
#define NOTHING_MATCHES "expression rejects all packets"

void
expr_release(struct filter_expression *expression)
{
	for (size_t i = 0; i <= TUPLE_VLAN_TAGS; i++)
		program_release(&expression->by_tags[i]);
}

static bool
says_vlan(const char *text)
{
	for (const char *s = text; *s;) {
		size_t length = 0;

		while (isalnum((unsigned char)s[length]) || (s[length] && strchr("._-", s[length])))
			length++;
		if (length == 4 && strncmp(s, "vlan", 4) == 0)
			return true;
		s += length ? length : 1;
	}
	return false;
}

static int
take_over(struct program *program, const struct bpf_program *theirs, struct failure *why)
{
	program->insns = calloc(theirs->bf_len, sizeof(*program->insns));
	if (!program->insns)
		return failure_set(why, "out of memory");
	program->count = theirs->bf_len;
	for (size_t i = 0; i < program->count; i++) {
		const struct bpf_insn *in = &theirs->bf_insns[i];

		program->insns[i] = (struct insn){in->code, in->jt, in->jf, in->k};
	}
	return 0;
}

static int
compile(pcap_t *handle, unsigned tags, const char *text, struct program *program,
	struct failure *why)
{
	static const char *const prefix[] = {"", "vlan and (", "vlan and vlan and ("};
	struct bpf_program theirs;
	char *whole;
	int rc;

	if (asprintf(&whole, "%s%s%s", prefix[tags], text, tags ? ")" : "") < 0)
		return failure_set(why, "out of memory");
	rc = pcap_compile(handle, &theirs, whole, 1, PCAP_NETMASK_UNKNOWN);
	free(whole);
	if (rc == 0) {
		rc = take_over(program, &theirs, why);
		pcap_freecode(&theirs);
		return rc;
	}
	if (tags > 0 && strcmp(pcap_geterr(handle), NOTHING_MATCHES) == 0)
		return 0;
	return failure_set(why, "expression '%s': %s", text, pcap_geterr(handle));
}

/* Numbers of link types in files, and of libpcap's own, differ for raw IP. */
static int
dlt_of(uint16_t linktype)
{
	return linktype == LINKTYPE_RAW ? DLT_RAW : linktype;
}

int
expr_compile(struct filter_expression *expression, const char *text, uint16_t linktype,
	     struct failure *why)
{
	struct filter_expression made = {0};
	unsigned most = linktype == LINKTYPE_EN10MB ? TUPLE_VLAN_TAGS : 0;
	pcap_t *handle;
	int rc = 0;

	if (says_vlan(text))
		return failure_set(why, "expression '%s': tags are taken care of, 'vlan' cannot be",
				   text);
	handle = pcap_open_dead(dlt_of(linktype), PACKET_SNAPLEN);
	if (!handle)
		return failure_set(why, "out of memory");
	for (unsigned tags = 0; tags <= most && rc == 0; tags++)
		rc = compile(handle, tags, text, &made.by_tags[tags], why);
	pcap_close(handle);
	if (rc < 0) {
		expr_release(&made);
		return -1;
	}
	expr_release(expression);
	*expression = made;
	return 0;
}
