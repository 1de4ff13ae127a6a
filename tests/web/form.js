#!/usr/bin/env node
// The form: what it offers, what it refuses, and in whose words.

import { strict as assert } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "./lib/browser.js";
import * as lab from "./lib/lab.js";
import { open } from "./lib/session.js";
import * as spool from "./lib/spool.js";
import { test } from "./lib/tap.js";

// Presses Start and waits until the page has answered.
async function press(page) {
	await page.getByRole("button", { name: "Start capture" }).click();
	await page.locator("#start:not([aria-disabled=true])").waitFor({ state: "attached" });
}

// Break: cockpit/form.js s/place.append(alert("warning", "Unlimited"/void (alert("warning", "Unlimited"/
test("what the product asks for, with its words and its defaults", 180, async () => {
	const page = await open();

	assert.equal(await page.getByLabel("Select Virtual Service").inputValue(), "shop");
	assert.ok(await page.getByRole("group", { name: "Filter to Capture" }).getByLabel("All Traffic").isChecked());
	assert.equal(await page.getByLabel("Choose Client IP, IP Range, Subnet Mask").isChecked(), false);
	assert.equal(await page.getByLabel("Number of Packets").inputValue(), "");
	assert.equal(await page.getByLabel("Duration").inputValue(), "5");
	assert.equal(await page.getByLabel("Unlimited").isChecked(), false);
	assert.equal(await page.getByLabel("Size of Packets").inputValue(), "0");
	await page.getByText("Advanced Settings").click();
	assert.deepEqual(await page.getByRole("group", { name: "Health Monitor Options" }).getByRole("radio").evaluateAll(
		list => list.map(each => [each.labels[0].textContent, each.checked])), [["None", true], ["Include", false], ["Only", false]]);
	// Without a limit, which somebody has to choose, there is a warning; with one of packets alone another;
	// with a duration none.
	assert.equal(await page.locator("#limit-warning").textContent(), "");
	await page.getByLabel("Unlimited").check();
	assert.ok(await page.getByLabel("Duration").isDisabled());
	await text(page, "#limit-warning", "Unlimited");
	await page.getByLabel("Number of Packets").fill("1000");
	await text(page, "#limit-warning", "never ends by their number");
	await page.getByLabel("Unlimited").uncheck();
	assert.equal(await page.getByLabel("Duration").inputValue(), "5");
	await page.locator("#limit-warning").waitFor({ state: "hidden" });
	await page.getByLabel("Number of Packets").fill("0");
	await page.getByLabel("Duration").fill("0");
	await text(page, "#limit-warning", "Unlimited");
});

