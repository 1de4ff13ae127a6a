#include "controller/config.h"

#include "base/fileio.h"
#include "base/parse.h"
#include "base/text.h"
#include "controller/clustername.h"
#include "filter/service_alias.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *
join(const char *directory, const char *rest)
{
	char *path;

	return asprintf(&path, "%s/%s", directory, rest) < 0 ? NULL : path;
}

/* An empty variable counts as unset (XDG Base Directory Specification). */
static const char *
value_of(config_variable *variable, const char *name)
{
	const char *value = variable(name);

	return value && *value ? value : NULL;
}

char *
config_directory(config_variable *variable)
{
	const char *chosen = value_of(variable, "VCAP_CONFIG");
	const char *home = value_of(variable, "HOME");
	char *own;

	if (chosen)
		return strdup(chosen);
	own = home ? join(home, ".config/vcap") : NULL;
	if (own && access(own, F_OK) == 0)
		return own;
	free(own);
	return strdup("/etc/vcap");
}

char *
config_spool(config_variable *variable)
{
	const char *chosen = value_of(variable, "VCAP_SPOOL");
	const char *state = value_of(variable, "XDG_STATE_HOME");
	const char *home = value_of(variable, "HOME");

	if (chosen)
		return strdup(chosen);
	if (geteuid() == 0)
		return strdup("/var/lib/vcap");
	return state ? join(state, "vcap") : join(home ? home : "", ".local/state/vcap");
}

void
config_file_release(struct config_file *file)
{
	free(file->path);
	free(file->text);
	*file = CONFIG_FILE_INIT;
}

int
config_read(struct config_file *file, const char *path, struct failure *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t size;
	int rc;

	*file = CONFIG_FILE_INIT;
	if (fd < 0)
		return failure_errno(why, "cannot read '%s'", path);
	rc = fileio_slurp(fd, CONFIG_FILE_MAX, path, &file->text, &size, why);
	close(fd);
	if (rc < 0)
		return -1;
	file->path = strdup(path);
	if (!file->path)
		rc = failure_errno(why, "cannot read '%s'", path);
	else if (strlen(file->text) != size)
		rc = failure_set(why, "'%s' is not a text file: it has a NUL byte", path);
	else
		text_drop_mark(file->text);
	if (rc < 0)
		config_file_release(file);
	return rc;
}

static int
is_service_file(const struct dirent *entry)
{
	return parse_is_name(entry->d_name);
}

char **
config_service_names(config_variable *variable, struct failure *why)
{
	struct strvec names = {.list = calloc(1, sizeof(char *))};
	char *directory = config_directory(variable);
	char *path = directory ? join(directory, "services") : NULL;
	struct dirent **files = NULL;
	int count = path ? scandir(path, &files, is_service_file, alphasort) : -1;

	names.failed = !names.list;
	if (count < 0)
		failure_errno(why, "cannot list '%s' ('vcap import' and 'vcap init' make services)",
			      path ? path : "services");
	for (int i = 0; i < count; i++) {
		strvec_push(&names, files[i]->d_name);
		free(files[i]);
	}
	free(files);
	free(path);
	free(directory);
	if (count >= 0 && names.failed)
		failure_nomem(why);
	names.failed |= count < 0;
	return strvec_detach(&names);
}

const char *
config_service_name(const char *word)
{
	const char *slash = strrchr(word, '/');

	return slash ? slash + 1 : word;
}

/* The names of the services, for a message. Heap. */
static char *
known_services(config_variable *variable)
{
	enum { SHOWN = 10 };
	char **names = config_service_names(variable, NULL), *text;
	struct strvec some = STRVEC_INIT;

	for (size_t i = 0; names && names[i] && i <= SHOWN; i++)
		strvec_push(&some, i < SHOWN ? names[i] : "...");
	text = strvec_join(&some, ", ");
	strvec_free(names);
	strvec_release(&some);
	return text;
}

