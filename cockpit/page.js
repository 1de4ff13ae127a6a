// The page: asks the commands how things are, again and again while somebody looks, and shows it.

import { isOver, stateWord } from "./capture.js";
import * as commands from "./commands.js";
import { keep } from "./complaint.js";
import * as completed from "./completed.js";
import * as detail from "./detail.js";
import { alert, byId, setText } from "./dom.js";
import * as form from "./form.js";
import * as progress from "./progress.js";
import * as setup from "./setup.js";
import * as theme from "./theme.js";
import { inWords, missingEngines } from "./words.js";

const cockpit = window.cockpit;
const BUSY_MS = 1500, IDLE_MS = 5000;

let known = [];
let first = true;
let timer = 0, asking = null, next = null;
let said = null;
let viewed = null, viewedState = "";

// States that have changed are said to those who do not see them.
function announce(captures) {
	const news = captures.filter(({ id, state }) => known.every(before => before.id !== id || before.state !== state));

	if (!first && news.length > 0)
		setText(byId("announcer"), news.map(capture => `Capture ${capture.id}: ${stateWord(capture)}`).join(". "));
	first = false;
}

// What is wrong as long as it is: alerts as [kind, title, text], those without a text left out.
function showComplaints(...alerts) {
	const place = byId("remarks");
	const wrong = alerts.filter(([, , text]) => text).map(([kind, title, text]) => [kind, title, inWords(text)]);

	if (place.dataset.text === JSON.stringify(wrong))
		return;
	place.dataset.text = JSON.stringify(wrong);
	place.replaceChildren(...wrong.map(each => alert(...each)));
}

const isGoingOn = capture => !isOver(capture);

// Captures are shown also where nothing is heard of engines.
const askEngines = () => commands.engines().then(engines => ({ ...engines, kind: "warning" }), error => ({ rows: [], complaints: error.message, kind: "danger" }));

async function ask() {
	const captures = await commands.captures();
	const engines = captures.rows.some(isGoingOn) ? await askEngines() : { rows: [], complaints: "", kind: "warning" };

	announce(captures.rows);
	known = captures.rows;
	if (viewed !== null && stateOf(viewed) !== viewedState)
		showDetail();
	progress.show(known, engines.rows);
	completed.show(known);
	keep(new Set(known.map(({ id }) => id)));
	if (said && !known.some(capture => capture.id === said.id && isGoingOn(capture)))
		unsay();
	showComplaints(["warning", "Some captures cannot be read", captures.complaints], [engines.kind, "The engines are not heard of", engines.complaints]);
}

// Asks now, and then from time to time. A call while one is asking waits for another, so that what is
// shown when it resolves is not older than the call.
function refresh() {
	if (asking)
		return next ??= asking.then(() => {
			next = null;
			return refresh();
		});
	window.clearTimeout(timer);
	asking = ask().catch(error => showComplaints(["danger", "Captures are not known", error.message])).then(() => {
		asking = null;
		if (!next && !cockpit.hidden)
			timer = window.setTimeout(refresh, known.some(isGoingOn) ? BUSY_MS : IDLE_MS);
	});
	return asking;
}

async function loadServices() {
	const place = byId("services-state");
	let services = { rows: [], complaints: "" };

	let kind = "warning";

	try {
		services = await commands.services();
	} catch (error) {
		services.complaints = error.message;
		kind = "danger";
	}
	form.offer(services.rows);
	setup.offer(services.rows.length === 0);
	byId("new").disabled = services.rows.length === 0;
	place.replaceChildren(...services.complaints ? [alert(kind, "The configuration has mistakes", inWords(services.complaints))] : []);
	return services.rows.length;
}

const stateOf = id => known.find(capture => capture.id === id)?.state ?? "";

function showDetail() {
	viewedState = stateOf(viewed);
	detail.show(viewed, known.find(capture => capture.id === viewed));
}

function showView() {
	const id = cockpit.location.path[0] ?? null;

	if (id === viewed)
		return;
	const before = viewed;

	viewed = id;
	byId("overview").hidden = id !== null;
	if (id !== null) {
		showDetail();
	} else {
		detail.leave();
		completed.focus(before);
	}
}

function unsay() {
	said?.node.remove();
	said = null;
}

// What there was to say of a start is said as long as that capture goes on.
async function begun(id, remarks) {
	const { missing, others } = missingEngines(remarks);

	await refresh();
	progress.focus(id);
	unsay();
	if (missing.length === 0 && !others)
		return;
	said = { id, node: document.createElement("div") };
	said.node.append(...missing.map(([engine, what, why]) => alert("warning", `Engine ${engine} ${what}`, why, unsay)),
		...others ? [alert("info", `Started ${id}`, others, unsay)] : []);
	byId("complaints").append(said.node);
}

async function main() {
	theme.follow();
	form.prepare({ onStart: begun, onOpen: loadServices });
	setup.prepare({ onWritten: loadServices });
	progress.prepare({ onChange: refresh, onOpen: id => cockpit.location.go([id]) });
	completed.prepare({ onChange: refresh, onOpen: id => cockpit.location.go([id]) });
	detail.prepare({ onChange: refresh, onClose: () => cockpit.location.go([]) });
	const [services] = await Promise.all([loadServices(), refresh()]);

	if (services > 0 && !known.some(isGoingOn))
		form.open();
	cockpit.addEventListener("visibilitychange", () => cockpit.hidden ? window.clearTimeout(timer) : refresh());
	cockpit.addEventListener("locationchanged", showView);
	showView();
	document.body.dataset.ready = "yes";
}

main();
