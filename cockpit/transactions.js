// What became of each transaction of a capture: over time, in a table, summed up, and each as a ladder; with the
// conversations that they were part of, and the packets of the time that is chosen.

import { formatNumber, formatSize } from "./capture.js";
import * as commands from "./commands.js";
import { complain } from "./complaint.js";
import { alert, button, element, field, select, setText, spinner } from "./dom.js";
import { grid } from "./grid.js";
import { ladder } from "./ladder.js";
import { clock, kindOf, scatter, slowness } from "./scatter.js";
import { inWords } from "./words.js";

const seconds = value => value === null ? "–" : value.toFixed(6);
const phase = (key, heading) => ({ heading, kind: "number", of: row => row[key], show: row => seconds(row[key]) });
const word = (key, heading, kind) => ({ heading, kind, of: row => row[key], show: row => row[key] ?? "–" });

// Those of a kind of the HTTP status, and of those without one.
const statusOf = row => row.status === null ? "none" : `${Math.floor(row.status / 100)}xx`;

const nameOf = row => `Transaction ${row.id}${row.method ? `: ${row.method} ${row.path ?? ""}` : ""}`;

const GROUPS = [["server", "Server"], ["engine", "Engine"], ["client", "Client"], ["path", "Path"]];

function columnsOf(open) {
	return [
		{ heading: "Began (UTC)", of: row => row.began, show: row => button(clock(row.began), { variant: "pf-m-link pf-m-inline",
			label: `${clock(row.began)}, ${nameOf(row)}`, click: () => open(row) }) },
		word("client", "Client"), word("engine", "Engine"), word("server", "Server"),
		{ heading: "Request", kind: "wide", of: row => row.path, show: row => row.method ? `${row.method} ${row.path ?? ""}` : row.unit },
		word("status", "Status", "number"), phase("wait", "Wait"), phase("connect", "Connect"), phase("ttfb", "TTFB"), phase("transfer", "Transfer"), phase("total", "Total"),
		{ ...word("end", "End"), show: row => element("span", { class: `kind ${kindOf(row)}` }, row.end) },
	];
}

// The connections that transactions were on, both sides as far as it is known which they were.
export function conversations(rows) {
	const all = new Map();

	for (const row of rows) {
		const key = [row.client, row.vip, row.source, row.server].join(" ");
		const one = all.get(key) ?? { client: row.client, vip: row.vip, engine: row.engine, source: row.source, server: row.server, count: 0, bytes: 0,
			began: row.began, until: row.began, failed: 0 };

		one.count++;
		one.bytes += (row.reqbytes ?? 0) + (row.resbytes ?? 0);
		one.began = Math.min(one.began, row.began);
		one.until = Math.max(one.until, row.began + (row.duration ?? 0));
		one.failed += kindOf(row) === "failed" || kindOf(row) === "broken";
		all.set(key, one);
	}
	return [...all.values()];
}

const CONVERSATION_COLUMNS = [
	{ heading: "Began (UTC)", of: row => row.began, show: row => clock(row.began) },
	word("client", "Client"), word("engine", "Engine"), word("source", "Source"), word("server", "Server"),
	{ heading: "Transactions", kind: "number", of: row => row.count, show: row => formatNumber(row.count) },
	{ heading: "Failed", kind: "number", of: row => row.failed, show: row => formatNumber(row.failed) },
	{ heading: "Bytes", kind: "number", of: row => row.bytes, show: row => formatSize(row.bytes) },
	{ heading: "Lasted", kind: "number", of: row => row.until - row.began, show: row => seconds(row.until - row.began) },
];

const PACKET_COLUMNS = [["Time", "time"], ["Engine", "engine"], ["Side", "side"], ["Packet", "text"]].map(([heading, key]) => word(key, heading, key === "text" ? "wide" : ""));

function part(title, ...content) {
	return element("section", { "aria-label": title }, element("h3", { class: "pf-v6-c-title pf-m-md" }, title), ...content);
}

// Chooses among what a column has.
function choices(id, label, rows, of, change) {
	const values = [...new Set(rows.map(of))].filter(value => value !== null).sort();
	const control = select(id, [["", "All"], ...values.map(value => [value, value])]);

	control.addEventListener("change", change);
	return { node: field(label, control), has: row => control.value === "" || of(row) === control.value };
}

// Percentiles of the whole capture by what is chosen, counted by the command itself.
function sums(capture) {
	const by = select("transactions-by", GROUPS);
	const place = element("div", { "aria-live": "polite" });
	const table = grid("percentiles", "Percentiles", [word("group", "Group", "wide"), word("phase", "Phase"),
		...["samples", "errors"].map(key => word(key, key === "samples" ? "Samples" : "Errors", "number")),
		...[["median", "Median"], ["p95", "95 %"], ["p99", "99 %"], ["max", "Maximum"]].map(([key, heading]) => phase(key, heading))], { size: 100 });

	async function show() {
		const wanted = by.value;

		place.replaceChildren(spinner("Summing up …"));
		try {
			const { rows } = await commands.percentiles(capture.id, wanted).rows;

			if (by.value !== wanted)
				return;
			table.show(rows);
			place.replaceChildren(table.node);
		} catch (error) {
			place.replaceChildren(alert("danger", "Not summed up", inWords(error.message)));
		}
	}

	by.addEventListener("change", show);
	show();
	return part("Percentiles", element("div", { class: "toolbar" }, field("By", by)), place);
}

