// Nodes, made and changed by text and attributes only: nothing that is shown can become markup.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
	for (const [name, value] of Object.entries(attributes)) {
		if (typeof value === "function")
			node.addEventListener(name, value);
		else if (value === true)
			node.setAttribute(name, "");
		else if (value !== false && value !== null && value !== undefined)
			node.setAttribute(name, value);
	}
	node.append(...children.filter(child => child !== null && child !== undefined));
	return node;
}

// An attribute that is a function listens to the event of that name; false and null are left out.
export function element(name, attributes = {}, ...children) {
	return fill(document.createElement(name), attributes, children);
}

export function drawing(name, attributes = {}, ...children) {
	return fill(document.createElementNS(SVG, name), attributes, children);
}

export function byId(id) {
	return document.getElementById(id);
}

// Whoever reads, or has selected, what does not change is not disturbed.
export function setText(node, text) {
	if (node.textContent !== text)
		node.textContent = text;
}

// What PatternFly's font of icons has not, on 16 by 16.
const DRAWN = {
	download: "M7 1h2v7l2.5-2.5L13 7l-5 5-5-5 1.5-1.5L7 8zM1 13h14v2H1z",
	check: "M6 11.2 2.8 8l-1.4 1.4L6 14l8.6-8.6L13.2 4z",
};

export function icon(name) {
	return DRAWN[name] ? drawing("svg", { class: "drawn", viewBox: "0 0 16 16", "aria-hidden": "true" }, drawing("path", { d: DRAWN[name] }))
		: element("span", { class: `pf-v6-pficon pf-v6-pficon-${name}`, "aria-hidden": "true" });
}

// variant: a modifier of PatternFly's button, or several. label: for those who do not see the row, with
// the text in it.
export function button(text, { variant = "pf-m-secondary", symbol, label, click } = {}) {
	return element("button", { type: "button", class: `pf-v6-c-button ${variant}`, "aria-label": label, click },
		symbol ? element("span", { class: "pf-v6-c-button__icon pf-m-start" }, icon(symbol)) : null,
		element("span", { class: "pf-v6-c-button__text" }, text));
}

// A button that is only its icon, with a name for those who do not see it.
export function iconButton(symbol, label, click) {
	return element("button", { type: "button", class: "pf-v6-c-button pf-m-plain", "aria-label": label, title: label, click },
		element("span", { class: "pf-v6-c-button__icon" }, icon(symbol)));
}

// A button that is at work says so. It stays where the focus can be, which one that is disabled does not.
export function setBusy(node, busy, text) {
	node.setAttribute("aria-disabled", String(busy));
	node.classList.toggle("pf-m-aria-disabled", busy);
	setText(node.querySelector(".pf-v6-c-button__text"), text);
}

export const isBusy = node => node.getAttribute("aria-disabled") === "true";

const ICONS = { danger: "error-circle-o", warning: "warning-triangle", info: "info", success: "ok" };

// kind: danger, warning, info or success. Its text keeps its lines.
export function alert(kind, title, text, close) {
	return element("div", { class: `pf-v6-c-alert pf-m-inline pf-m-${kind}` },
		element("div", { class: "pf-v6-c-alert__icon" }, icon(ICONS[kind])),
		element("p", { class: "pf-v6-c-alert__title" },
			element("span", { class: "pf-v6-screen-reader" }, `${kind}: `), title),
		close ? element("div", { class: "pf-v6-c-alert__action" },
			element("button", { type: "button", class: "pf-v6-c-button pf-m-plain", "aria-label": "Dismiss", click: close },
				element("span", { class: "pf-v6-c-button__icon" }, icon("close")))) : null,
		text ? element("div", { class: "pf-v6-c-alert__description said" }, text) : null);
}

export function emptyState(title, ...body) {
	return element("div", { class: "pf-v6-c-empty-state pf-m-xs" },
		element("div", { class: "pf-v6-c-empty-state__content" },
			element("div", { class: "pf-v6-c-empty-state__header" },
				element("p", { class: "pf-v6-c-empty-state__title-text" }, title)),
			element("div", { class: "pf-v6-c-empty-state__body" }, ...body)));
}

export function spinner(text) {
	return element("p", { class: "busy" },
		drawing("svg", { class: "pf-v6-c-spinner pf-m-md", viewBox: "0 0 100 100", "aria-hidden": "true" },
			drawing("circle", { class: "pf-v6-c-spinner__path", cx: 50, cy: 50, r: 45, fill: "none" })),
		text);
}

