#include "controller/entry_service.h"

#include "controller/config.h"

#include <stdlib.h>

int
entry_service_load(struct service *service, const struct spool_entry *entry)
{
	const char *name = keyval_get(&entry->facts, "service");
	char *path = spool_entry_file(entry, "service");
	struct config_file file = CONFIG_FILE_INIT;
	int rc = path && name ? config_read(&file, path, NULL) : -1;

	if (rc == 0)
		rc = service_parse(service, name, file.text, path, NULL);
	config_file_release(&file);
	free(path);
	return rc;
}
