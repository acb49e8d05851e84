import type { ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { createDocker } from '../../../src/system/docker.ts';
import { quietContext } from '../quiet-context.ts';
import { scriptedServer } from '../scripted-server.ts';

/** A container as `GET /containers/json` of API 1.41 gives it. */
export function container(index: number, changes: Record<string, unknown> = {}) {
  const id = index.toString(16).padStart(64, '0');
  return {
    Id: id,
    Names: [`/web-${index}`],
    Image: `shop/web-${index}:1`,
    Created: 1_700_000_000 + index,
    State: 'exited',
    Status: 'Exited (1) 2 minutes ago',
    Labels: { 'qbtc.service': 'true', 'qbtc.port': '3000' },
    Ports: [],
    NetworkSettings: { Networks: { bridge: { IPAddress: '' } } },
    HostConfig: { NetworkMode: 'bridge' },
    ...changes,
  };
}

/** An engine that lists these containers; `onEvents` is handed each stream of events. */
export async function scriptedEngine(
  containers: object[],
  onEvents: (response: ServerResponse) => void = () => {},
) {
  const server = await scriptedServer((request, response) => {
    const url = String(request.url);
    if (url.includes('/events')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      onEvents(response);
    } else if (url.includes('/containers/json')) response.end(JSON.stringify(containers));
    else response.end('OK');
  });
  onTestFinished(() => server.close());
  const docker = createDocker({ DOCKER_HOST: server.url.replace('http:', 'tcp:') }, 'linux');
  return { context: { ...quietContext(), docker }, requests: server.requests };
}
