// Keys below the prefix of a store: backups/REPLICA/NAME.json, manifests, parts/REPLICA/AB/ABCD…, what they are made of, and log/REPLICA/… (`log-segment.ts`). Each replica has places of its
// own: it alone writes there, so that what it finds unused there is. Nothing asks for what stands between two slashes: stores differ in that.

const PART = /^parts\/\d{1,8}\/[0-9a-f]{2}\/([0-9a-f]{64})$/;
const MANIFEST = /^backups\/(\d{1,8})\/([0-9TZ-]+)\.json$/;

/** Below which manifests lie: of one replica, or of all. */
export const backupsOf = (replicaId?: number) => (replicaId === undefined ? "backups/" : `backups/${replicaId}/`);
export const ALL_PARTS = "parts/";
export const partsOf = (replicaId: number) => `${ALL_PARTS}${replicaId}/`;
export const partKey = (replicaId: number, name: string) => `${partsOf(replicaId)}${name.slice(0, 2)}/${name}`;
export const manifestKey = (replicaId: number, name: string) => `${backupsOf(replicaId)}${name}.json`;

/** The name of the part at this key; `undefined`: there is none. */
export const partNameIn = (key: string) => PART.exec(key)?.[1];

/** The backup whose manifest is at this key, and whose it is. */
export function backupIn(key: string): { readonly replicaId: number; readonly name: string } | undefined {
  const [, replica, name] = MANIFEST.exec(key) ?? [];
  return name === undefined ? undefined : { replicaId: Number(replica), name };
}

/** The replica that an object is of; `undefined`: it is none of a backup's. */
export function replicaIn(key: string): number | undefined {
  const id = /^(?:backups|parts|log)\/(\d{1,8})\//.exec(key)?.[1];
  return id === undefined ? undefined : Number(id);
}
