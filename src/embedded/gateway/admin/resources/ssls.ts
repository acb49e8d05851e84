import { createPrivateKey, X509Certificate } from 'node:crypto';
import { ssl } from '../../schema/definitions.ts';
import type { AdminResource } from '../resource.ts';

export const ssls: AdminResource = {
  collection: 'ssls',
  kind: 'ssl',
  identifiedBy: 'id',
  schema: ssl,
  unsupported: [],
  check(value) {
    const pairs = [[value.cert, value.key], ...zip(value.certs, value.keys)];
    for (const [cert, key] of pairs) {
      const error = pairError(String(cert ?? ''), String(key ?? ''));
      if (error !== undefined) return error;
    }
    return value.type === 'client'
      ? 'property "type": client certificates are not available in this gateway'
      : undefined;
  },
};

function zip(certs: unknown, keys: unknown): [unknown, unknown][] {
  const list = Array.isArray(certs) ? certs : [];
  return list.map((cert, index) => [cert, Array.isArray(keys) ? keys[index] : undefined]);
}

function pairError(cert: string, key: string): string | undefined {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch (error) {
    return `failed to parse cert: ${(error as Error).message}`;
  }
  try {
    const privateKey = createPrivateKey(key);
    return certificate.checkPrivateKey(privateKey)
      ? undefined
      : 'failed to handle cert-key pair: key values mismatch';
  } catch (error) {
    return `failed to parse key: ${(error as Error).message}`;
  }
}
