import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { composeProject } from '../../../src/config/place.ts';
import { readComposeFile } from '../../../src/runtimes/containers/compose-file.ts';
import { engineDriver } from '../../../src/runtimes/containers/drivers/engine.ts';
import { openContainers } from '../../../src/runtimes/containers/stamped.ts';
import { writeChoices } from '../../../src/state/index.ts';
import { createDocker } from '../../../src/system/docker.ts';
import { service } from '../../flow/chain.ts';
import { quietContext, temporaryFolder } from '../../support/quiet-context.ts';
import { scriptedServer } from '../../support/scripted-server.ts';
import { emptyStack, postgresResource } from '../../support/stack.ts';

/** A stack of a database and a service, and what they say of the time that they take to end. */
async function stackOf(ends: { database?: string; web?: string } = {}) {
  const root = await temporaryFolder();
  const composeFile = join(root, 'compose.yaml');
  const entry = (name: string, grace: string | undefined) =>
    `  ${name}: {image: x${grace === undefined ? '' : `, stop_grace_period: ${grace}`}}\n`;
  await writeFile(composeFile, `services:\n${entry('database', ends.database)}${entry('web', ends.web)}`);
  await writeChoices(root, {
    strategy: 'full_docker',
    choices: [{ resource: 'database', provider: 'docker', reason: '', loss: '' }],
    services: [{ service: 'web', runs: 'container', reason: '' }],
  });
  const stack = emptyStack(root, {
    composeFile,
    resources: [postgresResource(5432)],
    services: [service('web', 8000)],
  });
  return { root, stack };
}

/** An engine that runs a container for each of these services: with the time that it was made with, if any. */
async function engineWith(root: string, running: Record<string, number | undefined>) {
  const made: { name: string; StopTimeout?: number }[] = [];
  const project = composeProject('acme', root);
  const labels = (name: string) => ({
    'com.docker.compose.project': project,
    'com.docker.compose.service': name,
  });
  const inspected = (name: string) => ({
    Id: name,
    Name: `/${project}-${name}-1`,
    Image: 'another',
    Mounts: [],
    Config: { Labels: labels(name), StopTimeout: running[name] },
    HostConfig: {},
    NetworkSettings: { Ports: {} },
    State: { Status: 'running', StartedAt: '2026-11-21T03:52:17Z', Pid: 1, Error: '' },
  });
  const server = await scriptedServer((request, response, body) => {
    const url = new URL(String(request.url), 'http://engine');
    const answer = (document: unknown) => response.end(JSON.stringify(document));
    const name = /^\/containers\/([^/]+)\/json$/.exec(url.pathname)?.[1];
    if (url.pathname === '/containers/json')
      answer(Object.keys(running).map((id) => ({ Id: id, Labels: labels(id) })));
    else if (name !== undefined) answer(inspected(name));
    else if (url.pathname === '/images/x/json') answer({ Id: 'image' });
    else if (url.pathname === '/networks' || url.pathname === '/volumes') answer([]);
    else if (url.pathname === '/containers/create') {
      made.push({ name: url.searchParams.get('name'), ...JSON.parse(body) });
      response.statusCode = 201;
      answer({ Id: 'new', Warnings: [] });
    } else {
      if (request.method === 'POST') response.statusCode = url.pathname === '/networks/create' ? 201 : 204;
      response.end(response.statusCode === 201 ? '{"Id": "n"}' : '');
    }
  });
  onTestFinished(() => server.close());
  const context = {
    ...quietContext(),
    docker: createDocker({ DOCKER_HOST: server.url.replace('http:', 'tcp:') }, 'linux'),
  };
  const asked = (what: string) => server.requests.filter((request) => request.includes(`/${what}`)).sort();
  return { context, made, asked };
}

describe('the time that a container gets to end (Docker Engine API, `t` and `StopTimeout`)', () => {
  test.each([
    'stop',
    'restart',
    'down',
  ] as const)('is a minute for a resource where nobody has said, its own otherwise: %s', async (doing) => {
    const { root } = await stackOf();
    const end = async (running: Record<string, number | undefined>) => {
      const { context, asked } = await engineWith(root, running);
      const containers = openContainers(context, root);
      if (doing === 'down') await containers.down({ volumes: false, onStopped() {} });
      else await containers[doing](Object.keys(running));
      return asked(doing === 'restart' ? 'restart' : 'stop').map((request) =>
        request.replace(/^POST \/containers\/([^/]+)\/\w+/, '$1'),
      );
    };
    expect(await end({ database: undefined, web: undefined })).toEqual(['database?t=60', 'web']);
    expect(await end({ database: 90, web: 5 })).toEqual(['database', 'web']);
  });

  test('stands in a container that is made by the API: a minute for a resource, unless its file says another', async () => {
    const made = async (ends: Parameters<typeof stackOf>[0]) => {
      const { root, stack } = await stackOf(ends);
      const engine = await engineWith(root, {});
      const file = await readComposeFile(stack);
      if (file === undefined) throw new Error('no file');
      const driver = engineDriver(engine.context, stack, file, openContainers(engine.context, root));
      await driver.up(['database', 'web'], () => {});
      return Object.fromEntries(
        engine.made.map(({ name, StopTimeout }) => [/-(\w+)-1$/.exec(name)?.[1], StopTimeout]),
      );
    };
    expect(await made({})).toEqual({ database: 60, web: undefined });
    expect(await made({ database: '2m', web: '5s' })).toEqual({ database: 120, web: 5 });
  });

  test('is as long when it is made anew', async () => {
    const { root, stack } = await stackOf();
    const { context, asked } = await engineWith(root, { database: undefined, web: undefined });
    const file = await readComposeFile(stack);
    if (file === undefined) throw new Error('no file');
    await engineDriver(context, stack, file, openContainers(context, root)).up(['database', 'web'], () => {});
    expect(asked('stop')).toEqual(['POST /containers/database/stop?t=60', 'POST /containers/web/stop']);
  });
});
