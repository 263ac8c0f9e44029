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
  operationBytesMax: 32 * 1024 * 1024,
  /** A sender stops filling a batch here. */
  batchBytesTarget: 256 * 1024,
  /** A receiver refuses more. */
  batchBytesMax: 64 * 1024 * 1024,

  /** Rows that a log iterator holds in memory. */
  logPageRows: 256,

  collectionNameCharactersMax: 255,
  collectionsMax: 10_000,
  aliasesMax: 10_000,
  payloadIndexesMax: 1_000,
} as const;

assert(limits.operationBytesMax + 1024 * 1024 <= limits.batchBytesMax, "a batch holds at least one operation");
assert(limits.batchBytesTarget <= limits.batchBytesMax, "the target of a batch is within its bound");
assert(limits.payloadDepthMax < 96, "the message codec nests up to 100 deep");
