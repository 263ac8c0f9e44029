import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Command } from "@murmuration/core";
import { assert } from "@murmuration/index";
import { Assembly } from "../bodies/pieces.js";
import type { Request } from "./messages.js";

/** Requests as they are handled: a command that came in pieces is whole. */
export type WholeRequest = Exclude<Request, { readonly kind: "piece" | "write-pieces" }>;

/** Pieces of commands that are put together in one go. */
const PIECES_MAX = 16;

/** Requests that have come, in order, those that are still in the port last. */
export class RequestQueue {
  readonly #port: MessagePort;
  readonly #taken: Request[] = [];
  /** Commands whose pieces come, by request. */
  readonly #assemblies = new Map<number, Assembly>();

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** Have any come that are in the port no more? */
  get isEmpty(): boolean {
    return this.#taken.length === 0;
  }

  /** A request that the port gave. */
  take(request: Request): void {
    this.#taken.push(request);
  }

  /** `undefined`: there is none, or nothing but more pieces: the port gives them by and by. */
  next(): WholeRequest | undefined {
    for (let pieces = 0; pieces <= PIECES_MAX; ) {
      const request = this.#taken.shift() ?? (receiveMessageOnPort(this.#port)?.message as Request | undefined);
      if (request === undefined) return undefined;
      if (request.kind === "piece") {
        pieces++;
        const assembly = this.#assemblies.get(request.request) ?? new Assembly();
        assembly.put(request.piece);
        this.#assemblies.set(request.request, assembly);
      } else if (request.kind === "write-pieces") {
        const assembly = this.#assemblies.get(request.request);
        assert(assembly !== undefined, "pieces come before the write that they are of");
        this.#assemblies.delete(request.request);
        return { ...request, kind: "write", command: assembly.value as Command };
      } else {
        if (request.kind === "cancel") this.#assemblies.delete(request.request);
        return request;
      }
    }
    return undefined;
  }
}
