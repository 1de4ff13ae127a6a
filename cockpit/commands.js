// The commands that the page runs: the only module that does, each with a fixed vector of arguments.
// What was typed reaches a command behind `--`, behind the `=` of an option, or as its input.

const cockpit = window.cockpit;

// How a command failed: with the words that it said itself.
class CommandError extends Error {}

function explain(argv, problem) {
	if (problem.problem === "not-found")
		return `${argv[0]}: not installed, or not on PATH`;
	const text = (problem.message || problem.problem || `${argv[0]}: failed`).trim();

	// What Cockpit says of one that said nothing.
	return /^\S+ exited with code \d+$/.test(text) ? "" : text;
}

// Resolves with what it printed and what it complained about, whatever its status: {output,
// complaints, status}. Rejects if it could not be run at all.
function run(argv, input = "") {
	const process = cockpit.spawn(argv, { superuser: "try", err: "message" });
	const ended = new Promise((resolve, reject) => {
		process.then((output, complaints) => resolve({ output, complaints: (complaints ?? "").trim(), status: 0 }),
			(problem, output) => problem.problem || typeof problem.exit_status !== "number"
				? reject(new CommandError(explain(argv, problem)))
				: resolve({ output: output ?? "", complaints: explain(argv, problem), status: problem.exit_status }));
	});

	process.input(input);
	return { ended, cancel: () => process.close("cancelled") };
}

// Resolves unless the command has failed: status 3 is a result with something missing.
async function succeed(argv, input) {
	const result = await run(argv, input).ended;

	if (result.status !== 0 && result.status !== 3)
		throw new CommandError(result.complaints || `${argv[0]}: failed`);
	return result;
}

// The rows of a command that prints JSON, and what it complained about beside.
async function rowsOf(running, key) {
	const result = await running.ended;

	try {
		return { rows: JSON.parse(result.output)[key], complaints: result.complaints, status: result.status };
	} catch {
		throw new CommandError(result.complaints || `no ${key} are told`);
	}
}

export const services = () => rowsOf(run(["vcap-services", "-j"]), "services");
export const captures = () => rowsOf(run(["vcap-ls", "-j"]), "captures");
export const capture = id => rowsOf(run(["vcap-ls", "-j", "--", id]), "captures");
// What was last heard of the engines. Whoever waits for the capture's end asks them, and no more often
// because somebody looks.
export const engines = () => rowsOf(run(["vcap-status", "--no-ask", "-j"]), "engines");

// The same of one capture, also of one that is over.
export const enginesOf = id => rowsOf(run(["vcap-status", "--no-ask", "-j", "--", id]), "engines");

// Counts of a file; they may take long, and can be cancelled.
export function origins(file) {
	const running = run(["vcap-stat", "-j", "--", file]);

	return { rows: rowsOf(running, "origins"), cancel: running.cancel };
}

export function bins(file, milliseconds) {
	const running = run(["vcap-stat", "-j", `--bin=${milliseconds}ms`, "--", file]);

	return { rows: rowsOf(running, "bins"), cancel: running.cancel };
}

// How many transactions, conversations and packets the page holds, at most.
export const TRANSACTIONS = 20000, CONVERSATIONS = 20000, PACKETS = 1000;

const COLUMNS = ["id", "began", "unit", "confidence", "client", "vip", "engine", "source", "server", "attempt", "method", "path", "status", "sstatus",
	"csyn", "ctls", "idle", "reqhead", "reqbody", "wait", "connect", "stls", "ttfb", "relay", "transfer", "drain", "stall", "total", "duration",
	"reqbytes", "resbytes", "end", "flags", "proxy"];

// What a command prints as lines, each read by itself.
async function linesOf(running, read) {
	const { output, complaints, status } = await running.ended;

	if (status !== 0 && status !== 3)
		throw new CommandError(complaints || "nothing is told");
	return { rows: output.split("\n").filter(Boolean).map(read), complaints, status };
}

// The transactions of a capture, in the order of time: one more than the most if there are more.
export function transactions(id) {
	const running = run(["vcap-transactions", "-j", `--rows=${TRANSACTIONS + 1}`, `--output=${COLUMNS.join(",")}`, "--", id]);

	return { rows: linesOf(running, JSON.parse), cancel: running.cancel };
}

// by: server, engine, client or path.
export function percentiles(id, by) {
	const running = run(["vcap-transactions", "-j", `--by=${by}`, "--", id]);

	return { rows: rowsOf(running, "groups"), cancel: running.cancel };
}

// Every conversation of a capture, in the order of time: one more than the most if there are more.
export function conversations(id) {
	const running = run(["vcap-transactions", "-j", "--conversations", `--rows=${CONVERSATIONS + 1}`, "--", id]);

	const known = row => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value === "" ? null : value]));

	return { rows: rowsOf(running, "conversations").then(({ rows, complaints }) => ({ rows: rows.map(known), complaints })), cancel: running.cancel };
}

