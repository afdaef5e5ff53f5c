/** The built task with the real hld: `HLD_PROGRAM` says where it is. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { after, before, test } from 'node:test';

import { agentCommands, markedLines, runTask } from './agent';
import { PlayedAzure } from './azure';

const HLD = process.env['HLD_PROGRAM'] ?? '';

let world = '';

before(() => {
    assert.ok(existsSync(HLD), 'HLD_PROGRAM names no program');
    world = mkdtempSync(path.join(tmpdir(), 'hld-task-'));
});

after(() => rmSync(world, { recursive: true, force: true }));

/** A definition with one static component. */
function definition(name: string, manifest: string): string {
    const folder = path.join(world, name);
    mkdirSync(path.join(folder, 'web'), { recursive: true });
    mkdirSync(path.join(folder, 'config'));
    const component = 'name: root\nsubcomponents:\n  - name: web\n    type: static\n    path: ./web\n';
    writeFileSync(path.join(folder, 'component.yaml'), component);
    writeFileSync(path.join(folder, 'config/prod.yaml'), 'config: {}\n');
    writeFileSync(path.join(folder, 'web/web.yaml'), manifest);
    return folder;
}

const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n';

test('the built task writes manifests', async () => {
    const folder = definition('fine', `${CONFIG_MAP}  a: b\n`);
    const inputs = { command: 'generate', environments: 'prod', workingDirectory: folder, hldPath: HLD };
    const ran = await runTask(inputs, { HOME: world });
    assert.equal(ran.result, 'Succeeded', ran.output);
    assert.equal(readFileSync(path.join(folder, 'generated/prod/web.yaml'), 'utf8').includes('name: web'), true);
});

test('a wrong definition fails the run', async () => {
    const folder = definition('wrong', 'a: [\n');
    const inputs = { command: 'generate', environments: 'prod', workingDirectory: folder, hldPath: HLD };
    const ran = await runTask(inputs, { HOME: world });
    assert.equal(ran.result, 'Failed', ran.output);
    assert.match(ran.message, /the definition is wrong, or a gate failed \(exit code 1\)/);
    assert.match(ran.output, /HLD0404/);
});

test('findings are issues of the run, with their place', async () => {
    const folder = definition('finding', `${CONFIG_MAP}  a: b\ndatta: {}\n`);
    const inputs = { command: 'validate', environments: 'prod', workingDirectory: folder, hldPath: HLD };
    const ran = await runTask(inputs, { HOME: world });
    assert.equal(ran.result, 'Failed', ran.output);
    const issues = agentCommands(ran.output).filter((command) => command.name === 'task.logissue');
    assert.equal(issues.length, 1, ran.output);
    assert.match(issues[0]?.properties ?? '', /type=error;sourcepath=web\/web\.yaml;linenumber=7;/);
    assert.match(issues[0]?.data ?? '', /`datta` of `ConfigMap web`/);
});

test('the built task publishes, and rolls back', async () => {
    const folder = definition('published', `${CONFIG_MAP}  a: b\n`);
    const repository = path.join(world, 'manifests.git');
    const git = (...words: string[]) => execFileSync('git', ['-C', repository, ...words], { encoding: 'utf8' });
    execFileSync('git', ['init', '-q', '--bare', '-b', 'main', repository]);
    const inputs = { environments: 'prod', workingDirectory: folder, hldPath: HLD, repository, branch: 'main' };
    const act = (command: string, words: string) =>
        runTask({ ...inputs, command, arguments: words, path: 'clusters' }, { HOME: world });

    const first = await act('publish', '--create-branch');
    assert.equal(first.result, 'Succeeded', first.output);
    const published = 'main:clusters/prod/web.yaml';
    const before = git('show', published);

    writeFileSync(path.join(folder, 'web/web.yaml'), `${CONFIG_MAP}  a: c\n`);
    const second = await act('publish', '');
    assert.equal(second.result, 'Succeeded', second.output);
    assert.notEqual(git('show', published), before);

    const back = await act('rollback', '');
    assert.equal(back.result, 'Succeeded', back.output);
    assert.equal(git('show', published), before);

    const held = await act('publish', '');
    assert.equal(held.result, 'Failed', held.output);
});

