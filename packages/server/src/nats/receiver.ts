import { MurmurationError } from "@murmuration/index";
import type { MsgHdrs } from "nats";
import { FairQueue } from "../fair-queue.js";
import { Duplicates } from "./duplicates.js";
import { decodeFrame, type Frame, instanceOf } from "./frame.js";
import { contextIn } from "./frame-context.js";
import type { FrameSeal } from "./frame-seal.js";
import { natsLimits } from "./nats-limits.js";
import type { NatsLog } from "./options.js";
import { Reassembly } from "./reassembly.js";
import { type Provenance, provenanceOf, type Subjects, type Way } from "./subjects.js";

/** Owner of what comes from replicas that are no members: they share one place in the queue. */
const STRANGERS = 0;

/** A frame that is not unpacked yet. */
interface Waiting {
  readonly subject: string;
  readonly sender: number;
  readonly bytes: Uint8Array;
  readonly headers: MsgHdrs | undefined;
}

/** What a receiver works with. */
export interface ReceiverOptions {
  readonly subjects: Subjects;
  readonly replicaId: number;
  /** Of this process: its own frames come back to it. */
  readonly instance: bigint;
  readonly isMember: (replica: number) => boolean;
  /** Called for each frame, before it is unpacked. Returns false for one that is of no use. */
  readonly isWanted: (sender: number, way: Way) => boolean;
  readonly seal: FrameSeal;
  readonly deliver: (message: Uint8Array, sender: number, context?: string) => void;
  readonly log: NatsLog;
}

/**
 * Frames, from where they arrive until their messages are delivered. Who has sent one is what its subject says, whatever it holds. A frame is
 * unpacked in a turn of its own: however many come, and whatever they inflate to, the thread has its other work done in between.
 */
export class FrameReceiver {
  readonly #options: ReceiverOptions;
  readonly #queue = new FairQueue<Waiting>();
  readonly #reassembly = new Reassembly();
  readonly #duplicates = new Duplicates();
  #malformedFrames = 0;
  #droppedFrames = 0;
  #isUnpacking = false;
  #isClosed = false;

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  counters() {
    return {
      malformedFrames: this.#malformedFrames,
      droppedFrames: this.#droppedFrames,
      reassemblyBytes: this.#reassembly.bytes,
      incompleteMessages: this.#reassembly.givenUp,
    };
  }

  /** Takes a frame and says where it is from, unless it is this process's own. Its bytes are copied: what they are part of may be much longer. */
  take(link: unknown, subject: string, bytes: Uint8Array, headers?: MsgHdrs): Provenance | undefined {
    const { subjects, replicaId, instance, isMember, isWanted } = this.#options;
    if (this.#isClosed || instanceOf(bytes) === instance) return undefined;
    const from = provenanceOf(subjects, subject, replicaId);
    if (from === undefined) {
      this.#noteMalformed(subject, "its subject names no sender");
      return undefined;
    }
    const { sender, way } = from;
    if (!isWanted(sender, way)) return from;
    if (way !== "live" && this.#duplicates.has(link, sender, bytes, performance.now())) return from;
    const [owner, ownerBytesMax] = isMember(sender)
      ? [sender, natsLimits.arrivedMemberBytesMax]
      : [STRANGERS, natsLimits.arrivedStrangersBytesMax];
    const hasRoom = this.#queue.bytes < natsLimits.arrivedBytesMax;
    const item = { subject, sender, bytes: bytes.slice(), headers };
    if (!hasRoom || !this.#queue.push(owner, item, bytes.byteLength, ownerBytesMax)) this.#droppedFrames += 1;
    this.#unpackSoon();
    return from;
  }

  close(): void {
    this.#isClosed = true;
    this.#queue.clear();
  }

  #unpackSoon(): void {
    if (this.#isUnpacking || this.#queue.isEmpty) return;
    this.#isUnpacking = true;
    setImmediate(() => {
      this.#isUnpacking = false;
      const endMs = performance.now() + natsLimits.unpackMsMax;
      while (!this.#isClosed && performance.now() < endMs) {
        const next = this.#queue.shift();
        if (next === undefined) break;
        this.#unpack(next.item);
      }
      this.#unpackSoon();
    });
  }

  #unpack({ subject, sender, bytes, headers }: Waiting) {
    let frame: Frame;
    try {
      frame = decodeFrame(this.#options.seal.open(bytes, sender));
    } catch (error) {
      if (!(error instanceof MurmurationError)) throw error;
      return this.#noteMalformed(subject, error.message);
    }
    if (frame.kind === "messages") {
      // a copy: the receiver may keep it, and would keep the whole frame
      const context = contextIn(headers, this.#options.seal, sender);
      for (const [i, message] of frame.messages.entries()) {
        this.#deliver(message.slice(), sender, i === 0 ? context : undefined);
      }
    } else {
      const message = this.#reassembly.take(frame, sender, performance.now());
      if (message !== undefined) this.#deliver(message, sender);
    }
  }

  #noteMalformed(subject: string, why: string): void {
    this.#malformedFrames += 1;
    if (this.#malformedFrames === 1) this.#options.log("warn", "a frame cannot be read", { subject, why });
  }

  #deliver(message: Uint8Array, sender: number, context?: string): void {
    try {
      this.#options.deliver(message, sender, context);
    } catch (error) {
      this.#options.log("error", "a message could not be taken", {
        why: error instanceof Error ? error.message : String(error),
      });
    }
  }
}
