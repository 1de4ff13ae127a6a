#include "merge/merged_header.h"

#include "merge/completeness.h"
#include "merge/interfaces.h"

#include <stdlib.h>
#include <string.h>

void
merged_header_release(struct merged_header *header)
{
	file_section_release(&header->section);
}

static int
write_section(struct writer *writer, const struct file_section *header, struct failure *why)
{
	char application[] = "vcap-merge " VCAP_VERSION;
	struct file_section section = *header;

	section.application = application;
	return writer_section(writer, &section, why);
}

static int64_t
offset_of(const struct merged_header *header, const char *engine)
{
	for (size_t i = 0; i < header->offset_count; i++)
		if (strcmp(header->offsets[i].engine, engine) == 0)
			return header->offsets[i].ns;
	return 0;
}

/* Corrects the time in a comment that says since when an engine is complete, and notes it. */
static int
correct(struct merged_header *header, char **comment)
{
	int64_t since_ns;
	size_t size;
	char *engine, *text = NULL;

	if (!completeness_parse_merged(*comment, &size, &since_ns))
		return 0;
	engine = strndup(*comment, size);
	if (engine) {
		since_ns = interfaces_shifted(since_ns, offset_of(header, engine));
		text = completeness_format(engine, since_ns);
	}
	free(engine);
	if (!text)
		return -1;
	free(*comment);
	*comment = text;
	if (since_ns > header->complete_since_ns)
		header->complete_since_ns = since_ns;
	return 0;
}

int
merged_header_make(struct merged_header *header, struct failure *why)
{
	const enum inputs_sections which =
	    header->is_live ? INPUTS_SECTIONS_NONE : INPUTS_SECTIONS_FIRST;
	int rc = inputs_section(header->inputs, which, header->remarks, NULL, &header->section);

	header->complete_since_ns = INT64_MIN;
	for (char **c = header->section.comments; rc == 0 && c && *c; c++)
		rc = correct(header, c);
	return rc < 0 ? failure_nomem(why) : 0;
}

int
merged_header_write(struct merged_header *header, struct writer *writer, struct failure *why)
{
	if (merged_header_make(header, why) < 0)
		return -1;
	return write_section(writer, &header->section, why);
}

int
merged_header_write_trailer(const struct merged_header *header, struct writer *writer,
			    struct failure *why)
{
	const enum inputs_sections which =
	    header->is_live ? INPUTS_SECTIONS_ALL : INPUTS_SECTIONS_LATER;
	struct file_section more = {0};
	int rc = 0;

	if (inputs_section(header->inputs, which, header->remarks, &header->section, &more) < 0)
		rc = failure_nomem(why);
	else if ((more.comments && *more.comments) || more.options_len)
		rc = write_section(writer, &more, why);
	file_section_release(&more);
	return rc;
}

char *
merged_header_completeness(const struct inputs *inputs)
{
	const struct strvec no_remarks = {0};
	struct merged_header header = {.inputs = inputs, .remarks = &no_remarks};
	char *lines = NULL;

	if (merged_header_make(&header, NULL) == 0)
		lines = completeness_lines(header.section.comments);
	merged_header_release(&header);
	return lines;
}
