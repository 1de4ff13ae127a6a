#include "merge/merge_keys.h"

#include <inttypes.h>
#include <stdlib.h>

void
merge_keys_release(struct merge_keys *keys)
{
	for (size_t i = 0; keys->files && i < keys->paths.count; i++)
		if (keys->files[i])
			fclose(keys->files[i]);
	free(keys->files);
	secrets_release(&keys->secrets);
	strvec_release(&keys->paths);
	*keys = MERGE_KEYS_INIT;
}

int
merge_keys_open(struct merge_keys *keys, struct failure *why)
{
	keys->files = calloc(keys->paths.count, sizeof(*keys->files));
	if (!keys->files)
		return failure_nomem(why);
	for (size_t i = 0; i < keys->paths.count; i++) {
		keys->files[i] = fopen(keys->paths.list[i], "re");
		if (!keys->files[i])
			return failure_errno(why, "cannot read '%s'", keys->paths.list[i]);
	}
	return 0;
}

void
merge_keys_take(void *context, const struct note *note)
{
	struct merge_keys *keys = context;

	secrets_take(&keys->secrets, note);
}

int
merge_keys_see(struct merge_keys *keys, struct source *from, struct failure *why)
{
	enum source_event event;
	struct packet packet;

	if (secrets_begin(&keys->secrets, why) < 0)
		return -1;
	while ((event = from->next(from, &packet, why)) != SOURCE_END && event != SOURCE_CUT)
		if (event == SOURCE_PACKET &&
		    sessionkeys_see(keys->secrets.sessions, &packet,
				    from->interfaces[packet.iface].linktype) < 0)
			return failure_nomem(why);
	return event == SOURCE_END ? 0 : -1;
}

int
merge_keys_match(struct merge_keys *keys, char **remark, struct failure *why)
{
	struct sessionkeys *sessions = keys->secrets.sessions;
	struct sessionkeys_count count;

	for (size_t i = 0; i < keys->paths.count; i++)
		if (sessionkeys_read(sessions, keys->files[i], why) < 0)
			return -1;
	if (secrets_match(&keys->secrets, why) < 0)
		return -1;
	count = sessionkeys_count(sessions);
	if (asprintf(remark, "has the keys of %" PRIu64 " of %" PRIu64 " TLS sessions", count.keyed,
		     count.hellos) < 0)
		return failure_nomem(why);
	return 0;
}

int
merge_keys_write(struct merge_keys *keys, struct writer *writer, struct failure *why)
{
	return secrets_write(&keys->secrets, writer, why);
}
