// The page: asks the commands how things are, again and again while somebody looks, and shows it.

import { stateWord } from "./capture.js";
import * as commands from "./commands.js";
import * as completed from "./completed.js";
import * as detail from "./detail.js";
import { alert, byId, element, emptyState, setText } from "./dom.js";
import * as form from "./form.js";
import * as progress from "./progress.js";
import * as theme from "./theme.js";

const cockpit = window.cockpit;
const BUSY_MS = 1500, IDLE_MS = 5000;

let known = [];
let first = true;
let timer = 0, asking = null, next = null;
let viewed = null, viewedState = "";

// States that have changed are said to those who do not see them.
function announce(captures) {
	const news = captures.filter(({ id, state }) => known.every(before => before.id !== id || before.state !== state));

	if (!first && news.length > 0)
		setText(byId("announcer"), news.map(capture => `Capture ${capture.id}: ${stateWord(capture)}`).join(". "));
	first = false;
}

// What the commands complain about, once each, in their own words.
function showComplaints(title, text) {
	const place = byId("remarks");

	if (place.dataset.text === text)
		return;
	place.dataset.text = text;
	place.replaceChildren(...text ? [alert("warning", title, text)] : []);
}

const isGoingOn = ({ state }) => !["done", "partial", "failed"].includes(state);

// Captures are shown also where nothing is heard of engines.
const askEngines = () => commands.engines().catch(error => ({ rows: [], complaints: error.message }));

async function ask() {
	const captures = await commands.captures();
	const engines = captures.rows.some(isGoingOn) ? await askEngines() : { rows: [], complaints: "" };

	announce(captures.rows);
	known = captures.rows;
	if (viewed !== null && stateOf(viewed) !== viewedState)
		showDetail();
	progress.show(known, engines.rows);
	completed.show(known);
	showComplaints("Not all is well", [captures.complaints, engines.complaints].filter(Boolean).join("\n"));
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
	asking = ask().catch(error => showComplaints("vcap does not answer", error.message)).then(() => {
		asking = null;
		if (!next && !cockpit.hidden)
			timer = window.setTimeout(refresh, known.some(isGoingOn) ? BUSY_MS : IDLE_MS);
	});
	return asking;
}

function noServices() {
	return emptyState("No virtual service is configured",
		"On this host ", element("code", {}, "vcap init"), " makes a configuration with examples; ",
		element("code", {}, "vcap import haproxy -w"), " takes it from HAProxy (nginx, nft and ipvs likewise).");
}

async function loadServices() {
	const place = byId("services-state");
	let services = { rows: [], complaints: "" };

	try {
		services = await commands.services();
	} catch (error) {
		services.complaints = error.message;
	}
	form.offer(services.rows);
	byId("new").disabled = services.rows.length === 0;
	place.replaceChildren(...services.complaints ? [alert("warning", "The configuration has mistakes", services.complaints)] : [],
		...services.rows.length === 0 && !services.complaints ? [noServices()] : []);
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

async function begun(id, remarks) {
	await refresh();
	progress.focus(id);
	if (!remarks)
		return;
	const box = alert("info", `Started ${id}`, remarks, () => box.remove());

	byId("complaints").append(box);
}

async function main() {
	theme.follow();
	form.prepare({ onStart: begun, onOpen: loadServices });
	progress.prepare({ onChange: refresh });
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
