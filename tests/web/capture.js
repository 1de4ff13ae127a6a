#!/usr/bin/env node
// Captures that are started, watched, stopped, exported and deleted in the page.

import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import * as spool from "./lib/spool.js";
import { test } from "./lib/tap.js";
import { text } from "./lib/browser.js";
import * as lab from "./lib/lab.js";
import { end, open } from "./lib/session.js";

// Starts one as a user would, and resolves with its id.
async function begin(page, { duration = "", count = "", snaplen = "", specs = "" } = {}) {
	if (await page.locator("#order").isHidden())
		await page.getByRole("button", { name: "New capture" }).click();
	await page.getByLabel("Select Virtual Service").selectOption("shop");
	if (specs) {
		await page.getByLabel("Choose Client IP, IP Range, Subnet Mask").check();
		await page.getByLabel("Addresses", { exact: true }).fill(specs);
	} else {
		await page.getByLabel("All Traffic").check();
	}
	await page.getByLabel("Number of Packets").fill(count);
	await page.getByLabel("Unlimited").setChecked(!duration);
	if (duration)
		await page.getByLabel("Duration").fill(duration);
	await page.getByLabel("Size of Packets").fill(snaplen);
	await page.getByRole("button", { name: "Start capture" }).click();
	await text(page, ".capture", "");
	return page.locator(".capture").getAttribute("data-id");
}

const find = async id => (await lab.captures()).find(capture => capture.id === id);
const isOver = async id => ["done", "partial", "failed"].includes((await find(id)).state);

// The numbers of a column of the engines of a capture in progress.
async function column(page, name) {
	const texts = await page.locator(`.capture td[data-label="${name}"]`).allTextContents();

	return texts.map(each => Number(each.replaceAll(",", "")));
}

async function exported(page, id) {
	await page.getByRole("button", { name: `Export ${id}` }).click();
	const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("dialog").getByRole("button", { name: "Download" }).click()]);

	assert.equal(download.suggestedFilename(), `${id}.pcapng`);
	assert.equal(await download.failure(), null);
	return readFile(await download.path());
}

// Break: cockpit/commands.js s/`--time=.{rolling ? 0 : duration || 0}`/`--count=7`/
test("a capture through the form: progress, completion, and the file as vcap export has it", 180, async () => {
	const page = await open();
	const traffic = lab.traffic(1000);
	const id = await begin(page, { duration: "10s", count: "100000", snaplen: "200" });
	const asked = await find(id);

	assert.deepEqual([asked.service, asked.duration, asked.count, asked.snaplen, asked.monitors, asked.specs],
		["shop", 10, 100000, 200, "none", 0]);
	for (const shown of ["All traffic", "100,000 per core", "10 s", "200 bytes", "None", "lb1, lb2"])
		await text(page, ".capture dd", shown);
	const sum = async () => (await column(page, "Packets")).reduce((a, b) => a + b, 0);
	const before = await lab.until("packets in the page", sum);

	await lab.until("more packets in the page", async () => await sum() > before);
	await text(page, ".capture td[data-label=Left]", /^\d+s/);
	assert.equal((await column(page, "Packets")).length, 2);
	assert.ok(Number(await page.locator(".capture [role=progressbar]").getAttribute("aria-valuenow")) > 0);
	await page.locator(".capture").waitFor({ state: "detached" });
	await traffic.stop();
	await text(page, "#completed td[data-label=State]", "done");
	const done = await find(id);

	assert.ok(done.packets > before);
	assert.deepEqual(await page.locator("#completed tbody td:not([data-label=Select], [data-label=Size], [data-label=Export])").allTextContents(),
		[done.date, "shop", "–", done.packets.toLocaleString("en"), String(done.drops), "done"]);
	assert.ok((await exported(page, id)).equals(await lab.output(["vcap", "export", "-w", "-", id])));
	// Whoever does not see the page was told.
	await text(page, "#announcer", /done$/);
});

// Break: cockpit/commands.js s/"vcap-stop", "--no-wait"/"vcap-ls", "-j"/
// Break: cockpit/commands.js s/argv.push("-")/argv.push("10.9.0.1")/
test("one without a limit goes on until it is stopped in the page", 180, async () => {
	const page = await open();
	const specs = "10.9.0.1 10.9.0.2-10.9.0.9\n10.9.0.128/25 2001:db8:9::/64";
	const id = await begin(page, { specs });
	const asked = await find(id);

	assert.equal(asked.addresses, specs.replace("\n", " "));
	assert.deepEqual([asked.duration, asked.count, asked.snaplen, asked.specs], [0, 0, 0, 4]);
	await text(page, ".capture dd", asked.addresses);
	// It was said before.
	assert.doesNotMatch(await page.locator("#complaints").textContent(), /limit/);
	await page.getByRole("button", { name: `Stop ${id}` }).click();
	await lab.until("its end", () => isOver(id));
	await text(page, `#completed tr[data-id="${id}"] td[data-label=State]`, "done");
	assert.equal(await page.locator(".capture").count(), 0);
});

// Break: lib/controller/waitproc.c s/process_detach(argv.list, log, why);/0;/
test("one goes on when the page is closed and Cockpit's session is at its end", 180, async () => {
	const page = await open();
	const id = await begin(page, { duration: "8s" });

	await end();
	assert.equal((await find(id)).state, "capturing");
	// Nobody asks: whoever waits for its end was left behind by the session.
	await lab.until("its end", () => isOver(id));
	assert.equal((await find(id)).state, "done");
	await text(await open(), `#completed tr[data-id="${id}"] td[data-label=State]`, "done");
});

// Break: cockpit/remove.js s/answer && await/await/
test("nothing is deleted before a question is answered", 180, async () => {
	const [kept, other] = ["shop.20260101_000000", "shop.20260102_000000"];
	const facts = { facts: ["state failed", "engine lb1"] };
	const environment = { VCAP_SPOOL: spool.make({ [kept]: facts, [other]: facts }) };
	const page = await open({}, environment);
	const ask = page.getByRole("button", { name: "Delete 1" });
	const row = id => page.locator(`tr[data-id="${id}"]`);

	assert.ok(await page.getByRole("button", { name: "Delete", exact: true }).isDisabled());
	await page.getByLabel(`Select ${kept}`).check();
	await ask.click();
	// Its focus is where no harm is done, and it is the only thing there is.
	assert.equal(await page.evaluate(() => document.activeElement.textContent), "Cancel");
	await page.keyboard.press("Enter");
	await page.getByRole("dialog").waitFor({ state: "detached" });
	await ask.click();
	await page.keyboard.press("Escape");
	await page.getByRole("dialog").waitFor({ state: "detached" });
	// What is asked for later, and done, ends no earlier than what would have been done then.
	await page.getByLabel(`Select ${kept}`).uncheck();
	await page.getByLabel(`Select ${other}`).check();
	await ask.click();
	await text(page, "dialog", other);
	await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
	await row(other).waitFor({ state: "detached" });
	assert.deepEqual((await lab.captures(environment)).map(capture => capture.id), [kept]);
	assert.ok(await row(kept).isVisible());
});
