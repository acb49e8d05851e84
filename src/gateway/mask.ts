import type { GatewayKind } from '../model/gateway.ts';
import type { FieldChange } from '../model/plan.ts';
import { isRecord } from '../record.ts';

const MASK = '********';

/** Plugins that hold a consumer's own secret, in whatever field. */
const AUTHENTICATION = /-auth$|^wolf-rbac$/;

/** Its `key` is one; elsewhere `key` names what is counted. */
const SIGNATURE = 'vigoleonrocks-signature';

/** What fields that hold secrets are called in APISIX's plugins, as a part of a pattern. */
export const SECRET_WORDS =
  'secret|password|passwd|token|private_key|client_key|api_?key|access_key|authorization';

/** Field names that hold secrets, wherever they stand: rather one too many is hidden. */
const SECRET_FIELD = new RegExp(SECRET_WORDS, 'i');

/**
 * The change with no secret in it: what a consumer or credential authenticates with, fields with the name of a
 * secret, and every value that holds one of `secrets`. That something changed there stays visible.
 */
export function maskField(kind: GatewayKind, change: FieldChange, secrets: readonly string[]): FieldChange {
  const path = change.path.split('.');
  const masked: FieldChange = { path: change.path };
  if (change.from !== undefined) masked.from = maskValue(kind, path, change.from, secrets);
  if (change.to !== undefined) masked.to = maskValue(kind, path, change.to, secrets);
  return masked;
}

function maskValue(kind: GatewayKind, path: string[], value: unknown, secrets: readonly string[]): unknown {
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, maskValue(kind, [...path, name], inner, secrets)]),
    );
  }
  if (Array.isArray(value)) return value.map((inner) => maskValue(kind, path, inner, secrets));
  if (isSecret(kind, path)) return MASK;
  if (typeof value === 'string' && secrets.some((secret) => secret !== '' && value.includes(secret)))
    return MASK;
  return value;
}

function isSecret(kind: GatewayKind, path: string[]): boolean {
  if (path[0] !== 'plugins') return SECRET_FIELD.test(path.at(-1) ?? '');
  if (path.length < 3) return false;
  if (kind === 'credential') return true;
  if (path[1] === SIGNATURE && path[2] === 'key') return true;
  if (kind === 'consumer' && AUTHENTICATION.test(path[1] ?? '')) return true;
  return path.slice(2).some((name) => SECRET_FIELD.test(name));
}
