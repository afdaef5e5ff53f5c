/** The environment that hld gets: the task's own, and tokens under the names by which hld knows them. */

import * as tl from 'azure-pipelines-task-lib/task';

import type { Inputs } from './inputs';

type Variables = Record<string, string | undefined>;

/** The name that Azure Pipelines gives the token of the job. */
const JOB_TOKEN = 'SYSTEM_ACCESSTOKEN';

/** The service connection through which the agent itself talks to Azure DevOps. */
const CONNECTION = 'SYSTEMVSSCONNECTION';

/** The name that Bedrock gave the token for the manifest repository. */
const MANIFEST_TOKEN = 'ACCESS_TOKEN_SECRET';

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
    const token = passed[MANIFEST_TOKEN];
    const name = inputs.repository && tokenName(inputs.repository);
    // A secret that nobody has set is its own name.
    if (token && name && !token.startsWith('$(')) {
        passed[name] ??= token;
    }
    return passed;
}

/** Where hld looks for the token of a host: `HLD_TOKEN_DEV_AZURE_COM`. */
export function tokenName(repository: string): string | undefined {
    const url = URL.canParse(repository) ? new URL(repository) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol) || !/^[a-z0-9.-]+$/.test(url.hostname)) {
        return undefined;
    }
    const host = url.hostname.toUpperCase().replaceAll('-', '__').replaceAll('.', '_');
    const port = url.port || (url.protocol === 'http:' ? '80' : '');
    return `HLD_TOKEN_${host}${port && `_PORT_${port}`}`;
}
