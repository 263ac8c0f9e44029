import { MurmurationError } from "@murmuration/index";
import type { MasterKeys } from "../encryption/master-keys.js";
import { inOrder, LANES, Lanes, type ObjectStore, type StoreConfig, storeAddressText } from "../object-store/mod.js";
import { parseBackupName } from "./backup-folder.js";
import type { BackupPlace, ListedBackup } from "./backup-place.js";
import { entriesOf } from "./fetch-log.js";
import { segmentAt, segmentsOf } from "./log-segment.js";
import { rewrappedManifest } from "./manifest.js";
import { PartCodec } from "./part-codec.js";
import { ALL_PARTS, backupIn, backupsOf, manifestKey, partNameIn, partsOf, replicaIn } from "./stored-keys.js";
import { type FoundStoredManifest, parseStoredManifest, STORED_MANIFEST_BYTES_MAX } from "./stored-manifest.js";

/** Runs an action with the client of a store, which is loaded now if it was not, and closed afterwards. */
export async function withStore<T>(config: StoreConfig, act: (store: ObjectStore) => Promise<T>): Promise<T> {
  const { S3Store } = await import("../object-store/s3-store.js");
  const store = new S3Store(config);
  try {
    return await act(store);
  } finally {
    store.close();
  }
}

/** Names of the backups in a store, newest first; of one replica, or of all. */
export async function storedNames(store: ObjectStore, replicaId?: number): Promise<string[]> {
  const names: string[] = [];
  for await (const { key } of store.list(backupsOf(replicaId))) {
    const found = backupIn(key);
    if (found !== undefined && parseBackupName(found.name)?.replicaId === found.replicaId) names.push(found.name);
  }
  return names.sort().reverse();
}

/** The replica that made the backup of this name. Throws `not-found` for what is no backup's name. */
export function makerOf(store: Pick<ObjectStore, "place">, name: string): number {
  const parsed = parseBackupName(name);
  if (parsed !== undefined) return parsed.replicaId;
  throw new MurmurationError("not-found", `${store.place}: there is no backup ${name}`);
}

/** The manifest of a backup in a store. Throws `not-found`, what the store throws, and as `parseStoredManifest`. */
export async function storedManifest(
  store: ObjectStore,
  name: string,
  masterKeys: MasterKeys | undefined,
): Promise<FoundStoredManifest> {
  const key = manifestKey(makerOf(store, name), name);
  const text = await manifestTextAt(store, name, key);
  const found = parseStoredManifest(text, `${store.place}/${key}`, masterKeys);
  if (found.manifest.name === name) return found;
  throw new MurmurationError("corrupt", `${store.place}/${key}: is the manifest of ${found.manifest.name}`);
}

async function manifestTextAt(store: ObjectStore, name: string, key: string): Promise<string> {
  try {
    return Buffer.from(await store.get(key, STORED_MANIFEST_BYTES_MAX)).toString("utf8");
  } catch (error) {
    if (!(error instanceof MurmurationError) || error.code !== "not-found") throw error;
    throw new MurmurationError("not-found", `${store.place}: there is no backup ${name}`);
  }
}

/** All backups in a store, newest first. */
export async function listStored(store: ObjectStore, masterKeys: MasterKeys | undefined): Promise<ListedBackup[]> {
  const listed: ListedBackup[] = [];
  const look = async (name: string): Promise<ListedBackup> => {
    try {
      return { name, manifest: (await storedManifest(store, name, masterKeys)).manifest };
    } catch (error) {
      if (!(error instanceof MurmurationError) || error.code === "unavailable") throw error;
      return { name, problem: error.message };
    }
  };
  for await (const one of inOrder(await storedNames(store), LANES, look)) listed.push(one);
  return listed;
}

/** Backups in a store. What a backup is made of is of its replica alone, so that what none of its backups has can go when none is being made. */
export class StoredBackups implements BackupPlace {
  readonly path: string;
  readonly #config: StoreConfig;
  readonly #masterKeys: () => MasterKeys | undefined;

  constructor(config: StoreConfig, masterKeys: () => MasterKeys | undefined = () => undefined) {
    this.path = storeAddressText(config);
    this.#config = config;
    this.#masterKeys = masterKeys;
  }

