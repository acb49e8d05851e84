import { createSecureContext, type SecureContext } from 'node:tls';
import { messageOf } from '../../../errors.ts';
import type { GatewayObject } from '../../../model/gateway.ts';
import type { Log } from '../../program.ts';
import type { SecretReferences } from '../secret-references.ts';
import type { Resources } from '../state/resources.ts';

/** The certificates of the store by the name that a client asks for (SNI); `*.example.com` covers one label. */
export class Certificates {
  readonly #resources: Resources;
  readonly #references: SecretReferences;
  readonly #log: Log;
  #byName: Map<string, Certificate> | undefined;
  /** Of the references, when the certificates were read. */
  #version = 0;

  constructor(resources: Resources, references: SecretReferences, log: Log) {
    this.#resources = resources;
    this.#references = references;
    this.#log = log;
    resources.onChange(({ collection }) => {
      if (collection === 'ssls') this.#byName = undefined;
    });
  }

  find(name: string): SecureContext | undefined {
    return this.#of(name)?.context;
  }

  /**
   * Whether the certificate of that name may be used over that version of TLS (`ssl_protocols`). OpenSSL agrees on the
   * version before it asks for a certificate, so that this can only be asked afterwards.
   */
  allows(name: string, version: string): boolean {
    return this.#of(name)?.versions?.includes(version) !== false;
  }

  #of(name: string): Certificate | undefined {
    const { version } = this.#references;
    if (version !== this.#version) this.#byName = undefined;
    this.#version = version;
    this.#byName ??= this.#read();
    const asked = name.toLowerCase();
    return this.#byName.get(asked) ?? this.#byName.get(asked.replace(/^[^.]+/, '*'));
  }

  #read(): Map<string, Certificate> {
    const certificates = new Map<string, Certificate>();
    for (const { id, value: configured } of this.#resources.values('ssls')) {
      if (configured.status === 0 || configured.type === 'client') continue;
      const { value, unresolved } = this.#references.resolve(configured);
      if (unresolved.length > 0) continue;
      const context = this.#contextOf(id, value);
      if (context === undefined) continue;
      const versions = value.ssl_protocols as string[] | undefined;
      for (const name of namesOf(value)) certificates.set(name.toLowerCase(), { context, versions });
    }
    return certificates;
  }

  /** What a reference led to may be no certificate: that concerns this one alone. */
  #contextOf(id: string, value: GatewayObject): SecureContext | undefined {
    try {
      return contextOf(value);
    } catch (error) {
      this.#log('warn', `a certificate cannot be used: ${messageOf(error)}`, { ssl: id });
      return undefined;
    }
  }
}

interface Certificate {
  context: SecureContext;
  /** Of TLS; without them all that the port speaks. */
  versions: string[] | undefined;
}

function contextOf(value: GatewayObject): SecureContext {
  return createSecureContext({
    cert: [String(value.cert), ...((value.certs as string[] | undefined) ?? [])],
    key: [String(value.key), ...((value.keys as string[] | undefined) ?? [])],
    minVersion: 'TLSv1.2',
  });
}

const namesOf = (value: GatewayObject): string[] =>
  (value.snis as string[] | undefined) ?? (typeof value.sni === 'string' ? [value.sni] : []);
