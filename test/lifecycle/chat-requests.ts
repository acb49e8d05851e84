import { request } from 'node:http';
import { query } from '@stack/testing/postgres';
import type { Stack } from '../../src/model/stack.ts';

export interface Answered {
  id: string;
  /** 0 when the connection broke. */
  status: number;
  code: string;
  ms: number;
}

/** One chat request through the gateway, as a client sends it. */
export function ask(stack: Stack, index: number): Promise<Answered> {
  const gateway = stack.resources.find(({ kind }) => kind === 'apisix')?.endpoint;
  const id = `faults:${index}`;
  const body = JSON.stringify({
    model: 'qbtc-offline',
    messages: [{ role: 'user', content: `Request ${index} is mine. Whose is it?` }],
  });
  const began = performance.now();
  return new Promise((resolve) => {
    const done = (status: number, text: string) => {
      const code = status === 200 ? '' : (/"code":"([^"]*)"/.exec(text)?.[1] ?? text.slice(0, 80));
      const isMine = status !== 200 || text.includes(`Request ${index} is mine.`);
      resolve({ id, status: isMine ? status : -1, code, ms: performance.now() - began });
    };
    const sent = request(
      {
        host: gateway?.host,
        port: gateway?.port,
        path: '/v1/chat/completions',
        method: 'POST',
        headers: {
          authorization: `Bearer ${stack.secrets['test-api-key']}`,
          'content-type': 'application/json',
          'x-correlation-id': id,
        },
      },
      (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => done(response.statusCode ?? 0, text));
        response.on('error', (error) => done(0, error.message));
      },
    );
    sent.on('error', (error) => done(0, error.message));
    sent.end(body);
  });
}

/** How often each answer was given, in words. */
export function counted(answers: readonly Answered[]): string {
  const counts = new Map<string, number>();
  for (const { status, code } of answers) {
    const what = status === 200 ? '200' : `${status} ${code}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `${count} × ${what}`).join(', ');
}

/** How many rows each request has that was stored. */
export async function rowsByRequest(stack: Stack): Promise<Map<string, number>> {
  const database = stack.resources.find(({ kind }) => kind === 'postgres')?.endpoint.url ?? '';
  const rows = await query<{ correlation_id: string }>(
    database,
    `select correlation_id from qcs_quantum.interactions where correlation_id like 'faults:%'`,
  );
  const counts = new Map<string, number>();
  for (const { correlation_id: id } of rows) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
