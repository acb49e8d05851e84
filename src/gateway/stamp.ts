import { createHash } from 'node:crypto';
import {
  DISCOVERY,
  type GatewayKind,
  type GatewayObject,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  SOURCE_LABEL,
  STACK_LABEL,
  VOUCHER_LABEL,
} from '../model/gateway.ts';

/** Kinds that take no labels: what is ours among them stands in the ledger. */
export const WITHOUT_LABELS: ReadonlySet<GatewayKind> = new Set(['global_rule', 'plugin_metadata', 'secret']);

/** The object with the labels that make it ours to change. Labels of its own stay. */
export function stamped(object: GatewayObject, stack: string): GatewayObject {
  return {
    ...object,
    labels: { ...object.labels, [MANAGED_BY_LABEL]: MANAGED_BY, [STACK_LABEL]: stack },
  };
}

/** The object without what the stamp added. */
export function unstamped(object: GatewayObject): GatewayObject {
  const { labels = {}, ...rest } = object;
  const own = Object.entries(labels).filter(([name]) => !STAMP.has(name));
  return own.length === 0 ? rest : { ...rest, labels: Object.fromEntries(own) };
}

/** True when the object carries both labels of this stack. Anything else is not ours, whatever its name. */
export function isOfStack(object: GatewayObject, stack: string): boolean {
  return object.labels?.[MANAGED_BY_LABEL] === MANAGED_BY && object.labels?.[STACK_LABEL] === stack;
}

/** True for what discovery registered. It comes and goes with the service, and is in no file. */
export function isDiscovered(object: GatewayObject): boolean {
  return object.labels?.[SOURCE_LABEL] === DISCOVERY;
}

/** The source that vouches for what discovery registered. */
export function voucherOf(object: GatewayObject): string | undefined {
  return object.labels?.[VOUCHER_LABEL];
}

/** For people: whose an object is that is not ours. */
export function ownerOf(object: GatewayObject): string {
  const { [MANAGED_BY_LABEL]: manager, [STACK_LABEL]: stack } = object.labels ?? {};
  if (manager === MANAGED_BY && stack !== undefined) return `it belongs to the stack ${stack}`;
  return manager === undefined ? 'it carries no label of qbtc' : `it is managed by ${manager}`;
}

/** Says which private key a certificate has, as the gateway never gives the key itself back. */
export const KEY_LABEL = 'qbtc-key-digest';

const STAMP: ReadonlySet<string> = new Set([MANAGED_BY_LABEL, STACK_LABEL, KEY_LABEL]);

export function withKeyDigest(certificate: GatewayObject): GatewayObject {
  const keys = [certificate.key, ...(Array.isArray(certificate.keys) ? certificate.keys : [])];
  const digest = createHash('sha256').update(JSON.stringify(keys)).digest('hex').slice(0, 16);
  return { ...certificate, labels: { ...certificate.labels, [KEY_LABEL]: digest } };
}
