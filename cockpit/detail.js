// One capture: what was asked for, what became of it, when its packets came, and from where.

import { clocksOf, formatInstant, formatNumber, formatSize, hasFile, isDropped, isInProgress, isOver, parameters, stateLabel } from "./capture.js";
import * as commands from "./commands.js";
import { alert, button, byId, descriptions, element, row, spinner, table } from "./dom.js";
import * as exporting from "./export.js";
import { remove } from "./remove.js";
import { binLength, timeline } from "./timeline.js";
import * as transactions from "./transactions.js";
import { inWords } from "./words.js";

const COLUMNS = [["Engine"], ["Interface"], ["Side"], ["Packets", "number"], ["Bytes", "number"], ["Drops", "number"], ["First"], ["Last"]];

let close = () => {}, changed = () => {};
// What is being counted for the capture that is shown.
let counting = null;

const whenOf = text => text ? text.slice(11, 26) : "–";

// What has packets or drops, with the drops of an interface once, on its first line, as vcap-stat shows
// it to people: nobody knows what side they would have been on.
function busy(origins) {
	const shown = [];
	let lost = null;

	for (const origin of origins) {
		if (lost && (lost.engine !== origin.engine || lost.iface !== origin.iface)) {
			if (lost.drops > 0)
				shown.push(lost);
			lost = null;
		}
		if (origin.packets === 0) {
			lost = origin;
		} else {
			shown.push({ ...origin, drops: lost ? lost.drops : origin.drops });
			lost = null;
		}
	}
	return lost?.drops > 0 ? [...shown, lost] : shown;
}

function counts(id, origins) {
	const { node, body } = table(`Packets of ${id} by origin`, COLUMNS);

	for (const origin of busy(origins)) {
		const line = row(COLUMNS, [origin.engine, origin.iface || "–", origin.side || "–", formatNumber(origin.packets),
			formatSize(origin.bytes), formatNumber(origin.drops), whenOf(origin.first), whenOf(origin.last)]);

		line.children[5].classList.toggle("bad", origin.drops > 0);
		body.append(line);
	}
	return node;
}

function card(title, ...content) {
	const id = `card-${title.replaceAll(" ", "-").toLowerCase()}`;

	return element("section", { class: "pf-v6-c-card", "aria-labelledby": id },
		element("div", { class: "pf-v6-c-card__header" },
			element("div", { class: "pf-v6-c-card__header-main" },
				element("h2", { class: "pf-v6-c-card__title-text", id }, title))),
		element("div", { class: "pf-v6-c-card__body" }, ...content));
}

function facts(capture) {
	return descriptions([
		["Began", formatInstant(capture.began)],
		["Ended", formatInstant(capture.ended)],
		["Size", formatSize(capture.size)],
		["Packets", formatNumber(capture.packets)],
		["Drops", formatNumber(capture.drops)],
		["Engines", capture.engines.replaceAll(",", ", ") || "–"],
		...capture.missing ? [["Missing", capture.missing.replaceAll(",", ", ")]] : [],
		...parameters(capture),
		...capture.clocks ? [["Clocks", clocksOf(capture)]] : [],
	]);
}

// Waits for a counting, which ends when another capture is looked at.
async function counted(job) {
	counting = job;
	return job.rows;
}

// What the hosts of the engines lost meanwhile, a line each, as far as it is known.
async function losses(capture) {
	try {
		const { rows } = await commands.enginesOf(capture.id);

		return rows.flatMap(({ engine, lost }) => (lost || "").split("; ").filter(Boolean).map(text => `${engine}: ${text}`));
	} catch {
		return [];
	}
}

// What is said beside the counts: of connects that failed, of what could not be read, which comes last, and what else
// there is to know. lost: what is told of it above.
function remarks({ complaints, status }, lost) {
	const lines = inWords(complaints).split("\n").filter(line => line && !lost.includes(line));
	const damage = status === 3 ? lines.splice(-1) : [];
	const connects = lines.filter(line => /^\d+ failed connects? to /.test(line)), others = lines.filter(line => !connects.includes(line));

	return [["warning", "Not all of the file could be read", damage], ["warning", "Servers were not connected to", connects], ["info", "To be known", others]]
		.filter(([, , list]) => list.length > 0).map(([kind, title, list]) => alert(kind, title, list.join("\n")));
}

