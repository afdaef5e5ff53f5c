/** The environment that hld gets: the task's own, and the token of the job where it is needed. */

import * as tl from 'azure-pipelines-task-lib/task';

import type { Inputs } from './inputs';

type Variables = Record<string, string | undefined>;

/** The name that Azure Pipelines gives the token of the job. */
const JOB_TOKEN = 'SYSTEM_ACCESSTOKEN';

/** The service connection through which the agent itself talks to Azure DevOps. */
const CONNECTION = 'SYSTEMVSSCONNECTION';

/**
 * Only a preview that is posted gets the token of the job. Everything else gets what the pipeline
 * maps in `env`.
 */
export function environment(inputs: Inputs, variables: Variables): Record<string, string> {
    const passed: Record<string, string> = {};
    for (const [name, value] of Object.entries(variables)) {
        // What the agent hands to the task is not for its children.
        if (value !== undefined && !/^(INPUT|ENDPOINT|SECRET|SECUREFILE)_/.test(name)) {
            passed[name] = value;
        }
    }
    if (inputs.command === 'preview' && inputs.isPosted && !passed[JOB_TOKEN]) {
        // The library's getter of one parameter writes it to the debug log; this one does not.
        const token = tl.getEndpointAuthorization(CONNECTION, true)?.parameters['AccessToken'];
        if (token) {
            tl.setSecret(token);
            passed[JOB_TOKEN] = token;
        }
    }
    return passed;
}
