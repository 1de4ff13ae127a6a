// The form for a new capture. What is typed is judged by the tools themselves, in their own words.

import * as commands from "./commands.js";
import { alert, byId, element, isBusy, setBusy, setText } from "./dom.js";

const TYPING_MS = 250;

let known = [];
let judging = null;
let typing = 0;
let started = () => {};

const form = () => byId("order");
const chosen = name => form().elements[name].value;
const typed = id => byId(id).value.trim();
const isZero = text => text === "" || /^0+\D*$/.test(text);

function describeService() {
	const service = known.find(each => each.name === byId("service").value);

	setText(byId("service-help"), service ? `${service.vips} – on ${service.engines.replaceAll(",", ", ")}` : "");
}

// The services to choose from; the choice stays if it is still there.
export function offer(services) {
	const select = byId("service");
	const before = select.value;

	known = services;
	select.replaceChildren(...services.map(({ name }) => element("option", { value: name }, name)));
	if (services.some(({ name }) => name === before))
		select.value = before;
	describeService();
}

function warnOfLimits() {
	const place = byId("limit-warning");
	const count = !isZero(typed("count")), duration = !isZero(typed("duration"));
	const kind = duration ? "" : count ? "count" : "none";

	if (place.dataset.kind === kind)
		return;
	place.dataset.kind = kind;
	place.replaceChildren();
	if (kind === "none")
		place.append(alert("warning", "Unlimited",
			"Without a number of packets or a duration the capture goes on until it is stopped, or the disks of the engines are down to their reserve."));
	else if (kind === "count")
		place.append(alert("info", "No duration",
			"A core that sees too few packets never ends by their number."));
}

function showVerdict(verdict) {
	const field = byId("specs");

	setText(byId("specs-message"), verdict);
	field.parentElement.classList.toggle("pf-m-error", verdict !== "");
	if (verdict === "")
		field.removeAttribute("aria-invalid");
	else
		field.setAttribute("aria-invalid", "true");
}

// Begins to judge the addresses as they are now, in place of what was being judged before. Resolves
// with what is wrong, or null if something newer is judged instead.
async function judge() {
	judging?.cancel();
	const mine = judging = commands.checkSpecs(byId("specs").value);
	let verdict;

	try {
		verdict = await mine.verdict;
	} catch (error) {
		verdict = error.message;
	}
	if (judging !== mine)
		return null;
	judging = null;
	showVerdict(verdict);
	return verdict;
}

function judgeSoon() {
	window.clearTimeout(typing);
	typing = window.setTimeout(() => byId("specs").value.trim() === "" ? showVerdict("") : judge(), TYPING_MS);
}

// The verdict on what is there by the time it is known.
async function judgeNow() {
	let verdict;

	do {
		window.clearTimeout(typing);
		verdict = await judge();
	} while (verdict === null);
	return verdict;
}

function chooseFilter() {
	const some = chosen("filter") === "some";

	byId("specs-field").hidden = !some;
	if (some)
		byId("specs").focus();
}

function refuse(text) {
	byId("refusal").replaceChildren(...text ? [alert("danger", "Not started", text)] : []);
}

async function submit(event) {
	event.preventDefault();
	const some = chosen("filter") === "some";

	if (isBusy(byId("start")))
		return;
	refuse("");
	setBusy(byId("start"), true, "Starting …");
	try {
		if (some && await judgeNow() !== "") {
			byId("specs").focus();
			return;
		}
		const specs = some ? byId("specs").value : null;
		const result = await commands.start({ service: byId("service").value, specs, count: typed("count"),
			duration: typed("duration"), snaplen: typed("snaplen"), monitors: chosen("monitors") });

		close();
		started(result.output.trim(), result.complaints);
	} catch (error) {
		refuse(error.message);
	} finally {
		setBusy(byId("start"), false, "Start capture");
	}
}

function setOpen(open) {
	form().hidden = !open;
	byId("new").setAttribute("aria-expanded", String(open));
}

export function open() {
	setOpen(true);
}

export function close() {
	refuse("");
	setOpen(false);
}

// onStart is called with the id of a capture that has begun, and what was said of it; onOpen when
// somebody opens the form.
export function prepare({ onStart, onOpen }) {
	started = onStart;
	byId("new").addEventListener("click", () => {
		if (!form().hidden)
			return close();
		setOpen(true);
		onOpen();
		byId("service").focus();
	});
	byId("cancel").addEventListener("click", () => {
		close();
		byId("new").focus();
	});
	byId("service").addEventListener("change", describeService);
	byId("filter-all").addEventListener("change", chooseFilter);
	byId("filter-some").addEventListener("change", chooseFilter);
	byId("count").addEventListener("input", warnOfLimits);
	byId("duration").addEventListener("input", warnOfLimits);
	form().addEventListener("submit", submit);
	byId("specs").addEventListener("input", judgeSoon);
	warnOfLimits();
}
