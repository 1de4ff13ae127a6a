// What a command has said, in the page's words: without the command's name, which nobody typed here, and
// with the names of the form's fields in place of options.

const FIELDS = { c: "Number of Packets", t: "Duration", s: "Size of Packets", e: "Expression", E: "Engines", m: "Health Monitor Options",
	P: "Per packet", x: "Exclude", count: "Number of Packets", time: "Duration", snaplen: "Size of Packets", expression: "Expression",
	engines: "Engines", drops: "Dropped packets", keys: "TLS keys", monitors: "Health Monitor Options", at: "Start Time", comment: "Note" };

// The form says it itself, while there is time to choose.
const SAID_BEFORE = /^no (time )?limit\b/;

// An option is named in quotes or parentheses; elsewhere it is a word of a command line, such as `ssh -t`.
const lineInWords = line => line.replace(/^vcap(-[a-z]+)?: /, "")
	.replace(/(['(]|, )--?([a-z]+)(?=['),])/gi, (all, before, name) => FIELDS[name] ? `${before}${FIELDS[name]}` : all);

export function inWords(text) {
	return text.split("\n").map(lineInWords).filter(line => !SAID_BEFORE.test(line)).join("\n");
}

// What a start complained about: the engines that are missing, [name, what of it, why], and other remarks.
export function missingEngines(text) {
	const missing = [], others = [];

	for (const line of inWords(text).split("\n").filter(Boolean)) {
		const found = line.match(/^engine '([^']+)' (does not capture|has not said that it captures): (.*)/);

		if (found)
			missing.push(found.slice(1));
		else
			others.push(line);
	}
	return { missing, others: others.join("\n") };
}
