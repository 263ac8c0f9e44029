import assert from "node:assert/strict";
import type { MurmurationError, ReadExactly } from "@murmuration/index";
import type { OpLog } from "../log/op-log.js";
import { type ImageSource, imageNote } from "./recovery/recover-shard.js";
import type { Replica } from "./replica.js";
import { identity, openReplica } from "./replica.test-support.js";

/** Images in memory, and what recovery said of them. */
export class MemoryImages implements ImageSource {
  readonly images = new Map<string, Uint8Array>();
  readonly tables = new Map<string, Uint8Array>();
  readonly tableRefusals: MurmurationError[] = [];
  #saved = 0;
  readonly used: ImageSource["used"] = (shard, vector, { position }) =>
    void this.usedAt.push([`${shard}/${vector}`, position]);
  readonly usedAt: (readonly [string, number])[] = [];
  readonly refusals: MurmurationError[] = [];

  /** Of all shards, as if they stood at a position of the log. */
  save(replica: Replica, position = replica.position()): void {
    for (const target of replica.writableShards()) {
      const { shard, indexes } = target;
      const token = String(++this.#saved);
      for (const [vector, index] of indexes) {
        const note = imageNote({ position, token }, shard.causality);
        this.images.set(`${shard.id}/${vector}`, Buffer.concat([...index.image(note)]));
      }
      const graphs = new Map(Array.from(indexes.keys(), (vector) => [vector, token]));
      this.tables.set(shard.id, Buffer.concat(replica.tableImage(target, position, graphs)));
    }
  }

  open(shard: string, vector: string): ReadExactly | undefined {
    return this.#read(this.images.get(`${shard}/${vector}`));
  }

  openTable(shard: string): ReadExactly | undefined {
    return this.#read(this.tables.get(shard));
  }

  refusedTable(_shard: string, error: MurmurationError): void {
    this.tableRefusals.push(error);
  }

  #read(bytes: Uint8Array | undefined): ReadExactly | undefined {
    if (bytes === undefined) return undefined;
    let at = 0;
    return (target) => {
      if (at + target.length > bytes.length) return false;
      target.set(bytes.subarray(at, at + target.length));
      at += target.length;
      return true;
    };
  }

  refused(_shard: string, _vector: string, error: MurmurationError): void {
    this.refusals.push(error);
  }
}

/** The same from the projection, from images and from the operations alone. */
export function assertRestarts(log: OpLog, replica: Replica): void {
  const wanted = identity(replica);
  const images = new MemoryImages();
  images.save(replica);
  for (const options of [{}, { images }, { recoverFrom: "log" as const }]) {
    const again = openReplica({ log, ...options });
    assert.deepEqual(identity(again), wanted);
    assert.deepEqual([...images.refusals, ...images.tableRefusals], []);
  }
}
