import { assert } from "@murmuration/index";

/** Every bound of this package, with its unit last. Relations between them are checked below. */
export const limits = {
  /** Replica ids are 24 bits, 0 is none. */
  originMax: 2 ** 24 - 1,
  /** Operations of one origin in one shard: 40 bits, from 1. */
  sequenceMax: 2 ** 40 - 1,

  /** Hybrid clock: 48 bits of milliseconds, 16 bits of counter. */
  wallMsMax: 2 ** 48 - 1,
  clockCounterMax: 65_535,
  /** How far ahead of this replica's clock a remote time may be. */
  clockDriftMsMax: 60_000,

  payloadDepthMax: 64,
  /** Payloads that a tick looks at where one was found damaged. */
  payloadsLookedAtPerTick: 500,
  /** Vectors off memory that a tick looks at likewise. */
  vectorsLookedAtPerTick: 1_000,
  /** Keys of payloads, of one shard: 40 bits, from 1. */
  payloadKeyMax: 2 ** 40 - 1,
  /** Keys of payloads that are set aside in the log at a time: a start skips those of them that were not given. */
  payloadKeysReserved: 65_536,
  /** Payloads that no row has any more and that one commit deletes. */
  payloadsDeletedPerCommit: 1_024,
  /** Points that the filters of one batch may select, counted for each of them, where they are evaluated beforehand. */
  batchSelectedMax: 2 ** 22,
  /** Points that one operation names; a command about more is spread over several. */
  idsPerOperationMax: 1_000,
  /** Changed lists in one operation of upkeep, and nodes that one purges. */
  deltasPerOperationMax: 64,
  purgedPerOperationMax: 4_096,
  operationBytesMax: 32 * 1024 * 1024,
  /** A sender stops filling a batch here. */
  batchBytesTarget: 256 * 1024,
  /** A receiver refuses more. */
  batchBytesMax: 64 * 1024 * 1024,

  /** A message between replicas: a batch in its envelope. */
  messageBytesMax: 65 * 1024 * 1024,
  /** Lists in lists in a message. */
  messageDepthMax: 100,
  clusterNameCharactersMax: 255,
  /** Erasures that the catalogue keeps: those that are over make room for others. */
  erasuresMax: 256,
  erasureAskerCharactersMax: 255,
  /** Points and nodes that one tick looks at for what is to be erased. */
  erasureLooksPerTick: 20_000,
  /** Messages to one replica that wait in a transport; the least urgent are dropped beyond it. */
  transportQueueBytesMax: 128 * 1024 * 1024,
  /** Operations of a shard that wait for ones before them. */
  inboxBytesMax: 8 * 1024 * 1024,
  /** An operation that does not fit the state is tried again after so long; the time doubles up to the bound. */
  setAsideRetryMs: 5_000,
  setAsideRetryMsMax: 300_000,
  /** Operations that are remembered to be set aside. */
  setAsideMax: 1_024,
  /** Of what is left out of the state, so many are shown, in so many characters each. */
  leftOutShown: 16,
  leftOutCharacters: 300,
  /** Own upkeep for which a graph has no room is tried again after so long; the time doubles up to the bound. */
  upkeepRoomRetryMs: 1_000,
  upkeepRoomRetryMsMax: 60_000,
  heartbeatMs: 500,
  /** A replica that is silent for so long is suspect. */
  suspectMs: 1_500,
  /** Replicas that are no members and are listened to at a time, and how long one is remembered that is silent. */
  strangersMax: 64,
  strangerForgottenMs: 60_000,
  /** A message of one that is no member, unless it carries operations; what waits of the operations of one that has not joined. */
  strangerMessageBytesMax: 1024 * 1024,
  /** So long a replica that is in no cluster listens whether there is one before it begins its own: four heartbeats. */
  foundingListenMs: 2_000,
  /** What is missing is asked for when it has not come by itself for so long. */
  requestGraceMs: 250,
  /** An answer is waited for so long at first; the time doubles with every attempt, up to the bound. */
  requestRetryMs: 500,
  requestRetryMsMax: 10_000,
  /** Ranges that are asked of one peer in one go. */
  requestsPerPeerMax: 16,
  /** Operations in the answer to one request, as far as their bytes fit `answerBytesMax`. */
  requestOperationsMax: 4_096,
  answerBytesMax: 4 * 1024 * 1024,
  /** Answers that are given in one go, to all who asked; the rest follows. And what may wait to be taken by the host. */
  answersBytesMax: 16 * 1024 * 1024,
  outgoingBytesMax: 64 * 1024 * 1024,
  /** What was asked for is taken when it comes this long after. */
  answerAwaitedMs: 60_000,

  /** A member is asked which formats it reads until it has said so; the time between doubles up to the bound. */
  formatsAskMs: 1_000,
  formatsAskMsMax: 300_000,

  /** Requests that wait for other replicas at a time. */
  openWaitsMax: 10_000,
  waitMsMax: 60_000,
  /** Members that have not answered are asked again after so long. */
  askAgainMs: 250,
  /** A shard is compared with a peer once in so long; one that was not found equal since the start, more often. */
  reconcileMs: 30_000,
  reconcileFirstMs: 2_000,
  /** Hashes of a shard's points are kept so long for answers after the last comparison. */
  reconcileKeptMs: 10_000,
  /** Shards whose points are being hashed at a time, and points hashed in a tick. */
  reconcileShardsMax: 4,
  reconcilePointsPerTick: 500,
  /** A range that differs is split in so many, until it holds no more than `reconcileSmall`. */
  reconcileFanOut: 16,
  reconcileSmall: 16,
  /** Ranges that one summary goes into; the rest is for the next round. */
  reconcileRangesMax: 32,
  /** States that one message sends. */
  reconcileStatesMax: 1_024,
  /** After a start, a member waits so long for the others before it writes. */
  startWaitMs: 1_000,

  /** A session token as text. */
  tokenCharactersMax: 64 * 1024,

  /** A part of a checkpoint, in the log and on the wire. */
  checkpointPartBytes: 1024 * 1024,
  checkpointManifestBytesMax: 16 * 1024 * 1024,
  /** A shard's log is compacted when it holds so many rows that may go, and more than there are live ones. */
  compactionRowsMin: 20_000,
  /** After a compaction that failed. */
  compactionRetryMs: 30_000,
  /** A replica that lags so many operations behind in a shard takes a snapshot rather than all of them, if there is one. */
  snapshotLagOperations: 200_000,
  /** Parts of a snapshot that are asked for and sent in one go. */
  snapshotPartsPerRequest: 4,
  /** Digests of a shard that a replica remembers, each at another frontier. */
  knownDigestsMax: 8,
  /** So often others are asked what they know of a snapshot's digests, every `requestRetryMs`. */
  snapshotQuestionsMax: 3,
  /** Silences of a peer after which a snapshot is asked of another one. */
  snapshotSilencesMax: 3,

  /** Of the memory for payloads this stays free for the group that is being written. */
  payloadMemoryReserveBytes: 64 * 1024 * 1024,
  /** Payloads of a table that was replaced, or dropped, can be read for so long by those who were reading. */
  droppedTableKeptMs: 60_000,
  /** Points that are brought over from an older log in one commit. */
  pointsBroughtOverPerCommit: 1_000,
  /** Rows that a log iterator holds in memory. */
  logPageRows: 256,

  /** Conflicts between writes that a replica remembers; points of one operation that are looked at for them, and registers in all these. */
  conflictsKept: 1_000,
  conflictPointsMax: 256,
  conflictRegistersMax: 4_096,
  /** Parts of a point that a conflict names, the others being counted; a field with a longer name is told without it. */
  conflictPartsMax: 32,
  conflictNameCharactersMax: 256,
  /** Conflicts that one answer tells of, bytes of a payload and numbers of a vector that it shows. */
  conflictsToldMax: 100,
  conflictPayloadBytesMax: 4_096,
  conflictVectorNumbersMax: 16,

  /** Replicas in the catalogue, evicted ones included. */
  membersMax: 1_000,
  /** Public keys that a member has at a time: two while it changes from one to the other. */
  memberKeysMax: 2,
  memberKeyCharactersMax: 128,
  /** Bytes of a message's signature. */
  signatureBytesMax: 255,
  /** Of a sender so many messages are remembered, so that none of them is taken twice; one that comes after so many others is not taken. */
  replayWindow: 16_384,
  /** So often a replica that is no member yet says its key. */
  introduceMs: 1_000,
  /** So long whoever begins a cluster lets in those whom it waited for, once each, without an invitation. */
  foundingOpenMs: 600_000,
  /** An invitation ends after so long at most, by the clock of who made it; so many are remembered to be used. */
  invitationMsMax: 30 * 86_400_000,
  invitationsUsedMax: 1_000,
  invitationCharactersMax: 2_048,

  collectionNameCharactersMax: 255,
  /** Each takes a memory for every vector and one for its table; a process has room for some 16,000. */
  collectionsMax: 8_000,
  aliasesMax: 10_000,
  payloadIndexesMax: 1_000,
  /** Vectors of a collection up to which others are added: a table has room for twice as many, whatever replicas add at once. */
  vectorsMax: 128,
  /** Vectors that were added to a collection or dropped from it in all its time: each is remembered. */
  vectorsEverMax: 1_024,
  /** Times that a name can be given to another vector. */
  vectorGenerationsMax: 1_000_000,
  /** Levels of a setting of a collection: as deep as a request's body may be. */
  settingDepthMax: 128,
  /** Edits in the history of the catalogue, over all replicas; Automerge counts them in 32 bits. */
  catalogueEditsMax: 2 ** 31,
  /** Edits that one change of the catalogue makes. */
  catalogueChangeEditsMax: 65_536,
} as const;

assert(2 * limits.aliasesMax < limits.catalogueChangeEditsMax, "every alias can give way to another one in one change");
assert(limits.operationBytesMax + 1024 * 1024 <= limits.batchBytesMax, "a batch holds at least one operation");
assert(limits.batchBytesTarget <= limits.batchBytesMax, "the target of a batch is within its bound");
assert(limits.payloadDepthMax + 4 < limits.messageDepthMax, "an operation holds the deepest payload");
assert(limits.heartbeatMs * 2 <= limits.suspectMs, "a replica is suspect only when heartbeats were missed");
assert(limits.suspectMs < limits.foundingListenMs, "whoever is there is heard before a cluster begins");
assert(limits.messageBytesMax <= limits.transportQueueBytesMax, "a transport holds any message");
assert(limits.checkpointPartBytes + 1024 <= limits.messageBytesMax, "a message holds a part of a checkpoint");
assert(limits.batchBytesMax < limits.messageBytesMax, "a message holds any batch");
assert(
  limits.reconcileSmall * limits.reconcileRangesMax <= limits.reconcileStatesMax,
  "what is small in all ranges of a summary fits a message",
);
assert(limits.answerBytesMax <= limits.inboxBytesMax, "an answer that comes out of order fits the inbox");
