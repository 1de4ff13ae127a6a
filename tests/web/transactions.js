#!/usr/bin/env node
// The transactions of a capture on the page against what vcap-transactions and vcap-print say of it.

import { strict as assert } from "node:assert";
import { copyFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { barriers, text } from "./lib/browser.js";
import * as lab from "./lib/lab.js";
import { open } from "./lib/session.js";
import * as spool from "./lib/spool.js";
import { test } from "./lib/tap.js";

const ID = "shop.20260101_000000";

// Sixty requests of three clients to two servers within a minute: each third one is slow, some fail in several ways, and two
// more wait at the end. A number is a second.
function talks() {
	const lines = [], end = "HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\n\\r\\n";

	for (let i = 0; i < 60; i++) {
		const client = `10.1.0.${7 + i % 3}`, status = i % 20 === 7 ? end.replace("200 OK", "503 No") : end, took = i % 3 ? 0.01 : 0.2 + i / 100;

		lines.push(`conn c${i} ${client}:${40000 + i} 192.0.2.10:80`, `conn s${i} 10.0.9.1:${50000 + i} 10.0.1.1${1 + i % 2}:8080`,
			`${i}.0 c${i} open`, `${i}.001 c${i} > GET /page/${i} HTTP/1.1\\r\\n\\r\\n`, `${i}.002 s${i} open`,
			`${i}.003 s${i} > GET /page/${i} HTTP/1.1\\r\\nX-Forwarded-For: ${client}\\r\\n\\r\\n`,
			`${(i + 0.003 + took).toFixed(3)} s${i} < ${status}${i % 20 === 9 ? "a" : "abc"}`,
			`${(i + 0.004 + took).toFixed(3)} c${i} < ${status}${i % 20 === 9 ? "a" : "abc"}`,
			`${(i + 0.005 + took).toFixed(3)} c${i} ${i % 20 === 9 ? ">R" : ">"}`);
	}
	return lines.join("\n");
}

// A spool with that as a capture, and more, of lines for mktalk.
async function captured(more = "", usual = talks()) {
	const place = lab.directory("transactions"), file = join(place, "file"), service = join(place, "shop");

	await lab.output(["sh", "-c", `cd "$1" && printf '%s\\n' "$3" | "$2/tests/mktalk" | "$2/tests/mktcp" >in &&
		printf 'vip 192.0.2.10 tcp/80\\nserver 10.0.1.11 tcp/8080\\nserver 10.0.1.12 tcp/8080\\nsource 10.0.9.1\\n' >shop && vcap-merge -S ./shop -w file lb1=in`,
		"sh", place, lab.root, `${usual}\n${more}`]);
	const own = spool.make({ [ID]: { facts: spool.doneFacts(file, "packets 540", "engine lb1"), file } });

	copyFileSync(service, join(own, "captures", ID, "service"));
	return { VCAP_SPOOL: own };
}

const lines = async (argv, environment) => String(await lab.output(argv, environment)).trim().split("\n").filter(Boolean).map(line => line.split("\t"));
const rowsOf = (environment, ...argv) => lines(["vcap-transactions", "-r", ...argv, ID], environment);

const table = (page, name) => page.getByRole("table", { name, exact: true });
const cells = (page, name, column) => table(page, name).locator("tbody tr").evaluateAll((list, at) => list.map(row => row.children[at].textContent), column);
const count = async (page, name, wanted) => text(page, `section:has(> * #card-transactions) [role=status]`, wanted);

async function shown(environment, options = {}) {
	const page = await open({ view: `#/${ID}`, ...options }, environment);

	await table(page, "Transactions").waitFor();
	return page;
}

// Break: cockpit/grid.js s/up = at === column ? !up/up = at === column ? up/
// Break: cockpit/transactions.js s/filters.every(filter => filter.has(row)) &&//
// Break: cockpit/transactions.js s/words.has(textOf(row))/true/
test("the table has the rows of vcap-transactions, sorted, searched, and by engine, server, status and end", 180, async () => {
	const environment = await captured();
	const page = await shown(environment);
	const wanted = await rowsOf(environment, "-o", "CLIENT,SERVER,METHOD,PATH,STATUS,TTFB,TOTAL,END");

	await count(page, "Transactions", "1–20 of 60");
	assert.deepEqual(await cells(page, "Transactions", 1), wanted.slice(0, 20).map(([client]) => client));
	assert.deepEqual(await cells(page, "Transactions", 4), wanted.slice(0, 20).map(([, , method, path]) => `${method} ${path}`));
	// By the figure, the largest first, and then the other way; by keys.
	await table(page, "Transactions").getByRole("button", { name: "TTFB" }).focus();
	const ttfb = wanted.map(row => row[5]).sort();

	for (const order of [[...ttfb].reverse(), ttfb]) {
		await page.keyboard.press("Enter");
		assert.deepEqual(await cells(page, "Transactions", 8), order.slice(0, 20));
	}
	assert.equal(await table(page, "Transactions").locator("th[aria-sort=ascending]").textContent(), "TTFB▲");
	for (const [name, value, column] of [["Server", "10.0.1.12:8080", 1], ["End", "client rst", 7], ["Engine", "lb1", null]]) {
		await page.getByLabel(name, { exact: true }).selectOption(value);
		const of = wanted.filter(row => column === null || row[column] === value).length;

		await count(page, "Transactions", `of ${of}`);
		await page.getByLabel(name, { exact: true }).selectOption("");
	}
	await page.getByLabel("Status", { exact: true }).selectOption("5xx");
	await count(page, "Transactions", `of ${wanted.filter(row => row[4] === "503").length}`);
	await page.getByLabel("Status", { exact: true }).selectOption("");
	await page.getByLabel("Search transactions").fill("page/13");
	await count(page, "Transactions", "1–1 of 1");
	await page.getByLabel("Search transactions").fill("");
	await page.getByRole("button", { name: "Next: Transactions" }).click();
	await count(page, "Transactions", "21–40 of 60");
});

// Break: cockpit/scatter.js s/at >= begin && at <= end/true/
// Break: cockpit/scatter.js s/onRange(secondsOf(from), timeOf(until));//
// Break: cockpit/transactions.js s/range = .from, until.;//
test("the figure has a point for each, and chooses a time by keys, buttons and pointer, for the table and the packets", 180, async () => {
	const environment = await captured();
	const page = await shown(environment);
	const figure = page.getByRole("img", { name: /^\d+ transactions from/ });
	const told = async wanted => lab.until(`a figure of ${wanted}`, async () => (await figure.getAttribute("aria-label")).startsWith(wanted));
	const points = async () => (await figure.locator(".point").evaluateAll(list => list.map(path => path.getAttribute("d").split("M").length - 1))).reduce((a, b) => a + b);

	await told("60 transactions from 22:13:20.001 to 22:14:19.002: 3 status 5xx, 54 complete, 3 broken off; the slowest took 0.7");
	assert.equal(await points(), 60);
	// The first half, by keys.
	await page.getByRole("slider", { name: "Until" }).focus();
	for (let i = 0; i < 5; i++)
		await page.keyboard.press("PageDown");
	await told("30 transactions");
	assert.equal(await points(), 30);
	await count(page, "Transactions", "1–20 of 30");
	assert.match(await page.getByRole("slider", { name: "Until" }).getAttribute("aria-valuetext"), /^22:13:\d\d/);
	await page.getByRole("button", { name: "Show the packets of this time" }).click();
	const until = (await table(page, "Packets").waitFor(), 1700000000.001 + 59 / 2);
	const packets = await lines(["vcap-print", "--tshark", "--since=1700000000.001", `--until=${until}`, ID], environment);

	await text(page, "[aria-label=Packets] [role=status]", `of ${packets.length}`);
	const printed = packets[0][0].match(/^(\S+) +(\S+) +(\S+) +(.*)$/);

	assert.deepEqual(await table(page, "Packets").locator("tbody tr").first().evaluate(row => [...row.children].map(cell => cell.textContent)), printed.slice(1));
	await page.getByRole("button", { name: "All of the time" }).click();
	await told("60 transactions");
	await page.getByRole("button", { name: "Zoom in" }).click();
	await told("30 transactions");
	await page.getByRole("button", { name: "Zoom out" }).click();
	await told("60 transactions");
	// From a quarter to three quarters.
	await figure.scrollIntoViewIfNeeded();
	const box = await figure.boundingBox();

	await page.mouse.move(box.x + box.width / 4, box.y + 50);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width * 3 / 4, box.y + 60);
	await page.mouse.up();
	await told("30 transactions");
	assert.equal((await cells(page, "Transactions", 4))[0], "GET /page/15");
});

