#include "controller/enginecheck_table.h"

#include "base/abilities.h"
#include "base/platform.h"
#include "base/strvec.h"
#include "base/text.h"
#include "controller/lostlines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct table_column human_columns[] = {
    {"ENGINE"},
    {"STATE"},
    {"VERSION", TABLE_TEXT, TABLE_GOES, 3},
    {"INTERFACES", TABLE_TEXT, TABLE_BELOW, 2},
    {"VIP"},
    {"FREE", TABLE_NUMBER},
    {"CLOCK", TABLE_NUMBER},
    {"KERNEL", TABLE_TEXT, TABLE_BELOW, 5},
    {"MACHINE", TABLE_TEXT, TABLE_BELOW, 6},
    {"SELINUX", TABLE_TEXT, TABLE_BELOW, 4},
    {"NOTE", TABLE_TEXT, TABLE_BELOW, 1},
};
#define MAIN_COLUMNS "engine,state,version,interfaces,vip,free,clock,note"
static const struct table_column script_columns[] = {
    {"ENGINE"},
    {"STATE"},
    {"VERSION"},
    {"CAP_NET_RAW"},
    {"INTERFACES"},
    {"XDP"},
    {"LOCAL"},
    {"ELSEWHERE"},
    {"FREE", TABLE_NUMBER},
    {"RESERVE", TABLE_NUMBER},
    {"CLOCK"},
    {"ERROR"},
    {"KERNEL"},
    {"MACHINE"},
    {"SELINUX"},
    {"NOTE"},
};
enum { HUMAN_WIDTH = 11, SCRIPT_WIDTH = 16 };

/* The first kernel that vcap is meant to work on; what comes before may do, and nobody has tried. */
enum { KERNEL_MAJOR = 4, KERNEL_MINOR = 18 };

/* The cells that both tables share, on the heap. */
struct line {
	const struct enginecheck *check;
	char *interfaces, *xdp, *note;
};

/* What an engine of another release has and lacks. */
static void
add_release(const char *version, const char *abilities, struct strvec *remarks)
{
	char *lacking = abilities_lacking(ABILITIES, abilities);

	if (strcmp(version, VCAP_VERSION) != 0)
		strvec_pushf(remarks, "version %.32s, but %s here", version, VCAP_VERSION);
	if (!lacking)
		remarks->failed = true;
	else if (*lacking)
		strvec_pushf(remarks, "takes part without: %s", lacking);
	free(lacking);
}

/* Why the engine cannot capture, and what may surprise later: heap; NULL: out of memory. */
static char *
note_of(const struct enginecheck *check, const char *xdp)
{
	const char *version = keyval_get(&check->answer, "version"),
		   *log = keyval_get(&check->answer, "log"),
		   *kernel = keyval_get(&check->answer, "kernel");
	struct strvec remarks = STRVEC_INIT;
	char *text;

	if (check->problem.text[0])
		strvec_push(&remarks, check->problem.text);
	if (check->remark.text[0])
		strvec_push(&remarks, check->remark.text);
	if (version)
		add_release(version, keyval_get(&check->answer, "abilities"), &remarks);
	if (check->engine->must_log && log && strcmp(log, "no") == 0)
		strvec_push(&remarks, "has no log, which 'audit required' asks for");
	if (kernel && platform_is_before(kernel, KERNEL_MAJOR, KERNEL_MINOR))
		strvec_pushf(&remarks, "kernel %.64s is older than %d.%d", kernel, KERNEL_MAJOR,
			     KERNEL_MINOR);
	if (*xdp)
		strvec_pushf(&remarks, "an XDP program may hide packets of %s", xdp);
	if (check->is_reached && !check->has_clock)
		strvec_push(&remarks, "did not send its time");
	lostlines_add(&check->losses, LOSTLINES_ALL, "right now: ", &remarks);
	text = strvec_join(&remarks, "; ");
	strvec_release(&remarks);
	return text;
}

static const char *
state_of(const struct enginecheck *check)
{
	static const char *const reaches[] = {
	    [REMEDY_UNREACHABLE] = "unreachable",
	    [REMEDY_REFUSED] = "refused",
	    [REMEDY_KEY_UNKNOWN] = "key-unknown",
	    [REMEDY_KEY_CHANGED] = "KEY-CHANGED",
	};

	if (!check->is_reached)
		return reaches[check->reach];
	return check->is_ready ? "ready" : "not-ready";
}

