/** Lines of a child that would be headings. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LineStarts } from '../src/log';

/** What comes out when the text comes in pieces of this size. */
async function through(text: string, size: number): Promise<string> {
    const log = new LineStarts();
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += size) {
        log.write(bytes.subarray(at, at + size));
    }
    log.end();
    const parts: Buffer[] = [];
    for await (const part of log) {
        parts.push(part as Buffer);
    }
    return Buffer.concat(parts).toString();
}

const CASES: [string, string][] = [
    ['plain\ntext\n', 'plain\ntext\n'],
    ['##[error]x', '##_[error]x'],
    ['a\n##[section]x\n', 'a\n##_[section]x\n'],
    ['a\r##[group]x', 'a\r##_[group]x'],
    ['a\r\n  \t##[group]x', 'a\r\n  \t##_[group]x'],
    ['###[x]', '###_[x]'],
    ['a ##[x] b', 'a ##[x] b'],
    ['# #[x]\n#[x]\n[x]', '# #[x]\n#[x]\n[x]'],
    ['grün ✓\n##[ü', 'grün ✓\n##_[ü'],
];

test('b160 a heading at the start of a line is broken, however the text is cut', async () => {
    for (const [text, expected] of CASES) {
        for (const size of [1, 2, 3, 1000]) {
            assert.equal(await through(text, size), expected);
        }
    }
});
