import type { Command, Receipt, SettledWait } from "@murmuration/core";
import { bytesOfVector, finish, MurmurationError, type Sliced, type Vector } from "@murmuration/index";
import { Cutter, pieceWeight, weightOf } from "../bodies/pieces.js";
import { ReadTurns } from "../http/read-turns.js";
import type { WriteOptions } from "./database.js";
import type { FollowerStart } from "./follower.js";
import type { Answer, Outcome, Question, Request } from "./messages.js";

/** Commands and questions under way at once; one more is refused. */
const PENDING_MAX = 4096;
/** Vector bytes in commands under way; beyond it writes are refused. */
const PENDING_BYTES_MAX = 512 * 1024 * 1024;
/** Points that are looked at in one go. */
const POINTS_PER_SLICE = 1_024;

type Result = Receipt | Answer | SettledWait | FollowerStart;

/** Something that the engine's thread was asked. */
export interface Call {
  readonly resolve: (value: Result) => void;
  readonly reject: (error: MurmurationError) => void;
  readonly bytes: number;
  readonly onReport: WriteOptions["onReport"];
}

/** Bytes of the vectors of a command. */
function* vectorBytesOf(command: Command): Sliced<number> {
  if (command.kind === "point-batch") {
    let sum = 0;
    for (const each of command.commands) sum += yield* vectorBytesOf(each);
    return sum;
  }
  if (command.kind !== "upsert-points" && command.kind !== "update-vectors") return 0;
  let bytes = 0;
  let looked = 0;
  for (const { vectors } of command.points) {
    for (const name in vectors) bytes += bytesOfVector(vectors[name] as Vector);
    if (++looked % POINTS_PER_SLICE === 0) yield "pause";
  }
  return bytes;
}

/** What the engine's thread is asked and has not answered. A large command goes there in pieces, in turns with everything else here. */
export class EngineCalls {
  readonly #post: (request: Request) => void;
  readonly #refusal: () => string | undefined;
  readonly #turns = new ReadTurns();
  readonly #pending = new Map<number, Call>();
  #pendingBytes = 0;
  #next = 1;

  /** `refusal`: why nothing is asked any more. */
  constructor(post: (request: Request) => void, refusal: () => string | undefined) {
    this.#post = post;
    this.#refusal = refusal;
  }

  get count(): number {
    return this.#pending.size;
  }

  get bytes(): number {
    return this.#pendingBytes;
  }

  ask(question: Question): Promise<Answer> {
    return this.send((request) => ({ kind: "ask", request, question }), 0) as Promise<Answer>;
  }

  async write(command: Command, { level, timeoutMs, watched, onReport }: WriteOptions): Promise<Receipt> {
    const options = {
      ...(level === undefined ? {} : { level }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(watched === undefined ? {} : { watched }),
    };
    if (weightOf(command, pieceWeight) <= pieceWeight) {
      const { request, done } = this.#begin(finish(vectorBytesOf(command)), onReport);
      this.#post({ kind: "write", request, command, ...options });
      return done as Promise<Receipt>;
    }
    const { request, done } = this.#begin(await this.#inTurns(vectorBytesOf(command)), onReport);
    this.#inTurns(this.#sendPieces(request, command)).then(
      () => this.#post({ kind: "write-pieces", request, ...options }),
      (error: MurmurationError) => {
        this.#post({ kind: "cancel", request });
        this.take(request)?.reject(error);
      },
    );
    return done as Promise<Receipt>;
  }

  /** Rejects with `unavailable` when the engine is not asked any more, or too much is under way. */
  async send(make: (request: number) => Request, bytes: number): Promise<Result> {
    const { request, done } = this.#begin(bytes);
    this.#post(make(request));
    return done;
  }

  /** A call is over. `undefined`: it was already. */
  take(request: number): Call | undefined {
    const call = this.#pending.get(request);
    this.#pending.delete(request);
    this.#pendingBytes -= call?.bytes ?? 0;
    return call;
  }

  /** The same of a write that was executed, and whoever asked hears how long it took. */
  takeOutcome(outcome: Outcome): Call | undefined {
    const call = this.take(outcome.request);
    if ("report" in outcome && outcome.report !== undefined) call?.onReport?.(outcome.report);
    return call;
  }

  rejectAll(error: MurmurationError): void {
    for (const request of [...this.#pending.keys()]) this.take(request)?.reject(error);
  }

  #begin(bytes: number, onReport?: Call["onReport"]): { readonly request: number; readonly done: Promise<Result> } {
    const refusal = this.#refusal();
    if (refusal !== undefined) throw new MurmurationError("unavailable", refusal);
    if (this.#pending.size >= PENDING_MAX || this.#pendingBytes + bytes > PENDING_BYTES_MAX) {
      const most = `at most ${PENDING_MAX}, with ${PENDING_BYTES_MAX} bytes`;
      throw new MurmurationError("unavailable", `too many writes under way: ${most}`);
    }
    const request = this.#next++;
    this.#pendingBytes += bytes;
    const done = new Promise<Result>((resolve, reject) => {
      this.#pending.set(request, { resolve, reject, bytes, onReport });
    });
    return { request, done };
  }

  *#sendPieces(request: number, command: Command): Sliced<void> {
    for (const piece of new Cutter().cut(command)) {
      // the engine may have ended meanwhile
      if (!this.#pending.has(request)) return;
      this.#post({ kind: "piece", request, piece });
      yield "pause";
    }
  }

  #inTurns<T>(work: Sliced<T>): Promise<T> {
    const noEnd = { deadlineMs: Infinity, timeoutMs: Infinity, isAbandoned: () => false, onFixed: () => undefined };
    return this.#turns.run(work, noEnd);
  }
}
