// The icon: a tree of three components, drawn.

import { crc32, deflateSync } from 'node:zlib';

const BACKGROUND = [0x1f, 0x4e, 0x79];
const FOREGROUND = [0xff, 0xff, 0xff];

/** The circles and lines, in a square of side 1. */
const CIRCLES = [[0.5, 0.26, 0.13], [0.27, 0.72, 0.13], [0.73, 0.72, 0.13]];
const LINES = [[0.5, 0.26, 0.27, 0.72], [0.5, 0.26, 0.73, 0.72]];
const HALF_WIDTH = 0.035;

/** A PNG of `size` by `size` pixels. */
export function icon(size) {
    const rows = Buffer.alloc(size * (1 + size * 3));
    for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
            const cover = coverage(x, y, size);
            const colour = BACKGROUND.map((b, i) => Math.round(b + (FOREGROUND[i] - b) * cover));
            rows.set(colour, y * (1 + size * 3) + 1 + x * 3);
        }
    }
    const header = Buffer.alloc(13);
    header.writeUInt32BE(size, 0);
    header.writeUInt32BE(size, 4);
    header.set([8, 2, 0, 0, 0], 8);
    const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

/** How much of a pixel is drawn on: 16 samples. */
function coverage(x, y, size) {
    let n = 0;
    for (let i = 0; i < 16; i++) {
        n += isInside((x + ((i % 4) + 0.5) / 4) / size, (y + (Math.floor(i / 4) + 0.5) / 4) / size) ? 1 : 0;
    }
    return n / 16;
}

function isInside(x, y) {
    return CIRCLES.some(([cx, cy, r]) => Math.hypot(x - cx, y - cy) < r)
        || LINES.some(([ax, ay, bx, by]) => distance(x, y, ax, ay, bx, by) < HALF_WIDTH);
}

function distance(x, y, ax, ay, bx, by) {
    const along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2);
    const t = Math.min(1, Math.max(0, along));
    return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay));
}

function chunk(type, data) {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
}
