import { closeSync, ftruncateSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import type { MurmurationError } from "@murmuration/index";
import { rejectedCharactersMax } from "./transfer-limits.js";

/** A row that is not written, and why. */
export interface RejectedRow {
  readonly place: string;
  readonly field: string | undefined;
  readonly reason: string;
  /** As it stands in the source, or about. */
  readonly row: string;
}

/** A wrong row. */
export function rejectedRow(place: string, { field, message }: MurmurationError, row: string): RejectedRow {
  return { place, field, reason: message, row: row.slice(0, rejectedCharactersMax).toWellFormed() };
}

/** A row in words. */
export function describeRejected({ place, field, reason }: RejectedRow): string {
  return field === undefined || field === "" ? `${place}: ${reason}` : `${place}, ${field}: ${reason}`;
}

/** The file that wrong rows are put aside in, a JSON object each line. It is there when there is one. */
export class RejectedRows {
  readonly path: string;
  bytes: number;
  #file: number | undefined;

  /** `bytes`: what a run before this one has told of; what it wrote behind that is written again. Where somebody has taken the file away, another one is begun. */
  constructor(path: string, bytes: number) {
    this.path = path;
    this.bytes = Math.min(bytes, statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    if (this.bytes === 0) rmSync(path, { force: true });
    else this.#open();
  }

  #open(): number {
    if (this.#file === undefined) {
      this.#file = openSync(this.path, this.bytes === 0 ? "w" : "r+", 0o600);
      ftruncateSync(this.#file, this.bytes);
    }
    return this.#file;
  }

  add(rows: readonly RejectedRow[]): void {
    if (rows.length === 0) return;
    const file = this.#open();
    const text = Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    for (let at = 0; at < text.length; ) at += writeSync(file, text, at, text.length - at, this.bytes + at);
    this.bytes += text.length;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
