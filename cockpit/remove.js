// Captures that are deleted: some that were chosen, or those beyond a limit. Nothing is, before it was
// shown and somebody said yes.

import * as commands from "./commands.js";
import { complain, withdraw } from "./complaint.js";
import { alert, ask, button, element, field, isBusy, setBusy } from "./dom.js";
import { inWords } from "./words.js";

// Resolves with whether all of them are gone.
async function removeNow(ids) {
	try {
		ids.forEach(withdraw);
		await commands.remove(ids);
		return true;
	} catch (error) {
		complain(ids[0], ids.length === 1 ? `Not deleted: ${ids[0]}` : "Not all were deleted", error.message);
		return false;
	}
}

const list = ids => element("ul", { class: "ids", tabindex: 0, "aria-label": "Captures" }, ...ids.map(id => element("li", {}, element("code", {}, id))));

const many = ids => ids.length === 1 ? "this capture" : `${ids.length} captures`;

// Asks before it deletes. Resolves with whether something was tried: then the list is to be looked at
// again.
export function remove(ids) {
	return new Promise(resolve => {
		let answer = false;
		const no = button("Cancel", { variant: "pf-m-link", click: () => dialog.close() });
		// Nobody deletes with the key that opened this.
		const dialog = ask({ title: `Delete ${many(ids)}?`, first: no,
			body: [list(ids), element("p", {}, ids.length === 1 ? "It and its file are" : "They and their files are", " removed from the spool. There is no way back.")],
			buttons: [button("Delete", { variant: "pf-m-danger", click: () => {
				answer = true;
				dialog.close();
			} }), no],
			closed: async () => resolve(answer && await removeNow(ids)) });
	});
}

const LIMITS = [
	["age", "Age in Days", "Keep none that ended more days ago", value => `${value}d`],
	["count", "Number of Captures", "Keep at most so many, the newest", value => value],
	["size", "Size in GiB", "Keep the newest whose files are no larger in all", value => `${value}G`],
];

// Shows what is beyond the limits that are given, and deletes just that. changed is called when something
// was deleted.
export function clean(changed) {
	let found = [];
	const inputs = LIMITS.map(([name]) => element("input", { id: `keep-${name}`, type: "text", inputmode: "numeric", autocomplete: "off" }));
	const result = element("div", { "aria-live": "polite" });
	const yes = button("Delete", { variant: "pf-m-danger", click: async () => {
		const ids = found;

		dialog.close();
		await removeNow(ids);
		changed();
	} });
	const show = button("Show what goes", { variant: "pf-m-secondary", click: async () => {
		const given = LIMITS.map(([name, , , unit], i) => [name, inputs[i].value.trim(), unit]).filter(([, value]) => value !== "");
		const wrong = given.find(([, value]) => !/^\d{1,9}$/.test(value));

		if (isBusy(show))
			return;
		forget();
		if (given.length === 0 || wrong) {
			result.replaceChildren(alert("danger", wrong ? `Not a whole number: ${wrong[1]}` : "No limit is given"));
			return;
		}
		setBusy(show, true, "Looking …");
		try {
			found = await commands.beyond(Object.fromEntries(given.map(([name, value, unit]) => [name, unit(value)])));
			result.replaceChildren(...found.length > 0 ? [element("p", {}, `To be deleted: ${many(found)}`), list(found)]
				: [element("p", {}, "All captures are within these limits.")]);
			yes.hidden = found.length === 0;
		} catch (error) {
			result.replaceChildren(alert("danger", "Not known", inWords(error.message)));
		}
		setBusy(show, false, "Show what goes");
	} });

	function forget() {
		found = [];
		yes.hidden = true;
		result.replaceChildren();
	}

	yes.hidden = true;
	inputs.forEach(input => input.addEventListener("input", forget));
	const dialog = ask({ title: "Delete old captures", first: inputs[0],
		body: [element("form", { class: "pf-v6-c-form", "aria-label": "Limits", submit: event => {
			event.preventDefault();
			show.click();
		} }, ...LIMITS.map(([, label, help], i) => field(label, inputs[i], help))), result],
		buttons: [show, yes, button("Cancel", { variant: "pf-m-link", click: () => dialog.close() })] });
}
