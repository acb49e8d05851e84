import { join } from 'node:path';
import { readTextFile, unreadable } from '../text-file.ts';
import { parseEnv } from './dotenv.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables that `qbtc.yaml` may refer to: those of the process, and beneath them those of the stack's `.env`.
 * @throws QbtcError ENV_UNREADABLE when there is a `.env` that cannot be read, ENV_INVALID
 */
export async function readEnvironment(root: string, env: Environment): Promise<Environment> {
  const file = join(root, '.env');
  try {
    return { ...parseEnv(await readTextFile(file), file, (name) => env[name]), ...env };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return env;
    throw unreadable('ENV_UNREADABLE', file, error);
  }
}
