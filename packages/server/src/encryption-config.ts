import { type KeySource, type MasterKeys, readMasterKeys, readMasterKeysAgain } from "./encryption/master-keys.js";

/** The options of encryption as they are given; "" where one is not. */
export interface EncryptionSettings {
  readonly encryptionKey: string;
  readonly encryptionKeyFile: string;
  readonly keyCommand: string;
}

/** Under which key what is on disk is encrypted. */
export interface EncryptionConfig {
  readonly masterKeys: MasterKeys;
  /** Files that hold it. */
  readonly files: readonly string[];
  /** The keys as they are now: a file is read, a command run again. Throws an `Error` that says what is at fault, and shows no key. */
  readonly readAgain: (readFile: (path: string) => string) => Promise<MasterKeys>;
}

function sourceOf({ encryptionKey, encryptionKeyFile, keyCommand }: EncryptionSettings): KeySource | undefined {
  const given = [encryptionKey, encryptionKeyFile, keyCommand].filter((text) => text !== "");
  if (given.length > 1)
    throw new Error("only one of --encryption-key, --encryption-key-file and --key-command can be given");
  if (encryptionKeyFile !== "") return { kind: "file", path: encryptionKeyFile };
  if (keyCommand !== "") return { kind: "command", command: keyCommand };
  return encryptionKey === "" ? undefined : { kind: "environment", text: encryptionKey };
}

/** Encryption as configured; `undefined`: nothing is encrypted. Throws an `Error` that says what is at fault, and shows no key. */
export function encryptionOf(
  settings: EncryptionSettings,
  readFile: (path: string) => string,
): EncryptionConfig | undefined {
  const source = sourceOf(settings);
  if (source === undefined) return undefined;
  return {
    masterKeys: readMasterKeys(source, readFile),
    files: source.kind === "file" ? [source.path] : [],
    readAgain: (read) => readMasterKeysAgain(source, read),
  };
}