test('a pull request gets a comment and a status, with the token of the job', async () => {
    const folder = definition('pull', `${CONFIG_MAP}  a: b\n`);
    const who = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
    const git = (...words: string[]) => execFileSync('git', ['-C', folder, ...who, ...words], { encoding: 'utf8' }).trim();
    git('init', '-q', '-b', 'main');
    git('add', '-A');
    git('commit', '-q', '-m', 'first');
    git('update-ref', 'refs/remotes/origin/main', 'HEAD');
    writeFileSync(path.join(folder, 'web/web.yaml'), `${CONFIG_MAP}  a: c\n`);
    git('commit', '-q', '-a', '-m', 'second');
    const head = git('rev-parse', 'HEAD');

    const azure = new PlayedAzure(head);
    const authority = await azure.start();
    const agent = {
        HOME: world,
        TF_BUILD: 'True',
        SYSTEM_COLLECTIONURI: `http://${authority}/org/`,
        SYSTEM_TEAMPROJECT: 'shop',
        BUILD_REPOSITORY_NAME: 'definition',
        BUILD_REPOSITORY_PROVIDER: 'TfsGit',
        SYSTEM_PULLREQUEST_PULLREQUESTID: '7',
        SYSTEM_PULLREQUEST_SOURCECOMMITID: head,
        SYSTEM_PULLREQUEST_TARGETBRANCH: 'refs/heads/main',
        ENDPOINT_AUTH_SYSTEMVSSCONNECTION: '{"scheme":"OAuth","parameters":{"AccessToken":"job-token"}}',
    };
    const inputs = {
        command: 'preview',
        post: 'true',
        arguments: `--gate --require-comment --insecure ${authority}`,
        workingDirectory: folder,
        hldPath: HLD,
    };
    try {
        const ran = await runTask(inputs, agent);
        assert.equal(ran.result, 'Succeeded', ran.output);
        const pull = 'git/repositories/definition/pullRequests/7';
        const thread = azure.asked.find(({ call }) => call === `POST ${pull}/threads`);
        assert.match(thread?.body ?? '', /1 changed/, ran.output);
        const statuses = azure.asked.filter(({ call }) => call === `POST ${pull}/statuses`);
        assert.match(statuses.at(-1)?.body ?? '', /"state":"succeeded"/);
        const proofs = new Set(azure.asked.map(({ authorization }) => authorization));
        assert.deepEqual([...proofs], [`Basic ${Buffer.from(':job-token').toString('base64')}`]);
    } finally {
        azure.stop();
    }
});

