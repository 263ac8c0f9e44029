import { crc32 } from "node:zlib";
import type { HybridTime } from "../causality/hybrid-clock.js";
import type { LogWriter } from "../log/op-log.js";
import { encodeMessage } from "../operation/message.js";
import { pointIdToField } from "../operation/point-id-field.js";
import { isPlanted } from "../planted.js";
import { graphDigest, pointsDigest } from "../state/digest.js";
import { encodePointState } from "../state/point-state-codec.js";
import type { WritableShard } from "../state/writable-shard.js";
import { encodeManifest, type ImagePlace, transferOf } from "./manifest.js";
import type { CheckpointName } from "./stored-checkpoint.js";

/** Cuts a stream of bytes into parts and puts them into the log; at most one part is held in memory. */
class PartWriter {
  readonly #put: (part: number, bytes: Uint8Array) => void;
  readonly #buffer: Uint8Array;
  readonly #checksums: number[] = [];
  #used = 0;
  #bytes = 0;

  constructor(partBytes: number, put: (part: number, bytes: Uint8Array) => void) {
    this.#buffer = new Uint8Array(partBytes);
    this.#put = put;
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  write(bytes: Uint8Array): void {
    this.#bytes += bytes.byteLength;
    for (let at = 0; at < bytes.byteLength; ) {
      const some = bytes.subarray(at, at + this.#buffer.byteLength - this.#used);
      this.#buffer.set(some, this.#used);
      this.#used += some.byteLength;
      at += some.byteLength;
      if (this.#used === this.#buffer.byteLength) this.#putPart();
    }
  }

  /** The last part; returns the checksums of all. */
  end(): Uint32Array {
    if (this.#used > 0) this.#putPart();
    return Uint32Array.from(this.#checksums);
  }

  #putPart(): void {
    const part = this.#buffer.subarray(0, this.#used);
    this.#checksums.push(crc32(part));
    this.#put(this.#checksums.length, part);
    this.#used = 0;
  }
}

/** Write a checkpoint of a shard as it stands, in place of its current one. `time`: of the replica's hybrid clock. */
export function writeCheckpoint(
  writer: LogWriter,
  target: WritableShard,
  time: HybridTime,
  partBytes: number,
): CheckpointName {
  const { shard, indexes } = target;
  writer.dropCheckpoint(shard.id, "current");
  const parts = new PartWriter(partBytes, (part, bytes) => writer.putCheckpointPart(shard.id, "current", part, bytes));
  const images: ImagePlace[] = [];
  for (const [vector, index] of [...indexes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const before = parts.bytes;
    for (const piece of index.wholeImage("")) parts.write(piece);
    images.push({ vector, bytes: parts.bytes - before });
  }
  const imageBytes = parts.bytes;
  const length = new Uint8Array(4);
  let states = 0;
  for (const state of shard.table.states()) {
    if (!state.exists && isPlanted("checkpoint-forgets-tombstones")) continue;
    const record = encodeMessage([pointIdToField(state.id), encodePointState(state).slice()]);
    new DataView(length.buffer).setUint32(0, record.byteLength, true);
    parts.write(length);
    parts.write(record);
    states += 1;
  }
  const stateBytes = parts.bytes - imageBytes;
  const manifest = encodeManifest({
    shard: shard.id,
    time,
    causality: shard.causality.toJson(),
    windows: shard.windows.encode(),
    images,
    states,
    stateBytes,
    pointsDigest: pointsDigest(shard),
    graphDigest: graphDigest(target),
    partBytes,
    checksums: parts.end(),
  });
  writer.putCheckpointPart(shard.id, "current", 0, manifest);
  return { transfer: transferOf(manifest), parts: 1 + Math.ceil((imageBytes + stateBytes) / partBytes) };
}