/* Reads ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT; *port is 0 without one. */
static bool
parse_vip(const char *word, struct addr *addr, uint64_t *port)
{
	char text[ADDR_TEXT + 2];
	const bool in_brackets = *word == '[';
	const char *colon = strrchr(word, ':'), *end;

	*port = 0;
	if (addr_parse(addr, word, NULL) == 0)
		return true;
	end = colon ? colon - in_brackets : NULL;
	if (!colon || end <= word || (size_t)(end - word) >= sizeof(text) ||
	    (in_brackets && *end != ']') || parse_number(colon + 1, UINT16_MAX, port, NULL) < 0 ||
	    *port == 0)
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(end - word) - in_brackets, word + in_brackets);
	return addr_parse(addr, text, NULL) == 0 && (in_brackets || addr->family == 4);
}

static int
fail_unknown(const char *word, const char *path, config_variable *variable, struct failure *why)
{
	char *known = known_services(variable);
	const char *names = known ? known : "",
		   *remedy = *names ? "there are: " : "'vcap import' and 'vcap init' make services";
	struct addr addr;
	uint64_t port;

	if (parse_vip(word, &addr, &port))
		failure_set(why, "no service has the VIP '%s' (%s%s)", word, remedy, names);
	else
		failure_set(why, "unknown service '%s': there is no '%s' (%s%s)", word, path,
			    remedy, names);
	free(known);
	errno = ENOENT;
	return -1;
}

int
config_read_service(struct config_file *file, const char *word, config_variable *variable,
		    struct failure *why)
{
	char *directory, *path;
	struct addr addr;
	uint64_t port;
	int rc;

	if (!parse_is_name(word) && parse_vip(word, &addr, &port))
		return fail_unknown(word, NULL, variable, why);
	if (!parse_is_name(config_service_name(word)))
		return failure_set(why, "not a service's name: '%s'", config_service_name(word));
	if (strchr(word, '/'))
		return config_read(file, word, why);
	directory = config_directory(variable);
	path = NULL;
	if (!directory || asprintf(&path, "%s/services/%s", directory, word) < 0)
		rc = failure_errno(why, "cannot read service '%s'", word);
	else if (config_read(file, path, why) == 0)
		rc = 0;
	else
		rc = errno == ENOENT ? fail_unknown(word, path, variable, why) : -1;
	free(path);
	free(directory);
	return rc;
}

/* Whether there is a file of a service with this name. */
static bool
has_service(const char *name, config_variable *variable)
{
	char *directory = config_directory(variable), *path = NULL;
	bool found;

	if (directory && asprintf(&path, "%s/services/%s", directory, name) < 0)
		path = NULL;
	found = path && access(path, F_OK) == 0;
	free(path);
	free(directory);
	return found;
}

/* Whether the service's file has the alias; lines that are wrong have none. */
static bool
has_alias(const char *name, const char *word, config_variable *variable)
{
	struct config_file file;
	bool found = false;
	char *rest, *line, *alias;

	if (config_read_service(&file, name, variable, NULL) < 0)
		return false;
	rest = file.text;
	while (!found && (line = strsep(&rest, "\n"))) {
		found = service_alias_read(line, &alias, NULL) > 0 &&
			service_alias_matches(alias, word);
		free(alias);
	}
	config_file_release(&file);
	return found;
}

static bool
has_vip(const char *name, struct addr addr, uint64_t port, config_variable *variable)
{
	struct service service = SERVICE_INIT;
	bool has = false;

	if (config_service_load(&service, name, variable, NULL) < 0)
		return false;
	for (size_t i = 0; i < service.vip_count && !has; i++) {
		const struct endpoint *vip = &service.vips[i];

		has = vip->family == addr.family && vip->addresses.first <= addr.value &&
		      addr.value <= vip->addresses.last &&
		      (port == 0 || (vip->port_first <= port && port <= vip->port_last));
	}
	service_release(&service);
	return has;
}

/* The service with a VIP at word: heap. NULL: word is no VIP; with why, several services have it, or
 * memory ran out. */