// Break: cockpit/transactions.js s/title.focus();//
// Break: cockpit/ladder.js s/less(last, row.transfer)/last/
// Break: cockpit/commands.js s/--packets=/--rows=/
test("one as a ladder of both sides with its phases, and as a file of its packets; by keys there and back", 180, async () => {
	const environment = await captured();
	const page = await shown(environment);
	const [id, ...phases] = (await rowsOf(environment, "-o", "ID,REQHEAD,WAIT,CONNECT,TTFB,RELAY,TRANSFER,DRAIN,TOTAL,PATH")).find(row => row.at(-1) === "/page/3");

	await page.getByLabel("Search transactions").fill("/page/3");
	const opener = table(page, "Transactions").getByRole("button", { name: /GET \/page\/3$/ });

	await opener.focus();
	await page.keyboard.press("Enter");
	const section = page.getByRole("region", { name: `Transaction ${id}: GET /page/3` });

	assert.equal(await page.evaluate(() => document.activeElement.textContent), `Transaction ${id}: GET /page/3`);
	const drawn = await section.getByRole("img").getAttribute("aria-label");

	assert.equal(drawn, "What passed: GET: first byte at 0.000000 s, head is complete at 0.000000 s, SYN at 0.001000 s, SYN+ACK at 0.001000 s, request is sent at 0.002000 s, "
		+ "response 200: first byte at 0.232000 s, response 200: first byte at 0.233000 s, acknowledged at 0.234000 s");
	const list = await section.locator("dd").allTextContents();

	for (const value of phases.slice(0, -1).filter(each => each !== "-"))
		assert.ok(list.includes(`${value} s`), value);
	const [download] = await Promise.all([page.waitForEvent("download"), section.getByRole("button", { name: "Export this transaction" }).click()]);

	assert.equal(download.suggestedFilename(), `${ID}.transaction-${id}.pcapng`);
	assert.ok((await readFile(await download.path())).equals(await lab.output(["vcap-transactions", `--packets=${id}`, ID], environment)));
	await section.getByRole("button", { name: "Close the transaction" }).focus();
	await page.keyboard.press("Enter");
	assert.equal(await section.count(), 0);
	assert.ok(await opener.evaluate(node => node === document.activeElement));
	// The slowest, by its point in the figure, which is at the top.
	await page.getByLabel("Search transactions").fill("");
	const figure = page.getByRole("img", { name: /^60 transactions from/ });

	await figure.scrollIntoViewIfNeeded();
	const box = await figure.boundingBox();

	await page.mouse.click(box.x + box.width * 57 / 59, box.y + box.height * (1 - Math.log10(0.773 / 0.01) / 2));
	await page.getByRole("region", { name: /: GET \/page\/57$/ }).waitFor();
});

