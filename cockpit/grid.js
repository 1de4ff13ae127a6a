// A table of many rows: a page of them at a time or all, in the order that is asked for, and what chooses among them.

import { button, element, field, row, select, setText, table } from "./dom.js";

// Where rows are stacked, each is as high as many.
const STACKED = window.matchMedia("(max-width: 48rem)");

// So many are shown at once when all are asked for.
const ALL = 1000;

// Unknown comes last, whichever way is up.
function compare(a, b, up) {
	if (a === null || b === null || a === b)
		return a === b ? 0 : a === null ? 1 : -1;
	return (a < b ? -1 : 1) * (up ? 1 : -1);
}

// columns: {heading, kind, of, show}: of a row what it is sorted by, null if that is not known, and what is shown,
// a text or a node. order: [column, up]. id is of what stands for the headings where there is no room for them.
export function grid(id, caption, columns, { order = [0, true], size = 20 } = {}) {
	let rows = [], [at, up] = order, page = 0, isWhole = false;
	const forms = columns.map(({ heading, kind = "" }) => [heading, kind]);
	const heads = columns.map(({ heading }, i) => element("button", { type: "button", class: "sort", click: () => sortBy(i) },
		heading, element("span", { class: "arrow", "aria-hidden": "true" })));
	const { node, body } = table(caption, forms.map(([heading, kind], i) => [heading, kind, heads[i]]));
	const sort = select(`${id}-sort`, columns.map(({ heading }, i) => [i, heading]));
	const range = element("span", { class: "help", role: "status" });
	const most = () => isWhole ? ALL : STACKED.matches ? Math.ceil(size / 4) : size;
	const turn = step => () => {
		page += step;
		draw();
	};
	const whole = button("Show all", { variant: "pf-m-link", label: `Show all: ${caption}`, click: () => {
		isWhole = !isWhole;
		page = 0;
		draw();
	} });
	const previous = button("Previous", { variant: "pf-m-link", label: `Previous: ${caption}`, click: turn(-1) });
	const next = button("Next", { variant: "pf-m-link", label: `Next: ${caption}`, click: turn(1) });
	const pages = element("div", { class: "buttons", role: "group", "aria-label": `Pages of ${caption}` }, whole, previous, next);
	const sortField = field("Sort by", sort);

	function draw() {
		const count = most(), last = Math.max(0, Math.ceil(rows.length / count) - 1);

		page = Math.min(page, last);
		const here = rows.slice(page * count, (page + 1) * count);

		body.replaceChildren(...here.map(each => row(forms, columns.map(({ show }) => show(each)))));
		setText(range, rows.length === 0 ? "None" : `${page * count + 1}–${page * count + here.length} of ${rows.length.toLocaleString("en")}`);
		setText(whole.querySelector(".pf-v6-c-button__text"), isWhole ? "Show pages" : "Show all");
		whole.setAttribute("aria-label", `${isWhole ? "Show pages" : "Show all"}: ${caption}`);
		whole.hidden = !isWhole && rows.length > ALL;
		pages.hidden = last === 0 && !isWhole;
		previous.hidden = next.hidden = last === 0;
		previous.disabled = page === 0;
		next.disabled = page === last;
		heads.forEach((head, i) => {
			head.closest("th").setAttribute("aria-sort", i === at ? (up ? "ascending" : "descending") : "none");
			setText(head.querySelector(".arrow"), i === at ? (up ? "▲" : "▼") : "");
		});
		sort.value = at;
	}

	function arrange() {
		rows = rows.toSorted ? rows.toSorted((a, b) => compare(columns[at].of(a), columns[at].of(b), up))
			: [...rows].sort((a, b) => compare(columns[at].of(a), columns[at].of(b), up));
		draw();
	}

	function sortBy(column) {
		// Figures begin with the largest.
		up = at === column ? !up : columns[column].kind !== "number";
		at = column;
		page = 0;
		arrange();
	}

	sort.addEventListener("change", () => sortBy(Number(sort.value)));
	sortField.classList.add("narrow");
	return { node: element("div", {}, element("div", { class: "toolbar" }, sortField), node, element("div", { class: "toolbar" }, range, pages)),
		// Shows these rows in place of those before.
		show(list) {
			rows = list;
			page = 0;
			arrange();
		} };
}

// A column of words, which may be missing.
export const word = (key, heading, kind) => ({ heading, kind, of: row => row[key], show: row => row[key] ?? "–" });

// Chooses among what a column has.
export function choices(id, label, rows, of, change) {
	const values = [...new Set(rows.map(of))].filter(value => value !== null).sort();
	const control = select(id, [["", "All"], ...values.map(value => [value, value])]);

	control.addEventListener("change", change);
	return { node: field(label, control), has: row => control.value === "" || of(row) === control.value };
}

// Words that are looked for; has(text): whether all of them are in it.
export function search(label, change) {
	const control = element("input", { type: "search", autocomplete: "off", spellcheck: "false", placeholder: "Search", "aria-label": label, input: change });

	return { node: element("span", { class: "pf-v6-c-form-control" }, control),
		has: text => control.value.toLowerCase().split(/\s+/).filter(Boolean).every(each => text.toLowerCase().includes(each)) };
}
