import type { Context } from '../../context.ts';
import { QbtcError } from '../../errors.ts';
import type { GatewayMode, Resource } from '../../model/resource.ts';
import type { GatewayDriver } from '../driver.ts';
import { apisixAdmin } from './apisix-admin.ts';
import { apisixStandaloneApi } from './apisix-standalone-api.ts';
import { apisixStandaloneFile } from './apisix-standalone-file.ts';

export type Reach = Pick<Context, 'http' | 'clock' | 'interrupted'>;

const OPEN: Record<GatewayMode, (context: Reach, gateway: Resource) => GatewayDriver> = {
  traditional: (context, gateway) => apisixAdmin(context, adminApiOf(gateway)),
  'standalone-api': (context, gateway) => apisixStandaloneApi(context, adminApiOf(gateway)),
  'standalone-file': (_, gateway) => apisixStandaloneFile(gateway.standaloneFile ?? ''),
};

/**
 * The way in which this gateway is written.
 * @throws QbtcError GATEWAY_NOT_DECLARED when it has no Admin API
 */
export function openDriver(context: Reach, gateway: Resource): GatewayDriver {
  return OPEN[gateway.mode ?? 'traditional'](context, gateway);
}

/** What tells one gateway from another, for what is kept about it. */
export function addressOf(gateway: Resource): string {
  if (gateway.standaloneFile !== undefined) return gateway.standaloneFile;
  return (gateway.endpoint.managementUrl ?? '').replace(/\/+$/, '');
}

function adminApiOf({ name, endpoint: { managementUrl, adminKey } }: Resource): { url: string; key: string } {
  if (managementUrl === undefined || adminKey === undefined) {
    throw new QbtcError('GATEWAY_NOT_DECLARED', `the gateway ${name} has no Admin API to write routes to`, {
      hint: `give infrastructure.${name} its admin_port, or admin_url and admin_key, in qbtc.yaml`,
    });
  }
  return { url: managementUrl.replace(/\/+$/, ''), key: adminKey };
}
