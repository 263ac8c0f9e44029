import {
  buildingOf,
  type Command,
  graphKeysOf,
  keyOfVector,
  ReadsHere,
  type Replica,
  type VectorSpace,
  visibleDot,
} from "@murmuration/core";
import { Violated } from "./checker.js";

/**
 * After a command that adds a vector: the collection has it as it was added, and where it is new no point has one. After one that drops it: it has
 * none, and no reader sees one.
 */
export function checkVectorOfCommand(replica: Replica, command: Command): void {
  if (command.kind !== "add-vector" && command.kind !== "drop-vector") return;
  const { name } = command;
  const fail = (detail: string) => {
    throw new Violated("vectors", `vector ${JSON.stringify(name)} ${detail}`, { nodes: [replica.id] });
  };
  const { collection } = replica.shard(command.collection);
  const space = Object.hasOwn(collection.vectors, name) ? collection.vectors[name] : undefined;
  if (command.kind === "add-vector" && !isAsAdded(space, command.space))
    fail(`was added and is ${JSON.stringify(space)}`);
  if (command.kind === "drop-vector" && space !== undefined) fail("was dropped and is there");
  if (space !== undefined) return;
  const selection = { payload: false, vectors: true } as const;
  const { points } = new ReadsHere(replica, command.collection).scroll({ limit: 1_000, selection });
  const shown = points.find(({ vectors }) => Object.hasOwn(vectors ?? {}, name));
  if (shown !== undefined) fail(`was dropped and point ${shown.id} shows it`);
}

/** Is a vector what was added, whatever its graph is linked by now? */
function isAsAdded(space: VectorSpace | undefined, wanted: VectorSpace): boolean {
  const unlinked = (one: VectorSpace | undefined) => JSON.stringify({ ...one, links: 0, efConstruction: 0 });
  return unlinked(space) === unlinked(wanted);
}

/** A shard has graphs for the vectors that live, and no others; and of those that points show, it has the nodes. */
export function checkVectorsOfShards(replica: Replica): void {
  for (const { shard, indexes } of replica.writableShards()) {
    const { collection } = shard;
    const fail = (detail: string) => {
      throw new Violated("vectors", `of collection ${collection.name}: ${detail}`, { nodes: [replica.id] });
    };
    const wanted = graphKeysOf(collection).sort().join();
    const found = [...indexes.keys()].sort().join();
    if (wanted !== found) fail(`there are graphs of ${JSON.stringify(found)}, and vectors ${JSON.stringify(wanted)}`);
    if (collection.deadVectors === undefined) continue;
    for (const state of shard.table.states()) {
      for (const name of Object.keys(collection.vectors)) {
        const key = keyOfVector(collection, name) as string;
        const dot = visibleDot(state, key);
        const building = buildingOf(collection, key);
        if (building !== undefined && dot !== undefined && shard.graph(building.key).slotOf(dot) === undefined)
          fail(`vector ${JSON.stringify(key)} of point ${state.id} is not in the graph that is being made`);
        if (dot !== undefined && shard.graph(key).slotOf(dot) === undefined)
          fail(`vector ${JSON.stringify(key)} of point ${state.id} is in no graph`);
      }
    }
  }
}
