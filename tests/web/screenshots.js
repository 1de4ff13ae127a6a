#!/usr/bin/env node
// usage: screenshots.js DIRECTORY, in the lab: the pictures of README.md, each wide and narrow, light and
// dark.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as browser from "./lib/browser.js";
import * as cockpit from "./lib/cockpit.js";
import * as lab from "./lib/lab.js";
import { smaller } from "./lib/picture.js";

const [, , directory] = process.argv;
const started = async argv => String(await lab.output(["vcap-start", ...argv])).trim();

// Captures with traffic, for the table. Resolves with the id of the first.
async function past() {
	const ids = [];

	for (const argv of [["-t", "5", "shop"], ["-m", "include", "-s", "96", "-c", "100000", "-t", "5", "--comment", "ticket 4711", "shop", "10.9.0.0/28"],
		["-E", "lb2", "-t", "5", "--comment", "lb2 after the update", "shop"]]) {
		const id = await started(argv);

		await lab.traffic(4).ended;
		await lab.output(["vcap-stop", id]);
		ids.push(id);
	}
	return ids[0];
}

// All of a page, or so much of its top.
async function shoot(page, name, height) {
	for (const width of [1280, 400])
		for (const colorScheme of ["light", "dark"]) {
			await page.setViewportSize({ width, height: height ?? 800 });
			await page.emulateMedia({ colorScheme });
			await page.mouse.move(0, 0);
			await lab.until("all at rest", () => page.evaluate(() => document.getAnimations().every(each => each.playState !== "running")));
			writeFileSync(join(directory, `web-${name}-${width}-${colorScheme}.png`), smaller(await page.screenshot({ fullPage: !height, animations: "disabled" })));
		}
}

mkdirSync(directory, { recursive: true });
const id = await past();
const session = await cockpit.start({}, await cockpit.freePort());
const chromium = await browser.start();
const { page, visit } = await browser.blank(chromium);

await visit(session.address, { width: 1280, height: 800 });
await page.getByRole("button", { name: `details of ${id}` }).click();
await page.locator(".timeline").waitFor();
await page.locator(".scatter").waitFor();
await shoot(page, "detail", 2200);
await page.goBack();
await page.getByLabel("Choose Client IP, IP Range, Subnet Mask").check();
await page.getByLabel("Addresses", { exact: true }).fill("10.9.0.1 10.9.0.5-10.9.0.9 2001:db8:9::/64");
await page.getByRole("button", { name: "Start capture" }).click();
await page.locator(".capture").waitFor();
const traffic = lab.traffic(1000);

await browser.text(page, ".capture td[data-label=Packets]", /^\d,\d/);
await page.locator("#complaints").evaluate(place => place.replaceChildren());
await page.getByRole("button", { name: "New capture" }).click();
await page.getByRole("button", { name: "Check engines" }).click();
await page.locator("#check table").waitFor();
await page.getByLabel("Number of Packets").focus();
await shoot(page, "captures");
await traffic.stop();
await chromium.close();
await session.stop();
process.exit(0);
