import { createHash } from "node:crypto";
import { closeSync, fsyncSync, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { MurmurationError, printJson } from "@murmuration/index";
import type { Logger } from "pino";
import type { DataKeys } from "../encryption/data-keys.js";
import { sinkTo } from "../encryption/sealed-file.js";
import type { Database } from "../engine/database.js";
import { parseJson } from "../http/json.js";
import type { ExportReading } from "../read/reading.js";
import { snapshotSealedAs, snapshotStream } from "./snapshot-file.js";
import { pathPart, type SnapshotDescription, SnapshotFolder } from "./snapshot-folder.js";

/** What is written of a collection beside its points. */
export interface CollectionHeader {
  readonly name: string;
  readonly create: unknown;
  readonly indexes: readonly unknown[];
}

const stamp = () => new Date().toISOString().slice(0, 19).replaceAll(/[T:]/g, "-");

const requestFaults: ReadonlySet<string> = new Set(["not-found", "bad-request", "format", "validation", "forbidden"]);

/** A snapshot may take as long as it takes. */
const PATIENCE_MS = 24 * 60 * 60 * 1000;

/** Work on snapshots that nobody may wait for. */
export type SnapshotWork = "create" | "remove" | "recover";

/** Makes snapshots, of a collection and of all of them, and keeps them. */
export class Snapshots {
  readonly folder: SnapshotFolder;
  /** The database is about to be closed: what it refuses from here on is gone on with at the next start. */
  isClosing = false;
  /** How often work failed that nobody waited for. */
  readonly failures: Record<SnapshotWork, number> = { create: 0, remove: 0, recover: 0 };
  /** Work on snapshots by collection: what is under way, and how many were made. */
  readonly counts = {
    creating: new Map<string, number>(),
    recovering: new Map<string, number>(),
    created: new Map<string, number>(),
  };
  readonly #database: Database;
  readonly #log: Pick<Logger, "warn" | "error"> | undefined;
  /** Recoveries are done one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(folder: SnapshotFolder, database: Database, log?: Pick<Logger, "warn" | "error">) {
    this.folder = folder;
    this.#database = database;
    this.#log = log;
  }

  static async open(
    root: string,
    database: Database,
    log?: Pick<Logger, "warn" | "error">,
    keys?: DataKeys,
  ): Promise<Snapshots> {
    return new Snapshots(await SnapshotFolder.open(root, keys), database, log);
  }

  /** Work that nobody waits for: where it fails, that is logged and counted. What the request itself is to blame for is a warning. */
  leave(what: SnapshotWork, work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.failures[what]++;
      const message = "work on a snapshot that nobody waits for failed";
      if (error instanceof MurmurationError && requestFaults.has(error.code)) {
        this.#log?.warn({ work: what, code: error.code, why: error.message }, message);
      } else this.#log?.error({ work: what, err: error }, message);
    });
  }

  #nameOf({ name }: CollectionHeader): string {
    return `${pathPart(name)}-${this.#database.status().replicaId}-${stamp()}`;
  }

  /** A snapshot of a collection as of one epoch, in a file of work that whoever sends it ends, and the name that it would have here. */
  async createToSend(of: CollectionHeader): Promise<{ readonly path: string; readonly name: string }> {
    const path = this.folder.newWork();
    try {
      await this.#export(of, path);
      return { path, name: `${this.#nameOf(of)}.snapshot` };
    } catch (error) {
      await this.folder.endWork(path);
      throw error;
    }
  }

  /** A snapshot of a collection as of one epoch. */
  async create(of: CollectionHeader): Promise<SnapshotDescription> {
    const { creating, created } = this.counts;
    const work = this.folder.newWork();
    count(creating, of.name, 1);
    try {
      const { sha256 } = await this.#export(of, work);
      const made = await this.folder.keep(work, of.name, this.#nameOf(of), sha256);
      count(created, of.name, 1);
      return made;
    } finally {
      count(creating, of.name, -1);
      await this.folder.endWork(work);
    }
  }

  #sealing(file: string): Pick<ExportReading, "seal"> {
    const { keys } = this.folder;
    return keys === undefined ? {} : { seal: { keys, as: snapshotSealedAs(file) } };
  }

  async #export(of: CollectionHeader, file: string): Promise<{ readonly sha256: string }> {
    const header = printJson({ murmuration_snapshot: 1, kind: "collection", ...of } as never);
    const { pieces } = await this.#database.read(
      [of.name],
      { kind: "export", file, header, ...this.#sealing(file) },
      { timeoutMs: PATIENCE_MS, deadlineMs: performance.now() + PATIENCE_MS, isAbandoned: () => false },
    );
    const text = pieces.map((piece) => (typeof piece === "string" ? piece : Buffer.from(piece).toString())).join("");
    return parseJson(text) as { readonly sha256: string };
  }

  /** One of the whole store: the snapshots of all collections, each as of an epoch of its own, in one file. */
  async createFull(all: readonly CollectionHeader[], aliases: unknown): Promise<SnapshotDescription> {
    const [work, part] = [this.folder.newWork(), this.folder.newWork()];
    try {
      return await this.#putTogether(all, aliases, work, part);
    } finally {
      for (const path of [work, part]) await this.folder.endWork(path);
    }
  }

  async #putTogether(
    all: readonly CollectionHeader[],
    aliases: unknown,
    work: string,
    part: string,
  ): Promise<SnapshotDescription> {
    const hash = createHash("sha256");
    const { keys } = this.folder;
    const file = openSync(work, "wx");
    try {
      const sink = sinkTo(file, keys, snapshotSealedAs(work));
      const put = (bytes: Buffer) => {
        hash.update(bytes);
        sink.push(bytes);
      };
      put(Buffer.from(`${printJson({ murmuration_snapshot: 1, kind: "full", aliases } as never)}\n`));
      for (const of of all) {
        await this.#export(of, part);
        for await (const chunk of snapshotStream(part, keys)) put(chunk as Buffer);
        await rm(part);
      }
      sink.end();
      fsyncSync(file);
      return await this.folder.keep(work, undefined, `full-snapshot-${stamp()}`, hash.digest("hex"));
    } finally {
      closeSync(file);
    }
  }

  close(): void {
    this.isClosing = true;
  }

  /** Do a recovery of a collection after those that were begun before. */
  inTurn<T>(collection: string, recover: () => Promise<T>): Promise<T> {
    const { recovering } = this.counts;
    count(recovering, collection, 1);
    const turn = this.#last.then(recover, recover).finally(() => count(recovering, collection, -1));
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** What comes to 0 is not kept. */
function count(counts: Map<string, number>, name: string, more: number): void {
  const sum = (counts.get(name) ?? 0) + more;
  if (sum === 0) counts.delete(name);
  else counts.set(name, sum);
}

/** Throws `bad-request` where a file is not what somebody says that it is. */
export function requireChecksum(wanted: string | null | undefined, is: string): void {
  if (wanted === null || wanted === undefined || wanted.toLowerCase() === is) return;
  throw new MurmurationError("bad-request", `Snapshot checksum mismatch: expected ${wanted}, got ${is}`);
}
