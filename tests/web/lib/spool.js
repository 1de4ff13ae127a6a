// Spools and configurations written by hand, for what no lab does by itself.

import { chmodSync, copyFileSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { directory, until } from "./lab.js";

// Makes a spool; captures: id to {facts: lines of `capture`, specs, states: engine to lines, file: path}.
export function make(captures) {
	const spool = directory("spool"), place = join(spool, "captures");

	mkdirSync(place, { mode: 0o700 });
	for (const [id, { facts, specs = "", states = {}, file }] of Object.entries(captures)) {
		const own = join(place, id);

		mkdirSync(join(own, "engines"), { recursive: true, mode: 0o700 });
		writeFileSync(join(own, "capture"), facts.concat("").join("\n"), { mode: 0o600 });
		writeFileSync(join(own, "specs"), specs, { mode: 0o600 });
		for (const [engine, lines] of Object.entries(states))
			writeFileSync(join(own, `engines/${engine}.state`), lines.concat("").join("\n"), { mode: 0o600 });
		if (file) {
			copyFileSync(file, join(own, `${id}.pcapng`));
			chmodSync(join(own, `${id}.pcapng`), 0o600);
		}
	}
	return spool;
}

// The lines of one that is done, with this file.
export const doneFacts = (file, ...more) => ["state done", "created 1767323045.0", "started 1767323045.0", "ended 1767323105.0", "count 0",
	"duration 60000000000", "snaplen 0", "monitors none", `size ${statSync(file).size}`, ...more];

// Somebody works on the capture, as the one that waits for its end does. Resolves with what ends that.
export async function hold(spool, id) {
	const path = join(spool, "captures", id);
	const holder = spawn("flock", ["-x", path, "cat"], { stdio: ["pipe", "ignore", "ignore"] });
	const tried = () => new Promise(resolve => spawn("flock", ["-n", path, "true"]).on("exit", resolve));

	await until("the lock", async () => await tried() !== 0);
	return () => holder.stdin.end();
}

// Makes a configuration; services: file name to text.
export function configure(services, engines = "") {
	const place = directory("config");

	mkdirSync(join(place, "services"));
	for (const [name, text] of Object.entries(services))
		writeFileSync(join(place, "services", name), text);
	writeFileSync(join(place, "engines"), engines);
	return place;
}

export function link(to, from) {
	symlinkSync(to, from);
}
