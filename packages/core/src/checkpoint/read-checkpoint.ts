import { crc32 } from "node:zlib";
import {
  assert,
  findRowsInImage,
  loadSpace,
  MurmurationError,
  type NodeDot,
  type ReadExactly,
  type RowKeeping,
  type Space,
} from "@murmuration/index";
import type { Collection, VectorSpace } from "../catalogue/collection.js";
import { graphKeysOf, isDeadVector, isLaterKey, spaceOfKey } from "../catalogue/vector-incarnation.js";
import { StitchWindows } from "../gossip/windows.js";
import type { CheckpointSlot, OpLog } from "../log/op-log.js";
import { FieldReader } from "../operation/field-reader.js";
import { isGraphKey, vectorOfGraph } from "../operation/graph-key.js";
import { decodeMessage } from "../operation/message.js";
import { refuseMessage } from "../operation/refuse-message.js";
import { CausalState } from "../state/causal-state.js";
import { copyNodes } from "../state/copy-nodes.js";
import { areOfSameVectors, graphDigest, pointsDigest } from "../state/digest.js";
import { newIndex, openShard, spaceOptions } from "../state/open-shard.js";
import { type PointState, visibleDot, visibleVectorNames } from "../state/point-state.js";
import { decodePointState } from "../state/point-state-codec.js";
import type { Shard } from "../state/shard.js";
import { type VectorFiles, vectorKeeping } from "../state/vector-files.js";
import type { WritableShard } from "../state/writable-shard.js";
import { type CheckpointManifest, decodeManifest } from "./manifest.js";

/** A checkpoint in a log: its parts are read when they are needed, one at a time. */
export class CheckpointReader {
  readonly manifest: CheckpointManifest;
  readonly log: OpLog;
  readonly #slot: CheckpointSlot;
  #cached: { readonly part: number; readonly bytes: Uint8Array } | undefined;

  private constructor(log: OpLog, slot: CheckpointSlot, manifest: CheckpointManifest) {
    this.log = log;
    this.#slot = slot;
    this.manifest = manifest;
  }

  /** Throws `corrupt` for a checkpoint that is not there or is not of this shard. */
  static open(log: OpLog, shard: string, slot: CheckpointSlot): CheckpointReader {
    const what = nameOf(shard);
    const bytes = log.checkpointPart(shard, slot, 0) ?? refuseMessage(`${what}: its manifest is missing`);
    const manifest = decodeManifest(bytes, what);
    if (manifest.shard !== shard) refuseMessage(`${what}: it is of shard ${manifest.shard}`);
    return new CheckpointReader(log, slot, manifest);
  }

  /** The graph of one vector, whose vectors are kept in these files where the collection wants it. Throws `corrupt`, `capacity`, `storage`. */
  index(collection: Collection, vector: string, files?: VectorFiles): Space {
    const space = spaceOfKey(collection, vector);
    const keeping = vectorKeeping(this.log, files, collection, vector);
    if (space !== undefined) {
      const stored = this.#load(vector, space, keeping);
      if (stored !== undefined) return stored;
      // it was added after it
      const added = newIndex(space, keeping);
      const before = this.#graphBefore(collection, vector);
      if (before !== undefined) copyNodes(before, added);
      return added;
    }
    return refuseMessage(`${nameOf(this.manifest.shard)}: it has no graph of vector "${vector}"`);
  }

  #load(vector: string, space: VectorSpace, keeping: RowKeeping | undefined): Space | undefined {
    let offset = 0;
    for (const image of this.manifest.images) {
      if (image.vector === vector)
        return loadSpace(spaceOptions(space), this.#from(offset, offset + image.bytes), keeping).space;
      offset += image.bytes;
    }
    return undefined;
  }

