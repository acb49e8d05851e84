import { PassThrough } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { createIo } from '../../src/system/io.ts';

/** A stream that keeps what was written to it. */
function sink(terminal: { columns?: number } | undefined = undefined) {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (chunk) => {
    text += String(chunk);
  });
  const cursor = { cursorTo: () => true, moveCursor: () => true, clearLine: () => true };
  const dressed =
    terminal === undefined ? stream : Object.assign(stream, cursor, { isTTY: true, rows: 24 }, terminal);
  return { stream: dressed, text: () => text };
}

function ioOf(options: {
  stdout?: { columns?: number };
  stderr?: { columns?: number };
  stdin?: boolean;
  env?: Record<string, string>;
}) {
  const stdout = sink(options.stdout);
  const stderr = sink(options.stderr);
  const stdin = Object.assign(new PassThrough(), { isTTY: options.stdin ?? false });
  const io = createIo({ stdout: stdout.stream, stderr: stderr.stream, stdin, env: options.env ?? {} });
  return { io, stdout, stderr };
}

describe('the mask', () => {
  test('hides a value as it is, in a URL, and in JSON, on both streams; reveal passes it', () => {
    const { io, stdout, stderr } = ioOf({});
    const secret = 'p"ss/w\\rd';
    io.mask([secret]);
    io.out(`${secret} ${encodeURIComponent(secret)} ${JSON.stringify({ secret })}`);
    io.err(`at ${secret}`);
    expect(stdout.text()).toBe('•••••• •••••• {"secret":"••••••"}\n');
    expect(stderr.text()).toBe('at ••••••\n');
    io.reveal(secret);
    expect(stdout.text()).toContain(secret);
  });

  test.each([
    [['secret', 'secret-and-more']],
    [['secret-and-more', 'secret']],
  ])('leaves nothing of a secret that holds another one: %j', (secrets) => {
    const { io, stdout } = ioOf({});
    for (const secret of secrets) io.mask([secret]);
    io.out('secret-and-more, secret');
    expect(stdout.text()).toBe('••••••, ••••••\n');
  });

  test('takes the short secrets that the configuration gives it, and no empty ones', () => {
    const { io, stdout } = ioOf({});
    io.mask(['', 'a', 'k3y5']);
    io.out('a k3y5');
    expect(stdout.text()).toBe('a ••••••\n');
  });
});

describe('the terminal', () => {
  test.each([
    [{ stdout: {}, stderr: {} }, true, true],
    [{ stdout: {} }, true, false],
    [{ stderr: {} }, false, true],
    [{ stdout: {}, stderr: {}, env: { NO_COLOR: '1' } }, false, false],
    [{ stdout: {}, stderr: {}, env: { NO_COLOR: '' } }, true, true],
    [{ stdout: {}, stderr: {}, env: { TERM: 'dumb' } }, false, false],
  ])('%j: colour on stdout %s, on stderr %s', (options, color, errColor) => {
    expect(ioOf(options).io).toMatchObject({ color, errColor });
  });

  test('has 80 columns where it does not say how many', () => {
    expect(ioOf({}).io.columns).toBe(80);
    expect(ioOf({ stdout: { columns: 0 } }).io.columns).toBe(80);
    expect(ioOf({ stdout: { columns: 132 } }).io.columns).toBe(132);
  });

  test('says when nobody reads stdout any more, and writes nothing from then on', () => {
    const { io, stdout } = ioOf({});
    io.out('first');
    stdout.stream.emit('error', Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    expect(io.unread.aborted).toBe(true);
    io.out('second');
    expect(stdout.text()).toBe('first\n');
  });
});

test('progress without a terminal is one line for each step, and for each thing that it waits for', () => {
  const { io, stderr, stdout } = ioOf({});
  io.mask(['p4ssword']);
  io.progress.step('database');
  io.progress.step('database', 'refused p4ssword');
  io.progress.step('database', 'refused p4ssword');
  io.progress.done('database', 'ready');
  io.progress.failed('broker', 'it ended');
  io.progress.stop();
  expect(stderr.text()).toBe(
    '… database\n… database: refused ••••••\n✔ database: ready\n✖ broker: it ended\n',
  );
  expect(stdout.text()).toBe('');
});

describe('progress on a terminal', () => {
  const terminal = (columns: number, env: Record<string, string> = {}) =>
    ioOf({ stdout: {}, stderr: { columns }, stdin: true, env });
  // ora itself looks at the environment of the process.
  const withoutCi = () => vi.stubEnv('CI', undefined);

  test('spins with what is under way, masked, and tells what has ended in lines above', async () => {
    withoutCi();
    const { io, stderr } = terminal(60);
    io.mask(['p4ssword']);
    io.progress.step('database', 'refused p4ssword');
    await expect.poll(() => stderr.text()).toContain('database (refused ••••••)');
    io.progress.done('database', 'ready');
    io.progress.stop();
    expect(stderr.text()).toContain('✔ database: ready\n');
    expect(stderr.text()).not.toContain('p4ss');
  });

  test('fits the width of the stream, and cuts no secret in two', async () => {
    withoutCi();
    const { io, stderr } = terminal(20);
    io.mask(['p4ssword']);
    io.progress.step('database', 'p4ssword and much more');
    await expect.poll(() => stderr.text()).toContain('database (•••••…');
    io.progress.stop();
    expect(stderr.text()).not.toContain('p4s');
  });

  test('spins again after a stop that came before ora was there', async () => {
    withoutCi();
    const { io, stderr } = terminal(60);
    io.progress.step('first');
    io.progress.stop();
    io.progress.step('second');
    await expect.poll(() => stderr.text()).toContain('second');
    io.progress.stop();
    expect(stderr.text()).not.toContain('first');
  });

  test('writes nothing before the first step', async () => {
    const { stderr } = terminal(60);
    await import('ora');
    expect(stderr.text()).toBe('');
  });
});
