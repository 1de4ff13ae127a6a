/*
 * Each file of a capture is complete by itself, whatever becomes of the others: its section header
 * has the parameters of the whole capture as comments, `key value`, as they stand in the status
 * file, and its core.
 */
#include "capture/fileheader.h"

#include "base/clock.h"
#include "capture/ringmark.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* "eth0 eth1", on the heap. NULL: out of memory. */
static char *
format_interfaces(const struct capture *capture)
{
	const uint32_t count = iftable_count(&capture->interfaces);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (uint32_t i = 0; out && i < count; i++)
		fprintf(out, "%s%s", i ? " " : "", capture->interfaces.slots[i].name);
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
	if (rc == 0 && options->cuts)
		rc = keyval_set(kv, "snaplen", "headers");
	else if (rc == 0)
		rc = keyval_set(kv, "snaplen", "%" PRIu32, options->snaplen);
	if (rc == 0 && options->file_size)
		rc = keyval_set(kv, "file-size", "%" PRIu64, options->file_size);
	if (rc == 0 && options->files)
		rc = keyval_set(kv, "files", "%u", options->files);
	if (rc == 0 && options->rolling_ns)
		rc = keyval_set(kv, "rolling", "%" PRId64, options->rolling_ns);
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
	if (rc == 0 && core && (options->files || options->rolling_ns))
		rc = keyval_set(&parameters, RINGMARK_KEY, "%0*d", RINGMARK_WIDTH, 0);
	for (size_t i = 0; rc >= 0 && i < parameters.count; i++)
		rc = asprintf(&comments[count++], "%s %s", parameters.pairs[i].key,
			      parameters.pairs[i].value);
	uname(&uts);
	if (rc >= 0)
		rc = asprintf(&os, "%s %s", uts.sysname, uts.release);
	if (rc >= 0)
		rc = pcapng_write_section(blocks, PCAPNG_END_PROMISED, uts.machine, os,
					  "vcap-run " VCAP_VERSION, (const char *const *)comments,
					  NULL, 0);
	for (size_t i = 0; i < count; i++)
		free(comments[i]);
	free(os);
	keyval_release(&parameters);
	return rc;
}

/* Since when one that came later was captured, as the option opt_comment (pcapng, section 3.5).
 * Returns its length; room is more than enough. */
static uint32_t
add_comment(const struct ifslot *slot, unsigned char *to, size_t room)
{
	enum { COMMENT = 1 };
	uint16_t head[2] = {COMMENT, 0};
	int length;

	if (slot->came_ns == 0)
		return 0;
	memset(to, 0, room);
	length = snprintf((char *)to + sizeof(head), room - sizeof(head), "came " CLOCK_FORMAT,
			  CLOCK_ARGS(slot->came_ns));
	head[1] = (uint16_t)length;
	memcpy(to, head, sizeof(head));
	return (uint32_t)sizeof(head) + ((uint32_t)length + 3) / 4 * 4;
}

int
fileheader_interface(void *context, uint32_t number, struct blocks *blocks)
{
	const struct capture *capture = context;
	const struct capture_options *options = &capture->options;
	const struct ifslot *slot = &capture->interfaces.slots[number];
	unsigned char comment[64];
	struct interface interface = {
	    .name = (char *)(uintptr_t)slot->name,
	    .description = (char *)(uintptr_t)options->name,
	    .speed = slot->speed,
	    .linktype = slot->linktype,
	    .options = comment,
	    .options_len = add_comment(slot, comment, sizeof(comment)),
	};
	int rc = 0;

	if (options->program && options->program->count)
		rc = asprintf(&interface.filter, "program of %zu instructions",
			      options->program->count);
	if (rc < 0)
		return -1;
	rc = pcapng_write_interface(blocks, &interface);
	free(interface.filter);
	return rc;
}

int
fileheader_blocks(struct capture *capture, const struct core *core, uint32_t interfaces,
		  struct blocks *blocks)
{
	int rc = add_section(capture, core, blocks);

	for (uint32_t i = 0; rc == 0 && i < interfaces; i++)
		rc = fileheader_interface(capture, i, blocks);
	return rc;
}
