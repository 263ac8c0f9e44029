import { dimensions } from "./arbitrary-queries.js";
import { answerOf, type Body, type Found, type Model, NotFinite } from "./reference.js";
import { mDefault } from "./reference-formula.js";
import { isMulti, type ModelMetric, partMetricOf } from "./reference-vectors.js";

/** What makes the collection of a model. */
export function creationOf({ metrics }: Model): object {
  const vectors = Object.fromEntries(
    Object.entries(dimensions).map(([vector, size]) => {
      const metric = metrics[vector] as ModelMetric;
      const multi = isMulti(metric) ? { multivector_config: { comparator: "max_sim" } } : {};
      return [vector, { size, distance: partMetricOf(metric), ...multi }];
    }),
  );
  const words = metrics["words"] === "Idf" ? { modifier: "idf" } : {};
  return { vectors, sparse_vectors: { words } };
}

/** Its points as they are written, in their order. */
export function pointsOf({ points }: Model): object[] {
  return points.map(({ id, vectors: vector, tag, n, m }) => ({
    id,
    vector,
    payload: { tag, n, ...(m === undefined ? {} : { m }) },
  }));
}

/** A query as it is sent. */
export function toBody(body: Body): object {
  const { query, prefetch } = body;
  const isFormula = typeof query === "object" && "formula" in query;
  return {
    ...body,
    ...(isFormula ? { query: { ...query, defaults: { m: mDefault } } } : {}),
    ...(prefetch === undefined ? {} : { prefetch: prefetch.map(toBody) }),
  };
}

/** Formulas may come to what is no finite number, and are refused then: these are left out. */
export function isAnswered(of: Model, body: Body): boolean {
  try {
    answerOf(of, body);
    return true;
  } catch (error) {
    if (error instanceof NotFinite) return false;
    throw error;
  }
}

/** What the reference finds, as JSON has it: no −0 in the fewest digits. */
export function expectedOf(of: Model, body: Body): Found[] {
  return answerOf(of, body).map((point) => ({ ...point, score: point.score + 0 }));
}
