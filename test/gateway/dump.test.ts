import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { gatewayFileSchema } from '../../src/config/sections/gateway.ts';
import { desiredGateway } from '../../src/gateway/desired.ts';
import { dumpGateway } from '../../src/gateway/dump.ts';
import { type ApisixConsumer, DECLARED_KINDS, type DeclaredObject } from '../../src/model/gateway.ts';
import { anyStack, stackWith } from './stacks.ts';

/** What a file with this text declares, references filled in. */
function declared(yaml: string, secrets: Record<string, string> = {}) {
  const text = yaml.replaceAll(/\$?\$\{(?:secrets\.([\w-]+)\})?/g, (all, name) =>
    all.startsWith('$$') ? '${' : (secrets[name] ?? all),
  );
  const { consumers, ...lists } = gatewayFileSchema.parse(parse(text));
  const objects = Object.entries(DECLARED_KINDS).flatMap(([kind, list]) =>
    lists[list].map(({ id, ...object }) => ({ kind, id, object }) as DeclaredObject),
  );
  return { consumers: consumers as ApisixConsumer[], objects };
}

const OPTIONS = { all: false, isInLedger: () => false, secrets: {} };

describe('dumpGateway', () => {
  it('writes what sync reads: the dump of a stack declares that very stack', () => {
    fc.assert(
      fc.property(anyStack, (stack) => {
        const state = desiredGateway(stack);
        const { yaml } = dumpGateway(state, { ...OPTIONS, stack: stack.name });
        const again = desiredGateway(stackWith({ name: stack.name, ...declared(yaml) }));
        expect(again).toEqual(state);
      }),
    );
  });

  it('writes keys of the stack as references, and says what the gateway keeps to itself', () => {
    const objects: DeclaredObject[] = [
      { kind: 'ssl', id: 'c', object: { cert: 'cert', key: 'key', snis: ['a.example'] } },
      {
        kind: 'route',
        id: 'r',
        object: { uri: '/r', plugins: { 'proxy-rewrite': { uri: '/${remote_addr}' } } },
      },
    ];
    const consumers = [
      { username: 'app', credentials: [{ id: 'k', plugins: { 'key-auth': { key: 'Bearer 0123456789' } } }] },
    ];
    const state = desiredGateway(stackWith({ name: 'acme', objects, consumers }));
    const secrets = { 'api-key': '0123456789' };
    const { yaml, missing } = dumpGateway(state, { ...OPTIONS, stack: 'acme', secrets });
    expect(yaml).toContain('Bearer ${secrets.api-key}');
    expect(yaml).toContain('uri: /$${remote_addr}');
    expect(yaml).not.toContain('0123456789');
    expect(missing).toEqual(['the key of ssl c: the gateway does not give it']);
    expect(declared(yaml, secrets).consumers).toEqual(consumers);
  });

  it('leaves out what is not ours unless all is asked for', () => {
    const state = desiredGateway(
      stackWith({ name: 'other', services: [{ routes: [{ name: 'r', uri: '/r' }] }] }),
    );
    expect(dumpGateway(state, { ...OPTIONS, stack: 'acme' })).toMatchObject({ yaml: '{}\n', objects: 0 });
    expect(dumpGateway(state, { ...OPTIONS, stack: 'acme', all: true }).objects).toBe(2);
  });
});
