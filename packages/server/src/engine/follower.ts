import type { MessagePort } from "node:worker_threads";
import type { Change, Standing } from "@murmuration/core";
import type { LocalReaders } from "../read/local-readers.js";
import type { PromptPayloads } from "../read/prompt-payloads.js";
import { QueryTap } from "../read/query-tap.js";
import type { BriefSource } from "./brief-source.js";
import { Followed, type FollowedStart } from "./followed.js";
import { FollowedTokens } from "./followed-tokens.js";

/**
 * How often collections, or what is served of them, were changed: one word that all threads share. It rises before anybody is told of such a
 * change. A thread that has followed to another version than this one may take a collection for what it is not any more.
 */
export type FollowedVersion = Int32Array;

/** To a thread that follows: what was done, in its order. */
export interface FollowerMessage {
  readonly changes: readonly Change[];
  /** Missing: it is what it was. */
  readonly standing?: Standing;
  /** What this comes to. */
  readonly version: number;
}

/** What a thread begins with that follows. */
export interface FollowerStart {
  readonly shown: FollowedStart;
  /** Why nothing is read here, if so. */
  readonly refusesReads: string | undefined;
  readonly version: FollowedVersion;
  /** The version that this is of. */
  readonly at: number;
}

/** Follow the engine in another thread than the one that asks it: what it tells comes at the port, until that closes. */
export function follow(
  port: MessagePort,
  start: FollowerStart,
  readers: LocalReaders,
  payloads?: PromptPayloads,
): BriefSource {
  const followed = new Followed(start.shown, (handle) => readers.forget(handle));
  const tokens = new FollowedTokens(followed);
  let { at, refusesReads } = start;
  let isOver = false;
  const end = () => {
    isOver = true;
    followed.end();
  };
  port.on("message", ({ changes, standing, version }: FollowerMessage) => {
    try {
      followed.follow(changes);
    } catch {
      // what cannot be followed leaves nothing here that could be served
      end();
      return;
    }
    if (standing !== undefined) refusesReads = standing.refusesReads;
    at = version;
    tokens.followed();
  });
  port.on("close", end);
  const isServing = () => !isOver && refusesReads === undefined && Atomics.load(start.version, 0) === at;
  return { followed, tokens, tap: new QueryTap(), readers, payloads, isServing };
}
