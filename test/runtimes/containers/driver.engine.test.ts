import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { composeProject } from '../../../src/config/place.ts';
import type { Stack } from '../../../src/model/stack.ts';
import type { ContainerDriver, Containers } from '../../../src/runtimes/containers/containers.ts';
import { composeDriver } from '../../../src/runtimes/containers/drivers/compose.ts';
import { engineDriver } from '../../../src/runtimes/containers/drivers/engine.ts';
import { findCompose, openContainers, readComposeFile } from '../../../src/runtimes/containers/index.ts';
import { writeEnvFiles } from '../../../src/services/env-files.ts';
import { dockerContext } from '../../support/docker/context.ts';
import { startEngine, type TestEngine } from '../../support/docker/engine.ts';
import { buildImages } from '../../support/docker/images.ts';
import { run } from '../../support/docker/run.ts';
import { newUndecidedStack } from '../../support/new-stack.ts';
import { openStackAt } from '../../support/open-stack.ts';
import { temporaryFolder } from '../../support/quiet-context.ts';

const started = await startEngine();
const engine: TestEngine | undefined = 'unavailable' in started ? undefined : started;
const reason = 'unavailable' in started ? started.unavailable : '';
const { context, restore } = dockerContext(engine?.env ?? {});
let root = '';
let takeDown = async () => {};
let stack: Stack;
let containers: Containers;

let own: Stack | undefined;

/** What Redis writes when it is one. */
const READY = 'Ready to accept connections';
const ABOUT_MINUTES = 300_000;

const docker = (...args: string[]) => run('docker', args, { env: { ...process.env, ...engine?.env } });
/** What the engine still has of a project. */
async function left(project: string): Promise<string[]> {
  const filter = ['--filter', `label=com.docker.compose.project=${project}`];
  const lists = await Promise.all([
    docker('ps', '--all', ...filter, '--format', '{{.Names}}'),
    docker('network', 'ls', ...filter, '--format', '{{.Name}}'),
    docker('volume', 'ls', ...filter, '--format', '{{.Name}}'),
  ]);
  return lists.flatMap(({ stdout }) => stdout.split('\n').filter(Boolean));
}
const idOf = async (service: string) =>
  (await containers.list()).find((each) => each.service === service)?.id;

interface Inspected {
  Id: string;
  Config: { Cmd: string[] };
  NetworkSettings: { Networks: Record<string, object> };
  Mounts: { Name?: string; Destination: string }[];
}

/** A file as people have one: no labels, short and long forms, and a companion that ends. */
const OWN_COMPOSE_FILE = `
version: "3.9"
services:
  prepare:
    image: \${CACHE_IMAGE:-redis:7-alpine}
    command: sh -c 'exit 0'
  cache:
    image: \${CACHE_IMAGE:-redis:7-alpine}
    command: redis-server --port 6390 --loglevel debug
    ports:
      - "127.0.0.1:17341-17342:6390-6391"
    volumes:
      - /scratch
      - kept:/data
      - { type: tmpfs, target: /memory, tmpfs: { size: 1m } }
    networks: { default: , back: { aliases: [store] } }
    environment: [CACHE_PASSWORD, "EXTRA=a#b"]
    depends_on: { prepare: { condition: service_completed_successfully } }
networks: { back: }
volumes: { kept: }
`;

