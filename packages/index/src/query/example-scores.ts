import { assert } from "../errors.js";
import type { Vector } from "../vector/vector.js";
import { float32 } from "../vector-index/search-types.js";
import { targetOf } from "./nearest.js";
import type {
  ContextPair,
  DiscoverNode,
  ExamplesNode,
  FeedbackNode,
  QueryTarget,
  RecommendNode,
} from "./query-node.js";
import { type ReadView, spaceOf, type Views, viewAt } from "./read-view.js";
import type { SpaceReader } from "./space-reader.js";

// Scores by similarities to several vectors. Every step is a float32, as in the dialect, and in the order in which examples were given, so that
// equal questions have equal bits.

/** The score of the point at a place, from the similarities to each vector, by their place. */
export type ScoreAt = (similarities: readonly Float32Array[], at: number) => number;

/** How points are scored. */
export interface ExampleScores {
  readonly space: SpaceReader;
  /** Canonical ones of the space. */
  readonly vectors: readonly Vector[];
  /** Places of those to which good points are near. */
  readonly wanted: readonly number[];
  readonly scoreAt: ScoreAt;
  /** Rows of the points that are named, where they are looked up in the collection that is searched. */
  readonly named: readonly number[];
}

/** 2^−23, the distance of 1 to the next float32. */
const EPSILON = 2 ** -23;

/** x / (1 + |x|): from −1 to 1. */
const fastSigmoid = (x: number): number => Math.fround(x / Math.fround(1 + Math.abs(x)));
/** From 0 to 1. */
const scaledSigmoid = (x: number): number => Math.fround(Math.fround(fastSigmoid(x) + 1) / 2);

/** Collects the vectors of a node and the points that it names. */
class Examples {
  readonly vectors: Vector[] = [];
  readonly named: number[] = [];
  readonly #view: ReadView;
  readonly #views: Views;
  readonly #space: SpaceReader;

  constructor(views: Views, space: SpaceReader) {
    this.#view = viewAt(views, 0);
    this.#views = views;
    this.#space = space;
  }

  /** Takes a target; returns its place. */
  add(target: QueryTarget): number {
    const { vector, row } = targetOf(this.#view, this.#space, target, this.#views);
    if (row !== undefined) this.named.push(row);
    return this.vectors.push(vector) - 1;
  }
}

type Scoring = Pick<ExampleScores, "wanted" | "scoreAt">;

const valueAt = (similarities: readonly Float32Array[], place: number, at: number): number =>
  (similarities[place] as Float32Array)[at] as number;

function recommendScores({ positive, negative, strategy }: RecommendNode, examples: Examples): Scoring {
  const pluses = positive.map((target) => examples.add(target));
  const minuses = negative.map((target) => examples.add(target));
  assert(strategy !== "average-vector", "an average is one vector");
  if (strategy === "sum-scores") {
    return {
      wanted: pluses,
      scoreAt(similarities, at) {
        let [plus, minus] = [0, 0];
        for (const place of pluses) plus = float32(plus + valueAt(similarities, place, at));
        for (const place of minuses) minus = float32(minus + valueAt(similarities, place, at));
        return float32(plus - minus);
      },
    };
  }
  return {
    wanted: pluses,
    scoreAt(similarities, at) {
      let [best, worst] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (const place of pluses) best = Math.max(best, valueAt(similarities, place, at));
      for (const place of minuses) worst = Math.max(worst, valueAt(similarities, place, at));
      return best > worst ? scaledSigmoid(best) : 0 - scaledSigmoid(worst);
    },
  };
}

function addPairs(context: readonly ContextPair[], examples: Examples): (readonly [number, number])[] {
  return context.map(({ positive, negative }) => [examples.add(positive), examples.add(negative)] as const);
}

function discoverScores({ target, context }: DiscoverNode, examples: Examples): Scoring {
  const aim = examples.add(target);
  const pairs = addPairs(context, examples);
  return {
    wanted: [aim],
    scoreAt(similarities, at) {
      let rank = 0;
      for (const [plus, minus] of pairs) {
        rank += Math.sign(valueAt(similarities, plus, at) - valueAt(similarities, minus, at));
      }
      return Math.fround(rank + scaledSigmoid(valueAt(similarities, aim, at)));
    },
  };
}

function contextScores(context: readonly ContextPair[], examples: Examples): Scoring {
  const pairs = addPairs(context, examples);
  return {
    wanted: pairs.map(([plus]) => plus),
    scoreAt(similarities, at) {
      let score = 0;
      for (const [plus, minus] of pairs) {
        const difference = float32(valueAt(similarities, plus, at) - valueAt(similarities, minus, at));
        score = float32(score + fastSigmoid(Math.min(Math.fround(difference - EPSILON), 0)));
      }
      return score;
    },
  };
}

function feedbackScores({ target, feedback, a, b, c }: FeedbackNode, examples: Examples): Scoring {
  const aim = examples.add(target);
  const given = feedback.map(({ example, score }) => ({ place: examples.add(example), score: Math.fround(score) }));
  const pairs = given.flatMap((better) =>
    given
      .filter(({ score }) => score < better.score)
      .map((worse) => {
        const weight = float32(float32(float32(better.score - worse.score) ** b) * Math.fround(c));
        return { better: better.place, worse: worse.place, weight };
      }),
  );
  return {
    wanted: [aim, ...given.map(({ place }) => place)],
    scoreAt(similarities, at) {
      let sum = float32(Math.fround(a) * valueAt(similarities, aim, at));
      for (const { better, worse, weight } of pairs) {
        const difference = float32(valueAt(similarities, better, at) - valueAt(similarities, worse, at));
        sum = float32(sum + float32(weight * difference));
      }
      return sum;
    },
  };
}

function scoringOf(node: ExamplesNode, examples: Examples): Scoring {
  switch (node.kind) {
    case "recommend":
      return recommendScores(node, examples);
    case "discover":
      return discoverScores(node, examples);
    case "context":
      return contextScores(node.context, examples);
    case "relevance-feedback":
      return feedbackScores(node, examples);
  }
}

/** How a node scores the points of a space. Throws as `targetOf` does. */
export function exampleScores(views: Views, using: string, node: ExamplesNode): ExampleScores {
  const space = spaceOf(viewAt(views, 0), using);
  const examples = new Examples(views, space);
  const scoring = scoringOf(node, examples);
  return { space, ...scoring, vectors: examples.vectors, named: examples.named };
}
