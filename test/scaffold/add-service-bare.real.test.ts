import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { SERVICE_LANGUAGES } from '../../src/model/new-service.ts';
import { installPackages } from '../support/docker/run.ts';
import { freePorts } from '../support/ports.ts';
import { CHECKOUT, qbtc } from '../support/qbtc.ts';

/** Debian's own Python comes first: another one has not its packages. */
const env = { PATH: `/usr/bin:${process.env.PATH}` };
const noPika = await installPackages(['python3-pika'], '/usr/lib/python3/dist-packages/pika/__init__.py');
const languages = SERVICE_LANGUAGES.filter((each) => noPika === undefined || each !== 'python');
const skipped = noPika === undefined ? '' : ` (without Python: ${noPika})`;

test(`consumers fit into a stack whose events have no envelope and go to an exchange of its own${skipped}`, async () => {
  const root = await mkdtemp(join(tmpdir(), 'qbtc bare '));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const [broker, management] = await freePorts(2);
  await writeFile(
    join(root, 'qbtc.yaml'),
    `version: 1
name: bare
infrastructure:
  mq: { kind: rabbitmq, provider: embedded, port: ${broker}, management_port: ${management} }
events: { exchange: shop, envelope: none }
correlation: { header: X-Request-Id }
`,
  );
  const told = async (...args: string[]) => {
    const { code, stdout, stderr } = await qbtc([...args, '--json'], root, env);
    expect(code, stderr + stdout).toBe(0);
    return JSON.parse(stdout);
  };
  for (const language of languages) {
    const name = `bill-${language}`;
    await told('add', 'service', name, '--kind', 'consumer', '--language', language, '--yes', '--no-install');
    expect(await readFile(join(root, 'services', name, 'service.yaml'), 'utf8')).toContain(
      'EVENTS_ENVELOPE: none',
    );
    if (language === 'python') continue;
    await mkdir(join(root, 'services', name, 'node_modules'));
    const library = ['node_modules', 'amqplib'];
    await symlink(join(CHECKOUT, ...library), join(root, 'services', name, ...library));
  }
  try {
    await told('up');
    const { flows } = await told('test');
    expect(flows.map(({ status }: { status: string }) => status)).toEqual(languages.map(() => 'passed'));
  } finally {
    const down = await qbtc(['down', '--volumes'], root, env);
    expect(down.code, down.stderr).toBe(0);
  }
}, 240_000);
