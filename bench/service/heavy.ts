import { COLLECTION, queryBody } from "./load.js";
import { KEYWORDS, keywordOf, pointOf, type Shape } from "./shapes.js";

const CONDITIONS = 1_000;
const LIMIT = 10_000;
const SEARCHES = 100;
const POINTS_OF_A_BODY = 5_000;
const EF = 10_000;

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
  const path = (route: string): string => `/collections/${COLLECTION}/points${route}`;
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
