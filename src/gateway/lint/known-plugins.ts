import { APISIX_PLUGINS } from '../../model/apisix-plugins.ts';

/** The plugins of APISIX 3.14 and ours. */
export const KNOWN_PLUGINS: ReadonlySet<string> = new Set([
  ...APISIX_PLUGINS,
  'quantum-enhancer',
  'vigoleonrocks-signature',
]);

/** Plugins that find out who calls. */
export const AUTHENTICATION = /-auth$|^wolf-rbac$|^openid-connect$|^authz-|^cas-auth$|^forward-auth$/;
