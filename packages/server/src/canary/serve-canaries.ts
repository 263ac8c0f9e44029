import type { FastifyInstance } from "fastify";
import type { Database } from "../engine/database.js";
import type { Metrics } from "../metrics.js";
import { Canaries } from "./canaries.js";
import { canaryMetrics } from "./canary-metrics.js";

/** The canaries of a server, which end with it. `listeners`: threads that listen beside this one. */
export function serveCanaries(app: FastifyInstance, database: Database, metrics: Metrics, listeners: number): Canaries {
  const canaries = new Canaries(database, listeners, (what, why) => app.log.warn({ why }, what));
  app.addHook("onClose", () => canaries.close());
  metrics.readAlso({ read: async () => canaryMetrics(canaries.current) });
  return canaries;
}
