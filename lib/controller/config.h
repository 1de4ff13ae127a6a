/*
 * Where configuration and captures lie (vcap(7), FILES): the services, the engines file, the
 * spool. The environment is the caller's to hand in: `config_directory(getenv)`.
 */
#ifndef VCAP_CONFIG_H
#define VCAP_CONFIG_H

#include "base/failure.h"
#include "base/strvec.h"
#include "filter/service.h"

#include <stddef.h>

#define CONFIG_FILE_MAX (16u << 20) /* bytes in a configuration file */

/* The value of an environment variable, or NULL: getenv. */
typedef char *config_variable(const char *name);

/* $VCAP_CONFIG, else ~/.config/vcap if it exists, else /etc/vcap. Heap; NULL: out of memory. */
char *config_directory(config_variable *variable);

/* $VCAP_SPOOL, else /var/lib/vcap for root, else ${XDG_STATE_HOME:-~/.local/state}/vcap. Heap;
 * NULL: out of memory. */
char *config_spool(config_variable *variable);

/* A configuration file as it was read. */
struct config_file {
	char *path;
	char *text; /* no NUL within; ended by one */
};

#define CONFIG_FILE_INIT ((struct config_file){0})

/* Frees path and text; file is CONFIG_FILE_INIT afterwards. */
void config_file_release(struct config_file *file);

/* Reads a file of at most CONFIG_FILE_MAX bytes without a NUL. file is released by the caller. -1:
 * file is CONFIG_FILE_INIT; errno is ENOENT if there is no such file. */
int config_read(struct config_file *file, const char *path, struct failure *why);

/* The name of the service that word means, by its file, by an alias in one, or by a VIP:
 * ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT; NAMESPACE/NAME[:PORT] means a service of Kubernetes;
 * word itself if there is no such service, or word is the path of a file. *name is on the heap. -1 with why: several services have this
 * alias or VIP, or out of memory; *name is NULL. */
int config_resolve(char **name, const char *word, config_variable *variable, struct failure *why);

/* Reads the file of the service called word, or if word has a '/' the file at that path. -1: not a
 * service's name, no such service, or as config_read. */
int config_read_service(struct config_file *file, const char *word, config_variable *variable,
			struct failure *why);

/* The names of all services, sorted. Heap, for strvec_free. NULL: the directory cannot be
 * listed. */
char **config_service_names(config_variable *variable, struct failure *why);

/* The service's name in such a word: its last component, a part of word. */
const char *config_service_name(const char *word);

/* Reads and parses the file of a service, which word may name by an alias. Messages about its text begin with "FILE:LINE: ". The
 * caller releases service after 0 only. */
int config_service_load(struct service *service, const char *word, config_variable *variable,
			struct failure *why);

#endif
