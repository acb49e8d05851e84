import { expect, test } from 'vitest';
import { instanceNames } from '../../src/config/name.ts';
import { instancesOf } from '../../src/services/service.ts';
import { makeSample, small } from './sample.ts';

test.each([
  1, 2, 3,
])('instances are checked under the names that they run under: %i replicas', async (replicas) => {
  const sample = await makeSample();
  try {
    await sample.write(small(`    replicas: ${replicas}\n`));
    const { services } = await sample.load();
    expect(services.flatMap(instancesOf).map(({ name }) => name)).toEqual(instanceNames('llm-api', replicas));
  } finally {
    await sample.remove();
  }
});
