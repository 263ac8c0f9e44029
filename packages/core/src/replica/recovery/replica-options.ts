import type { OpLog } from "../../log/op-log.js";
import type { NewTableSeed } from "../../state/read-model.js";
import type { VectorFiles } from "../../state/vector-files.js";
import type { ReplicaWatch } from "../commit/phases.js";
import type { Planner } from "../plan/planner.js";
import type { ClusterOptions } from "../upkeep/cluster-options.js";
import type { CompactionOptions } from "../upkeep/compactor.js";
import type { ImageSource } from "./recover-shard.js";

/** Port: the physical clock, in milliseconds since 1970. */
export interface Clock {
  now(): number;
}

/** What a replica is given: its ports, and how it recovers. */
export interface ReplicaOptions {
  readonly log: OpLog;
  readonly clock: Clock;
  /** Id of a replica that has none yet: an integer from 1 to 2^24 − 1, never used before in its cluster. */
  readonly newReplicaId: () => number;
  /** Two random words of 32 bits, that the ids in a table are hashed with: whoever chooses ids must not know them. */
  readonly newTableSeed: NewTableSeed;
  /** Newest graph images; without them graphs are made again from the deltas in the log. */
  readonly images?: ImageSource;
  /** Files for vectors that are kept off memory; without it, all are in memory. */
  readonly vectorFiles?: VectorFiles;
  /**
   * `projection` (default): points come from the log's projection, graphs from images and the log after them. `log`: everything is
   * applied again from the first operation on. Both end in the same state.
   */
  readonly recoverFrom?: "projection" | "log";
  /** Told of what the log keeps damaged and was made again from its operations. */
  readonly onMended?: (what: string) => void;
  /** When logs are compacted, where the bounds are not those of `limits`. */
  readonly compaction?: CompactionOptions;
  /** Finds the candidates of inserts; default: one after the other, in this thread. Any number of threads decides alike on the same groups. */
  readonly planner?: Planner | undefined;
  /** Is told what the replica does; default: nobody is. */
  readonly watch?: ReplicaWatch | undefined;
  /** The cluster that it takes part in; without it the replica is alone. */
  readonly cluster?: ClusterOptions;
}
