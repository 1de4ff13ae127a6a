#!/usr/bin/env node
// How the page looks: narrow, dark, to a screen reader; and that it rests while nobody looks.

import { strict as assert } from "node:assert";
import { join } from "node:path";
import { barriers } from "./lib/browser.js";
import * as lab from "./lib/lab.js";
import { open } from "./lib/session.js";
import * as spool from "./lib/spool.js";
import { test } from "./lib/tap.js";

// A spool with something of everything.
async function everything() {
	const place = lab.directory("look"), file = join(place, "file.pcapng");

	await lab.output(["sh", "-c", `"$1" -f pcapng -n 300 -i 2 -t 1000 -g 50000000 -d 3 >"$2"`, "sh", join(lab.build, "tests/tools/mkcap"), file]);
	return spool.make({
		"shop.20260101_000000": { facts: spool.doneFacts(file, "packets 300", "dropped 6", "engine lb1", "engine lb2"), file },
		"a-rather-long-name-of-a-service-as-people-give-them.20260102_000000": { facts: ["state failed", "engine lb1", "message no engine could be fetched"] },
		"web.20260103_000000": { facts: ["state merging", "engine lb1", "packets 12345678"] },
		"api.20260103_120000": { facts: ["state fetching", "engine lb1"] },
		"shop.20260104_000000": { facts: ["state waiting", "at 1900000000.0", "engine lb1", "engine lb2", "specs 3", "count 1000", "duration 300000000000",
			"monitors none", "message there is no room"], specs: "10.1.1.1\n2001:db8:1111:2222:3333:4444:5555:6666-2001:db8:1111:2222:3333:4444:5555:7777\n10.0.0.0/8\n" },
	});
}

const VIEWS = [["the form", "", async page => {
	if (await page.locator("#order").isHidden())
		await page.getByRole("button", { name: "New capture" }).click();
	await page.getByLabel("Choose Client IP, IP Range, Subnet Mask").check();
	await page.getByText("Advanced Settings").click();
	await page.getByLabel("Addresses", { exact: true }).fill("10.1.1.1.1");
	await page.locator("#specs[aria-invalid]").waitFor();
}], ["all captures", "", async page => {
	await page.locator(".capture tbody tr").first().waitFor();
	assert.deepEqual(await page.locator("#completed td[data-label=State]").allTextContents(), ["collecting", "merging", "failed", "done"]);
	// What there is to do with each.
	assert.deepEqual(await page.locator("#completed tbody tr").evaluateAll(list => list.map(row => [...row.querySelectorAll(".buttons button")].filter(
		each => each.checkVisibility()).map(each => each.textContent).join(" "))), ["", "", "Delete", "Export Delete"]);
}], ["one capture", "#/shop.20260101_000000", page => page.locator(".timeline").waitFor()], ["a question", "", async page => {
	await page.getByRole("button", { name: "Delete shop.20260101_000000" }).click();
	await page.getByRole("dialog").waitFor();
}]];

async function eachView(options, check) {
	const place = await everything();
	const releases = await Promise.all(["api.20260103_120000", "web.20260103_000000", "shop.20260104_000000"].map(id => spool.hold(place, id)));

	for (const [name, view, prepare] of VIEWS) {
		const page = await open({ ...options, view }, { VCAP_SPOOL: place });

		await prepare(page);
		await check(page, name);
	}
	releases.forEach(release => release());
}

// Break: cockpit/vcap.css s/^\tgrid-template-columns: 9rem minmax(0, 1fr);/\tgrid-template-columns: 9rem 30rem;/
// Break: cockpit/dom.js s/ pf-m-grid-md//
test("at 400 pixels nothing is cut off or beside the page", 180, async () => {
	await eachView({ width: 400 }, async (page, name) => {
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 400, name);
		const out = await page.locator("main:not([hidden]) *, dialog *").evaluateAll(list => list.filter(each => each.checkVisibility()
			&& !each.closest(".pf-v6-screen-reader, svg, thead, caption") && each.getBoundingClientRect().right > 400.5).map(each => each.outerHTML.slice(0, 200)));

		assert.deepEqual(out, [], name);
	});
});

// Break: cockpit/dom.js s/"aria-label": label,//
// Break: cockpit/vcap.css s/--pf-t--global--text--color--subtle/--pf-t--color--gray--20/
test("nothing bars those who read with a screen reader, or see little: light", 180, async () => {
	await eachView({ colorScheme: "light" }, async (page, name) => assert.deepEqual(await barriers(page), [], name));
});

// Break: cockpit/vcap.css s/--pf-t--global--text--color--subtle/--pf-t--color--gray--70/
test("the same where it is dark", 180, async () => {
	await eachView({ colorScheme: "dark" }, async (page, name) => assert.deepEqual(await barriers(page), [], name));
});

const brightness = page => page.evaluate(() => Number(getComputedStyle(document.documentElement).backgroundColor.match(/\d+/)[0]));

// Break: cockpit/theme.js s/style === "dark" ||//
// Break: cockpit/theme.js s/.addEventListener("cockpit-style", apply)//
test("light or dark as Cockpit is, else as the system is", 60, async () => {
	const page = await open({ colorScheme: "dark" });
	const choose = style => page.evaluate(name => {
		window.localStorage.setItem("shell:style", name);
		window.dispatchEvent(new CustomEvent("cockpit-style", { detail: { style: name } }));
	}, style);

	await lab.until("dark", async () => await brightness(page) < 64);
	await choose("light");
	await lab.until("light", async () => await brightness(page) > 192);
	await choose("auto");
	await page.emulateMedia({ colorScheme: "light" });
	await lab.until("light", async () => await brightness(page) > 192);
	await choose("dark");
	await lab.until("dark", async () => await brightness(page) < 64);
	await page.reload();
	await page.locator("body[data-ready]").waitFor({ state: "attached" });
	await lab.until("dark", async () => await brightness(page) < 64);
});

// Break: cockpit/page.js s/cockpit.hidden ? window.clearTimeout(timer) : refresh()/refresh()/
// Break: cockpit/page.js s/ .. !cockpit.hidden)/)/
test("it asks again and again while somebody looks, and rests while nobody does", 60, async () => {
	const page = await open();
	let asked = 0;

	// What goes over the socket from now on, and time that goes as it is told.
	await page.clock.install();
	await page.reload();
	await page.locator("body[data-ready]").waitFor({ state: "attached" });
	await page.evaluate(() => {
		const spawn = window.cockpit.spawn;

		window.asked = 0;
		window.cockpit.spawn = (argv, options) => {
			window.asked += argv[0] === "vcap-ls";
			return spawn(argv, options);
		};
		Object.defineProperty(document, "hidden", { configurable: true, get: () => window.away === true });
	});
	const count = () => page.evaluate(() => window.asked);

	for (let i = 0; i < 3; i++) {
		await page.clock.runFor(6000);
		asked = await lab.until("it asks", async () => await count() > asked && count());
	}
	await page.evaluate(() => {
		window.away = true;
		document.dispatchEvent(new Event("visibilitychange"));
	});
	asked = await count();
	await page.clock.runFor(600000);
	assert.equal(await count(), asked);
	await page.evaluate(() => {
		window.away = false;
		document.dispatchEvent(new Event("visibilitychange"));
	});
	await lab.until("it asks at once", async () => await count() > asked);
});
