/**
 * What a child prints, on its way to the log.
 *
 * The agent reads commands from a task's output. It takes `##vso[` at any place of a line for one, and
 * `##[` at the start of a line for a heading or an error. A line ends at a carriage return as well.
 * Manifests, commits and servers may contain such text.
 */

import { Transform, type TransformCallback } from 'node:stream';

/**
 * Of `##vso[` only issues pass, for hld reports its findings by them; text from outside can at worst
 * report another finding.
 */
export const MARKERS = {
    source: 'childProcess' as const,
    enableVsoCommands: true,
    allowedVsoCommands: ['task.logissue'],
};

const LF = 0x0a;
const CR = 0x0d;
const HASH = 0x23;
const BRACKET = 0x5b;
const BROKEN = Buffer.from('_[');

/** Bytes that the agent may skip before it looks for a marker. */
const isBlank = (byte: number): boolean => byte === 0x20 || (byte > 0x08 && byte < 0x0d && byte !== LF);

/** Writes `##_[` for `##[` at the start of a line. Bytes go on as they come; none is kept back. */
export class LineStarts extends Transform {
    /** How many `#` stand at the start of this line; negative after any other text. */
    private hashes = 0;

    override _transform(chunk: Buffer | string, _encoding: BufferEncoding, done: TransformCallback): void {
        const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
        let from = 0;
        for (let at = 0; at < bytes.length; at++) {
            if (this.isMarker(bytes[at] ?? 0)) {
                this.push(bytes.subarray(from, at));
                this.push(BROKEN);
                from = at + 1;
            }
        }
        this.push(bytes.subarray(from));
        done();
    }

    /** Whether this byte completes a marker. */
    private isMarker(byte: number): boolean {
        if (byte === LF || byte === CR) {
            this.hashes = 0;
        } else if (byte === HASH && this.hashes >= 0) {
            this.hashes += 1;
        } else if (!isBlank(byte) || this.hashes > 0) {
            const isMarker = byte === BRACKET && this.hashes >= 2;
            this.hashes = -1;
            return isMarker;
        }
        return false;
    }
}
