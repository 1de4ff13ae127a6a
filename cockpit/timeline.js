// Packets per second over time, a lane for each engine and side, drawn from the bins of `vcap-stat -b`.

import { formatNumber, isDropped } from "./capture.js";
import { drawing, element, setText } from "./dom.js";

const BINS = 120;
const LENGTHS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000,
	120000, 300000, 600000, 900000, 1800000, 3600000, 7200000, 14400000, 43200000, 86400000];
const SIDES = ["client", "server", "monitor", "other", ""];

// Milliseconds since 1970 of vcap-stat's "2026-11-22T10:15:00.123456789Z".
const instant = text => Date.parse(`${text.slice(0, 19)}Z`) + Number(`0${text.slice(19, -1)}`) * 1000;

const clock = (ms, binMs) => new Date(ms).toISOString().slice(11, binMs < 1000 ? 23 : 19);

// How long a bin has to be so that all of a capture can be seen; null if it has no packets.
export function binLength(origins) {
	const times = origins.filter(origin => origin.packets > 0).flatMap(origin => [instant(origin.first), instant(origin.last)]);

	if (times.length === 0)
		return null;
	const span = Math.max(...times) - Math.min(...times);

	return LENGTHS_MS.find(length => span / length <= BINS) ?? Math.ceil(span / BINS / 86400000) * 86400000;
}

// The lane of what was captured on a side, and another one of what the kernel dropped there.
const laneOf = origin => isDropped(origin) ? `${origin.side} dropped` : origin.side;

function addLane(engines, origin, count) {
	const { engine, iface, side, packets, drops } = origin, lane = laneOf(origin);

	if (!engines.has(engine))
		engines.set(engine, { lanes: new Map(), drops: [] });
	const place = engines.get(engine);

	if (drops > 0)
		place.drops.push({ iface, drops });
	if (packets > 0 && !place.lanes.has(lane))
		place.lanes.set(lane, { side, isLost: isDropped(origin), total: 0, rates: new Float64Array(count) });
	if (packets > 0)
		place.lanes.get(lane).total += packets;
}

// What is drawn: for each engine its lanes, a rate for each bin, and the drops of its interfaces.
function arrange(origins, bins, binMs) {
	const times = bins.map(bin => instant(bin.time));
	const start = Math.min(...times), count = Math.round((Math.max(...times) - start) / binMs) + 1;
	const engines = new Map();
	let peak = 0, most = 0;

	for (const origin of origins)
		addLane(engines, origin, count);
	bins.forEach((bin, i) => {
		const { engine, packets } = bin, rates = engines.get(engine)?.lanes.get(laneOf(bin))?.rates;
		const at = Math.round((times[i] - start) / binMs);

		if (!rates)
			return;
		rates[at] += packets * 1000 / binMs;
		if (rates[at] > peak) {
			peak = rates[at];
			most = at;
		}
	});
	return { start, count, binMs, engines, peak, at: most };
}

function outline(rates, peak) {
	let path = "M0 100";

	rates.forEach((rate, i) => {
		path += `V${(100 - 96 * rate / peak).toFixed(2)}H${i + 1}`;
	});
	return `${path}V100Z`;
}

