/*
 * What the engines of a capture lack, told by what they have refused: an engine of a release before
 * takes part without the options that it does not know. The facts `older` and `lacks` keep it.
 */
#ifndef VCAP_ABILITY_H
#define VCAP_ABILITY_H

#include "base/audit.h"
#include "base/failure.h"
#include "base/strvec.h"
#include "controller/commands.h"
#include "controller/spool_entry.h"

#include <stdbool.h>

/* What a command about the capture tells this engine. The strings belong to the facts. */
struct commands_told ability_told(const struct spool_entry *entry, const char *engine,
				  enum audit_need audit);

#define ABILITY_TEXT 576

/* Why the engine takes part in a capture with dropped packets, but without them, or without some; written to text. NULL:
 * it does not, or its state says itself that it has failed. */
const char *ability_lacks_drops(const struct spool_entry *entry, const char *engine,
				const struct keyval *state, char text[ABILITY_TEXT]);

/* Appends to engines those whose last command, the start, was refused for an option that they do not
 * know, so that nothing has begun there, and marks them as lacking it. Stores the facts if there are
 * any. */
int ability_learn(struct spool_entry *entry, struct strvec *engines, struct failure *why);

#endif
