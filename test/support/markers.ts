import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** Values that nothing else has, and what they look like wherever they may lie. */
export class Markers {
  readonly #forms = new Map<string, Buffer[]>();

  #add(name: string, ...forms: Buffer[]): void {
    this.#forms.set(name, forms);
  }

  text(name: string): string {
    // one word, whatever cuts texts into words
    const text = `mk${randomBytes(12).toString("hex")}`;
    this.#add(name, Buffer.from(text));
    return text;
  }

  uuid(name: string): string {
    const uuid = randomUUID();
    const bytes = Buffer.from(uuid.replaceAll("-", ""), "hex");
    this.#add(name, Buffer.from(uuid), bytes, Buffer.from(bytes).reverse());
    return uuid;
  }

  /** Of 52 bits: in bytes both ways round, and in digits. */
  integer(name: string): number {
    const value = 2 ** 51 + randomInt(2 ** 31) * 2 ** 20 + randomInt(2 ** 20);
    const [little, big] = [Buffer.alloc(8), Buffer.alloc(8)];
    little.writeBigInt64LE(BigInt(value));
    big.writeBigInt64BE(BigInt(value));
    this.#add(name, little, big, Buffer.from(String(value)));
    return value;
  }

  /** The same of a double that is no integer. */
  float(name: string): number {
    const value = randomInt(2 ** 40) + randomInt(1, 2 ** 10) / 2 ** 10;
    const [little, big] = [Buffer.alloc(8), Buffer.alloc(8)];
    little.writeDoubleLE(value);
    big.writeDoubleBE(value);
    this.#add(name, little, big, Buffer.from(String(value)));
    return value;
  }

  /** A vector of which the first two numbers are marked: as f32, and as they are printed. */
  vector(name: string, size: number): number[] {
    const values = Float32Array.from({ length: size }, () => randomInt(2 ** 24) / 2 ** 12 + 0.5);
    const [first, second] = values as unknown as [number, number];
    this.#add(name, Buffer.from(values.buffer, 0, 8), Buffer.from(`${first},${second}`));
    return [...values];
  }

  /** Is any of them in these bytes? */
  isIn(bytes: Buffer): boolean {
    return [...this.#forms.values()].some((forms) => forms.some((form) => bytes.includes(form)));
  }

  /** Names of the markers that are in files of these folders, each with the first file, sorted. */
  foundIn(...folders: string[]): { readonly [name: string]: string } {
    const found: { [name: string]: string } = {};
    for (const file of folders.flatMap(filesIn)) {
      let bytes: Buffer;
      try {
        bytes = readFileSync(file);
      } catch {
        // gone meanwhile
        continue;
      }
      for (const [name, forms] of this.#forms)
        if (found[name] === undefined && forms.some((form) => bytes.includes(form))) found[name] = file;
    }
    return found;
  }

  get names(): string[] {
    return [...this.#forms.keys()].sort();
  }
}

function filesIn(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const path = join(folder, name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    return stats.isDirectory() ? filesIn(path) : [path];
  });
}