  names(replicaId?: number): Promise<string[]> {
    return withStore(this.#config, (store) => storedNames(store, replicaId));
  }

  list(): Promise<ListedBackup[]> {
    return withStore(this.#config, (store) => listStored(store, this.#masterKeys()));
  }

  remove(names: readonly string[], replicaId: number): Promise<void> {
    return withStore(this.#config, async (store) => {
      const there = new Set(await storedNames(store));
      const unknown = names.find((name) => !there.has(name));
      if (unknown !== undefined) throw new MurmurationError("not-found", `there is no backup ${unknown}`);
      // the manifests first: what is left over without one is no backup
      for (const name of names) await store.remove(manifestKey(makerOf(store, name), name));
      if (names.some((name) => makerOf(store, name) === replicaId)) await this.#prune(store, replicaId);
    });
  }

  /** What was sent of one that was broken off stays: the next one goes on with it. */
  async sweep(): Promise<string[]> {
    return [];
  }

  makers(): Promise<number[]> {
    return withStore(this.#config, async (store) => {
      const found = new Set<number>();
      for (const prefix of [backupsOf(), ALL_PARTS, segmentsOf()]) {
        for await (const { key } of store.list(prefix)) {
          const id = replicaIn(key);
          if (id !== undefined) found.add(id);
        }
      }
      return [...found].sort((a, b) => a - b);
    });
  }

  leaveOnlyBackups(replicaId: number, mayKeep: boolean): Promise<string[]> {
    return withStore(this.#config, async (store) => {
      await removeSegments(store, replicaId, Number.POSITIVE_INFINITY);
      const unread: string[] = [];
      await this.#prune(store, replicaId, mayKeep ? unread : undefined);
      return unread;
    });
  }

  /** The position up to which the newest backup and the segments of a replica's log go; `undefined`: there is no backup. */
  shippedTo(replicaId: number): Promise<number | undefined> {
    return withStore(this.#config, async (store) => {
      const [newest] = await storedNames(store, replicaId);
      if (newest === undefined) return undefined;
      let to = (await storedManifest(store, newest, this.#masterKeys())).manifest.contents.position;
      for await (const { key } of store.list(segmentsOf(replicaId))) to = Math.max(to, segmentAt(key)?.to ?? 0);
      return to;
    });
  }

  rewrap(replicaId: number): Promise<string[]> {
    const masterKeys = this.#masterKeys();
    if (masterKeys === undefined) return Promise.resolve([]);
    return withStore(this.#config, async (store) => {
      const closed: string[] = [];
      for (const name of await storedNames(store, replicaId)) {
        const key = manifestKey(replicaId, name);
        const text = await manifestTextAt(store, name, key);
        let rewrapped: string | undefined;
        try {
          rewrapped = rewrappedManifest(text, `${store.place}/${key}`, masterKeys);
        } catch (error) {
          if (!(error instanceof MurmurationError)) throw error;
          closed.push(name);
        }
        if (rewrapped !== undefined) await store.put(key, Buffer.from(rewrapped));
      }
      return closed;
    });
  }

  /**
   * Removes every part of a replica that none of its backups is made of. Where one of their manifests or indexes cannot be read nothing is removed, as nobody knows what it is made of: throws, or
   * adds their names to `unread`.
   */
  async #prune(store: ObjectStore, replicaId: number, unread?: string[]): Promise<void> {
    const used = new Set<string>();
    let oldest = Number.POSITIVE_INFINITY;
    for (const name of await storedNames(store, replicaId)) {
      try {
        oldest = Math.min(oldest, await this.#mark(store, name, used));
      } catch (error) {
        if (unread === undefined || !isUnreadable(error)) throw error;
        unread.push(name);
      }
    }
    if (unread !== undefined && unread.length > 0) return;
    // what was written before the oldest one follows none
    await removeSegments(store, replicaId, oldest);
    const unused: string[] = [];
    for await (const { key } of store.list(partsOf(replicaId))) {
      const name = partNameIn(key);
      if (name !== undefined && !used.has(name)) unused.push(key);
    }
    await removeAll(store, unused);
  }

  /** Adds the names of the parts of a backup to those that are used. Returns its position. */
  async #mark(store: ObjectStore, name: string, used: Set<string>): Promise<number> {
    const { manifest, keys } = await storedManifest(store, name, this.#masterKeys());
    const parts = { store, replicaId: makerOf(store, name), codec: new PartCodec(keys) };
    for (const table of manifest.tables) {
      const unread = table.index.filter(([part]) => !used.has(part));
      for (const [part] of table.index) used.add(part);
      for await (const entry of entriesOf(parts, { ...table, index: unread })) used.add(entry.name);
    }
    return manifest.contents.position;
  }
}

const isUnreadable = (error: unknown) =>
  error instanceof MurmurationError && (error.code === "corrupt" || error.code === "forbidden");

/** Removes the segments of a replica's log that end at this position at the latest. */
async function removeSegments(store: ObjectStore, replicaId: number, upTo: number): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of store.list(segmentsOf(replicaId))) {
    const segment = segmentAt(key);
    if (segment !== undefined && segment.to <= upTo) keys.push(key);
  }
  await removeAll(store, keys);
}

async function removeAll(store: ObjectStore, keys: readonly string[]): Promise<void> {
  const lanes = new Lanes(LANES);
  try {
    for (const key of keys) await lanes.add(() => store.remove(key));
  } finally {
    await lanes.all();
  }
}
