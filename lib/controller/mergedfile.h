/*
 * The merged file of a capture, and the one that takes its place when another part has come.
 */
#ifndef VCAP_MERGEDFILE_H
#define VCAP_MERGEDFILE_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/config.h"
#include "controller/engine.h"
#include "controller/spool_entry.h"

#include <stdbool.h>
#include <stdint.h>

/* vcap-merge, from the fetched files of these engines, and from the merged file if there is one, to
 * mergedfile_new_path. Heap, for strvec_free; NULL: out of memory. */
char **mergedfile_command(const struct spool_entry *entry, const struct strvec *engines,
			  const struct strvec *clock_options, config_variable *variable);

/* Appends the options of vcap-merge that say which inputs are regions, whose labels are kept unless they name
 * one of the engines known here. */
void mergedfile_add_regions(const struct engines *known, struct strvec *argv);

/* Where merging writes to: heap; NULL: out of memory. */
char *mergedfile_new_path(const struct spool_entry *entry);

/* Bytes of the merged file; 0: there is none. */
uint64_t mergedfile_size(const struct spool_entry *entry);

/* If there is a fact `replace`, puts the new file in the place of the merged one, drops the fact and
 * stores the facts. May be repeated. */
int mergedfile_replace(struct spool_entry *entry, struct failure *why);

/* Removes the fetched files of these engines, which are part of the merged one. */
void mergedfile_remove_parts(const struct spool_entry *entry, const struct strvec *engines);

/* How a file is to look when it is exported. */
struct mergedfile_form {
	const char *format;     /* pcapng or pcap */
	const char *only;       /* of these packets, as --only of vcap-merge; NULL: all */
	const char *snaplen;    /* `headers`; NULL: whole packets */
	const char *pseudonyms; /* the key of vcap-anonymize, by which it goes; NULL: as it is */
	const char *comment;    /* a further note in its header; NULL: none */
	bool keys;              /* with the TLS keys of its sessions */
};

/* Whether it can look so, whatever the part is. -1 with why: wrong usage. */
int mergedfile_check_form(const struct mergedfile_form *form, struct failure *why);

/* Opens it for an export to that file (`-`: standard output) in that form, once that is in the log
 * (capture_audit.h). Returns the descriptor, the caller's; -1 with why. */
int mergedfile_export(const struct spool_entry *entry, const char *to,
		      const struct mergedfile_form *form, config_variable *variable,
		      struct failure *why);

/* Copies what mergedfile_export has opened to another descriptor, in that form. -1 with why, or after
 * vcap-merge has said why on standard error: what was written is not to be used. */
int mergedfile_copy(const struct spool_entry *entry, int from, int to,
		    const struct mergedfile_form *form, struct failure *why);

#endif
