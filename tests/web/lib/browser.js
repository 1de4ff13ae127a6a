// Debian's Chromium, of either package, without a screen, and the page in it.

import { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, directory, PATIENCE_MS, until } from "./lab.js";

const require = createRequire(join(build, "npm/web/"));
const { chromium } = require("playwright-core");

const PROGRAMS = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];

export async function start() {
	const home = directory("chromium");
	const executablePath = process.env.WEB_BROWSER ?? PROGRAMS.find(existsSync);

	return chromium.launch({ executablePath, timeout: PATIENCE_MS,
		// Its own sandbox wants a user that is not root; the lab is one already.
		args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
		env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home } });
}

// A page that is nowhere yet. faults gathers what it should never do: errors, and requests to elsewhere.
export async function blank(browser) {
	const context = await browser.newContext({ acceptDownloads: true, reducedMotion: "reduce" });
	const page = await context.newPage();
	const faults = [];
	let host = "";

	page.setDefaultTimeout(PATIENCE_MS);
	page.on("pageerror", error => faults.push(`error: ${error.message}`));
	page.on("console", message => {
		// The page's host has an icon only where the whole of Cockpit is installed.
		if (message.type() === "error" && !message.location().url.endsWith("/favicon.ico"))
			faults.push(`console: ${message.text()} ${message.location().url}`);
	});
	page.on("dialog", dialog => {
		faults.push(`dialog: ${dialog.message()}`);
		dialog.dismiss();
	});
	page.on("request", request => {
		if (new URL(request.url()).host !== host)
			faults.push(`request to ${request.url()}`);
	});
	// Goes to the page of vcap as one who sees it for the first time.
	const visit = async (address, { width = 1100, height = 900, colorScheme = "light", view = "" } = {}) => {
		host = new URL(address).host;
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme });
		await page.goto(address + view);
		await page.locator("body[data-ready]").waitFor({ state: "attached" });
	};
	// Back to nowhere, which leaves nothing.
	const leave = async () => {
		await page.evaluate(() => window.localStorage.clear());
		host = "";
		await page.goto("about:blank");
	};

	return { page, faults, visit, leave, close: () => context.close() };
}

// The text of what the selector finds, once it is as wanted.
export async function text(page, selector, wanted) {
	let texts = [];

	try {
		return await until(`'${wanted}' in '${selector}'`, async () => {
			texts = await page.locator(selector).allTextContents();
			return texts.find(each => typeof wanted === "string" ? each.includes(wanted) : wanted.test(each));
		});
	} catch (error) {
		throw new Error(`${error.message}; there is ${JSON.stringify(texts)} in ${await page.locator("body").innerText()}`);
	}
}

// What axe-core finds wrong with what the selector finds, as it is, one line each: by the rules of WCAG 2.2,
// or those named.
export async function barriers(page, scope, rules) {
	// A colour on its way to another is neither.
	await until("all at rest", () => page.evaluate(() => document.getAnimations().every(each => each.playState !== "running" || each.effect.getTiming().iterations === Infinity)));
	if (!await page.evaluate(() => "axe" in window))
		await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
	const { violations } = await page.evaluate(([where, values]) => window.axe.run(where, { resultTypes: ["violations"],
		runOnly: values ? { type: "rule", values } : ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }), [scope, rules]);

	return violations.flatMap(({ id, help, nodes }) => nodes.map(node => `${id}: ${help}: ${node.html.slice(0, 120)} ${node.failureSummary?.split("\n").at(-1).slice(0, 160) ?? ""}`));
}
