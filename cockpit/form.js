// The form for a new capture. What is typed is judged by the tools themselves.

import * as check from "./check.js";
import * as commands from "./commands.js";
import { alert, byId, choice, element, isBusy, setBusy, setText } from "./dom.js";
import { inWords } from "./words.js";

const TYPING_MS = 250, SNAPLEN_MAX = 262144;

let known = [];
let started = () => {};

const form = () => byId("order");
const chosen = name => form().elements[name].value;
const typed = id => byId(id).value.trim();
const isZero = text => text === "" || /^0+\D*$/.test(text);

const serviceChosen = () => known.find(each => each.name === byId("service").value);
const engineBoxes = () => [...byId("engines").querySelectorAll("input")];
const enginesChosen = () => engineBoxes().filter(box => box.checked).map(box => box.value);

// Engines are chosen anew with each other service: all of them.
function describeService() {
	const service = serviceChosen();
	const names = service ? service.engines.split(",").filter(Boolean) : [];

	setText(byId("service-help"), service ? `${service.vips} – on ${names.join(", ") || "no engine"}` : "");
	if (engineBoxes().map(box => box.value).join() !== names.join()) {
		byId("engines").replaceChildren(...names.map(name => choice("checkbox", `engine-${name}`, name, { value: name, checked: true })));
		check.forget();
	}
	say("engines", "");
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
	const count = !isZero(typed("count")), duration = !isZero(typed("duration")) || !isZero(typed("rolling"));
	const isWrong = checkNumbers().length > 0;
	const kind = duration || isWrong ? "" : count ? "count" : "none";

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

// What is wrong with a field, below it.
function say(id, text) {
	const field = byId(id);

	setText(byId(`${id}-message`), text);
	if (field.parentElement.classList.contains("pf-v6-c-form-control"))
		field.parentElement.classList.toggle("pf-m-error", text !== "");
	if (text === "")
		field.removeAttribute("aria-invalid");
	else if (field.localName !== "div")
		field.setAttribute("aria-invalid", "true");
}

// A field that a tool judges, in its words, as it is typed. ask: what runs the tool with the text.
// Nothing typed is no mistake yet.
function judged(id, ask) {
	let judging = null, typing = 0;

	// Begins to judge what is there now, in place of what was being judged before. Resolves with what is
	// wrong, or null if something newer is judged instead.
	async function judge() {
		judging?.cancel();
		const mine = judging = ask(byId(id).value);
		let verdict;

		try {
			verdict = inWords(await mine.verdict);
		} catch (error) {
			verdict = inWords(error.message);
		}
		if (judging !== mine)
			return null;
		judging = null;
		say(id, verdict);
		return verdict;
	}

	byId(id).addEventListener("input", () => {
		window.clearTimeout(typing);
		typing = window.setTimeout(() => typed(id) === "" ? say(id, "") : judge(), TYPING_MS);
	});

	// The verdict on what is there by the time it is known.
	return async () => {
		let verdict;

		do {
			window.clearTimeout(typing);
			verdict = await judge();
		} while (verdict === null);
		return verdict;
	};
}

let judgeSpecs, judgeExpression;

const NUMBERS = [
	["count", /^\d*$/, "A whole number of packets, such as 1000, or nothing: unlimited"],
	["duration", /^(\d+(\.\d+)?(ms|s|m|h|d)?)?$/, "Minutes, such as 5, or a number with a unit: 30s, 5m, 2h"],
	["rolling", /^(\d+(\.\d+)?(s|m|h)?)?$/, "Minutes, such as 2, or a number with a unit: 30s, 2m"],
	["snaplen", /^\d*$/, `A whole number of bytes up to ${SNAPLEN_MAX.toLocaleString("en")}; 0 is the entire packet`],
];

function checkNumbers() {
	for (const [id, form, words] of NUMBERS)
		say(id, form.test(typed(id)) && (id !== "snaplen" || Number(typed(id)) <= SNAPLEN_MAX) ? "" : words);
	return NUMBERS.map(([id]) => id).filter(id => byId(id).hasAttribute("aria-invalid"));
}

// The first field with a mistake, or undefined. What the tools have to say is asked for last.
async function findMistake(some) {
	const [number] = checkNumbers();

	say("engines", engineBoxes().length > 0 && enginesChosen().length === 0 ? "At least one engine has to capture" : "");
	if (number)
		return byId(number);
	if (some && await judgeSpecs() !== "")
		return byId("specs");
	if (enginesChosen().length === 0 && engineBoxes().length > 0)
		return engineBoxes()[0];
	if (typed("expression") !== "" && await judgeExpression() !== "")
		return byId("expression");
	return undefined;
}

function chooseFilter() {
	const some = chosen("filter") === "some";

	byId("specs-field").hidden = !some;
	if (some)
		byId("specs").focus();
}

// What was there before comes back with the limit.
function chooseUnlimited() {
	const field = byId("duration"), unlimited = byId("unlimited").checked;

	if (unlimited)
		field.dataset.before = field.value;
	field.value = unlimited ? "" : field.dataset.before;
	field.disabled = unlimited;
	field.parentElement.classList.toggle("pf-m-disabled", unlimited);
	warnOfLimits();
}

// Nobody keeps keys because somebody else once did, or twice by having done it once.
function forgetKeys() {
	byId("keys").checked = false;
	warnOfKeys();
}

function warnOfKeys() {
	byId("keys-warning").replaceChildren(...byId("keys").checked ? [alert("warning", "All that is encrypted can be read",
		"Whoever has the keys reads what these sessions say: passwords, cookies, what customers write. They are kept beside the capture, here and until its end on the engines, " +
		"and are in no file that this page exports. `vcap prune --keys` removes them. This choice holds for one capture, and is logged.")] : []);
}

function refuse(text) {
	byId("refusal").replaceChildren(...text ? [alert("danger", "Not started", inWords(text))] : []);
}

// What is chosen, as commands.start takes it.
function order(some) {
	const engines = enginesChosen();

	return { service: byId("service").value, specs: some ? byId("specs").value : null, count: typed("count"), duration: typed("duration"),
		snaplen: typed("snaplen"), rolling: isZero(typed("rolling")) ? "" : typed("rolling"), monitors: chosen("monitors"), engines: engines.length < engineBoxes().length ? engines : null,
		expression: typed("expression"), at: typed("at"), comment: typed("comment"), exclude: byId("exclude").checked, drops: byId("drops").checked, keys: byId("keys").checked, perPacket: byId("per-packet").checked };
}

// Where somebody is to look, also where that is folded away.
function lead(to) {
	const folded = to.closest("details");

	if (folded)
		folded.open = true;
	to.focus();
}

async function submit(event) {
	event.preventDefault();
	const some = chosen("filter") === "some";

	if (isBusy(byId("start")))
		return;
	refuse("");
	setBusy(byId("start"), true, "Starting …");
	try {
		const mistake = await findMistake(some);

		if (mistake) {
			lead(mistake);
			return;
		}
		const result = await commands.start(order(some));

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
	forgetKeys();
	check.forget();
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
	judgeSpecs = judged("specs", commands.checkSpecs);
	judgeExpression = judged("expression", commands.checkExpression);
	byId("service").addEventListener("change", () => {
		describeService();
		check.forget();
	});
	byId("filter-all").addEventListener("change", chooseFilter);
	byId("filter-some").addEventListener("change", chooseFilter);
	for (const [id] of NUMBERS)
		byId(id).addEventListener("input", warnOfLimits);
	byId("unlimited").addEventListener("change", chooseUnlimited);
	byId("keys").addEventListener("change", warnOfKeys);
	byId("engines").addEventListener("change", () => {
		say("engines", "");
		check.forget();
	});
	byId("check-engines").addEventListener("click", () => check.ask(byId("service").value, enginesChosen()));
	form().addEventListener("submit", submit);
	// Why nothing started is no longer so once something else is asked for.
	form().addEventListener("input", () => refuse(""));
	warnOfLimits();
	// What a browser has restored.
	window.addEventListener("pageshow", forgetKeys);
}
