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
