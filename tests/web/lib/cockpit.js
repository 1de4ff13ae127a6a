// Cockpit as a session of its own on the loopback of the lab, with the page and nothing of the user's.

import { spawn } from "node:child_process";
import { mkdirSync, openSync, symlinkSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { build, directory, until } from "./lab.js";

export function freePort() {
	return new Promise((resolve, reject) => {
		const server = createServer();

		server.on("error", reject);
		server.listen(0, "127.0.0.1", () => {
			const { port } = server.address();

			server.close(() => resolve(port));
		});
	});
}

function answers(port) {
	return new Promise(resolve => {
		const socket = createConnection({ host: "127.0.0.1", port }, () => {
			socket.destroy();
			resolve(true);
		});

		socket.on("error", () => resolve(false));
	});
}

// Resolves with the page's address and what ends Cockpit, its session included. environment: what the
// session is to have beside the lab's.
export async function start(environment, port) {
	const home = directory("cockpit");
	const log = openSync(join(home, "log"), "w");

	mkdirSync(join(home, "share/cockpit"), { recursive: true });
	symlinkSync(join(build, "cockpit/vcap"), join(home, "share/cockpit/vcap"));
	const child = spawn("/usr/lib/cockpit/cockpit-ws", ["--local-session=cockpit-bridge", "--address=127.0.0.1", `--port=${port}`], {
		stdio: ["ignore", log, log],
		env: { ...process.env, HOME: home, XDG_DATA_HOME: join(home, "share"), XDG_CONFIG_HOME: join(home, "config"), ...environment },
	});
	const ended = new Promise(resolve => child.on("exit", resolve));

	await until(`cockpit-ws on port ${port}`, () => answers(port));
	return { address: `http://127.0.0.1:${port}/cockpit/@localhost/vcap/index.html`, pid: child.pid,
		stop: () => {
			child.kill();
			return ended;
		} };
}
