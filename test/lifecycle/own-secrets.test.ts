import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { askForSecrets } from '../../commands/asked-secrets.ts';
import { readSecrets } from '../../src/config/secrets.ts';
import { openStackHere } from '../../src/lifecycle/open.ts';
import { missingSecrets, sayWhichWereMade, setSecret } from '../../src/lifecycle/own-secrets.ts';
import { rotate } from '../../src/lifecycle/rotate.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

const STACK = `version: 1
name: acme
secrets:
  - api-key
  - { name: stripe-key, ask: the dashboard of Stripe }
infrastructure:
  broker: { kind: rabbitmq }
services:
  shop: { path: ., command: [node, shop.js], port: 8000, env: { STRIPE: "\${secrets.stripe-key}" } }
`;

async function checkout(text = STACK) {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'qbtc.yaml'), text);
  return { ...quietContext(), cwd };
}

describe('what qbtc cannot make', () => {
  test('is told with where it is to be had from, and nothing is made up for it', async () => {
    const context = await checkout();
    await expect(openStackHere(context)).rejects.toMatchObject({
      code: 'SECRETS_ASKED',
      details: ['stripe-key: the dashboard of Stripe'],
      hint: 'qbtc secrets set stripe-key',
    });
    expect(await readSecrets(context.cwd)).toBeUndefined();
    expect(await missingSecrets(context)).toEqual({ 'stripe-key': 'the dashboard of Stripe' });
    // What only looks does.
    expect(await openStackHere(context, { readOnly: true })).toMatchObject({ name: 'acme' });
  });

  test('is set, and the rest is made', async () => {
    const context = await checkout();
    await setSecret(context, 'stripe-key', 'sk_live_$1"é');
    const stack = await openStackHere(context);
    expect(stack.secrets['stripe-key']).toBe('sk_live_$1"é');
    expect(stack.secrets['api-key']).toMatch(/^qbtc_/);
    expect(stack.services[0]?.env.STRIPE).toBe('sk_live_$1"é');
    expect(await missingSecrets(context)).toEqual({});
  });

  test('is asked for on a terminal, and hidden', async () => {
    const context = await checkout();
    const asked: string[] = [];
    const secret = async (message: string) => {
      asked.push(message);
      return 'typed';
    };
    await askForSecrets({ ...context, prompts: { ...context.prompts, secret } });
    expect(asked).toEqual([]);
    const person = {
      ...context,
      io: { ...context.io, interactive: true },
      prompts: { ...context.prompts, secret },
    };
    await askForSecrets(person);
    await askForSecrets(person);
    expect(asked).toEqual(['stripe-key (the dashboard of Stripe)']);
    expect((await openStackHere(context)).secrets['stripe-key']).toBe('typed');
  });

  test('is not rotated', async () => {
    const context = await checkout();
    await setSecret(context, 'stripe-key', 'x');
    const stack = await openStackHere(context);
    await expect(rotate(context, stack, ['stripe-key'], 1000)).rejects.toMatchObject({
      code: 'SECRET_FIXED',
      hint: 'qbtc secrets set stripe-key',
    });
  });

  test.each(['', ' \n', 'a\0b', 'x'.repeat(65 * 1024)])('is no such value (%#)', async (value) => {
    const context = await checkout();
    await expect(setSecret(context, 'stripe-key', value)).rejects.toMatchObject({
      code: 'SECRET_INVALID',
      exit: 64,
    });
    expect(await readSecrets(context.cwd)).toBeUndefined();
  });

  test.each([
    ['- { name: stripe-key }', 'secrets[0].ask'],
    ['- { name: stripe-key, ask: "" }', 'secrets[0].ask'],
    ['- { name: Stripe Key, ask: x }', 'secrets[0].name'],
    ['- { name: stripe-key, ask: x, from: y }', 'secrets[0].from'],
    ['- { name: broker-password, ask: x }', 'secrets[0]'],
    ['- [stripe-key]', 'secrets[0]'],
    ['- { name: a, ask: x }\n  - a', 'secrets[1]'],
    ['- { __proto__: x, ask: x }', 'secrets[0]'],
  ])('is declared wrongly: %s', async (line, field) => {
    const text = STACK.replace('- api-key\n  - { name: stripe-key, ask: the dashboard of Stripe }', line);
    const context = await checkout(text.replace('${secrets.stripe-key}', 'x'));
    const error = await openStackHere(context).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'CONFIG_INVALID',
      details: expect.arrayContaining([expect.stringContaining(` ${field}`)]),
    });
  });

  test('is declared by a service, too', async () => {
    const context = await checkout('version: 1\nname: acme\ninclude: service.yaml\n');
    await writeFile(
      join(context.cwd, 'service.yaml'),
      'name: shop\nport: 8000\ncommand: [node, shop.js]\nsecrets: [{ name: stripe-key, ask: Stripe }, other]\n',
    );
    expect(await missingSecrets(context)).toEqual({ 'stripe-key': 'Stripe' });
  });
});

describe('a secret of one’s own', () => {
  test('takes over that of a colleague, but for what a server knows', async () => {
    const context = await checkout();
    await setSecret(context, 'stripe-key', 'x');
    await setSecret(context, 'api-key', 'theirs');
    expect((await openStackHere(context)).secrets['api-key']).toBe('theirs');
    await expect(setSecret(context, 'broker-password', 'theirs')).rejects.toMatchObject({
      code: 'SECRET_FIXED',
      hint: 'qbtc secrets rotate broker-password',
    });
    await expect(setSecret(context, 'api-kay', 'x')).rejects.toMatchObject({
      hint: expect.stringContaining('api-key'),
    });
  });
});

test('a checkout without secrets is told that some were made, once', async () => {
  const context = await checkout('version: 1\nname: acme\nsecrets: [api-key]\n');
  const open = () => openStackHere(context);
  await sayWhichWereMade(context, open);
  await sayWhichWereMade(context, open);
  expect(context.said).toEqual([
    expect.stringMatching(/^1 secrets? .*secrets\.json.*qbtc secrets set NAME$/),
  ]);
  expect(await readFile(join(context.cwd, '.qbtc/.gitignore'), 'utf8')).toContain('*');
});
