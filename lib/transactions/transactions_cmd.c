/*
 * A file is read once, its tables before it; a stream as it comes, and its tables with it. Everything is
 * opened before the sandbox is entered, and bytes from outside are parsed only inside.
 */
#include "transactions/transactions_cmd.h"

#include "base/clock.h"
#include "base/priv.h"
#include "base/sandbox.h"
#include "base/siphash.h"
#include "capfile/reader.h"
#include "capfile/writer.h"
#include "transactions/connlist_table.h"
#include "transactions/listing.h"
#include "transactions/marks.h"
#include "transactions/places.h"
#include "transactions/transactions.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MEMORY       ((size_t)128 << 20)
#define HOLD_NS      (3 * NS_PER_SECOND) /* as long as vcap-join waits for a pair */
#define TABLES_EVERY 64                  /* packets */

/* One run: from packets to rows. */
struct run {
	struct transactions_cmd *cmd;
	const struct transactions_options *options;
	struct transactions *transactions;
	struct places places;
	struct listing listing;
	struct percentiles *percentiles;
	struct connlist *connlist; /* NULL: rows are asked for */
	struct marks marks;
	struct rowpackets only; /* of the row that options->packets names */
	uint64_t packets;
	bool failed; /* to keep a row: why says how */
	struct failure why;
};

static int
open_input(struct transactions_cmd *cmd, const char *path, struct failure *why)
{
	struct stat st;

	cmd->in = STDIN_FILENO;
	if (strcmp(path, "-") != 0)
		cmd->in = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (cmd->in < 0 || fstat(cmd->in, &st) < 0)
		return failure_errno(why, "cannot open '%s'", cmd->name);
	cmd->is_stream = !S_ISREG(st.st_mode);
	return 0;
}

/* A second descriptor of the file, and the one that is written. */
static int
open_marked(struct transactions_cmd *cmd, const struct transactions_options *options,
	    struct failure *why)
{
	if (!options->mark && !options->packets)
		return 0;
	if (cmd->is_stream)
		return failure_set(why, "'--%s' reads a file twice: '%s' is none",
				   options->mark ? "mark" : "packets", cmd->name);
	/* Both readers use pread(), which leaves the shared file offset alone. */
	cmd->again = fcntl(cmd->in, F_DUPFD_CLOEXEC, 3);
	if (cmd->again < 0)
		return failure_errno(why, "cannot open '%s'", cmd->name);
	if (options->mark && outfile_spare(cmd->name, options->mark, why) < 0)
		return -1;
	return options->mark ? outfile_open(&cmd->marked, options->mark, why) : 0;
}

static void
close_all(struct transactions_cmd *cmd)
{
	if (cmd->in > STDIN_FILENO)
		close(cmd->in);
	if (cmd->again >= 0)
		close(cmd->again);
	cmd->in = cmd->again = -1;
	rowruns_release(&cmd->aside);
	outfile_abandon(&cmd->marked);
	pairfile_close(&cmd->tables);
}

int
transactions_cmd_open(struct transactions_cmd *cmd, const char *path,
		      const struct transactions_options *options, struct failure *why)
{
	int rc;

	*cmd = (struct transactions_cmd){.name = strcmp(path, "-") == 0 ? "standard input" : path,
					 .in = -1,
					 .again = -1,
					 .aside = ROWRUNS_INIT,
					 .marked = OUTFILE_INIT};
	rc = open_input(cmd, path, why);
	for (size_t i = 0; i < options->tables.count && rc == 0; i++)
		rc = pairfile_open(&cmd->tables, options->tables.list[i], why);
	if (rc == 0)
		rc = open_marked(cmd, options, why);
	if (rc == 0 && !options->has_by)
		rowruns_open(&cmd->aside, options->aside ? options->aside : "/tmp");
	if (rc < 0)
		close_all(cmd);
	return rc;
}

static bool
is_of_set(const struct transactions_options *options, const struct transaction *row)
{
	const struct transaction_end *ends[] = {&row->client, &row->server, &row->vip,
						&row->source};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (ends[i]->is_known && addrset_has(&options->set, ends[i]->addr))
			return true;
	return !options->has_set;
}

/* How long it took: in all, or the longest phase that is known. */
static int64_t
slowness(const struct transaction *row)
{
	int64_t longest = row->phases[PHASE_TOTAL];

	for (int i = 0; i < PHASES && row->phases[PHASE_TOTAL] == PHASE_UNKNOWN; i++)
		if (i != PHASE_IDLE && row->phases[i] > longest)
			longest = row->phases[i];
	return longest;
}

