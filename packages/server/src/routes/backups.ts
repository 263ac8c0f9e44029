import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import type { ListedBackup } from "../backup/backup-folder.js";
import type { Backups } from "../backup/backups.js";
import type { Manifest } from "../backup/manifest.js";
import { none, type Route, route } from "./route.js";

function required(backups: Backups | undefined): Backups {
  if (backups !== undefined) return backups;
  throw new MurmurationError("bad-request", "this server makes no backups: it was started without --backup-folder");
}

function renderManifest({ name, version, created, ms, file, contents }: Manifest) {
  const { replica_id, position, collections } = contents;
  return { name, created, bytes: file.bytes, ms, version, replica_id, position, sha256: file.sha256, collections };
}

function renderListed(listed: ListedBackup) {
  return "manifest" in listed ? renderManifest(listed.manifest) : listed;
}

/** Backups of this replica in a folder. */
export const backupRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/murmur/backups",
    tag: "murmur",
    summary: "Backups in the folder, newest first, with what they restore to",
    params: none,
    query: none,
    body: none,
    handle: async ({ backups }) => {
      const { folder, everyMinutes, keep, isRunning, lastFailure, backups: listed } = await required(backups).report();
      return {
        folder,
        every_minutes: everyMinutes,
        keep,
        running: isRunning,
        ...(lastFailure === undefined
          ? {}
          : { last_failure: { at: new Date(lastFailure.atMs).toISOString(), why: lastFailure.why } }),
        backups: listed.map(renderListed),
      };
    },
  }),
  route({
    method: "POST",
    path: "/murmur/backups",
    tag: "murmur",
    summary: "Make a backup now; answers when it is durable and verified",
    params: none,
    query: none,
    body: none,
    handle: async ({ backups }) => renderManifest(await required(backups).make()),
  }),
  route({
    method: "DELETE",
    path: "/murmur/backups/{name}",
    tag: "murmur",
    summary: "Remove a backup",
    params: z.object({ name: z.string() }),
    query: none,
    body: none,
    handle: async ({ backups, params }) => {
      await required(backups).remove(params.name);
      return true;
    },
  }),
];
