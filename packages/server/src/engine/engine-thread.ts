import type { MessagePort } from "node:worker_threads";
import type { Reply, Request } from "./messages.js";

/** The other end of the engine: a thread of its own, or a port to one in this thread. */
export interface EngineThread {
  postMessage(request: Request, transfer: readonly MessagePort[]): void;
  on(event: "message", listener: (reply: Reply) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Only a thread of its own ends without having been closed. */
  on(event: "exit", listener: (code: number) => void): unknown;
  off(event: "message", listener: (reply: Reply) => void): unknown;
  off(event: "error", listener: (error: Error) => void): unknown;
}