static bool
is_asked_for(const struct transactions_options *options, const struct transaction *row)
{
	return is_of_set(options, row) && (!options->failed || transaction_has_failed(row)) &&
	       (!options->slow_ns || slowness(row) >= options->slow_ns) &&
	       (!options->long_ns || row->ended_ns - row->began_ns >= options->long_ns);
}

/* A transactions_report. */
static void
take_row(void *context, const struct transaction *row)
{
	struct run *run = context;
	const char *engine = places_engine(&run->places, row->engine);

	if (run->options->packets) {
		if (row->id != run->options->packets)
			return;
		rowpackets_set(&run->only, run->cmd->service, row);
		run->failed = marks_add(&run->marks, row, &run->why) < 0;
		return;
	}
	if (run->options->mark && marks_add(&run->marks, row, &run->why) < 0)
		run->failed = true;
	if (!is_asked_for(run->options, row) || run->failed || run->connlist)
		return;
	run->cmd->doubtful += (row->flags & FLAG_LOST) != 0;
	if (run->percentiles && percentiles_add(run->percentiles, row, engine) < 0)
		run->failed = failure_nomem(&run->why) < 0;
	else if (!run->percentiles && listing_add(&run->listing, row, engine, &run->why) < 0)
		run->failed = true;
}

/* A pairfile_report. */
static void
add_pair(void *transactions, const struct connpair *pair)
{
	transactions_pair(transactions, pair);
}

static int
see_packet(struct run *run, const struct source *source, const struct packet *packet,
	   struct failure *why)
{
	const struct place *place;
	struct transactions_place seen;

	if (places_learn(&run->places, source, why) < 0)
		return -1;
	if (run->cmd->is_stream && run->packets % TABLES_EVERY == 0 &&
	    pairfile_read(&run->cmd->tables, why) < 0)
		return -1;
	place = places_of(&run->places, packet->iface);
	run->packets++;
	if (place->is_dropped)
		return 0;
	seen = (struct transactions_place){.linktype = source->interfaces[packet->iface].linktype,
					   .engine = place->engine,
					   .side = place->side};
	transactions_see(run->transactions, packet, run->packets, &seen);
	return 0;
}

static void
count_drops(struct run *run, const struct source *source)
{
	for (uint32_t i = 0; i < source->interface_count; i++) {
		const bool is_counted =
		    i >= run->places.place_count || !places_of(&run->places, i)->is_dropped;
		uint64_t lost = is_counted && source->interfaces[i].statistics.valid
				    ? statistics_lost(&source->interfaces[i].statistics)
				    : STATISTICS_UNKNOWN;

		if (lost != STATISTICS_UNKNOWN)
			run->cmd->dropped += lost;
	}
}

static int
read_all(struct run *run, struct reader *in, struct failure *why)
{
	struct source *source = reader_source(in);
	struct failure cut = FAILURE_INIT;
	int rc = 0;

	for (;;) {
		struct packet packet;
		enum source_event event = source->next(source, &packet, &cut);

		if (event == SOURCE_PACKET)
			rc = see_packet(run, source, &packet, why);
		else if (event == SOURCE_STATISTICS)
			transactions_pass(run->transactions,
					  source->interfaces[packet.iface].statistics.ts_ns);
		if (rc < 0 || run->failed || event == SOURCE_END || event == SOURCE_CUT) {
			run->cmd->is_cut = event == SOURCE_CUT;
			break;
		}
	}
	count_drops(run, source);
	if (rc == 0 && pairfile_read(&run->cmd->tables, why) < 0)
		rc = -1;
	transactions_finish(run->transactions);
	run->cmd->ran_short = transactions_ran_short(run->transactions);
	if (rc == 0 && run->failed) {
		*why = run->why;
		rc = -1;
	}
	if (rc == 0 && run->cmd->is_cut)
		*why = cut;
	return rc;
}

static struct table *
conversations_table(struct run *run, struct failure *why)
{
	const struct transactions_options *options = run->options;
	const struct connlist_table wanted = {
	    .places = &run->places,
	    .set = options->has_set ? &options->set : NULL,
	    .most = options->most,
	    .form = options->form == TABLE_HUMAN ? COLUMNS_FOR_PEOPLE : COLUMNS_FOR_SCRIPTS};

	run->cmd->uncounted = connlist_rest(run->connlist);
	/* The table takes memory of its own. */
	transactions_free(run->transactions);
	run->transactions = NULL;
	return connlist_table_new(run->connlist, &wanted, why);
}