// What each engine's kernel dropped of the service, of a capture that was to keep it.
function kernels(capture, origins) {
	const lines = capture.engines.split(",").filter(Boolean).map(engine => {
		const own = origins.filter(origin => origin.engine === engine && isDropped(origin));
		const sum = key => own.reduce((all, origin) => all + (origin[key] ?? 0), 0);

		if (own.length === 0)
			return `${engine}: not known`;
		return `${engine}: ${formatNumber(sum("packets"))} kept${sum("drops") > 0 ? `, ${formatNumber(sum("drops"))} more counted only` : ""}`;
	});

	return capture.options.includes("--drops") ? [alert("info", "Dropped by the engines' kernels", lines.join("\n"))] : [];
}

async function draw(capture, figure, places, lost) {
	const origins = await counted(commands.origins(capture.file));

	places.replaceChildren(...remarks(origins, lost), ...kernels(capture, origins.rows),
		counts(capture.id, origins.rows));
	const binMs = binLength(origins.rows);

	if (binMs === null) {
		figure.replaceChildren(element("p", {}, "There are no packets in the file."));
		return;
	}
	const bins = await counted(commands.bins(capture.file, binMs));

	figure.replaceChildren(timeline(origins.rows, bins.rows, binMs));
}

async function removeHere(id) {
	if (!await remove([id]))
		return;
	changed();
	close(null);
}

function heading(capture) {
	const actions = element("div", { class: "buttons" });

	if (hasFile(capture))
		actions.append(button("Export", { variant: "pf-m-primary", symbol: "download", label: `Export ${capture.id}`, click: () => exporting.offer(capture) }));
	return element("header", { class: "heading" },
		element("div", { class: "title" },
			element("h1", { class: "pf-v6-c-title pf-m-2xl", tabindex: -1 }, capture.service), stateLabel(capture)),
		element("code", { class: "id" }, capture.id), actions);
}

function message(capture) {
	if (!capture.message)
		return [];
	if (capture.state === "failed")
		return [alert("danger", "It failed", inWords(capture.message))];
	return [alert("warning", capture.state === "done" ? "To be known" : "Not all is there", inWords(capture.message))];
}

// Shows the capture; null if there is none of this id.
export async function show(id, capture) {
	const place = byId("detail");
	const back = button("← All captures", { variant: "pf-m-link pf-m-inline", label: "All captures", click: () => close(id) });

	leave();
	place.hidden = false;
	if (!capture) {
		place.replaceChildren(back, element("h1", { class: "pf-v6-c-title pf-m-2xl", tabindex: -1 }, "No such capture"), element("code", { class: "id" }, id));
		place.querySelector("h1").focus();
		return;
	}
	const figure = element("div", { "aria-live": "polite" }, spinner("Counting packets …")), places = element("div", {});

	place.replaceChildren(back, heading(capture), element("div", { id: "detail-complaints" }), ...message(capture), card("Capture", facts(capture)));
	place.querySelector("h1").focus();
	const shows = !isInProgress(capture) && hasFile(capture);
	const hosts = element("div", { id: "detail-losses" });

	place.append(hosts);
	const became = element("div", {});

	if (shows)
		place.append(card("Packets over time", figure), card("Packets by origin", places), card("Transactions", became));
	// Far from Export.
	if (isOver(capture))
		place.append(button("Delete", { variant: "pf-m-link pf-m-danger pf-m-inline", label: `Delete ${capture.id}`, click: () => removeHere(capture.id) }));
	const lost = await losses(capture);

	if (lost.length > 0)
		hosts.append(alert("info", "The hosts lost packets, of this service or others", lost.join("\n")));
	if (!shows)
		return;
	try {
		await draw(capture, figure, places, lost);
	} catch (error) {
		if (place.contains(figure))
			figure.replaceChildren(alert("danger", "Not counted", inWords(error.message)));
	}
	counting = null;
	if (!place.contains(became))
		return;
	const job = transactions.fill(became, capture);

	counting = job;
	await job.filled;
	if (counting === job)
		counting = null;
}

export function leave() {
	counting?.cancel();
	counting = null;
	byId("detail").hidden = true;
	byId("detail").replaceChildren();
}

// onClose is called with the id of the capture to go back to, null if it was deleted.
export function prepare({ onChange, onClose }) {
	changed = onChange;
	close = onClose;
}
