import { assert, MurmurationError } from "@murmuration/index";
import { Assembly } from "../bodies/pieces.js";
import { toPlainError } from "../threads/plain-error.js";
import { processClockMs } from "../timing/process-clock.js";
import type { LocalReaders } from "./local-readers.js";
import type { ReaderOutcome, ReaderReply, ReaderRequest } from "./messages.js";
import type { ReadableCollection, ReaderAnswer } from "./readers.js";
import type { Reading } from "./reading.js";

/** An answer waits no longer than this for others to go with it. */
const TOGETHER_MS = 1;

/** How it reaches who asks. */
export interface ReaderLink {
  readonly post: (reply: ReaderReply, transfer: readonly ArrayBuffer[]) => void;
  /** A module of WebAssembly has failed, and may have left anything behind: the thread is to end. */
  readonly fail: (error: Error) => void;
  /** Collections were forgotten: their memory is to be free. */
  readonly collect: () => void;
}

type Read = Extract<ReaderRequest, { readonly kind: "read" }>;

/** What a reader's thread does, whatever its messages come by: answers as they are done, those of one go together. */
export class ReaderHost {
  readonly #readers: LocalReaders;
  readonly #link: ReaderLink;
  readonly #collections = new Map<number, ReadableCollection>();
  /** Readings under way that nobody waits for any more are marked here. */
  readonly #underWay = new Map<number, { isCancelled: boolean }>();
  /** Readings of which not all pieces have come. */
  readonly #assemblies = new Map<number, Assembly>();
  readonly #clockOffsetMs = performance.now() - processClockMs();
  #done: ReaderOutcome[] = [];
  /** When the first of these was done. */
  #doneMs = 0;

  constructor(readers: LocalReaders, link: ReaderLink) {
    this.#readers = readers;
    this.#link = link;
  }

  take(requests: readonly ReaderRequest[]): void {
    let hasForgotten = false;
    for (const request of requests) {
      switch (request.kind) {
        case "read":
          this.#read(request);
          break;
        case "piece":
          this.#put(request);
          break;
        case "cancel":
          this.#cancel(request.request);
          break;
        case "collection":
          this.#collections.set(request.collection, request.opened);
          break;
        case "forget":
          hasForgotten = this.#forget(request.collection) || hasForgotten;
      }
    }
    this.#send();
    if (hasForgotten) this.#link.collect();
  }

  #forget(collection: number): boolean {
    const opened = this.#collections.get(collection);
    if (opened !== undefined) this.#readers.forget(opened.handle);
    return this.#collections.delete(collection);
  }

  #put({ request, piece }: Extract<ReaderRequest, { readonly kind: "piece" }>): void {
    const assembly = this.#assemblies.get(request) ?? new Assembly();
    this.#assemblies.set(request, assembly);
    assembly.put(piece);
  }

  #cancel(request: number): void {
    this.#assemblies.delete(request);
    const reading = this.#underWay.get(request);
    if (reading !== undefined) reading.isCancelled = true;
  }

  #assembled(request: number): Reading {
    const assembly = this.#assemblies.get(request);
    assert(assembly !== undefined, "a reading comes whole, or in pieces before");
    this.#assemblies.delete(request);
    return assembly.value as Reading;
  }

  #read({ request, collections, reading, deadlineMs, timeoutMs }: Read): void {
    const underWay = { isCancelled: false };
    const limits = {
      deadlineMs: deadlineMs + this.#clockOffsetMs,
      timeoutMs,
      isAbandoned: () => underWay.isCancelled,
    };
    try {
      const opened = collections.map((number) => this.#collections.get(number) as ReadableCollection);
      const begun = this.#readers.begin(opened, reading ?? this.#assembled(request), limits);
      if (begun instanceof Promise) {
        this.#underWay.set(request, underWay);
        begun.then(
          (answer) => this.#end(request, () => this.#answer(request, answer)),
          (error: unknown) => this.#end(request, () => this.#refuse(request, error)),
        );
      } else this.#answer(request, begun.value);
    } catch (error) {
      this.#refuse(request, error);
    }
  }

  #end(request: number, finish: () => void): void {
    this.#underWay.delete(request);
    finish();
    this.#send();
  }

  #answer(request: number, answer: ReaderAnswer): void {
    this.#tell({ request, answer });
  }

  #refuse(request: number, error: unknown): void {
    const told =
      error instanceof MurmurationError
        ? error
        : new MurmurationError("internal", "the reader failed", undefined, error);
    this.#tell({ request, error: toPlainError(told) });
    // a trap in a module of WebAssembly
    if (error instanceof Error && error.name === "RuntimeError") this.#link.fail(error);
  }

  #tell(outcome: ReaderOutcome): void {
    const nowMs = performance.now();
    if (this.#done.length === 0) this.#doneMs = nowMs;
    this.#done.push(outcome);
    if (nowMs - this.#doneMs > TOGETHER_MS) this.#send();
  }

  #send(): void {
    const done = this.#done;
    if (done.length === 0) return;
    this.#done = [];
    this.#link.post(done, done.flatMap(buffersOf));
  }
}

/** Bytes of an answer that have a memory of their own are given away. */
function buffersOf(outcome: ReaderOutcome): ArrayBuffer[] {
  if (!("answer" in outcome)) return [];
  const buffers: ArrayBuffer[] = [];
  for (const piece of outcome.answer.pieces) {
    if (typeof piece === "string" || piece.byteLength !== piece.buffer.byteLength) continue;
    if (piece.buffer instanceof ArrayBuffer) buffers.push(piece.buffer);
  }
  return buffers;
}