function frame(model, ...marks) {
	return drawing("svg", { class: "lane", viewBox: `0 0 ${model.count} 100`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...marks);
}

const perSecond = rate => `${formatNumber(Number(rate.toPrecision(3)))}/s`;

function drawLane(model, engine, lane) {
	const cursor = drawing("line", { class: "cursor", y1: 0, y2: 100 });
	const value = element("span", { class: "value at-cursor", "aria-hidden": "true" });
	const most = lane.rates.indexOf(Math.max(...lane.rates));
	const name = `${lane.side || "all sides"}${lane.isLost ? " dropped" : ""}`;
	const told = `${engine} ${name}: ${formatNumber(lane.total)} packets, at most ${perSecond(lane.rates[most])} at ${clock(model.start + most * model.binMs, model.binMs)}`;

	return { cursor, value, rates: lane.rates,
		node: element("div", { class: `track side-${SIDES.includes(lane.side) ? lane.side || "all" : "other"}${lane.isLost ? " lost" : ""}` },
			element("div", { class: "name" }, element("span", { class: "side" }, name)),
			element("div", { class: "plot", role: "img", "aria-label": told },
				frame(model, drawing("path", { class: "rate", d: outline(lane.rates, model.peak) }), cursor), value)) };
}

// Nobody knows when an interface dropped packets, only that it did: the mark is as long as the capture.
function drawDrops(model, engine, drops) {
	const text = drops.map(origin => isDropped(origin) ? `${formatNumber(origin.drops)} more by the kernel, counted only`
		: `${formatNumber(origin.drops)} on ${origin.iface || "its interface"}`).join(", ");
	const hatch = drawing("pattern", { id: `hatch-${engine}`, width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
		drawing("rect", { class: "dropped", width: 4, height: 8 }));

	return element("div", { class: "track drops" },
		element("div", { class: "name" }, element("span", { class: "side" }, "dropped")),
		element("div", { class: "plot" },
			drawing("svg", { class: "strip", "aria-hidden": "true" }, drawing("defs", {}, hatch),
				drawing("rect", { width: "100%", height: "100%", fill: `url(#hatch-${engine})` })),
			element("p", { class: "bad" }, `${text} (when is not recorded)`)));
}

function drawAxis(model) {
	const ticks = [0, 1, 2, 3, 4].map(i => {
		const tick = element("span", {}, clock(model.start + model.count * model.binMs * i / 4, model.binMs));

		tick.style.left = `${25 * i}%`;
		return tick;
	});

	return element("div", { class: "track axis", "aria-hidden": "true" }, element("div", { class: "name" }, "UTC"),
		element("div", { class: "plot" }, ...ticks));
}

// A slider, so that keys and screen readers can go through time as the mouse can.
function slider(model, lanes, readout) {
	const input = element("input", { type: "range", min: 0, max: model.count - 1, step: 1, value: model.at, "aria-label": "Time" });

	function look() {
		const at = Number(input.value), when = clock(model.start + at * model.binMs, model.binMs);

		input.setAttribute("aria-valuetext", [when, ...lanes.map(lane => `${lane.told}: ${perSecond(lane.rates[at])}`)].join(", "));
		for (const { cursor, value, rates } of lanes) {
			cursor.setAttribute("x1", at + 0.5);
			cursor.setAttribute("x2", at + 0.5);
			setText(value, perSecond(rates[at]));
			// Beside the line, on the side where there is room.
			value.classList.toggle("left", at > model.count / 2);
			value.style[at > model.count / 2 ? "right" : "left"] = `${100 * (at > model.count / 2 ? 1 - at / model.count : (at + 1) / model.count)}%`;
			value.style[at > model.count / 2 ? "left" : "right"] = "auto";
		}
		setText(readout, when);
	}

	return { input, look };
}

function follow(plot, model, { input, look }) {
	plot.addEventListener("pointermove", event => {
		const box = plot.getBoundingClientRect();

		input.value = Math.floor((event.clientX - box.left) / box.width * model.count);
		look();
	});
}

// bins may be empty only if origins have no packets, and then there is nothing to draw.
export function timeline(origins, bins, binMs) {
	const model = arrange(origins, bins, binMs);
	const lanes = [];
	const figure = element("figure", { class: "timeline" });

	for (const [engine, { lanes: sides, drops }] of model.engines) {
		const group = element("div", { class: "engine", role: "group", "aria-label": engine }, element("h3", { class: "pf-v6-c-title pf-m-md" }, engine));

		for (const [name, side] of [...sides].sort(([, a], [, b]) => a.isLost - b.isLost || SIDES.indexOf(a.side) - SIDES.indexOf(b.side))) {
			const lane = drawLane(model, engine, side);

			lane.told = `${engine} ${name}`;
			lanes.push(lane);
			group.append(lane.node);
		}
		if (drops.length > 0)
			group.append(drawDrops(model, engine, drops));
		if (sides.size + drops.length === 0)
			group.append(element("p", { class: "help" }, "No packets"));
		figure.append(group);
	}
	const readout = element("span", { class: "value" });
	const time = slider(model, lanes, readout);

	figure.append(drawAxis(model),
		element("div", { class: "track slide" }, element("div", { class: "name" }, "At", readout), element("div", { class: "plot" }, time.input)),
		element("figcaption", { class: "help" }, `Packets per second, counted in bins of ${binMs >= 1000 ? `${binMs / 1000} s` : `${binMs} ms`}. All lanes have one scale: the highest is ${perSecond(model.peak)}.`));
	time.input.addEventListener("input", time.look);
	for (const lane of lanes)
		follow(lane.node.lastElementChild, model, time);
	time.look();
	return figure;
}
