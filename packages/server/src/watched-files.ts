import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

/** How often files are looked at: a change is seen after two looks. */
const EVERY_MS = 1_000;

/** What tells one state of the files from another; a file that cannot be read is a state, too. */
async function stateOf(paths: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) {
    const content = await readFile(path).catch((error: NodeJS.ErrnoException) => `${error.code}`);
    hash.update(`${content.length} `).update(content);
  }
  return hash.digest("base64");
}

/**
 * Tells when files have changed, by what is in them: also where they are reached through links that are put in place of others. A change is told
 * once it has stood for two looks, so that files that are written one after the other are read together.
 */
export class WatchedFiles {
  readonly #paths: readonly string[];
  readonly #onChanged: () => void;
  #told: string | undefined;
  #last: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(paths: readonly string[], onChanged: () => void) {
    this.#paths = paths;
    this.#onChanged = onChanged;
  }

  /** Looks now. What is found first is what has been read already. */
  async look(): Promise<void> {
    const state = await stateOf(this.#paths);
    this.#told ??= state;
    const isSettled = state === this.#last;
    this.#last = state;
    if (!isSettled || state === this.#told) return;
    this.#told = state;
    this.#onChanged();
  }

  /** Looks from now on, until `close`. The process may end meanwhile. */
  begin(): void {
    if (this.#paths.length === 0) return;
    const look = () => {
      void this.look().finally(() => this.#timer?.refresh());
    };
    this.#timer = setTimeout(look, EVERY_MS).unref();
    look();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
