import type { MessagePort } from "node:worker_threads";
import type { Change, Standing } from "@murmuration/core";
import type { FollowedVersion, FollowerMessage } from "./follower.js";
import type { Reply } from "./messages.js";

/** What the engine says: to the thread that asks it, and to those that follow beside that one. */
export class Replies {
  readonly #port: MessagePort;
  readonly #followers = new Set<MessagePort>();
  readonly #version: FollowedVersion = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** The thread that answers clients is told last: no client asks about what followers have no sign of. */
  post(reply: Reply): void {
    if (reply.kind === "committed" || reply.kind === "applied") this.#tell(reply.changes);
    if (reply.kind === "standing") this.#tell([], reply.standing);
    this.#port.postMessage(reply);
  }

  /** From now on the other end of this port is told of what is done. */
  follow(request: number, follower: MessagePort): void {
    this.#followers.add(follower);
    follower.on("close", () => this.#followers.delete(follower));
    // it keeps no thread from ending
    follower.unref();
    this.post({ kind: "following", request, version: this.#version, at: Atomics.load(this.#version, 0) });
  }

  close(): void {
    for (const follower of this.#followers) follower.close();
    this.#port.close();
  }

  #tell(changes: readonly Change[], standing?: Standing): void {
    const isShape = standing !== undefined || changes.some(({ kind }) => kind !== "published");
    if (isShape) Atomics.add(this.#version, 0, 1);
    if (changes.length === 0 && !isShape) return;
    const version = Atomics.load(this.#version, 0);
    const message: FollowerMessage = { changes, version, ...(standing === undefined ? {} : { standing }) };
    for (const follower of this.#followers) follower.postMessage(message);
  }
}
