import assert from "node:assert/strict";
import fc from "fast-check";
import type { Fuzzer } from "../fuzzer.js";
import { texts, told, wellFormedTexts } from "../odd-values.js";
import { DIMENSIONS, type DrawnRequest, describeRequest, type Names, requestsTo, wired } from "./from-schema.js";
import { Pair } from "./pair.js";
import { readsBack } from "./read-back.js";
import { type RestRoute, routesOf } from "./routes.js";
import { isOrderly, PairSession } from "./session.js";

const REQUESTS_MAX = 12;
/** Names of vectors that are not dense. */
export const MULTI = "parts";
export const SPARSE = "words";

const names: fc.Arbitrary<Names> = fc.record({
  collection: wellFormedTexts,
  alias: wellFormedTexts,
  vectors: fc.tuple(wellFormedTexts, fc.constant("plain")),
  keys: fc.tuple(wellFormedTexts, wellFormedTexts),
  values: fc.tuple(wellFormedTexts, texts),
});

/** What a run begins with: a collection with the run's names, as far as they are accepted, and one with a plain name. */
export function beginning(routes: readonly RestRoute[], { collection, alias, vectors }: Names): DrawnRequest[] {
  const to = (method: string, path: string) =>
    routes.find((route) => route.method === method && route.path === path) as RestRoute;
  const space = { size: DIMENSIONS, distance: "Dot" };
  const multi = { ...space, multivector_config: { comparator: "max_sim" } };
  const sparse = vectors.includes(SPARSE) ? { sparse_vectors: { [SPARSE]: { modifier: "idf" } } } : {};
  const drawn = (route: RestRoute, name: string, body: unknown): DrawnRequest => ({
    route,
    path: { collection_name: name },
    query: {},
    headers: {},
    body,
  });
  const create = to("PUT", "/collections/{collection_name}");
  return [
    drawn(create, collection, {
      vectors: Object.fromEntries(
        vectors.filter((name) => name !== SPARSE).map((name) => [name, name === MULTI ? multi : space]),
      ),
      ...sparse,
    }),
    drawn(create, "plain", { vectors: space }),
    drawn(to("POST", "/collections/aliases"), "", {
      actions: [{ create_alias: { collection_name: collection, alias_name: alias } }],
    }),
  ];
}

interface Run {
  readonly names: Names;
  readonly requests: readonly DrawnRequest[];
}

/** Some routes more often than the many that only say that they are not served. */
export function weightOf({ body, method, path }: RestRoute): number {
  if (body === undefined) return method === "GET" && path.includes("{") ? 2 : 1;
  return /points(\/payload|\/vectors)?$|index$|collection_name\}$/.test(path) ? 12 : 4;
}

function runsOf(routes: readonly RestRoute[]): fc.Arbitrary<Run> {
  return names.chain((drawn) => {
    const request = fc
      .oneof(
        ...routes.map((route) => ({ weight: weightOf(route), arbitrary: requestsTo(route, { texts, names: drawn }) })),
      )
      .map((one) => told(one, () => describeRequest(one)));
    return fc.record({
      names: fc.constant(drawn),
      requests: fc.array(request, { minLength: 1, maxLength: REQUESTS_MAX }),
    });
  });
}

/**
 * A request is answered in order; one that is refused changes nothing, and what one writes reads back. Resolves to whether it can have changed
 * anything.
 */
export async function asks(
  pair: Pair,
  drawn: DrawnRequest,
  count: (what: string) => void,
): Promise<"changed" | "kept"> {
  const isRead = drawn.route.method === "GET";
  const before = isRead ? "" : await pair.visible(0);
  const answer = await pair.ask(0, wired(drawn));
  isOrderly(drawn, answer);
  count(`${answer.status}`);
  if (isRead) return "kept";
  if (answer.status >= 400) {
    assert.equal(await pair.visible(0), before, `what is refused (${answer.text.slice(0, 200)}) changes nothing`);
    return "kept";
  }
  if (await readsBack(pair, drawn)) count("read back");
  return "changed";
}

/** Text over all of Unicode through every route, on two databases of one cluster with restarts. */
export const restTextFuzzer: Fuzzer = {
  name: "rest-text",
  what: "text over all of Unicode through every route of two databases",
  runs: 8,
  start: async () => {
    const session = new PairSession(Pair.open);
    const routes = await routesOf(await session.pair());
    const property = fc.asyncProperty(runsOf(routes), (run) =>
      session.run(async (pair) => {
        for (const drawn of [...beginning(routes, run.names), ...run.requests]) {
          try {
            await asks(pair, drawn, (what) => session.count(what));
          } catch (error) {
            throw new Error(`${(error as Error).message}\n  at ${describeRequest(drawn).slice(0, 500)}`);
          }
        }
        await session.isEqual(pair);
      }),
    );
    return { property: property as never, counts: () => session.counts, end: () => session.end() };
  },
};
