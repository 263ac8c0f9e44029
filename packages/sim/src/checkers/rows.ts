import { covers, type Replica, rowProblems, type WritableShard } from "@murmuration/core";
import type { Node } from "../node.js";
import { Violated } from "./checker.js";
import { multiProblem } from "./multi.js";
import { sparseProblem } from "./sparse.js";

/**
 * What readers see: nothing that the log does not have, and, when all is in the log, exactly what the points say, in rows, in payload indexes and in
 * searches of sparse vectors and of multivectors. So equal frontiers mean equal rows, since they mean equal points.
 */
export class RowChecker {
  /** By table: what was checked last. */
  readonly #checked = new WeakMap<object, string>();

  /** A node's state may have changed. */
  check(node: Node): void {
    const { replica } = node;
    if (replica === undefined) return;
    for (const target of replica.writableShards()) this.#checkShard(node, replica, target);
  }

  #checkShard(node: Node, replica: Replica, target: WritableShard): void {
    const { shard, rows } = target;
    const fail = (detail: string) =>
      new Violated("rows", `replica ${node.id}, ${shard.collection.name}: ${detail}`, { nodes: [node.id] });
    const { frontier } = rows.readable();
    const inLog = node.disk.frontier(shard.id);
    if (!covers(inLog, frontier)) throw fail("what readers are told is not in the log");
    if (!replica.isDurable()) {
      for (const dot of visibleDots(target)) {
        if (!covers(inLog, new Map([dot]))) throw fail(`readers see ${dot.join(":")}, which is not in the log`);
      }
      return;
    }
    if (!covers(frontier, shard.frontier)) throw fail("readers are not told of all that is in the log");
    const state = [rows.segment.epoch, shard.repairs, ...shard.frontier.values()].join();
    if (this.#checked.get(rows) === state) return;
    this.#checked.set(rows, state);
    // read once for all of them: reading each point, and its payload, is most of what looking at it takes
    const states = [...shard.table.states()];
    const [problem] = rowProblems(target, states);
    if (problem !== undefined) throw fail(problem);
    const sparse = sparseProblem(replica, target, states);
    if (sparse !== undefined) throw fail(sparse);
    const multi = multiProblem(replica, target, states);
    if (multi !== undefined) throw fail(multi);
  }
}

/** The latest write of every point that readers see, as origin and sequence. */
function visibleDots({ rows: { segment } }: WritableShard): [number, number][] {
  const { reader, epoch } = segment;
  const dots: [number, number][] = [];
  for (let page = reader.scroll(undefined, 1_000, epoch); ; page = reader.scroll(page.next, 1_000, epoch)) {
    for (const row of page.rows) dots.push([reader.rows.stampAt(row).origin, reader.rows.versionAt(row)]);
    if (page.next === undefined) return dots;
  }
}
