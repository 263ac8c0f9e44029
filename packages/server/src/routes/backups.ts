import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import type { AnyManifest, ListedBackup } from "../backup/backup-place.js";
import type { Backups } from "../backup/backups.js";
import type { RepeatedReport } from "../backup/repeated.js";
import { none, type Route, route } from "./route.js";

function required(backups: Backups | undefined): Backups {
  if (backups !== undefined) return backups;
  throw new MurmurationError(
    "bad-request",
    "this server makes no backups: it was started without --backup-folder or --backup-to",
  );
}

function renderManifest(manifest: AnyManifest) {
  const { name, version, created, ms, contents } = manifest;
  const { replica_id, position, collections } = contents;
  const size =
    "file" in manifest
      ? { bytes: manifest.file.bytes, sha256: manifest.file.sha256 }
      : { bytes: manifest.bytes, parts: manifest.parts, sent: manifest.sent };
  return { name, created, ...size, ms, version, replica_id, position, collections };
}

function renderRepeated<Result extends object>({ everyMinutes, last, lastFailure, failures }: RepeatedReport<Result>) {
  const at = (ms: number) => new Date(ms).toISOString();
  return {
    every_minutes: everyMinutes,
    failures,
    ...(last && { last: { at: at(last.atMs), ...last.result } }),
    ...(lastFailure && { last_failure: { at: at(lastFailure.atMs), why: lastFailure.why } }),
  };
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
      const {
        place,
        everyMinutes,
        keep,
        isRunning,
        lastFailure,
        drills,
        shipping,
        backups: listed,
        problem,
      } = await required(backups).report();
      return {
        folder: place,
        every_minutes: everyMinutes,
        keep,
        running: isRunning,
        ...(lastFailure === undefined
          ? {}
          : { last_failure: { at: new Date(lastFailure.atMs).toISOString(), why: lastFailure.why } }),
        ...(drills.everyMinutes === 0 ? {} : { drills: renderRepeated(drills) }),
        ...(shipping.everyMinutes === 0 ? {} : { log: renderRepeated(shipping) }),
        backups: listed.map(renderListed),
        ...(problem === undefined ? {} : { problem }),
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
      await required(backups).remove([params.name]);
      return true;
    },
  }),
];
