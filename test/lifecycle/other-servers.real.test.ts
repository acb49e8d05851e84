import { execFileSync } from 'node:child_process';
import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts } from '../support/ports.ts';
import { qbtc } from '../support/qbtc.ts';

/** Programs of Debian's that are run where they are installed. */
const installed = (program: string) => {
  try {
    execFileSync('which', [program], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
    return true;
  } catch {
    return false;
  }
};
const hasMariadb = installed('mariadbd');
const hasNats = installed('nats-server');
const hasMemcached = installed('memcached');

const folder = await mkdtemp(join(tmpdir(), 'qbtc-others-'));
const [plain = 0, extra = 0, nats = 0, memcached = 0, mysql = 0, late = 0] = await freePorts(6);
const write = async (files: Record<string, string>) => {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
};

/** A server that qbtc knows nothing of: it answers with what it was given, and keeps a file. */
const PLAIN = `
const { createServer } = require('node:net');
const { appendFileSync } = require('node:fs');
const [port, extra, data] = process.argv.slice(2);
appendFileSync(data + '/starts', 'x');
createServer((socket) => socket.end(process.env.LOGIN)).listen(Number(port), '127.0.0.1');
createServer((socket) => socket.end('extra')).listen(Number(extra), '127.0.0.1');
console.log('plain listens on ' + port);
`;
/** MariaDB as a stack declares it: made on first use, then run. */
const MARIADB = `
const { execFileSync, spawn } = require('node:child_process');
const { existsSync } = require('node:fs');
const [port, data, password] = process.argv.slice(2);
const user = process.getuid() === 0 ? ['--user=root'] : [];
if (!existsSync(data + '/mysql'))
  execFileSync('mariadb-install-db', ['--no-defaults', '--datadir=' + data, '--auth-root-authentication-method=normal', ...user], { stdio: 'inherit' });
const child = spawn('mariadbd', ['--no-defaults', '--datadir=' + data, '--port=' + port, '--bind-address=127.0.0.1', '--socket=', '--pid-file=' + data + '/pid', ...user], { stdio: 'inherit' });
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code) => process.exit(code ?? 1));
`;

const stackFile = `version: 1
name: others
strategy: fallback
secrets: [plain-login]
infrastructure:
  plain:
    kind: process
    command: [node, plain.cjs, '\${port}', '\${ports.extra}', '\${data}']
    path: servers
    port: ${plain}
    ports: { extra: ${extra} }
    user: someone
    password: \${secrets.plain-login}
    database: shop
    env: { LOGIN: '\${secrets.plain-login}' }
    url: plain://\${user}:\${password}@\${host}:\${port}/\${database}?extra=\${ports.extra}
    health: { log: plain listens on }
  late:
    kind: process
    command: [node, -e, 'setTimeout(() => require("node:http").createServer((_, r) => r.writeHead(204).end()).listen(\${port}), 700)']
    port: ${late}
    health: { path: /ping, status: 204 }
    depends_on: [plain]
${
  hasNats
    ? `  nats:
    kind: process
    command: [nats-server, -a, 127.0.0.1, -p, '\${port}', --user, app, --pass, '\${password}', -js, -sd, '\${data}']
    port: ${nats}
    password: \${secrets.plain-login}-nats
    url: nats://app:\${password}@\${host}:\${port}
`
    : ''
}${
  hasMemcached
    ? `  memcached:
    kind: process
    command: [memcached, -l, 127.0.0.1, -p, '\${port}', -u, root]
    port: ${memcached}
`
    : ''
}${
  hasMariadb
    ? `  mysql:
    kind: process
    command: [node, servers/mariadb.cjs, '\${port}', '\${data}', '\${password}']
    port: ${mysql}
    user: root
    password: \${secrets.plain-login}-my
    database: shop
    url: mysql://\${user}@\${host}:\${port}/\${database}
    health: { command: [mariadb, --no-defaults, --protocol=tcp, -h, 127.0.0.1, -P, '\${port}', -u, root, -e, 'select 1'] }
    stop_timeout: 20
`
    : ''
}services:
  user:
    command: [node, -e, 'console.log("given", process.env.PLAIN, process.env.MYSQL); setInterval(() => {}, 1e6)']
    env:
      PLAIN: \${resources.plain.url}
      ${hasMysqlEnv()}
    depends_on: [late]
`;
function hasMysqlEnv(): string {
  return hasMariadb
    ? "MYSQL: '${resources.mysql.host} ${resources.mysql.port} ${resources.mysql.user}'"
    : 'MYSQL: none';
}

interface Part {
  name: string;
  state: string;
  kind: string;
  provider: string;
  pid: number;
  reason: string;
}
const parts = async (): Promise<Record<string, Part>> => {
  const { stdout } = await qbtc(['status', '--json'], folder);
  const { resources } = JSON.parse(stdout) as { resources: Part[] };
  return Object.fromEntries(resources.map((each) => [each.name, each]));
};

describe('servers that qbtc does not know', () => {
  beforeAll(async () => {
    await write({ 'servers/plain.cjs': PLAIN, 'servers/mariadb.cjs': MARIADB, 'qbtc.yaml': stackFile });
  });
  afterAll(async () => {
    await qbtc(['down', '--volumes'], folder);
    await rm(folder, { recursive: true, force: true });
  });

  test('are started in their order, shown, and known to the services by their addresses', async () => {
    const up = await qbtc(['up', '--json'], folder);
    expect(up.code, up.stderr).toBe(0);
    const { started } = JSON.parse(up.stdout) as { started: string[] };
    expect(started.indexOf('plain')).toBeLessThan(started.indexOf('late'));
    expect(started.indexOf('late')).toBeLessThan(started.indexOf('user'));
    const all = await parts();
    expect(Object.values(all).filter(({ state }) => state !== 'active')).toEqual([]);
    expect(all.plain).toMatchObject({ kind: 'process', provider: 'native' });
    const { stdout } = await qbtc(['logs', 'user', 'plain'], folder);
    expect(stdout).toContain(`plain listens on ${plain}`);
    expect(stdout).toContain(`@127.0.0.1:${plain}/shop?extra=${extra}`);
    if (hasMariadb) expect(stdout).toContain(`127.0.0.1 ${mysql} root`);
    // Its password is in the address, and nobody is told.
    expect(stdout).toMatch(/plain:\/\/someone:•+@|plain:\/\/someone:\*+@|plain:\/\/someone:[^@]*mask/i);
  });

  test('stay as they are at the next up; a server that is killed is started again', async () => {
    const before = await parts();
    const again = await qbtc(['up', '--json'], folder);
    expect(JSON.parse(again.stdout)).toMatchObject({ started: [] });
    process.kill(before.plain?.pid ?? 0, 'SIGKILL');
    await expect
      .poll(async () => {
        const { plain: now } = await parts();
        return now?.state === 'active' && now.pid !== before.plain?.pid;
      })
      .toBe(true);
  });

  test('are stopped with the others, and keep their data until it is asked for', async () => {
    expect((await qbtc(['down'], folder)).code).toBe(0);
    await access(join(folder, '.qbtc/data/plain/starts'));
    if (hasMariadb) expect(await readdir(join(folder, '.qbtc/data/mysql'))).toContain('mysql');
    expect((await qbtc(['up'], folder)).code).toBe(0);
    expect((await qbtc(['down', '--volumes'], folder)).code).toBe(0);
    await expect(access(join(folder, '.qbtc/data/plain'))).rejects.toThrow();
  });

  describe('what stands in the way', () => {
    let stranger: Server;
    beforeAll(async () => {
      stranger = createServer((socket) => socket.end()).listen(plain, '127.0.0.1');
      await new Promise((resolve) => stranger.once('listening', resolve));
    });
    afterAll(() => stranger.close());

    test('a port that somebody else holds is told, and nobody is adopted by chance', async () => {
      const { code, stderr } = await qbtc(['up'], folder);
      expect(code).not.toBe(0);
      expect(stderr).toContain(`port ${plain} (plain) is held by`);
    });

    test('what runs already is adopted where that is declared, and left alone', async () => {
      const other = await mkdtemp(join(tmpdir(), 'qbtc adopts '));
      await writeFile(
        join(other, 'qbtc.yaml'),
        `version: 1\nname: adopts\ninfrastructure:\n  theirs: { kind: process, provider: external, url: 'mongodb://u:p4ssw@127.0.0.1:${plain}/x' }\nservices:\n  w: { command: [node, -e, 'console.log(process.env.U.length); setInterval(() => {}, 1e6)'], env: { U: '\${resources.theirs.url}' }, depends_on: [theirs] }\n`,
      );
      const up = await qbtc(['up'], other);
      expect(up.code, up.stderr).toBe(0);
      expect(up.stderr).toContain(`adopted at 127.0.0.1:${plain}`);
      expect((await qbtc(['down'], other)).code).toBe(0);
      expect(stranger.listening).toBe(true);
      await rm(other, { recursive: true, force: true });
    });
  });

  test.each([
    ['a program that is not installed', 'command: [no-such-server]', 'no-such-server is not installed'],
    [
      'one that ends at once',
      'command: [node, -e, \'console.error("broken"); process.exit(7)\']',
      'exited with code 7',
    ],
  ])('%s is told', async (_, command, told) => {
    const other = await mkdtemp(join(tmpdir(), 'qbtc broken '));
    const [port] = await freePorts(1);
    await writeFile(
      join(other, 'qbtc.yaml'),
      `version: 1\nname: broken\ninfrastructure:\n  it: { kind: process, port: ${port}, ${command} }\n`,
    );
    const { code, stderr } = await qbtc(['up'], other);
    expect(code).not.toBe(0);
    expect(stderr).toContain(told);
    await qbtc(['down', '--volumes'], other);
    await rm(other, { recursive: true, force: true });
  });
});