// The first packets of a capture; range: seconds since 1970 from and until, or null for all of it; between: pairs of
// ends as vcap-print takes them, or none for all.
export function packets(id, range, between = []) {
	const running = run(["vcap-print", "--tshark", `--count=${PACKETS}`, ...between.map(ends => `--between=${ends}`),
		...range ? [`--since=${range[0].toFixed(6)}`, `--until=${range[1].toFixed(6)}`] : [], "--", id]);

	return { cancel: running.cancel, rows: linesOf(running, line => {
		const [, time, engine, side, text] = line.match(/^(\S+) +(.+?) +(client|server|monitor|other|-) +(.*)$/) ?? [null, "", "", "", line];

		return { time, engine, side, text };
	}) };
}

// Resolves with what is wrong with the addresses, or with nothing.
export function checkSpecs(text) {
	const running = run(["vcap-filter", "--widen", "-"], text);

	return { verdict: running.ended.then(result => result.status === 0 ? "" : result.complaints), cancel: running.cancel };
}

// The same of an expression.
export function checkExpression(text) {
	const running = run(["vcap-filter", `--expression=${text}`]);

	return { verdict: running.ended.then(result => result.status === 0 ? "" : result.complaints), cancel: running.cancel };
}

// Whether the engines of a service could capture now.
export const check = service => rowsOf(run(["vcap-check", "-j", "--", service]), "engines");

const setup = (kind, ...options) => kind === "init" ? ["vcap-init", ...options] : ["vcap-import", ...options, kind];

// The files that a way to a configuration would write: text, with what is left out beside it. kind: init,
// or what vcap-import takes.
export const preview = kind => succeed(setup(kind, ...kind === "init" ? ["--dry-run"] : []));
export const configure = kind => succeed(setup(kind, ...kind === "init" ? [] : ["--write"]));

// The ids of the captures that are beyond these limits, which are options of vcap-prune to their values.
export async function beyond(limits) {
	const { output } = await succeed(["vcap-prune", "--dry-run", ...Object.entries(limits).map(([name, value]) => `--${name}=${value}`)]);

	return output.split("\n").filter(Boolean);
}

// specs: null for all traffic. engines: names, or null for all.
// rolling: what is kept, "" for all; without a unit it is minutes, and there is no duration.
export function start({ service, specs, count, duration, rolling, snaplen, monitors, engines, expression, at, exclude, drops, keys, perPacket, comment }) {
	const argv = ["vcap-start", `--monitors=${monitors}`];

	if (count !== "")
		argv.push(`--count=${count}`);
	argv.push(`--time=${rolling ? 0 : duration || 0}`);
	if (rolling)
		argv.push(`--rolling=${/\d$/.test(rolling) ? `${rolling}m` : rolling}`);
	if (snaplen !== "")
		argv.push(`--snaplen=${snaplen}`);
	if (engines !== null)
		argv.push(`--engines=${engines.join(",")}`);
	for (const [name, value] of Object.entries({ expression, at, comment }))
		if (value !== "")
			argv.push(`--${name}=${value}`);
	if (exclude)
		argv.push("--exclude");
	if (drops)
		argv.push("--drops");
	if (keys)
		argv.push("--keys");
	if (perPacket)
		argv.push("--per-packet");
	argv.push("--", service);
	if (specs !== null)
		argv.push("-");
	return succeed(argv, specs ?? "");
}

export const stop = id => succeed(["vcap-stop", "--no-wait", "--", id]);
export const snapshot = id => succeed(["vcap-snapshot", "--", id]);
export const remove = ids => succeed(["vcap-rm", "--", ...ids]);

// Lets the browser save what `vcap export` prints, as it comes: it is never held in memory here. The
// channel tells a failure only before its first byte, so what can be known is asked before.
// format: pcapng or pcap; engine and side: "" for all; comment: "" for none.
export async function download(id, { format, engine, side, comment }) {
	const { rows, complaints } = await capture(id);

	if (rows.length !== 1)
		throw new CommandError(complaints || `there is no capture '${id}' any more`);
	const part = engine + (side && `/${side}`);

	await save([id, engine, side, format].filter(Boolean).join("."),
		["vcap-export", `--format=${format}`, ...part ? [`--only=${part}`] : [], ...comment ? [`--comment=${comment}`] : [], "--write=-", "--", id]);
}

// The same of the packets of one transaction, by its number.
export const downloadTransaction = (id, number) => save(`${id}.transaction-${number}.pcapng`, ["vcap-transactions", `--packets=${number}`, "--", id]);

// Lets the browser save what the command prints under this name.
async function save(name, argv) {
	await cockpit.transport.wait(() => {});
	const query = window.btoa(JSON.stringify({
		payload: "stream",
		binary: "raw",
		spawn: argv,
		superuser: "try",
		external: {
			"content-disposition": `attachment; filename="${name}"`,
			"content-type": "application/octet-stream",
		},
	}));
	const prefix = new URL(cockpit.transport.uri(`channel/${cockpit.transport.csrf_token}`)).pathname;
	const link = document.createElement("a");

	link.href = `${prefix}?${query}`;
	link.download = name;
	document.body.append(link);
	link.click();
	link.remove();
}
