/** `command:` as a text, and the words that compose makes of it (go-shellwords). */
export const COMMANDS: [string, string[]][] = [
  ['redis-server --appendonly yes', ['redis-server', '--appendonly', 'yes']],
  ['  a   b\tc\n', ['a', 'b', 'c']],
  ['a "b c" d', ['a', 'b c', 'd']],
  [
    'sh -c \'echo "$$HOME" && exit 3; true | cat > /x\'',
    ['sh', '-c', 'echo "$HOME" && exit 3; true | cat > /x'],
  ],
  ['a b"c d"\'e f\'g', ['a', 'bc de fg']],
  ['a \'\' "" b', ['a', '', '', 'b']],
  ['a\\ b c', ['a b', 'c']],
  ['a "b\\"c" \'d\\e\'', ['a', 'b"c', 'd\\e']],
  [
    '--flag=$$HOME *.txt {a,b} # not a comment',
    ['--flag=$HOME', '*.txt', '{a,b}', '#', 'not', 'a', 'comment'],
  ],
  ['', []],
];

/** What older builds of go-shellwords take for the letter alone; Debian's compose has such a one. */
export const ESCAPES: [string, string[]][] = [['a "x\\ny" z\\t', ['a', 'x\ny', 'z\t']]];

/** `ports:` in the short form, and what is published (Compose specification, "ports"). */
export const PORTS: [string, { container: string; host: string; published: string }[]][] = [
  ['3000', [{ container: '3000/tcp', host: '', published: '' }]],
  [
    '3000-3001',
    [
      { container: '3000/tcp', host: '', published: '' },
      { container: '3001/tcp', host: '', published: '' },
    ],
  ],
  ['8000:8000', [{ container: '8000/tcp', host: '', published: '8000' }]],
  [
    '9090-9091:8080-8081',
    [
      { container: '8080/tcp', host: '', published: '9090' },
      { container: '8081/tcp', host: '', published: '9091' },
    ],
  ],
  ['8000-9000:80', [{ container: '80/tcp', host: '', published: '8000-9000' }]],
  ['127.0.0.1:8001:8001', [{ container: '8001/tcp', host: '127.0.0.1', published: '8001' }]],
  [
    '127.0.0.1:5000-5001:5000-5001',
    [
      { container: '5000/tcp', host: '127.0.0.1', published: '5000' },
      { container: '5001/tcp', host: '127.0.0.1', published: '5001' },
    ],
  ],
  ['127.0.0.1::5432', [{ container: '5432/tcp', host: '127.0.0.1', published: '' }]],
  ['6060:6060/udp', [{ container: '6060/udp', host: '', published: '6060' }]],
  ['[::1]:6000:6001', [{ container: '6001/tcp', host: '::1', published: '6000' }]],
];
