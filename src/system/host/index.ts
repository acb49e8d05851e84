import type { Exec, Host } from '../../context.ts';
import { darwinHost } from './darwin.ts';
import { linuxHost } from './linux.ts';
import { windowsHost } from './windows.ts';

/** What this operating system knows of its sockets and processes. */
export function createHost(platform: NodeJS.Platform, exec: Exec): Host {
  if (platform === 'win32') return windowsHost(exec);
  if (platform === 'darwin') return darwinHost(exec);
  return linuxHost;
}
