import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { messageOf, QbtcError } from '../errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables that `qbtc.yaml` may refer to: those of the process, and beneath them those of the stack's `.env`.
 * @throws QbtcError ENV_UNREADABLE when there is a `.env` that cannot be read
 */
export async function stackEnvironment(root: string, env: Environment): Promise<Environment> {
  const file = join(root, '.env');
  try {
    return { ...parseEnv(await readFile(file, 'utf8')), ...env };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return env;
    throw new QbtcError('ENV_UNREADABLE', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
}
