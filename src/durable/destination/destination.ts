import { DurableObject } from 'cloudflare:workers';

import type { Env } from '../../config.ts';

export class Destination extends DurableObject<Env> {}
