// A screenshot with a palette of 256 colours, which is a third of its size: what little of a page has more
// are the edges of its letters.

import { deflateSync, inflateSync } from "node:zlib";

const ALIKE = 64; // squared distance, of 8 bits a channel
const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

// Node.js has one only since 20.15.
function crc32(bytes) {
	let crc = 0xffffffff;

	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++)
			crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return (crc ^ 0xffffffff) >>> 0;
}

// The bodies of a PNG file's chunks by their names, those of one name joined (W3C PNG, 5.3).
function chunksOf(file) {
	const chunks = {};

	for (let at = SIGNATURE.length; at < file.length;) {
		const size = file.readUInt32BE(at), name = file.toString("latin1", at + 4, at + 8);

		chunks[name] = Buffer.concat([chunks[name] ?? Buffer.alloc(0), file.subarray(at + 8, at + 8 + size)]);
		at += 12 + size;
	}
	return chunks;
}

function chunk(name, body) {
	const head = Buffer.alloc(8), tail = Buffer.alloc(4);

	head.writeUInt32BE(body.length);
	head.write(name, 4, "latin1");
	tail.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), body])));
	return Buffer.concat([head, body, tail]);
}

function paeth(a, b, c) {
	const [x, y, z] = [a, b, c].map(each => Math.abs(a + b - c - each));

	return x <= y && x <= z ? a : y <= z ? b : c;
}

// The bytes of pixels, whose lines were filtered (W3C PNG, 9.2).
function unfiltered(lines, width, height, depth) {
	const stride = width * depth, pixels = Buffer.alloc(stride * height);

	for (let y = 0; y < height; y++) {
		const filter = lines[y * (stride + 1)];

		for (let x = 0; x < stride; x++) {
			const at = y * stride + x;
			const a = x >= depth ? pixels[at - depth] : 0, b = y ? pixels[at - stride] : 0, c = x >= depth && y ? pixels[at - stride - depth] : 0;

			pixels[at] = lines[y * (stride + 1) + 1 + x] + [0, a, b, (a + b) >> 1, paeth(a, b, c)][filter];
		}
	}
	return pixels;
}

// 256 of the colours, the commonest of those that are not alike, and for each colour which of them is nearest.
function paletteOf(colours, pixels, depth) {
	for (let at = 0; at < pixels.length; at += depth) {
		const colour = pixels.readUIntBE(at, 3);

		colours.set(colour, (colours.get(colour) ?? 0) + 1);
	}
	const distance = (a, b) => ((a >> 16) - (b >> 16)) ** 2 + ((a >> 8 & 255) - (b >> 8 & 255)) ** 2 + ((a & 255) - (b & 255)) ** 2;

	const palette = [];

	for (const colour of [...colours.keys()].sort((a, b) => colours.get(b) - colours.get(a)))
		if (palette.length < 256 && palette.every(each => distance(each, colour) >= ALIKE))
			palette.push(colour);
	for (const colour of colours.keys())
		colours.set(colour, palette.reduce((best, each, i) => distance(each, colour) < distance(palette[best], colour) ? i : best, 0));
	return palette;
}

// file: of 8 bits a channel, without interlacing, as browsers write it.
export function smaller(file) {
	const { IHDR, IDAT } = chunksOf(file), colours = new Map();
	const width = IHDR.readUInt32BE(0), height = IHDR.readUInt32BE(4), depth = IHDR[9] === 6 ? 4 : 3;
	const pixels = unfiltered(inflateSync(IDAT), width, height, depth);
	const palette = paletteOf(colours, pixels, depth);
	const lines = Buffer.alloc((width + 1) * height), head = Buffer.from(IHDR), plte = Buffer.alloc(3 * palette.length);

	for (let i = 0; i < width * height; i++)
		lines[i + Math.floor(i / width) + 1] = colours.get(pixels.readUIntBE(i * depth, 3));
	palette.forEach((colour, i) => plte.writeUIntBE(colour, 3 * i, 3));
	head[9] = 3;
	return Buffer.concat([SIGNATURE, chunk("IHDR", head), chunk("PLTE", plte), chunk("IDAT", deflateSync(lines, { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}
