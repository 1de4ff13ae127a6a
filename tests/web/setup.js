#!/usr/bin/env node
// From nothing to a service: what is offered, what it would write, and that it writes just that.

import { strict as assert } from "node:assert";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "./lib/browser.js";
import * as lab from "./lib/lab.js";
import { open } from "./lib/session.js";
import * as spool from "./lib/spool.js";
import { test } from "./lib/tap.js";

// A configuration that is not there, and a spool.
const nothing = () => ({ VCAP_CONFIG: join(lab.directory("nothing"), "config"), VCAP_SPOOL: spool.make({}) });

const preview = page => page.locator("#setup-preview pre").textContent();

// Break: cockpit/commands.js s/"--dry-run". : \[\]/] : []/
// Break: cockpit/setup.js s/setOpen(true)/;/
test("where nothing is configured an example is a button away, and is shown before it is written", 180, async () => {
	const environment = nothing();
	const page = await open({}, environment);

	await text(page, "#setup", "No virtual service is configured");
	assert.ok(await page.getByRole("button", { name: "New capture" }).isDisabled());
	assert.ok(await page.locator("#order").isHidden());
	await text(page, "#completed", "No completed captures");
	await page.getByRole("button", { name: "Start with an example" }).click();
	await page.locator("#setup-preview pre").waitFor();
	assert.equal(await preview(page), String(await lab.output(["vcap-init", "--dry-run"], environment)).trim());
	assert.equal(existsSync(environment.VCAP_CONFIG), false);
	await page.getByRole("button", { name: "Write these files" }).click();
	await text(page, "#setup-preview .pf-m-success", join(environment.VCAP_CONFIG, "services/self"));
	assert.equal(await page.evaluate(() => document.activeElement.id), "new");
	await page.getByRole("button", { name: "New capture" }).click();
	assert.equal(await page.getByLabel("Select Virtual Service").inputValue(), "self");
});

const CONFIGURATION = `defaults
    mode http
frontend web
    bind 192.0.2.10:80
    default_backend pool
backend pool
    server s1 10.0.1.11:8080
frontend dynamic
    bind 192.0.2.10:81
    use_backend %[req.hdr(host)]
`;

// Break: cockpit/setup.js s/\["envoy", "Import/["envoi", "Import/
test("there is a button for each kind that vcap-import knows, and one that finds nothing says so", 180, async () => {
	const environment = nothing();
	const help = String(await lab.output(["vcap-import", "--help"], environment));
	const kinds = /^kind is (.*)\.$/m.exec(help)[1].split(/, | or /);
	const page = await open({}, environment);

	await text(page, "#setup", "No virtual service is configured");
	assert.equal(await page.locator("#setup-ways button").count(), kinds.length + 1);
	await page.getByRole("button", { name: "Import from Envoy" }).click();
	await text(page, "#setup-preview .pf-m-danger", "Import from Envoy: nothing to write");
	await text(page, "#setup-preview .pf-m-danger", "curl");
});

// Break: cockpit/commands.js s/"--write"/"--force", "--write"/
// Break: cockpit/setup.js s/complaints ? alert("warning", "Left out", inWords(complaints)) : null/null/
test("imports show what they would write and leave out; what is not there is said in red", 180, async () => {
	const environment = nothing();
	const file = join(lab.directory("haproxy"), "haproxy.cfg");

	// This host's, in the lab's own mounts.
	writeFileSync(file, CONFIGURATION);
	await lab.output(["sh", "-c", "mkdir -p /run/haproxy-configuration && cp \"$1\" /run/haproxy-configuration/haproxy.cfg && mount --bind /run/haproxy-configuration /etc/haproxy", "sh", file]);
	const page = await open({}, environment);

	await page.getByRole("button", { name: "Import from IPVS" }).click();
	await text(page, "#setup-preview .pf-m-danger", "Import from IPVS: nothing to write");
	assert.doesNotMatch(await page.locator("#setup-preview").textContent(), /vcap-import/);
	await page.getByRole("button", { name: "Import from HAProxy" }).click();
	await page.locator("#setup-preview pre").waitFor();
	assert.equal(await preview(page), String(await lab.output(["sh", "-c", "vcap-import haproxy 2>/dev/null || [ $? -eq 3 ]"], environment)).trim());
	assert.match(await preview(page), /^# service web\n/);
	await text(page, "#setup-preview .pf-m-warning", "'req.hdr(host)'");
	assert.equal(existsSync(environment.VCAP_CONFIG), false);
	await page.getByRole("button", { name: "Write these files" }).click();
	await text(page, "#setup-preview .pf-v6-c-alert", join(environment.VCAP_CONFIG, "services/web"));
	assert.deepEqual((await lab.rows(["vcap-services", "-j"], "services", environment)).map(({ name }) => name), await page.locator("#service option").allTextContents());
	// More can be added later.
	await page.getByRole("button", { name: "Add services" }).click();
	await page.locator("#setup").waitFor({ state: "hidden" });
	await page.getByRole("button", { name: "Add services" }).click();
	await text(page, "#setup-title", "Add virtual services");
});
