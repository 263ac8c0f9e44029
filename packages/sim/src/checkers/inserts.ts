import { type Change, decodeBatchOperations, type Replica } from "@murmuration/core";
import { decodeGraphDelta } from "@murmuration/index";
import { Violated } from "./checker.js";

/**
 * While there is a live node, a new one finds a neighbour (docs/graph-delta.md, rule 5): of the vectors that a command inserts, each after the
 * first has a live one before it, however many planners looked for them at once.
 */
export function checkInserts(replica: Replica, changes: readonly Change[]): void {
  for (const change of changes) {
    if (change.kind !== "operations") continue;
    const before = new Set<string>();
    for (const { origin, sequence, bytes } of change.operations) {
      const rows = { shard: change.shard, origin, firstSequence: sequence, rows: [bytes] };
      for (const operation of decodeBatchOperations(rows)) {
        if (operation.kind !== "upsert" && operation.kind !== "update-vectors") continue;
        for (const { name, delta } of operation.vectors) {
          const [base = []] = decodeGraphDelta({ origin, sequence }, delta);
          if (base.length === 0 && before.has(name)) {
            throw new Violated("insert", `the vector of ${origin}:${sequence} has no neighbour`, {
              nodes: [replica.id],
              points: [String(operation.id)],
            });
          }
          before.add(name);
        }
      }
    }
  }
}
