// Captures in progress: what was asked for, how far each engine is, and a button that stops them.

import { formatInstant, formatNumber, formatSize, isInProgress, isOver, parameters, stateWord, updateState } from "./capture.js";
import * as commands from "./commands.js";
import { alert, button, byId, descriptions, element, emptyState, isBusy, row, setBusy, setText, table } from "./dom.js";
import { inWords } from "./words.js";

const COLUMNS = [["Engine"], ["Doing"], ["Packets", "number"], ["Bytes", "number"], ["Drops", "number"], ["Left"], ["Note"]];

const boxes = new Map();
let changed = () => {}, opened = () => {};

async function stop(box, id) {
	if (isBusy(box.stop))
		return;
	setBusy(box.stop, true, "Stopping …");
	box.errors.replaceChildren();
	try {
		await commands.stop(id);
	} catch (error) {
		box.errors.replaceChildren(alert("danger", "Not stopped", inWords(error.message)));
		setBusy(box.stop, false, "Stop");
	}
	changed();
}

// Of a rolling capture: keeps the last minutes.
async function snapshot(box, id) {
	if (isBusy(box.snapshot))
		return;
	setBusy(box.snapshot, true, "Keeping …");
	box.errors.replaceChildren();
	try {
		await commands.snapshot(id);
	} catch (error) {
		box.errors.replaceChildren(alert("danger", "No snapshot", inWords(error.message)));
	} finally {
		setBusy(box.snapshot, false, "Snapshot");
	}
	changed();
}

// The snapshots of a rolling capture, the newest first, each of which opens once it is over.
function showSnapshots(box, capture, captures) {
	const list = captures.filter(each => each["snapshot-of"] === capture.id);
	const told = JSON.stringify(list.map(({ id, state }) => [id, state]));

	if (box.snapshots.dataset.told === told)
		return;
	box.snapshots.dataset.told = told;
	box.snapshots.hidden = list.length === 0;
	box.snapshots.replaceChildren(...list.map(each => element("li", {},
		isOver(each) ? button(each.id, { variant: "pf-m-link pf-m-inline", click: () => opened(each.id) }) : element("code", {}, each.id),
		` ${stateWord(each)}${each.comment ? ` – ${each.comment}` : ""}`)));
}

function bar() {
	const indicator = element("div", { class: "pf-v6-c-progress__indicator" });
	const node = element("div", { class: "pf-v6-c-progress__bar", role: "progressbar", "aria-label": "Time", "aria-valuemin": 0, "aria-valuemax": 100 }, indicator);

	return { indicator, node, whole: element("div", { class: "pf-v6-c-progress pf-m-sm", hidden: true }, node) };
}

function make(capture) {
	const box = { rows: new Map(), table: table(`Engines of ${capture.id}`, COLUMNS), bar: bar(),
		state: element("span"), errors: element("div"), message: element("div"),
		snapshots: element("ul", { class: "snapshots", "aria-label": `Snapshots of ${capture.id}`, hidden: true }) };

	box.title = element("h3", { class: "pf-v6-c-title pf-m-md", tabindex: -1 }, capture.service);
	box.stop = button("Stop", { variant: "pf-m-secondary pf-m-danger", label: `Stop ${capture.id}`, click: () => stop(box, capture.id) });
	box.snapshot = capture.rolling ? button("Snapshot", { label: `Snapshot of ${capture.id}`, click: () => snapshot(box, capture.id) }) : "";
	box.node = element("article", { class: "capture", "data-id": capture.id, "aria-label": `Capture ${capture.id}` },
		element("header", {}, box.title, box.state, element("code", { class: "id" }, capture.id), box.snapshot, box.stop),
		box.errors, box.message,
		descriptions([...parameters(capture), [capture.state === "waiting" ? "Begins" : "Began", formatInstant(capture.began)],
			["Engines", capture.engines.replaceAll(",", ", ") || "–"]]),
		box.snapshots, box.bar.whole, box.table.node);
	box.table.node.hidden = true;
	return box;
}

function showEngine(box, engine) {
	const texts = [engine.engine, engine.doing, formatNumber(engine.packets), formatSize(engine.bytes),
		formatNumber(engine.drops), engine.left || "–", [inWords(engine.note), engine.lost].filter(Boolean).join("; ") || "–"];
	let line = box.rows.get(engine.engine);

	if (!line) {
		line = row(COLUMNS, texts);
		box.rows.set(engine.engine, line);
		box.table.body.append(line);
	}
	texts.forEach((text, i) => setText(line.children[i], text));
	line.children[4].classList.toggle("bad", engine.drops > 0);
	box.table.node.hidden = false;
}

function showTime({ whole, node, indicator }, capture) {
	const began = Date.parse(capture.began);
	const percent = Math.max(0, Math.min(100, Math.round((Date.now() - began) / capture.duration / 10)));

	whole.hidden = !(capture.duration > 0 && capture.state === "capturing");
	if (whole.hidden)
		return;
	node.setAttribute("aria-valuenow", percent);
	indicator.style.width = `${percent}%`;
}

function update(box, capture, engines) {
	updateState(box.state, capture);
	if (box.said !== capture.message) {
		box.said = capture.message;
		box.message.replaceChildren(...capture.message ? [alert("warning", "It does not go on", inWords(capture.message))] : []);
	}
	for (const engine of engines)
		if (engine.capture === capture.id)
			showEngine(box, engine);
	showTime(box.bar, capture);
}

// Its focus, if it had it, goes to where new captures begin.
function drop(id, box) {
	if (box.node.contains(document.activeElement))
		byId("configuration-title").focus();
	box.node.remove();
	boxes.delete(id);
}

export function show(captures, engines) {
	const place = byId("progress");
	const present = captures.filter(isInProgress);

	for (const [id, box] of boxes)
		if (!present.some(capture => capture.id === id))
			drop(id, box);
	if (present.length > 0)
		place.querySelector(":scope > .pf-v6-c-empty-state")?.remove();
	else if (place.childElementCount === 0)
		place.append(emptyState("No capture in progress", "A capture that is started here, or with ", element("code", {}, "vcap start"), ", shows how far it is."));
	for (const capture of present) {
		if (!boxes.has(capture.id)) {
			boxes.set(capture.id, make(capture));
			place.append(boxes.get(capture.id).node);
		}
		update(boxes.get(capture.id), capture, engines);
		showSnapshots(boxes.get(capture.id), capture, captures);
	}
}

export function focus(id) {
	boxes.get(id)?.title.focus();
}

// onChange is called when somebody has stopped one, or made a snapshot; onOpen with the id of a snapshot that
// somebody wants to see.
export function prepare({ onChange, onOpen }) {
	changed = onChange;
	opened = onOpen;
}