/* "local", "elsewhere" or "N of M local", the last one in buffer. */
static const char *
vip_text(const struct enginecheck *check, char *buffer, size_t size)
{
	const size_t all = check->addresses.count;
	size_t local = 0;

	if (!check->is_reached || check->engine->is_region || all == 0)
		return "";
	for (size_t i = 0; i < check->answer.count; i++)
		local += strcmp(check->answer.pairs[i].key, "local") == 0;
	if (local == 0)
		return "elsewhere";
	if (local == all)
		return "local";
	snprintf(buffer, size, "%zu of %zu local", local, all);
	return buffer;
}

static int
add_human(struct table *table, const struct line *line, struct failure *why)
{
	const struct enginecheck *check = line->check;
	char free_text[TEXT_SIZE] = "", clock[32] = "", vip[64];

	if (keyval_get(&check->answer, "free"))
		text_size(keyval_number(&check->answer, "free", 0), free_text);
	if (check->has_clock)
		snprintf(clock, sizeof(clock), "%+.3fms", (double)check->offset.offset_ns / 1e6);
	return table_add(
	    table,
	    (const char *const[]){
		check->engine->name, state_of(check), keyval_get(&check->answer, "version"),
		line->interfaces, vip_text(check, vip, sizeof(vip)), free_text, clock,
		keyval_get(&check->answer, "kernel"), keyval_get(&check->answer, "machine"),
		keyval_get(&check->answer, "selinux"), line->note},
	    why);
}

static int
add_script(struct table *table, const struct line *line, struct failure *why)
{
	const struct enginecheck *check = line->check;
	char *local = enginecheck_values(check, "local"),
	     *absent = enginecheck_values(check, "elsewhere");
	char clock[CLOCK_OFFSET_TEXT] = "", *error = clock;
	int rc = -1;

	if (check->has_clock) {
		clock_offset_print(&check->offset, clock);
		error = strchr(clock, ' ');
		*error++ = '\0';
	}
	if (!local || !absent)
		failure_nomem(why);
	else
		rc = table_add(
		    table,
		    (const char *const[]){
			check->engine->name, state_of(check), keyval_get(&check->answer, "version"),
			keyval_get(&check->answer, "cap_net_raw"), line->interfaces, line->xdp,
			local, absent, keyval_get(&check->answer, "free"),
			keyval_get(&check->answer, "reserve"), clock, error,
			keyval_get(&check->answer, "kernel"), keyval_get(&check->answer, "machine"),
			keyval_get(&check->answer, "selinux"), line->note},
		    why);
	free(local);
	free(absent);
	return rc;
}

static int
add(struct table *table, const struct enginecheck *check, enum enginecheck_columns columns,
    struct failure *why)
{
	struct line line = {.check = check,
			    .interfaces = enginecheck_values(check, "interfaces"),
			    .xdp = enginecheck_values(check, "xdp")};
	int rc;

	line.note = line.xdp ? note_of(check, line.xdp) : NULL;
	if (!line.interfaces || !line.note)
		rc = failure_nomem(why);
	else if (columns == ENGINECHECK_ALL)
		rc = add_script(table, &line, why);
	else
		rc = add_human(table, &line, why);
	free(line.interfaces);
	free(line.xdp);
	free(line.note);
	return rc;
}

struct table *
enginecheck_table_new(const struct enginecheck *list, size_t count,
		      enum enginecheck_columns columns, struct failure *why)
{
	struct table *table = columns == ENGINECHECK_ALL
				  ? table_new("engines", script_columns, SCRIPT_WIDTH)
				  : table_new("engines", human_columns, HUMAN_WIDTH);
	int rc = table ? 0 : failure_nomem(why);

	if (rc == 0 && columns == ENGINECHECK_MAIN)
		rc = table_choose(table, MAIN_COLUMNS, why);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = add(table, &list[i], columns, why);
	if (rc < 0) {
		table_free(table);
		return NULL;
	}
	return table;
}
