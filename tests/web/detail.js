#!/usr/bin/env node
// The view of one capture against what vcap-stat counts.

import { strict as assert } from "node:assert";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "./lib/browser.js";
import * as lab from "./lib/lab.js";
import { open } from "./lib/session.js";
import * as spool from "./lib/spool.js";
import { test } from "./lib/tap.js";

const number = value => value.toLocaleString("en");

// A real capture of both engines, its id.
async function captured() {
	const id = String(await lab.output(["vcap-start", "-t", "30s", "shop"])).trim();

	await lab.traffic(2).ended;
	await lab.output(["vcap-stop", id]);
	return id;
}

// The packets that a lane shows: its heights are rates of bins, on the scale that is said below it.
async function drawn(page, lane) {
	const caption = await page.locator(".timeline figcaption").textContent();
	const [, length, unit, peak] = caption.match(/bins of (\d+) (m?s)\..* ([\d,.]+)\/s\.$/);
	const path = await lane.locator("path.rate").getAttribute("d");
	const heights = [...path.matchAll(/V([\d.]+)H/g)].map(([, y]) => (100 - Number(y)) / 96);

	return { bins: heights.length, packets: heights.reduce((a, b) => a + b, 0) * Number(peak.replaceAll(",", "")) * length / (unit === "s" ? 1 : 1000) };
}

// Break: cockpit/timeline.js s/rates.at. += packets/rates[at] = packets/
// Break: cockpit/detail.js s/formatNumber(origin.packets)/formatNumber(origin.bytes)/
test("a lane for each engine and side, and counts by origin, as vcap-stat has them", 180, async () => {
	const id = await captured();
	const [{ file, packets }] = await lab.rows(["vcap-ls", "-j", id], "captures");
	const origins = (await lab.rows(["vcap-stat", "-j", file], "origins")).filter(origin => origin.packets > 0);
	const page = await open();

	await page.getByRole("button", { name: `Details of ${id}` }).click();
	await page.locator(".timeline").waitFor();
	assert.ok(page.url().endsWith(`#/${id}`));
	assert.deepEqual(origins.map(({ engine, side }) => `${engine} ${side}`), ["lb1 client", "lb1 server", "lb2 client", "lb2 server"]);
	assert.deepEqual(await page.locator(".timeline h3").allTextContents(), ["lb1", "lb2"]);
	for (const { engine, side, packets: counted } of origins) {
		const lane = page.getByRole("img", { name: `${engine} ${side}: ${number(counted)} packets, at most ` });
		const shown = await drawn(page, lane);

		// Three digits of the peak, two of each height.
		assert.ok(Math.abs(shown.packets - counted) < counted / 100 + 1, `${engine} ${side}: ${shown.packets} drawn, ${counted} counted`);
		assert.ok(shown.bins > 10);
	}
	const rows = await page.locator("section:has(> * #card-packets-by-origin) tbody tr").evaluateAll(list => list.map(row => [...row.children].slice(0, 4).map(cell => cell.textContent)));

	assert.deepEqual(rows, origins.map(origin => [origin.engine, origin.iface, origin.side, number(origin.packets)]));
	await text(page, "#detail dd", number(packets));
	assert.equal(await page.locator(".track.drops").count(), 0);
	// Through time by keys, and back.
	const slider = page.getByRole("slider", { name: "Time" });
	const before = await slider.getAttribute("aria-valuetext");

	await slider.focus();
	await page.keyboard.press("Home");
	await lab.until("another time", async () => await slider.getAttribute("aria-valuetext") !== before);
	assert.match(await slider.getAttribute("aria-valuetext"), /^\d\d:\d\d:\d\d.*, lb1 client: [\d,.]+\/s, lb1 server: /);
	await page.getByRole("button", { name: "All captures" }).click();
	await text(page, "#completed-title", "Completed Captures");
	assert.ok(await page.locator("#overview").isVisible());
});

