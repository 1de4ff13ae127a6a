// Tests of a file, one after the other, as TAP that prove understands.

const tests = [];
const hooks = { before: [], after: [], afterEach: [] };

export const before = hook => hooks.before.push(hook);
export const after = hook => hooks.after.push(hook);
export const afterEach = hook => hooks.afterEach.push(hook);

// seconds: how long it may take, at most. An argument of the program's chooses one by its name.
export function test(name, seconds, body) {
	if (![undefined, name].includes(process.argv[2]))
		return;
	if (tests.push({ name, seconds, body }) === 1)
		setImmediate(run);
}

function within(seconds, promise) {
	let timer;
	const late = new Promise((resolve, reject) => {
		timer = setTimeout(() => reject(new Error(`not done within ${seconds} s`)), seconds * 1000);
	});

	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const comment = text => console.log(String(text).replaceAll(/^/gm, "# "));

// Whether it went well; says why if not.
async function attempt(steps) {
	let good = true;

	for (const step of steps)
		try {
			await step();
		} catch (error) {
			good = false;
			hooks.told.push(error.stack ?? error);
		}
	return good;
}

async function run() {
	let bad = 0;

	hooks.told = [];
	console.log(`1..${tests.length}`);
	const ready = await attempt(hooks.before);

	for (const [i, { name, seconds, body }] of tests.entries()) {
		const good = ready && await attempt([() => within(seconds, body()), ...hooks.afterEach]);

		console.log(`${good ? "ok" : "not ok"} ${i + 1} - ${name}`);
		hooks.told.splice(0).forEach(comment);
		bad += !good;
	}
	await attempt(hooks.after);
	hooks.told.forEach(comment);
	process.exit(bad > 0 || hooks.told.length > 0 ? 1 : 0);
}
