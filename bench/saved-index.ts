import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type BenchData, benchFolder } from "./data.js";
import { say } from "./harness.js";
import type { BuiltIndex, GraphParameters, Peer } from "./peers/peer.js";

/** Goes into file names: raise it when the package of a peer without a `version` changes. */
const GENERATION = 1;

/** The graph parameters of every comparison. */
export const PARAMETERS: GraphParameters = { M: 16, efConstruction: 128 };

const folder = join(benchFolder, "peers");

function placeOf(peer: Peer, data: BenchData, count: number): { readonly kind: string; readonly path: string } {
  const { M, efConstruction } = PARAMETERS;
  const kind = `${peer.id}-${count}-d${data.dimensions}-m${M}-ef${efConstruction}-`;
  return { kind, path: join(folder, `${kind}${peer.version ?? `g${GENERATION}`}-v${data.version}.index`) };
}

/** Is the peer's index over all of the data there, so that nothing need be built? */
export function isSaved(peer: Peer, data: BenchData): boolean {
  return peer.load !== undefined && existsSync(placeOf(peer, data, data.baseCount).path);
}

/** The peer's index over the first `count` vectors of the data (default: all); kept on disk between runs when the peer can save. */
export function openIndex(peer: Peer, data: BenchData, count = data.baseCount): BuiltIndex {
  const { dimensions } = data;
  const vectors = data.base.subarray(0, count * dimensions);
  if (peer.load === undefined) {
    say(`building ${peer.name} on ${count} vectors`);
    return peer.build(vectors, dimensions, PARAMETERS);
  }
  const { kind, path } = placeOf(peer, data, count);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) if (name.startsWith(kind)) rmSync(join(folder, name));
    say(`building ${peer.name} on ${count} vectors`);
    const built = peer.build(vectors, dimensions, PARAMETERS);
    if (built.save === undefined) throw new Error(`${peer.name} can load but not save`);
    built.save(`${path}.part`);
    renameSync(`${path}.part`, path);
  }
  try {
    return peer.load(path, dimensions, PARAMETERS);
  } catch (error) {
    rmSync(path);
    throw new Error(`${peer.name}: the saved index cannot be read and was removed; run again`, { cause: error });
  }
}
