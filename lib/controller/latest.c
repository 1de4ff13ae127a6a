#include "controller/latest.h"

#include "controller/spool.h"

#include <string.h>

int
latest_open(struct spool_entry *entry, const char *service, config_variable *variable,
	    struct failure *why)
{
	struct spool spool = SPOOL_INIT;
	char **ids = NULL;
	int rc = -1;

	if (spool_open(&spool, variable, why) == 0 && spool_list(&spool, service, &ids, why) == 0)
		rc = *ids ? (spool_find(&spool, *ids, entry, why) < 0 ? -1 : 1) : 0;
	spool_list_free(ids);
	spool_close(&spool);
	return rc;
}

bool
latest_is_running(const struct spool_entry *entry)
{
	return !spool_entry_is_stopping(entry) && spool_entry_is_capturing(entry);
}

int
latest_running(char id[SPOOL_ENTRY_ID], const char *service, config_variable *variable,
	       struct failure *why)
{
	struct spool_entry entry = SPOOL_ENTRY_INIT;
	int rc = latest_open(&entry, service, variable, why);

	id[0] = '\0';
	if (rc <= 0)
		return rc;
	if (latest_is_running(&entry))
		memcpy(id, entry.id, SPOOL_ENTRY_ID);
	spool_entry_close(&entry);
	return 0;
}
