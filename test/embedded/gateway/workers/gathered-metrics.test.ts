import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../../src/embedded/gateway/exchange.ts';
import { TrafficMetrics } from '../../../../src/embedded/gateway/metrics.ts';
import { GatheredMetrics } from '../../../../src/embedded/gateway/workers/gathered-metrics.ts';
import type { ToWorker } from '../../../../src/embedded/gateway/workers/messages.ts';

class Worker {
  readonly metrics = new TrafficMetrics('test');
  waiting = 1;
  constructor(readonly gathered: GatheredMetrics) {
    this.metrics.watch({
      connections: () => [{ reading: 0, writing: 0, waiting: this.waiting }],
      checkedNodes: () => [{ name: '/apisix/upstreams/1', ip: '127.0.0.1', port: 1, healthy: true }],
    });
    this.metrics.gauge({ name: 'frequency', help: 'of a plugin', together: 'max' }, { route: '1' }, 888);
  }
  request(status = 200): void {
    this.metrics.countConnection();
    this.metrics.countRequest();
    this.metrics.observe({
      startedAt: performance.now(),
      route: { id: 'one', uri: '/', host: '' },
      response: { status },
      requestBytes: 10,
      answerBytes: 100,
    } as unknown as Exchange);
  }
  async send(message: ToWorker): Promise<void> {
    if (message.kind !== 'metrics?') return;
    const metrics = await this.metrics.registry.getMetricsAsJSON();
    this.gathered.take(this, JSON.parse(JSON.stringify({ number: message.number, metrics })));
  }
}

/** The values of the lines that begin so. */
const valuesIn = (text: string, line: string) =>
  text.split('\n').flatMap((each) => (each.startsWith(line) ? [Number(each.split(' ').at(-1))] : []));

describe('the metrics of several workers', () => {
  it('are added up where they count, and told once where they say how something is', async () => {
    const gathered = new GatheredMetrics();
    const [one, two] = [new Worker(gathered), new Worker(gathered)];
    one.request();
    two.request();
    two.request(500);
    const text = await gathered.text([one, two]);
    expect(valuesIn(text, 'apisix_http_requests_total')).toEqual([3]);
    expect(valuesIn(text, 'apisix_http_status{code="200"')).toEqual([2]);
    expect(valuesIn(text, 'apisix_http_status{code="500"')).toEqual([1]);
    expect(valuesIn(text, 'apisix_bandwidth{type="egress"')).toEqual([300]);
    expect(valuesIn(text, 'apisix_http_latency_count{type="request"')).toEqual([3]);
    expect(valuesIn(text, 'apisix_nginx_http_current_connections{state="waiting"')).toEqual([2]);
    expect(valuesIn(text, 'apisix_node_info')).toEqual([1]);
    expect(valuesIn(text, 'apisix_upstream_status')).toEqual([1]);
    expect(valuesIn(text, 'frequency')).toEqual([888]);
  });

  it('keep what was counted by those that are gone, not what they did at the moment', async () => {
    const gathered = new GatheredMetrics();
    for (let i = 0; i < 12; i++) {
      const gone = new Worker(gathered);
      gone.request();
      await gathered.text([gone]);
      gathered.leave(gone);
    }
    const living = new Worker(gathered);
    living.request();
    const text = await gathered.text([living]);
    expect(valuesIn(text, 'apisix_http_requests_total')).toEqual([13]);
    expect(valuesIn(text, 'apisix_http_status{code="200"')).toEqual([13]);
    expect(valuesIn(text, 'apisix_nginx_http_current_connections{state="accepted"')).toEqual([13]);
    expect(valuesIn(text, 'apisix_nginx_http_current_connections{state="waiting"')).toEqual([1]);
    expect(valuesIn(text, 'apisix_nginx_http_current_connections{state="active"')).toEqual([1]);
  });
});
