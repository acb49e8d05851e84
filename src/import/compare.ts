import { type Part, parseReferences } from '../config/reference.ts';
import { normalise } from '../gateway/index.ts';
import type { GatewayKind, GatewayObject } from '../model/gateway.ts';
import type { FieldChange } from '../model/plan.ts';
import { difference } from '../reconcile/difference.ts';
import { isRecord } from '../record.ts';
import { mapText } from './escape.ts';

/** What references are filled in with, to compare what is imported with what is declared. */
export interface KnownValues {
  secrets: Readonly<Record<string, string>>;
  env: Readonly<Record<string, string | undefined>>;
}

/** Where the two say something else, whatever the form in which they say it; both without the stamp. */
export function differs(
  kind: GatewayKind,
  imported: GatewayObject,
  declared: GatewayObject,
  values: KnownValues,
): FieldChange[] {
  return difference(canonical(filled(imported, values), kind), canonical(declared, kind));
}

/** What each field is when nothing is said. */
const IMPLIED: Record<string, unknown> = { status: 1, priority: 0, enable_websocket: false };
const PLURAL: Record<string, string> = { uri: 'uris', host: 'hosts', remote_addr: 'remote_addrs' };

/** `uri: /a` is `uris: [/a]`, and a default that is written down says nothing. */
function canonical(object: GatewayObject, kind: GatewayKind): GatewayObject {
  // The gateway does not give private keys, but files do.
  const { key, keys } = object;
  const plain = { ...normalise(object, kind), ...(kind === 'ssl' ? { key, keys } : {}) };
  const fields = Object.entries(plain).flatMap(([name, value]): [string, unknown][] => {
    if (value === undefined || value === IMPLIED[name]) return [];
    const plural = PLURAL[name];
    if (name === 'upstream' && isRecord(value)) return [[name, withoutType(value)]];
    return [plural === undefined ? [name, value] : [plural, [value]]];
  });
  const result = Object.fromEntries(fields) as GatewayObject;
  return kind === 'upstream' ? (withoutType(result) as GatewayObject) : result;
}

function withoutType(upstream: Record<string, unknown>): Record<string, unknown> {
  const { type, scheme, pass_host: host, ...rest } = upstream;
  return {
    ...rest,
    ...(type === undefined || type === 'roundrobin' ? {} : { type }),
    ...(scheme === undefined || scheme === 'http' ? {} : { scheme }),
    ...(host === undefined || host === 'pass' ? {} : { pass_host: host }),
  };
}

/** The object with its references filled in; what nothing is known of stays as it is written. */
export function filled<Value>(value: Value, { secrets, env }: KnownValues): Value {
  const textOf = (part: Part): string => {
    if (part.kind === 'text') return part.text;
    if (part.kind === 'secret') return secrets[part.name] ?? part.source;
    if (part.kind !== 'variable') return part.source;
    const set = env[part.name];
    if (set !== undefined && set !== '') return set;
    return part.fallback === undefined ? part.source : part.fallback.map(textOf).join('');
  };
  return mapText(value, (text) => (text.includes('${') ? parseReferences(text).map(textOf).join('') : text));
}
