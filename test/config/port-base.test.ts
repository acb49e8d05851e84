import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openStack } from '../../src/config/load.ts';
import { keepPortBase } from '../../src/config/port-base.ts';
import { amongOutgoing } from '../../src/config/ports.ts';
import { makeSample, VERSION } from './sample.ts';

async function sampleStack() {
  const sample = await makeSample();
  onTestFinished(() => sample.remove());
  const open = (env: Record<string, string> = {}, portBase?: number) =>
    openStack({
      file: sample.file,
      env,
      qbtcVersion: VERSION,
      ...(portBase === undefined ? {} : { portBase }),
    });
  return { ...sample, open };
}

test('the base of the checkout goes before that of the file: given, from the environment, kept', async () => {
  const { root, file, open } = await sampleStack();
  const before = await readFile(file, 'utf8');
  const declared = await open();
  const first = (stack: Awaited<ReturnType<typeof open>>) => (stack.services[0]?.port ?? 0) - stack.portBase;
  expect(declared.portBaseFrom).toBeUndefined();

  const kept = declared.portBase + 2000;
  await keepPortBase(root, kept, declared.portBase);
  const later = await open();
  expect(later).toMatchObject({ portBase: kept, portBaseFrom: '.qbtc', declaredPortBase: declared.portBase });
  expect(first(later)).toBe(first(declared));
  for (const { kind, name, endpoint } of later.resources) {
    const was = declared.resources.find((each) => each.name === name)?.endpoint.port ?? 0;
    expect(endpoint.port - was, kind).toBe(2000);
  }
  expect(await open({ QBTC_PORT_BASE: '5000' })).toMatchObject({
    portBase: 5000,
    portBaseFrom: 'QBTC_PORT_BASE',
  });
  expect(await open({ QBTC_PORT_BASE: '' })).toMatchObject({ portBase: kept });
  expect(await open({ QBTC_PORT_BASE: '5000' }, 3000)).toMatchObject({
    portBase: 3000,
    portBaseFrom: '--port-base',
  });
  await writeFile(join(root, '.env'), 'QBTC_PORT_BASE=4000\n');
  expect(await open()).toMatchObject({ portBase: 4000 });
  expect(await readFile(file, 'utf8')).toBe(before);
});

test('the base of the file needs no keeping', async () => {
  const { root, open } = await sampleStack();
  const { portBase } = await open();
  await keepPortBase(root, 7000, portBase);
  await keepPortBase(root, portBase, portBase);
  expect((await open()).portBaseFrom).toBeUndefined();
});

test.each(['x', '-1', '1.5', '1e3', ' 2000', '70000'])('QBTC_PORT_BASE=%s is refused', async (value) => {
  const { open } = await sampleStack();
  await expect(open({ QBTC_PORT_BASE: value })).rejects.toMatchObject({
    code: 'PORT_BASE_INVALID',
    exit: 64,
    message: expect.stringContaining('QBTC_PORT_BASE'),
    hint: expect.stringContaining('a whole number'),
  });
});

test('a base that would put a port where none can be is refused with the port', async () => {
  const { open } = await sampleStack();
  await expect(open({}, 50_000)).rejects.toMatchObject({
    code: 'PORT_BASE_INVALID',
    details: expect.arrayContaining([expect.stringContaining('the last port is 65535')]),
  });
});

test('a kept base that is damaged is named', async () => {
  const { root, open } = await sampleStack();
  await mkdir(join(root, '.qbtc'), { recursive: true });
  for (const text of ['', '[]', '{"base": "2000"}', '{"base": 2000, "more": 1}']) {
    await writeFile(join(root, '.qbtc', 'port-base.json'), text);
    await expect(open(), text).rejects.toMatchObject({ code: 'PORT_BASE_UNREADABLE' });
  }
});

test('ports among those of outgoing connections are told, without the reserved ones', () => {
  const outgoing = { first: 32_768, last: 60_999, reserved: [{ first: 35_000, last: 35_010 }] };
  const ports = [9080, 32_767, 32_768, 34_999, 35_000, 35_010, 35_011, 60_999, 61_000];
  expect(amongOutgoing(ports, outgoing)).toEqual([32_768, 34_999, 35_011, 60_999]);
  expect(amongOutgoing(ports, undefined)).toEqual([]);
});
