// The lab from inside: its commands, its traffic, and waiting for what they do.

import { execFile, spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export const root = fileURLToPath(new URL("../../..", import.meta.url));
export const build = join(root, process.env.VCAP_BUILD ?? "build");
// How long anything may take that is waited for.
export const PATIENCE_MS = Number(process.env.WEB_PATIENCE ?? 60) * 1000;

const execute = promisify(execFile);

// What a command prints, as bytes. Rejects if it fails.
export async function output(argv, environment = {}) {
	const { stdout } = await execute(argv[0], argv.slice(1), { encoding: "buffer", maxBuffer: 1 << 30,
		timeout: PATIENCE_MS, env: { ...process.env, ...environment } });

	return stdout;
}

// What it complains about when it is given this as input, whatever its status.
export function complaints(argv, input = "") {
	return new Promise((resolve, reject) => {
		const child = execFile(argv[0], argv.slice(1), { timeout: PATIENCE_MS }, (error, stdout, stderr) => resolve(stderr.trim()));

		child.on("error", reject);
		// One that refuses its options does not read.
		child.stdin.on("error", () => {});
		child.stdin.end(input);
	});
}

export const rows = async (argv, key, environment) => JSON.parse(await output(argv, environment))[key];
export const captures = environment => rows(["vcap-ls", "-j"], "captures", environment);

// Requests of all clients, so many rounds of them, until done or until stop() of what is returned.
export function traffic(rounds) {
	const child = spawn("sh", ["-c", `. tests/lab/names.sh; for i in $(seq ${rounds}); do lab_traffic 1; done`], { cwd: root, detached: true, stdio: "ignore" });
	const ended = new Promise(resolve => child.on("exit", resolve));

	return { ended, stop: () => {
		if (child.exitCode === null && child.signalCode === null)
			process.kill(-child.pid);
		return ended;
	} };
}

// A directory that goes with the lab.
export const directory = name => mkdtempSync(join(process.env.LAB_DIR, `${name}-`));

// What one program leaves there is nothing to the next; and what a browser leaves goes with the lab, too.
process.env.TMPDIR = process.env.LAB_DIR;
process.env.VCAP_SPOOL = join(directory("spool"), "spool");
process.env.VCAP_CONFIG = configuration();

// That of the lab, with directories of its own on the engines: of two controllers that start a service within
// one second an engine takes only the first.
function configuration() {
	const to = join(directory("config"), "config"), engines = join(to, "engines");

	cpSync(process.env.VCAP_CONFIG, to, { recursive: true });
	writeFileSync(engines, readFileSync(engines, "utf8").replaceAll(/dir=\S*\/(\S+)/g, `dir=${directory("run")}/$1`));
	return to;
}

// Resolves with what the function gives once that is true: asks it again and again.
export async function until(what, ask) {
	const end = Date.now() + PATIENCE_MS;

	for (;;) {
		const answer = await ask();

		if (answer)
			return answer;
		if (Date.now() > end)
			throw new Error(`never: ${what}`);
		await new Promise(resolve => setTimeout(resolve, 50));
	}
}
