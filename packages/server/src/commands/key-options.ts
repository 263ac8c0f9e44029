import type { Command } from "commander";
import { Option } from "commander";
import type { MasterKeys } from "../encryption/master-keys.js";
import { encryptionOf } from "../encryption-config.js";

/** The flags of a command that opens what is encrypted. */
export interface KeyFlags {
  readonly encryptionKeyFile?: string;
  readonly encryptionKey?: string;
  readonly keyCommand?: string;
}

/** Lets a command take a key as the server does. */
export function addKeyOptions(command: Command): void {
  const add = (flag: string, description: string, variable: string) =>
    command.addOption(new Option(flag, description).env(variable));
  add(
    "--encryption-key-file <file>",
    "file that holds the key under which it is encrypted",
    "MURMUR_ENCRYPTION_KEY_FILE",
  );
  add("--encryption-key <key>", "that key; better in the environment", "MURMUR_ENCRYPTION_KEY");
  add("--key-command <command>", "command that prints that key", "MURMUR_KEY_COMMAND");
}

/** The key that was given. Throws an `Error` that says what is at fault. */
export function masterKeysGiven(
  { encryptionKeyFile = "", encryptionKey = "", keyCommand = "" }: KeyFlags,
  readFile: (path: string) => string,
): MasterKeys | undefined {
  return encryptionOf({ encryptionKeyFile, encryptionKey, keyCommand }, readFile)?.masterKeys;
}
