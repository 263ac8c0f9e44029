import fc from "fast-check";
import type { Fuzzer } from "../fuzzer.js";
import { awkwardTexts, nested, oddNumbers, told, withOwnKey } from "../odd-values.js";
import { type DrawnRequest, describeRequest, type Names, requestsTo } from "./from-schema.js";
import { Pair } from "./pair.js";
import { asks, beginning, MULTI, SPARSE, weightOf } from "./rest-text.js";
import { type RestRoute, routesOf } from "./routes.js";
import { PairSession } from "./session.js";

const NAMES: Names = {
  collection: "things",
  alias: "shelf",
  vectors: ["image", "text", MULTI, SPARSE],
  keys: ["tag", "deep"],
  values: ["a", "b"],
};
const plainTexts = fc.constantFrom("x", "y", "tag", "0");

/** What may stand where something else is expected. */
const oddValues: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, "", "1", "NaN", [], {}, [[]], [null], [{}], { a: 1 }, -1n, 2n ** 64n),
  fc.constantFrom<unknown>(
    2n ** 63n,
    -(2n ** 63n),
    10n ** 40n,
    withOwnKey("__proto__", {}),
    withOwnKey("constructor", 1),
  ),
  oddNumbers,
  // multivectors and sparse vectors
  fc.constantFrom<unknown>(
    [[1, 2], [3]],
    [[1, 2], []],
    [[1, 2], null],
    [
      [3e38, -3e38],
      [3e38, 3e38],
      [-3e38, 0],
    ],
    [[1e39, 0]],
    { indices: [7, 1], values: [-3e38, 3e38] },
    { indices: [1, 1], values: [1, 1] },
    { indices: [2 ** 32], values: [1] },
    { indices: [1.5, -1], values: [1, 2] },
    { indices: [1], values: [1e39] },
    { indices: [1, 2], values: [1] },
  ),
  fc.constantFrom(3_000, 600_000).map((count) => Array.from({ length: count }, () => [1, 0])),
  fc.constantFrom(...awkwardTexts),
  fc.constantFrom(8, 33, 64, 65, 200, 1_000).map((depth) => nested(depth)),
  fc.constantFrom(300, 20_000).map((length) => Array.from({ length }, (_, i) => i)),
  fc.constantFrom(70_000).map((length) => "x".repeat(length)),
);

interface Place {
  readonly holder: Record<string | number, unknown>;
  readonly key: string | number;
}

/** Deeper than any body of a route; what was put there to be too deep is not looked through. */
const PLACES_DEPTH_MAX = 24;

function placesIn(value: unknown, places: Place[] = [], depth = 0): Place[] {
  if (typeof value !== "object" || value === null || depth > PLACES_DEPTH_MAX) return places;
  const keys = Array.isArray(value) ? value.map((_, i) => i) : Object.keys(value);
  for (const key of keys) {
    places.push({ holder: value as Place["holder"], key });
    placesIn((value as Place["holder"])[key], places, depth + 1);
  }
  return places;
}

type Change = (root: { body: unknown }) => void;

/** Changes of a body, in place. */
const changes: fc.Arbitrary<Change> = fc
  .tuple(
    fc.nat(60),
    fc.oneof(
      { weight: 5, arbitrary: oddValues.map((value) => ({ kind: "put" as const, value })) },
      fc.constant({ kind: "leave out" as const, value: undefined }),
      fc.constant({ kind: "say twice" as const, value: undefined }),
      fc.constantFrom("nope", "__proto__", "vectors", "Points").map((value) => ({ kind: "add" as const, value })),
      fc.constantFrom(100, 2_000).map((value) => ({ kind: "repeat" as const, value })),
    ),
  )
  .map(([at, { kind, value }]) => (root) => {
    const places = placesIn(root);
    const place = places[at % Math.max(1, places.length)];
    if (place === undefined) return;
    const { holder, key } = place;
    const here = holder[key];
    // a copy: put into itself, it would have no end
    if (kind === "put") holder[key] = structuredClone(value);
    else if (kind === "leave out") {
      if (Array.isArray(holder)) holder.splice(key as number, 1);
      else delete holder[key];
    } else if (kind === "say twice") {
      if (Array.isArray(holder)) holder.push(here);
    } else if (kind === "add") {
      if (typeof here === "object" && here !== null && !Array.isArray(here))
        Object.assign(here, withOwnKey(value as string, 1));
    } else if (Array.isArray(here) && here.length > 0) {
      holder[key] = Array.from({ length: value as number }, (_, i) => here[i % here.length]);
    }
  });

const roots = fc.array(changes, { minLength: 1, maxLength: 2 });

function bodiesOf(routes: readonly RestRoute[]): fc.Arbitrary<DrawnRequest> {
  const withBody = routes.filter(({ body }) => body !== undefined);
  const flavour = { texts: plainTexts, names: NAMES };
  return fc
    .tuple(
      fc.oneof(...withBody.map((route) => ({ weight: weightOf(route), arbitrary: requestsTo(route, flavour) }))),
      roots,
    )
    .map(([drawn, all]) => {
      const root = { body: structuredClone(drawn.body) };
      for (const change of all) change(root);
      const changed = { ...drawn, headers: {}, body: root.body };
      return told(changed, () => describeRequest(changed));
    });
}

/** Bodies of every route that takes one, with other structures than the routes take. */
export const bodiesFuzzer: Fuzzer = {
  name: "bodies",
  what: "JSON bodies of other structures than the routes take",
  runs: 150,
  start: async () => {
    const session = new PairSession(Pair.openOne);
    const routes = await routesOf(await session.pair());
    const begin = async (pair: Pair) => {
      for (const made of beginning(routes, NAMES)) await asks(pair, made, () => {});
      const write = routes.find(({ method, path }) => method === "PUT" && path.endsWith("/points")) as RestRoute;
      const points = [1, 2].map((id) => ({
        id,
        vector: {
          image: [id, 1],
          text: [0, id],
          [MULTI]: [
            [id, 3e38],
            [-3e38, 1],
            [0, id],
          ].slice(0, id + 1),
          [SPARSE]: { indices: [id, 7, 4_294_967_295], values: [3e38, -3e38, 1] },
        },
        payload: { tag: "a", deep: { n: id } },
      }));
      const path = { collection_name: "things" };
      await asks(pair, { route: write, path, query: {}, headers: {}, body: { points } }, () => {});
    };
    // most are refused, and must then have changed nothing: what the next one meets
    const property = fc.asyncProperty(bodiesOf(routes), (drawn) =>
      session.runOn(begin, (pair) => asks(pair, drawn, (what) => session.count(what))),
    );
    return { property: property as never, counts: () => session.counts, end: () => session.end() };
  },
};