// All rows of a table, page by page.
async function everyPage(page, name) {
	const rows = [], next = page.getByRole("button", { name: `Next: ${name}` });

	for (;;) {
		rows.push(...await table(page, name).locator("tbody tr").evaluateAll(list => list.map(row => [...row.children].map(cell => cell.textContent))));
		if (!await next.isVisible() || await next.isDisabled())
			return rows;
		await next.click();
	}
}

// Break: cockpit/commands.js s/`--by=.{by}`/"--by=server"/
// Break: cockpit/transactions.js s/phase(key, heading))\]);/phase(key, heading))], { size: 100 });/
// Break: cockpit/grid.js s/isWhole = !isWhole;//
// Break: cockpit/grid.js s/STACKED.matches ?/false ?/
test("percentiles by server and path, a page of them at a time or all, and fewer where rows are stacked", 180, async () => {
	const environment = await captured();
	const page = await shown(environment);

	for (const by of ["server", "path"]) {
		const wanted = await lines(["vcap-transactions", "-r", `--by=${by}`, ID], environment);

		await page.getByLabel("By", { exact: true }).selectOption(by);
		await text(page, "[aria-label=Percentiles] [role=status]", `of ${wanted.length}`);
		assert.ok((await cells(page, "Percentiles", 0)).length <= 20);
		const rows = (await everyPage(page, "Percentiles")).map(row => row.join(" "));

		for (const [group, , errors, phase, samples, ...figures] of wanted)
			assert.ok(rows.includes([group, phase, samples, errors, ...figures].join(" ").replace(/(?<= )-(?= |$)/g, "–")), `${group} ${phase} in ${rows.join("; ")}`);
		assert.equal(rows.length, wanted.length);
	}
	// Twenty-four of two servers.
	await page.getByLabel("By", { exact: true }).selectOption("server");
	await text(page, "[aria-label=Percentiles] [role=status]", "1–20 of 24");
	await page.getByRole("button", { name: "Show all: Percentiles" }).focus();
	await page.keyboard.press("Enter");
	await text(page, "[aria-label=Percentiles] [role=status]", "1–24 of 24");
	assert.equal((await cells(page, "Percentiles", 0)).length, 24);
	await page.setViewportSize({ width: 400, height: 900 });
	assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Show pages: Percentiles");
	await page.keyboard.press("Enter");
	await text(page, "[aria-label=Percentiles] [role=status]", "1–5 of 24");
	assert.equal((await cells(page, "Percentiles", 0)).length, 5);
});

