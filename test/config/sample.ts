import { copyFile, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadStack } from '../../src/config/load.ts';
import { QbtcError } from '../../src/errors.ts';
import type { Stack } from '../../src/model/stack.ts';

/** The template's own `qbtc.yaml`: the example that must load. */
export const TEMPLATE_FILE = fileURLToPath(new URL('../../templates/stack/qbtc.yaml', import.meta.url));

/** The same stack with everything in one file, as it was before services had files of their own. */
export const INLINE_FILE = fileURLToPath(new URL('../fixtures/inline-stack/qbtc.yaml', import.meta.url));

export const VERSION = '0.1.0';

export const SECRETS: Readonly<Record<string, string>> = {
  'api-key': 'qbtc_app',
  'test-api-key': 'qbtc_test',
  'limited-api-key': 'qbtc_limited',
  'trading-control-key': 'qbtc_control',
  'simulator-key': 'qbtc_simulator',
  'simulator-secret': 'simulator secret',
  'broker-password': 'broker/pass',
  'cache-password': 'cache pass',
  'database-password': 'data@base',
  'gateway-admin-key': 'qbtc_admin',
  'gateway-keyring': 'keyring/of/the/gateway',
  'llm-api-broker-password': 'account-of-api',
  'quantum-core-database-password': 'role/pass',
  'quantum-core-broker-password': 'account-of-core',
  'platform-api-database-password': 'role/of/platform',
  'platform-api-broker-password': 'account-of-platform',
  'trading-hft-database-password': 'role/of/trading',
  'trading-hft-broker-password': 'account-of-trading',
};

/** The files that the template's `qbtc.yaml` names, without their contents. */
const NAMED_FILES = [
  'services/llm-api/src/main.ts',
  'services/quantum-core/src/main.ts',
  'services/platform-api/src/main.ts',
  'services/trading-hft/src/main.ts',
  'services/trading-hft/src/cli/main.ts',
  'tools/exchange-simulator/src/main.ts',
  'infrastructure/rabbitmq/topology.yaml',
  'infrastructure/supabase/migrations/0001_start.sql',
  'flows/a.yaml',
  'flows/b.yaml',
];

export interface Sample {
  root: string;
  file: string;
  write(text: string): Promise<void>;
  load(env?: Record<string, string>): Promise<Stack>;
  /** The mistakes that loading `text` reports, without the file's name. */
  mistakes(text: string, env?: Record<string, string>): Promise<string[]>;
  remove(): Promise<void>;
}

/** A folder of its own with the template's `qbtc.yaml` and empty files where it names some. */
export async function makeSample(): Promise<Sample> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'qbtc-config-')));
  const file = join(root, 'qbtc.yaml');
  await copyFile(INLINE_FILE, file);
  for (const name of NAMED_FILES) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), '');
  }
  const load = (env: Record<string, string> = {}) =>
    loadStack({ file, env, secrets: SECRETS, qbtcVersion: VERSION, cwd: root });
  return {
    root,
    file,
    load,
    write: (text) => writeFile(file, text),
    async mistakes(text, env) {
      await writeFile(file, text);
      try {
        await load(env);
      } catch (error) {
        if (error instanceof QbtcError && error.code === 'CONFIG_INVALID') return [...error.details];
        throw error;
      }
      return [];
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}

/** A stack of one service and a broker, with `lines` in place of or after what it has. */
export function small(lines: string): string {
  return `version: 1
name: small
infrastructure:
  broker: { kind: rabbitmq }
services:
  llm-api:
    path: services/llm-api
    entry: src/main.ts
    port: 8000
${lines}`;
}
