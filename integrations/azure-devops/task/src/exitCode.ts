/** What hld's exit codes mean, for the line that the run shows. */

const MEANINGS: Record<number, string> = {
    1: 'the definition is wrong, or a gate failed',
    2: 'the command line is wrong',
    3: 'refused',
    4: 'the remote refused',
    5: 'no space, or the system failed',
    6: 'try again later',
    130: 'ended by Ctrl-C',
    143: 'ended by the agent',
    255: 'a bug in hld',
};

export function meaning(code: number): string {
    return `${MEANINGS[code] ?? 'failed'} (exit code ${code})`;
}
