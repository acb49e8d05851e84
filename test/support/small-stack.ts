import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { freePorts } from './ports.ts';
import { temporaryFolder } from './quiet-context.ts';

const API = `import { createServer } from 'node:http';
console.log(JSON.stringify({ level: 'info', time: new Date().toISOString(), msg: 'key ' + process.env.API_KEY }));
createServer((request, response) => response.end('{"status":"ok"}')).listen(Number(process.env.PORT));
`;
/** Says its key, and ends. */
const BROKEN = `console.log(JSON.stringify({ level: 'error', time: new Date().toISOString(), msg: 'no, ' + process.env.API_KEY }));
process.exit(3);
`;
const FLOW = (port: number, status: number) => `name: health
tags: [smoke]
steps:
  - kind: http
    hop: { subject: api, proves: it answers }
    request: { method: GET, url: "http://127.0.0.1:${port}/health" }
    expect: { status: ${status} }
`;

export const SMALL_KEY = 'k-1a2b3c4d5e6f';

export interface SmallStack {
  root: string;
  write(file: string, text: string): Promise<void>;
  /** The service ends as soon as it is started. */
  breakService(): Promise<void>;
  /** The flow expects what the service does not answer. */
  breakFlow(): Promise<void>;
}

/** A stack of one small service without any resource, which is up in a moment. */
export async function smallStack(): Promise<SmallStack> {
  const root = await temporaryFolder('qbtc-small-');
  const [port = 0] = await freePorts(1);
  const write = async (file: string, text: string) => {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  };
  await write(
    'qbtc.yaml',
    `version: 1
name: small
flows: [flows/*.yaml]
services:
  api:
    path: .
    command: [node, api.mjs]
    port: ${port}
    health: /health
    env: { API_KEY: ${SMALL_KEY} }
`,
  );
  await write('api.mjs', API);
  await write('flows/health.yaml', FLOW(port, 200));
  return {
    root,
    write,
    breakService: () => write('api.mjs', BROKEN),
    breakFlow: () => write('flows/health.yaml', FLOW(port, 204)),
  };
}