// What else passes there: a connect that is refused, one that carries nothing, datagrams of no service.
const EXTRA = `conn r 10.1.0.9:41000 192.0.2.10:80
conn p 10.0.9.1:51000 10.0.1.12:8080
20.5 r >S
20.6 r <RA
20.7 p open
20.8 172.16.0.1:70 172.16.0.2:71 udp \\x1b[31mred`;

// Break: cockpit/commands.js s/, "--conversations"//
// Break: cockpit/conversations.js s/filters.every(filter => filter.has(row)) &&//
// Break: cockpit/conversations.js s/isOfTime(row, range()) &&//
// Break: cockpit/conversations.js s/opener?.focus();//
// Break: cockpit/commands.js s/"--tshark", //
test("every conversation, sorted, searched, by kind, end and time; and the packets of one, in tshark's words, by keys there and back", 180, async () => {
	const environment = await captured(EXTRA);
	const page = await shown(environment);
	const status = wanted => text(page, "[aria-label=Conversations] [role=status]", wanted);
	const wanted = await lines(["vcap-transactions", "-r", "--conversations", ID], environment);
	const COLUMNS = [[2, 5], [3, 7], [4, 8], [5, 9], [6, 10], [8, 12], [9, 13], [11, 14]];

	await status(`of ${wanted.length}`);
	const rows = await everyPage(page, "Conversations");

	assert.equal(rows.length, 63);
	for (const [i, row] of wanted.entries())
		for (const [shown, column] of COLUMNS) {
			const cell = column === 9 && row[3] === "other" ? row[6] : row[column];

			assert.equal(rows[i][shown], cell === "-" && column !== 7 ? "–" : cell, `${row.join(" ")}: ${rows[i].join(" ")}`);
		}
	assert.equal(wanted.reduce((sum, row) => sum + Number(row[10]), 0), (await lines(["vcap-print", ID], environment)).length);
	// By packets, the most first.
	await table(page, "Conversations").getByRole("button", { name: "Packets" }).focus();
	await page.keyboard.press("Enter");
	assert.deepEqual((await cells(page, "Conversations", 6)).map(Number), wanted.map(row => Number(row[10])).sort((a, b) => b - a).slice(0, 20));
	for (const [label, value, count] of [["Kind", "server, tcp", 1], ["Kind", "other, udp", 1], ["How it ended", "engine refused", 1]]) {
		await page.getByLabel(label, { exact: true }).selectOption(value);
		await status(`1–${count} of ${count}`);
		await page.getByLabel(label, { exact: true }).selectOption("");
	}
	await page.getByLabel("Search conversations").fill("10.0.1.12 51000");
	await status("1–1 of 1");
	// One without a request.
	await page.getByLabel("Search conversations").fill("41000");
	await status("1–1 of 1");
	const opener = table(page, "Conversations").getByRole("button", { name: /10\.1\.0\.9:41000/ });

	await opener.focus();
	await page.keyboard.press("Enter");
	const section = page.getByRole("region", { name: /^Conversation \d+: 10\.1\.0\.9:41000 → 192\.0\.2\.10:80$/ });

	assert.match(await page.evaluate(() => document.activeElement.textContent), /^Conversation \d+: 10\.1\.0\.9:41000/);
	await text(page, "[aria-label^='Conversation '] [role=status]", "1–2 of 2");
	const told = await section.getByRole("table", { name: "Packets of the conversation" }).locator("tbody tr").evaluateAll(list => list.map(row => [...row.children].map(cell => cell.textContent)));

	assert.deepEqual(told.map(row => row.slice(1, 3)), [["lb1", "client"], ["lb1", "client"]]);
	assert.match(told[0][3], /^10\.1\.0\.9 → 192\.0\.2\.10 +TCP 41000 → 80 \[SYN\]/);
	assert.match(told[1][3], /\[RST, ACK\]/);
	await section.getByRole("button", { name: "Close the conversation" }).focus();
	await page.keyboard.press("Enter");
	assert.equal(await section.count(), 0);
	assert.ok(await opener.evaluate(node => node === document.activeElement));
	// Of both sides: all that is between their ends.
	await page.getByLabel("Search conversations").fill("40003");
	await table(page, "Conversations").getByRole("button", { name: /10\.1\.0\.7:40003/ }).click();
	await text(page, "[aria-label^='Conversation '] [role=status]", `of ${wanted.find(row => row[5] === "10.1.0.7:40003")[10]}`);
	// Of the time that is chosen.
	await page.getByLabel("Search conversations").fill("");
	await page.getByRole("slider", { name: "Until" }).focus();
	for (let i = 0; i < 5; i++)
		await page.keyboard.press("PageDown");
	await status(`of ${wanted.filter(row => Number(row[1]) <= 1700000000.001 + 59 / 2).length}`);
});

