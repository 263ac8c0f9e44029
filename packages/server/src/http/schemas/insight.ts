import { qualityNeighboursMax, qualitySamplesMax, qualityWidthsMax, walkLimitMax } from "@murmuration/index";
import { z } from "zod";
import { efSearchMax } from "../http-limits.js";
import { vectorInput } from "./example-forms.js";
import { integer, optional, withDefault } from "./fields.js";
import { filter } from "./filter.js";
import { searchParams } from "./query.js";

/** A nearest-neighbour query whose walk through the graph is told. */
export const walkBody = z.object({
  query: vectorInput,
  using: withDefault(z.string(), ""),
  filter,
  params: optional(searchParams),
  limit: withDefault(integer(1, walkLimitMax), 10),
});

const SAMPLES_DEFAULT = 100;
const NEIGHBOURS_DEFAULT = 10;
/** From narrow to wide, the default width of searches among them. */
const WIDTHS_DEFAULT = [16, 32, 64, 128, 192, 384];
const SEED_MAX = 2 ** 32 - 1;

/** A measurement of the search on stored points. */
export const qualityBody = z
  .object({
    using: withDefault(z.string(), ""),
    samples: withDefault(integer(1, qualitySamplesMax), SAMPLES_DEFAULT),
    seed: withDefault(integer(0, SEED_MAX), 0),
    limit: withDefault(integer(1, qualityNeighboursMax), NEIGHBOURS_DEFAULT),
    hnsw_ef: withDefault(z.array(integer(1, efSearchMax)).min(1).max(qualityWidthsMax), WIDTHS_DEFAULT),
  })
  .nullish();
