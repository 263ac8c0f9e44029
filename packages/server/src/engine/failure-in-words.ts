import { accessSync, constants, existsSync } from "node:fs";
import { dirname, resolve } from "node:path";

const SYSTEM_ERRORS: { readonly [code: string]: string } = {
  EROFS: "it is read-only",
  EACCES: "this user has no right to write there",
  EPERM: "this user has no right to write there",
  ENOSPC: "the disk is full",
  EDQUOT: "this user's share of the disk is used up",
  ENOTDIR: "a part of its path is a file",
  EEXIST: "a file of that name is there",
};

const NO_NATIVE_MODULE =
  /ERR_DLOPEN_FAILED|NODE_MODULE_VERSION|MODULE_NOT_FOUND|invalid ELF header|Could not locate the bindings/;

/** Why something that uses files or SQLite failed, for who has to mend it. */
export function failureInWords(error: unknown): string {
  const { code = "", message = String(error) } = error as NodeJS.ErrnoException;
  if (NO_NATIVE_MODULE.test(code) || NO_NATIVE_MODULE.test(message)) {
    const here = `Node ${process.versions.node} on ${process.platform}-${process.arch}`;
    const advice = "it was installed for another one: remove node_modules and install again (npm start does)";
    return `better-sqlite3 cannot be loaded by ${here}; ${advice}. ${message.split("\n")[0]}`;
  }
  const known = SYSTEM_ERRORS[code];
  return known === undefined ? message : `${known} (${code})`;
}

/**
 * Why a folder could not be made. Making it with the folders above it may end in "no such file": then what is there of its path says why.
 */
export function folderFailureInWords(folder: string, error: unknown): string {
  let there = resolve(folder);
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  try {
    accessSync(there, constants.W_OK | constants.X_OK);
  } catch (reason) {
    return failureInWords(reason);
  }
  return failureInWords(error);
}