// The first packets of the time that is chosen; range() gives it, null: all.
function packets(capture, range) {
	const place = element("div", { "aria-live": "polite" });
	const table = grid("packets", "Packets", PACKET_COLUMNS, { size: 50 });

	async function show() {
		place.replaceChildren(spinner("Reading packets …"));
		try {
			const { rows, complaints } = await commands.packets(capture.id, range()).rows;

			table.show(rows);
			place.replaceChildren(...complaints ? [alert("warning", "Not all packets could be read", inWords(complaints))] : [], table.node,
				...rows.length === commands.PACKETS ? [element("p", { class: "help" }, `These are the first ${formatNumber(commands.PACKETS)} of that time.`)] : []);
		} catch (error) {
			place.replaceChildren(alert("danger", "Packets were not read", inWords(error.message)));
		}
	}

	return part("Packets", element("div", { class: "toolbar" }, button("Show the packets of this time", { click: show })), place);
}

// The whole card's content for these rows.
function content(capture, rows) {
	let range = null, opener = null;
	const chosen = element("div", { id: "transaction" });
	const table = grid("transactions", "Transactions", columnsOf(open));
	const talks = grid("conversations", "Conversations", CONVERSATION_COLUMNS);
	const search = element("input", { type: "search", autocomplete: "off", spellcheck: "false", placeholder: "Search", "aria-label": "Search transactions", input: look });
	const filters = [choices("transactions-engine", "Engine", rows, row => row.engine, look), choices("transactions-server", "Server", rows, row => row.server, look),
		choices("transactions-status", "Status", rows, statusOf, look), choices("transactions-end", "End", rows, row => row.end, look)];

	function found() {
		const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
		const textOf = row => [row.client, row.server, row.method, row.path, row.status, row.end, row.flags, row.proxy].join(" ").toLowerCase();

		return rows.filter(row => filters.every(filter => filter.has(row)) && (!range || (row.began >= range[0] && row.began <= range[1])) &&
			words.every(each => textOf(row).includes(each)));
	}

	function look() {
		const list = found();

		table.show(list);
		talks.show(conversations(list));
	}

	function close() {
		chosen.replaceChildren();
		opener?.focus();
	}

	function open(row) {
		const title = element("h3", { class: "pf-v6-c-title pf-m-md", tabindex: -1 }, nameOf(row));

		opener = document.activeElement;
		chosen.replaceChildren(element("section", { class: "capture", "aria-label": nameOf(row) },
			element("header", { class: "heading" }, title, element("div", { class: "buttons" },
				button("Export this transaction", { variant: "pf-m-primary", symbol: "download", click: () => commands.downloadTransaction(capture.id, row.id).catch(error =>
					complain(capture.id, `Not exported: ${nameOf(row)}`, error.message)) }),
				button("Close", { variant: "pf-m-link", label: "Close the transaction", click: close }))),
			ladder(row)));
		title.focus();
	}

	look();
	return [
		scatter(rows, { onPick: open, onRange: (from, until) => {
			range = [from, until];
			look();
		} }),
		element("div", { class: "toolbar" }, element("span", { class: "pf-v6-c-form-control" }, search), ...filters.map(({ node }) => node)),
		chosen, table.node, sums(capture), part("Conversations", talks.node), packets(capture, () => range),
	];
}

// Reads the transactions of the capture and fills the node. Resolves when it has; cancel ends it.
export function fill(node, capture) {
	const reading = commands.transactions(capture.id);
	const status = element("p", { class: "help", role: "status" });

	node.replaceChildren(spinner("Reading transactions …"));
	const filled = reading.rows.then(({ rows, complaints }) => {
		const list = rows.slice(0, commands.TRANSACTIONS);
		const slow = list.filter(row => slowness(row) !== null).length;

		setText(status, list.length === 0 ? "There are no transactions in the file."
			: `${formatNumber(list.length)} transactions, ${formatNumber(slow)} of them with a time that is known.${
				rows.length > list.length ? " These are the first: 'vcap transactions' has all." : ""}`);
		node.replaceChildren(...complaints ? [alert("info", "What the rows lack", inWords(complaints))] : [], status, ...list.length > 0 ? content(capture, list) : []);
	}).catch(error => {
		if (node.isConnected)
			node.replaceChildren(alert("danger", "Transactions are not told", inWords(error.message)));
	});

	return { filled, cancel: reading.cancel };
}
