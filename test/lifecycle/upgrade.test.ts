import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { addAddon, removeAddon } from '../../src/lifecycle/addons.ts';
import { sayOtherTemplate } from '../../src/lifecycle/other-template.ts';
import { type UpgradeOptions, upgradeStack } from '../../src/lifecycle/upgrade.ts';
import type { Upgrade } from '../../src/model/upgrade.ts';
import { changeTemplate, makeSample, NUMBERED, type Sample } from './upgrading.ts';

const upgrade = (sample: Sample, options: Partial<UpgradeOptions> = {}): Promise<Upgrade> =>
  upgradeStack(
    sample.context(),
    { root: sample.root },
    { dryRun: false, install: false, allowDirty: false, ...options },
  );

const OWN = `${NUMBERED.join('\n').replace('= 9;', "= 'own';")}\n`;

describe('a stack', () => {
  test('of the same template stays as it is', async () => {
    const sample = await makeSample();
    const before = await sample.files();
    expect(await upgrade(sample)).toEqual({
      from: '0.1.0',
      to: '0.2.0',
      base: 'manifest',
      changes: [],
      notices: [],
    });
    expect(await sample.files()).toEqual(before);
    expect(await upgrade(sample)).toMatchObject({ from: '0.2.0', changes: [] });
  });

  test('has the template of later, and all that was changed in it; the second time nothing is left to do', async () => {
    const sample = await makeSample();
    const own = await sample.read('qbtc.yaml');
    await sample.edit({
      'services/api/long.js': OWN,
      'flows/plain.yaml': undefined,
      'qbtc.yaml': `${own}# own\n`.replace('port: 28000', 'port: 29000'),
      'own.txt': 'own\n',
    });
    await changeTemplate(sample);
    const changes = [
      { action: 'keep', path: 'flows/plain.yaml', reason: 'deleted' },
      { action: 'create', path: 'later/new.txt' },
      { action: 'update', path: 'notes.txt' },
      { action: 'merge', path: 'qbtc.yaml' },
      { action: 'move', path: 'services/api/lines/long.js', from: 'services/api/long.js' },
      { action: 'update', path: 'services/api/main.js' },
      { action: 'delete', path: 'services/api/other.js' },
    ];
    const before = await sample.files();
    expect((await upgrade(sample, { dryRun: true })).changes).toMatchObject(changes);
    expect(await sample.files()).toEqual(before);

    const done = await upgrade(sample);
    expect(done.changes.sort((a, b) => (a.path < b.path ? -1 : 1))).toMatchObject(changes);
    const after = await sample.files();
    expect(after['services/api/lines/long.js']).toBe(OWN.replace('= 2;', "= 'the template';"));
    expect(after['qbtc.yaml']).toBe(
      `${own}# own\n`
        .replace('port: 28000', 'port: 29000')
        .replace('secrets: [api-key]', 'secrets: [api-key, later-key]'),
    );
    expect(after['own.txt']).toBe('own\n');
    expect(after).not.toHaveProperty('flows/plain.yaml');
    expect(after).not.toHaveProperty('services/api/long.js');
    expect(after).not.toHaveProperty('services/api/other.js');
    expect((await upgrade(sample)).changes).toEqual([]);
    expect(await sample.files()).toEqual(after);
  });

  test('with a conflict has git’s marks in it, and no further upgrade until they are out', async () => {
    const sample = await makeSample();
    await sample.edit({ 'services/api/main.js': "console.log('own');\n" });
    await changeTemplate(sample);
    const done = await upgrade(sample);
    expect(done.changes).toContainEqual({ action: 'conflict', path: 'services/api/main.js', conflicts: 1 });
    expect(await sample.read('services/api/main.js')).toMatch(
      /^<<<<<<< yours\nconsole\.log\('own'\);\n=======\nconsole\.log\('the template'\);\n>>>>>>> template 0\.2\.0\n/,
    );
    await expect(upgrade(sample)).rejects.toMatchObject({
      code: 'UPGRADE_UNRESOLVED',
      exit: 2,
      details: ['services/api/main.js'],
    });
    await sample.edit({ 'services/api/main.js': "console.log('own');\n" });
    expect((await upgrade(sample)).changes).toEqual([]);
    expect(await sample.read('services/api/main.js')).toBe("console.log('own');\n");
  });

  test('that would not load afterwards is put back as it was', async () => {
    const sample = await makeSample();
    await changeTemplate(sample);
    await sample.editTemplate({ 'qbtc.yaml': 'version: 1\nname: stack\nservises: {}\n' });
    const before = await sample.files();
    await expect(upgrade(sample)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await sample.files()).toEqual(before);
    expect(await upgrade(sample, { dryRun: true })).toMatchObject({ from: '0.1.0' });
  });

  test('of a later template than this qbtc is left alone', async () => {
    const sample = await makeSample();
    await upgrade(sample);
    const given = { dryRun: true, install: false, allowDirty: false };
    await expect(upgradeStack(sample.context('0.1.9'), { root: sample.root }, given)).rejects.toMatchObject({
      code: 'TEMPLATE_NEWER',
      hint: 'npm install -g qbtc@0.2.0',
    });
  });
});

