export type * from "./catalogue/catalogue-command.js";
export { withDelta } from "./catalogue/catalogue-delta.js";
export { CatalogueDocument } from "./catalogue/catalogue-document.js";
export {
  type Catalogue,
  type Collection,
  type DenseVectorSpace,
  type Distance,
  distances,
  isDenseSpace,
  type Member,
  type MultiVectorSpace,
  type Settings,
  type SparseVectorSpace,
  type VectorSpace,
} from "./catalogue/collection.js";
export { checkName } from "./catalogue/names.js";
export { collectionNamed, hasCollection, resolveCollection, visibleCollections } from "./catalogue/resolve.js";
export { buildingOf, isBuilding } from "./catalogue/vector-graphs.js";
export { graphKeysOf, keyOfVector, nameOfKey, settingsOfVector, vectorKeysOf } from "./catalogue/vector-incarnation.js";
export { compareDots, type Dot, dotFromKey, dotText, dotToKey, isOrigin, isSequence } from "./causality/dot.js";
export {
  compareHybridTimes,
  compareStamps,
  HybridClock,
  type HybridTime,
  isHybridTime,
  type Stamp,
} from "./causality/hybrid-clock.js";
export {
  advance,
  type CausalOrder,
  compareVersionVectors,
  covers,
  emptyVersionVector,
  includesDot,
  type MutableVersionVector,
  mergeInto,
  mergeVersionVectors,
  missingFrom,
  sequenceOf,
  sortedEntries,
  type VersionVector,
  versionVectorDelta,
  versionVectorFromJson,
  versionVectorToJson,
} from "./causality/version-vector.js";
export { CheckpointReader, restoreCheckpoint } from "./checkpoint/read-checkpoint.js";
export { putStoredCheckpoint, storedCheckpoint } from "./checkpoint/stored-checkpoint.js";
export { writeCheckpoint } from "./checkpoint/write-checkpoint.js";
export type * from "./command/command.js";
export { type ConsistencyLevel, membersNeeded, parseConsistency, readsSeeWrites } from "./consistency/level.js";
export { decodeToken, encodeToken, isCovered, mergeTokens, type SessionToken } from "./consistency/token.js";
export type * from "./consistency/wait.js";
export {
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  envelopeVersion,
  type Message,
  type Sealing,
} from "./gossip/envelope.js";
export { type Introduction, proofOfIntroduction } from "./gossip/introduction.js";
export { type Invitation, invitationText, readInvitation } from "./gossip/invitation.js";
export { MemoryNetwork } from "./gossip/memory-transport.js";
export type { Signing } from "./gossip/signing.js";
export type { Arrived, Outgoing, Transport, TransportCounters, TransportLink } from "./gossip/transport.js";
export { limits } from "./limits.js";
export { MemoryOpLog } from "./log/memory-op-log.js";
export type {
  CheckpointSlot,
  KeptOperations,
  KeyedPayload,
  LogEntry,
  LogWriter,
  OpLog,
  PointRow,
  ReadOptions,
  StoredPayload,
  StoredPoint,
  TransactionOptions,
} from "./log/op-log.js";
export { LOG_KEY_BYTES } from "./log/sqlite-cipher.js";
export { copyLog, type LogFile, requireKeyOf } from "./log/sqlite-copy.js";
export { SqliteOpLog, type SqliteOpLogOptions } from "./log/sqlite-op-log.js";
export { checkLogSchema, type LogRow, LogRowReader, LogRowWriter, type LogSchema } from "./log/sqlite-rows.js";
export {
  type Batch,
  batchFormatVersion,
  decodeBatch,
  decodeBatchOperations,
  encodeBatch,
  encodeBatchFromRows,
  rowsForBatch,
} from "./operation/batch.js";
export { canonicalPayload } from "./operation/canonical-payload.js";
export type { CatalogueBody } from "./operation/catalogue-change.js";
export type { ClearPayloadBody } from "./operation/clear-payload.js";
export { decodeOperation, encodeOperation } from "./operation/codec.js";
export type { DeleteBody } from "./operation/delete.js";
export type { DeletePayloadBody } from "./operation/delete-payload.js";
export type { DeleteVectorsBody } from "./operation/delete-vectors.js";
export { isGraphKey, vectorOfGraph } from "./operation/graph-key.js";
export {
  dotOf,
  type Operation,
  type OperationBody,
  type OperationHeader,
  type OperationKind,
} from "./operation/operation.js";
export type { OverwritePayloadBody } from "./operation/overwrite-payload.js";
export type { SetPayloadBody } from "./operation/set-payload.js";
export type { UpsertBody } from "./operation/upsert.js";
export { type VectorEncoding, vectorEncodings } from "./operation/vector-encoding.js";
export type { VectorVersion } from "./operation/vector-version.js";
export type {
  CatalogueChanged,
  Change,
  RowsPublished,
  ShardQuarantined,
  ShardReplaced,
} from "./replica/commit/change.js";
export type { Fault } from "./replica/commit/faults.js";
export { isAdmitted, replicaIdOf, takeNewIdentity } from "./replica/commit/identity.js";
export type { OwnRows } from "./replica/commit/own-rows.js";
export type { Phase, ReplicaWatch } from "./replica/commit/phases.js";
export type { Quarantine } from "./replica/commit/quarantines.js";
export { SYSTEM_SHARD } from "./replica/commit/stored-causality.js";
export { clockOf } from "./replica/commit/write-shard.js";
export type { ConflictSide, ConflictsTold, ConflictTold, ShownVector } from "./replica/conflict-list.js";
export type { Comparison } from "./replica/exchange/comparisons.js";
export type { ReconciliationStatus } from "./replica/exchange/reconciliation.js";
export type { SetAsideOperation } from "./replica/exchange/set-aside.js";
export type { UnconfirmedSnapshot } from "./replica/exchange/unconfirmed-snapshots.js";
export type { RequestWaits, WaitsStatus } from "./replica/exchange/waits.js";
export type { Execution } from "./replica/executor.js";
export { type CollectionDigest, digestOf, type GraphLink, type LevelLinks } from "./replica/inspect.js";
export { type LeftOut, nothingLeftOut } from "./replica/left-out.js";
export type { Incident } from "./replica/peering/incidents.js";
export { type Standing, standsAlone } from "./replica/peering/standing.js";
export type { PeeringStatus, PeerShard, PeerStatus, Refusals, ReplicationStatus } from "./replica/peering/status.js";
export { commandsOf, isPointWrite } from "./replica/plan/plan-points.js";
export { oneAfterAnother, type PlannedGraph, type PlannedInsert, type Planner } from "./replica/plan/planner.js";
export { selectsByFilter } from "./replica/plan/resolve-filter.js";
export { type FoundPoint, type NearestHere, ReadsHere } from "./replica/reads-here.js";
export { type ImageSource, imageNote, type PlacedImage } from "./replica/recovery/recover-shard.js";
export { type LoggedOperation, operationsOf } from "./replica/recovery/replay-operations.js";
export type { Clock, ReplicaOptions } from "./replica/recovery/replica-options.js";
export { Replica } from "./replica/replica.js";
export type { ClusterOptions } from "./replica/upkeep/cluster-options.js";
export type { CompactionOptions, CompactionStatus } from "./replica/upkeep/compactor.js";
export { SCRUBBED_SETTING, scrubbedErasures } from "./replica/upkeep/eraser.js";
export type { ErasureHere, ErasureReplica, ErasureStage, ErasureStatus } from "./replica/upkeep/erasure-status.js";
export type { UpkeepBudget, UpkeepStatus } from "./replica/upkeep/upkeep.js";
export type { CausalState } from "./state/causal-state.js";
export { MemoryVectorFiles } from "./state/memory-vector-files.js";
export { metricOf } from "./state/open-shard.js";
export { payloadBytesIn } from "./state/payload-bytes.js";
export { type PointState, visibleDot } from "./state/point-state.js";
export { decodePointState, decodeStoredPoint } from "./state/point-state-codec.js";
export type { NewTableSeed, PublishedRows, ReadableShard } from "./state/read-model.js";
export { rowProblems } from "./state/row-problems.js";
export { Shard } from "./state/shard.js";
export { keepsVectorsOffMemory, type NamedVectorFile, type VectorFiles } from "./state/vector-files.js";
export type { WritableShard } from "./state/writable-shard.js";
