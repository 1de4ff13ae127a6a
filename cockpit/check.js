// Whether the engines of a service could capture now, as a table.

import { formatSize } from "./capture.js";
import * as commands from "./commands.js";
import { alert, byId, element, icon, row, spinner, table } from "./dom.js";
import { inWords } from "./words.js";

const COLUMNS = [["Engine"], ["State"], ["Interfaces"], ["VIP"], ["Free", "number"], ["Clock", "number"], ["Note"]];
const STATES = { ready: ["pf-m-green", "ok"], "not-ready": ["pf-m-orange", "warning-triangle"] };

// What is being asked, so that an answer that nobody waits for any more is not shown.
let asked = null;

function stateLabel(state) {
	const [colour, symbol] = STATES[state] ?? ["pf-m-red", "error-circle-o"];

	return element("span", { class: `pf-v6-c-label ${colour}` }, element("span", { class: "pf-v6-c-label__content" },
		element("span", { class: "pf-v6-c-label__icon" }, icon(symbol)), element("span", { class: "pf-v6-c-label__text" }, state.replace("-", " "))));
}

const listed = text => (text || "").split(" ").filter(Boolean);

function vip({ local, elsewhere }) {
	const here = listed(local).length, all = here + listed(elsewhere).length;

	if (all === 0)
		return "–";
	return here === all ? "local" : here === 0 ? "elsewhere" : `${here} of ${all} local`;
}

const clock = seconds => seconds ? `${(Number(seconds) * 1000).toFixed(3)} ms` : "–";

function show(service, engines, complaints) {
	const { node, body } = table(`Engines of ${service}`, COLUMNS);

	for (const engine of engines)
		body.append(row(COLUMNS, [engine.engine, stateLabel(engine.state), listed(engine.interfaces).join(" ") || "–", vip(engine),
			formatSize(engine.free ?? null), clock(engine.clock), engine.note || "–"]));
	byId("check").replaceChildren(node, ...complaints ? [alert("info", "Remarks", inWords(complaints))] : []);
}

// What was shown is not of what is chosen now.
export function forget() {
	asked = null;
	byId("check").replaceChildren();
}

// engines: the names that are chosen.
export async function ask(service, engines) {
	const mine = asked = {};

	byId("check").replaceChildren(spinner("Asking the engines …"));
	try {
		const { rows, complaints } = await commands.check(service);

		if (asked === mine)
			show(service, rows.filter(({ engine }) => engines.includes(engine)), complaints);
	} catch (error) {
		if (asked === mine)
			byId("check").replaceChildren(alert("danger", "Not checked", inWords(error.message)));
	}
}
