import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { keysOfText } from "../access-config.js";
import { HttpClient } from "../http/http-client.js";
import { tlsOf } from "../tls-config.js";

const URL_DEFAULT = "http://127.0.0.1:6333";

/** A server that runs, and what it lets in. */
export interface RunningServer {
  readonly url: string;
  readonly key: string | undefined;
  readonly client: HttpClient;
}

/** How a running server is reached, as the command line says it. */
export interface ServerFlags {
  readonly url: string;
  readonly apiKey?: string;
  readonly apiKeyFile?: string;
  readonly peerCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

function serverUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError("it must be an http or https URL.");
}

/** The one key of a file or a text; `undefined`: there is neither. Throws an `Error` that shows no key. */
export function oneKey(key: string | undefined, file: string | undefined, flag = "--api-key"): string | undefined {
  if (key !== undefined && file !== undefined) throw new Error(`only one of ${flag} and ${flag}-file can be given`);
  const [first, ...more] = keysOfText(file === undefined ? (key ?? "") : readFileSync(file, "utf8"));
  if (more.length > 0 || (first === undefined && file !== undefined)) throw new Error("one key is expected");
  return first;
}

/** Throws an `Error` that shows no key. */
export function serverOf(flags: ServerFlags): RunningServer {
  const { url, apiKey, apiKeyFile, peerCa = "", tlsCert = "", tlsKey = "" } = flags;
  const key = oneKey(apiKey, apiKeyFile);
  const { asking } = tlsOf({ tlsCert, tlsKey, tlsCa: "", peerCa }, (path) => readFileSync(path, "utf8"));
  return { url, key, client: new HttpClient(asking) };
}

/** Adds the options by which a command reaches a running server. */
export function withServerFlags(command: Command): Command {
  return command
    .addOption(
      new Option("--url <url>", "address of a running server")
        .argParser(serverUrl)
        .env("MURMUR_URL")
        .default(URL_DEFAULT),
    )
    .addOption(new Option("--api-key <key>", "its key; better in the environment or a file").env("MURMUR_API_KEY"))
    .addOption(new Option("--api-key-file <file>", "file that holds its key").env("MURMUR_API_KEY_FILE"))
    .addOption(new Option("--peer-ca <file>", "PEM file of who signed its certificate").env("MURMUR_PEER_CA"))
    .addOption(new Option("--tls-cert <file>", "PEM file of the certificate to show to it").env("MURMUR_TLS_CERT"))
    .addOption(new Option("--tls-key <file>", "PEM file of the key of that").env("MURMUR_TLS_KEY"));
}
