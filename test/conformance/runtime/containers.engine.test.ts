import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ComposeService, containerRuntime } from '../../../src/runtimes/containers/index.ts';
import { writeEnvFiles } from '../../../src/services/env-files.ts';
import { dockerContext } from '../../support/docker/context.ts';
import { startEngine } from '../../support/docker/engine.ts';
import { buildImages } from '../../support/docker/images.ts';
import { newUndecidedStack } from '../../support/new-stack.ts';
import { openStackAt } from '../../support/open-stack.ts';
import { PART_ENVIRONMENT, PART_SCRIPT, runtimeConformance } from './runtime.ts';

const engine = await startEngine();
const { context, restore } = dockerContext('unavailable' in engine ? {} : engine.env);

const COMPOSE_FILE = JSON.stringify({
  services: Object.fromEntries(
    ['first', 'second'].map((name) => [
      name,
      {
        image: '${CACHE_IMAGE:-redis:7-alpine}',
        // A dollar sign that is none of compose's own stands twice.
        entrypoint: ['sh', '-c', PART_SCRIPT.replaceAll('$', '$$$$')],
        environment: PART_ENVIRONMENT,
      },
    ]),
  ),
});

runtimeConformance<ComposeService>({
  name: 'containers',
  ...('unavailable' in engine ? { skip: engine.unavailable } : {}),
  async begin() {
    if ('unavailable' in engine) throw new Error(engine.unavailable);
    const [root, takeDown] = await newUndecidedStack('runtimes');
    const declared = await openStackAt(root);
    await writeEnvFiles(context, declared);
    const problem = await buildImages(engine, declared.composeFile);
    if (problem !== undefined) {
      await takeDown();
      await engine.stop();
      throw new Error(problem);
    }
    const folder = await mkdtemp(join(tmpdir(), 'qbtc-runtime-'));
    const stack = { ...declared, root: folder, composeFile: join(folder, 'compose.yaml') };
    await writeFile(stack.composeFile, COMPOSE_FILE);
    await writeEnvFiles(context, stack);
    const runtime = () => containerRuntime(context, stack);
    return {
      ...{ first: 'first', second: 'second', runtime },
      describe: (service) => ({ service }),
      async end() {
        await runtime().remove({ volumes: true, onEnding() {}, onStopped() {} });
        await rm(folder, { recursive: true, force: true });
        await takeDown();
        await engine.stop();
        restore();
      },
    };
  },
});
