import { MASK } from '../model/secret.ts';
import type { Stack } from '../model/stack.ts';

/**
 * Names of variables whose values are nobody's business. `init` asks for more (`secrecyOf`): there a name too many costs a
 * line, here it takes a harmless word out of all output.
 */
const CONFIDENTIAL_NAME =
  /(^|_)(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASS|PASSPHRASE|SALT|ERLANG_COOKIE|CREDENTIALS?)$|_PWD$/i;
/** Masking anything shorter would make output unreadable and protect nothing. */
const SHORTEST = 4;

/**
 * What must never be shown of a stack, for `io.mask`: its secrets, the credentials of servers that it adopts, values of
 * variables that are named like keys, and passwords in their URLs; also as they stand in a URL.
 */
export function confidentialValues(stack: Stack): string[] {
  const values = [
    ...Object.values(stack.secrets),
    ...stack.resources.flatMap(({ endpoint }) => [endpoint.password, endpoint.adminKey]),
    ...[
      ...stack.services.map(({ env }) => env),
      ...stack.resources.map(({ server }) => server?.env ?? {}),
    ].flatMap((env) =>
      Object.entries(env).flatMap(([name, value]) => [
        ...(CONFIDENTIAL_NAME.test(name) ? [value] : []),
        ...passwordIn(value),
      ]),
    ),
  ].filter((value): value is string => value !== undefined && value.length >= SHORTEST);
  return [...new Set(values.flatMap((value) => [value, encodeURIComponent(value)]))];
}

/** Hides in a text what must never be shown of a stack. */
export function confidentialMask(stack: Stack): (text: string) => string {
  // Longest first: of a secret that holds another one nothing must be left over.
  const values = confidentialValues(stack).sort((a, b) => b.length - a.length);
  return (text) => values.reduce((left, value) => left.replaceAll(value, MASK), text);
}

/** The password in an address, as in `postgresql://shop:p4ss@localhost/shop`. */
function passwordIn(value: string): string[] {
  if (!value.includes('://') || !URL.canParse(value)) return [];
  const { password } = new URL(value);
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