// Break: cockpit/commands.js s/result.status === 0 ? "" : result.complaints/""/
// Break: cockpit/form.js s/if (some .. await judgeSpecs() !== "")/if (0)/
test("wrong addresses are told as they are typed, as the tool has it, and nothing starts", 300, async () => {
	const page = await open();
	const field = page.getByLabel("Addresses", { exact: true });

	await page.getByLabel("Choose Client IP, IP Range, Subnet Mask").check();
	for (const specs of ["10.1.1.300", "10.1.1.1 10.0.0.9-10.0.0.1", "10.0.0.0/40", "example.com", "--help", "-", "-w /tmp/x",
		"10.1.1.1;id", "$(id)", "10.1.1.1 <img src=x onerror=alert(1)>"]) {
		const words = await lab.complaints(["vcap-filter", "-"], specs);

		assert.match(words, /^vcap-filter: /);
		await field.fill(specs);
		await text(page, "#specs-message", words.replace("vcap-filter: ", ""));
		assert.doesNotMatch(await page.locator("#specs-message").textContent(), /^vcap/);
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

// Break: cockpit/form.js s/return byId(number)/return undefined/
// Break: cockpit/words.js s/line.replace(.*/line/
test("what else is wrong is told in the page's words where it is, or in red, and nothing is stale", 300, async () => {
	const page = await open();

	await page.getByText("Advanced Settings").click();
	for (const [label, id, value, good, words] of [["Number of Packets", "count", "many", "", "A whole number of packets"], ["Duration", "duration", "5 parsecs", "5", "Minutes, such as 5"],
		["Size of Packets", "snaplen", "-1", "0", "A whole number of bytes"], ["Size of Packets", "snaplen", "999999", "0", "up to 262,144"],
		["Expression", "expression", "tcp port", "", "can't parse filter expression"]]) {
		await page.getByLabel(label).fill(value);
		await press(page);
		await text(page, `#${id}-message`, words);
		assert.equal(await page.evaluate(() => document.activeElement.id), id);
		await page.getByLabel(label).fill(good);
		await page.locator(`#${id}:not([aria-invalid])`).waitFor();
	}
	for (const box of await page.locator("#engines input").all())
		await box.uncheck();
	await press(page);
	await text(page, "#engines-message", "At least one engine");
	for (const box of await page.locator("#engines input").all())
		await box.check();
	await page.getByLabel("Start Time").fill("yesterday");
	await press(page);
	await text(page, "#refusal .pf-m-danger", "yesterday");
	assert.doesNotMatch(await page.locator("#refusal").textContent(), /vcap-|--at/);
	assert.deepEqual(await lab.captures(), []);
	// Why it did not start is no longer so.
	await page.getByLabel("Start Time").fill("");
	await page.locator("#refusal").waitFor({ state: "hidden" });
	// What is asked for is captured already.
	const id = String(await lab.output(["vcap-start", "-t", "5", "shop"])).trim();

	await press(page);
	await text(page, "#refusal .pf-m-danger", id);
	assert.deepEqual((await lab.captures()).map(each => each.id), [id]);
	await lab.output(["vcap-stop", id]);
	await lab.output(["vcap-rm", id]);
});

// Whether the keys of a capture are kept, as it was asked for.
const keepsKeys = id => /^keys yes$/m.test(readFileSync(join(process.env.VCAP_SPOOL, "captures", id, "capture"), "utf8"));

// Break: cockpit/commands.js s/argv.push("--keys")/;/
// Break: cockpit/form.js s/^\tforgetKeys();$/;/
test("TLS keys only if they are asked for, each time anew, behind a warning; and where there are none it is said", 300, async () => {
	const near = join(process.env.LAB_DIR, "near"), log = join(lab.directory("keys"), "log");
	const engines = readFileSync(join(near, "engines"), "utf8");

	writeFileSync(log, "");
	const config = spool.configure({ shop: readFileSync(join(near, "services/shop"), "utf8") }, engines.replaceAll(" bin=", ` keys=file:${log} bin=`));
	const page = await open({}, { VCAP_CONFIG: config });
	const box = page.getByLabel("TLS keys");
	const begin = async () => {
		await press(page);
		await page.locator("#order").waitFor({ state: "hidden" });
		const [{ id }] = (await lab.captures()).filter(each => each.state !== "done");

		return id;
	};

	await page.getByText("Advanced Settings").click();
	assert.equal(await box.isChecked(), false);
	assert.equal(await page.locator("#keys-warning .pf-m-warning").count(), 0);
	await box.check();
	await text(page, "#keys-warning .pf-m-warning", "All that is encrypted can be read");
	const keyed = await begin();

	assert.ok(keepsKeys(keyed));
	await lab.output(["vcap-stop", keyed]);
	// The next one has none, though nothing else was chosen anew; nor after the form was left.
	await page.getByRole("button", { name: "New capture" }).click();
	assert.equal(await box.isChecked(), false);
	assert.equal(await page.locator("#keys-warning .pf-m-warning").count(), 0);
	await box.check();
	await page.getByRole("button", { name: "Cancel" }).click();
	await page.getByRole("button", { name: "New capture" }).click();
	const plain = await begin();

	assert.equal(keepsKeys(plain), false);
	await lab.output(["vcap-stop", plain]);
	await page.getByRole("button", { name: "New capture" }).click();
	await box.check();
	writeFileSync(join(config, "engines"), engines);
	await press(page);
	await text(page, "#refusal .pf-m-danger", "'keys=' in the engines file");
	await lab.output(["vcap-rm", keyed, plain]);
});

// Break: cockpit/commands.js s/`--engines=.{engines.join(",")}`/"--engines=lb1"/
// Break: cockpit/commands.js s/argv.push("--exclude")/;/
test("engines, expression, start time, note, exclude, per packet: as vcap start has them", 180, async () => {
	const page = await open();

	await page.getByText("Advanced Settings").click();
	await page.getByLabel("lb1").uncheck();
	await page.getByLabel("Expression").fill("tcp[tcpflags] & tcp-rst != 0");
	await page.getByLabel("Start Time").fill("+1h");
	await page.getByLabel("Note").fill("ticket 7: <slow> & \"lost\"");
	await page.getByLabel("Exclude").check();
	await page.getByLabel("Per packet").check();
	await page.getByLabel("Choose Client IP, IP Range, Subnet Mask").check();
	await page.getByLabel("Addresses", { exact: true }).fill("10.9.0.7");
	await press(page);
	await text(page, ".capture .pf-v6-c-label", "waiting");
	const [capture] = await lab.captures();

	assert.deepEqual([capture.engines, capture.expression, capture.comment, capture.options, capture.duration, capture.state],
		["lb2", "tcp[tcpflags] & tcp-rst != 0", "ticket 7: <slow> & \"lost\"", "-P -x", 300, "waiting"]);
	await text(page, ".capture dd", capture.comment);
	await page.getByRole("button", { name: `Stop ${capture.id}` }).click();
	await page.locator(".capture").waitFor({ state: "detached" });
});

// Break: cockpit/commands.js s/argv.push("--drops")/;/
// Break: cockpit/words.js s/ drops: "Dropped packets",//
test("dropped packets are kept if they are asked for", 180, async () => {
	const page = await open();

	await page.getByText("Advanced Settings").click();
	assert.equal(await page.getByLabel("Dropped packets").isChecked(), false);
	await page.getByLabel("Start Time").fill("+1h");
	await page.getByLabel("Dropped packets").check();
	await page.getByLabel("Exclude").check();
	await page.getByLabel("Choose Client IP, IP Range, Subnet Mask").check();
	await page.getByLabel("Addresses", { exact: true }).fill("10.9.0.7");
	await press(page);
	await text(page, "#refusal .pf-m-danger", "'Dropped packets' and 'Exclude' exclude each other");
	await page.getByLabel("Exclude").uncheck();
	await press(page);
	await text(page, ".capture .pf-v6-c-label", "waiting");
	const [capture] = await lab.captures();

	assert.equal(capture.options, "--drops");
	await text(page, ".capture dd", "Kept, too");
	await page.getByRole("button", { name: `Stop ${capture.id}` }).click();
	await page.locator(".capture").waitFor({ state: "detached" });
});

// A configuration with an engine that is not there beside the lab's.
async function withMissing() {
	const place = spool.configure({ shop: "vip 192.0.2.10 tcp/80\nserver 10.0.1.0/24\nengine lb1\nengine lb9\n" });

	await lab.output(["sh", "-c", `grep '^lb1 ' "$VCAP_CONFIG/engines" >"$1/engines" && echo 'lb9 exec false' >>"$1/engines"`, "sh", place]);
	return { VCAP_CONFIG: place, VCAP_SPOOL: join(lab.directory("missing"), "spool") };
}

// Break: cockpit/check.js s/engines.includes(engine)/true/
// Break: cockpit/page.js s/^\t\tunsay();$//
test("engines are checked by a button, and one that does not capture is a warning while that is so", 300, async () => {
	const environment = await withMissing();
	const page = await open({}, environment);
	const cells = name => page.locator(`#check td[data-label="${name}"]`).allTextContents();

	await page.getByRole("button", { name: "Check engines" }).click();
	await page.locator("#check tbody tr").nth(1).waitFor();
	const [ready, missing] = await lab.rows(["sh", "-c", "vcap-check -j shop || :"], "engines", environment);

	assert.deepEqual([await cells("Engine"), await cells("State"), await cells("Note")], [["lb1", "lb9"], [ready.state, missing.state.replace("-", " ")], [ready.note || "–", missing.note]]);
	assert.deepEqual(await cells("Interfaces"), [ready.interfaces, "–"]);
	// It is no answer for other engines.
	await page.getByText("Advanced Settings").click();
	await page.getByLabel("lb9").uncheck();
	assert.equal(await page.locator("#check").textContent(), "");
	await page.getByRole("button", { name: "Check engines" }).click();
	await page.locator("#check tbody tr").waitFor();
	assert.deepEqual(await cells("Engine"), ["lb1"]);
	await page.getByLabel("lb9").check();
	await press(page);
	await text(page, "#complaints .pf-m-warning", "Engine lb9 has not said that it captures");
	const [{ id }] = await lab.captures(environment);

	await page.getByRole("button", { name: `Stop ${id}` }).click();
	await text(page, "#completed td[data-label=State]", /done|partial/);
	assert.equal(await page.locator("#complaints").textContent(), "");
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
test("all of it by keyboard", 300, async () => {
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
