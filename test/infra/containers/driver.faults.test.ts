import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContainerDriver, Containers } from '../../../src/infra/containers/containers.ts';
import { composeDriver } from '../../../src/infra/containers/drivers/compose.ts';
import { engineDriver } from '../../../src/infra/containers/drivers/engine.ts';
import { findCompose, openContainers, readComposeFile } from '../../../src/infra/containers/index.ts';
import { writeEnvFiles } from '../../../src/infra/env-files.ts';
import type { Stack } from '../../../src/model/stack.ts';
import { dockerContext } from '../../support/docker/context.ts';
import { startEngine, type TestEngine } from '../../support/docker/engine.ts';
import { buildImages } from '../../support/docker/images.ts';
import { newUndecidedStack } from '../../support/new-stack.ts';
import { openStackAt } from '../../support/open-stack.ts';

const started = await startEngine();
const engine: TestEngine | undefined = 'unavailable' in started ? undefined : started;
const reason = 'unavailable' in started ? started.unavailable : '';
const { context, restore } = dockerContext(engine?.env ?? {});
let root = '';
let takeDown = async () => {};
let stack: Stack;
let containers: Containers;

const ABOUT_MINUTES = 300_000;

describe.skipIf(engine === undefined)(
  `containers of a real engine${reason === '' ? '' : ` (skipped: ${reason})`}`,
  () => {
    beforeAll(async () => {
      [root, takeDown] = await newUndecidedStack('dock');
      stack = await openStackAt(root);
      await writeEnvFiles(stack);
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
          const file = await readComposeFile(stack);
          if (compose === undefined || file === undefined) throw new Error('no compose');
          return composeDriver(context, stack, file, containers, compose);
        },
      ],
      [
        "the engine's own API",
        async () => {
          const file = await readComposeFile(stack);
          if (file === undefined) throw new Error('no compose file');
          return engineDriver(context, stack, file, containers);
        },
      ],
    ];

    describe.each(drivers)('%s', (name, open) => {
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
          await containers.stop(['cache']);
          expect((await containers.list()).find(({ service }) => service === 'cache')).toMatchObject({
            state: 'exited',
            reason: 'exited with code 0',
          });
          expect(await driver.up(['cache', 'database'], progress)).toEqual(['cache']);
          expect((await containers.logs('cache', { tail: 1 }))[0]?.timestamp).toMatch(/^\d{4}-.*Z$/);

          const stopped: string[] = [];
          const gone = await containers.down({
            volumes: true,
            onStopped: (service) => void stopped.push(service),
          });
          expect(stopped.sort()).toEqual(['cache', 'database']);
          expect(gone.volumes.length).toBeGreaterThanOrEqual(2);
          expect(await containers.list()).toEqual([]);
        },
        ABOUT_MINUTES,
      );
    });
  },
);
