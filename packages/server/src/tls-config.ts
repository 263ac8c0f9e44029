import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";

/** The options of TLS as they are given; "" where one is not. Files of PEM. */
export interface TlsSettings {
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly tlsCa: string;
  readonly peerCa: string;
}

/** What a server shows, as PEM. */
export interface ServingTls {
  readonly cert: string;
  readonly key: string;
  /** Who signs certificates of clients; without it they need none. */
  readonly ca?: string;
}

/** What this process shows when it asks another server, and whom it believes, as PEM. */
export interface AskingTls {
  /** Without it, whom the runtime believes. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** TLS as configured. */
export interface TlsParts {
  /** `undefined`: HTTP without TLS. */
  readonly serving: ServingTls | undefined;
  readonly asking: AskingTls;
}

export interface TlsConfig extends TlsParts {
  readonly files: readonly string[];
  /** As the files hold it now. Throws an `Error` that says which file is at fault. */
  readonly read: (readFile: ReadFile) => TlsParts;
}

type ReadFile = (path: string) => string;

const VERSION = "TLSv1.3";

function fileText(path: string, readFile: ReadFile): string {
  try {
    return readFile(path);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}

/** The certificates that the file holds. */
function certificates(path: string, readFile: ReadFile): string {
  const text = fileText(path, readFile);
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length === 0) throw new Error("no PEM of a certificate");
    for (const block of blocks) new X509Certificate(block);
  } catch (error) {
    throw new Error(`${path}: holds no certificates that can be read: ${(error as Error).message}`);
  }
  return text;
}

function readParts({ tlsCert, tlsKey, tlsCa, peerCa }: TlsSettings, readFile: ReadFile): TlsParts {
  if ((tlsCert === "") !== (tlsKey === "")) throw new Error("--tls-cert and --tls-key belong together");
  if (tlsCa !== "" && tlsCert === "") throw new Error("--tls-ca needs --tls-cert and --tls-key");
  const believed = peerCa === "" ? tlsCa : peerCa;
  const ca = believed === "" ? {} : { ca: certificates(believed, readFile) };
  if (tlsCert === "") return { serving: undefined, asking: ca };
  const own = { cert: certificates(tlsCert, readFile), key: fileText(tlsKey, readFile) };
  try {
    createSecureContext({ ...own, minVersion: VERSION });
  } catch (error) {
    throw new Error(`${tlsCert} and ${tlsKey} cannot be used: ${(error as Error).message}`);
  }
  const serving = tlsCa === "" ? own : { ...own, ca: certificates(tlsCa, readFile) };
  return { serving, asking: { ...own, ...ca } };
}

/** TLS as configured. Throws an `Error` that says what does not fit together. */
export function tlsOf(settings: TlsSettings, readFile: ReadFile): TlsConfig {
  const { tlsCert, tlsKey, tlsCa, peerCa } = settings;
  const files = [tlsCert, tlsKey, tlsCa, peerCa].filter((file) => file !== "");
  return { ...readParts(settings, readFile), files, read: (read) => readParts(settings, read) };
}

/** What a server is made with; whoever has no TLS 1.3 is refused, and where there is a `ca`, whoever shows no certificate that it signed. */
export function servingOptions({ cert, key, ca }: ServingTls) {
  const asked = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  return { cert, key, ...asked, minVersion: VERSION } as const;
}

/** What a client is made with. */
export function askingOptions(tls: AskingTls) {
  return { ...tls, minVersion: VERSION, rejectUnauthorized: true } as const;
}
