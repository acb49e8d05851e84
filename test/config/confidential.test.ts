import { afterAll, beforeAll, expect, test } from 'vitest';
import { confidentialValues } from '../../src/config/confidential.ts';
import { makeSample, type Sample, SECRETS, small } from './sample.ts';

let sample: Sample;
beforeAll(async () => {
  sample = await makeSample();
});
afterAll(() => sample.remove());

test('secrets, credentials of adopted servers and keys in env are confidential, also inside a URL', async () => {
  await sample.write(
    small(
      '    env: { ENGINE_API_KEY: "sk-12345", DB_PASSWD: "hush-hush", BYPASS: "true", MODEL: "small-one", TOKEN: "" }\n',
    ).replace(
      '{ kind: rabbitmq }',
      '{ kind: rabbitmq, provider: external, url: "amqp://me:p%40ssword@mq/" }',
    ),
  );
  const values = confidentialValues(await sample.load());
  for (const secret of [...Object.values(SECRETS), 'sk-12345', 'hush-hush', 'p@ssword', 'p%40ssword']) {
    expect(values).toContain(secret);
  }
  expect(values).not.toContain('small-one');
  expect(values).not.toContain('true');
  expect(values).not.toContain('');
  expect(new Set(values).size).toBe(values.length);
});

test('a short password of an adopted server is confidential too', async () => {
  await sample.write(
    small('').replace(
      '{ kind: rabbitmq }',
      '{ kind: rabbitmq, provider: external, url: "amqp://me:guest12@mq/" }',
    ),
  );
  expect(confidentialValues(await sample.load())).toContain('guest12');
});
