#include "filter/specs.h"

#include "base/fileio.h"
#include "base/text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SPECS_MAX (64u << 20) /* bytes of a list */

static int
add_text(struct addrset *set, int fd, const char *name, struct failure *why)
{
	char *text;
	size_t size;
	int rc;

	if (fileio_slurp(fd, SPECS_MAX, name, &text, &size, why) < 0)
		return -1;
	if (strlen(text) != size) {
		rc = failure_set(why, "'%s' is not text: it has a NUL byte", name);
	} else {
		text_drop_mark(text);
		rc = addrset_add_lines(set, text, name, why);
	}
	free(text);
	return rc;
}

static int
add_file(struct addrset *set, const char *path, struct failure *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return failure_errno(why, "cannot read '%s'", path);
	rc = add_text(set, fd, path, why);
	close(fd);
	return rc;
}

int
specs_add(struct addrset *set, const char *file, char *const *words, const char *capture,
	  bool *has_any, struct failure *why)
{
	bool captures_stdin = capture && strcmp(capture, "-") == 0;
	int rc = file ? add_file(set, file, why) : 0;

	*has_any |= file || *words;
	for (; *words && rc == 0; words++) {
		if (strcmp(*words, "-") == 0 && captures_stdin)
			return failure_set(
			    why, "standard input cannot be both the capture and the addresses");
		if (strcmp(*words, "-") == 0)
			rc = add_text(set, STDIN_FILENO, "standard input", why);
		else
			rc = addrset_add(set, *words, why);
	}
	return rc;
}