describe('the repository', () => {
  test('with changes in no commit is refused where they would be mixed, and only there', async () => {
    const sample = await makeSample({ git: true });
    await changeTemplate(sample);
    await sample.edit({ 'own.txt': 'own\n', 'services/api/package.json': '{}\n' });
    expect((await upgrade(sample, { dryRun: true })).notices).toEqual([]);
    await sample.edit({ 'notes.txt': 'zero\none\ntwo\nthree\n', 'later/new.txt': 'untracked\n' });
    await expect(upgrade(sample)).rejects.toMatchObject({
      code: 'UPGRADE_DIRTY',
      details: ['later/new.txt', 'notes.txt'],
    });
    await sample.git('add', '--all');
    await sample.git('commit', '--quiet', '-m', 'Own');
    await upgrade(sample);
    expect(await sample.read('notes.txt')).toBe('zero\none\ntwo\nthree\nfour\n');
  });

  test('may be mixed with --allow-dirty', async () => {
    const sample = await makeSample({ git: true });
    await changeTemplate(sample);
    await sample.edit({ 'notes.txt': 'zero\none\ntwo\nthree\n' });
    await upgrade(sample, { allowDirty: true });
    expect(await sample.read('notes.txt')).toBe('zero\none\ntwo\nthree\nfour\n');
  });

  test('around the stack is asked for the stack alone', async () => {
    const sample = await makeSample();
    await changeTemplate(sample);
    const { promisify } = await import('node:util');
    const run = promisify((await import('node:child_process')).execFile);
    await run('git', ['-C', sample.folder, 'init', '--quiet']);
    await expect(upgrade(sample)).rejects.toMatchObject({
      code: 'UPGRADE_DIRTY',
      details: expect.arrayContaining(['notes.txt']),
    });
  });

  test('that is not there is told', async () => {
    const sample = await makeSample();
    await changeTemplate(sample);
    expect((await upgrade(sample, { dryRun: true })).notices).toEqual([{ kind: 'no-repository' }]);
  });
});

describe('a stack without a manifest', () => {
  const older = async (): Promise<Sample> => {
    const sample = await makeSample({ git: true });
    await sample.git('rm', '--quiet', 'qbtc.template.json', 'qbtc.template.br');
    await sample.git('commit', '--quiet', '--amend', '-m', 'Whatever it is called');
    await sample.edit({ 'own.txt': 'own\n', 'services/api/long.js': OWN });
    await sample.git('add', '--all');
    await sample.git('commit', '--quiet', '-m', 'Own');
    return sample;
  };

  test('is told how to go by its first commit', async () => {
    const sample = await older();
    const first = await sample.git('rev-list', '--max-parents=0', '--abbrev-commit', 'HEAD');
    await expect(upgrade(sample)).rejects.toMatchObject({
      code: 'TEMPLATE_UNKNOWN',
      hint: expect.stringContaining(`qbtc upgrade --base ${first} --dry-run`),
    });
  });

  test('goes by a commit, and takes nothing away', async () => {
    const sample = await older();
    await changeTemplate(sample);
    const done = await upgrade(sample, { base: 'HEAD~1' });
    expect(done).toMatchObject({ base: 'commit', from: null });
    expect(done.changes.map(({ action, path }) => `${action} ${path}`)).toEqual([
      'update flows/plain.yaml',
      'create later/new.txt',
      'update notes.txt',
      'update qbtc.yaml',
      'create services/api/lines/long.js',
      'update services/api/main.js',
    ]);
    expect(await sample.read('own.txt')).toBe('own\n');
    expect(await sample.read('services/api/long.js')).toBe(OWN);
    expect(await upgrade(sample, { allowDirty: true })).toMatchObject({ base: 'manifest', changes: [] });
  });

  test('goes by nothing: each difference is a conflict', async () => {
    const sample = await older();
    await changeTemplate(sample);
    const { changes } = await upgrade(sample, { base: 'none' });
    expect(changes).toContainEqual({ action: 'conflict', path: 'notes.txt', conflicts: 1 });
    expect(await sample.read('notes.txt')).toBe(
      'one\ntwo\nthree\n<<<<<<< yours\n=======\nfour\n>>>>>>> template 0.2.0\n',
    );
  });

  test.each([
    'nothing',
    '--all',
    'HEAD:notes.txt',
    "'; echo",
  ])('names a commit that is none: %s', async (base) => {
    await expect(upgrade(await older(), { base })).rejects.toMatchObject({
      code: 'UPGRADE_BASE_WRONG',
      exit: 64,
    });
  });

  test('that was not made of the template is left alone', async () => {
    const sample = await makeSample();
    for (const path of Object.keys(await sample.files()))
      if (path !== 'qbtc.yaml') await rm(join(sample.root, path));
    await rm(join(sample.root, 'qbtc.template.json'));
    await expect(upgrade(sample, { base: 'none' })).rejects.toMatchObject({
      code: 'TEMPLATE_UNKNOWN',
      details: [expect.stringMatching(/^it has 1 of \d+ files of the template$/)],
    });
  });
});

