import type { FastifyInstance } from "fastify";
import type { Database } from "../engine/database.js";
import type { Metrics } from "../metrics.js";
import { Canaries } from "./canaries.js";
import { canaryMetrics } from "./canary-metrics.js";

/** What canaries are told of the server. */
export interface CanaryOptions {
  /** Threads that listen beside this one. */
  readonly listeners?: number;
  /** Before an erasure is over, what canaries hold of it is let go. */
  readonly erasures?: { letGoAlso(letGo: (collectionId: string) => Promise<void>): void };
}

/** The canaries of a server, which end with it. */
export function serveCanaries(
  app: FastifyInstance,
  database: Database,
  metrics: Metrics,
  { listeners = 0, erasures }: CanaryOptions,
): Canaries {
  const canaries = new Canaries(database, listeners, (what, why) => app.log.warn({ why }, what));
  erasures?.letGoAlso((id) => canaries.letGo(id));
  app.addHook("onClose", () => canaries.close());
  metrics.readAlso({ read: async () => canaryMetrics(canaries.current) });
  return canaries;
}