export function part(title, ...content) {
	return element("section", { "aria-label": title }, element("h3", { class: "pf-v6-c-title pf-m-md" }, title), ...content);
}

// Terms and what they are, as text.
export function descriptions(pairs) {
	return element("dl", { class: "pf-v6-c-description-list pf-m-compact pf-m-auto-fit" },
		...pairs.map(([term, value]) => element("div", { class: "pf-v6-c-description-list__group" },
			element("dt", { class: "pf-v6-c-description-list__term" },
				element("span", { class: "pf-v6-c-description-list__text" }, term)),
			element("dd", { class: "pf-v6-c-description-list__description" },
				element("div", { class: "pf-v6-c-description-list__text" }, value)))));
}

// columns: [heading, "number" or nothing, what stands for the heading or nothing]. The roles outlive the style that stacks rows on narrow screens.
export function table(caption, columns) {
	const head = columns.map(([heading, kind, content]) => element("th", { class: `pf-v6-c-table__th ${kind ?? ""}`, scope: "col", role: "columnheader" },
		content ?? heading));
	const body = element("tbody", { class: "pf-v6-c-table__tbody", role: "rowgroup" });

	return { body,
		node: element("table", { class: "pf-v6-c-table pf-m-compact pf-m-grid-md", role: "table" },
			element("caption", { class: "pf-v6-screen-reader" }, caption),
			element("thead", { class: "pf-v6-c-table__thead", role: "rowgroup" },
				element("tr", { class: "pf-v6-c-table__tr", role: "row" }, ...head)),
			body) };
}

// A row of the table for these columns, whose cells are texts or nodes.
export function row(columns, cells) {
	return element("tr", { class: "pf-v6-c-table__tr", role: "row" },
		...cells.map((content, i) => element("td", { class: `pf-v6-c-table__td ${columns[i][1] ?? ""}`, role: "cell", "data-label": columns[i][0] }, content)));
}

// A label and what it is of, in a line; type: checkbox or radio.
export function choice(type, id, text, { name, value, checked, change } = {}) {
	return element("div", { class: `pf-v6-c-${type === "radio" ? "radio" : "check"}` },
		element("input", { class: `pf-v6-c-${type === "radio" ? "radio" : "check"}__input`, type, id, name, value, checked, change }),
		element("label", { class: `pf-v6-c-${type === "radio" ? "radio" : "check"}__label`, for: id }, text));
}

// A field with its label above and a help text, or null, below. control: an input or select with that id.
export function field(label, control, help) {
	const id = control.id, isSelect = control.localName === "select";

	if (help)
		control.setAttribute("aria-describedby", `${id}-help`);
	return element("div", { class: "pf-v6-c-form__group" },
		element("div", { class: "pf-v6-c-form__group-label" },
			element("label", { class: "pf-v6-c-form__label", for: id }, element("span", { class: "pf-v6-c-form__label-text" }, label))),
		element("div", { class: "pf-v6-c-form__group-control" },
			element("span", { class: "pf-v6-c-form-control" }, control,
				isSelect ? element("span", { class: "pf-v6-c-form-control__utilities" },
					element("span", { class: "pf-v6-c-form-control__toggle-icon" }, element("span", { class: "caret", "aria-hidden": "true" }))) : null),
			help ? element("p", { id: `${id}-help`, class: "help" }, help) : null));
}

export const select = (id, options) => element("select", { id }, ...options.map(([value, text]) => element("option", { value }, text)));

// A question over the page, which goes away with whatever is answered. buttons: nodes for its foot; the
// focus begins at `first`. closed is called when it is gone. Returns the dialog: close() ends it.
export function ask({ title, body, buttons, first, closed }) {
	const dialog = element("dialog", { class: "pf-v6-c-modal-box pf-m-sm", "aria-labelledby": "question", close: () => {
		dialog.remove();
		closed?.();
	} },
	element("header", { class: "pf-v6-c-modal-box__header" },
		element("h2", { class: "pf-v6-c-modal-box__title", id: "question" }, element("span", { class: "pf-v6-c-modal-box__title-text" }, title))),
	element("div", { class: "pf-v6-c-modal-box__body", id: "question-body" }, ...body),
	element("footer", { class: "pf-v6-c-modal-box__footer" }, ...buttons));

	document.body.append(dialog);
	dialog.showModal();
	first.focus();
	return dialog;
}
