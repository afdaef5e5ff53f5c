/**
 * The task: reads its inputs, finds hld, runs it, and says what became of it.
 *
 * It decides nothing that hld decides. What hld prints goes to the log through `log.ts` alone.
 */

import * as tl from 'azure-pipelines-task-lib/task';

import { commandLine } from './commandLine';
import { readInputs } from './inputs';
import { LineStarts, MARKERS } from './log';
import { findProgram } from './program';
import { environment } from './secrets';
import { meaning } from './exitCode';

async function run(): Promise<void> {
    const inputs = readInputs();
    const program = await findProgram(inputs.program);
    const hld = tl.tool(program);
    hld.arg(commandLine(inputs, process.env));
    hld.line(inputs.arguments);
    const log = new LineStarts();
    log.pipe(process.stdout, { end: false });
    const code = await hld.execAsync({
        cwd: inputs.folder,
        env: environment(inputs, process.env),
        ignoreReturnCode: true,
        externalOutput: MARKERS,
        outStream: log,
    });
    log.end();
    if (code === 0) {
        tl.setResult(tl.TaskResult.Succeeded, '');
    } else {
        tl.setResult(tl.TaskResult.Failed, `hld ${inputs.command}: ${meaning(code)}`);
    }
}

run().catch((error: unknown) => {
    tl.setResult(tl.TaskResult.Failed, error instanceof Error ? error.message : String(error));
});
