import { randomFillSync } from "node:crypto";
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Command, Replica } from "@murmuration/core";
import { MurmurationError } from "@murmuration/index";
import { DISK_RESERVE_BYTES, DISK_RESERVE_FREE_MIN, DISK_RESERVE_INTERVAL_MS } from "./engine-limits.js";

const PIECE_BYTES = 1024 * 1024;

/** Commands that make room in the log. */
const MAKES_ROOM: ReadonlySet<Command["kind"]> = new Set(["delete-collection", "delete-points", "delete-vectors"]);

/**
 * A file that takes room on the disk, to be given up when there is none left: SQLite needs room in its write-ahead log even to delete.
 */
export class DiskReserve {
  readonly #file: string;
  #nextMs = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Makes the file when it is not there and the disk has several times its room; looks every few seconds at most. */
  refill(nowMs: number): void {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + DISK_RESERVE_INTERVAL_MS;
    if (this.#bytes() >= DISK_RESERVE_BYTES) return;
    try {
      const { bavail, bsize } = statfsSync(dirname(this.#file));
      if (bavail * bsize < DISK_RESERVE_BYTES * DISK_RESERVE_FREE_MIN) return;
      this.#write();
    } catch {
      // there is less room than it looked: it is tried again later, and nothing else needs it now
      this.#giveUp();
    }
  }

  /** Executes commands; those that make room are tried once more, without the reserve, when the log does not take them. */
  execute(replica: Replica, commands: readonly Command[]): ReturnType<Replica["execute"]> {
    const first = replica.execute(commands);
    const again = commands.flatMap((command, i) =>
      MAKES_ROOM.has(command.kind) && isOfStorage(first.outcomes[i]) ? [i] : [],
    );
    if (again.length === 0 || !this.#giveUp()) return first;
    const outcomes = [...first.outcomes];
    const changes = [...first.changes];
    const own = [...first.own];
    for (const i of again) {
      const second = replica.execute([commands[i] as Command]);
      outcomes[i] = second.outcomes[0] as (typeof outcomes)[number];
      changes.push(...second.changes);
      own.push(...second.own);
    }
    return { outcomes, changes, own };
  }

  #bytes(): number {
    return statSync(this.#file, { throwIfNoEntry: false })?.size ?? 0;
  }

  #write(): void {
    const file = openSync(this.#file, "w", 0o600);
    try {
      // what a file system could compress would reserve nothing
      const piece = Buffer.alloc(PIECE_BYTES);
      for (let left = DISK_RESERVE_BYTES; left > 0; left -= PIECE_BYTES) {
        randomFillSync(piece);
        for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
      }
    } finally {
      closeSync(file);
    }
  }

  /** Was there anything to give up? */
  #giveUp(): boolean {
    try {
      const had = this.#bytes() > 0;
      rmSync(this.#file, { force: true });
      return had;
    } catch {
      return false;
    }
  }
}

function isOfStorage(outcome: unknown): boolean {
  return outcome instanceof MurmurationError && outcome.code === "storage";
}
