// Makes templates/stack/package-lock.json anew, in a copy: inside the repository npm would take the outer workspace.
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const template = join('templates', 'stack');
const copy = mkdtempSync(join(tmpdir(), 'qbtc-stack-lock-'));
try {
  cpSync(template, copy, { recursive: true, filter: (path) => basename(path) !== 'node_modules' });
  execFileSync('npm', ['install', '--package-lock-only', '--ignore-scripts'], {
    cwd: copy,
    stdio: 'inherit',
  });
  copyFileSync(join(copy, 'package-lock.json'), join(template, 'package-lock.json'));
} finally {
  rmSync(copy, { recursive: true, force: true });
}
