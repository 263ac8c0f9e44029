import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import { number, optional, parsedBy, shown } from "../http/schemas/fields.js";
import { booleanParameter, integerParameter } from "../http/schemas/parameters.js";
import { collectionParams, none, type Route, route } from "./route.js";

const parts = ["queued", "completed", "idle_segments"] as const;

/** A list in one parameter, parted by commas. */
const withParts = parsedBy(
  (value): readonly string[] => {
    if (typeof value !== "string") throw new MurmurationError("format", `expected one value, got ${shown(value)}`);
    const given = value.split(",").filter((part) => part !== "");
    for (const part of given) {
      if (!(parts as readonly string[]).includes(part))
        throw new MurmurationError("format", `unknown value ${shown(part)}, expected some of ${parts.join(", ")}`);
    }
    return given;
  },
  { type: "string" },
).optional();

const percent = optional(number(0, 100));
const quotas = z.object({
  enabled: optional(z.boolean()),
  max_resident_memory_percent: percent,
  max_disk_usage_percent: percent,
  release_margin_percent: percent,
});

const noQuotas = {
  enabled: false,
  max_resident_memory_percent: null,
  max_disk_usage_percent: null,
  release_margin_percent: null,
};

export const operationRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/collections/{collection_name}/optimizations",
    tag: "service",
    summary: "Background work in the dialect's terms: there are no segments, so that none waits or is idle",
    params: collectionParams,
    query: z.object({ with: withParts, completed_limit: integerParameter(0), timeout: integerParameter(1) }),
    session: "read",
    body: none,
    handle: ({ database, params, query }) => {
      database.collection(params.collection_name);
      const asked = Object.fromEntries((query.with ?? []).map((part) => [part, []]));
      const summary = { queued_optimizations: 0, queued_segments: 0, queued_points: 0, idle_segments: 0 };
      return { summary, running: [], ...asked };
    },
  }),
  route({
    method: "GET",
    path: "/issues",
    tag: "service",
    summary: "Paths that slow reads filter by and that have no payload index",
    params: none,
    query: none,
    body: none,
    handle: ({ issues }) => ({ issues: issues.list() }),
  }),
  route({
    method: "DELETE",
    path: "/issues",
    tag: "service",
    summary: "Forget all issues",
    params: none,
    query: none,
    body: none,
    handle: ({ issues }) => {
      issues.clear();
      return true;
    },
  }),
  route({
    method: "GET",
    path: "/quotas",
    tag: "service",
    summary: "Quotas of the whole node: none",
    params: none,
    query: none,
    body: none,
    handle: () => noQuotas,
  }),
  route({
    method: "PUT",
    path: "/quotas",
    tag: "service",
    summary: "Takes quotas that limit nothing, and refuses others",
    params: none,
    query: z.object({ wait: booleanParameter, timeout: integerParameter(1) }),
    body: quotas,
    handle: ({ body }) => {
      if (body.enabled === true) {
        const instead = "heaps are guarded at 70 %, and a disk by what is kept free on it";
        throw new MurmurationError("unsupported", `quotas of the whole node are not enforced: ${instead}`, "enabled");
      }
      return true;
    },
  }),
];
