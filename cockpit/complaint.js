// What went wrong with something that somebody did, above what it was done to, until it is done again or
// what it was done to is gone.

import { alert, byId } from "./dom.js";
import { inWords } from "./words.js";

const boxes = new Map();

export function withdraw(id) {
	boxes.get(id)?.remove();
	boxes.delete(id);
}

// id: of the capture, or what else it was done to.
export function complain(id, title, text) {
	const box = alert("danger", title, inWords(text), () => withdraw(id));

	withdraw(id);
	box.setAttribute("role", "alert");
	boxes.set(id, box);
	byId(byId("detail").hidden ? "completed-complaints" : "detail-complaints").append(box);
}

// Keeps those of captures that there are.
export function keep(ids) {
	for (const id of [...boxes.keys()])
		if (!ids.has(id))
			withdraw(id);
}
