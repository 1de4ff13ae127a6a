#!/usr/bin/env node
// usage: screenshots.js DIRECTORY, in the lab: the pictures of README.md.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import * as browser from "./lib/browser.js";
import * as cockpit from "./lib/cockpit.js";
import * as lab from "./lib/lab.js";

const [, , directory] = process.argv;
const started = async argv => String(await lab.output(["vcap-start", ...argv])).trim();

// Captures with traffic, for the table.
async function past() {
	for (const argv of [["-t", "5", "shop"], ["-m", "include", "-s", "96", "-c", "100000", "-t", "5", "shop", "10.9.0.0/28"]]) {
		const id = await started(argv);

		await lab.traffic(4).ended;
		await lab.output(["vcap-stop", id]);
	}
	return String(await lab.output(["vcap-ls", "-r", "-o", "ID"])).split("\n")[0];
}

async function shoot(locator, name) {
	await locator.page().mouse.move(0, 0);
	await locator.screenshot({ path: join(directory, `${name}.png`), animations: "disabled" });
}

mkdirSync(directory, { recursive: true });
const id = await past();
const session = await cockpit.start({}, await cockpit.freePort());
const chromium = await browser.start();
const { page, visit } = await browser.blank(chromium);

await visit(session.address, { width: 900, height: 700 });

await page.getByLabel("Choose Client IP, IP Range, Subnet Mask").check();
await page.getByLabel("Addresses", { exact: true }).fill("10.9.0.1 10.9.0.5-10.9.0.9 2001:db8:9::/64");
await page.getByLabel("Number of Packets").fill("100000");
await page.getByLabel("Duration").fill("30s");
await page.getByRole("button", { name: "Start capture" }).click();
await page.locator(".capture").waitFor();
const traffic = lab.traffic(20);

await browser.text(page, ".capture td[data-label=Left]", /^1?[0-9]s/);
await page.getByRole("button", { name: "Dismiss" }).click();
await page.getByRole("button", { name: "New capture" }).click();
await page.locator("body").click({ position: { x: 1, y: 1 } });
await shoot(page.locator("#overview > section").first(), "web-progress");
await page.getByRole("button", { name: "Cancel" }).click();
await traffic.ended;
await browser.text(page, "#completed tr:first-child td[data-label=State]", "done");
await shoot(page.locator("#overview > section").last(), "web-completed");
await page.getByRole("button", { name: `details of ${id}` }).click();
await page.locator(".timeline").waitFor();
await shoot(page.locator("#detail"), "web-detail");
await chromium.close();
await session.stop();
process.exit(0);
