import { GATEWAY_KINDS, type GatewayKind, type GatewayObject, type GatewayState } from '../model/gateway.ts';

export function emptyState(): GatewayState {
  return Object.fromEntries(GATEWAY_KINDS.map((kind) => [kind, new Map()])) as unknown as GatewayState;
}

/** One object of a gateway: `route/acme-llm-chat`, `credential/app/app-bearer`. */
export interface Reference {
  kind: GatewayKind;
  id: string;
}

export function nameOf({ kind, id }: Reference): string {
  return `${kind}/${id}`;
}

/** Every object of a state, in the order in which they may refer to each other. */
export function* objectsOf(state: GatewayState): Generator<Reference & { object: GatewayObject }> {
  for (const kind of GATEWAY_KINDS) {
    for (const [id, object] of state[kind]) yield { kind, id, object };
  }
}

/** The key of a credential in a state, and back. Neither a username nor an id can hold a slash. */
export function credentialKey(username: string, id: string): string {
  return `${username}/${id}`;
}

export function credentialParts(key: string): { username: string; id: string } {
  const slash = key.indexOf('/');
  return { username: key.slice(0, slash), id: key.slice(slash + 1) };
}

/** The objects that must be there before this one can be. */
export function referencesOf(kind: GatewayKind, id: string, object: GatewayObject): Reference[] {
  const references: Reference[] = [];
  if (kind === 'credential') references.push({ kind: 'consumer', id: credentialParts(id).username });
  for (const [field, target] of REFERENCES[kind] ?? []) {
    const id = object[field];
    if (typeof id === 'string' || typeof id === 'number') references.push({ kind: target, id: String(id) });
  }
  return references;
}

/** The fields by which objects name others. A reference to a kind that we do not know is the gateway's to judge. */
const REFERENCES: Partial<Record<GatewayKind, [field: string, kind: GatewayKind][]>> = {
  service: [['upstream_id', 'upstream']],
  route: [
    ['upstream_id', 'upstream'],
    ['service_id', 'service'],
    ['plugin_config_id', 'plugin_config'],
  ],
  stream_route: [
    ['upstream_id', 'upstream'],
    ['service_id', 'service'],
  ],
  consumer: [['group_id', 'consumer_group']],
};
