/** What the manifests say is what the task does. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { COMMANDS } from '../src/inputs';

interface Task {
    version: { Major: number; Minor: number; Patch: number };
    inputs: { name: string; options?: Record<string, string> }[];
    execution: Record<string, { target: string }>;
    restrictions: { commands: { mode: string }; settableVariables: { allowed: string[] } };
}

const json = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;

const task = json<Task>('dist/task/task.json');

test('every input that is named is read, and none that is not', () => {
    const source = readFileSync('task/src/inputs.ts', 'utf8');
    const read = [...source.matchAll(/(?:text|getInput|getBoolInput)\('([A-Za-z0-9]+)'/g)].map((match) => match[1]);
    assert.deepEqual(read.sort(), task.inputs.map((input) => input.name).sort());
    const command = task.inputs.find((input) => input.name === 'command');
    assert.deepEqual(Object.keys(command?.options ?? {}), [...COMMANDS]);
});

test('the extension and the task have one version', () => {
    const { Major, Minor, Patch } = task.version;
    for (const file of ['package.json', 'dist/vss-extension.json']) {
        assert.equal(json<{ version: string }>(file).version, `${Major}.${Minor}.${Patch}`);
    }
});

test('the agent is told to take no command but harmless ones, and no variable', () => {
    assert.equal(task.restrictions.commands.mode, 'restricted');
    assert.deepEqual(task.restrictions.settableVariables.allowed, []);
});

test('what the agent runs is in the package', () => {
    for (const { target } of Object.values(task.execution)) {
        assert.ok(existsSync(`dist/task/${target}`));
    }
    assert.match(readFileSync('dist/task/THIRD-PARTY-NOTICES.txt', 'utf8'), /^azure-pipelines-task-lib /m);
});
