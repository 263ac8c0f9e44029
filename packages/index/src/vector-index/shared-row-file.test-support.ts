import type { RowFile } from "./row-file.js";

/** A file of so many bytes that threads share, as the operating system's cache of one is. */
export class SharedRowFile implements RowFile {
  readonly bytes: SharedArrayBuffer;

  constructor(bytes: SharedArrayBuffer) {
    this.bytes = bytes;
  }

  read(target: Uint8Array, at: number): number {
    const there = new Uint8Array(this.bytes, at, Math.max(0, Math.min(target.length, this.bytes.byteLength - at)));
    target.set(there);
    return there.length;
  }

  write(bytes: Uint8Array, at: number): void {
    new Uint8Array(this.bytes).set(bytes, at);
  }

  flush(): void {}
}