static char *
find_vip(const char *word, config_variable *variable, struct failure *why)
{
	struct strvec found = STRVEC_INIT;
	struct addr addr;
	uint64_t port;
	char **names, *name = NULL;

	if (!parse_vip(word, &addr, &port))
		return NULL;
	names = config_service_names(variable, NULL);
	for (size_t i = 0; names && names[i]; i++)
		if (has_vip(names[i], addr, port, variable))
			strvec_push(&found, names[i]);
	strvec_free(names);
	if (found.count > 1) {
		char *list = strvec_join(&found, "', '");

		failure_set(why, "several services have '%s': '%s'", word, list ? list : "");
		free(list);
	} else if (found.count == 1) {
		name = strdup(found.list[0]);
	}
	strvec_release(&found);
	return name;
}

/* Resolves NAMESPACE/NAME[:PORT], unless it is the path of a file. *name NULL: there is no such
 * service. */
static int
resolve_cluster(char **name, const char *word, config_variable *variable, struct failure *why)
{
	char **names;
	const char *found;
	int rc;

	if (access(word, F_OK) == 0 || !(names = config_service_names(variable, NULL)))
		return 0;
	rc = clustername_find(word, names, &found, why);
	if (rc > 0 && !(*name = strdup(found)))
		rc = failure_nomem(why);
	strvec_free(names);
	return rc < 0 ? -1 : 0;
}

int
config_resolve(char **name, const char *word, config_variable *variable, struct failure *why)
{
	char **names = NULL;
	int rc = 0;

	*name = NULL;
	if (strchr(word, '/'))
		rc = resolve_cluster(name, word, variable, why);
	if (!strchr(word, '/') && !(parse_is_name(word) && has_service(word, variable)))
		names = config_service_names(variable, NULL);
	for (char **other = names; other && *other && rc == 0; other++) {
		if (!has_alias(*other, word, variable))
			continue;
		if (*name)
			rc = failure_set(why, "alias '%s' is one of '%s' and of '%s'", word, *name,
					 *other);
		else if (!(*name = strdup(*other)))
			rc = failure_nomem(why);
	}
	if (rc == 0 && !*name && names) {
		struct failure several = FAILURE_INIT;

		*name = find_vip(word, variable, &several);
		if (several.text[0])
			rc = failure_set(why, "%s", several.text);
	}
	strvec_free(names);
	if (rc == 0 && !*name && !(*name = strdup(word)))
		rc = failure_nomem(why);
	if (rc < 0) {
		free(*name);
		*name = NULL;
	}
	return rc;
}

/* The name of a file in memory that another command hands over as /proc/PID/fd/N (origin.h), which is the
 * service's: the link is `/memfd:NAME (deleted)`. NULL: it is another file. Heap. */
static char *
name_in_memory(const char *word)
{
	static const char before[] = "/memfd:", behind[] = " (deleted)";
	const size_t rest = sizeof(behind) - 1;
	char target[128], *name;
	ssize_t length;

	if (strncmp(word, "/proc/", 6) != 0)
		return NULL;
	length = readlink(word, target, sizeof(target) - 1);
	if (length < (ssize_t)(sizeof(before) - 1 + rest))
		return NULL;
	target[length] = '\0';
	if (strncmp(target, before, sizeof(before) - 1) != 0 ||
	    strcmp(target + (size_t)length - rest, behind) != 0)
		return NULL;
	target[(size_t)length - rest] = '\0';
	name = target + sizeof(before) - 1;
	return parse_is_name(name) ? strdup(name) : NULL;
}

int
config_service_load(struct service *service, const char *word, config_variable *variable,
		    struct failure *why)
{
	struct config_file file;
	char *name, *own = NULL;
	int rc;

	if (config_resolve(&name, word, variable, why) < 0)
		return -1;
	rc = config_read_service(&file, name, variable, why);
	if (rc == 0) {
		own = name_in_memory(name);
		rc = service_parse(service, own ? own : config_service_name(name), file.text,
				   file.path, why);
		config_file_release(&file);
	}
	free(own);
	free(name);
	return rc;
}