  /** A graph that was made beside another one of its vector after this checkpoint begins with the nodes of that. */
  #graphBefore(collection: Collection, vector: string): Space | undefined {
    if (!isGraphKey(vector)) return undefined;
    const image = this.manifest.images.find((one) => vectorOfGraph(one.vector) === vectorOfGraph(vector));
    if (image === undefined) return undefined;
    const space = spaceOfKey(collection, image.vector) ?? collection.graphs?.dead[image.vector];
    return space && this.#load(image.vector, space, vectorKeeping(this.log, undefined, collection, image.vector));
  }

  /** Has it a graph of this vector, by its key? */
  has(vector: string): boolean {
    return this.manifest.images.some((image) => image.vector === vector);
  }

  /** Vectors of some nodes, told as they are found, without putting the graph together. Throws `corrupt`. */
  *findVectors(vector: string, dots: readonly NodeDot[], found: (dot: NodeDot, values: Float32Array) => void) {
    let offset = 0;
    for (const image of this.manifest.images) {
      const [start, end] = [offset, offset + image.bytes];
      if (image.vector === vector) yield* findRowsInImage((at) => this.#from(start + at, end), dots, found);
      offset = end;
    }
  }

  /** The points, tombstones included. Throws `corrupt`. */
  *states(): IterableIterator<PointState> {
    const { images, states, stateBytes, shard } = this.manifest;
    const what = nameOf(shard);
    const start = images.reduce((sum, { bytes }) => sum + bytes, 0);
    const read = this.#from(start, start + stateBytes);
    const take = (length: number) => {
      const bytes = new Uint8Array(length);
      if (length > stateBytes || !read(bytes)) refuseMessage(`${what}: its points end early`);
      return bytes;
    };
    for (let i = 0; i < states; i += 1) {
      const record = take(new DataView(take(4).buffer).getUint32(0, true));
      const fields = new FieldReader(decodeMessage(record, what), what);
      const id = fields.pointId();
      const bytes = fields.bytes();
      fields.end();
      yield decodePointState(id, bytes);
    }
  }

  /** Reads the stream of all parts behind the manifest, from one offset to another. */
  #from(start: number, end: number): ReadExactly {
    let at = start;
    return (target) => {
      if (at + target.byteLength > end) return false;
      for (let done = 0; done < target.byteLength; ) {
        const offset = at % this.manifest.partBytes;
        const some = this.#part(1 + Math.floor(at / this.manifest.partBytes)).subarray(
          offset,
          offset + target.byteLength - done,
        );
        if (some.byteLength === 0) return false;
        target.set(some, done);
        done += some.byteLength;
        at += some.byteLength;
      }
      return true;
    };
  }

  #part(part: number): Uint8Array {
    if (this.#cached?.part === part) return this.#cached.bytes;
    const { shard, checksums } = this.manifest;
    const what = nameOf(shard);
    const bytes = this.log.checkpointPart(shard, this.#slot, part) ?? refuseMessage(`${what}: part ${part} is missing`);
    if (crc32(bytes) !== checksums[part - 1]) refuseMessage(`${what}: the checksum of part ${part} does not match`);
    this.#cached = { part, bytes };
    return bytes;
  }
}

/** The state that a checkpoint stands for. Throws `corrupt` for one that is damaged or of another collection, `capacity` without memory. */
export function restoreCheckpoint(
  checkpoint: CheckpointReader,
  collection: Collection,
  files?: VectorFiles,
): WritableShard {
  const { manifest } = checkpoint;
  const vectors = graphKeysOf(collection);
  const stray = manifest.images.find(({ vector }) => !vectors.includes(vector) && !isDeadVector(collection, vector));
  if (stray !== undefined || vectors.some((vector) => !checkpoint.has(vector) && !isLaterKey(vector)))
    refuseMessage(`${nameOf(manifest.shard)}: its vectors are others`);
  const indexes = new Map(vectors.map((vector) => [vector, checkpoint.index(collection, vector, files)]));
  const windows = StitchWindows.decode(manifest.windows);
  const target = openShard(collection, indexes, checkpoint.log, new CausalState(manifest.causality), windows);
  for (const state of checkpoint.states()) restoreState(target.shard, state);
  return target;
}

/**
 * The same of a checkpoint that comes from elsewhere: whatever is wrong with it, it is refused as `corrupt`, and what it says of itself must
 * come out.
 */
export function restoreForeignCheckpoint(
  checkpoint: CheckpointReader,
  collection: Collection,
  files?: VectorFiles,
): WritableShard {
  const { shard, pointsDigest: points, graphDigest: graph } = checkpoint.manifest;
  const what = nameOf(shard);
  let target: WritableShard;
  try {
    target = restoreCheckpoint(checkpoint, collection, files);
  } catch (error) {
    if (error instanceof MurmurationError) throw error;
    return refuseMessage(`${what}: it cannot be put together`, error);
  }
  const found = graphDigest(target);
  if (!areOfSameVectors(found, graph)) {
    throw new MurmurationError("bad-request", `${what}: its vectors are other than those that the catalogue has here`);
  }
  if (found !== graph) refuseMessage(`${what}: the digest of its graphs is another`);
  if (pointsDigest(target.shard) !== points) refuseMessage(`${what}: the digest of its points is another`);
  return target;
}

function restoreState(shard: Shard, state: PointState): void {
  for (const name of visibleVectorNames(state)) {
    const graph = shard.shownGraph(name);
    if (graph === undefined && isDeadVector(shard.collection, name)) continue;
    const dot = visibleDot(state, name);
    assert(dot !== undefined, "a visible vector has a node");
    if (graph?.slotOf(dot) === undefined) {
      refuseMessage(`${nameOf(shard.id)}: it has no node ${dot.origin}:${dot.sequence} of point ${state.id}`);
    }
  }
  shard.restorePoint(state);
}

function nameOf(shard: string): string {
  return `the checkpoint of shard ${shard}`;
}
