// A plain, slow implementation of what queries answer, written from the rules of scoring alone: every point is looked at, every list is
// sorted. Scores are float32 at each step. Of equally near points those whose vectors were written first are first, of other equal ones those
// with the lower id.

import { formulaValue } from "./reference-formula.js";
import {
  averageOf,
  f,
  isDistance,
  type ModelMetric,
  type ModelVector,
  type Sparse,
  scoreOf,
  similarityOf,
} from "./reference-vectors.js";

/** A point as it was written. */
export interface ModelPoint {
  readonly id: number;
  readonly vectors: { readonly [name: string]: ModelVector };
  /** The number of the write of each vector. */
  readonly written: { readonly [name: string]: number };
  readonly tag: string;
  readonly n: readonly number[];
  readonly m: number | undefined;
}

export type Example = number | ModelVector;
export interface Pair {
  readonly positive: Example;
  readonly negative: Example;
}

/** Forms of a query, as bodies have them. */
export type Form =
  | Example
  | { readonly nearest: Example; readonly mmr: { readonly diversity: number; readonly candidates_limit: number } }
  | {
      readonly recommend: {
        readonly positive: readonly Example[];
        readonly negative: readonly Example[];
        readonly strategy: "average_vector" | "best_score" | "sum_scores";
      };
    }
  | { readonly discover: { readonly target: Example; readonly context: readonly Pair[] } }
  | { readonly context: readonly Pair[] }
  | {
      readonly relevance_feedback: {
        readonly target: Example;
        readonly feedback: readonly { readonly example: Example; readonly score: number }[];
        readonly strategy: { readonly naive: { readonly a: number; readonly b: number; readonly c: number } };
      };
    }
  | { readonly order_by: { readonly key: "n"; readonly direction: "asc" | "desc" } }
  | { readonly fusion: "rrf" | "dbsf" }
  | { readonly rrf: { readonly k: number; readonly weights: readonly number[] } }
  | { readonly formula: unknown };

/** A query or a prefetch, as bodies have them. */
export interface Body {
  readonly query?: Form | undefined;
  readonly using?: string | undefined;
  readonly filter?: { readonly must: readonly [{ readonly key: "tag"; readonly match: { readonly value: string } }] };
  readonly score_threshold?: number | undefined;
  readonly limit: number;
  readonly offset?: number | undefined;
  readonly prefetch?: readonly Body[] | undefined;
}

/** A point of an answer. */
export interface Found {
  readonly id: number;
  readonly score: number;
  readonly order_value?: number;
}

/** What is asked. */
export interface Model {
  readonly points: readonly ModelPoint[];
  readonly metrics: { readonly [name: string]: ModelMetric };
}

/** A formula has no finite value: the query is refused. */
export class NotFinite extends Error {}

const sigmoid = (x: number) => f(x / f(1 + Math.abs(x)));
const scaled = (x: number) => f(f(sigmoid(x) + 1) / 2);
const isWithin = (score: number, { score_threshold: t }: Body, ascending = false) =>
  t === undefined || (ascending ? score <= f(t) : score >= f(t));

/** One source of a query: what it finds among these points. */
class Source {
  readonly #model: Model;
  readonly #body: Body;
  readonly #using: string;
  readonly #metric: ModelMetric;

  constructor(model: Model, body: Body) {
    this.#model = model;
    this.#body = body;
    this.#using = body.using ?? "";
    this.#metric = model.metrics[this.#using] as ModelMetric;
  }

