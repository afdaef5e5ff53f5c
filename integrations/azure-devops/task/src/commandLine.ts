/** From inputs to hld's arguments. Pure; no secret is ever part of them. */

import type { Inputs } from './inputs';

/** Variables of the agent. */
type Variables = Record<string, string | undefined>;

/** The arguments, without those that the user wrote. */
export function commandLine(inputs: Inputs, variables: Variables): string[] {
    switch (inputs.command) {
        case 'custom':
            return [];
        case 'generate':
            return ['generate', ...chosen(inputs)];
        case 'validate':
            return ['validate', ...chosen(inputs), ...annotated(inputs)];
        case 'preview':
            return ['preview', ...base(inputs, variables), ...chosen(inputs), ...posted(inputs)];
        case 'publish':
        case 'rollback':
            return [inputs.command, ...chosen(inputs), ...target(inputs)];
    }
}

/** The environments, in the form that allows several. */
function chosen(inputs: Inputs): string[] {
    if (inputs.environments.length === 0) {
        return ['--all'];
    }
    return inputs.environments.flatMap((environment) => ['--env', environment]);
}

/** Findings become issues of the run, unless another form is asked for. */
function annotated(inputs: Inputs): string[] {
    return /(^|\s)--format\b/.test(inputs.arguments) ? [] : ['--format', 'azure'];
}

/** A pull request is compared with what it would be merged into. */
function base(inputs: Inputs, variables: Variables): string[] {
    const target = variables['SYSTEM_PULLREQUEST_TARGETBRANCH']?.replace(/^refs\/heads\//, '');
    const revision = inputs.base ?? (target ? `origin/${target}` : undefined);
    if (revision === undefined) {
        throw new Error('`base` is empty, and this run is for no pull request');
    }
    return ['--base', revision];
}

/** hld finds the pull request in the agent's variables: it may be on Azure DevOps or on GitHub. */
function posted(inputs: Inputs): string[] {
    return inputs.isPosted ? ['--post'] : [];
}

/** What is not given stands in hld.yaml. */
function target(inputs: Inputs): string[] {
    const { repository, branch, path } = inputs;
    const option = (name: string, value: string | undefined) => (value === undefined ? [] : [name, value]);
    return [...option('--repo', repository), ...option('--branch', branch), ...option('--path', path)];
}
