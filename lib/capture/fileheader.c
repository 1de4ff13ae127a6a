/*
 * Each file of a capture is complete by itself, whatever becomes of the others: its section header
 * has the parameters of the whole capture as comments, `key value`, as they stand in the status
 * file, and its core.
 */
#include "capture/fileheader.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>

/* "eth0 eth1", on the heap. NULL: out of memory. */
static char *
format_interfaces(const struct capture *capture)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (uint32_t i = 0; out && i < capture->interface_count; i++)
		fprintf(out, "%s%s", i ? " " : "", capture->interfaces[i].iface->name);
	if (out && fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

int
fileheader_parameters(const struct capture *capture, struct keyval *kv)
{
	const struct capture_options *options = &capture->options;
	char *names = format_interfaces(capture);
	int rc = names ? 0 : -1;

	if (rc == 0)
		rc = keyval_set(kv, "interfaces", "%s", names);
	free(names);
	if (rc == 0)
		rc = keyval_set(kv, "count", "%" PRIu64, options->count);
	if (rc == 0)
		rc = keyval_set(kv, "duration", "%" PRId64, options->duration_ns);
	if (rc == 0)
		rc = keyval_set(kv, "snaplen", "%" PRIu32, options->snaplen);
	if (rc == 0 && options->file_size)
		rc = keyval_set(kv, "file-size", "%" PRIu64, options->file_size);
	if (rc == 0 && options->files)
		rc = keyval_set(kv, "files", "%u", options->files);
	if (rc == 0 && options->filter)
		rc = keyval_set(kv, "filter", "%s", options->filter->command);
	if (rc == 0 && options->flows)
		rc = keyval_set(kv, "flows", "%s", options->flows->source);
	return rc;
}

static int
add_section(const struct capture *capture, const struct core *core, struct blocks *blocks)
{
	const struct capture_options *options = &capture->options;
	struct keyval parameters = KEYVAL_INIT;
	char *comments[16] = {NULL}, *os = NULL;
	struct utsname uts;
	size_t count = 0;
	int rc = fileheader_parameters(capture, &parameters);

	if (rc == 0 && options->name)
		rc = keyval_set(&parameters, "name", "%s", options->name);
	if (rc == 0 && core)
		rc = keyval_set(&parameters, "core", "%u", core->number);
	for (size_t i = 0; rc >= 0 && i < parameters.count; i++)
		rc = asprintf(&comments[count++], "%s %s", parameters.pairs[i].key,
			      parameters.pairs[i].value);
	uname(&uts);
	if (rc >= 0)
		rc = asprintf(&os, "%s %s", uts.sysname, uts.release);
	if (rc >= 0)
		rc = pcapng_write_section(blocks, uts.machine, os, "vcap-run " VCAP_VERSION,
					  (const char *const *)comments, NULL, 0);
	for (size_t i = 0; i < count; i++)
		free(comments[i]);
	free(os);
	keyval_release(&parameters);
	return rc;
}

int
fileheader_blocks(const struct capture *capture, const struct core *core, struct blocks *blocks)
{
	const struct capture_options *options = &capture->options;
	char *filter = NULL;
	int rc = add_section(capture, core, blocks);

	if (rc == 0 && options->program && options->program->count &&
	    asprintf(&filter, "program of %zu instructions", options->program->count) < 0)
		return -1;
	for (uint32_t i = 0; rc == 0 && i < capture->interface_count; i++) {
		const struct iface *iface = capture->interfaces[i].iface;
		const struct interface interface = {
		    .name = (char *)(uintptr_t)iface->name,
		    .description = (char *)(uintptr_t)options->name,
		    .filter = filter,
		    .speed = iface->speed,
		    .linktype = iface->linktype,
		};

		rc = pcapng_write_interface(blocks, &interface);
	}
	free(filter);
	return rc;
}
