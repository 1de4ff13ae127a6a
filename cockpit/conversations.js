// Every conversation of a capture in a table, the packets of one, and those of the time that is chosen.

import { formatNumber, formatSize } from "./capture.js";
import * as commands from "./commands.js";
import { alert, button, element, part, spinner } from "./dom.js";
import { choices, grid, search, word } from "./grid.js";
import { clock } from "./scatter.js";
import { inWords } from "./words.js";

// Who speaks with whom, from the client to the server as far as that is in the row.
const wayOf = row => [row.client, row.vip, row.source, row.server].filter(Boolean).join(" → ") || "not IP";
const nameOf = row => `Conversation ${row.id}: ${wayOf(row)}`;
const kindOf = row => row.proto ? `${row.unit}, ${row.proto}` : row.unit;

// The ends of each side, for the packets between them.
const endsOf = row => [[row.client, row.vip], [row.source, row.server]].filter(([one, other]) => one && other)
	.map(ends => [...ends, row.proto].join(","));

// As times are rounded down to microseconds, the last packet is up to two later.
const timeOf = row => [row.began, row.began + row.duration + 3e-6];

const PACKET_COLUMNS = [["Time", "time"], ["Engine", "engine"], ["Side", "side"], ["Packet", "text"]].map(([heading, key]) => word(key, heading, key === "text" ? "widest" : ""));

function columnsOf(open) {
	const number = (key, heading, show = formatNumber) => ({ heading, kind: "number", of: row => row[key], show: row => show(row[key]) });

	return [
		{ heading: "Began (UTC)", of: row => row.began, show: row => endsOf(row).length === 0 ? clock(row.began) : button(clock(row.began), {
			variant: "pf-m-link pf-m-inline", label: `${clock(row.began)}, ${nameOf(row)}`, click: () => open(row) }) },
		{ heading: "Kind", kind: "short", of: kindOf, show: kindOf },
		word("client", "Client"), word("engine", "Engine"), word("source", "Source"),
		// What is of no side has two ends.
		{ heading: "Server", of: row => row.server ?? (row.unit === "client" ? null : row.vip), show: row => row.server ?? (row.unit === "client" ? null : row.vip) ?? "–" },
		number("packets", "Packets"), number("bytes", "Bytes", formatSize), number("transactions", "Transactions"), number("failed", "Failed"),
		number("duration", "Lasted", value => value.toFixed(6)),
		word("end", "End", "short"),
	];
}

// A table of the first packets; read(range, between) fills it.
function packets(capture, id, caption, what) {
	const place = element("div", { "aria-live": "polite" });
	const table = grid(id, caption, PACKET_COLUMNS, { size: 50 });

	return { place, async read(range, between) {
		place.replaceChildren(spinner("Reading packets …"));
		try {
			const { rows, complaints, status } = await commands.packets(capture.id, range, between).rows;

			table.show(rows);
			place.replaceChildren(...complaints ? [alert(status === 0 ? "info" : "warning", status === 0 ? "To be known" : "Not all packets could be read", inWords(complaints))] : [],
				table.node, ...rows.length === commands.PACKETS ? [element("p", { class: "help" }, `These are the first ${formatNumber(commands.PACKETS)} of that ${what}.`)] : []);
		} catch (error) {
			place.replaceChildren(alert("danger", "Packets were not read", inWords(error.message)));
		}
	} };
}

// One of them, with its packets. closed is called when it is closed.
function conversation(capture, row, closed) {
	const title = element("h3", { class: "pf-v6-c-title pf-m-md", tabindex: -1 }, nameOf(row));
	const list = packets(capture, "conversation-packets", "Packets of the conversation", "conversation");
	const node = element("section", { class: "capture", "aria-label": nameOf(row) },
		element("header", { class: "heading" }, title, element("div", { class: "buttons" },
			button("Close", { variant: "pf-m-link", label: "Close the conversation", click: closed }))),
		list.place);

	list.read(timeOf(row), endsOf(row));
	return { node, focus: () => title.focus() };
}

// The table of these conversations. range() is the time that is chosen, null: all.
function content(capture, rows, range) {
	let opener = null;
	const chosen = element("div", { id: "conversation" });
	const table = grid("conversations", "Conversations", columnsOf(open));
	const words = search("Search conversations", look);
	const filters = [choices("conversations-kind", "Kind", rows, kindOf, look), choices("conversations-end", "How it ended", rows, row => row.end, look)];
	const isOfTime = (row, time) => !time || (row.began <= time[1] && row.began + row.duration >= time[0]);

	function look() {
		table.show(rows.filter(row => filters.every(filter => filter.has(row)) && isOfTime(row, range()) &&
			words.has([wayOf(row), row.engine, kindOf(row), row.end].join(" "))));
	}

	function open(row) {
		const { node, focus } = conversation(capture, row, () => {
			chosen.replaceChildren();
			opener?.focus();
		});

		opener = document.activeElement;
		chosen.replaceChildren(node);
		focus();
	}

	look();
	return { look, nodes: [element("div", { class: "toolbar" }, words.node, ...filters.map(({ node }) => node)), chosen, table.node] };
}

// The parts of a card for a capture: nodes; setRange is told the time that is chosen; read() reads the conversations, and can be cancelled.
export function make(capture) {
	let range = null, look = () => {};
	const place = element("div", {}, spinner("Reading conversations …"));
	const list = packets(capture, "packets", "Packets", "time");

	async function fill(reading) {
		try {
			const { rows, complaints } = await reading.rows;
			const shown = rows.slice(0, commands.CONVERSATIONS);
			const made = content(capture, shown, () => range);

			look = made.look;
			place.replaceChildren(...complaints ? [alert("info", "What the conversations lack", inWords(complaints))] : [],
				...rows.length > shown.length ? [element("p", { class: "help" }, `These are the first ${formatNumber(shown.length)}: 'vcap transactions --conversations' has all.`)] : [],
				...made.nodes);
		} catch (error) {
			if (place.isConnected)
				place.replaceChildren(alert("danger", "Conversations are not told", inWords(error.message)));
		}
	}

	return { nodes: [part("Conversations", place), part("Packets", element("div", { class: "toolbar" }, button("Show the packets of this time", { click: () => list.read(range) })), list.place)],
		setRange(time) {
			range = time;
			look();
		},
		read() {
			const reading = commands.conversations(capture.id);

			return { rows: fill(reading), cancel: reading.cancel };
		} };
}
