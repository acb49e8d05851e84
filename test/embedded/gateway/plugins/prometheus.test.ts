import { describe, expect, it } from 'vitest';
import { exchange } from '../support/http.ts';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();

/** How often requests with these labels were counted. */
async function counted(labels: string): Promise<number> {
  const { body } = await exchange(`http://127.0.0.1:${bench.gateway.adminPort}/apisix/prometheus/metrics`);
  return body
    .split('\n')
    .filter((line) => line.startsWith('apisix_http_status{') && line.includes(labels))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

describe('prometheus', () => {
  it('counts a request once, by what its route says where both it and a global rule have the plugin', async () => {
    await bench.put('/global_rules/all', { plugins: { prometheus: {} } });
    const put = (id: string, plugins: object) =>
      bench.put(`/routes/${id}`, {
        uri: `/${id}`,
        name: `name of ${id}`,
        plugins,
        upstream: { nodes: { [bench.upstream.address]: 1 } },
      });
    await put('both', { prometheus: { prefer_name: true } });
    await put('rule', {});
    await put('off', { prometheus: { _meta: { disable: true } } });
    for (const uri of ['/both', '/rule', '/off', '/none']) await bench.send(uri);
    const routes = ['name of both', 'both', 'rule', 'off', ''];
    expect(await Promise.all(routes.map((route) => counted(`route="${route}"`)))).toEqual([1, 0, 1, 1, 1]);
    await bench.gateway.admin('DELETE', '/global_rules/all');
    await bench.send('/rule');
    expect(await counted('route="rule"')).toBe(1);
  });

  it('writes the labels in the order of APISIX', async () => {
    await bench.put('/routes/ordered', { uri: '/ordered', plugins: { prometheus: {} } });
    await bench.send('/ordered');
    const { body } = await exchange(`http://127.0.0.1:${bench.gateway.adminPort}/apisix/prometheus/metrics`);
    expect(body).toContain(
      'apisix_http_status{code="502",route="ordered",matched_uri="/ordered",matched_host="",service="",consumer="",node="",request_type="traditional_http",request_llm_model="",llm_model=""} 1',
    );
  });

  it('tells how many log entries wait', async () => {
    const log = { uri: 'http://127.0.0.1:1/', batch_max_size: 3, name: 'mine' };
    await bench.put('/routes/logged', { uri: '/logged', plugins: { 'http-logger': log } });
    for (let i = 0; i < 2; i++) await bench.send('/logged');
    const { body } = await exchange(`http://127.0.0.1:${bench.gateway.adminPort}/apisix/prometheus/metrics`);
    expect(body).toContain(
      'apisix_batch_process_entries{name="mine",route_id="logged",server_addr="127.0.0.1"} 2',
    );
  });
});
