import { assert } from "@murmuration/index";

/** Bounds and times of the NATS transport, with their unit last. */
export const natsLimits = {
  /** The last moment that a date can be. */
  timeMsMax: 8.64e15,
  /** A frame is filled up to here with what waits. */
  frameBytesTarget: 256 * 1024,
  /** Longer messages travel in parts; also bounded by the server's max_payload. */
  frameBytesMax: 512 * 1024,
  /** Messages in a frame: each costs its receiver something, however short it is. */
  frameMessagesMax: 2_048,
  /** A frame of so many bytes is deflated, and sent so when that leaves no more than this share of it. */
  deflateBytesMin: 512,
  deflateShareMax: 0.95,
  /** Of a server's max_payload, for the headers of a publication. */
  headerBytes: 1024,
  /** Of what goes along with a publication in its headers; and as it stands there, sealed and in base64. */
  contextCharactersMax: 512,
  contextHeaderCharactersMax: 900,
  /** Parts of one message: the longest message in frames of 4 KiB. */
  partsMax: 16_640,
  /** Parts of messages that are not complete; the oldest message is given up beyond it, of whoever has most. */
  reassemblyBytesMax: 160 * 1024 * 1024,
  reassemblyMessagesMax: 1_024,
  /** Frames that have come and are not unpacked yet, as they came. Those of one member, and of all who are none, within a share of it. */
  arrivedBytesMax: 64 * 1024 * 1024,
  arrivedMemberBytesMax: 32 * 1024 * 1024,
  arrivedStrangersBytesMax: 4 * 1024 * 1024,
  /** Frames are unpacked so long in one go; then the thread's other work has its turn. */
  unpackMsMax: 4,
  /** Who was heard at its own broker within this time needs not be listened to elsewhere. */
  homeMs: 2_000,
  /** The same frame over another link is recognised for so long, and of so many. */
  duplicateMs: 5_000,
  duplicatesMax: 4_096,
  /** Replicas whose region is remembered. */
  homesMax: 1_000,
  /** A message whose parts have not all come by then is given up. */
  reassemblyMsMax: 60_000,

  /** Live frames published and not yet acknowledged by JetStream. */
  publishesInFlightMax: 32,
  /** The same frame is published again, under the same id, when no acknowledgement came. */
  publishTimeoutMs: 5_000,
  retryMs: 250,
  /** Bytes on the way to a server that it has not taken yet. */
  windowBytesMax: 8 * 1024 * 1024,
  /** The share of them that bulk may take, so that the rest gets through. */
  bulkWindowBytesMax: 4 * 1024 * 1024,

  /** What a region's stream keeps. Who is further behind asks for ranges. */
  streamBytesMax: 256 * 1024 * 1024,
  streamAgeMsMax: 24 * 60 * 60 * 1_000,
  /** JetStream recognises a repeated publication for so long. */
  duplicateWindowMs: 2 * 60 * 1_000,
  /** Frames that a reader without a saved position looks back. */
  lookBackFrames: 64,
  /** A consumer that is silent for longer, also without its heartbeats of every second, is given up. */
  consumerSilentMsMax: 3_500,
  savePositionMs: 5_000,

  connectTimeoutMs: 5_000,
  reconnectMs: 250,
  reconnectMsMax: 2_000,
  pingMs: 3_000,
  roundTripEveryMs: 1_000,
  /** A round trip that takes longer counts as an error. */
  roundTripMsMax: 3_000,
  /** How long `connectNatsTransport` waits for its servers before it goes on without them. */
  startWaitMs: 3_000,
  drainMs: 5_000,
  /** A failure that repeats is logged so often. */
  repeatLogMs: 60_000,
} as const;

assert(natsLimits.frameBytesTarget <= natsLimits.frameBytesMax, "the target of a frame is within its bound");
assert(natsLimits.bulkWindowBytesMax < natsLimits.windowBytesMax, "bulk leaves room for what is urgent");
