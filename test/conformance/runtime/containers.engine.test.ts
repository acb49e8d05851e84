import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerRuntime, openDriver } from '../../../src/runtimes/containers/index.ts';
import { writeEnvFiles } from '../../../src/services/env-files.ts';
import { dockerContext } from '../../support/docker/context.ts';
import { startEngine } from '../../support/docker/engine.ts';
import { buildImages } from '../../support/docker/images.ts';
import { newUndecidedStack } from '../../support/new-stack.ts';
import { openStackAt } from '../../support/open-stack.ts';
import { runtimeConformance } from './runtime.ts';

const engine = await startEngine();
const { context, restore } = dockerContext('unavailable' in engine ? {} : engine.env);

const COMPOSE_FILE = `
services:
  first: &server
    image: \${CACHE_IMAGE:-redis:7-alpine}
    command: redis-server --port 6390
    environment: [CACHE_PASSWORD]
  second: *server
`;

runtimeConformance({
  name: 'containers',
  ...('unavailable' in engine ? { skip: engine.unavailable } : {}),
  async begin() {
    if ('unavailable' in engine) throw new Error(engine.unavailable);
    const [root, takeDown] = await newUndecidedStack('runtimes');
    const declared = await openStackAt(root);
    await writeEnvFiles(context, declared);
    const problem = await buildImages(engine, declared.composeFile);
    if (problem !== undefined) throw new Error(problem);
    const folder = await mkdtemp(join(tmpdir(), 'qbtc-runtime-'));
    const stack = { ...declared, root: folder, composeFile: join(folder, 'compose.yaml') };
    await writeFile(stack.composeFile, COMPOSE_FILE);
    await writeEnvFiles(context, stack);
    await (await openDriver(context, stack)).up(['first', 'second'], () => {});
    const runtime = () => containerRuntime(context, folder);
    return {
      ...{ first: 'first', second: 'second', runtime },
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
