import type { DataKeys } from "../encryption/data-keys.js";
import type { LocalReaders } from "../read/local-readers.js";
import type { PromptPayloads } from "../read/prompt-payloads.js";
import type { QueryTap } from "../read/query-tap.js";
import type { Followed } from "./followed.js";
import type { FollowedTokens } from "./followed-tokens.js";

/** What reads in this thread. */
export interface LocalSource {
  readonly readers: LocalReaders;
  /** Those that its readers read; without them what is answered with payloads is no brief read. */
  readonly payloads?: PromptPayloads | undefined;
  /** What another thread needs to read graphs, and to say what it holds of memory; absent: none is hired for that. */
  readonly beside?: {
    readonly memory: Int32Array;
    readonly vectorFolder?: string;
    readonly keys?: DataKeys;
  };
}

/** What brief reads are answered from, in any thread that follows the engine. */
export interface BriefSource extends LocalSource {
  readonly followed: Followed;
  readonly tokens: FollowedTokens;
  /** Sees the queries that are read. */
  readonly tap: QueryTap;
  /** Are reads served at all, by a catalogue that is as new as any that a client was told of? */
  readonly isServing: () => boolean;
}