test("a capture without a transaction has its conversations and packets", 180, async () => {
	const environment = await captured(EXTRA.split("\n").filter(line => !/ r /.test(line)).join("\n"), "");
	const page = await open({ view: `#/${ID}` }, environment);

	await table(page, "Conversations").waitFor();
	await text(page, "section [role=status]", "There are no transactions in the file.");
	await text(page, "[aria-label=Conversations] [role=status]", "1–2 of 2");
	await page.getByRole("button", { name: "Show the packets of this time" }).click();
	await text(page, "[aria-label=Packets] [role=status]", "1–4 of 4");
});

// Break: cockpit/conversations.js s/...complaints ? .alert(status/...false ? [alert(status/
test("where tshark fails packets are told in other words, and that is said", 180, async () => {
	const environment = await captured(), place = lab.directory("programs");

	writeFileSync(join(place, "tshark"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
	const page = await shown({ ...environment, PATH: `${place}:${process.env.PATH}` });

	await page.getByRole("button", { name: "Show the packets of this time" }).click();
	await text(page, "[aria-label=Packets] .pf-v6-c-alert", /tshark failed: it says something of 0 of \d+ packets/);
	assert.equal((await cells(page, "Packets", 3))[0], "IP 10.1.0.7.40000 > 192.0.2.10.80: Flags [S], length 0");
});

test("nothing of it bars those who read with a screen reader, or see little, light and dark, or on a narrow screen", 180, async () => {
	const environment = await captured();
	const page = await shown(environment, { width: 1280 });

	await table(page, "Transactions").getByRole("button", { name: /page\/3$/ }).click();
	await page.getByRole("button", { name: "Show the packets of this time" }).click();
	await table(page, "Packets").waitFor();
	await table(page, "Percentiles").waitFor();
	await table(page, "Conversations").getByRole("button", { name: /40003/ }).click();
	await table(page, "Packets of the conversation").waitFor();
	assert.deepEqual(await barriers(page, "html"), []);
	await page.emulateMedia({ colorScheme: "dark" });
	await lab.until("dark", async () => await page.evaluate(() => Number(getComputedStyle(document.documentElement).backgroundColor.match(/\d+/)[0])) < 64);
	assert.deepEqual(await barriers(page, "html", ["color-contrast"]), []);
	await page.emulateMedia({ colorScheme: "light" });
	await page.setViewportSize({ width: 400, height: 900 });
	assert.ok(await page.evaluate(() => document.documentElement.scrollWidth) <= 400);
});
