import {
  type GatewayConfiguration,
  type RunningGateway,
  startGateway,
} from '../../../../src/embedded/gateway/gateway.ts';
import { type Answered, exchange } from './http.ts';

export const ADMIN_KEY = 'a-key-for-tests';

export interface TestGateway extends RunningGateway {
  proxyUrl: string;
  adminUrl: string;
  logged: { level: string; message: string }[];
  admin(method: string, path: string, body?: unknown): Promise<Answered>;
}

/** The gateway in this process, on free ports. */
export async function startTestGateway(
  configuration: Partial<GatewayConfiguration> = {},
  now: () => number = Date.now,
  random: () => number = Math.random,
): Promise<TestGateway> {
  const logged: { level: string; message: string }[] = [];
  const { adminKey = ADMIN_KEY } = configuration;
  const gateway = await startGateway(
    { host: '127.0.0.1', port: 0, adminPort: 0, ...configuration, adminKey },
    (level, message) => logged.push({ level, message }),
    now,
    random,
  );
  const adminUrl = `http://127.0.0.1:${gateway.adminPort}/apisix/admin`;
  return {
    ...gateway,
    adminUrl,
    proxyUrl: `http://127.0.0.1:${gateway.port}`,
    logged,
    admin: (method, path, body) =>
      exchange(adminUrl + path, {
        method,
        headers: { 'X-API-KEY': adminKey },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
  };
}