describe('what was written down', () => {
  test('with a changed byte is refused, wherever it is', async () => {
    const sample = await makeSample();
    await changeTemplate(sample);
    const file = join(sample.root, 'qbtc.template.json');
    const bytes = await readFile(file);
    const step = Math.ceil(bytes.length / 60);
    for (let at = 0; at < bytes.length; at += step) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      await writeFile(file, damaged);
      const before = await sample.files();
      const outcome = await upgrade(sample, { dryRun: true }).catch((error: { code: string }) => error.code);
      // A blank between two values may be another blank.
      if (typeof outcome === 'string') expect(['ADDONS_UNREADABLE', 'NOT_UTF8']).toContain(outcome);
      else expect(JSON.parse(damaged.toString())).toEqual(JSON.parse(bytes.toString()));
      expect(await sample.files()).toEqual(before);
    }
  });

  test.each<[string, (bytes: Buffer) => Buffer | undefined]>([
    ['is gone', () => undefined],
    ['is empty', () => Buffer.alloc(0)],
    ['is cut', (bytes) => bytes.subarray(0, bytes.length / 2)],
    ['is something else', () => Buffer.from('{"__proto__": "x"}')],
  ])('of the contents %s: what nobody has changed is brought up to date, the rest is shown', async (_, damage) => {
    const sample = await makeSample();
    await changeTemplate(sample);
    await sample.edit({ 'notes.txt': 'own\none\ntwo\nthree\n' });
    const file = join(sample.root, 'qbtc.template.br');
    const damaged = damage(await readFile(file));
    await rm(file);
    if (damaged !== undefined) await writeFile(file, damaged);
    const { changes, notices } = await upgrade(sample);
    expect(notices).toContainEqual({ kind: 'base-lost', files: expect.any(Number) });
    expect(changes).toContainEqual({ action: 'update', path: 'services/api/main.js' });
    expect(changes).toContainEqual(expect.objectContaining({ action: 'conflict', path: 'notes.txt' }));
    expect(await sample.read('notes.txt')).toContain('own\n');
  });

  test.each([
    '../outside.txt',
    '/etc/passwd',
    '.git/config',
    '',
  ])('names no file outside: %j', async (path) => {
    const sample = await makeSample();
    const file = join(sample.root, 'qbtc.template.json');
    const { $sha256, ...ledger } = JSON.parse(await readFile(file, 'utf8'));
    ledger.template.files[path] = 'x';
    await writeFile(file, JSON.stringify(ledger));
    await expect(upgrade(sample)).rejects.toMatchObject({ code: 'ADDONS_UNREADABLE' });
  });
});

