// The table of captures that have ended, those whose packets are still being brought together too: what
// is searched for, in the order that is asked for, a page at a time.

import { formatNumber, formatSize, hasFile, isInProgress, isOver, stateWord, updateState } from "./capture.js";
import { button, byId, choice, element, emptyState, field, iconButton, row, select, setText, table } from "./dom.js";
import * as exporting from "./export.js";
import { clean, remove } from "./remove.js";

const PAGE = 20;

// [key, heading, what it is sorted by]; those without a third are not.
const SORTS = [
	["date", "Date (UTC)", capture => capture.date + capture.id],
	["service", "Virtual Service", capture => capture.service],
	["comment", "Note", capture => capture.comment],
	["size", "Size", capture => capture.size ?? -1],
	["packets", "Packets", capture => capture.packets ?? -1],
	["drops", "Drops", capture => capture.drops ?? -1],
	["state", "State", stateWord],
];
const KINDS = { size: "number", packets: "number", drops: "number", comment: "wide" };

const lines = new Map(), chosen = new Set();
let known = [], shown = [];
let order = { key: "date", up: false };
let page = 0, whole = null;
let changed = () => {}, opened = () => {};

const COLUMNS = [["Select", "check"], ...SORTS.map(([key, heading]) => [heading, KINDS[key] ?? ""]), ["Export", "actions"]];

function make({ id, date, service }) {
	const box = choice("checkbox", `select-${id}`, `Select ${id}`, { change: ({ target }) => {
		if (target.checked)
			chosen.add(id);
		else
			chosen.delete(id);
		showChosen();
	} });
	const link = button(date, { variant: "pf-m-link pf-m-inline", label: `${date}, details of ${id}`, click: () => opened(id) });
	const node = row(COLUMNS, [box, link, service, "", "", "", "", "",
		iconButton("download", `Export ${id}`, () => exporting.offer(known.find(capture => capture.id === id)))]);

	box.querySelector("label").classList.add("pf-v6-screen-reader");
	node.dataset.id = id;
	return node;
}

function update(line, capture) {
	const [check, , , note, size, packets, drops, state, actions] = line.children;
	const box = check.querySelector("input");

	setText(note, capture.comment || "–");
	setText(size, isOver(capture) ? formatSize(capture.size) : "–");
	setText(packets, formatNumber(capture.packets));
	setText(drops, formatNumber(capture.drops));
	drops.classList.toggle("bad", capture.drops > 0);
	updateState(state, capture);
	state.title = capture.message;
	box.disabled = !isOver(capture);
	box.checked = chosen.has(capture.id);
	actions.querySelector("button").hidden = !hasFile(capture);
}

// The captures that have all words that are searched for somewhere, in order.
function found(captures) {
	const words = whole.search.value.toLowerCase().split(/\s+/).filter(Boolean);
	const by = SORTS.find(([key]) => key === order.key)[2];
	const textOf = capture => [capture.id, capture.service, capture.date, capture.comment, stateWord(capture), capture.engines, capture.addresses].join(" ").toLowerCase();
	const list = captures.filter(capture => words.every(word => textOf(capture).includes(word)));

	// Of the same, the newest first.
	list.sort((a, b) => {
		const x = by(a), y = by(b), sign = order.up ? 1 : -1;

		return x < y ? -sign : x > y ? sign : a.date + a.id < b.date + b.id ? 1 : -1;
	});
	return list;
}

function showChosen() {
	const boxes = [...whole.table.body.querySelectorAll("input:not(:disabled)")];

	setText(whole.remove.querySelector(".pf-v6-c-button__text"), chosen.size > 0 ? `Delete ${chosen.size}` : "Delete");
	whole.remove.disabled = chosen.size === 0;
	whole.all.checked = boxes.length > 0 && boxes.every(box => box.checked);
	whole.all.indeterminate = !whole.all.checked && boxes.some(box => box.checked);
}

function showOrder() {
	whole.heads.forEach((head, i) => {
		const on = SORTS[i][0] === order.key;

		head.closest("th").setAttribute("aria-sort", on ? (order.up ? "ascending" : "descending") : "none");
		setText(head.querySelector(".arrow"), on ? (order.up ? "▲" : "▼") : "");
	});
	whole.sort.value = order.key;
}

