import type { Source } from './source.ts';
import { ports } from './sources/ports.ts';

export const SOURCE_NAMES = ['ports'] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

export const SOURCES: Record<SourceName, Source> = { ports };