describe('links and folders in the place of files', () => {
  test('are left alone, and nothing is written through them', async () => {
    const sample = await makeSample();
    await changeTemplate(sample);
    const outside = join(sample.folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'notes.txt'), 'outside\n');
    await rm(join(sample.root, 'notes.txt'));
    await symlink(join(outside, 'notes.txt'), join(sample.root, 'notes.txt'));
    await symlink(outside, join(sample.root, 'later'));
    await rm(join(sample.root, 'flows'), { recursive: true });
    await writeFile(join(sample.root, 'flows'), 'a file where a folder was');
    const { changes } = await upgrade(sample);
    expect(changes.filter(({ action }) => action === 'keep')).toEqual([
      { action: 'keep', path: 'flows/plain.yaml', reason: 'in-the-way' },
      { action: 'keep', path: 'later/new.txt', reason: 'in-the-way' },
      { action: 'keep', path: 'notes.txt', reason: 'in-the-way' },
    ]);
    expect(await readFile(join(outside, 'notes.txt'), 'utf8')).toBe('outside\n');
    await expect(readFile(join(outside, 'new.txt'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('add-ons', () => {
  const more = (sample: Sample, path: string) => join(sample.installation, 'templates/addons/more', path);

  test('are brought up to date with what was changed in them', async () => {
    const sample = await makeSample({ addon: true });
    await writeFile(more(sample, 'services/more/main.js'), 'more\nof the template\n');
    await sample.edit({ 'services/more/main.js': 'own\nmore\n' });
    expect((await upgrade(sample)).changes).toEqual([{ action: 'merge', path: 'services/more/main.js' }]);
    expect(await sample.read('services/more/main.js')).toBe('own\nmore\nof the template\n');
    const plan = await removeAddon(sample.context(), { root: sample.root }, 'more', { dryRun: true });
    expect(plan.changes).toContainEqual({
      action: 'keep',
      path: 'services/more/main.js',
      kept: 'services/more/main.js.kept',
    });
  });

  test('that were taken out and added again are merged, too', async () => {
    const sample = await makeSample({ addon: true });
    const place = { root: sample.root };
    await removeAddon(sample.context(), place, 'more', { dryRun: false });
    expect((await upgrade(sample)).changes).toEqual([]);
    await addAddon(sample.context(), place, 'more', { dryRun: false, install: false });
    await writeFile(more(sample, 'services/more/main.js'), 'more\nof the template\n');
    await sample.edit({ 'services/more/main.js': 'own\nmore\n' });
    expect(await upgrade(sample)).toMatchObject({
      changes: [{ action: 'merge', path: 'services/more/main.js' }],
    });
  });

  test('that were of the template itself when the stack was made stay in it', async () => {
    const sample = await makeSample({ addon: true });
    const file = join(sample.root, 'qbtc.template.json');
    const { template, addons } = JSON.parse(await readFile(file, 'utf8'));
    const older = {
      template: { ...template, files: { ...template.files, ...addons.more.files } },
      addons: {},
    };
    await writeFile(file, JSON.stringify(older));
    expect((await upgrade(sample)).changes).toEqual([]);
    const plan = await removeAddon(sample.context(), { root: sample.root }, 'more', { dryRun: true });
    expect(plan.changes).toHaveLength(2);
  });

  test('that this qbtc does not have stay, and are told', async () => {
    const sample = await makeSample({ addon: true });
    await rm(join(sample.installation, 'templates/addons/more'), { recursive: true });
    await changeTemplate(sample);
    const { notices, changes } = await upgrade(sample);
    expect(notices).toContainEqual({ kind: 'addon-unknown', addon: 'more' });
    expect(changes.filter(({ path }) => path.startsWith('services/more/'))).toEqual([]);
    expect(await sample.read('services/more/main.js')).toBe('more\n');
    await removeAddon(sample.context(), { root: sample.root }, 'more', { dryRun: true });
  });
});

describe('up', () => {
  test.each([
    ['0.1.0', undefined],
    ['0.2.0', 'this stack is of the template 0.1.0, this qbtc brings 0.2.0: qbtc upgrade --dry-run'],
    ['0.0.9', 'this stack is of the template 0.1.0, and this qbtc is 0.0.9: npm install -g qbtc@0.1.0'],
  ])('of qbtc %s says: %s', async (version, said) => {
    const sample = await makeSample();
    const context = sample.context(version);
    await sayOtherTemplate(context, sample.root);
    expect(context.said).toEqual(said === undefined ? [] : [said]);
  });

  test('says nothing of a stack that nobody has written anything down of, or wrongly', async () => {
    const sample = await makeSample();
    const context = sample.context();
    for (const text of ['{', '{"template": {"version": "x"}}', undefined]) {
      await sample.edit({ 'qbtc.template.json': text });
      await sayOtherTemplate(context, sample.root);
    }
    expect(context.said).toEqual([]);
  });
});
