import type { AccessKeys } from "./access/guard.js";

/** The options of access as they are given; "" where one is not. */
export interface AccessSettings {
  readonly apiKey: string;
  readonly apiKeyFile: string;
  readonly readOnlyApiKey: string;
  readonly readOnlyApiKeyFile: string;
  /** Separated by spaces. */
  readonly apiKeyAlternate: string;
  readonly apiKeyAlternateFile: string;
  readonly jwtRbac: boolean;
  readonly insecure: boolean;
}

/** Who is let in, as configured. */
export interface AccessConfig {
  /** `undefined`: everybody is. */
  readonly keys: AccessKeys | undefined;
  /** Files that hold some of the keys. */
  readonly files: readonly string[];
  /** The keys as the files hold them now. Throws an `Error` that says which file is at fault. */
  readonly read: (readFile: (path: string) => string) => AccessKeys | undefined;
}

/** Where the server listens. */
interface ListenSettings {
  readonly host: string;
}

const KEY_CHARACTERS_MAX = 1_024;
const KEYS_MAX = 64;

/** Keys in a text, separated by white space. Throws an `Error` that says what is expected, and shows none of it. */
export function keysOfText(text: string): string[] {
  const keys = text.split(/\s+/).filter((key) => key !== "");
  const isKey = (key: string) => key.length <= KEY_CHARACTERS_MAX && /^[\x21-\x7e]+$/.test(key);
  if (keys.length <= KEYS_MAX && keys.every(isKey)) return keys;
  throw new Error(
    `must be keys of 1 to ${KEY_CHARACTERS_MAX} printable ASCII characters without spaces, ${KEYS_MAX} at most`,
  );
}

type ReadFile = (path: string) => string;

const NAME_CHARACTERS_MAX = 64;

/** What a key is called, behind it in its file: `KEY # NAME`. */
function nameOf(text: string): string {
  const name = text.trim();
  if (name.length > 0 && name.length <= NAME_CHARACTERS_MAX && !/[\p{C}\p{Zl}\p{Zp}]/u.test(name)) return name;
  throw new Error(`the name of a key, behind " # ", must be 1 to ${NAME_CHARACTERS_MAX} characters that are seen`);
}

/** Keys of a file; `names` is told what they are called. */
function namedKeysOf(text: string, names: Map<string, string>): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [, before, after] = /^(.*?\S)\s+#(\s.*)?$/.exec(line) ?? [];
    const keys = keysOfText(before ?? line);
    if (before === undefined) return keys;
    if (keys.length !== 1) throw new Error("a line with a name must hold one key");
    names.set(keys[0] as string, nameOf(after ?? ""));
    return keys;
  });
}

function keysOfFile(path: string, readFile: ReadFile, names: Map<string, string>): string[] {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
  try {
    const keys = namedKeysOf(text, names);
    return keysOfText(keys.join(" "));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}

/** The key of an option, or of the file that another option names; `undefined`: neither is given. */
function keyOf(
  option: string,
  given: string,
  file: string,
  readFile: ReadFile,
  names: Map<string, string>,
): string | undefined {
  if (given !== "" && file !== "") throw new Error(`only one of --${option} and --${option}-file can be given`);
  if (file === "") return given === "" ? undefined : given;
  const keys = keysOfFile(file, readFile, names);
  if (keys.length !== 1) throw new Error(`${file}: must hold one key, and holds ${keys.length}`);
  return keys[0];
}

function readKeys(settings: AccessSettings, readFile: ReadFile): AccessKeys | undefined {
  const names = new Map<string, string>();
  const main = keyOf("api-key", settings.apiKey, settings.apiKeyFile, readFile, names);
  const readOnly = keyOf("read-only-api-key", settings.readOnlyApiKey, settings.readOnlyApiKeyFile, readFile, names);
  const { apiKeyAlternateFile } = settings;
  const inFile = apiKeyAlternateFile === "" ? [] : keysOfFile(apiKeyAlternateFile, readFile, names);
  const alternates = [...keysOfText(settings.apiKeyAlternate), ...inFile];
  const areAlternates = settings.apiKeyAlternate !== "" || settings.apiKeyAlternateFile !== "";
  if (main === undefined) {
    if (areAlternates) throw new Error("--api-key-alternate needs --api-key");
    if (settings.jwtRbac) throw new Error("--jwt-rbac needs --api-key: tokens are signed with it");
    if (readOnly === undefined) return undefined;
  }
  const readWrite = main === undefined ? [] : [main, ...alternates];
  if (readOnly !== undefined && readWrite.includes(readOnly))
    throw new Error("--read-only-api-key is also a key that lets do everything");
  const keys = { readWrite, readOnly: readOnly === undefined ? [] : [readOnly], tokens: settings.jwtRbac };
  return names.size === 0 ? keys : { ...keys, names };
}

/** Does nobody but this machine reach this address? */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|(0{0,4}:){2,7}0{0,3}1)$/i.test(host);
}

/** Who is let in. Throws an `Error` that says what does not fit together, and shows no key. */
export function accessOf(settings: AccessSettings & ListenSettings, readFile: ReadFile): AccessConfig {
  const { apiKeyFile, readOnlyApiKeyFile, apiKeyAlternateFile, host, insecure } = settings;
  const keys = readKeys(settings, readFile);
  if (keys === undefined && !insecure && !isLoopback(host)) {
    throw new Error(
      `--host ${host} lets other machines in, and nobody is asked for a key: give --api-key-file or --api-key, or say --insecure`,
    );
  }
  const files = [apiKeyFile, readOnlyApiKeyFile, apiKeyAlternateFile].filter((file) => file !== "");
  return { keys, files, read: (read) => readKeys(settings, read) };
}
