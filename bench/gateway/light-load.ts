import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { rawLoad } from './raw.ts';

const WRK = '/usr/bin/wrk';

/** Loads with the least processor time: by wrk, where it is installed. */
export async function lightLoad(
  port: number,
  path: string,
  headers: Record<string, string>,
  { seconds, connections }: { seconds: number; connections: number },
): Promise<{ perSecond: number }> {
  if (!existsSync(WRK)) return rawLoad(port, path, headers, { seconds, connections });
  const url = `http://127.0.0.1:${port}${path}`;
  const { stdout } = await promisify(execFile)(WRK, [
    ...['-t', '1', '-c', String(connections), '-d', `${seconds}s`],
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    url,
  ]);
  if (/Non-2xx|Socket errors/.test(stdout)) throw new Error(`requests to ${url} failed: ${stdout}`);
  return { perSecond: Number(/^Requests\/sec:\s+([\d.]+)/m.exec(stdout)?.[1]) };
}
