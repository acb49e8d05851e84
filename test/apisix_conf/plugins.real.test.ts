import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PLUGINS } from '../../src/embedded/gateway/plugin-registry.ts';
import {
  SIGNATURE_HEADERS,
  signatureOf,
} from '../../src/embedded/gateway/plugins/vigoleonrocks-signature.ts';
import { startTestGateway, type TestGateway } from '../embedded/gateway/support/gateway.ts';
import { installPackages } from '../support/docker/run.ts';
import { freePorts } from '../support/ports.ts';

// The Lua of the two plugins in a real nginx with its Lua module, beside the same plugins of the embedded gateway.
const NGINX = '/usr/sbin/nginx';
const LUA_MODULE = '/usr/lib/nginx/modules/ngx_http_lua_module.so';
const missing =
  (await installPackages(['nginx', 'libnginx-mod-http-lua', 'lua-resty-core', 'lua-cjson'], LUA_MODULE)) ??
  (await installPackages(['nginx'], NGINX)) ??
  (await installPackages(['lua-cjson'], '/usr/lib/x86_64-linux-gnu/lua/5.1/cjson.so'));
const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url));
const KEY = 'a-signing-key-of-a-test';
const NAMES = ['quantum-enhancer', 'vigoleonrocks-signature'];
const OURS = /^x[-_](quantum|qbtc|vigoleonrocks)[-_]/;

describe.skipIf(missing !== undefined)(
  `the Lua plugins in nginx${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let folder = '';
    let nginx: ChildProcess;
    let nginxUrl = '';
    let gateway: TestGateway;
    let upstream: Server;
    let address = '';
    let seen: { method?: string; url?: string; headers: IncomingHttpHeaders } = { headers: {} };

    beforeAll(async () => {
      upstream = createServer((request, response) => {
        seen = { headers: request.headers, ...(request.url === undefined ? {} : { url: request.url }) };
        if (request.method !== undefined) seen.method = request.method;
        response.end('seen');
      });
      await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
      address = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
      gateway = await startTestGateway();
      const [port = 0] = await freePorts(1);
      nginxUrl = `http://127.0.0.1:${port}`;
      folder = await mkdtemp(join(tmpdir(), 'qbtc-nginx-'));
      await writeFile(join(folder, 'nginx.conf'), configuration(port, address, folder));
      nginx = spawn(
        NGINX,
        ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')],
        {
          env: { ...process.env, QBTC_TEST_SIGNING_KEY: KEY },
          stdio: 'inherit',
        },
      );
      process.env.QBTC_TEST_SIGNING_KEY = KEY;
      await vi.waitFor(async () => expect((await fetch(`${nginxUrl}/schemas`)).status).toBe(200), {
        timeout: 10_000,
        interval: 50,
      });
    });
    afterAll(async () => {
      delete process.env.QBTC_TEST_SIGNING_KEY;
      nginx.kill('SIGTERM');
      await gateway.close();
      upstream.closeAllConnections();
      upstream.close();
      await rm(folder, { recursive: true, force: true });
    });

    const luaPlugins = async () =>
      (await (await fetch(`${nginxUrl}/schemas`)).json()) as Record<
        string,
        { version: number; priority: number; schema: object }
      >;

    /** Our headers as the upstream got them, through nginx and through the embedded gateway. */
    async function through(plugins: object, path: string, init: RequestInit = {}) {
      const headers = { ...(init.headers as Record<string, string>) };
      const inNginx = await fetch(nginxUrl + path, {
        ...init,
        headers: { ...headers, 'x-test-plugins': JSON.stringify(plugins) },
      });
      const byNginx = { ...seen, status: inNginx.status };
      const route = { uri: '/*', plugins, upstream: { type: 'roundrobin', nodes: { [address]: 1 } } };
      const put = await gateway.admin('PUT', '/routes/lua', route);
      expect(put.status, put.body).toBeLessThan(300);
      const inGateway = await fetch(gateway.proxyUrl + path, { ...init, headers });
      return { byNginx, byGateway: { ...seen, status: inGateway.status } };
    }
    const own = ({ headers }: { headers: IncomingHttpHeaders }) =>
      Object.fromEntries(Object.entries(headers).filter(([name]) => OURS.test(name)));

    it.each(NAMES)('%s has the same version, priority and schema in both', async (name) => {
      const plugin = PLUGINS.get(name);
      expect((await luaPlugins())[name]).toEqual({
        version: plugin?.version,
        priority: plugin?.priority,
        schema: plugin?.schema,
      });
    });

    it.each([
      { frequency: 888 },
      {},
      { frequency: 432.5 },
      { enable_quantum_headers: false },
      { vigoleonrocks_signature: false },
    ])('quantum-enhancer %j sends the same headers, and none of the client’s own', async (configuration) => {
      const { byNginx, byGateway } = await through({ 'quantum-enhancer': configuration }, '/q?x=1', {
        headers: {
          'X-Quantum-Frequency': 'forged',
          'X-QBTC-Enhanced': 'forged',
          'X-VIGOLEONROCKS-System': 'forged',
          X_Quantum_Frequency: 'forged',
          'X-QBTC_Enhanced': 'forged',
          x_vigoleonrocks_system: 'forged',
        },
      });
      expect(own(byNginx)).toEqual(own(byGateway));
      expect(JSON.stringify(own(byNginx))).not.toContain('forged');
      if ('frequency' in configuration) {
        expect(own(byNginx)['x-quantum-frequency']).toBe(String(configuration.frequency));
      }
    });

    it.each([
      KEY,
      '$env://QBTC_TEST_SIGNING_KEY',
    ])('vigoleonrocks-signature with %s can be verified', async (key) => {
      const configuration = { key, key_id: 'k1', replay_window: 60 };
      const { byNginx, byGateway } = await through(
        { 'vigoleonrocks-signature': configuration },
        '/sign%20ed/a?b=c&d=%2F',
        {
          method: 'POST',
          body: 'hello',
          headers: { [SIGNATURE_HEADERS.signature]: 'v1=forged', X_VIGOLEONROCKS_Signature: 'v1=forged' },
        },
      );
      expect(JSON.stringify([byNginx, byGateway])).not.toContain('forged');
      for (const { headers, url, method } of [byNginx, byGateway]) {
        const field = (name: string) => String(headers[name.toLowerCase()]);
        const timestamp = Number(field(SIGNATURE_HEADERS.timestamp));
        expect(Math.abs(timestamp - Date.now() / 1000)).toBeLessThan(10);
        expect(field(SIGNATURE_HEADERS.expires)).toBe(String(timestamp + 60));
        expect(field(SIGNATURE_HEADERS.nonce)).toMatch(/^[0-9a-f]{32}$/);
        expect(field(SIGNATURE_HEADERS.keyId)).toBe('k1');
        expect(field(SIGNATURE_HEADERS.signature)).toBe(
          signatureOf(KEY, {
            method: String(method),
            target: String(url),
            timestamp,
            expires: timestamp + 60,
            nonce: field(SIGNATURE_HEADERS.nonce),
          }),
        );
      }
      expect(Object.keys(own(byNginx)).sort()).toEqual(Object.keys(own(byGateway)).sort());
      const nonce = SIGNATURE_HEADERS.nonce.toLowerCase();
      expect(byNginx.headers[nonce]).not.toBe(byGateway.headers[nonce]);
    });

    it('lets no request through that it cannot sign', async () => {
      const plugins = { 'vigoleonrocks-signature': { key: '$env://QBTC_TEST_NOT_THERE_AT_ALL' } };
      const { byNginx, byGateway } = await through(plugins, '/unsigned');
      expect([byNginx.status, byGateway.status]).toEqual([500, 500]);
    });

    it('stand where APISIX leaves room for plugins that are not its own, and no two in one place', async () => {
      const priorities = Object.values(await luaPlugins()).map(({ priority }) => priority);
      expect(new Set(priorities).size).toBe(priorities.length);
      for (const priority of priorities) {
        expect(priority).toBeGreaterThan(0);
        expect(priority).toBeLessThan(100);
      }
    });
  },
);

