// How long transactions took over the time at which they began: a point each, coloured by how it ended, of the time that
// is chosen.

import { button, drawing, element, setText } from "./dom.js";

const WIDTH = 1000, HEIGHT = 240, STEPS = 1000;

// [what it is called, whether a row is so]; the first that is counts.
export const KINDS = {
	failed: ["Status 5xx", row => row.end === "complete" && row.status >= 500],
	complete: ["Complete", row => row.end === "complete"],
	broken: ["Broken off", row => / (fin|rst|timeout)$|unreachable/.test(row.end)],
	other: ["Open, silent or cut", () => true],
};

export const kindOf = row => Object.keys(KINDS).find(kind => KINDS[kind][1](row));

const PHASES = ["csyn", "ctls", "reqhead", "reqbody", "wait", "connect", "stls", "ttfb", "relay", "transfer", "drain", "stall"];

// As `vcap transactions --slow` counts: TOTAL, or the longest phase that is known. null: none is.
export const slowness = row => row.total ?? PHASES.reduce((most, phase) => row[phase] !== null && (most === null || row[phase] > most) ? row[phase] : most, null);

export const clock = seconds => new Date(Math.round(seconds * 1000)).toISOString().slice(11, 23);

const period = seconds => seconds >= 1 ? `${seconds} s` : seconds >= 1e-3 ? `${Math.round(seconds * 1e3)} ms` : `${Math.round(seconds * 1e6)} µs`;

// Powers of ten that hold all of them.
function scaleOf(points) {
	const values = points.map(({ took }) => Math.max(took, 1e-6));
	const low = Math.floor(Math.log10(values.reduce((a, b) => Math.min(a, b), Infinity)));
	const high = Math.max(low + 1, Math.ceil(Math.log10(values.reduce((a, b) => Math.max(a, b), 0))));

	return { low, high, y: took => HEIGHT * (1 - (Math.log10(Math.max(took, 1e-6)) - low) / (high - low)) };
}

function axes(scale) {
	return Array.from({ length: scale.high - scale.low + 1 }, (_, i) => {
		const took = 10 ** (scale.low + i), y = scale.y(took);
		const tick = element("span", { class: "tick" }, period(Number(took.toPrecision(1))));

		tick.style.top = `${100 * y / HEIGHT}%`;
		return { tick, line: drawing("line", { class: "grid", x1: 0, x2: WIDTH, y1: y, y2: y }) };
	});
}

