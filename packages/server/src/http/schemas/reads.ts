import { MurmurationError, matrixSampleMax, parseDatetime } from "@murmuration/index";
import { z } from "zod";
import {
  distinctPointIds,
  integer,
  oneOf,
  optional,
  parsedBy,
  pointId,
  rowCount,
  shown,
  withDefault,
} from "./fields.js";
import { filter } from "./filter.js";
import { selectionFields } from "./selection.js";
import { shardKeyOfRead } from "./shard-key.js";
import { selectionSpellings, spelled } from "./spellings.js";
import { validate } from "./validate.js";

// the dialect answers with no point twice
const retrieveFields = z.object({ ids: distinctPointIds, ...selectionFields(true), shard_key: shardKeyOfRead });
export const retrieveBody = spelled(retrieveFields, selectionSpellings);

export interface OrderBy {
  readonly key: string;
  readonly direction: "asc" | "desc";
  readonly startFrom?: number | bigint;
}

const orderByObject = z.object({
  key: z.string().min(1),
  direction: withDefault(oneOf(["asc", "desc"]), "asc"),
  start_from: z.unknown().optional(),
});

function readOrderBy(value: unknown): OrderBy {
  if (typeof value === "string") return { key: value, direction: "asc" };
  const { key, direction, start_from: startFrom } = validate(orderByObject, value);
  if (startFrom === undefined || startFrom === null) return { key, direction };
  if (typeof startFrom === "number" || typeof startFrom === "bigint") return { key, direction, startFrom };
  const micros = typeof startFrom === "string" ? parseDatetime(startFrom) : undefined;
  if (micros !== undefined) return { key, direction, startFrom: micros };
  throw new MurmurationError("format", `expected number or datetime, got ${shown(startFrom)}`, "start_from");
}

export const orderBy = parsedBy(readOrderBy, {
  oneOf: [
    { type: "string" },
    {
      type: "object",
      properties: {
        key: { type: "string" },
        direction: { type: "string", enum: ["asc", "desc"] },
        start_from: { oneOf: [{ type: "number" }, { type: "string" }] },
      },
      required: ["key"],
    },
  ],
});

const scrollFields = z.object({
  limit: withDefault(rowCount(1), 10),
  offset: optional(pointId),
  filter,
  order_by: optional(orderBy),
  ...selectionFields(true),
  shard_key: shardKeyOfRead,
});
export const scrollBody = spelled(scrollFields, selectionSpellings);

export const countBody = z.object({ filter, exact: withDefault(z.boolean(), true), shard_key: shardKeyOfRead });

export const facetBody = z.object({
  key: z.string().min(1),
  limit: withDefault(rowCount(1), 10),
  filter,
  exact: withDefault(z.boolean(), false),
  shard_key: shardKeyOfRead,
});

/** Neighbours of each point of a distance matrix. */
const MATRIX_LIMIT_DEFAULT = 3;
const MATRIX_SAMPLE_DEFAULT = 10;
export const matrixBody = z.object({
  filter,
  sample: withDefault(integer(2, matrixSampleMax), MATRIX_SAMPLE_DEFAULT),
  limit: withDefault(rowCount(1), MATRIX_LIMIT_DEFAULT),
  using: withDefault(z.string(), ""),
  shard_key: shardKeyOfRead,
});
