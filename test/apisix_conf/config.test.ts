import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const text = readFileSync(new URL('../../apisix_conf/config.yaml', import.meta.url), 'utf8');

describe('apisix_conf/config.yaml', () => {
  const config = parse(text);

  it('takes its keys from the environment, as strings and without a default', () => {
    for (const key of [config.deployment.admin.admin_key[0].key, config.apisix.data_encryption.keyring[0]]) {
      expect(key).toMatch(/^\$\{\{[A-Z_]+\}\}$/);
    }
  });

  it('binds everything but the traffic to the loopback unless it is told otherwise', () => {
    const addresses = [
      config.deployment.admin.admin_listen.ip,
      config.apisix.status.ip,
      config.plugin_attr.prometheus.export_addr.ip,
    ];
    for (const address of addresses) expect(address).toMatch(/^\$\{\{[A-Z_]+:=127\.0\.0\.1\}\}$/);
  });
});