// onRange is told [from, until] in seconds when another time is chosen, onPick the row of a point.
export function scatter(rows, { onRange, onPick }) {
	const points = rows.map(row => ({ row, at: row.began, took: slowness(row), kind: kindOf(row) })).filter(({ took }) => took !== null);
	const first = rows.reduce((a, { began }) => Math.min(a, began), Infinity), last = rows.reduce((a, { began }) => Math.max(a, began), -Infinity);
	const whole = Math.max(last - first, 1e-3);
	let from = 0, until = STEPS;
	let shown = points;

	const svg = drawing("svg", { class: "points", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
	const ticks = element("div", { class: "ticks", "aria-hidden": "true" });
	const mark = element("div", { class: "chosen", hidden: true });
	const plot = element("div", { class: "plot", role: "img" }, svg, ticks, mark);
	const begins = element("span", {}), ends = element("span", {});
	const secondsOf = step => first + whole * step / STEPS;
	const sliders = ["From", "Until"].map((name, i) => element("input", { type: "range", min: 0, max: STEPS, value: i * STEPS, "aria-label": name,
		input: ({ target }) => choose(i === 0 ? Math.min(Number(target.value), until - 1) : from, i === 1 ? Math.max(Number(target.value), from + 1) : until) }));
	const timeOf = step => step === STEPS ? last + 1e-3 : secondsOf(step);

	function draw() {
		const begin = secondsOf(from), length = secondsOf(until) - begin, end = timeOf(until);

		shown = points.filter(({ at }) => at >= begin && at <= end);
		const counts = Object.entries(KINDS).map(([kind, [name]]) => [name, shown.filter(point => point.kind === kind).length]).filter(([, count]) => count > 0);
		const scale = shown.length > 0 ? scaleOf(shown) : null;
		const lines = scale ? axes(scale) : [];
		const slowest = shown.reduce((most, { took }) => Math.max(most, took), 0);

		svg.replaceChildren(...lines.map(({ line }) => line), ...Object.keys(KINDS).map(kind => drawing("path", { class: `point ${kind}`,
			d: shown.filter(point => point.kind === kind).map(({ at, took }) => `M${(WIDTH * (at - begin) / length).toFixed(1)} ${scale.y(took).toFixed(1)}h0`).join("") })));
		ticks.replaceChildren(...lines.map(({ tick }) => tick));
		plot.setAttribute("aria-label", shown.length === 0 ? "No transactions" : `${shown.length} transactions from ${clock(begin)} to ${clock(end)}: ${
			counts.map(([name, count]) => `${count} ${name.toLowerCase()}`).join(", ")}; the slowest took ${slowest.toFixed(6)} s`);
		setText(begins, clock(begin));
		setText(ends, clock(end));
		sliders.forEach((slider, i) => {
			slider.value = [from, until][i];
			slider.setAttribute("aria-valuetext", clock([begin, end][i]));
		});
	}

	function choose(one, other) {
		from = Math.max(0, Math.min(one, STEPS - 1));
		until = Math.min(STEPS, Math.max(other, from + 1));
		draw();
		onRange(secondsOf(from), timeOf(until));
	}

	// Half, or twice, as much about the middle.
	const zoom = factor => () => {
		const middle = (from + until) / 2, half = Math.max(0.5, (until - from) / 2 * factor);

		choose(Math.floor(middle - half), Math.ceil(middle + half));
	};

	// What is pressed and moved chooses the time between, what is pressed alone the nearest point.
	let pressed = null;
	const placeOf = event => {
		const box = plot.getBoundingClientRect();

		return { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height, width: box.width, height: box.height };
	};

	function pick({ x, y, width, height }) {
		const begin = secondsOf(from), length = secondsOf(until) - begin, scale = scaleOf(shown);
		const far = ({ at, took }) => ((at - begin) / length - x) ** 2 * width ** 2 + (scale.y(took) / HEIGHT - y) ** 2 * height ** 2;
		const nearest = shown.reduce((best, point) => far(point) < far(best) ? point : best);

		if (far(nearest) < 400)
			onPick(nearest.row);
	}

	plot.addEventListener("pointerdown", event => {
		pressed = placeOf(event);
		plot.setPointerCapture(event.pointerId);
	});
	plot.addEventListener("pointermove", event => {
		if (!pressed)
			return;
		const { x } = placeOf(event), [one, other] = [Math.min(x, pressed.x), Math.max(x, pressed.x)];

		mark.hidden = false;
		mark.style.left = `${100 * one}%`;
		mark.style.width = `${100 * (other - one)}%`;
	});
	plot.addEventListener("pointerup", event => {
		const place = placeOf(event), begun = pressed;

		pressed = null;
		mark.hidden = true;
		if (!begun)
			return;
		if (Math.abs(place.x - begun.x) * place.width > 5)
			choose(from + Math.floor(Math.min(place.x, begun.x) * (until - from)), from + Math.ceil(Math.max(place.x, begun.x) * (until - from)));
		else if (shown.length > 0)
			pick(place);
	});
	draw();
	return element("figure", { class: "scatter" }, plot,
		element("div", { class: "ends", "aria-hidden": "true" }, begins, element("span", {}, "UTC"), ends),
		element("div", { class: "range" }, ...sliders),
		element("div", { class: "buttons", role: "group", "aria-label": "Zoom" },
			button("Zoom in", { variant: "pf-m-link", click: zoom(0.5) }), button("Zoom out", { variant: "pf-m-link", click: zoom(2) }),
			button("All of the time", { variant: "pf-m-link", click: () => choose(0, STEPS) })),
		element("figcaption", { class: "help" }, "Seconds that each took, on a logarithmic scale, over when it began. ",
			...Object.entries(KINDS).map(([kind, [name]]) => element("span", { class: `legend ${kind}` }, name))));
}
