#!/usr/bin/env node
// Text from anywhere is text; what is missing or damaged is said.

import { strict as assert } from "node:assert";
import { mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "./lib/browser.js";
import { directory } from "./lib/lab.js";
import { once, open } from "./lib/session.js";
import * as spool from "./lib/spool.js";
import { test } from "./lib/tap.js";

const MARKUP = "<img src=x onerror=alert(1)><b>bold</b><script>alert(2)</script>";

// Whether anything of it has become markup.
const elements = page => page.locator("img, b, script:not([src])").count();

const block = (type, body) => {
	const size = Buffer.alloc(8);

	size.writeUInt32LE(type, 0);
	size.writeUInt32LE(12 + body.length, 4);
	return Buffer.concat([size, body, size.subarray(4)]);
};

function option(code, value) {
	const head = Buffer.alloc(4);

	head.writeUInt16LE(code, 0);
	head.writeUInt16LE(value.length, 2);
	return Buffer.concat([head, Buffer.from(value), Buffer.alloc(-value.length & 3)]);
}

const words = (...numbers) => {
	const bytes = Buffer.alloc(4 * numbers.length);

	numbers.forEach((number, i) => bytes.writeUInt32LE(number >>> 0, 4 * i));
	return bytes;
};

// A pcapng file whose interface and comment are markup (draft-ietf-opsawg-pcapng: SHB, IDB, EPB).
function hostileFile() {
	const path = join(directory("file"), "file.pcapng");
	const name = `${MARKUP.replaceAll("/", "-")}/${MARKUP.replaceAll("/", "-")}/client`;

	writeFileSync(path, Buffer.concat([
		block(0x0a0d0d0a, Buffer.concat([words(0x1a2b3c4d, 1, -1, -1), option(1, MARKUP), words(0)])),
		block(1, Buffer.concat([words(1, 262144), option(2, name), option(3, MARKUP), words(0)])),
		block(6, Buffer.concat([words(0, 0x5f5e1, 0, 60, 60), Buffer.alloc(60), option(1, MARKUP), words(0)])),
	]));
	return path;
}

// Break: cockpit/dom.js s/^\tnode.append(.*/&\n\tif (children.length === 1 \&\& typeof children[0] === "string") node.innerHTML = children[0];/
// Break: cockpit/dom.js s/node.textContent = text/node.innerHTML = text/
test("markup in messages, addresses, states, names and files stays text", 300, async () => {
	const file = hostileFile();
	const place = spool.make({
		"shop.20260101_000000": { facts: ["state failed", "engine a", `message ${MARKUP}`, `missing a ${MARKUP}`, `comment ${MARKUP}`] },
		"shop.20260102_000000": { facts: spool.doneFacts(file, "packets 1", "dropped 0", "engine a", `clocks ${MARKUP}`, `monitors ${MARKUP}`), file },
		"web.20260103_000000": { facts: ["state waiting", "engine a", "specs 1", `message ${MARKUP}`, `monitors ${MARKUP}`], specs: `${MARKUP}\n`,
			states: { a: [`message ${MARKUP}`, `error ${MARKUP}`, "exit 1"] } },
		"odd.20260104_000000": { facts: [`state ${MARKUP}`, "engine a"] },
	});
	// Names that are no captures', and one that is but is no file of facts.
	mkdirSync(join(place, "captures", "<img src=x onerror=alert(3)>.20260101_000000"));
	writeFileSync(join(place, "captures", "<b>bold<b>"), MARKUP);
	mkdirSync(join(place, "captures", "damaged.20260105_000000"));
	spool.link("/etc/passwd", join(place, "captures/damaged.20260105_000000/capture"));
	const release = await spool.hold(place, "web.20260103_000000");
	const config = spool.configure({ shop: `vip 192.0.2.1 tcp/80 # ${MARKUP}\nserver 10.0.0.1\nengine a\n`,
		bad: `vip ${MARKUP.replaceAll(" ", "")}\n`, "<b>bold<b>": MARKUP }, "a local\n");
	const page = await open({}, { VCAP_SPOOL: place, VCAP_CONFIG: config });

	await text(page, ".capture .pf-v6-c-alert", MARKUP);
	await text(page, ".capture dd", MARKUP);
	await text(page, ".capture td[data-label=Note]", MARKUP);
	await text(page, "#remarks", "damaged.20260105_000000");
	await text(page, "#services-state", "<img");
	assert.equal(await page.locator("#completed tbody tr").count(), 3);
	assert.equal(await elements(page), 0);
	for (const [id, shown] of [["shop.20260101_000000", MARKUP], ["shop.20260102_000000", "<img"], ["odd.20260104_000000", "odd"]]) {
		await page.getByRole("button", { name: `Details of ${id}` }).click();
		await text(page, "#detail", shown);
		if (id === "shop.20260102_000000") {
			await text(page, "#detail .timeline h3", "<img src=x onerror=alert(1)>");
			await text(page, "#detail td[data-label=Interface]", "<img src=x onerror=alert(1)>");
		}
		assert.equal(await elements(page), 0);
		await page.getByRole("button", { name: "All captures" }).click();
		await page.locator("#overview").waitFor();
	}
	release();
});

// Break: cockpit/commands.js s/problem.problem === "not-found"/0/
test("where vcap is not installed it says so", 180, async () => {
	// What Cockpit starts, and nothing else, wherever vcap is installed.
	const place = directory("bin");

	for (const program of readdirSync("/usr/bin").filter(name => /^(cockpit-|python3|sh$|env$)/.test(name)))
		spool.link(join("/usr/bin", program), join(place, program));
	const page = await open({}, { PATH: place });

	await text(page, "#remarks .pf-m-danger", "not installed, or not on PATH");
});

// Break: cockpit/commands.js s/rows.length !== 1/false/
test("what is gone meanwhile is said, not saved as nothing", 180, async () => {
	const file = hostileFile();
	const place = spool.make({ "shop.20260102_000000": { facts: spool.doneFacts(file, "engine a"), file } });
	const page = await open({}, { VCAP_SPOOL: place });
	const downloads = [];

	page.on("download", download => downloads.push(download));
	// The page does not learn of it by itself before it asks.
	once();
	await page.clock.install();
	mkdirSync(join(place, "elsewhere"));
	renameSync(join(place, "captures/shop.20260102_000000"), join(place, "elsewhere/x"));
	await page.getByRole("button", { name: "Export shop.20260102_000000" }).click();
	await page.getByRole("dialog").getByRole("button", { name: "Download" }).click();
	await text(page, "#completed-complaints [role=alert]", "there is no capture 'shop.20260102_000000' any more");
	assert.deepEqual(downloads, []);
});
