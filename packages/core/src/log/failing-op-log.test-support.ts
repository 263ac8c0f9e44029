import { MurmurationError } from "@murmuration/index";
import { MemoryOpLog } from "./memory-op-log.js";
import type { LogWriter, OpLog } from "./op-log.js";

/** A log that fails where it is told to: at the n-th step of a transaction, or at its commit. */
export class FailingOpLog extends MemoryOpLog implements OpLog {
  /** Writes of the next transaction that succeed before one fails; its commit counts as one more. */
  stepsLeft = Number.POSITIVE_INFINITY;
  /** Whether the log has failed since it was last told to. */
  failed = false;

  failAfter(steps: number): void {
    this.stepsLeft = steps;
    this.failed = false;
  }

  override transaction<T>(body: (writer: LogWriter) => T): T {
    return super.transaction((writer) => {
      const result = body({
        append: (...entry) => {
          this.#step();
          return writer.append(...entry);
        },
        putPoint: (...point) => {
          this.#step();
          writer.putPoint(...point);
        },
        deletePoint: (...point) => {
          this.#step();
          writer.deletePoint(...point);
        },
        dropPoints: (shard) => {
          this.#step();
          writer.dropPoints(shard);
        },
        mendPayload: (...payload) => {
          this.#step();
          writer.mendPayload(...payload);
        },
        deleteDropped: (...drops) => {
          this.#step();
          return writer.deleteDropped(...drops);
        },
        mendFrontier: (...frontier) => {
          this.#step();
          writer.mendFrontier(...frontier);
        },
        dropShard: (shard) => {
          this.#step();
          writer.dropShard(shard);
        },
        dropOperations: (...drop) => {
          this.#step();
          return writer.dropOperations(...drop);
        },
        restartShard: (...restart) => {
          this.#step();
          return writer.restartShard(...restart);
        },
        putCheckpointPart: (...part) => {
          this.#step();
          writer.putCheckpointPart(...part);
        },
        dropCheckpoint: (...checkpoint) => {
          this.#step();
          writer.dropCheckpoint(...checkpoint);
        },
        promoteCheckpoint: (shard) => {
          this.#step();
          writer.promoteCheckpoint(shard);
        },
        putSetting: (...setting) => {
          this.#step();
          writer.putSetting(...setting);
        },
      });
      this.#step();
      return result;
    });
  }

  #step(): void {
    this.stepsLeft -= 1;
    if (this.stepsLeft >= 0) return;
    this.failed = true;
    throw new MurmurationError("storage", "the disk is full");
  }
}
