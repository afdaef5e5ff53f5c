/** A program from the network: taken only if its digest is the one that was written down. */

import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';

/** Largest program that is taken, in bytes. */
const LARGEST = 512 * 1024 * 1024;

/** Downloads to `target`. Nothing stands there before the digest is seen to be right. */
export async function download(url: string, sha256: string, target: string): Promise<string> {
    const bytes = await fetchAll(url);
    const found = digest(bytes);
    if (found !== sha256) {
        throw new Error(`the program at \`hldUrl\` is another one: its SHA-256 is ${found}, not ${sha256}`);
    }
    mkdirSync(path.dirname(target), { recursive: true });
    const staged = `${target}.${randomBytes(8).toString('hex')}`;
    try {
        writeFileSync(staged, bytes, { flag: 'wx', mode: 0o600 });
        chmodSync(staged, 0o755);
        renameSync(staged, target);
    } finally {
        rmSync(staged, { force: true });
    }
    return target;
}

export function digest(bytes: Buffer): string {
    return createHash('sha256').update(bytes).digest('hex');
}

async function fetchAll(url: string): Promise<Buffer> {
    // An address may hold a token in its query: no error repeats it.
    const response = await fetch(url).catch((error: unknown) => {
        const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
        throw new Error(`the program at \`hldUrl\` can not be downloaded${cause ? `: ${cause}` : ''}`);
    });
    if (!response.ok || response.body === null) {
        throw new Error(`the program at \`hldUrl\` can not be downloaded: HTTP ${response.status}`);
    }
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of response.body) {
        size += part.length;
        if (size > LARGEST) {
            throw new Error(`the program at \`hldUrl\` is larger than ${LARGEST} bytes`);
        }
        parts.push(Buffer.from(part));
    }
    return Buffer.concat(parts);
}
