import type { Exchange } from '../../src/embedded/gateway/exchange.ts';
import { Matcher } from '../../src/matching/matcher.ts';
import { median } from '../guard/figure.ts';

/** What one match costs among few and among many routes, in microseconds. */
export function matching(routes: number): number {
  const matcher = new Matcher<number>();
  for (let i = 0; i < routes; i += 1) {
    const uri = [`/service-${i}/exact`, `/service-${i}/*`, `/service-${i}/items/:id`][i % 3];
    matcher.set(String(i), { uri }, i % 5 === 0 ? [`host-${i % 50}.example`] : undefined, i);
  }
  // The same requests in both cases: those of the first ten routes, and a tenth of them of any.
  const asked = Array.from({ length: 1000 }, (_, i) => {
    const route = i % 10 === 0 ? (i * 7919) % routes : (i * 7) % 10;
    const path = [`/service-${route}/exact`, `/service-${route}/a/b`, `/service-${route}/items/7`][route % 3];
    return {
      host: `host-${route % 50}.example`,
      path,
      method: 'GET',
      remoteAddress: '127.0.0.1',
    } as Exchange;
  });
  const once = () => {
    const before = performance.now();
    for (let i = 0; i < 200; i += 1) for (const exchange of asked) matcher.find(exchange);
    return ((performance.now() - before) / (200 * asked.length)) * 1000;
  };
  once();
  return median([once(), once(), once()]);
}
