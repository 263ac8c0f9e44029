import type { MessagePort } from "node:worker_threads";
import type { PlainError } from "../threads/plain-error.js";

/** A body; its memory goes along. */
export interface BodyRequest {
  /** Method and path, as `routeKey` makes it. */
  readonly route: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The pieces of its value go there, to be taken when there is time. */
  readonly pieces: MessagePort;
}

/** What became of it; its memory comes back. */
export interface BodyReply {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly outcome:
    | { readonly kind: "value"; readonly pieces: number }
    /** It is no JSON that is taken. */
    | { readonly kind: "unreadable"; readonly error: PlainError }
    /** The schema refuses it. */
    | { readonly kind: "refused"; readonly error: PlainError };
}

/** A route by its method and its path as Fastify has it; the paths of routes are written `/a/{b}` there and here. */
export function routeKey(method: string, path: string): string {
  return `${method} ${path}`;
}
