import { type Batch, type Command, type Dot, decodeBatchOperations, type Replica, visibleDot } from "@murmuration/core";
import { collectionName } from "../commands.js";
import type { Node } from "../node.js";
import { Violated } from "./checker.js";

/** Bytes of a vector that tell it apart: few vectors begin alike. */
const MARK_BYTES = 16;

/** A vector that a client has written, by the operation that has it. */
interface Marker {
  readonly dot: Dot;
  readonly bytes: Buffer;
}

const textOf = ({ origin, sequence }: Dot) => `${origin}:${sequence}`;

/** Operations whose vectors points have, at a replica. */
function shownBy(replica: Replica): ReadonlySet<string> {
  const shown = new Set<string>();
  for (const state of replica.shard(collectionName).table.states()) {
    if (!state.exists) continue;
    for (const name of Object.keys(state.vectors)) {
      const dot = visibleDot(state, name);
      if (dot !== undefined) shown.add(textOf(dot));
    }
  }
  return shown;
}

/**
 * Stands for the hosts, which say that nothing of an erasure is there any more, and looks whether it is so: of vectors that were written and not
 * shown any more when it was asked for, no byte is on the disk of a replica that has said so, in what was deleted and not scrubbed neither.
 */
export class ErasureChecker {
  readonly #written = new Map<string, Marker>();
  /** By erasure: what is to be gone. */
  readonly #gone = new Map<string, readonly Marker[]>();
  #receipts = 0;

  /** A client's command was acknowledged. */
  note(replica: Replica, command: Command, written: readonly Batch[]): void {
    for (const operation of written.flatMap((batch) => decodeBatchOperations(batch))) {
      if (operation.kind !== "upsert") continue;
      const dense = operation.vectors.map(({ values }) => values).find((values) => values instanceof Float32Array);
      if (dense === undefined) continue;
      const { buffer, byteOffset, byteLength } = dense;
      const bytes = Buffer.from(buffer.slice(byteOffset, byteOffset + Math.min(MARK_BYTES, byteLength)));
      // vectors of zeros and the like mark nothing
      if (new Set(bytes).size < MARK_BYTES / 2) continue;
      this.#written.set(textOf(operation), { dot: operation, bytes });
    }
    if (command.kind !== "begin-erasure") return;
    const shown = shownBy(replica);
    const [erasure] = replica.erasures.status().filter(({ id }) => !this.#gone.has(id));
    if (erasure === undefined) return;
    const through = new Map(erasure.through);
    const shownBytes = new Set([...shown].flatMap((dot) => this.#written.get(dot)?.bytes.toString("hex") ?? []));
    const gone = [...this.#written.values()].filter(
      ({ dot, bytes }) =>
        dot.sequence <= (through.get(dot.origin) ?? 0) &&
        !shown.has(textOf(dot)) &&
        !shownBytes.has(bytes.toString("hex")),
    );
    this.#gone.set(erasure.id, gone);
  }

  /** What a host does when its replica is ready. */
  after(node: Node): void {
    const ready = node.replica?.erasures.ready() ?? [];
    if (ready.length === 0) return;
    const { outcome } = node.execute({ kind: "confirm-erasures", erasures: ready, done: {}, replica: 0, atMs: 0 });
    if (outcome !== "acknowledged") return;
    this.#receipts++;
    this.#check(node, ready);
  }

  /** At rest: all that was said still holds. */
  checkAll(nodes: readonly Node[]): void {
    for (const node of nodes)
      if (node.replica !== undefined && !node.isRetired) this.#check(node, [...this.#gone.keys()]);
  }

  /** How often a replica has said so. */
  get receipts(): number {
    return this.#receipts;
  }

  #check(node: Node, erasures: readonly string[]): void {
    const { replica } = node;
    if (replica === undefined) return;
    const shown = node.hasCollection() ? shownBy(replica) : new Set<string>();
    const live = new Set([...shown].flatMap((dot) => this.#written.get(dot)?.bytes.toString("hex") ?? []));
    const markers = new Set(erasures.flatMap((id) => this.#gone.get(id) ?? []));
    // written again, or by who did not know of the delete and later than it
    const wanted = [...markers].filter(({ bytes }) => !live.has(bytes.toString("hex")));
    if (wanted.length === 0) return;
    for (const bytes of node.disk.bytes()) {
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const found = wanted.find((marker) => buffer.includes(marker.bytes));
      if (found === undefined) continue;
      const detail = `replica ${node.id} says that it has nothing of what was erased, and has the vector of ${textOf(found.dot)}`;
      throw new Violated("erasure", detail);
    }
  }
}
