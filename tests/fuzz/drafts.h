/*
 * What every importer must do with whatever text it is given: shared by their targets.
 */
#ifndef VCAP_FUZZ_DRAFTS_H
#define VCAP_FUZZ_DRAFTS_H

#include "filter/service.h"
#include "fuzz.h"
#include "import/draft.h"

/* A name has addresses, but for one in a while. */
static inline int
resolve_any(void *context, const char *name, struct strvec *addresses, struct failure *why)
{
	(void)context;
	if (name && strlen(name) % 5 == 0)
		return failure_set(why, "cannot resolve '%s'", name);
	strvec_push(addresses, "192.0.2.1");
	strvec_push(addresses, "2001:db8::1");
	return 0;
}

/* A file names the same whatever it is called, but for one in a while. */
static inline char *
read_any(void *context, const char *path, struct failure *why)
{
	(void)context;
	if (strlen(path) % 5 == 0) {
		failure_set(why, "cannot read '%s'", path);
		return NULL;
	}
	return strdup("# names\n/a a\n/b  b.c \n\n/only\n/s static\n");
}

/* What is printed is a service file of as many lines as the draft has. */
static inline void
check_draft(const struct draft *draft)
{
	struct service service = SERVICE_INIT;
	struct failure why = FAILURE_INIT;
	char *text = draft_format(draft, (char *const[]){NULL});

	must(text);
	if (draft->vips.lines.count > 0) {
		must(service_parse(&service, draft->name, text, "draft", &why) == 0);
		must(service.vip_count == draft->vips.lines.count);
		must(service.server_count == draft->servers.lines.count);
		must(service.monitor_count == draft->monitors.count);
		must(service.engine_count == 0);
		service_release(&service);
	}
	free(text);
}

/* Whatever comes of text, it is complete or has a reason. drafts has its settings, and is released. */
static inline void
check_drafts(struct drafts *drafts,
	     int (*import)(struct drafts *, const char *, const char *, struct failure *),
	     const char *text)
{
	struct failure why = FAILURE_INIT;

	if (import(drafts, text, "input", &why) < 0)
		must(why.text[0]);
	else
		must(drafts_are_complete(drafts));
	for (size_t i = 0; i < drafts->count; i++) {
		check_draft(drafts->list[i]);
		must(drafts_find(drafts, drafts->list[i]->name) == drafts->list[i]);
	}
	drafts_release(drafts);
}

static inline int
check_import(int (*import)(struct drafts *, const char *, const char *, struct failure *),
	     const uint8_t *data, size_t size)
{
	struct drafts drafts = {.resolve = resolve_any, .read = read_any};
	char *text = fuzz_text(data, size);

	check_drafts(&drafts, import, text);
	free(text);
	return 0;
}

#endif
