import { statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { type OpLog, type Signing, SqliteOpLog } from "@murmuration/core";
import { logKeyOf } from "../encryption/data-keys.js";
import type { Heap } from "../threads/heap.js";
import { heapOfThisThread } from "../threads/heap.js";
import { VectorFolder } from "../vectors/vector-folder.js";
import { DiskReserve } from "./disk-reserve.js";
import { ImageStore, type OnImageRefused } from "./image-store.js";
import { openMemberKey } from "./member-key.js";
import type { EngineFiles } from "./messages.js";

/** What the engine keeps things in. */
export interface EngineResources {
  readonly log: OpLog;
  readonly images: Pick<ImageStore, keyof ImageStore>;
  readonly vectors: Pick<VectorFolder, keyof VectorFolder>;
  readonly reserve: Pick<DiskReserve, keyof DiskReserve>;
  /** Of the thread that it runs in. */
  readonly heap: Heap;
  /** Keys of a replica that is in a cluster. */
  readonly signing?: Signing;
  /** Bytes of the log's files. */
  readonly logBytes: () => number;
  /** The file system that they are on; `undefined`: it does not say. */
  readonly disk?: () => DiskRoom | undefined;
}

/** Room of a file system. */
export interface DiskRoom {
  readonly sizeBytes: number;
  /** What this process may still write. */
  readonly freeBytes: number;
}

function diskOf(folder: string): DiskRoom | undefined {
  try {
    const { bsize, blocks, bavail } = statfsSync(folder);
    return { sizeBytes: blocks * bsize, freeBytes: bavail * bsize };
  } catch {
    return undefined;
  }
}

/**
 * Those of a data folder. `onImageRefused` is told of images that cannot be used, `onBroughtOver` how far an older log has been brought to the present
 * form. Throws what `SqliteOpLog` throws.
 */
export function openResources(
  { logFile, logPagesMax, imageFolder, vectorFolder, reserveFile, keys, memberKeyFile }: EngineFiles,
  onImageRefused: OnImageRefused,
  onBroughtOver: (done: number, points: number) => void,
): EngineResources {
  const log = new SqliteOpLog(logFile, {
    onBroughtOver,
    key: keys && logKeyOf(keys),
    ...(logPagesMax === undefined ? {} : { pagesMax: logPagesMax }),
  });
  const bytesOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  return {
    log,
    images: new ImageStore(imageFolder, onImageRefused, keys),
    vectors: new VectorFolder(vectorFolder, keys),
    reserve: new DiskReserve(reserveFile),
    heap: heapOfThisThread(),
    ...(memberKeyFile === undefined ? {} : { signing: openMemberKey(memberKeyFile, keys) }),
    logBytes: () => bytesOf(logFile) + bytesOf(`${logFile}-wal`),
    disk: () => diskOf(dirname(logFile)),
  };
}