/** Runs what a request's own header names, in the order of APISIX: rewrite is left out, as neither plugin has it. */
function configuration(port: number, upstream: string, folder: string): string {
  return `
load_module /usr/lib/nginx/modules/ndk_http_module.so;
load_module ${LUA_MODULE};
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
env QBTC_TEST_SIGNING_KEY;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 64; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${folder}/${each};`).join('\n  ')}
  lua_package_path "${CHECKOUT}/apisix_conf/lua/?.lua;${CHECKOUT}/test/support/lua/?.lua;/usr/share/lua/5.1/?.lua;;";
  lua_package_cpath "/usr/lib/x86_64-linux-gnu/lua/5.1/?.so;;";
  server {
    listen 127.0.0.1:${port};
    underscores_in_headers on;
    location = /schemas {
      content_by_lua_block {
        local found = {}
        for _, name in ipairs({ "${NAMES.join('", "')}" }) do
          local plugin = require("apisix.plugins." .. name)
          found[name] = { version = plugin.version, priority = plugin.priority, schema = plugin.schema }
        end
        ngx.print(require("cjson").encode(found))
      }
    }
    location / {
      set $upstream_uri '';
      access_by_lua_block {
        local plugins = require("cjson").decode(ngx.var.http_x_test_plugins)
        ngx.req.clear_header("X-Test-Plugins")
        for _, name in ipairs({ "${NAMES.join('", "')}" }) do
          local conf = plugins[name]
          if conf then
            local plugin = require("apisix.plugins." .. name)
            assert(plugin.check_schema(conf))
            local code, body = plugin.access(conf, { var = ngx.var })
            if code then
              ngx.status = code
              ngx.say(require("cjson").encode(body))
              return ngx.exit(code)
            end
          end
        end
      }
      log_by_lua_block {
        require("apisix.plugins.quantum-enhancer").log({ frequency = 888 }, {})
      }
      proxy_pass http://${upstream};
    }
  }
}
`;
}
