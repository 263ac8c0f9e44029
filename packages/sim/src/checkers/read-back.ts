import { type Command, ReadsHere, type Replica } from "@murmuration/core";
import { type Json, type PointId, plainOfVector, type Vector } from "@murmuration/index";
import { Violated } from "./checker.js";

/** JSON that does not depend on the order of keys. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.entries(value as { [key: string]: Json })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, one]) => [key, sorted(one)]);
}

function mustBe(replica: Replica, id: PointId, what: string, got: unknown, written: unknown): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(written)];
  if (a === b) return;
  throw new Violated("read back", `${what} of point ${id} is ${a}, and ${b} was written`, {
    nodes: [replica.id],
    points: [String(id)],
  });
}

/** What a command wrote is what a read shows after it, to the byte. */
export function checkReadBack(replica: Replica, command: Command): void {
  const read = (collection: string, id: PointId) =>
    new ReadsHere(replica, collection).retrieve([id], { payload: true, vectors: true })[0];
  if (command.kind === "upsert-points" && command.mode === "upsert" && command.updateFilter === undefined) {
    for (const { id, payload } of new Map(command.points.map((point) => [point.id, point])).values()) {
      mustBe(replica, id, "the payload", sorted(read(command.collection, id)?.payload), sorted(payload));
    }
  }
  if (command.kind === "update-vectors" && command.updateFilter === undefined) {
    const spaces = replica.shard(command.collection).collection.vectors;
    const written = new Map<PointId, { [name: string]: Vector }>();
    for (const { id, vectors } of command.points) written.set(id, { ...written.get(id), ...vectors });
    for (const [id, vectors] of written) {
      for (const [name, values] of Object.entries(vectors)) {
        // those are made as long as others
        if (spaces[name]?.distance === "Cosine") continue;
        const got = read(command.collection, id)?.vectors?.[name];
        mustBe(
          replica,
          id,
          `vector ${JSON.stringify(name)}`,
          got === undefined ? got : plainOfVector(got),
          plainOfVector(values),
        );
      }
    }
  }
}
