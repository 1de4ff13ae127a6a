// The table of captures that have ended, those whose packets are still being brought together too.

import { formatNumber, formatSize, hasFile, isInProgress, updateState } from "./capture.js";
import * as commands from "./commands.js";
import { alert, button, byId, element, emptyState, row, setText, table } from "./dom.js";

const COLUMNS = [["Date (UTC)"], ["Virtual Service"], ["Size", "number"], ["Packets", "number"], ["Drops", "number"], ["State"], ["Actions", "actions"]];

const lines = new Map();
let whole = null;
let changed = () => {}, opened = () => {};

// What went wrong, in the words of the tool, above what it was done to.
export function complain(title, text) {
	const place = byId(byId("detail").hidden ? "complaints" : "detail-complaints");
	const box = alert("danger", title, text, () => box.remove());

	box.setAttribute("role", "alert");
	place.append(box);
}

export async function save(id) {
	try {
		await commands.download(id);
	} catch (error) {
		complain(`Not exported: ${id}`, error.message);
	}
}

// Asks before it deletes. Resolves with whether it was.
export function remove(id) {
	return new Promise(resolve => {
		let answer = false;
		const done = () => dialog.close();
		const dialog = element("dialog", { class: "pf-v6-c-modal-box pf-m-sm", "aria-labelledby": "delete-title",
			"aria-describedby": "delete-text", close: async () => {
				dialog.remove();
				resolve(answer && await removeNow(id));
			} },
			element("header", { class: "pf-v6-c-modal-box__header" },
				element("h2", { class: "pf-v6-c-modal-box__title", id: "delete-title" },
					element("span", { class: "pf-v6-c-modal-box__title-text" }, "Delete this capture?"))),
			element("div", { class: "pf-v6-c-modal-box__body", id: "delete-text" },
				element("code", {}, id), " and its file are removed from the spool. There is no way back."),
			element("footer", { class: "pf-v6-c-modal-box__footer" },
				button("Delete", { variant: "pf-m-danger", click: () => {
					answer = true;
					done();
				} }),
				button("Cancel", { variant: "pf-m-link", click: done })));

		document.body.append(dialog);
		dialog.showModal();
		// Nobody deletes with the key that opened this.
		dialog.querySelector("footer .pf-m-link").focus();
	});
}

async function removeNow(id) {
	try {
		await commands.remove(id);
		return true;
	} catch (error) {
		complain(`Not deleted: ${id}`, error.message);
		return false;
	}
}

async function removeHere(id) {
	if (!await remove(id))
		return;
	byId("completed-title").focus();
	changed();
}

function make({ id, date, service }) {
	const actions = element("div", { class: "buttons" },
		button("Export", { variant: "pf-m-secondary pf-m-small", symbol: "export", label: `Export ${id}`, click: () => save(id) }),
		button("Delete", { variant: "pf-m-link pf-m-danger pf-m-small", label: `Delete ${id}`, click: () => removeHere(id) }));
	const link = button(date, { variant: "pf-m-link pf-m-inline", label: `${date}, details of ${id}`, click: () => opened(id) });
	const node = row(COLUMNS, [link, service, "", "", "", "", actions]);

	node.dataset.id = id;
	return node;
}

function update(line, capture) {
	const [, , size, packets, drops, state, actions] = line.children;
	const over = ["done", "partial", "failed"].includes(capture.state);

	setText(size, over ? formatSize(capture.size) : "–");
	setText(packets, formatNumber(capture.packets));
	setText(drops, formatNumber(capture.drops));
	drops.classList.toggle("bad", capture.drops > 0);
	updateState(state, capture);
	state.title = capture.message;
	actions.querySelectorAll("button")[0].hidden = !hasFile(capture);
	actions.querySelectorAll("button")[1].hidden = !over;
}

export function show(captures) {
	const place = byId("completed");
	// Newest first; `vcap ls` has them oldest first.
	const present = captures.filter(capture => !isInProgress(capture)).reverse();

	for (const [id, line] of lines)
		if (!present.some(capture => capture.id === id)) {
			line.remove();
			lines.delete(id);
		}
	if (present.length === 0) {
		if (!place.querySelector(".pf-v6-c-empty-state"))
			place.replaceChildren(emptyState("No completed captures", "One that has ended is listed here, with its file."));
		whole = null;
		return;
	}
	if (!whole) {
		whole = table("Completed captures", COLUMNS);
		place.replaceChildren(whole.node);
	}
	present.forEach((capture, i) => {
		if (!lines.has(capture.id))
			lines.set(capture.id, make(capture));
		const line = lines.get(capture.id);

		update(line, capture);
		if (whole.body.children[i] !== line)
			whole.body.insertBefore(line, whole.body.children[i] ?? null);
	});
}

export function focus(id) {
	(lines.get(id)?.querySelector("button") ?? byId("completed-title")).focus();
}

// onChange is called when one was deleted, onOpen with the id of the one to look at.
export function prepare({ onChange, onOpen }) {
	changed = onChange;
	opened = onOpen;
}
