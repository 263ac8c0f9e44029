import { crc32 } from "node:zlib";
import { assert, MurmurationError } from "@murmuration/index";
import type { HybridTime } from "../causality/hybrid-clock.js";
import { sortedEntries, type VersionVector } from "../causality/version-vector.js";
import { readStoredWindows, type StoredWindows } from "../gossip/stored-windows.js";
import { limits } from "../limits.js";
import { FieldReader } from "../operation/field-reader.js";
import { decodeMessage, encodeMessage } from "../operation/message.js";
import { refuseMessage } from "../operation/refuse-message.js";
import { versionVectorToField } from "../operation/version-vector-field.js";
import type { StoredCausalState } from "../state/causal-state.js";

/** Changes with every change of what a checkpoint holds; an image in it has a version of its own. */
const formatVersion = 1;

/** A graph in a checkpoint. */
export interface ImagePlace {
  readonly vector: string;
  readonly bytes: number;
}

/** Part 0 of a checkpoint: what it is of and what the other parts hold, one after the other: the images, then the states. */
export interface CheckpointManifest {
  /** Id of the shard, which is its collection's. */
  readonly shard: string;
  /** Not earlier than any stamp in it. */
  readonly time: HybridTime;
  readonly causality: StoredCausalState;
  readonly windows: StoredWindows;
  /** In the order of the images. */
  readonly images: readonly ImagePlace[];
  /** Points, tombstones included. */
  readonly states: number;
  readonly stateBytes: number;
  readonly pointsDigest: string;
  readonly graphDigest: string;
  /** Of every part but this one and the last. */
  readonly partBytes: number;
  /** CRC-32 of parts 1, 2, … */
  readonly checksums: Uint32Array;
}

/** Names what the bytes of a manifest, and by their checksums all other parts, are: never 0. */
export function transferOf(manifest: Uint8Array): number {
  return crc32(manifest) || 1;
}

/** The frontier that a checkpoint stands at. */
export function frontierOf({ causality }: CheckpointManifest): VersionVector {
  return new Map(causality.frontier);
}

export function encodeManifest(manifest: CheckpointManifest): Uint8Array {
  const { time, causality, images, checksums } = manifest;
  const checksumBytes = new Uint8Array(4 * checksums.length);
  const view = new DataView(checksumBytes.buffer);
  for (const [i, checksum] of checksums.entries()) view.setUint32(4 * i, checksum, true);
  const bytes = encodeMessage([
    formatVersion,
    manifest.shard,
    time.wallMs,
    time.counter,
    versionVectorToField(new Map(causality.frontier)),
    causality.declared.map(([origin]) => origin),
    causality.declared.map(([, entries]) => versionVectorToField(new Map(entries))),
    [manifest.windows],
    images.map(({ vector }) => vector),
    images.map((image) => image.bytes),
    manifest.states,
    manifest.stateBytes,
    manifest.pointsDigest,
    manifest.graphDigest,
    manifest.partBytes,
    checksumBytes,
  ]).slice();
  if (bytes.byteLength > limits.checkpointManifestBytesMax) {
    throw new MurmurationError("capacity", `the manifest of a checkpoint is ${bytes.byteLength} bytes`);
  }
  return bytes;
}

/** The manifest of bytes made by `encodeManifest`, perhaps by somebody else. Throws `corrupt`. */
export function decodeManifest(bytes: Uint8Array, what: string): CheckpointManifest {
  if (bytes.byteLength > limits.checkpointManifestBytesMax) refuseMessage(`${what}: its manifest is too long`);
  const fields = new FieldReader(decodeMessage(bytes, what), what);
  const version = fields.integer();
  if (version !== formatVersion) refuseMessage(`${what}: format version ${version} is not known`);
  const shard = fields.text();
  const time = fields.time();
  const frontier = sortedEntries(fields.versionVector());
  const origins = new FieldReader(fields.list(), what);
  const knowledge = fields.list();
  const vectors = new FieldReader(knowledge, what);
  const declared = knowledge.map(() => [origins.origin(), sortedEntries(vectors.versionVector())] as const);
  origins.end();
  const windows = readStoredWindows(fields.list()[0]);
  const names = fields.names();
  const sizes = new FieldReader(fields.list(), what);
  const images = names.map((vector) => ({ vector, bytes: sizes.integer() }));
  sizes.end();
  const [states, stateBytes] = [fields.integer(), fields.integer()];
  const [pointsDigest, graphDigest] = [fields.text(), fields.text()];
  const partBytes = fields.integer();
  const checksums = checksumsOf(fields.bytes(), what);
  fields.end();
  const streamBytes = images.reduce((sum, image) => sum + image.bytes, stateBytes);
  const isSound =
    partBytes > 0 &&
    partBytes <= limits.checkpointPartBytes &&
    states >= 0 &&
    stateBytes >= 0 &&
    images.every((image) => image.bytes > 0) &&
    new Set(names).size === names.length &&
    checksums.length === Math.ceil(streamBytes / partBytes);
  if (!isSound) refuseMessage(`${what}: its manifest contradicts itself`);
  return {
    shard,
    time,
    causality: { frontier, declared },
    windows,
    images,
    states,
    stateBytes,
    pointsDigest,
    graphDigest,
    partBytes,
    checksums,
  };
}

function checksumsOf(bytes: Uint8Array, what: string): Uint32Array {
  if (bytes.byteLength % 4 !== 0) refuseMessage(`${what}: not a list of checksums`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.byteLength / 4 }, (_, i) => view.getUint32(4 * i, true));
}

assert(limits.checkpointManifestBytesMax < limits.messageBytesMax, "a manifest fits a message");
