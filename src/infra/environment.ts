import type { Stack } from '../model/stack.ts';

/**
 * What every process of the stack gets of our own environment: what programs need to run at all.
 * Everything else a service must be given in `qbtc.yaml`, so that it runs the same on every machine.
 */
const PASSED_ON = [
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  // Windows
  'SystemRoot',
  'TEMP',
  'TMP',
  'USERPROFILE',
  'APPDATA',
  'PATHEXT',
];

export function baseEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const base: Record<string, string> = { NODE_ENV: 'production' };
  for (const name of PASSED_ON) {
    const value = env[name];
    if (value !== undefined) base[name] = value;
  }
  return base;
}

/**
 * What every service is told besides its own variables, which win: the stack's name, and where its spans go. The service
 * that keeps the spans has nowhere to send its own.
 *
 * @param hostOf where services reach each other: this machine's loopback, or their names in the compose network
 */
export function stackEnvironment(
  stack: Stack,
  service: string,
  hostOf: (service: string) => string,
): Record<string, string> {
  const store = stack.services.find(({ name }) => name === stack.tracing?.service);
  return {
    STACK_NAME: stack.name,
    ...(store === undefined || store.name === service
      ? {}
      : { TRACE_STORE_URL: `http://${hostOf(store.name)}:${store.port}` }),
  };
}
