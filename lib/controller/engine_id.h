/*
 * The id by which an engine knows a capture. That is the capture's own, but where another was there by
 * that id already: two controllers that start a service, or take a snapshot of it, within one second draw
 * the same id, and neither knows of the other. There the later one has a number, as it has in one spool
 * (spool_id.h). The facts `known-as ENGINE ID` keep it, those of a snapshot `ring-known-as` as well.
 */
#ifndef VCAP_ENGINE_ID_H
#define VCAP_ENGINE_ID_H

#include "base/failure.h"
#include "base/strvec.h"
#include "controller/config.h"
#include "controller/spool_entry.h"

/* The id on this engine. Owned by the entry. */
const char *engine_id(const struct spool_entry *entry, const char *engine);

/* Opens the capture of the user's spool that the engine knows by id, which is valid. -1: there is none; entry
 * is SPOOL_ENTRY_INIT. */
int engine_id_open(struct spool_entry *entry, const char *engine, const char *id,
		   config_variable *variable);

/* The id there of the rolling capture that entry is a snapshot of; NULL: it is none. Owned by the
 * facts. */
const char *engine_id_of_ring(const struct spool_entry *entry, const char *engine);

/* Copies to the facts of a snapshot by which ids engines know its ring. -1: out of memory. */
int engine_id_copy_ring(const struct spool_entry *ring, struct keyval *facts);

/* Appends to engines those whose last command, a start or a snapshot, was refused since the id is taken
 * there, and gives each the next number; one that has had several is left as it is. Stores the facts if
 * there are any. -1 with why. */
int engine_id_renumber(struct spool_entry *entry, struct strvec *engines, struct failure *why);

#endif