static int
print(struct run *run, struct failure *why)
{
	struct table *table;
	int rc;

	if (run->options->packets)
		return run->only.is_set
			   ? 0
			   : failure_set(
				 why, "there is no transaction %" PRIu64 ": the last is %" PRIu64,
				 run->options->packets, transactions_count(run->transactions));
	if (!run->percentiles && !run->connlist)
		return listing_finish(&run->listing, why);
	table = run->connlist ? conversations_table(run, why)
			      : percentiles_table(run->percentiles, why);
	if (!table)
		return -1;
	rc = table_print_headed(table, run->options->form, stdout, why);
	table_free(table);
	return rc;
}

/* Writes the marked copy, or that of one row's packets. */
static int
mark(struct run *run, struct failure *why)
{
	struct transactions_cmd *cmd = run->cmd;
	enum copy_outcome outcome = COPY_FAILED;
	struct reader *in;
	struct writer *out;

	if (!run->options->mark && !run->options->packets)
		return 0;
	run->marks.only = run->options->packets ? &run->only : NULL;
	in = reader_open_fd(cmd->again, cmd->name, why);
	if (!in)
		return -1;
	cmd->again = -1;
	out = writer_new(run->options->mark ? cmd->marked.fd : STDOUT_FILENO, FORMAT_PCAPNG, why);
	if (out) {
		writer_mix_linktypes(out);
		outcome = marks_copy(&run->marks, in, out, why);
	}
	writer_free(out);
	reader_close(in);
	if (outcome == COPY_FAILED)
		return -1;
	return run->options->mark ? outfile_commit(&cmd->marked, why) : 0;
}

static int
run_with(struct run *run, struct reader *in, struct failure *why)
{
	struct transactions_cmd *cmd = run->cmd;
	struct transactions_config config = {
	    .service = cmd->service,
	    .header = run->options->header,
	    .hold_ns = cmd->is_stream && cmd->tables.count ? HOLD_NS : 0,
	    .memory = MEMORY,
	    .report = take_row,
	    .context = run,
	};
	struct failure cut;
	int rc = -1;

	if (siphash_draw_key(&config.secret, why) < 0)
		return -1;
	if (run->options->conversations &&
	    !(config.connlist = run->connlist = connlist_new(config.secret, why)))
		return -1;
	run->transactions = transactions_new(&config, why);
	if (!run->transactions)
		return -1;
	cmd->tables.report = add_pair;
	cmd->tables.context = run->transactions;
	if (cmd->is_stream || pairfile_read_all(&cmd->tables, why) == 0)
		rc = read_all(run, in, why);
	cut = *why;
	if (rc == 0)
		rc = print(run, why);
	if (rc == 0)
		rc = mark(run, why);
	if (rc == 0 && cmd->is_cut)
		*why = cut;
	transactions_free(run->transactions);
	return rc;
}

int
transactions_cmd_run(struct transactions_cmd *cmd, const struct transactions_options *options,
		     struct failure *why)
{
	struct run run = {.cmd = cmd,
			  .options = options,
			  .listing = {.columns = options->columns,
				      .form = options->form,
				      .mode = cmd->is_stream && options->sort < 0 ? LISTING_AT_ONCE
										  : LISTING_AT_END,
				      .sort = options->sort,
				      .most = options->most,
				      .out = stdout}};
	struct reader *in = NULL;
	int rc = -1;

	run.listing.runs = cmd->aside;
	cmd->aside = ROWRUNS_INIT;
	tzset(); /* the zone is in a file, and a table looks for colours: both before they are out of reach */
	if (options->has_by && !(run.percentiles = percentiles_new(options->by)))
		failure_nomem(why);
	else if (priv_drop_all(why) == 0 &&
		 sandbox_confine_files(SANDBOX_ENFORCE, cmd->marked.dirfd, NULL, why) == 0 &&
		 sandbox_confine_calls(SANDBOX_ENFORCE, SANDBOX_CALLS_OUTPUT, SANDBOX_OPENS_TO_READ,
				       why) == 0)
		in = reader_open_fd(cmd->in, cmd->name, why);
	if (in) {
		cmd->in = -1;
		rc = run_with(&run, in, why);
	}
	reader_close(in);
	close_all(cmd);
	marks_release(&run.marks);
	listing_release(&run.listing);
	percentiles_free(run.percentiles);
	connlist_free(run.connlist);
	places_release(&run.places);
	return rc;
}