  #vectorOf(example: Example): ModelVector {
    if (typeof example !== "number") return example;
    return this.#model.points.find(({ id }) => id === example)?.vectors[this.#using] as ModelVector;
  }

  /** What is asked for: by the modifier each value counts the more the rarer its index is. */
  #asked(example: Example): ModelVector {
    const vector = this.#vectorOf(example);
    if (this.#metric !== "Idf") return vector;
    const all = this.#model.points.flatMap(({ vectors }) => (vectors[this.#using] ?? []) as Sparse | []);
    const { indices, values } = vector as Sparse;
    const rarity = (index: number) => {
      const df = all.filter((one) => (one as Sparse).indices.includes(index)).length;
      return f(Math.log((all.length - df + 0.5) / (df + 0.5) + 1));
    };
    return { indices, values: indices.map((index, i) => f((values[i] as number) * rarity(index))) };
  }

  #similarityIn(point: ModelPoint, vector: ModelVector): number | undefined {
    return similarityOf(this.#metric, vector, point.vectors[this.#using] as ModelVector);
  }

  #similarity(point: ModelPoint, example: Example): number {
    return this.#similarityIn(point, this.#asked(example)) ?? 0;
  }

  #average(positive: readonly Example[], negative: readonly Example[]): ModelVector {
    const [plus = [], minus = []] = [positive, negative].map((some) => some.map((one) => this.#vectorOf(one)));
    return averageOf(this.#metric, plus, minus);
  }

  #withVector(among: readonly ModelPoint[], named: readonly Example[]): ModelPoint[] {
    return among.filter(({ id, vectors }) => vectors[this.#using] !== undefined && !named.includes(id));
  }

  #nearest(among: readonly ModelPoint[], to: Example, wanted: number, named: readonly Example[]): Found[] {
    const using = this.#using;
    return this.#withVector(among, named)
      .flatMap((point) => {
        const similarity = this.#similarityIn(point, this.#asked(to));
        return similarity === undefined ? [] : [{ point, similarity }];
      })
      .sort(
        (a, b) =>
          b.similarity - a.similarity || (a.point.written[using] as number) - (b.point.written[using] as number),
      )
      .map(({ point, similarity }) => ({ id: point.id, score: scoreOf(this.#metric, similarity) }))
      .filter(({ score }) => isWithin(score, this.#body, isDistance(this.#metric)))
      .slice(0, wanted);
  }

  #best(among: readonly ModelPoint[], scoreBy: (point: ModelPoint) => number): Found[] {
    return among
      .map((point) => ({ id: point.id, score: scoreBy(point) }))
      .filter(({ score }) => isWithin(score, this.#body))
      .sort((a, b) => b.score - a.score || a.id - b.id);
  }

  #byPairs(point: ModelPoint, context: readonly Pair[], of: (plus: number, minus: number) => number): number {
    return context.reduce(
      (sum, { positive, negative }) =>
        f(sum + of(this.#similarity(point, positive), this.#similarity(point, negative))),
      0,
    );
  }

  #mmr(among: readonly ModelPoint[], to: Example, diversity: number, candidates: number, wanted: number): Found[] {
    const left = this.#nearest(among, to, candidates, [to]);
    const pointOf = (found: Found) => among.find(({ id }) => id === found.id) as ModelPoint;
    const picked: Found[] = [];
    const plain = (found: Found, asked: Example) => this.#similarityIn(pointOf(found), this.#vectorOf(asked)) ?? 0;
    while (left.length > 0 && picked.length < wanted) {
      const worth = left.map((found) => {
        const near = plain(found, to);
        if (picked.length === 0) return near;
        const likest = Math.max(...picked.map((one) => plain(one, found.id)));
        return f(f(f(1 - f(diversity)) * near) - f(f(diversity) * likest));
      });
      picked.push(...left.splice(worth.indexOf(Math.max(...worth)), 1));
    }
    return picked;
  }

  #recommend(
    among: readonly ModelPoint[],
    { positive, negative, strategy }: Extract<Form, { recommend: unknown }>["recommend"],
    wanted: number,
  ): Found[] {
    const named = [...positive, ...negative];
    if (strategy === "average_vector") {
      return this.#nearest(among, this.#average(positive, negative), wanted, named);
    }
    const sum = (point: ModelPoint, examples: readonly Example[]) =>
      examples.reduce<number>((whole, example) => f(whole + this.#similarity(point, example)), 0);
    const most = (point: ModelPoint, examples: readonly Example[]) =>
      Math.max(Number.NEGATIVE_INFINITY, ...examples.map((example) => this.#similarity(point, example)));
    return this.#best(this.#withVector(among, named), (point) => {
      if (strategy === "sum_scores") return f(sum(point, positive) - sum(point, negative));
      const [p, n] = [most(point, positive), most(point, negative)];
      return p > n ? scaled(p) : 0 - scaled(n);
    });
  }

  #fused(lists: readonly (readonly Found[])[], scoreAt: (list: number, place: number) => number): Found[] {
    const sums = new Map<number, number>();
    for (const [i, list] of lists.entries()) {
      const ids = list.map(({ id }) => id);
      for (const [place, id] of ids.entries()) {
        if (ids.indexOf(id) === place) sums.set(id, f((sums.get(id) ?? 0) + f(scoreAt(i, place))));
      }
    }
    return [...sums]
      .map(([id, score]) => ({ id, score }))
      .filter(({ score }) => isWithin(score, this.#body))
      .sort((a, b) => b.score - a.score || a.id - b.id);
  }

  #formula(among: readonly ModelPoint[], expression: unknown, lists: readonly (readonly Found[])[]): Found[] {
    return this.#best(among, (point) => {
      const scores = lists.map((list) => list.find(({ id }) => id === point.id)?.score ?? 0);
      const value = f(formulaValue(expression, point, scores));
      if (!Number.isFinite(value)) throw new NotFinite();
      return value;
    });
  }

  /** Of the points that may be answers; `lists`: what prefetches found, where there are any. */
  find(among: readonly ModelPoint[], lists: readonly (readonly Found[])[], wanted: number): Found[] {
    const { query } = this.#body;
    if (query === undefined) {
      return [...among].sort((a, b) => a.id - b.id).map(({ id }) => ({ id, score: 0 }));
    }
    if (typeof query === "number" || Array.isArray(query) || "indices" in query) {
      return this.#nearest(among, query as Example, wanted, [query as Example]);
    }
    const form = query as Exclude<Form, Example>;
    if ("nearest" in form) {
      const { diversity, candidates_limit: candidates } = form.mmr;
      return this.#mmr(among, form.nearest, diversity, candidates, wanted);
    }
    if ("recommend" in form) return this.#recommend(among, form.recommend, wanted);
    if ("discover" in form) {
      const { target, context } = form.discover;
      const named = [target, ...context.flatMap(({ positive, negative }) => [positive, negative])];
      return this.#best(this.#withVector(among, named), (point) =>
        f(
          this.#byPairs(point, context, (plus, minus) => Math.sign(plus - minus)) +
            scaled(this.#similarity(point, target)),
        ),
      );
    }
    if ("context" in form) {
      const named = form.context.flatMap(({ positive, negative }) => [positive, negative]);
      return this.#best(this.#withVector(among, named), (point) =>
        this.#byPairs(point, form.context, (plus, minus) => sigmoid(Math.min(f(f(plus - minus) - 2 ** -23), 0))),
      );
    }
    if ("relevance_feedback" in form) {
      const { target, feedback, strategy } = form.relevance_feedback;
      const { a, b, c } = strategy.naive;
      const named = [target, ...feedback.map(({ example }) => example)];
      return this.#best(this.#withVector(among, named), (point) => {
        let score = f(f(a) * this.#similarity(point, target));
        for (const i of feedback) {
          for (const j of feedback) {
            if (f(i.score) <= f(j.score)) continue;
            const weight = f(f(f(f(i.score) - f(j.score)) ** b) * f(c));
            const difference = f(this.#similarity(point, i.example) - this.#similarity(point, j.example));
            score = f(score + f(weight * difference));
          }
        }
        return score;
      });
    }
    if ("order_by" in form) {
      const sign = form.order_by.direction === "asc" ? 1 : -1;
      return among
        .flatMap(({ id, n }) => [...new Set(n)].map((value) => ({ id, score: 0, order_value: value })))
        .sort((x, y) => (x.order_value - y.order_value) * sign || x.id - y.id);
    }
    if ("formula" in form) return this.#formula(among, form.formula, lists);
    if ("rrf" in form || ("fusion" in form && form.fusion === "rrf")) {
      const { k, weights } = "rrf" in form ? form.rrf : { k: 2, weights: lists.map(() => 1) };
      return this.#fused(lists, (list, place) => {
        const weight = weights[list] as number;
        return weight > 0 ? 1 / ((place + 1) / weight + k - 1) : 0;
      });
    }
    return this.#fused(lists, (list, place) =>
      distributed(
        (lists[list] ?? []).map(({ score }) => score),
        place,
      ),
    );
  }
}

function distributed(scores: readonly number[], place: number): number {
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const deviation = Math.sqrt(scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / (scores.length - 1));
  if (scores.length < 2 || deviation === 0) return 0.5;
  return ((scores[place] as number) - (mean - 3 * deviation)) / (6 * deviation);
}

function find(model: Model, body: Body, around: readonly ModelPoint[]): Found[] {
  const among = around.filter(({ tag }) => body.filter === undefined || tag === body.filter.must[0].match.value);
  const lists = body.prefetch?.map((one) => find(model, one, among));
  const fetched = lists?.flatMap((list) => list.map(({ id }) => id));
  const candidates = among.filter(({ id }) => fetched?.includes(id) !== false);
  const wanted = body.limit + (body.offset ?? 0);
  return new Source(model, body).find(candidates, lists ?? [], wanted).slice(0, wanted);
}

/** What a query answers. */
export function answerOf(model: Model, body: Body): Found[] {
  return find(model, body, model.points).slice(body.offset ?? 0);
}
