import type { Context, Installation } from '../context.ts';
import { connectAmqp } from './amqp.ts';
import { systemClock } from './clock.ts';
import { createDocker } from './docker.ts';
import { createExec } from './exec.ts';
import { createHost } from './host/index.ts';
import { createHttp } from './http.ts';
import { createIo, type Streams } from './io.ts';
import { withJsonProgress } from './json-progress.ts';
import { createPrompts } from './prompts.ts';
import { connectRedis } from './redis.ts';
import { connectSql } from './sql.ts';
import { createTcp } from './tcp/index.ts';

/**
 * The real context. Cheap to make: each client library is loaded when it is first used. With `json` progress is told as
 * JSON, one object a line.
 */
export function createContext(
  process: NodeJS.Process,
  installation: Installation,
  interrupted: AbortSignal,
  json = false,
): Context {
  const exec = createExec();
  const streams: Streams = {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
  };
  const io = createIo(streams);
  return {
    io: json ? withJsonProgress(io) : io,
    env: process.env,
    cwd: process.cwd(),
    clock: systemClock,
    interrupted,
    exec,
    http: createHttp(),
    amqp: connectAmqp,
    sql: connectSql,
    redis: connectRedis,
    docker: createDocker(process.env, process.platform),
    host: createHost(process.platform, exec),
    tcp: createTcp(installation.root),
    prompts: createPrompts({ input: process.stdin, output: process.stderr }),
    installation,
  };
}
