import type { AppliedSpace, SpacePort } from "@murmuration/index";

/** A space as a shard's `apply` needs it. */
export type ShardGraph = AppliedSpace & Pick<SpacePort, "links">;
