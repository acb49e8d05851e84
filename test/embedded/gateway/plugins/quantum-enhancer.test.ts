import { expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();

it('quantum-enhancer lets no spelling of its names through', async () => {
  await bench.route('/quantum', { 'quantum-enhancer': { enable_quantum_headers: false } });
  const names = [
    'X-Quantum-Frequency',
    'X_QBTC_Enhanced',
    'x-vigoleonrocks_system',
    'X.VIGOLEONROCKS.System',
  ];
  await bench.send('/quantum', { headers: names.map((name): [string, string] => [name, 'forged']) });
  expect(bench.seen?.headers.filter(([, value]) => value === 'forged')).toEqual([]);
  expect(bench.got('x-vigoleonrocks-system')).toEqual(['active']);
});
