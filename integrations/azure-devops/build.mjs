// Builds the task into one file, and everything that the extension holds into `dist/`.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';

import { build } from 'esbuild';

import { icon } from './icon.mjs';

rmSync('dist', { recursive: true, force: true });
rmSync('build', { recursive: true, force: true });
// Types are checked here; the compiled files are what the tests of parts load.
execFileSync('node_modules/.bin/tsc', { stdio: 'inherit' });
mkdirSync('dist/task', { recursive: true });
mkdirSync('dist/images', { recursive: true });
const { metafile } = await build({
    entryPoints: ['task/src/index.ts'],
    outfile: 'dist/task/index.js',
    bundle: true,
    platform: 'node',
    target: 'node20',
    metafile: true,
    logLevel: 'warning',
});
writeFileSync('dist/task/THIRD-PARTY-NOTICES.txt', notices(Object.keys(metafile.inputs)));
copyFileSync('task/task.json', 'dist/task/task.json');
// The texts of the task library, which it looks for beside itself.
copyFileSync('node_modules/azure-pipelines-task-lib/lib.json', 'dist/task/lib.json');
writeFileSync('dist/task/icon.png', icon(32));
writeFileSync('dist/images/icon.png', icon(128));
for (const file of ['vss-extension.json', 'overview.md', 'LICENSE-MIT']) {
    copyFileSync(file, `dist/${file}`);
}

/** The licences of the packages that these files are of. */
function notices(files) {
    const packages = files.map((file) => /.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
    const texts = [...new Set(packages.filter(Boolean))].sort().map((folder) => {
        const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
        const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
        const text = file ? readFileSync(`${folder}/${file}`, 'utf8').trim() : `licence: ${license}`;
        return `${name} ${version}\n\n${text}\n`;
    });
    return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
