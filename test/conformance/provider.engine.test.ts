import { afterAll } from 'vitest';
import { startEngine } from '../support/docker/engine.ts';
import { buildImages } from '../support/docker/images.ts';
import { installPackages } from '../support/docker/run.ts';
import { editStack, newUndecidedStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { CHECKOUT, qbtc } from '../support/qbtc.ts';
import { providerConformance } from './provider.ts';

const missing =
  (await installPackages(['rabbitmq-server'], '/usr/lib/rabbitmq/bin/rabbitmq-server')) ??
  (await installPackages(['redis-server'], '/usr/bin/redis-server')) ??
  (await installPackages(['postgresql'], '/usr/bin/psql'));

const engine = await startEngine();
const noDocker =
  'unavailable' in engine
    ? engine.unavailable
    : await buildImages(engine, `${CHECKOUT}templates/stack/infrastructure/docker-compose.yml`);
const cleanUp: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const work of cleanUp) await work();
  if (!('unavailable' in engine)) await engine.stop();
}, 120_000);

providerConformance({ provider: 'embedded' });
providerConformance({ provider: 'native', ...(missing === undefined ? {} : { skip: missing }) });
providerConformance({
  provider: 'docker',
  ...(noDocker === undefined ? {} : { skip: noDocker }),
  ...('unavailable' in engine ? {} : { env: engine.env }),
});
providerConformance({
  provider: 'external',
  ...(missing === undefined ? {} : { skip: missing }),
  // The installed servers of another stack are as good as any that ran before.
  async prepare(root) {
    const [owner, takeDown] = await newUndecidedStack('owner', 19_000);
    cleanUp.push(takeDown);
    const names = ['broker', 'cache', 'database'];
    const options = names.flatMap((name) => ['--provider', `${name}=native`]);
    const up = await qbtc(['up', ...names, ...options, '--no-apply', '--timeout', '120'], owner);
    if (up.code !== 0) throw new Error(up.stderr);
    const { resources } = await openStackAt(owner);
    await editStack(root, (file) => {
      for (const { name, kind, endpoint } of resources.filter((each) => names.includes(each.name))) {
        file.setIn(['infrastructure', name], {
          kind,
          provider: 'external',
          url: endpoint.url,
          ...(kind === 'rabbitmq' ? { management_url: endpoint.managementUrl } : {}),
        });
      }
    });
  },
});
