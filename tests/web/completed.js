#!/usr/bin/env node
// The table of completed captures: found, sorted, turned, chosen, deleted, exported in parts.

import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "./lib/browser.js";
import * as lab from "./lib/lab.js";
import { open } from "./lib/session.js";
import * as spool from "./lib/spool.js";
import { test } from "./lib/tap.js";

const ID = "shop.20260210_000000";

// A file of two engines, with all sides: ports are what the sides are told by.
async function file() {
	const place = lab.directory("sides"), tool = join(lab.build, "tests/tools/mkcap");

	await lab.output(["sh", "-c", `cd "$1" && printf '%s\\n' 'vip 10.0.0.2 udp/9' 'server 10.0.0.2 udp/8' >shop &&
		for port in 9 8; do "$2" -f pcapng -n 5 -p $port >$port; done && vcap-merge -S ./shop -w both lb1=9 lb1=8 lb2=9 lb2=8`, "sh", place, tool]);
	return join(place, "both");
}

// 45 captures of two services, whose figures and notes are in no order.
async function many() {
	const path = await file(), captures = {};

	for (let i = 0; i < 45; i++)
		captures[`${i % 9 ? "shop" : "web"}.202601${String(i % 28 + 1).padStart(2, "0")}_0000${String(i).padStart(2, "0")}`] =
			{ facts: spool.doneFacts(path, `packets ${i * 37 % 45}`, "engine lb1", "engine lb2", ...i === 7 ? ["comment ticket 4711"] : []), file: path };
	captures[ID] = { facts: spool.doneFacts(path, "packets 20", "engine lb1", "engine lb2"), file: path };
	return { VCAP_SPOOL: spool.make(captures) };
}

const ids = page => page.locator("#completed tbody tr").evaluateAll(list => list.map(line => line.dataset.id));
const column = (page, name) => page.locator(`#completed td[data-label="${name}"]`).allTextContents();

// Break: cockpit/completed.js s/(page + 1) . PAGE/captures.length/
// Break: cockpit/completed.js s/words.every(word/words.some(word/
// Break: cockpit/completed.js s/sign = order.up ? 1 : -1/sign = 1/
test("search, sort and pages, against vcap ls", 180, async () => {
	const environment = await many();
	const all = (await lab.captures(environment)).sort((a, b) => a.date + a.id < b.date + b.id ? 1 : -1);
	const page = await open({}, environment);

	assert.deepEqual(await ids(page), all.slice(0, 20).map(({ id }) => id));
	await text(page, "#completed [role=status]", "1–20 of 46");
	await page.getByRole("button", { name: "Next" }).click();
	await page.getByRole("button", { name: "Next" }).click();
	await text(page, "#completed [role=status]", "41–46 of 46");
	assert.deepEqual(await ids(page), all.slice(40).map(({ id }) => id));
	assert.ok(await page.getByRole("button", { name: "Next" }).isDisabled());
	for (const [up, sorted] of [[false, "descending"], [true, "ascending"]]) {
		await page.getByRole("columnheader", { name: "Packets" }).getByRole("button").click();
		assert.equal(await page.getByRole("columnheader", { name: "Packets" }).getAttribute("aria-sort"), sorted);
		const packets = all.map(({ packets: count }) => count).sort((a, b) => up ? a - b : b - a);

		assert.deepEqual((await column(page, "Packets")).map(Number), packets.slice(0, 20));
	}
	// All words, wherever they stand; a note, too.
	await page.getByLabel("Search captures").fill("WEB 2026-01-1");
	const found = all.filter(({ service, date }) => service === "web" && date.startsWith("2026-01-1"));

	await text(page, "#completed [role=status]", `1–${found.length} of ${found.length}`);
	assert.deepEqual((await ids(page)).sort(), found.map(({ id }) => id).sort());
	await page.getByLabel("Search captures").fill("4711");
	await text(page, "#completed td[data-label=Note]", "ticket 4711");
	assert.equal((await ids(page)).length, 1);
	await page.getByLabel("Search captures").fill("nowhere");
	await text(page, "#completed [role=status]", "None is found");
});