// Two inputs of one interface each: one has dropped packets, the other has not.
async function withDrops() {
	const place = lab.directory("drops"), tool = join(lab.build, "tests/tools/mkcap");

	await lab.output(["sh", "-c", `cd "$1" && "$2" -f pcapng -n 400 -t 1000 -g 50000000 -d 1234 >a && "$2" -f pcapng -n 300 -t 1001 -g 50000000 -d 0 >b &&
		vcap-merge -w both lb1=a lb2=b`, "sh", place, tool]);
	return join(place, "both");
}

// Break: cockpit/detail.js s/if (lost.length > 0)/if (false)/
// Break: cockpit/progress.js s/, engine.lost.\.filter/].filter/
test("what the hosts lost is told in words, of one that captures and of one that is over", 180, async () => {
	const overflow = "lost-0 21 ListenOverflows 192.0.2.10:443", words = "21 SYNs dropped, an accept queue was full: 192.0.2.10:443";
	const place = spool.make({
		"shop.20260101_000000": { facts: ["state failed", "engine lb1", "engine lb2", "message x"], states: { lb1: [overflow, "lost-1 2 rx_dropped eth0"], lb2: ["packets 1"] } },
		"shop.20260102_000000": { facts: ["state capturing", "engine lb1"], states: { lb1: ["state running", "exit 0", overflow] } },
	});
	const release = await spool.hold(place, "shop.20260102_000000");
	const page = await open({ view: "#/shop.20260101_000000" }, { VCAP_SPOOL: place });

	await text(page, "#detail-losses", `lb1: ${words}\nlb1: 2 packets dropped on receipt: eth0`);
	await page.getByRole("button", { name: "All captures" }).click();
	await text(page, ".capture td[data-label=Note]", words);
	release();
});

// Break: cockpit/timeline.js s/if (drops > 0)/if (drops > 9999)/
// Break: cockpit/detail.js s/drops: lost ? lost.drops : origin.drops/drops: null/
test("drops are marked at the engine that had them", 300, async () => {
	const file = await withDrops();
	const place = spool.make({ "shop.20260101_000000": { facts: spool.doneFacts(file, "packets 700", "dropped 1234", "engine lb1", "engine lb2"), file } });
	const page = await open({ view: "#/shop.20260101_000000" }, { VCAP_SPOOL: place });

	await page.locator(".timeline").waitFor();
	const mark = page.getByRole("group", { name: "lb1" }).locator(".track.drops");

	assert.match(await mark.textContent(), /1,234 on eth0/);
	assert.ok((await mark.locator("svg > rect").boundingBox()).width > 300);
	assert.equal(await page.getByRole("group", { name: "lb2" }).locator(".track.drops").count(), 0);
	assert.deepEqual(await page.locator("#detail td[data-label=Drops]").allTextContents(), ["1,234", "0"]);
	await text(page, "#detail dd", "1,234");
});

// Of an engine what was captured, and what its kernel dropped: some packets, and more that were counted only.
async function withKernels() {
	const place = lab.directory("kernels"), tool = join(lab.build, "tests/tools/mkcap");

	await lab.output(["sh", "-c", `cd "$1" && "$2" -f pcapng -a vcap-run -I lb1/eth0/client -n 400 -t 1000 -g 50000000 -d 0 >a && "$2" -f pcapng -n 300 -t 1001 -g 50000000 -d 0 >b &&
		"$2" -f pcapng -a vcap-drops -I lb1/dropped/client -n 30 -s 2 -t 1002 -g 50000000 -d 1234 >c && "$2" -f pcapng -a vcap-drops -I lb1/dropped/server -n 9 -s 3 -t 1002 -g 50000000 -d 0 >d &&
		vcap-merge -w all a lb2=b c d`, "sh", place, tool]);
	return join(place, "all");
}

