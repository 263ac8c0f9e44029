import { COLLECTION, queryBody } from "./load.js";
import { KEYWORDS, keywordOf, pointOf, type Shape } from "./shapes.js";

const CONDITIONS = 1_000;
const LIMIT = 10_000;
const SEARCHES = 100;
const POINTS_OF_A_BODY = 5_000;
const EF = 10_000;
const PREFETCHES = 32;
const PICKED_FROM = 10_000;
const GROUPS = 1_000;
const SAMPLE = 1_000;
const TERMS = 100;
/** The one route beside those of points. */
const FACET = "/facet";

/** A request that takes a server long. */
export interface Heavy {
  /** For `--only`. */
  readonly name: string;
  readonly what: string;
  readonly method: string;
  readonly path: string;
  /** JSON text. */
  readonly body: string;
}

/** The heaviest requests that one client may send to a collection of the shape `fields`. */
export function heavyRequests(shape: Shape, points: number): readonly Heavy[] {
  const path = (route: string): string => `/collections/${COLLECTION}${route === FACET ? FACET : `/points${route}`}`;
  const post = (name: string, what: string, route: string, body: object): Heavy => {
    return { name, what, method: "POST", path: path(route), body: JSON.stringify(body) };
  };
  const numbers = Array.from({ length: CONDITIONS }, (_, i) => i);
  const unindexed = numbers.map((i) => ({ key: `absent_${i}`, match: { value: i } }));
  const indexed = numbers.map((i) => ({ key: "thousandth", match: { value: `thousandth-${i}` } }));
  const half = { must: [{ key: "half", match: { value: keywordOf("half", 0) } }] };
  return [
    post("count", `count, ${CONDITIONS} conditions without an index`, "/count", { filter: { should: unindexed } }),
    post("count-indexed", `count, ${CONDITIONS} conditions with one`, "/count", { filter: { should: indexed } }),
    post("filter", `query, ${CONDITIONS} conditions without an index`, "/query", {
      ...queryBody(shape, 0),
      filter: { must_not: unindexed },
    }),
    post("exact", `exact query, ${LIMIT} answers with payloads and vectors`, "/query", {
      ...queryBody(shape, 1, { exact: true, withPayload: true }),
      with_vector: true,
      limit: LIMIT,
    }),
    post("wide", `query of width ${EF}`, "/query", { ...queryBody(shape, 2, { ef: EF }), limit: LIMIT }),
    post("batch", `batch of ${SEARCHES} exact filtered queries`, "/query/batch", {
      searches: numbers.slice(0, SEARCHES).map((at) => queryBody(shape, at, { exact: true, filter: half })),
    }),
    post("scroll", `scroll, ${LIMIT} points with payloads and vectors`, "/scroll", {
      limit: LIMIT,
      with_payload: true,
      with_vector: true,
    }),
    ...aggregates(shape).map(([name, what, route, body]) => post(name, what, route, body)),
    ...conditions(numbers).map(([name, what, filter]) => post(name, what, "/count", { filter })),
    {
      name: "upsert",
      what: `upsert of ${POINTS_OF_A_BODY} points`,
      method: "PUT",
      path: `${path("")}?wait=true`,
      body: JSON.stringify({
        points: Array.from({ length: Math.min(POINTS_OF_A_BODY, points) }, (_, row) => pointOf(shape, row)),
      }),
    },
    post("payload", "a key set in the payloads of a tenth of all points", "/payload?wait=true", {
      payload: { seen: true },
      filter: { must: [{ key: "tenth", match: { value: `tenth-${(KEYWORDS["tenth"] ?? 1) - 1}` } }] },
    }),
  ];
}

/** The heaviest queries beside those by a vector. */
function aggregates(shape: Shape): readonly (readonly [name: string, what: string, route: string, body: object])[] {
  const vectorOf = (at: number) => (queryBody(shape, at) as { readonly query: object }).query;
  const wide = (at: number) => ({ query: vectorOf(at), limit: LIMIT, params: { hnsw_ef: EF } });
  const ids = Array.from({ length: SAMPLE }, (_, i) => i);
  const decay = (target: number) => ({ exp_decay: { x: "n", target, scale: 1_000 } });
  const terms = Array.from({ length: TERMS }, (_, i) => ({ mult: [{ sqrt: { abs: decay(i) } }, i] }));
  const half = { must: [{ key: "half", match: { value: keywordOf("half", 0) } }] };
  const formula = { prefetch: wide(3), query: { formula: { sum: ["$score", ...terms] } }, limit: LIMIT };
  const prefetches = ids.slice(0, PREFETCHES).map(wide);
  const mmr = { nearest: vectorOf(4), mmr: { diversity: 0.5, candidates_limit: PICKED_FROM } };
  const recommend = { positive: ids, negative: ids.map((id) => id + SAMPLE), strategy: "best_score" };
  const groups = { query: vectorOf(5), group_by: "n", group_size: 10, limit: GROUPS, params: { exact: true } };
  return [
    ["formula", `formula of ${TERMS} terms over ${LIMIT} points`, "/query", formula],
    [
      "fusion",
      `${PREFETCHES} prefetches of width ${EF}, fused`,
      "/query",
      { prefetch: prefetches, query: { fusion: "rrf" } },
    ],
    ["mmr", `mmr of ${SAMPLE} among ${PICKED_FROM}`, "/query", { query: mmr, limit: SAMPLE }],
    [
      "examples",
      `recommend by ${2 * SAMPLE} examples, exact`,
      "/query",
      { query: { recommend }, params: { exact: true } },
    ],
    ["order", `${LIMIT} points by a number`, "/query", { query: { order_by: "n" }, limit: LIMIT, with_payload: true }],
    ["groups", `${GROUPS} groups of an exact query`, "/query/groups", groups],
    [
      "facet",
      "facet, exact, of half of the points",
      FACET,
      { key: "thousandth", exact: true, filter: half, limit: LIMIT },
    ],
    ["matrix", `matrix of ${SAMPLE} points`, "/search/matrix/pairs", { sample: SAMPLE, limit: 100 }],
  ];
}

/** Conditions that each point has to be looked at for. */
function conditions(numbers: readonly number[]): readonly (readonly [name: string, what: string, filter: object])[] {
  const text = numbers.map((i) => ({ key: "half", match: { text: `word${i} other${i}` } }));
  const square = [0, 1, 2, 3, 0].map((corner) => ({ lon: corner % 2, lat: corner / 2 }));
  const places = numbers.map((i) => ({ key: `place_${i}`, geo_polygon: { exterior: { points: square } } }));
  const nested = numbers.map((i) => ({
    nested: { key: `list_${i}`, filter: { must: [{ key: "a", match: { value: i } }] } },
  }));
  return [
    ["text", `count, ${numbers.length} conditions on texts without an index`, { must_not: text }],
    ["geo", `count, ${numbers.length} polygons without an index`, { should: places }],
    ["nested", `count, ${numbers.length} nested conditions without an index`, { should: nested }],
  ];
}
