import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bundles } from '../../src/services/bundle.ts';
import { BUNDLE, MANIFEST, parseManifest, readyMadeFolder } from '../../src/services/ready-made.ts';
import { newUndecidedStack } from '../support/new-stack.ts';
import { openStackAt } from '../support/open-stack.ts';
import { quietContext, temporaryFolder } from '../support/quiet-context.ts';

const context = quietContext();
const NOTHING_READY = { root: '/nowhere', version: '0.1.0' };
let root: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  [root, remove] = await newUndecidedStack();
});
afterAll(() => remove());

async function programs() {
  const { services } = await openStackAt(root);
  return services.flatMap(({ name, path, entry }) => (entry === undefined ? [] : [{ name, path, entry }]));
}

const readyMade = ({ path, entry }: { path: string; entry: string }, file = '') =>
  join(readyMadeFolder(context), path.slice(root.length), entry, file);

test('a new stack takes all of its bundles ready-made', async () => {
  const services = await programs();
  expect(services.length).toBe(5);
  // As several commands of one stack may do at the same time.
  const [bundles, others] = [new Bundles(root, context), new Bundles(root, context)];
  for (const service of services) {
    const [bundle, other] = await Promise.all([bundles.bundle(service), others.bundle(service)]);
    expect(bundle).toEqual(other);
    expect(bundle.digest).toBe(parseManifest(readyMade(service))?.digest);
    const text = await readFile(bundle.file, 'utf8');
    expect(text.startsWith(await readFile(readyMade(service, BUNDLE), 'utf8'))).toBe(true);
    const { sources } = JSON.parse(await readFile(`${bundle.file}.map`, 'utf8')) as { sources: string[] };
    expect(sources).toContain(`../../${join(service.path.slice(root.length + 1), service.entry)}`);
    // What it was made of is known from now on: the next command reads no content.
    expect(await new Bundles(root, { installation: NOTHING_READY }).bundle(service)).toMatchObject({
      digest: bundle.digest,
    });
  }
});

test('no service hooks promises: that costs each of them, at some 10 % of all that a service does', async () => {
  for (const service of await programs()) {
    const text = await readFile(readyMade(service, BUNDLE), 'utf8');
    // What follows a request through promises is installed by these; spans are passed on by hand.
    expect(text).not.toMatch(/AsyncLocalStorage|createHook\(/);
  }
});

test('a bundle of which one file was changed is made of what stands there', async () => {
  const [service] = await programs();
  if (service === undefined) throw new Error('a new stack has services');
  const before = await new Bundles(root, context).bundle(service);
  const file = join(service.path, service.entry);
  const original = await readFile(file, 'utf8');
  await appendFile(file, "\nconsole.log('changed');\n");
  const changed = await new Bundles(root, context).bundle(service);
  expect(changed.digest).not.toBe(before.digest);
  expect(await readFile(changed.file, 'utf8')).toContain('changed');
  await writeFile(file, original);
  expect((await new Bundles(root, context).bundle(service)).digest).toBe(before.digest);
});

test('one that is damaged in the installation is made by esbuild', async () => {
  const installation = { root: await temporaryFolder(), version: '0.1.0' };
  const [service] = await programs();
  if (service === undefined) throw new Error('a new stack has services');
  const { mkdir } = await import('node:fs/promises');
  const place = join(readyMadeFolder({ installation }), service.path.slice(root.length), service.entry);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, MANIFEST), await readFile(readyMade(service, MANIFEST)));
  await writeFile(join(place, BUNDLE), (await readFile(readyMade(service, BUNDLE))).subarray(0, 1_000));
  await writeFile(join(place, `${BUNDLE}.map`), '{}');
  const other = await newUndecidedStack('other');
  try {
    const path = service.path.replace(root, other[0]);
    const { file } = await new Bundles(other[0], { installation }).bundle({ ...service, path });
    expect((await readFile(file)).length).toBeGreaterThan(1_000_000);
  } finally {
    await other[1]();
  }
});
