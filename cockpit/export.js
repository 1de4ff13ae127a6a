// Which part of a capture to save, in which format.

import * as commands from "./commands.js";
import { complain, withdraw } from "./complaint.js";
import { ask, button, choice, element, field, select } from "./dom.js";

const FORMATS = [["pcapng", "pcapng: with the names of engines, interfaces and sides"], ["pcap", "pcap: for tools that know no other"]];

async function save(capture, choices) {
	try {
		withdraw(capture.id);
		await commands.download(capture.id, choices);
	} catch (error) {
		complain(capture.id, `Not exported: ${capture.id}`, error.message);
	}
}

function formats(changed) {
	return element("fieldset", { class: "pf-v6-c-form__group" },
		element("legend", { class: "pf-v6-c-form__label" }, element("span", { class: "pf-v6-c-form__label-text" }, "Format")),
		element("div", { class: "pf-v6-c-form__group-control pf-m-stack" },
			...FORMATS.map(([value, text]) => choice("radio", `format-${value}`, text, { name: "format", value, checked: value === "pcapng", change: changed }))));
}

export function offer(capture) {
	const engines = capture.engines.split(",").filter(Boolean);
	const engine = select("export-engine", [["", "All engines"], ...engines.map(name => [name, name])]);
	const side = select("export-side", [["", "All sides"], ["client", "Clients and engine"], ["server", "Engine and servers"],
		...capture.monitors === "none" ? [] : [["monitor", "Health checks"]]]);
	const comment = element("input", { id: "export-comment", type: "text", maxlength: 200 });
	const note = field("Note", comment, "Added to the comments of the file");
	const form = element("form", { class: "pf-v6-c-form", submit: event => {
		event.preventDefault();
		const { format } = form.elements;
		const choices = { format: format.value, engine: engine.value, side: side.value, comment: note.hidden ? "" : comment.value.trim() };

		dialog.close();
		save(capture, choices);
	} },
	formats(({ target }) => {
		// A pcap file has no comments.
		note.hidden = target.value === "pcap";
	}), field("Engine", engine), field("Side", side), note);
	const yes = button("Download", { variant: "pf-m-primary", symbol: "download", click: () => form.requestSubmit() });
	const dialog = ask({ title: `Export ${capture.id}`, body: [form], first: yes,
		buttons: [yes, button("Cancel", { variant: "pf-m-link", click: () => dialog.close() })] });
}
