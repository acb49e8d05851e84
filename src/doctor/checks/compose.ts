import { findCompose } from '../../runtimes/containers/index.ts';
import { type Check, pass, warning } from '../check.ts';

/** Whether the compose program is there; without it the engine is asked directly. */
export const compose: Check = async ({ context, engine }) => {
  const found = await findCompose(context);
  if (found !== undefined)
    return pass(`compose ${found.version} (${[found.program, ...found.args].join(' ')})`);
  if (!(await engine).reachable) return pass('no compose v2, and no engine that it would be needed for');
  const v1 = await context.exec('docker-compose', ['version', '--short'], { timeoutMs: 10_000 });
  const what = v1.exitCode === 0 ? `compose ${v1.stdout.trim()} is too old` : 'no compose v2';
  return warning(
    `${what}: qbtc asks the engine itself, and a plain "docker compose up" does not work`,
    'install the compose plugin: https://docs.docker.com/compose/install/linux/',
  );
};
