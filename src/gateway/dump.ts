import { stringify } from 'yaml';
import { DECLARED_KINDS, type GatewayKind, type GatewayObject, type GatewayState } from '../model/gateway.ts';
import type { Dump } from '../model/routes.ts';
import { isRecord } from '../record.ts';
import { normalise } from './normalise.ts';
import { isDiscovered, isOfStack, unstamped } from './stamp.ts';
import { credentialParts } from './state.ts';

export interface DumpOptions {
  stack: string;
  /** Also what is not this stack's. */
  all: boolean;
  /** What is ours among the kinds without labels. */
  isInLedger: (name: string) => boolean;
  /** Values of the stack's secrets by name: written as references, so that the file holds none. */
  secrets: Readonly<Record<string, string>>;
}

/**
 * What a gateway holds, in the form that `sync` reads. Keys of the stack are written as `${secrets.NAME}`; what the
 * gateway keeps to itself (the private keys of certificates) is named in `missing`.
 */
export function dumpGateway(state: GatewayState, options: DumpOptions): Dump {
  const lists: Record<string, object[]> = {};
  const missing: string[] = [];
  let objects = 0;
  const mine = (kind: GatewayKind, id: string, object: GatewayObject) =>
    options.all ||
    (isOfStack(object, options.stack) && !isDiscovered(object)) ||
    options.isInLedger(`${kind}/${id}`);
  for (const [kind, list] of Object.entries(DECLARED_KINDS) as [GatewayKind, string][]) {
    for (const [id, object] of state[kind]) {
      if (!mine(kind, id, object)) continue;
      objects += 1;
      const item = { id, ...written(object, kind) };
      if (kind === 'ssl') missing.push(`the key of ssl ${id}: the gateway does not give it`);
      lists[list] = [...(lists[list] ?? []), item];
    }
  }
  const consumers = [...state.consumer].filter(([id, consumer]) => mine('consumer', id, consumer));
  for (const [username, consumer] of consumers) {
    const credentials = [...state.credential]
      .filter(([key]) => credentialParts(key).username === username)
      .map(([key, credential]) => ({ id: credentialParts(key).id, ...written(credential, 'credential') }));
    objects += 1 + credentials.length;
    const item = { ...written(consumer, 'consumer'), ...(credentials.length === 0 ? {} : { credentials }) };
    lists.consumers = [...(lists.consumers ?? []), item];
  }
  const text = stringify(referenced(lists, options.secrets), { lineWidth: 0, aliasDuplicateObjects: false });
  return { yaml: objects === 0 ? '{}\n' : text, objects, missing };
}

/** Without what the gateway and the stamp added. */
function written(object: GatewayObject, kind: GatewayKind): GatewayObject {
  return unstamped(normalise(object, kind));
}

/** `$` begins a reference in our files: a literal one is doubled, and a secret of the stack becomes one. */
function referenced(value: unknown, secrets: Readonly<Record<string, string>>): unknown {
  if (Array.isArray(value)) return value.map((item) => referenced(item, secrets));
  if (isRecord(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, referenced(item, secrets)]));
  }
  if (typeof value !== 'string') return value;
  let text = value.replaceAll('${', () => '$${');
  const longestFirst = Object.entries(secrets).sort(([, a], [, b]) => b.length - a.length);
  for (const [name, secret] of longestFirst) {
    if (secret.length >= 8) text = text.replaceAll(secret, () => `\${secrets.${name}}`);
  }
  return text;
}
