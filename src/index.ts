import { createApp } from './app.ts';
import type { Env } from './config.ts';

export { AppService } from './durable/appservice/appservice.ts';
export { Destination } from './durable/destination/destination.ts';
export { Room } from './durable/room/room.ts';
export { User } from './durable/user/user.ts';

/** One composition per isolate; `env` is the same for all of its requests. */
let app: ReturnType<typeof createApp> | undefined;

export default {
  fetch(request, env, ctx) {
    app ??= createApp(env);
    return app.fetch(request, env, ctx);
  },
} satisfies ExportedHandler<Env>;
