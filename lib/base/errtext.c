/*
 * A file rather than a pipe: nobody has to read while the child runs, and nothing waits for what the
 * child may have left behind, such as the master of an ssh connection.
 */
#include "base/errtext.h"

#include "base/fileio.h"
#include "base/process.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIZE_MAX_KEPT ((size_t)64 << 10)

struct errtext
errtext_open(void)
{
	return (struct errtext){process_output_open(SIZE_MAX_KEPT, NULL)};
}

void
errtext_show(struct errtext *said)
{
	char *text, *safe;

	if (said->fd < 0)
		return;
	text = process_output_text(said->fd);
	safe = text ? text_escape_lines(text) : NULL;
	/* There is nobody to tell that this failed. */
	if (safe)
		(void)!fileio_write_all(STDERR_FILENO, safe, strlen(safe));
	free(text);
	free(safe);
	close(said->fd);
	said->fd = -1;
}
