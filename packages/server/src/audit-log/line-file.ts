import { close as closeFile, constants, fdatasync, open as openFile, write as writeFile } from "node:fs";
import { open } from "node:fs/promises";
import { promisify } from "node:util";

const [opened, written, synchronized, closed] = [openFile, writeFile, fdatasync, closeFile].map(promisify) as [
  (path: string, flags: number, mode: number) => Promise<number>,
  (file: number, bytes: Buffer, offset: number, length: number, position: number) => Promise<{ bytesWritten: number }>,
  (file: number) => Promise<void>,
  (file: number) => Promise<void>,
];

/** Where it is known, a write comes back when it is durable, in one way to the disk and back. */
const durable: number | undefined = constants.O_DSYNC;
/** Whoever may read the log is who runs the server. */
const MODE = 0o600;

/** A file to which lines are appended. What `append` has resolved for is durable; what it has rejected for is written over by the next. */
export interface Lines {
  readonly name: string;
  append(lines: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** Opens one; `bytes`: as many are there, and stay. */
export type OpenLines = (folder: string, name: string, bytes: number) => Promise<Lines>;

/** Such a file on the disk. */
export class LineFile implements Lines {
  readonly name: string;
  readonly #file: number;
  #bytes: number;

  private constructor(name: string, file: number, bytes: number) {
    this.name = name;
    this.#file = file;
    this.#bytes = bytes;
  }

  static async open(folder: string, name: string, bytes: number): Promise<LineFile> {
    const { O_RDWR, O_CREAT } = constants;
    const file = await opened(`${folder}/${name}`, O_RDWR | O_CREAT | (durable ?? 0), MODE);
    if (bytes === 0) await synchronizeFolder(folder);
    return new LineFile(name, file, bytes);
  }

  async append(lines: Buffer): Promise<void> {
    for (let at = 0; at < lines.length; ) {
      const { bytesWritten } = await written(this.#file, lines, at, lines.length - at, this.#bytes + at);
      at += bytesWritten;
    }
    if (durable === undefined) await synchronized(this.#file);
    this.#bytes += lines.length;
  }

  close(): Promise<void> {
    return closed(this.#file);
  }
}

/** Makes durable which files are in a folder, where the system can. */
export async function synchronizeFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EISDIR" && process.platform !== "win32") throw error;
  }
}
