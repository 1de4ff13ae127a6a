// One transaction as a ladder: client, engine and server side by side, time going down, an arrow for each thing that
// passed, with the phases that begin and end there (vcap-transactions(7)).

import { descriptions, drawing, element } from "./dom.js";

const NAMES = { csyn: "Client's handshake", ctls: "Client's TLS", idle: "Idle before", reqhead: "Request's head", reqbody: "Request's body", wait: "Waiting in the engine",
	connect: "Connecting", stls: "Server's TLS", ttfb: "Server, to the first byte", relay: "Relaying", transfer: "Transfer to the client", drain: "Until acknowledged",
	stall: "Of that, stalled", total: "In all" };
const CLIENT = 60, ENGINE = 360, SERVER = 660, STEP = 34;

const seconds = value => `${value.toFixed(6)} s`;

// The sum of what is known of these; null as soon as one is not.
const sum = (...values) => values.reduce((all, value) => all === null || value === null ? null : all + value, 0);

const less = (a, b) => a === null || b === null ? null : a - b;

// What passed, in seconds since the request began: [when, from, to, what, which phase ends with it].
export function steps(row) {
	const head = row.reqhead, body = sum(head, row.reqbody);
	const isPlain = !(row.flags ?? "").includes("pipelined");
	// A request that came before the one before it was answered waits from then on, which is not told.
	const onward = isPlain ? sum(head, row.wait) : null, connected = sum(onward, row.connect);
	const last = row.total, first = less(last, row.transfer), answer = less(first, row.relay), sent = less(answer, row.ttfb);
	const list = [
		[0, CLIENT, ENGINE, `${row.method ?? "request"}: first byte`, row.idle === null ? "" : `idle ${seconds(row.idle)}`],
		[head, CLIENT, ENGINE, "head is complete", `reqhead ${head === null ? "" : seconds(head)}`],
		row.reqbody > 0 ? [body, CLIENT, ENGINE, "request is complete", `reqbody ${seconds(row.reqbody)}`] : [null],
		row.connect === null ? [null] : [onward, ENGINE, SERVER, "SYN", `wait ${row.wait === null ? "" : seconds(row.wait)}`],
		row.connect === null ? [null] : [connected, SERVER, ENGINE, "SYN+ACK", `connect ${seconds(row.connect)}`],
		[sent, ENGINE, SERVER, "request is sent", row.connect === null && row.wait !== null ? `wait ${seconds(row.wait)}` : ""],
		[answer, SERVER, ENGINE, `response ${row.sstatus ?? ""}: first byte`, row.ttfb === null ? "" : `ttfb ${seconds(row.ttfb)}`],
		[first, ENGINE, CLIENT, `response ${row.status ?? ""}: first byte`, row.relay === null ? "" : `relay ${seconds(row.relay)}`],
		row.transfer > 0 ? [last, ENGINE, CLIENT, "last byte", `transfer ${seconds(row.transfer)}`] : [null],
		[sum(last, row.drain), CLIENT, ENGINE, "acknowledged", row.drain === null ? "" : `drain ${seconds(row.drain)}`],
	];

	return list.filter(([when]) => when !== null && when !== undefined).sort(([a], [b]) => a - b);
}

function arrow([when, from, to, what, phase], i) {
	const y = 50 + i * STEP, tip = from < to ? to - 8 : to + 8;

	return drawing("g", {},
		drawing("line", { class: "arrow", x1: from, x2: to, y1: y, y2: y }),
		drawing("path", { class: "tip", d: `M${to} ${y}L${tip} ${y - 4}V${y + 4}Z` }),
		drawing("text", { x: (from + to) / 2, y: y - 5, class: "what" }, what),
		drawing("text", { x: 700, y: y + 4, class: "when" }, `${when.toFixed(6)}  ${phase}`));
}

// The drawing, and the phases in words.
export function ladder(row) {
	const list = steps(row), height = 60 + list.length * STEP;
	const lines = [[CLIENT, row.client], [ENGINE, row.engine ?? "engine"], [SERVER, row.server]];
	const known = Object.entries(NAMES).filter(([phase]) => row[phase] !== null);

	return element("div", { class: "ladder" },
		drawing("svg", { viewBox: `0 0 960 ${height}`, role: "img", "aria-label": `What passed: ${list.map(([when, , , what]) => `${what} at ${when.toFixed(6)} s`).join(", ")}` },
			...lines.map(([x, name]) => drawing("g", {},
				drawing("line", { class: "life", x1: x, x2: x, y1: 24, y2: height }),
				drawing("text", { x, y: 14, class: "what" }, name ?? "not known"))),
			...list.map(arrow)),
		descriptions([...known.map(([phase, name]) => [`${name} (${phase.toUpperCase()})`, seconds(row[phase])]),
			["End", row.end], ["Confidence", row.confidence], ...row.attempt ? [["Failed attempts", row.attempt]] : [],
			...row.flags ? [["Flags", row.flags]] : [], ...row.proxy ? [["The proxy's words", row.proxy]] : []]));
}
