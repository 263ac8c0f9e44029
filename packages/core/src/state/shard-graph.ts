import type { AppliedSpace, GraphReader } from "@murmuration/index";

/** A space as a shard's `apply` needs it, which is searched too while reads are answered from a shard. */
export interface ShardGraph extends AppliedSpace {
  readonly reader: GraphReader;
}
