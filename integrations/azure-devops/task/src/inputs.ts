/** The inputs of the task, as `task.json` names them, checked. */

import * as tl from 'azure-pipelines-task-lib/task';

export const COMMANDS = ['generate', 'validate', 'preview', 'publish', 'rollback', 'custom'] as const;

export type Command = (typeof COMMANDS)[number];

/** Where hld comes from. */
export interface ProgramInputs {
    /** A program that is there. */
    path?: string;
    /** The version that it must have. */
    version?: string;
    /** Where it is downloaded from. */
    url?: string;
    /** The digest of what is downloaded, in lower case. */
    sha256?: string;
}

export interface Inputs {
    command: Command;
    /** Each is one environment, its configs divided by one blank. */
    environments: string[];
    folder: string;
    /** Further arguments, as they were written. */
    arguments: string;
    base?: string;
    isPosted: boolean;
    repository?: string;
    branch?: string;
    path?: string;
    program: ProgramInputs;
}

/** Reads them; an error names the input that is wrong. */
export function readInputs(): Inputs {
    const inputs: Inputs = {
        command: command(tl.getInput('command', true)),
        environments: environments(tl.getInput('environments')),
        folder: text('workingDirectory') ?? process.cwd(),
        arguments: tl.getInput('arguments') ?? '',
        base: text('base'),
        isPosted: tl.getBoolInput('post'),
        repository: text('repository'),
        branch: text('branch'),
        path: text('path'),
        program: {
            path: text('hldPath'),
            version: text('hldVersion'),
            url: text('hldUrl'),
            sha256: text('hldSha256')?.toLowerCase(),
        },
    };
    check(inputs);
    return inputs;
}

function check(inputs: Inputs): void {
    const { command, environments, repository, program } = inputs;
    if (command === 'custom' && inputs.arguments.trim() === '') {
        throw new Error('`arguments` is empty: the command `custom` runs hld with them alone');
    }
    if (command === 'rollback' && environments.length !== 1) {
        throw new Error('`environments` names one environment for the command `rollback`');
    }
    if (repository !== undefined && /^[a-z]+:\/\/[^/]*@/i.test(repository) && !/^ssh:/i.test(repository)) {
        throw new Error('`repository` contains a user or a token: secrets go into `env`');
    }
    if (program.url !== undefined && program.sha256 === undefined) {
        throw new Error('`hldSha256` is required with `hldUrl`');
    }
    if (program.sha256 !== undefined && !/^[0-9a-f]{64}$/.test(program.sha256)) {
        throw new Error('`hldSha256` is no SHA-256: it has 64 hexadecimal digits');
    }
    if (program.version !== undefined && !/^[0-9A-Za-z][0-9A-Za-z.+-]*$/.test(program.version)) {
        throw new Error('`hldVersion` is no version');
    }
}

function command(name: string | undefined): Command {
    const found = COMMANDS.find((command) => command === name);
    if (found === undefined) {
        throw new Error(`\`command\` is none of ${COMMANDS.join(', ')}`);
    }
    return found;
}

/** `prod east, prod west` or one a line: Bedrock's FAB_ENVS. */
export function environments(list: string | undefined): string[] {
    const items = (list ?? '').split(/[,\n\r]/).map((item) => item.trim().split(/\s+/).join(' '));
    return items.filter((item) => item !== '');
}

/** An input that has text; the agent gives empty ones as well. */
function text(name: string): string | undefined {
    const value = tl.getInput(name)?.trim();
    return value === '' ? undefined : value;
}
