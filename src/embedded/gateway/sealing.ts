import type { GatewayObject } from '../../model/gateway.ts';
import { PLUGINS } from './plugin-registry.ts';
import type { Keyring } from './state/keyring.ts';
import type { Collection } from './state/resources.ts';
import type { Sealing } from './state/store.ts';

/** Seals the fields that the plugins' schemas call secret (`encrypt_fields`), and the private keys of certificates. */
export function createSealing(keyring: Keyring): Sealing {
  return {
    seal: (collection, value) => mapSecrets(collection, value, (secret) => keyring.seal(secret)),
    unseal: (collection, value) => mapSecrets(collection, value, (secret) => keyring.unseal(secret)),
    reopen: (collection, value) =>
      collection === 'ssls' ? mapKeys(value, (key) => reopened(keyring, key)) : value,
  };
}

/** A private key as people have it; what is sealed does not begin so. */
export const isPlainKey = (key: string): boolean => key.startsWith('---');
/** A reference to a key is no secret. */
const isReference = (key: string): boolean => key.startsWith('$');

/** A key that was listed, sealed, comes back so. What is not of this keyring stays, and is refused. */
function reopened(keyring: Keyring, key: string): string {
  if (isPlainKey(key)) return key;
  try {
    return keyring.unseal(key);
  } catch {
    return key;
  }
}

function mapSecrets(
  collection: Collection,
  value: GatewayObject,
  change: (secret: string) => string,
): GatewayObject {
  if (collection === 'ssls') return mapKeys(value, change);
  if (value.plugins === undefined) return value;
  const ofConsumer = collection === 'consumers' || collection === 'credentials';
  const plugins = Object.entries(value.plugins as Record<string, Record<string, unknown>>).map(
    ([name, configuration]) => {
      const plugin = PLUGINS.get(name);
      const schema = ofConsumer ? plugin?.consumerSchema : plugin?.schema;
      const fields = (schema?.encrypt_fields ?? []) as string[];
      if (fields.length === 0) return [name, configuration];
      const changed = { ...configuration };
      for (const field of fields) {
        const secret = changed[field];
        if (typeof secret === 'string') changed[field] = change(secret);
      }
      return [name, changed];
    },
  );
  return { ...value, plugins: Object.fromEntries(plugins) };
}

/** The private keys of a certificate, where they are text: it may not have been looked at yet. */
function mapKeys(value: GatewayObject, change: (secret: string) => string): GatewayObject {
  const { key, keys } = value;
  const changed = (each: unknown) => (typeof each === 'string' && !isReference(each) ? change(each) : each);
  return {
    ...value,
    ...(key === undefined ? {} : { key: changed(key) }),
    ...(Array.isArray(keys) ? { keys: keys.map(changed) } : {}),
  };
}
