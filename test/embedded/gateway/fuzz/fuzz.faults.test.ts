import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installPackages } from '../../../support/docker/run.ts';
import { type FuzzBench, fuzzAnswers, fuzzRequests, numbered, shown, startFuzzBench } from './bench.ts';
import { compareFraming } from './comparison.ts';
import { startNginx } from './nginx.ts';
import { startStrictServer } from './strict-server.ts';

const NGINX = '/usr/sbin/nginx';
const missing = await installPackages(['nginx-light'], NGINX);

let bench: FuzzBench;
beforeAll(async () => {
  bench = await startFuzzBench();
});
afterAll(() => bench.close());

describe('of what clients send and backends answer', () => {
  it('nothing is read in two ways, and nobody gets past a guarded route: 100,000 requests', async ({
    task,
  }) => {
    const { failures, sent, served, refused } = await fuzzRequests(bench, {
      requests: 100_000,
      seed: 1_000_000,
    });
    task.meta.figures = `${sent} odd requests: ${served} reached the backend, ${refused} were refused`;
    expect(shown(failures)).toBe('');
    expect(served).toBeGreaterThan(30_000);
  });

  it('clients get each answer whole, or see that it is not: 100,000 answers', async ({ task }) => {
    const { failures, sent, served, refused } = await fuzzAnswers(bench, {
      requests: 100_000,
      seed: 1_000_000,
    });
    task.meta.figures = `${sent} requests, ${served} odd answers: ${refused} became errors`;
    expect(shown(failures)).toBe('');
    expect(served - refused).toBeGreaterThan(50_000);
  });

  it.skipIf(missing !== undefined)(
    `requests end where nginx sees their end${missing === undefined ? '' : ` (skipped: ${missing})`}`,
    async ({ task }) => {
      const server = await startStrictServer(numbered);
      const nginx = await startNginx(NGINX, server.port);
      try {
        const { differences, both, figures } = await compareFraming(
          bench,
          { ...nginx, server },
          { requests: 10_000, seed: 2_000_000 },
        );
        task.meta.figures = figures;
        expect(differences.slice(0, 5).join('\n')).toBe('');
        expect(both).toBeGreaterThan(2_000);
      } finally {
        await nginx.close();
        await server.close();
      }
    },
  );
});