test('b160 manifests that hld prints are no commands', async () => {
    const hostile = [
        'a: |',
        '  ##vso[task.setvariable variable=PATH]/tmp',
        '  ##[error]no error',
        'b: "x ##vso[task.uploadfile]/etc/passwd"',
    ];
    const folder = definition('hostile', CONFIG_MAP + hostile.map((line) => `  ${line}\n`).join(''));
    const inputs = {
        command: 'generate',
        environments: 'prod',
        arguments: '--stdout',
        workingDirectory: folder,
        hldPath: HLD,
    };
    const ran = await runTask(inputs, { HOME: world });
    assert.equal(ran.result, 'Succeeded', ran.output);
    assert.match(ran.output, /##_vso\[task\.setvariable/);
    const names = new Set(agentCommands(ran.output).map((command) => command.name));
    assert.deepEqual([...names].sort(), ['task.complete', 'task.debug']);
    assert.deepEqual(markedLines(ran.output), []);
});

test('the version that is found is the one that is asked for', async () => {
    const inputs = { command: 'custom', arguments: 'version', hldPath: HLD, hldVersion: '0.0.0-none' };
    const ran = await runTask(inputs, { HOME: world });
    assert.equal(ran.result, 'Failed');
    assert.match(ran.message, /version 0\.0\.0-none of hld is asked for/);
});

/** Stands for a release: it says its version, and which secrets it sees. */
const RELEASE = `#!/bin/sh
case "$1" in
    version) echo '{"version":"9.8.7"}' ;;
    *) echo "token: \${SYSTEM_ACCESSTOKEN:+is set}"; env | grep -E '^(INPUT|ENDPOINT|SECRET)_' ;;
esac
exit 0
`;

async function withServer<T>(answer: (path: string) => string | undefined, act: (url: string) => Promise<T>): Promise<T> {
    const server = createServer((request, response) => {
        const body = answer(request.url ?? '');
        response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    try {
        return await act(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
        server.close();
    }
}

test('a program is downloaded once, and only the one with the digest', async () => {
    const tools = path.join(world, 'tools');
    const sha256 = createHash('sha256').update(RELEASE).digest('hex');
    let n_asked = 0;
    const answer = (asked: string) => (asked === '/hld' ? (n_asked++, RELEASE) : undefined);
    await withServer(answer, async (url) => {
        const inputs = { command: 'custom', arguments: 'x', hldVersion: '9.8.7', hldUrl: `${url}/hld`, hldSha256: sha256 };
        const variables = { HOME: world, AGENT_TOOLSDIRECTORY: tools };

        const other = await runTask({ ...inputs, hldSha256: '0'.repeat(64) }, variables);
        assert.equal(other.result, 'Failed');
        assert.match(other.message, /is another one: its SHA-256 is/);
        assert.equal(existsSync(tools), false);

        const missing = await runTask({ ...inputs, hldUrl: `${url}/none?sig=secret` }, variables);
        assert.match(missing.message, /HTTP 404/);
        assert.doesNotMatch(missing.output.replace(/##vso\[task\.debug\].*/g, ''), /sig=secret/);

        for (const _ of [1, 2]) {
            const ran = await runTask(inputs, variables);
            assert.equal(ran.result, 'Succeeded', ran.output);
        }
        assert.equal(n_asked, 2, 'once for the wrong digest, once for the right one');
        assert.deepEqual(readdirSync(path.join(tools, 'hld/9.8.7', process.arch)), ['hld']);

        // Whoever may write to the cache does not decide what is run.
        writeFileSync(path.join(tools, 'hld/9.8.7', process.arch, 'hld'), '#!/bin/sh\necho evil\n');
        const again = await runTask(inputs, variables);
        assert.equal(again.result, 'Succeeded', again.output);
        assert.doesNotMatch(again.output, /evil/);
    });
});

test('the token of the job goes to a preview that is posted, and is masked', async () => {
    const program = path.join(world, 'played-hld');
    writeFileSync(program, RELEASE);
    chmodSync(program, 0o755);
    const variables = {
        HOME: world,
        ENDPOINT_AUTH_SYSTEMVSSCONNECTION: '{"scheme":"OAuth","parameters":{"AccessToken":"job-token"}}',
        SECRET_OTHER: 'other-secret',
    };
    const preview = { command: 'preview', base: 'main', hldPath: program };
    const silent = await runTask(preview, variables);
    assert.match(silent.output, /^token: $/m);
    const posted = await runTask({ ...preview, post: 'true' }, variables);
    assert.match(posted.output, /^token: is set$/m);
    assert.doesNotMatch(posted.output, /^(INPUT|ENDPOINT|SECRET)_/m);
    const masked = agentCommands(posted.output).filter((command) => command.name === 'task.setsecret');
    assert.deepEqual(masked.map((command) => command.data), ['job-token']);
    assert.doesNotMatch(posted.output.replace(/##vso\[task\.setsecret\].*/g, ''), /other-secret|job-token/);
});
