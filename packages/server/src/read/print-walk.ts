import type {
  QualityAt,
  QualityQuery,
  Sliced,
  Snapshot,
  ToldStep,
  ToldWalk,
  WalkNode,
  WalkQuery,
  WalkTold,
} from "@murmuration/index";
import type { AnswerText } from "./answer-text.js";
import { printFloat32, printId } from "./print-points.js";

/** Nodes and steps that are printed in one go. */
const PART_SIZE = 64;

const printNode = ({ id, dot, level, dead, distance }: WalkNode): string =>
  `{"id":${id === null ? "null" : printId(id)},"dot":"${dot}","level":${level},"dead":${dead},"distance":${printFloat32(distance)}}`;

const printStep = ({ kind, level, expanded, looked, kept, pool, farthest }: ToldStep): string =>
  `{"kind":"${kind}","level":${level},"expanded":[${expanded.join()}],"looked":[${looked.join()}],"kept":[${kept.join()}],` +
  `"pool":${pool},"farthest":${printFloat32(farthest)}}`;

/** Puts a list, some of it at a time. */
function* putList<Item>(text: AnswerText, items: readonly Item[], print: (item: Item) => string): Sliced<void> {
  text.put("[");
  for (let from = 0; from < items.length; from += PART_SIZE) {
    text.put(
      (from === 0 ? "" : ",") +
        items
          .slice(from, from + PART_SIZE)
          .map(print)
          .join(","),
    );
    yield "pause";
  }
  text.put("]");
}

/** Why walks ended, for people. */
function endOf({ walks, isExact }: WalkTold): string {
  if (walks.length === 0)
    return "all points that match were compared: with so few, that is cheaper than a walk, or was asked for";
  const walk = "every candidate that is kept was expanded: what is left is farther than all of them";
  return isExact ? `${walk}; too few of them match, so that all that match were compared in the end` : walk;
}

/** How a query walks. Returns whether it is exactly what all replicas answer at its frontier. */
export function* writeWalk(
  views: readonly Snapshot[],
  query: WalkQuery,
  text: AnswerText,
): Sliced<boolean | undefined> {
  const view = views[0] as Snapshot;
  const told = yield* view.walk(query, views);
  text.put('{"nodes":');
  yield* putList(text, told.nodes, printNode);
  text.put(',"walks":[');
  for (const [i, walk] of told.walks.entries()) {
    const { ef, ranked, stepsTaken, compared, candidates }: ToldWalk = walk;
    text.put(`${i === 0 ? "" : ","}{"ef":${ef},"ranked":${ranked},"steps_taken":${stepsTaken},"compared":${compared},`);
    text.put(`"candidates":${candidates},"steps":`);
    yield* putList(text, walk.steps, printStep);
    text.put("}");
  }
  text.put(
    `],"exact":${told.isExact},"cut":${told.isCut},"settled":${told.isSettled},"end":${JSON.stringify(endOf(told))},"points":`,
  );
  yield* putList(
    text,
    told.found,
    ({ id, score, node }) => `{"id":${printId(id)},"score":${printFloat32(score)},"node":${node ?? null}}`,
  );
  text.put("}");
  return told.walks.length === 0 ? undefined : told.isSettled;
}

const milliseconds = (ms: number): number => Math.round(ms * 1_000) / 1_000;

function printLatency({ latencyMs: { p50, p95, p99, mean } }: Pick<QualityAt, "latencyMs">): string {
  const told = { p50: milliseconds(p50), p95: milliseconds(p95), p99: milliseconds(p99), mean: milliseconds(mean) };
  return JSON.stringify(told);
}

/** How good and how fast the search is. Returns as `writeWalk` does. */
export function* writeQuality(view: Snapshot, query: QualityQuery, text: AnswerText): Sliced<boolean | undefined> {
  const told = yield* view.quality(query, () => performance.now());
  const widths = told.widths.map(
    (one) =>
      `{"ef":${one.ef},"recall":${one.recall},"recall_min":${one.recallMin},"perfect":${one.perfect},"latency_ms":${printLatency(one)}}`,
  );
  const worst = told.worst.map(({ id, recall }) => `{"id":${printId(id)},"recall":${recall}}`);
  text.put(
    `{"points":${told.points},"sampled":${told.sampled},"limit":${query.limit},"seed":${query.seed},"settled":${told.isSettled},` +
      `"exact":{"latency_ms":${printLatency(told.exact)}},"widths":[${widths.join(",")}],"worst":[${worst.join(",")}]}`,
  );
  return told.isSettled;
}
