import type { DataKeys } from "./data-keys.js";
import { type KeyRing, type WrittenRing, wrapRing } from "./key-ring.js";
import { fingerprintOfKey, type MasterKeys } from "./master-keys.js";
import { putRing } from "./ring-files.js";

/** The open ring of a folder that this process has, and the master keys that it was given. */
export class FolderRing {
  readonly #folder: string;
  #ring: KeyRing;
  #masterKeys: MasterKeys;

  constructor(folder: string, ring: KeyRing, masterKeys: MasterKeys) {
    this.#folder = folder;
    this.#ring = ring;
    this.#masterKeys = masterKeys;
  }

  get keys(): DataKeys {
    const { ring, keys } = this.#ring;
    return { ring, keys };
  }

  get masterKeys(): MasterKeys {
    return this.#masterKeys;
  }

  /** The data keys as they may stand beside what was encrypted with them. */
  written(): WrittenRing {
    return wrapRing(this.#ring, this.#masterKeys);
  }

  /** Wraps the data keys by the first of these keys from now on. Returns whether that is another than before. Throws `storage`: then it goes on with the keys of before, and a copy on the disk may be under the new one already: the next start needs both. */
  rotate(masterKeys: MasterKeys): boolean {
    const isOther = fingerprintOfKey(masterKeys[0]) !== fingerprintOfKey(this.#masterKeys[0]);
    if (isOther) {
      const ring = { ...this.#ring, generation: this.#ring.generation + 1 };
      putRing(this.#folder, ring, masterKeys);
      this.#ring = ring;
    }
    this.#masterKeys = masterKeys;
    return isOther;
  }
}
