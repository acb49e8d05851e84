import { embeddedConformance } from './embedded.ts';

embeddedConformance('the embedded broker', false);
