/** What the agent makes of a task's output, and a built task run as the agent runs it. */

import { spawn } from 'node:child_process';
import * as path from 'node:path';

/** A command that the agent reads: `##vso[area.event properties]data`, at any place of a line. */
export interface AgentCommand {
    name: string;
    properties: string;
    data: string;
}

/** Reads commands as the agent does: the first marker of each line; a carriage return ends a line. */
export function agentCommands(output: string): AgentCommand[] {
    const found: AgentCommand[] = [];
    for (const line of output.split(/\r\n|\n|\r/)) {
        const match = /##vso\[([^\] ]+) ?([^\]]*)\](.*)/.exec(line);
        if (match) {
            found.push({ name: match[1] ?? '', properties: match[2] ?? '', data: match[3] ?? '' });
        }
    }
    return found;
}

/** Lines that the log shows as a heading, an error or a warning that is none. */
export function markedLines(output: string): string[] {
    return output.split(/\r\n|\n|\r/).filter((line) => /^\s*##\[/.test(line));
}

export interface Ran {
    /** Everything that the agent reads. */
    output: string;
    result: 'Succeeded' | 'Failed' | undefined;
    /** The line that the run shows. */
    message: string;
}

const TASK = path.resolve('dist/task/index.js');

/** Runs the built task with these inputs, in a world of its own. */
export function runTask(inputs: Record<string, string>, variables: Record<string, string> = {}): Promise<Ran> {
    const env: Record<string, string> = { PATH: process.env['PATH'] ?? '', ...variables };
    for (const [name, value] of Object.entries(inputs)) {
        env[`INPUT_${name.toUpperCase()}`] = value;
    }
    return new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [TASK], { env, stdio: ['ignore', 'pipe', 'pipe'] });
        let output = '';
        for (const stream of [child.stdout, child.stderr]) {
            stream.setEncoding('utf8').on('data', (text: string) => (output += text));
        }
        child.on('error', reject);
        child.on('close', () => {
            const complete = agentCommands(output).find((command) => command.name === 'task.complete');
            const result = /result=(Succeeded|Failed)/.exec(complete?.properties ?? '')?.[1] as Ran['result'];
            resolve({ output, result, message: complete?.data ?? '' });
        });
    });
}
