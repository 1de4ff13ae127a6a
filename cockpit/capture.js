// What a row of `vcap ls -j` means: its state, its parameters, its figures.

import { element, icon, setText } from "./dom.js";

// The interface of what an engine's kernel dropped: ENGINE/dropped/SIDE.
export const isDropped = origin => origin.iface === "dropped";

export const isInProgress = capture => ["waiting", "starting", "capturing"].includes(capture.state);
export const isOver = capture => ["done", "partial", "failed"].includes(capture.state);
export const hasFile = capture => capture.file !== "";

const STATES = {
	waiting: ["waiting", "pf-m-blue", "pending"],
	starting: ["starting", "pf-m-blue", "in-progress"],
	capturing: ["capturing", "pf-m-blue", "running"],
	fetching: ["collecting", "pf-m-blue", "in-progress"],
	merging: ["merging", "pf-m-blue", "in-progress"],
	done: ["done", "pf-m-green", "ok"],
	partial: ["partial", "pf-m-orange", "warning-triangle"],
	failed: ["failed", "pf-m-red", "error-circle-o"],
};

export const stateWord = capture => (STATES[capture.state] ?? [capture.state])[0];

export function stateLabel(capture) {
	const [word, colour, symbol] = STATES[capture.state] ?? [capture.state, "", "unknown"];

	return element("span", { class: `pf-v6-c-label ${colour}` },
		element("span", { class: "pf-v6-c-label__content" },
			element("span", { class: "pf-v6-c-label__icon" }, icon(symbol)),
			element("span", { class: "pf-v6-c-label__text" }, word)));
}

export const formatNumber = value => value === null ? "–" : value.toLocaleString("en");

export function formatSize(bytes) {
	const units = ["B", "KiB", "MiB", "GiB", "TiB"];
	let unit = 0;

	if (bytes === null)
		return "–";
	for (; bytes >= 1024 && unit < units.length - 1; unit++)
		bytes /= 1024;
	return `${unit && bytes < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

function formatDuration(seconds) {
	const parts = [[Math.floor(seconds / 3600), "h"], [Math.floor(seconds / 60) % 60, "min"], [Number((seconds % 60).toFixed(3)), "s"]];

	return parts.filter(([value]) => value > 0).map(([value, unit]) => `${value} ${unit}`).join(" ");
}

export const formatInstant = text => text ? `${text.replace("T", " ").replace("Z", "")} UTC` : "–";

function filterOf(capture) {
	const words = capture.specs ? capture.addresses + (capture.addresses.endsWith("...") ? ` (${formatNumber(capture.specs)} in all)` : "") : "All traffic";
	const excluded = capture.options.includes("-x") ? "All but: " : "";

	return excluded + words + (capture.options.includes("-P") ? " (each packet by its own addresses)" : "");
}

const MONITORS = { none: "None", include: "Include", only: "Only" };

// What was asked for: terms and texts.
export function parameters(capture) {
	return [
		["Filter", filterOf(capture)],
		...capture.expression ? [["Expression", capture.expression]] : [],
		...capture.comment ? [["Note", capture.comment]] : [],
		["Number of packets", capture.count ? `${formatNumber(capture.count)} per core` : "Unlimited"],
		...capture.rolling ? [["Keeps the last", formatDuration(capture.rolling)]] : [],
		["Duration", capture.duration ? formatDuration(capture.duration) : "Unlimited"],
		["Size of packets", capture.snaplen ? `${formatNumber(capture.snaplen)} bytes` : "Entire packets"],
		...capture.options.includes("--drops") ? [["Dropped packets", "Kept, too"]] : [],
		...capture.keys ? [["TLS keys", `of ${capture.keys} sessions`]] : [],
		["Health monitors", MONITORS[capture.monitors] ?? capture.monitors],
	];
}

// How far each engine's clock was ahead of this host's, of "lb1 0.000017874 0.000198888,lb2 ...".
export function clocksOf(capture) {
	return capture.clocks.split(",").map(text => {
		const [engine, offset, bound] = text.trim().split(" ");
		const ms = seconds => `${(Number(seconds) * 1000).toFixed(3)} ms`;

		return bound === undefined ? text : `${engine} ${ms(offset)} (± ${ms(bound)})`;
	}).join(", ");
}

// The cell's label, left alone while the state is the same.
export function updateState(cell, capture) {
	const label = cell.firstElementChild;

	if (label && label.textContent === stateWord(capture))
		return;
	cell.replaceChildren(stateLabel(capture));
}

export function updateCells(cells, texts) {
	texts.forEach((text, i) => setText(cells[i], text));
}
