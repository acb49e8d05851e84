import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { experimentNamed, loadExperiments } from '../../src/chaos/index.ts';
import { chained } from '../heal/world.ts';
import { temporaryFolder } from '../support/quiet-context.ts';

async function load(text: string) {
  const root = await temporaryFolder();
  await mkdir(join(root, 'chaos'));
  const file = join(root, 'chaos', 'one.yaml');
  await writeFile(file, text);
  return loadExperiments({
    ...chained(),
    root,
    topologyFiles: [],
    flowFiles: [],
    chaos: { allowed: true, experimentFiles: [file] },
  });
}

test('defaults are filled in', async () => {
  const [experiment] = await load('name: one\nfaults:\n  - fault: broker-kill\n');
  expect(experiment).toMatchObject({
    name: 'one',
    faults: [{ fault: 'broker-kill', after: 2_000 }],
    recovery: { within: 60_000 },
  });
  expect(experiment?.load).toBeUndefined();
});

test('mistakes name the place, what was found, and the nearest value', async () => {
  const text = [
    'name: one',
    'load:',
    '  rate: 5000',
    '  request: { url: "${gateway.ulr}/x" }',
    '  kept: { resource: broker, query: select 1 }',
    'faults:',
    '  - { fault: brokr-kill, after: 3 }',
    '',
  ].join('\n');
  await expect(load(text)).rejects.toMatchObject({ code: 'EXPERIMENT_INVALID', exit: 64 });
  const details = await load(text).catch((error: { details: string[] }) => error.details);
  expect(details).toEqual([
    expect.stringMatching(/^chaos\/one\.yaml:3:9.*rate/),
    expect.stringMatching(/^chaos\/one\.yaml:7:33.*after/),
  ]);
  const sound = text.replace('5000', '50').replace('after: 3 ', 'after: 3s ');
  const others = await load(sound).catch((error: { details: string[] }) => error.details);
  expect(others).toEqual([
    expect.stringContaining('gateway.url'),
    expect.stringContaining('a database'),
    expect.stringContaining('broker-kill'),
  ]);
});

test('what only its undoing ends must say for how long it is held', async () => {
  const details = await load('name: one\nfaults:\n  - fault: broker-cut\n').catch(
    (error: { details: string[] }) => error.details,
  );
  expect(details).toEqual([expect.stringMatching(/^chaos\/one\.yaml:3:\d+ faults\[0\]\.for: found nothing/)]);
});

test('an experiment is found by its name, and a wrong name gets the nearest', async () => {
  const experiments = await load('name: broker-restart\nfaults:\n  - fault: broker-kill\n');
  expect(experimentNamed(experiments, 'broker-restart').name).toBe('broker-restart');
  expect(() => experimentNamed(experiments, 'broker-restrat')).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('did you mean broker-restart?') }),
  );
});
