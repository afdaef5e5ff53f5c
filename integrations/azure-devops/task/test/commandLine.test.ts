/** Inputs to arguments. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { commandLine } from '../src/commandLine';
import { environments, type Inputs } from '../src/inputs';

function inputs(some: Partial<Inputs>): Inputs {
    const none = { environments: [], folder: '.', arguments: '', isPosted: false, program: {} };
    return { command: 'generate', ...none, ...some };
}

test('environments are read as FAB_ENVS is', () => {
    assert.deepEqual(environments('DEV,STAGING WEST'), ['DEV', 'STAGING WEST']);
    assert.deepEqual(environments(' prod  east \r\n\n prod west,\n'), ['prod east', 'prod west']);
    assert.deepEqual(environments(undefined), []);
});

test('several environments are several options, none is all', () => {
    const two = inputs({ environments: ['dev', 'prod east'] });
    assert.deepEqual(commandLine(two, {}), ['generate', '--env', 'dev', '--env', 'prod east']);
    assert.deepEqual(commandLine(inputs({}), {}), ['generate', '--all']);
});

test('findings are issues of the run unless another form is asked for', () => {
    assert.deepEqual(commandLine(inputs({ command: 'validate' }), {}), ['validate', '--all', '--format', 'azure']);
    const junit = inputs({ command: 'validate', arguments: '--format junit' });
    assert.deepEqual(commandLine(junit, {}), ['validate', '--all']);
});

test('a preview compares with the target branch of the pull request', () => {
    const variables = { SYSTEM_PULLREQUEST_TARGETBRANCH: 'refs/heads/release/1' };
    const preview = inputs({ command: 'preview', isPosted: true });
    const posted = ['preview', '--base', 'origin/release/1', '--all', '--post', '--forge', 'azure'];
    assert.deepEqual(commandLine(preview, variables), posted);
    assert.deepEqual(commandLine(inputs({ command: 'preview', base: 'v1' }), variables).slice(0, 3), [
        'preview',
        '--base',
        'v1',
    ]);
    assert.throws(() => commandLine(preview, {}), /`base` is empty/);
});

test('a target is a repository, a branch and a folder', () => {
    const publish = inputs({ command: 'publish', repository: 'https://example.com/m', branch: 'main', path: 'clusters' });
    const target = ['--to', 'https://example.com/m', '--branch', 'main', '--path', 'clusters'];
    assert.deepEqual(commandLine(publish, {}), ['publish', '--all', ...target]);
});
