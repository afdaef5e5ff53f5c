/** The hld program: a path that is given, the tool cache, a download, the PATH. */

import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';

import * as tl from 'azure-pipelines-task-lib/task';

import { digest, download } from './download';
import type { ProgramInputs } from './inputs';

/** Finds the program, and checks that it is the one that was asked for. */
export async function findProgram(asked: ProgramInputs): Promise<string> {
    const program = await locate(asked);
    if (asked.version !== undefined) {
        const version = versionOf(program);
        if (version !== asked.version) {
            throw new Error(`version ${asked.version} of hld is asked for, and ${program} is ${version}`);
        }
    }
    return program;
}

async function locate(asked: ProgramInputs): Promise<string> {
    if (asked.path !== undefined) {
        return runnable(path.resolve(asked.path));
    }
    const cached = cachePath(asked);
    if (cached !== undefined && isWhole(cached, asked)) {
        return cached;
    }
    if (asked.url !== undefined && asked.sha256 !== undefined) {
        const name = `hld-${asked.sha256}`;
        const target = cached ?? path.join(tl.getVariable('Agent.TempDirectory') ?? process.cwd(), name);
        return download(asked.url, asked.sha256, target);
    }
    const found = tl.which('hld', false);
    if (!found) {
        throw new Error('there is no hld: give `hldPath`, give `hldUrl`, or put it on the PATH');
    }
    return found;
}

/** Where the tool cache of the agent has this version: `<tools>/hld/<version>/<architecture>/hld`. */
function cachePath(asked: ProgramInputs): string | undefined {
    const tools = tl.getVariable('Agent.ToolsDirectory');
    if (!tools || asked.version === undefined) {
        return undefined;
    }
    return path.join(tools, 'hld', asked.version, process.arch, 'hld');
}

/** Whether the cache has the program, and it is the one with the digest. */
function isWhole(cached: string, asked: ProgramInputs): boolean {
    if (!existsSync(cached)) {
        return false;
    }
    return asked.sha256 === undefined || digest(readFileSync(cached)) === asked.sha256;
}

function runnable(program: string): string {
    try {
        accessSync(program, constants.X_OK);
    } catch {
        throw new Error(`\`hldPath\`: ${program} is not there, or can not be run`);
    }
    return program;
}

function versionOf(program: string): string {
    const printed = execFileSync(program, ['version', '--format', 'json'], { encoding: 'utf8', timeout: 60_000 });
    const { version } = JSON.parse(printed) as { version?: unknown };
    return typeof version === 'string' ? version : 'of no version';
}
