import type { ProviderName } from '../../model/resource.ts';
import type { Provider } from '../provider.ts';
import { docker } from './docker.ts';
import { embedded } from './embedded.ts';
import { external } from './external.ts';
import { native } from './native.ts';

export const providers: Record<ProviderName, Provider> = { docker, native, embedded, external };