function showPage() {
	const pages = Math.max(1, Math.ceil(shown.length / PAGE));

	page = Math.min(page, pages - 1);
	const here = shown.slice(page * PAGE, (page + 1) * PAGE);

	here.forEach((capture, i) => {
		const line = lines.get(capture.id);

		update(line, capture);
		if (whole.table.body.children[i] !== line)
			whole.table.body.insertBefore(line, whole.table.body.children[i] ?? null);
	});
	while (whole.table.body.children.length > here.length)
		whole.table.body.lastElementChild.remove();
	setText(whole.range, shown.length === 0 ? "None is found" : `${page * PAGE + 1}–${page * PAGE + here.length} of ${shown.length}`);
	whole.pages.hidden = pages === 1;
	whole.previous.disabled = page === 0;
	whole.next.disabled = page === pages - 1;
	showOrder();
	showChosen();
}

function lookAgain() {
	shown = found(known);
	showPage();
}

function sortBy(key) {
	// Dates and figures begin with the latest and the largest.
	order = { key, up: order.key === key ? !order.up : ["service", "comment", "state"].includes(key) };
	page = 0;
	lookAgain();
}

async function removeChosen() {
	if (!await remove([...chosen]))
		return;
	chosen.clear();
	byId("completed-title").focus();
	changed();
}

function build() {
	const heads = SORTS.map(([key, heading]) => element("button", { type: "button", class: "sort", click: () => sortBy(key) },
		heading, element("span", { class: "arrow", "aria-hidden": "true" })));
	const all = element("input", { type: "checkbox", class: "pf-v6-c-check__input", "aria-label": "Select all that are shown", change: () => {
		for (const line of whole.table.body.children)
			if (!line.querySelector("input").disabled)
				chosen[all.checked ? "add" : "delete"](line.dataset.id);
		showPage();
	} });
	const turn = step => () => {
		page += step;
		showPage();
	};

	whole = { all, heads,
		table: table("Completed captures", [["Select", "check", all], ...heads.map((head, i) => [SORTS[i][1], KINDS[SORTS[i][0]] ?? "", head]), ["Export", "actions"]]),
		search: element("input", { id: "search", type: "search", autocomplete: "off", spellcheck: "false", placeholder: "Search", "aria-label": "Search captures", input: () => {
			page = 0;
			lookAgain();
		} }),
		sort: select("sort", SORTS.map(([key, heading]) => [key, heading])),
		remove: button("Delete", { variant: "pf-m-secondary pf-m-danger", click: removeChosen }),
		range: element("span", { class: "help", role: "status" }),
		previous: button("Previous", { variant: "pf-m-link", click: turn(-1) }),
		next: button("Next", { variant: "pf-m-link", click: turn(1) }) };
	whole.sort.addEventListener("change", () => sortBy(whole.sort.value));
	whole.pages = element("div", { class: "buttons", role: "group", "aria-label": "Pages" }, whole.previous, whole.next);
	whole.sortField = field("Sort by", whole.sort);
	whole.sortField.classList.add("narrow");
	byId("completed").replaceChildren(
		element("div", { class: "toolbar" },
			element("span", { class: "pf-v6-c-form-control" }, whole.search), whole.sortField, whole.remove,
			button("Delete old ones …", { variant: "pf-m-link", click: () => clean(changed) })),
		whole.table.node,
		element("div", { class: "toolbar" }, whole.range, whole.pages));
}

export function show(captures) {
	const place = byId("completed");

	known = captures.filter(capture => !isInProgress(capture));
	const ids = new Set(known.map(({ id }) => id));

	for (const id of [...lines.keys()])
		if (!ids.has(id)) {
			lines.get(id).remove();
			lines.delete(id);
			chosen.delete(id);
		}
	if (known.length === 0) {
		if (!place.querySelector(".pf-v6-c-empty-state"))
			place.replaceChildren(emptyState("No completed captures", "One that has ended is listed here, with its file."));
		whole = null;
		return;
	}
	if (!whole)
		build();
	for (const capture of known)
		if (!lines.has(capture.id))
			lines.set(capture.id, make(capture));
	lookAgain();
}

export function focus(id) {
	const line = lines.get(id);

	(line?.isConnected ? line.querySelector("button") : byId("completed-title")).focus();
}

// onChange is called when some were deleted, onOpen with the id of the one to look at.
export function prepare({ onChange, onOpen }) {
	changed = onChange;
	opened = onOpen;
}
