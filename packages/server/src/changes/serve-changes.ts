import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Guard } from "../access/guard.js";
import { valueExistsIn } from "../access/value-exists.js";
import type { Database } from "../engine/database.js";
import type { Metrics } from "../metrics.js";
import { ChangeStreams, type ChangeStreamsLimits } from "./change-streams.js";
import type { OpenChanges } from "./changes-link.js";
import { StreamMetrics } from "./stream-metrics.js";

/** How changes are followed, as whoever runs the server says. */
export interface ChangesOptions {
  readonly open: OpenChanges;
  readonly limits?: ChangeStreamsLimits;
}

interface ServedWith {
  readonly changes?: ChangesOptions;
  readonly guard?: Guard;
  readonly log?: Logger;
}

/** The change streams of an app: they end when it closes, or when who follows may not read any more. Without `options` there are none. */
export function serveChanges(
  app: FastifyInstance,
  database: Database,
  metrics: Metrics,
  { changes: options, guard, log }: ServedWith,
): ChangeStreams {
  const here = { holds: valueExistsIn(database), replicaId: () => database.status().replicaId };
  const streams = new ChangeStreams({
    database,
    open: options?.open,
    admit: ({ headers }, collection) => guard?.admit(headers, "collection-read", collection, here),
    ...(options?.limits === undefined ? {} : { limits: options.limits }),
    log,
  });
  metrics.readAlso(new StreamMetrics(() => streams.counts()));
  guard?.watch(() => streams.admitAgain());
  app.addHook("preClose", (done) => {
    streams.close();
    done();
  });
  return streams;
}
