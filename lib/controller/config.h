/*
 * Where configuration and captures lie (vcap(7), FILES): the services, the engines file, the
 * spool. The environment is the caller's to hand in: `config_directory(getenv)`.
 */
#ifndef VCAP_CONFIG_H
#define VCAP_CONFIG_H

#include "base/failure.h"
#include "filter/service.h"

#include <stddef.h>

#define CONFIG_FILE_MAX (16u << 20) /* bytes in a configuration file */

/* The value of an environment variable, or NULL: getenv. */
typedef char *config_variable(const char *name);

/* $VCAP_CONFIG, else ~/.config/vcap if that is there, else /etc/vcap. Heap; NULL without memory. */
char *config_directory(config_variable *variable);

/* $VCAP_SPOOL, else /var/lib/vcap for root, else ${XDG_STATE_HOME:-~/.local/state}/vcap. Heap; NULL
 * without memory. */
char *config_spool(config_variable *variable);

/* A configuration file as it was read. */
struct config_file {
	char *path;
	char *text; /* no NUL within; ended by one */
};

#define CONFIG_FILE_INIT ((struct config_file){0})

void config_file_release(struct config_file *file);

/* Reads any file; text with a NUL byte is refused. -1: file is as CONFIG_FILE_INIT. */
int config_read(struct config_file *file, const char *path, struct failure *why);

/* The file of the service called word, or with a '/' in it the file at that path. A word that
 * cannot be a service's name, and an unknown service, are failures that quote it. */
int config_read_service(struct config_file *file, const char *word, config_variable *variable,
			struct failure *why);

/* The names of the services there are, sorted. Heap, for strvec_free. NULL: the directory cannot be
 * listed. */
char **config_service_names(config_variable *variable, struct failure *why);

/* The name of the service that config_read_service finds for word: its last component. */
const char *config_service_name(const char *word);

/* Reads and parses the file that config_read_service finds. Messages about its text begin with
 * "FILE:LINE: ". */
int config_service_load(struct service *service, const char *word, config_variable *variable,
			struct failure *why);

/*
 * The first service, in the order of names, that shares a server with this one: packets between an
 * engine and such a server may belong to either. Skips the service itself and files that cannot be
 * read or parsed. Its name, on the heap; NULL if there is none, or without memory.
 */
char *config_find_sharing(const struct service *service, config_variable *variable);

#endif
