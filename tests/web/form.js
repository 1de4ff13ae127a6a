#!/usr/bin/env node
// The form: what it offers, what it refuses, and in whose words.

import { strict as assert } from "node:assert";
import { text } from "./lib/browser.js";
import * as lab from "./lib/lab.js";
import { open } from "./lib/session.js";
import { test } from "./lib/tap.js";

// Presses Start and waits until the page has answered.
async function press(page) {
	await page.getByRole("button", { name: "Start capture" }).click();
	await page.locator("#start:not([aria-disabled=true])").waitFor({ state: "attached" });
}

// Break: cockpit/form.js s/place.append(alert("warning", "Unlimited"/void (alert("warning", "Unlimited"/
test("what the product asks for, with its words and its defaults", 60, async () => {
	const page = await open();

	assert.equal(await page.getByLabel("Select Virtual Service").inputValue(), "shop");
	assert.ok(await page.getByRole("group", { name: "Filter to Capture" }).getByLabel("All Traffic").isChecked());
	assert.equal(await page.getByLabel("Choose Client IP, IP Range, Subnet Mask").isChecked(), false);
	assert.equal(await page.getByLabel("Number of Packets").inputValue(), "");
	assert.equal(await page.getByLabel("Duration").inputValue(), "");
	assert.equal(await page.getByLabel("Size of Packets").inputValue(), "0");
	await page.getByText("Advanced Settings").click();
	assert.deepEqual(await page.getByRole("group", { name: "Health Monitor Options" }).getByRole("radio").evaluateAll(
		list => list.map(each => [each.labels[0].textContent, each.checked])), [["None", true], ["Include", false], ["Only", false]]);
	// Without a limit there is a warning; with one of packets alone another; with a duration none.
	await text(page, "#limit-warning", "Unlimited");
	await page.getByLabel("Number of Packets").fill("1000");
	await text(page, "#limit-warning", "never ends by their number");
	await page.getByLabel("Duration").fill("5");
	await page.locator("#limit-warning").waitFor({ state: "hidden" });
	await page.getByLabel("Number of Packets").fill("0");
	await page.getByLabel("Duration").fill("0");
	await text(page, "#limit-warning", "Unlimited");
});

// Break: cockpit/commands.js s/result.status === 0 ? "" : result.complaints/""/
// Break: cockpit/form.js s/if (some .. await judgeNow() !== "")/if (0)/
test("wrong addresses are told in the tool's own words as they are typed, and nothing starts", 120, async () => {
	const page = await open();
	const field = page.getByLabel("Addresses", { exact: true });

	await page.getByLabel("Choose Client IP, IP Range, Subnet Mask").check();
	for (const specs of ["10.1.1.300", "10.1.1.1 10.0.0.9-10.0.0.1", "10.0.0.0/40", "example.com", "--help", "-", "-w /tmp/x",
		"10.1.1.1;id", "$(id)", "10.1.1.1 <img src=x onerror=alert(1)>"]) {
		const words = await lab.complaints(["vcap-filter", "-"], specs);

		assert.match(words, /^vcap-filter: /);
		await field.fill(specs);
		await text(page, "#specs-message", words);
		assert.equal(await field.getAttribute("aria-invalid"), "true");
		await press(page);
		assert.equal(await page.evaluate(() => document.activeElement.id), "specs");
	}
	// Neither does an empty list, nor what is pressed before it can have been judged.
	await field.fill("");
	await press(page);
	await text(page, "#specs-message", "the list of addresses is empty");
	await field.fill("10.1.1.400");
	await press(page);
	assert.deepEqual(await lab.captures(), []);
	await field.fill("10.1.1.1 10.2.0.0-10.2.0.9\n10.3.0.0/16 # and a comment\n2001:db8::/32");
	await page.locator("#specs:not([aria-invalid])").waitFor();
	assert.equal(await page.locator("#specs-message").textContent(), "");
});

// Break: cockpit/form.js s/refuse(error.message)/refuse("No.")/
test("what else is wrong is told in the tool's own words, and nothing starts", 120, async () => {
	const page = await open();

	for (const [label, option, value] of [["Number of Packets", "count", "many"], ["Duration", "time", "5 parsecs"],
		["Size of Packets", "snaplen", "-1"], ["Duration", "time", "-P"]]) {
		const words = await lab.complaints(["vcap-start", `--${option}=${value}`, "--", "shop"]);

		assert.match(words, /^vcap-start: /);
		await page.getByLabel(label).fill(value);
		await press(page);
		await text(page, "#refusal", words);
		await page.getByLabel(label).fill("");
	}
	assert.deepEqual(await lab.captures(), []);
	// What is asked for is captured already.
	const id = String(await lab.output(["vcap-start", "shop"])).trim();

	await press(page);
	await text(page, "#refusal", await lab.complaints(["vcap-start", "shop"]));
	assert.deepEqual((await lab.captures()).map(each => each.id), [id]);
	await lab.output(["vcap-stop", id]);
	await lab.output(["vcap-rm", id]);
});

// Goes to what has this name, by the key that goes on, and says how far it was.
async function tabTo(page, name) {
	for (let i = 0; i < 40; i++) {
		await page.keyboard.press("Tab");
		const here = await page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent);

		if (here.trim().endsWith(name))
			return;
	}
	throw new Error(`'${name}' is not reached`);
}

// Break: cockpit/commands.js s/--monitors=..monitors./--monitors=none/
// Break: cockpit/progress.js s/boxes.get(id)?.title.focus()/0/
test("all of it by keyboard", 120, async () => {
	const page = await open();

	await tabTo(page, "Select Virtual Service");
	await tabTo(page, "All Traffic");
	await page.keyboard.press("ArrowDown");
	// One that has chosen addresses is where they go.
	await page.keyboard.type("10.9.0.7");
	await tabTo(page, "Duration");
	await page.keyboard.type("1");
	await tabTo(page, "Advanced Settings");
	await page.keyboard.press("Enter");
	await tabTo(page, "None");
	await page.keyboard.press("ArrowDown");
	await tabTo(page, "Start capture");
	await page.keyboard.press("Enter");
	await page.locator(".capture").waitFor();
	await lab.until("the focus at what has begun", () => page.evaluate(() => document.activeElement.closest(".capture") !== null));
	const [capture] = await lab.captures();

	assert.deepEqual([capture.addresses, capture.duration, capture.monitors], ["10.9.0.7", 60, "include"]);
	await tabTo(page, `Stop ${capture.id}`);
	await page.keyboard.press("Enter");
	await text(page, "#completed td[data-label=State]", "done");
	// What it stood on is gone; it is at the head of that part.
	assert.equal(await page.evaluate(() => document.activeElement.id), "configuration-title");
	await tabTo(page, `details of ${capture.id}`);
	await page.keyboard.press("Enter");
	await text(page, "#detail h1", "shop");
	assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
	await page.goBack();
	await page.locator("#overview").waitFor();
	await lab.until("the focus where it was", () => page.evaluate(id => document.activeElement.getAttribute("aria-label")?.endsWith(`details of ${id}`), capture.id));
});
