import { beforeAll, describe, expect, it } from 'vitest';
import { pluginBench } from '../support/plugins.ts';

const bench = pluginBench();
const route = (uri: string, configuration: object) => bench.route(uri, { 'uri-blocker': configuration });

beforeAll(async () => {
  await route('/a/*', { block_rules: ['root\\.exe', 'select.+(from|limit)'] });
  await route('/b/*', {
    block_rules: ['SECRET'],
    case_insensitive: true,
    rejected_code: 404,
    rejected_msg: 'no "access"',
  });
  await route('/c/*', { block_rules: ['^/c/\xe4\\?', '(a+)+!$'] });
});

describe('uri-blocker', () => {
  it.each([
    ['/a/x', 200],
    ['/a/root.exe', 403],
    ['/a/x?q=root.exe', 403],
    // The path is judged in its normal form, the query as it was sent.
    ['/a/%72oot.exe', 403],
    ['/a/x/./root.exe', 403],
    ['/a/x?q=%72oot.exe', 200],
    ['/a/x?q=select%20x%20from', 403],
    ['/a/ROOT.EXE', 200],
    ['/b/secret', 404],
    ['/c/\xc3\xa4?x', 403],
    ['/c/%E4?x', 200],
    ['/c/%C3%A4?x', 403],
  ])('%s: %i', async (target, status) => {
    expect((await bench.send(target)).status).toBe(status);
    expect(bench.seen === undefined).toBe(status !== 200);
  });

  it('says what is configured', async () => {
    expect((await bench.send('/b/SeCrEt')).body).toBe('{"error_msg":"no \\"access\\""}\n');
    expect((await bench.send('/a/root.exe')).body).toContain('<title>403 Forbidden</title>');
  });

  it('is not held up by a pattern with nested repetition', async () => {
    expect((await bench.send(`/c/${'a'.repeat(4000)}x`)).status).toBe(200);
  });

  it.each([
    [{}, 'property "block_rules" is required'],
    [
      { block_rules: ['aa', 'aa'] },
      'property "block_rules" validation failed: expected unique items but items 1 and 2 are equal',
    ],
    [
      { block_rules: [''] },
      'property "block_rules" validation failed: failed to validate item 1: string too short, expected at least 1, got 0',
    ],
    [
      { block_rules: ['a'], rejected_code: 600 },
      'property "rejected_code" validation failed: expected 600 to be at most 599',
    ],
  ])('refuses %j', async (configuration, message) => {
    expect(await bench.refusal({ 'uri-blocker': configuration })).toBe(message);
  });

  it('refuses a pattern that is none', async () => {
    expect(await bench.refusal({ 'uri-blocker': { block_rules: ['^a', '.+('] } })).not.toBe('');
  });
});
