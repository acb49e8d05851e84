import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installPackages, run } from './docker/run.ts';
import { CHECKOUT } from './qbtc.ts';

/** Small services as people write them, none of which knows of qbtc. */

const resolve = createRequire(join(CHECKOUT, 'package.json')).resolve;

/** A web server with Express, started by `npm start`: npm, a shell, and the server as their child. */
export const EXPRESS = {
  'web/package.json': JSON.stringify({
    name: 'web',
    private: true,
    scripts: { start: 'node server.js' },
    dependencies: { express: '^5.1.0' },
  }),
  'web/server.js': `
const express = require('express');
const app = express();
app.get('/ready', (request, response) => response.status(204).end());
app.get('/hello', (request, response) => response.json({ name: 'somebody else', pid: process.pid, by: process.env.GREETING }));
app.listen(process.env.PORT, '127.0.0.1', () => console.log('listening, pid ' + process.pid));
`,
};

/** A web server with Flask; what it says of itself at / is a page. */
export const FLASK = {
  'shop/app.py': `
from flask import Flask

app = Flask(__name__)


@app.get("/")
def page():
    return "<html><title>Shop</title></html>"
`,
};

/** A worker that listens nowhere, on amqplib; it declares the queue that it consumes from. */
export const WORKER = {
  'worker/worker.cjs': `
const amqp = require(${JSON.stringify(resolve('amqplib'))});
(async () => {
  const connection = await amqp.connect(process.env.BROKER);
  const channel = await connection.createChannel();
  await channel.assertQueue('jobs', { durable: true });
  // It takes its time: that it runs is not that it consumes.
  await new Promise((resolve) => setTimeout(resolve, 700));
  await channel.consume('jobs', (message) => channel.ack(message));
})();
`,
};

/** A server of gRPC that has no health protocol for a moment's worth of start, and then serves. */
export const GRPC = {
  'orders/server.cjs': `
const { Server, ServerCredentials } = require(${JSON.stringify(resolve('@grpc/grpc-js'))});
const bytes = (value) => value;
let serving = 2;
setTimeout(() => { serving = 1; }, 500);
const server = new Server();
server.addService(
  { check: { path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false,
    requestSerialize: bytes, requestDeserialize: bytes, responseSerialize: bytes, responseDeserialize: bytes } },
  { check: (call, answer) => answer(null, Buffer.from([0x08, serving])) },
);
server.bindAsync('127.0.0.1:' + process.argv[2], ServerCredentials.createInsecure(), () => {});
`,
};

/** Debian's own Python: another one that comes first in the path has not its packages. */
export const PYTHON = '/usr/bin/python3';

/** Sees to it that `PYTHON` has Flask; answers with the reason why it cannot be. */
export function installFlask(): Promise<string | undefined> {
  return installPackages(['python3-flask'], '/usr/lib/python3/dist-packages/flask/__init__.py');
}

/** Installs what a package.json names; answers with the reason why it cannot be. */
export async function npmInstall(folder: string): Promise<string | undefined> {
  const { exitCode, stderr } = await run(
    'npm',
    ['install', '--prefer-offline', '--no-audit', '--no-fund', '--fetch-retries=0'],
    {
      cwd: folder,
    },
  );
  return exitCode === 0 ? undefined : stderr.split('\n')[0];
}
