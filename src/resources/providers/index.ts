import type { ProviderName } from '../../model/resource.ts';
import type { Provider } from '../provider.ts';
import { docker } from './docker.ts';
import { embedded } from './embedded/index.ts';
import { external } from './external.ts';
import { native } from './native/index.ts';

export const providers: Record<ProviderName, Provider> = { docker, native, embedded, external };
