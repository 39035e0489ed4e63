import { DurableObject } from 'cloudflare:workers';

import type { Env } from '../../config.ts';

export class User extends DurableObject<Env> {}
