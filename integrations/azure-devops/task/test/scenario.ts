/** A run of the task in which the task library and the program are played, as `HLD_SCENARIO` says. */

import * as path from 'node:path';

import type { TaskLibAnswers } from 'azure-pipelines-task-lib/mock-answer';
import { TaskMockRunner } from 'azure-pipelines-task-lib/mock-run';

export interface Scenario {
    inputs: Record<string, string>;
    answers: TaskLibAnswers;
}

const { inputs, answers } = JSON.parse(process.env['HLD_SCENARIO'] ?? '{}') as Scenario;
const runner = new TaskMockRunner(path.join(__dirname, '../src/index.js'));
for (const [name, value] of Object.entries(inputs)) {
    runner.setInput(name, value);
}
runner.setAnswers(answers);
runner.run();
