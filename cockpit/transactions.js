// What became of each transaction of a capture: over time, in a table, summed up, and each as a ladder; with all
// conversations, and the packets of the time that is chosen.

import { formatNumber } from "./capture.js";
import * as commands from "./commands.js";
import { complain } from "./complaint.js";
import * as conversations from "./conversations.js";
import { alert, button, element, field, part, select, setText, spinner } from "./dom.js";
import { choices, grid, search, word } from "./grid.js";
import { ladder } from "./ladder.js";
import { clock, kindOf, scatter, slowness } from "./scatter.js";
import { inWords } from "./words.js";

const seconds = value => value === null ? "–" : value.toFixed(6);
const phase = (key, heading) => ({ heading, kind: "number", of: row => row[key], show: row => seconds(row[key]) });

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

// Percentiles of the whole capture by what is chosen, counted by the command itself.
function sums(capture) {
	const by = select("transactions-by", GROUPS);
	const place = element("div", { "aria-live": "polite" });
	const table = grid("percentiles", "Percentiles", [word("group", "Group", "wide"), word("phase", "Phase"),
		...["samples", "errors"].map(key => word(key, key === "samples" ? "Samples" : "Errors", "number")),
		...[["median", "Median"], ["p95", "95 %"], ["p99", "99 %"], ["max", "Maximum"]].map(([key, heading]) => phase(key, heading))]);

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

// The card's content for these rows. onRange is told the time that is chosen.
function content(capture, rows, onRange) {
	let range = null, opener = null;
	const chosen = element("div", { id: "transaction" });
	const table = grid("transactions", "Transactions", columnsOf(open));
	const words = search("Search transactions", look);
	const filters = [choices("transactions-engine", "Engine", rows, row => row.engine, look), choices("transactions-server", "Server", rows, row => row.server, look),
		choices("transactions-status", "Status", rows, statusOf, look), choices("transactions-end", "End", rows, row => row.end, look)];

	function found() {
		const textOf = row => [row.client, row.server, row.method, row.path, row.status, row.end, row.flags, row.proxy].join(" ");

		return rows.filter(row => filters.every(filter => filter.has(row)) && (!range || (row.began >= range[0] && row.began <= range[1])) &&
			words.has(textOf(row)));
	}

	function look() {
		table.show(found());
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
			onRange(range);
		} }),
		element("div", { class: "toolbar" }, words.node, ...filters.map(({ node }) => node)),
		chosen, table.node, sums(capture),
	];
}

// Reads the transactions and conversations of the capture and fills the node. Resolves when it has; cancel ends it.
export function fill(node, capture) {
	const status = element("p", { class: "help", role: "status" });
	let reading = commands.transactions(capture.id);

	async function read() {
		const { rows, complaints } = await reading.rows;
		const list = rows.slice(0, commands.TRANSACTIONS);
		const slow = list.filter(row => slowness(row) !== null).length;
		const talks = conversations.make(capture);

		setText(status, list.length === 0 ? "There are no transactions in the file."
			: `${formatNumber(list.length)} transactions, ${formatNumber(slow)} of them with a time that is known.${
				rows.length > list.length ? " These are the first: 'vcap transactions' has all." : ""}`);
		node.replaceChildren(...complaints ? [alert("info", "What the rows lack", inWords(complaints))] : [], status,
			...list.length > 0 ? content(capture, list, talks.setRange) : [], ...talks.nodes);
		reading = talks.read();
		await reading.rows;
	}

	node.replaceChildren(spinner("Reading transactions …"));
	return { filled: read().catch(error => {
		if (node.isConnected)
			node.replaceChildren(alert("danger", "Transactions are not told", inWords(error.message)));
	}), cancel: () => reading.cancel() };
}