describe.skipIf(engine === undefined)(
  `containers of a real engine${reason === '' ? '' : ` (skipped: ${reason})`}`,
  () => {
    beforeAll(async () => {
      [root, takeDown] = await newUndecidedStack('dock');
      stack = await openStackAt(root);
      await writeEnvFiles(context, stack);
      containers = openContainers(context, root);
      const problem = await buildImages(engine as TestEngine, stack.composeFile);
      expect(problem).toBeUndefined();
    }, ABOUT_MINUTES);
    afterAll(async () => {
      await containers?.down({ volumes: true, onStopped() {} });
      await takeDown();
      await engine?.stop();
      restore();
    }, ABOUT_MINUTES);

    const drivers: [string, () => Promise<ContainerDriver>][] = [
      [
        'the compose program',
        async () => {
          const compose = await findCompose(context);
          const file = await readComposeFile(own ?? stack);
          if (compose === undefined || file === undefined) throw new Error('no compose');
          return composeDriver(context, own ?? stack, file, containers, compose);
        },
      ],
      [
        "the engine's own API",
        async () => {
          const file = await readComposeFile(own ?? stack);
          if (file === undefined) throw new Error('no compose file');
          return engineDriver(context, own ?? stack, file, containers);
        },
      ],
    ];

    describe.each(drivers)('%s', (name, open) => {
      test.skipIf(name.includes('program') && engine?.hasCompose === false)(
        'takes a compose file that knows nothing of qbtc, and leaves nothing of it',
        async () => {
          const folder = await temporaryFolder();
          own = { ...stack, root: folder, composeFile: join(folder, 'compose.yaml') };
          await writeFile(own.composeFile, OWN_COMPOSE_FILE);
          await writeEnvFiles(context, own);
          containers = openContainers(context, folder);
          const driver = await open();
          await driver.check(['cache']);
          expect(await driver.up(['cache'], () => {})).toContain('cache');
          const [cache] = (await containers.list()).filter(({ service }) => service === 'cache');
          expect(cache).toMatchObject({ state: 'running', ports: expect.arrayContaining([17341, 17342]) });
          const inspect = async () =>
            JSON.parse((await docker('inspect', (await idOf('cache')) ?? '')).stdout)[0] as Inspected;
          const before = await inspect();
          expect(before.Config.Cmd).toEqual(['redis-server', '--port', '6390', '--loglevel', 'debug']);
          expect(Object.keys(before.NetworkSettings.Networks).length).toBe(2);
          const nameless = (each: Inspected) =>
            each.Mounts.find(({ Destination }) => Destination === '/scratch')?.Name;
          expect(nameless(before)).toMatch(/^[0-9a-f]{64}$/);

          // Declared otherwise, it is made anew and keeps what is in its volume without a name.
          await writeFile(own.composeFile, OWN_COMPOSE_FILE.replace('debug', 'verbose'));
          expect(await (await open()).up(['cache'], () => {})).toContain('cache');
          const after = await inspect();
          expect(after.Id).not.toBe(before.Id);
          expect(nameless(after)).toBe(nameless(before));

          await containers.down({ volumes: false, onStopped() {} });
          expect((await docker('volume', 'ls', '--quiet')).stdout).toContain(nameless(before));
          await (await open()).up(['cache'], () => {});
          const gone = await containers.down({ volumes: true, onStopped() {} });
          expect(gone.volumes).toContain(`${composeProject(own.name, folder)}_kept`);
          expect(await left(composeProject(own.name, folder))).toEqual([]);
          own = undefined;
          containers = openContainers(context, root);
        },
        ABOUT_MINUTES,
      );

      test.skipIf(name.includes('program') && engine?.hasCompose === false)(
        'creates, leaves alone, stops, starts, and removes with its data',
        async () => {
          const driver = await open();
          const said: string[] = [];
          const progress = (service: string, doing: string) => void said.push(`${service} ${doing}`);
          expect((await driver.up(['cache', 'database'], progress)).sort()).toEqual(['cache', 'database']);
          const first = await containers.list();
          expect(first.map(({ service, state }) => [service, state]).sort()).toEqual([
            ['cache', 'running'],
            ['database', 'running'],
          ]);
          const cache = stack.resources.find((resource) => resource.name === 'cache');
          expect(first.find(({ service }) => service === 'cache')?.ports).toEqual([cache?.ports.main]);

          expect(await driver.up(['cache', 'database'], progress)).toEqual([]);
          // The first process of a container that has not said yet what it does on SIGTERM does nothing.
          const started = (times: number) =>
            expect
              .poll(
                async () => JSON.stringify(await containers.logs('cache', { tail: 500 })).split(READY).length,
                {
                  timeout: 60_000,
                },
              )
              .toBe(times + 1);
          await started(1);
          await containers.stop(['cache']);
          expect((await containers.list()).find(({ service }) => service === 'cache')).toMatchObject({
            state: 'exited',
            reason: 'exited with code 0',
          });
          expect(await driver.up(['cache', 'database'], progress)).toEqual(['cache']);
          await started(2);
          expect((await containers.logs('cache', { tail: 1 }))[0]?.timestamp).toMatch(/^\d{4}-.*Z$/);

          const stopped: string[] = [];
          const gone = await containers.down({
            volumes: true,
            onStopped: (service) => void stopped.push(service),
          });
          expect(stopped.sort()).toEqual(['cache', 'database']);
          expect(gone.volumes.length).toBeGreaterThanOrEqual(2);
          expect(await containers.list()).toEqual([]);
          expect(await left(composeProject(stack.name, root))).toEqual([]);
        },
        ABOUT_MINUTES,
      );
    });
  },
);
