import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

/** What a scripted endpoint answers to `POST`: bytes, as they stand. */
export interface Script {
  status?: number;
  /** Default `text/event-stream`. */
  type?: string;
  /** Written one after the other, each in a segment of its own. */
  pieces: string[];
  /** Breaks the connection off after the last piece. */
  cuts?: boolean;
  /** Leaves the connection open after the last piece, and says nothing more. */
  stays?: boolean;
}

/** An endpoint whose answers a test writes down byte by byte; `GET` lists the models. */
export interface ScriptedEndpoint {
  /** Without a path. */
  url: string;
  script: Script;
  /** Bodies of the requests that it got. */
  requests: Record<string, unknown>[];
  stop(): Promise<void>;
}

export async function startScripted(models: string[] = []): Promise<ScriptedEndpoint> {
  const server: Server = createServer(async (request, response) => {
    let content = '';
    for await (const chunk of request) content += chunk;
    if (request.method === 'GET') {
      const data = models.map((id) => ({ id, object: 'model', created: 1, owned_by: 'scripted' }));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data }));
      return;
    }
    endpoint.requests.push(JSON.parse(content) as Record<string, unknown>);
    const { status = 200, type = 'text/event-stream', pieces, cuts, stays } = endpoint.script;
    response.writeHead(status, { 'content-type': type });
    for (const piece of pieces) {
      response.write(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (cuts) response.destroy();
    else if (!stays) response.end();
  });
  const endpoint: ScriptedEndpoint = {
    url: '',
    script: { pieces: [] },
    requests: [],
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  endpoint.url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  return endpoint;
}
