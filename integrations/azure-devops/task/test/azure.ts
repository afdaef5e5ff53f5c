/** A forge that is played: what hld asks of Azure DevOps for one pull request. */

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request, without what does not matter. */
export interface Asked {
    call: string;
    authorization: string;
    body: string;
}

export class PlayedAzure {
    readonly asked: Asked[] = [];
    private readonly threads: object[] = [];
    private readonly server: Server;

    constructor(private readonly head: string) {
        this.server = createServer((request, response) => {
            void read(request).then((body) => {
                const path = (request.url ?? '').split('?')[0] ?? '';
                const call = `${request.method} ${path.replace(/.*\/_apis\//, '')}`;
                this.asked.push({ call, authorization: request.headers.authorization ?? '', body });
                response.writeHead(200, { 'content-type': 'application/json' });
                response.end(JSON.stringify(this.answer(call, body)));
            });
        });
    }

    /** Gives the `host:port` that it listens at. */
    async start(): Promise<string> {
        await new Promise<void>((ready) => this.server.listen(0, '127.0.0.1', ready));
        return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    }

    stop(): void {
        this.server.close();
        this.server.closeAllConnections();
    }

    private answer(call: string, body: string): unknown {
        const author = { id: 'the-build-service' };
        if (call === 'GET connectionData') {
            return { authenticatedUser: author };
        } else if (call.endsWith('/iterations')) {
            return { value: [{ id: 1, sourceRefCommit: { commitId: this.head } }], count: 1 };
        } else if (call.endsWith('/threads') && call.startsWith('GET')) {
            return { value: this.threads, count: this.threads.length };
        } else if (call.endsWith('/threads')) {
            const { comments } = JSON.parse(body) as { comments: { content: string }[] };
            const thread = { id: this.threads.length + 1, comments: [{ ...comments[0], id: 1, author }] };
            this.threads.push(thread);
            return thread;
        } else if (call.startsWith('GET')) {
            return { lastMergeSourceCommit: { commitId: this.head }, status: 'active' };
        }
        return {};
    }
}

async function read(request: IncomingMessage): Promise<string> {
    const parts: Buffer[] = [];
    for await (const part of request) {
        parts.push(part as Buffer);
    }
    return Buffer.concat(parts).toString();
}
