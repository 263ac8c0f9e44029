import type { CatalogueDocument } from "../../catalogue/catalogue-document.js";
import type { CausalState } from "../../state/causal-state.js";
import type { WritableShard } from "../../state/writable-shard.js";
import type { Change } from "./change.js";
import type { Quarantine } from "./quarantines.js";

/** A replica's state as recovery hands it over. */
export interface ReplicaState {
  readonly document: CatalogueDocument;
  readonly shards: Map<string, WritableShard>;
  readonly system: CausalState;
  /** Shards that could not be opened. */
  readonly quarantined: readonly Quarantine[];
  /** What a view has to be told, once it is made. */
  readonly changes: readonly Change[];
}
