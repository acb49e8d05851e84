import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { GatewayObject } from '../../../../model/gateway.ts';
import { ssl } from '../../schema/definitions.ts';
import { isPlainKey } from '../../sealing.ts';
import { referenceError } from '../../secret-references.ts';
import { unavailable } from '../../unavailable.ts';
import type { AdminResource } from '../resource.ts';

export const ssls: AdminResource = {
  collection: 'ssls',
  kind: 'ssl',
  identifiedBy: 'id',
  schema: ssl,
  unsupported: [],
  check(value) {
    const { cert, key, certs = [], keys = [], ssl_protocols: protocols } = value as Certificate;
    const error = referenceError(value) ?? pairError(cert, key);
    if (error !== undefined) return error;
    if (certs.length !== keys.length) return 'mismatched number of certs and keys';
    for (const [index, each] of certs.entries()) {
      const further = pairError(each, keys[index] ?? '');
      if (further !== undefined) return `failed to handle cert-key pair[${index + 1}]: ${further}`;
    }
    if (value.type === 'client') return unavailable('type "client", a certificate to show upstreams,');
    if (value.client !== undefined) return unavailable('property "client"');
    return protocols?.includes('TLSv1.1') === true
      ? unavailable('"TLSv1.1" in property "ssl_protocols"')
      : undefined;
  },
};

interface Certificate extends GatewayObject {
  cert: string;
  key: string;
  certs?: string[];
  keys?: string[];
  ssl_protocols?: string[];
}

const isReference = (text: string) => text.startsWith('$');

/** What stands behind a reference is looked at when it is needed. */
function pairError(cert: string, key: string): string | undefined {
  if (isReference(cert) || isReference(key)) return undefined;
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    return 'failed to parse cert: PEM_read_bio_X509_AUX() failed';
  }
  if (!isPlainKey(key)) return 'failed to decrypt previous encrypted key';
  try {
    return certificate.checkPrivateKey(createPrivateKey(key))
      ? undefined
      : 'failed to handle cert-key pair: key values mismatch';
  } catch {
    return 'failed to parse key: PEM_read_bio_PrivateKey() failed';
  }
}