// Break: cockpit/timeline.js s/isDropped(origin) . `/false ? `/
// Break: cockpit/timeline.js s/isDropped(origin) . `.{formatNumber(origin.drops)} more/false ? `${0} more/
// Break: cockpit/detail.js s/if (own.length === 0)/if (false)/
test("what the kernels dropped is drawn and told apart from what was captured", 180, async () => {
	const file = await withKernels();
	const place = spool.make({ "shop.20260101_000000": { facts: spool.doneFacts(file, "packets 739", "dropped 0", "drops yes", "engine lb1", "engine lb2"), file } });
	const page = await open({ view: "#/shop.20260101_000000" }, { VCAP_SPOOL: place });

	await page.locator(".timeline").waitFor();
	const lanes = name => page.getByRole("group", { name }).locator(".plot[role=img]").evaluateAll(list => list.map(each => each.getAttribute("aria-label").replace(/,? at most.*/, "")));

	assert.deepEqual(await lanes("lb1"), ["lb1 client: 400 packets", "lb1 client dropped: 30 packets", "lb1 server dropped: 9 packets"]);
	assert.deepEqual(await lanes("lb2"), ["lb2 all sides: 300 packets"]);
	const [captured, lost] = await page.locator(".timeline path.rate").evaluateAll(list => list.map(each => getComputedStyle(each).fill));

	assert.notEqual(captured, lost);
	assert.match(await page.getByRole("group", { name: "lb1" }).locator(".track.drops").textContent(), /1,234 more by the kernel, counted only/);
	await text(page, "section:has(> * #card-packets-by-origin) .pf-m-info", "lb1: 39 kept, 1,234 more counted only\nlb2: not known");
	await text(page, "#detail dd", "Kept, too");
});

// Break: cockpit/detail.js s/status === 3/false/
// Break: cockpit/detail.js s/.test(line)/.test("")/
test("connects that failed are told under a heading of their own, apart from a file that is cut short", 180, async () => {
	const place = lab.directory("refused");

	await lab.output(["sh", "-c", `cd "$1" && printf '%s\\n' '1 10.1.0.7:4000 192.0.2.10:80 S 1 0' '1.1 192.0.2.10:80 10.1.0.7:4000 RA 0 2' '2 10.1.0.7:4001 192.0.2.10:80 S 1 0' |
		"$2/tests/mktcp" >in && vcap-merge -w whole lb1=in && head -c -9 whole >cut`, "sh", place, lab.root]);
	const heads = async name => {
		const file = join(place, name);
		const page = await open({ view: "#/shop.20260101_000000" },
			{ VCAP_SPOOL: spool.make({ "shop.20260101_000000": { facts: spool.doneFacts(file, "packets 3", "engine lb1"), file } }) });

		await text(page, "#detail .pf-v6-c-alert", /Servers were not connected to.*\d failed connects? to 192.0.2.10:80/s);
		return page.locator("section:has(> * #card-packets-by-origin) .pf-v6-c-alert__title").allTextContents();
	};

	assert.deepEqual(await heads("whole"), ["warning: Servers were not connected to"]);
	assert.deepEqual(await heads("cut"), ["warning: Not all of the file could be read", "warning: Servers were not connected to"]);
});

// Break: cockpit/detail.js s/if (hasFile(capture))/if (true)/
// Break: cockpit/page.js s/stateOf(viewed) !== viewedState/false/
test("one that failed says why, and one that is not there that it is not", 180, async () => {
	const place = spool.make({ "shop.20260101_000000": { facts: ["state failed", "engine lb1", "missing lb1 no route", "message no engine could be fetched"] } });
	const page = await open({ view: "#/shop.20260101_000000" }, { VCAP_SPOOL: place });

	await text(page, "#detail .pf-m-danger", "no engine could be fetched");
	assert.equal(await page.getByRole("button", { name: "Export shop.20260101_000000" }).count(), 0);
	assert.equal(await page.locator(".timeline").count(), 0);
	await page.goto(page.url().replace("20260101", "20260202"));
	await text(page, "#detail h1", "No such capture");
	// One that comes while somebody looks, and becomes whole, is shown so.
	const own = join(place, "captures/shop.20260202_000000"), file = await withDrops();

	mkdirSync(join(own, "engines"), { recursive: true, mode: 0o700 });
	copyFileSync(file, join(own, "shop.20260202_000000.pcapng"));
	writeFileSync(join(own, "capture"), "state merging\nengine lb1\n");
	const release = await spool.hold(place, "shop.20260202_000000");

	await text(page, "#detail .pf-v6-c-label", "merging");
	writeFileSync(join(own, "capture"), spool.doneFacts(file, "engine lb1", "").join("\n"));
	await page.locator(".timeline").waitFor();
	release();
});
