import { createSecureContext, type SecureContext } from 'node:tls';
import type { GatewayObject } from '../../../model/gateway.ts';
import type { Store } from '../state/store.ts';

/** The certificates of the store by the name that a client asks for (SNI); `*.example.com` covers one label. */
export class Certificates {
  readonly #store: Store;
  #byName: Map<string, SecureContext> | undefined;

  constructor(store: Store) {
    this.#store = store;
    store.onChange(({ collection }) => {
      if (collection === 'ssls') this.#byName = undefined;
    });
  }

  find(name: string): SecureContext | undefined {
    this.#byName ??= this.#read();
    const asked = name.toLowerCase();
    return this.#byName.get(asked) ?? this.#byName.get(asked.replace(/^[^.]+/, '*'));
  }

  #read(): Map<string, SecureContext> {
    const contexts = new Map<string, SecureContext>();
    for (const { value } of this.#store.values('ssls')) {
      if (value.status === 0 || value.type === 'client') continue;
      const context = contextOf(value);
      for (const name of namesOf(value)) contexts.set(name.toLowerCase(), context);
    }
    return contexts;
  }
}

function contextOf(value: GatewayObject): SecureContext {
  const { ssl_protocols: protocols } = value as { ssl_protocols?: string[] };
  const lowest = protocols?.includes('TLSv1.2') === false ? 'TLSv1.3' : 'TLSv1.2';
  return createSecureContext({
    cert: [String(value.cert), ...((value.certs as string[] | undefined) ?? [])],
    key: [String(value.key), ...((value.keys as string[] | undefined) ?? [])],
    minVersion: lowest,
  });
}

const namesOf = (value: GatewayObject): string[] =>
  (value.snis as string[] | undefined) ?? (typeof value.sni === 'string' ? [value.sni] : []);
