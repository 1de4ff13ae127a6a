#include "base/packedfile.h"

#include <signal.h>
#include <unistd.h>

int
packedfile_open(struct packedfile *out, const char *path, enum codec_kind kind, struct failure *why)
{
	const struct relay_options options = {.kind = RELAY_COMPRESS, .codec = kind};

	*out = PACKEDFILE_INIT;
	if (outfile_open(&out->file, path, why) < 0)
		return -1;
	out->fd = out->file.fd;
	if (kind == CODEC_NONE)
		return 0;
	if (relay_start(&out->packer, out->file.fd, &options, why) < 0) {
		packedfile_abandon(out);
		return -1;
	}
	signal(SIGPIPE, SIG_IGN);
	out->fd = out->packer.in;
	return 0;
}

bool
packedfile_packs(const struct packedfile *out)
{
	return out->packer.in >= 0;
}

static int
commit(struct packedfile *out, int (*commit_file)(struct outfile *, struct failure *),
       struct failure *why)
{
	int rc = 0;

	if (packedfile_packs(out) && relay_finish(&out->packer, why) != RELAY_WHOLE)
		rc = -1;
	if (rc == 0)
		rc = commit_file(&out->file, why);
	packedfile_abandon(out);
	return rc;
}

int
packedfile_commit(struct packedfile *out, struct failure *why)
{
	return commit(out, outfile_commit, why);
}

int
packedfile_commit_new(struct packedfile *out, struct failure *why)
{
	return commit(out, outfile_commit_new, why);
}

void
packedfile_blame(struct packedfile *out, struct failure *why)
{
	struct failure reason;

	if (packedfile_packs(out) && relay_finish(&out->packer, &reason) != RELAY_WHOLE)
		*why = reason;
}

void
packedfile_abandon(struct packedfile *out)
{
	if (packedfile_packs(out)) {
		close(out->packer.in);
		close(out->packer.result);
	}
	outfile_abandon(&out->file);
	*out = PACKEDFILE_INIT;
}
