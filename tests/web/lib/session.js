// What the tests of a file share: a browser, and a page that begins anew with each test. What has been
// there before loads in a third of the time: so the address stays, too.

import { strict as assert } from "node:assert";
import * as browser from "./browser.js";
import * as cockpit from "./cockpit.js";
import { after, afterEach, before } from "./tap.js";

let chromium, port;
let shared = null, session = null, isOnce = false;

before(async () => {
	[chromium, port] = await Promise.all([browser.start(), cockpit.freePort()]);
});

after(() => chromium?.close());

// The page is for no other test, since its clock will be set.
export function once() {
	isOnce = true;
}

async function abandon() {
	await shared.close();
	shared = null;
	isOnce = false;
}

// Leaves the page, which ends its session: Cockpit's session of one who has not logged in ends with its
// last page.
export async function end() {
	const ending = session;

	session = null;
	if (!ending)
		return;
	try {
		await (isOnce ? abandon() : shared.leave());
	} catch (error) {
		await abandon();
		throw error;
	} finally {
		await ending.stop();
	}
}

// What no page may do, whatever was tested with it.
afterEach(async () => {
	const faults = shared?.faults.splice(0) ?? [];

	await end();
	assert.deepEqual(faults, []);
});

// Opens the page in a session of its own, with these in its environment.
export async function open(options = {}, environment = {}) {
	await end();
	shared ??= await browser.blank(chromium);
	session = await cockpit.start(environment, port);
	await shared.visit(session.address, options);
	return shared.page;
}
