// What the tests of a file share: a browser, and pages that are closed after each test.

import { strict as assert } from "node:assert";
import * as browser from "./browser.js";
import * as cockpit from "./cockpit.js";
import { after, afterEach, before } from "./tap.js";

let chromium;
const opened = [];

before(async () => {
	chromium = await browser.start();
});

after(() => chromium?.close());

// What no page may do, whatever was tested with it.
afterEach(async () => {
	const faults = opened.flatMap(each => each.faults);

	await Promise.all(opened.splice(0).map(each => each.close()));
	assert.deepEqual(faults, []);
});

// Opens the page in a session of its own, with these in its environment. Cockpit's session of one who
// has not logged in ends with its last page.
export async function open(options = {}, environment = {}) {
	const session = await cockpit.start(environment);

	try {
		const each = await browser.open(chromium, session.address, options);

		opened.push({ ...each, close: () => each.close().then(session.stop) });
		return each.page;
	} catch (error) {
		await session.stop();
		throw error;
	}
}

// Closes a page before the test is over, and ends its session.
export function end(page) {
	return opened.find(each => each.page === page).close();
}
