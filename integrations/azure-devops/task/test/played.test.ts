/** The task with a task library and a program that are played. */

import assert from 'node:assert/strict';
import * as path from 'node:path';
import { test } from 'node:test';

import { MockTestRunner } from 'azure-pipelines-task-lib/mock-test';

import { agentCommands, markedLines } from './agent';
import type { Scenario } from './scenario';

async function play(scenario: Scenario): Promise<MockTestRunner> {
    process.env['HLD_SCENARIO'] = JSON.stringify(scenario);
    const runner = new MockTestRunner(path.join(__dirname, 'scenario.js'), path.resolve('task/task.json'));
    runner.nodePath = process.execPath;
    await runner.runAsync();
    return runner;
}

const WHICH = { hld: '/bin/hld' };

test('a run that passes succeeds', async () => {
    const exec = { '/bin/hld validate --env dev --env prod east --format azure --strict': { code: 0, stdout: 'fine' } };
    const inputs = { command: 'validate', environments: 'dev,prod east', arguments: '--strict' };
    const run = await play({ inputs, answers: { which: WHICH, exec } });
    assert.ok(run.succeeded, run.stdout);
    assert.ok(run.ran('/bin/hld validate --env dev --env prod east --format azure --strict'), run.stdout);
});

test('a run that fails says what the exit code means', async () => {
    const exec = { '/bin/hld generate --all': { code: 3, stderr: 'error[HLD0701]: …' } };
    const run = await play({ inputs: { command: 'generate' }, answers: { which: WHICH, exec } });
    assert.ok(run.failed);
    assert.ok(run.createdErrorIssue('hld generate: refused (exit code 3)'), run.stdout);
});

test('wrong inputs start nothing', async () => {
    const wrong: [Record<string, string>, RegExp][] = [
        [{ command: 'apply' }, /`command` is none of generate, /],
        [{ command: 'custom' }, /`arguments` is empty/],
        [{ command: 'rollback' }, /`environments` names one environment/],
        [{ command: 'publish', repository: 'https://me:token@example.com/m', branch: 'main' }, /secrets go into `env`/],
        [{ command: 'generate', hldUrl: 'https://example.com/hld' }, /`hldSha256` is required/],
        [{ command: 'generate', hldUrl: 'https://example.com/hld', hldSha256: 'abc' }, /64 hexadecimal digits/],
        [{ command: 'generate', hldVersion: '../1' }, /`hldVersion` is no version/],
        [{ command: 'preview' }, /`base` is empty/],
    ];
    for (const [inputs, expected] of wrong) {
        const run = await play({ inputs, answers: { which: WHICH } });
        assert.ok(run.failed);
        assert.match(run.errorIssues.join('\n'), expected);
        assert.equal(run.invokedToolCount, 0);
        assert.doesNotMatch(run.errorIssues.join('\n'), /me:token/);
    }
});

test('without a program the run fails and says what to give', async () => {
    const run = await play({ inputs: { command: 'generate' }, answers: { which: {} } });
    assert.ok(run.failed);
    assert.match(run.errorIssues.join(), /there is no hld: give `hldPath`/);
});

test('b160 of what the program prints only issues reach the agent', async () => {
    const stdout = [
        '##vso[task.setvariable variable=PATH]/tmp/evil',
        'in the middle ##vso[task.prependpath]/tmp/evil',
        'after a return\r##vso[task.uploadfile]/etc/passwd\r##[error]no error',
        '##[section]Finishing: hld',
        '##VSO[task.complete result=Succeeded]',
        '##vso[task.logissue type=warning;sourcepath=web/component.yaml;linenumber=3]unknown field `x`',
    ].join('\n');
    const stderr = 'note ##vso[task.setvariable variable=a;isOutput=true]b\n##[command]rm';
    const exec = { '/bin/hld generate --all': { code: 1, stdout, stderr } };
    const run = await play({ inputs: { command: 'generate' }, answers: { which: WHICH, exec } });
    const names = new Set(agentCommands(run.stdout).map((command) => command.name));
    assert.deepEqual([...names].sort(), ['task.complete', 'task.debug', 'task.issue', 'task.logissue']);
    assert.deepEqual(markedLines(run.stdout), []);
    assert.match(run.stdout, /in the middle ##_vso\[task\.prependpath\]/);
    assert.match(run.stdout, /^##_\[section\]Finishing: hld$/m);
});
