#!/usr/bin/env node
// How the page looks: narrow, dark, to a screen reader; and that it rests while nobody looks.

import { strict as assert } from "node:assert";
import { join } from "node:path";
import { barriers } from "./lib/browser.js";
import * as lab from "./lib/lab.js";
import { once, open } from "./lib/session.js";
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

// [what, where, how to come to it]; null: as it was left by the one before.
const VIEWS = [["the form", "", async page => {
	if (await page.locator("#order").isHidden())
		await page.getByRole("button", { name: "New capture" }).click();
	await page.getByLabel("Choose Client IP, IP Range, Subnet Mask").check();
	await page.getByText("Advanced Settings").click();
	await page.getByLabel("Addresses", { exact: true }).fill("10.1.1.1.1");
	await page.getByRole("button", { name: "Check engines" }).click();
	await page.locator("#check table").waitFor();
	await page.locator("#specs[aria-invalid]").waitFor();
	await page.getByRole("button", { name: "Add services" }).click();
	await page.getByRole("button", { name: "Start with an example" }).click();
	await page.locator("#setup-preview > *").first().waitFor();
}], ["all captures", "", async page => {
	await page.locator(".capture tbody tr").first().waitFor();
	assert.deepEqual(await page.locator("#completed td[data-label=State]").allTextContents(), ["collecting", "merging", "failed", "done"]);
	// What there is to do with each.
	assert.deepEqual(await page.locator("#completed tbody tr").evaluateAll(list => list.map(row => [...row.querySelectorAll("button:not(.pf-m-inline), input:not(:disabled)")].filter(
		each => each.checkVisibility()).map(each => (each.ariaLabel ?? each.labels[0].textContent).split(" ")[0]).join(" "))), ["", "", "Select", "Select Export"]);
}], ["a question", null, async page => {
	await page.getByLabel("Select shop.20260101_000000").check();
	await page.getByRole("button", { name: "Delete 1" }).click();
	await page.getByRole("dialog").waitFor();
}], ["an export", null, async page => {
	await page.getByRole("button", { name: "Export shop.20260101_000000" }).click();
	await page.getByRole("dialog").waitFor();
}], ["old ones", null, async page => {
	await page.getByRole("button", { name: "Delete old ones" }).click();
	await page.getByLabel("Age in Days").fill("1");
	await page.getByRole("button", { name: "Show what goes" }).click();
	await page.locator("dialog li").first().waitFor();
}], ["one capture", "#/shop.20260101_000000", page => page.locator(".timeline").waitFor()]];

// What stands beside a page of 400 pixels.
const beside = page => page.locator("main:not([hidden]) *, dialog *").evaluateAll(list => list.filter(each => each.checkVisibility()
	&& !each.closest(".pf-v6-screen-reader, svg, thead, caption, pre") && each.getBoundingClientRect().right > 400.5).map(each => each.outerHTML.slice(0, 200)));

// Break: cockpit/vcap.css s/^\tgrid-template-columns: 9rem minmax(0, 1fr);/\tgrid-template-columns: 9rem 30rem;/
// Break: cockpit/dom.js s/ pf-m-grid-md//
// Break: cockpit/dom.js s/"aria-label": label,//
// Break: cockpit/vcap.css s/--pf-t--global--text--color--subtle/--pf-t--color--gray--20/
test("nothing bars those who read with a screen reader, or see little, or little at a time, light and dark", 180, async () => {
	const place = await everything();
	const releases = await Promise.all(["api.20260103_120000", "web.20260103_000000", "shop.20260104_000000"].map(id => spool.hold(place, id)));
	const page = await open({}, { VCAP_SPOOL: place });
	const address = page.url();

	for (const [name, view, prepare] of VIEWS) {
		await page.setViewportSize({ width: 1280, height: 900 });
		if (view === null) {
			await page.keyboard.press("Escape");
		} else {
			await page.goto("about:blank");
			await page.goto(address + view);
			await page.locator("body[data-ready]").waitFor({ state: "attached" });
		}
		await prepare(page);
		await lab.until("light", async () => await brightness(page) > 192);
		const scope = view === null ? "dialog" : "html";

		assert.deepEqual(await barriers(page, scope), [], name);
		await page.emulateMedia({ colorScheme: "dark" });
		await lab.until("dark", async () => await brightness(page) < 64);
		// What a theme can change.
		assert.deepEqual(await barriers(page, scope, ["color-contrast"]), [], `${name}, dark`);
		await page.emulateMedia({ colorScheme: "light" });
		await page.setViewportSize({ width: 400, height: 900 });
		assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 400, name);
		assert.deepEqual(await beside(page), [], name);
		// What a width can change.
		assert.deepEqual(await barriers(page, scope, ["target-size", "scrollable-region-focusable"]), [], `${name}, narrow`);
	}
	releases.forEach(release => release());
});

const box = locator => locator.boundingBox();

// Break: cockpit/vcap.css s/^\toutline: none;/\toutline: auto;/
// Break: cockpit/completed.js s/.."Export", "actions"..;/["Export", ""]];/
// Break: cockpit/vcap.css s/^\tposition: absolute;/\tposition: static;/
test("a focused field has one frame, Export is at the far right, figures are at the line", 180, async () => {
	const place = await everything();
	const page = await open({ width: 1280 }, { VCAP_SPOOL: place });

	await page.getByRole("button", { name: "New capture" }).click();
	for (const id of ["service", "count", "duration", "search"]) {
		const frame = await page.locator(`#${id}`).evaluate(field => {
			field.focus();
			return [getComputedStyle(field).outlineStyle, getComputedStyle(field).borderTopWidth, getComputedStyle(field.parentElement, "::after").borderTopWidth];
		});

		assert.deepEqual(frame, ["none", "0px", "2px"], id);
	}
	const line = await box(page.locator('#completed tr[data-id="shop.20260101_000000"]'));
	const exporting = await box(page.getByRole("button", { name: "Export shop.20260101_000000" }));

	assert.ok(line.x + line.width - exporting.x - exporting.width < 16);
	await page.getByRole("button", { name: "Details of shop.20260101_000000" }).click();
	await page.locator(".timeline").waitFor();
	for (const step of ["Home", "End"]) {
		await page.getByRole("slider", { name: "Time" }).focus();
		await page.keyboard.press(step);
		await lab.until("the line there", async () => (await page.locator(".at-cursor.left").count() > 0) === (step === "End"));
		const plot = await box(page.locator(".plot[role=img]").first()), cursor = await box(page.locator(".cursor").first()), figure = await box(page.locator(".at-cursor").first());

		assert.ok(figure.x >= plot.x && figure.x + figure.width <= plot.x + plot.width + 0.5, step);
		assert.ok(Math.min(Math.abs(figure.x - cursor.x), Math.abs(figure.x + figure.width - cursor.x)) < 16, step);
	}
});

const brightness = page => page.evaluate(() => Number(getComputedStyle(document.documentElement).backgroundColor.match(/\d+/)[0]));

// Break: cockpit/theme.js s/style === "dark" ||//
// Break: cockpit/theme.js s/.addEventListener("cockpit-style", apply)//
test("light or dark as Cockpit is, else as the system is", 180, async () => {
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
test("it asks again and again while somebody looks, and rests while nobody does", 180, async () => {
	const page = await open();
	let asked = 0;

	// What goes over the socket from now on, and time that goes as it is told.
	once();
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