// Break: cockpit/remove.js s/commands.remove(ids)/commands.remove(ids.slice(1))/
// Break: cockpit/commands.js s/--.{name}=.{value}`)\]/--count=41`)]/
test("several are deleted at once, and those beyond a limit, as they were shown", 180, async () => {
	const environment = await many();
	const left = async () => (await lab.captures(environment)).map(({ id }) => id);
	const page = await open({}, environment);
	const chosen = (await ids(page)).slice(1, 4);

	for (const id of chosen)
		await page.getByLabel(`Select ${id}`).check();
	await page.getByRole("button", { name: "Delete 3" }).click();
	assert.deepEqual(await page.locator("dialog li").allTextContents(), chosen);
	await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
	await text(page, "#completed [role=status]", "of 43");
	assert.deepEqual((await left()).filter(id => chosen.includes(id)), []);
	// What is shown and nothing else is chosen at once.
	await page.getByLabel("Search captures").fill("web");
	await page.getByLabel("Select all that are shown").check();
	const webs = (await ids(page)).length;

	await page.getByRole("button", { name: `Delete ${webs}` }).waitFor();
	await page.getByLabel("Select all that are shown").uncheck();
	await page.getByLabel("Search captures").fill("");
	await page.getByRole("button", { name: "Delete old ones" }).click();
	const dialog = page.getByRole("dialog");

	await dialog.getByRole("button", { name: "Show what goes" }).click();
	await text(page, "dialog .pf-m-danger", "No limit is given");
	await dialog.getByLabel("Number of Captures").fill("40");
	await dialog.getByRole("button", { name: "Show what goes" }).click();
	await dialog.getByText("3 captures").waitFor();
	const old = String(await lab.output(["vcap-prune", "-n", "-c", "40"], environment)).trim().split("\n");

	assert.deepEqual((await dialog.locator("li").allTextContents()).sort(), old.sort());
	// It is no answer for another limit.
	await dialog.getByLabel("Number of Captures").fill("4");
	await dialog.getByRole("button", { name: "Delete" }).waitFor({ state: "hidden" });
	await dialog.getByLabel("Number of Captures").fill("40");
	await dialog.getByRole("button", { name: "Show what goes" }).click();
	await dialog.getByRole("button", { name: "Delete" }).click();
	await text(page, "#completed [role=status]", "of 40");
	assert.deepEqual((await left()).filter(id => old.includes(id)), []);
});

// Break: cockpit/commands.js s/--only=.{part}/--only=lb1/
// Break: cockpit/commands.js s/--format=.{format}/--format=pcapng/
test("a part of a capture, in either format, as vcap export has it", 180, async () => {
	const environment = await many();
	const page = await open({}, environment);

	for (const { format, engine, side, comment, name, argv } of [
		{ format: "pcapng", engine: "", side: "", comment: "", name: `${ID}.pcapng`, argv: [] },
		{ format: "pcap", engine: "lb2", side: "client", comment: "", name: `${ID}.lb2.client.pcap`, argv: ["-F", "pcap", "--only=lb2/client"] },
		{ format: "pcapng", engine: "", side: "server", comment: "for Bob", name: `${ID}.server.pcapng`, argv: ["--only=/server", "--comment=for Bob"] }]) {
		await page.getByRole("button", { name: `Export ${ID}` }).click();
		const dialog = page.getByRole("dialog");

		await dialog.getByLabel(`${format}:`).check();
		await dialog.getByLabel("Engine", { exact: true }).selectOption(engine);
		await dialog.getByLabel("Side", { exact: true }).selectOption(side);
		if (comment)
			await dialog.getByLabel("Note").fill(comment);
		const [download] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("button", { name: "Download" }).click()]);

		assert.equal(download.suggestedFilename(), name);
		assert.equal(await download.failure(), null);
		assert.ok((await readFile(await download.path())).equals(await lab.output(["vcap-export", "-w", "-", ...argv, ID], environment)), name);
	}
});
