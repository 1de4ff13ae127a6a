#!/usr/bin/env node
// A rolling capture in the page: it is started, its last minutes are kept, and it ends.

import { strict as assert } from "node:assert";
import { test } from "./lib/tap.js";
import { text } from "./lib/browser.js";
import * as lab from "./lib/lab.js";
import { open } from "./lib/session.js";

const find = async id => (await lab.captures()).find(capture => capture.id === id);

// Break: cockpit/commands.js s/"vcap-snapshot", "--", id/"vcap-ls", "-j"/
// Break: cockpit/commands.js s/rolling ? 0 : duration .. 0/duration || 0/
test("keep the last seconds: snapshots in its card, which open when they are there", 180, async () => {
	const page = await open();

	if (await page.locator("#order").isHidden())
		await page.getByRole("button", { name: "New capture" }).click();
	await page.getByLabel("Select Virtual Service").selectOption("shop");
	await page.getByText("Advanced Settings").click();
	await page.getByLabel("Keep the Last").fill("soon");
	await page.getByRole("button", { name: "Start capture" }).click();
	await text(page, "#rolling-message", /^Minutes/);
	await page.getByLabel("Keep the Last").fill("3s");
	await page.getByRole("button", { name: "Start capture" }).click();
	await page.locator(".capture").waitFor();
	const id = await page.locator(".capture").getAttribute("data-id");
	const asked = await find(id);

	assert.deepEqual([asked.rolling, asked.duration, asked.count], [3, 0, 0]);
	await text(page, ".capture dd", "3 s");
	const traffic = lab.traffic(1000);

	await text(page, ".capture td[data-label=Note]", /complete since/);
	await page.getByRole("button", { name: `Snapshot of ${id}` }).click();
	await text(page, ".snapshots li", /snapshot at/);
	const [taken] = (await lab.captures()).filter(capture => capture["snapshot-of"] === id);

	await page.locator(".snapshots").getByRole("button", { name: taken.id }).click();
	await text(page, "#detail", taken.id);
	await traffic.stop();
	assert.ok((await find(taken.id)).packets > 0);
	await page.goBack();
	await page.getByRole("button", { name: `Stop ${id}` }).click();
	await lab.until("its end", async () => await find(id) === undefined);
	await page.locator(`.capture[data-id="${id}"]`).waitFor({ state: "detached" });
});
