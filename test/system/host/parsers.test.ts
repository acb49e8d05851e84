import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStat } from '../../../src/alive.ts';
import { parseConnections, parseFolders, parseLsof, parsePs } from '../../../src/system/host/darwin.ts';
import { parseContainer, parseSocketTable } from '../../../src/system/host/linux.ts';
import {
  parseNetstat,
  parseConnections as parseOpenConnections,
  parseProcesses,
  parseTasklist,
} from '../../../src/system/host/windows.ts';

describe('Linux', () => {
  test('reads the listening sockets of both tables', () => {
    const tcp = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000 65534        0 48211 1 0 100 0',
      '   1: 0100007F:A3C2 0100007F:1538 01 00000000:00000000 00:00000000 00000000     0        0 48219 1 0 20 4',
    ].join('\n');
    const tcp6 = [
      '  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 51002 1 0 100 0',
      '   1: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 51003 1 0 100 0',
      '   2: 00000000000000000000000001000000:1F92 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 51004 1 0 100 0',
    ].join('\n');
    expect(parseSocketTable(tcp)).toEqual([{ host: '127.0.0.1', port: 5432, inode: '48211' }]);
    expect(parseSocketTable(tcp6)).toEqual([
      { host: '::', port: 8080, inode: '51002' },
      { host: '127.0.0.1', port: 8081, inode: '51003' },
      { host: '::1', port: 8082, inode: '51004' },
    ]);
  });

  test('finds the start time behind a name with blanks and brackets, and none for a zombie', () => {
    const fields = Array.from({ length: 40 }, (_, index) => String(index + 3));
    expect(parseStat(`7 (a) b (c)) S ${fields.slice(1).join(' ')}`)?.startTime).toBe('22');
    expect(parseStat(`7 (node) Z ${fields.slice(1).join(' ')}`)).toBeUndefined();
  });
});

test('macOS: reads the fields of lsof', () => {
  const text = 'p412\ncControlCe\nf9\nn*:7000\nf11\nn[::1]:7000\np991\ncnode\nf22\nn127.0.0.1:8000\n';
  expect(parseLsof(text)).toEqual([
    { host: '0.0.0.0', port: 7000, pid: 412, program: 'ControlCe' },
    { host: '::1', port: 7000, pid: 412, program: 'ControlCe' },
    { host: '127.0.0.1', port: 8000, pid: 991, program: 'node' },
  ]);
});

test('Windows: reads netstat in any language, and tasklist', () => {
  const text = [
    '',
    'Aktive Verbindungen',
    '',
    '  Proto  Lokale Adresse         Remoteadresse          Status           PID',
    '  TCP    127.0.0.1:8000         0.0.0.0:0              ABHÖREN         4242',
    '  TCP    127.0.0.1:49812        127.0.0.1:8000         HERGESTELLT     1200',
    '  TCP    [::]:135               [::]:0                 ABHÖREN         980',
  ].join('\r\n');
  expect(parseNetstat(text)).toEqual([
    { host: '127.0.0.1', port: 8000, pid: 4242 },
    { host: '::', port: 135, pid: 980 },
  ]);
  expect(parseTasklist('"node.exe","4242","Console","1","48,120 K"\r\n')).toEqual(
    new Map([[4242, 'node.exe']]),
  );
});

test('no parser throws on any text', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const parse of [parseSocketTable, parseStat, parseLsof, parseNetstat, parseTasklist]) parse(text);
    }),
  );
});

describe('processes and connections', () => {
  const id = '4c1b'.repeat(16);
  test.each([
    [`0::/system.slice/docker-${id}.scope`, id],
    [`12:memory:/docker/${id}`, id],
    [`0::/kubepods/besteffort/pod1/cri-containerd-${id}.scope`, id],
    ['0::/user.slice/user-1000.slice/session-2.scope', undefined],
    ['', undefined],
  ])('Linux: the container of %s', (cgroup, container) => {
    expect(parseContainer(cgroup)).toBe(container);
  });

  test('Linux: the rows of another state', () => {
    const text = 'head\n   1: 0100007F:A3C2 0100007F:1538 01 0:0 0:0 0 0 0 48219 1 0 20 4';
    expect(parseSocketTable(text, '01')).toEqual([{ host: '127.0.0.1', port: 41_922, inode: '48219' }]);
    expect(parseSocketTable(text)).toEqual([]);
  });

  test('macOS: connections, processes and their folders', () => {
    const connections = 'p991\nf22\nn127.0.0.1:50123->127.0.0.1:5672\nf23\nn[::1]:50124->[::1]:5672\n';
    expect(parseConnections(connections)).toEqual([
      { pid: 991, localPort: 50_123 },
      { pid: 991, localPort: 50_124 },
    ]);
    const ps =
      '    1     0     1 /sbin/launchd\n  991   412   991 /usr/local/bin/node src/main.js --port 8000\n';
    expect(parsePs(ps)).toEqual([
      { pid: 1, group: 1, program: 'launchd', args: ['/sbin/launchd'] },
      {
        pid: 991,
        parent: 412,
        group: 991,
        program: 'node',
        args: ['/usr/local/bin/node', 'src/main.js', '--port', '8000'],
      },
    ]);
    expect(parseFolders('p1\nfcwd\nn/\np991\nfcwd\nn/Users/me/shop\n')).toEqual(
      new Map([
        [1, '/'],
        [991, '/Users/me/shop'],
      ]),
    );
  });

  test('Windows: connections and processes', () => {
    const netstat = [
      '  Proto  Local Address          Foreign Address        State           PID',
      '  TCP    0.0.0.0:8000           0.0.0.0:0              LISTENING       991',
      '  TCP    127.0.0.1:50123        127.0.0.1:5672         HERGESTELLT     991',
    ].join('\r\n');
    expect(parseOpenConnections(netstat)).toEqual([{ pid: 991, localPort: 50_123 }]);
    const one = {
      ProcessId: 991,
      ParentProcessId: 412,
      Name: 'node.exe',
      CommandLine: '"C:\\Program Files\\nodejs\\node.exe" src\\main.js',
    };
    const found = {
      pid: 991,
      parent: 412,
      program: 'node',
      args: ['C:\\Program Files\\nodejs\\node.exe', 'src\\main.js'],
    };
    expect(parseProcesses(JSON.stringify(one))).toEqual([found]);
    const system = { ProcessId: 4, ParentProcessId: 0, Name: 'System', CommandLine: null };
    expect(parseProcesses(JSON.stringify([one, system]))).toEqual([found]);
    expect(parseProcesses('')).toEqual([]);
  });
});
