/** Inputs to arguments. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { commandLine } from '../src/commandLine';
import { environments, type Inputs } from '../src/inputs';
import { tokenName } from '../src/secrets';

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
    const posted = ['preview', '--base', 'origin/release/1', '--all', '--post'];
    assert.deepEqual(commandLine(preview, variables), posted);
    assert.deepEqual(commandLine(inputs({ command: 'preview', base: 'v1' }), variables).slice(0, 3), [
        'preview',
        '--base',
        'v1',
    ]);
    assert.throws(() => commandLine(preview, {}), /`base` is empty/);
});

test('a target is a repository, a branch and a folder, or what hld.yaml says', () => {
    const publish = inputs({ command: 'publish', repository: 'https://example.com/m', branch: 'main', path: 'clusters' });
    const target = ['--repo', 'https://example.com/m', '--branch', 'main', '--path', 'clusters'];
    assert.deepEqual(commandLine(publish, {}), ['publish', '--all', ...target]);
    const rollback = inputs({ command: 'rollback', environments: ['prod'] });
    assert.deepEqual(commandLine(rollback, {}), ['rollback', '--env', 'prod']);
});

test('b034 a token has the name of its host and port', () => {
    const names: [string, string | undefined][] = [
        ['https://dev.azure.com/org/project/_git/m', 'HLD_TOKEN_DEV_AZURE_COM'],
        ['https://My-Host.example.com/m', 'HLD_TOKEN_MY__HOST_EXAMPLE_COM'],
        ['https://git.example.com:8443/m', 'HLD_TOKEN_GIT_EXAMPLE_COM_PORT_8443'],
        ['https://git.example.com:443/m', 'HLD_TOKEN_GIT_EXAMPLE_COM'],
        ['http://127.0.0.1:3000/m', 'HLD_TOKEN_127_0_0_1_PORT_3000'],
        ['ssh://git@example.com/m', undefined],
        ['git@example.com:m', undefined],
        ['https://[::1]/m', undefined],
    ];
    for (const [repository, name] of names) {
        assert.equal(tokenName(repository), name);
    }
});
