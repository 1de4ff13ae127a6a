/*
 * A stream that ends may end within a block, and packets of it may still wait for those of other inputs. So
 * a new one is begun only once the merge has taken all that is whole; until then it waits in its pipe.
 */
#include "merge/stream_control.h"

#include "base/fileio.h"
#include "base/mergecontrol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct stream_succession {
	int next_fd;         /* the stream to go on from; -1: none */
	bool has_told;       /* that the present one has begun */
	bool has_told_end;   /* that none can follow it */
	uint32_t interfaces; /* of all streams before it */
	uint64_t outages;    /* that were reported */
};

int
stream_control_watch(struct stream_control *control, const struct inputs *inputs,
		     struct merge *merge, struct failure *why)
{
	control->inputs = inputs;
	control->merge = merge;
	if (control->fd < 0)
		return 0;
	control->list = calloc(inputs->count + 1, sizeof(*control->list));
	if (!control->list)
		return failure_nomem(why);
	for (size_t i = 0; i < inputs->count; i++) {
		control->list[i].next_fd = -1;
		reader_expect(inputs->list[i].file, READER_MORE);
	}
	return 0;
}

void
stream_control_release(struct stream_control *control)
{
	for (size_t i = 0; control->list && i < control->inputs->count; i++)
		fileio_close(&control->list[i].next_fd);
	free(control->list);
	*control = STREAM_CONTROL_INIT;
}

static const char *
name_of(const struct stream_control *control, size_t i)
{
	const struct input_file *input = &control->inputs->list[i];

	return input->engine ? input->engine : input->path;
}

/* Whether all that is whole of the input's stream has been taken. */
static bool
is_at_end(const struct stream_control *control, size_t i)
{
	return reader_is_at_end(control->inputs->list[i].file) &&
	       merge_waits_for(control->merge, i);
}

/* Whatever runs the merge is gone, or has no more to say. */
static void
expect_no_more(struct stream_control *control)
{
	for (size_t i = 0; i < control->inputs->count; i++)
		reader_expect(control->inputs->list[i].file, READER_NO_MORE);
	fileio_close(&control->fd);
}

/* Applies a message about input i. */
static int
apply(struct stream_control *control, size_t i, const struct mergecontrol *message)
{
	struct stream_succession *stream = &control->list[i];

	switch (message->kind) {
	case MERGECONTROL_END: reader_expect(control->inputs->list[i].file, READER_NO_MORE); break;
	case MERGECONTROL_OFFSET:
		return merge_change_offset(control->merge, message->name, message->offset_ns,
					   is_at_end(control, i) ? ENGINE_CLOCKS_STEP
								 : ENGINE_CLOCKS_SLEW);
	case MERGECONTROL_STREAM:
		fileio_close(&stream->next_fd);
		stream->next_fd = message->fd;
		if (merge_outcome(control->merge, i)->is_cut)
			fileio_close(&stream->next_fd);
		break;
	default: break;
	}
	return 0;
}

int
stream_control_receive(struct stream_control *control, struct failure *why)
{
	struct mergecontrol message;
	int rc;

	while ((rc = mergecontrol_receive(control->fd, &message)) > 0) {
		size_t i = 0;

		while (i < control->inputs->count && strcmp(name_of(control, i), message.name) != 0)
			i++;
		if (i == control->inputs->count)
			fileio_close(&message.fd);
		else if (apply(control, i, &message) < 0)
			return failure_nomem(why);
	}
	if (rc == 0 || (errno != EAGAIN && errno != EINTR))
		expect_no_more(control);
	return 0;
}

/* Tells that the input's stream has an interface: a head alone may be of one that captures nothing. What cannot
 * be told now is told later. */
static void
tell(const struct stream_control *control, size_t i)
{
	struct stream_succession *stream = &control->list[i];
	const struct mergecontrol begun = mergecontrol_of(MERGECONTROL_BEGUN, name_of(control, i));

	if (!stream->has_told && control->fd >= 0 &&
	    reader_source(control->inputs->list[i].file)->interface_count > stream->interfaces)
		stream->has_told = mergecontrol_send(control->fd, &begun) == 0;
}

/* Tells that the input's stream was no capture, so that nobody goes on to send it. */
static void
tell_end(const struct stream_control *control, size_t i)
{
	struct stream_succession *stream = &control->list[i];
	const struct mergecontrol ended = mergecontrol_of(MERGECONTROL_ENDED, name_of(control, i));

	if (!stream->has_told_end && control->fd >= 0 && merge_outcome(control->merge, i)->is_cut)
		stream->has_told_end = mergecontrol_send(control->fd, &ended) == 0;
}

void
stream_control_end(const struct stream_control *control)
{
	for (size_t i = 0; control->list && i < control->inputs->count; i++)
		tell_end(control, i);
}

void
stream_control_proceed(struct stream_control *control, void (*report)(const char *line))
{
	char text[OUTAGE_TEXT];

	for (size_t i = 0; control->list && i < control->inputs->count; i++) {
		struct stream_succession *stream = &control->list[i];
		struct reader *file = control->inputs->list[i].file;
		const struct outage *outage = merge_outage(control->merge, i);

		tell(control, i);
		tell_end(control, i);
		if (is_at_end(control, i)) {
			merge_begin_outage(control->merge, i);
			if (stream->next_fd >= 0) {
				reader_continue(file, stream->next_fd);
				stream->next_fd = -1;
				stream->has_told = false;
				stream->interfaces = reader_source(file)->interface_count;
			}
		}
		if (outage->count > stream->outages && report)
			report(outage_print(outage, name_of(control, i), text));
		stream->outages = outage->count;
	}
}
