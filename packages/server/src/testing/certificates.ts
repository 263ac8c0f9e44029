import { webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

const DAY_MS = 86_400_000;
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const extensionsOfAuthority = [new BasicConstraintsExtension(true, 0, true)];

/** A certificate and its key, as PEM. */
export interface MadeCertificate {
  readonly cert: string;
  readonly key: string;
}

/** Signs certificates; its own is `cert`. */
export interface Authority {
  readonly cert: string;
  /** A certificate for servers on the loopback and for their clients, of one day; `endedDays`: so long ago it was over. */
  issue(name: string, endedDays?: number): Promise<MadeCertificate>;
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const bytes = await webcrypto.subtle.exportKey("pkcs8", key);
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

/** An authority of its own, made now. */
export async function newAuthority(name: string): Promise<Authority> {
  const keys = await newKeys();
  const nowMs = Date.now();
  const common = { signingAlgorithm: algorithm, notBefore: new Date(nowMs - DAY_MS) };
  const own = await X509CertificateGenerator.createSelfSigned({
    ...common,
    name: `CN=${name}`,
    keys,
    notAfter: new Date(nowMs + DAY_MS),
    extensions: extensionsOfAuthority,
  });
  return {
    cert: own.toString("pem"),
    async issue(subject, endedDays) {
      const { publicKey, privateKey } = await newKeys();
      const names = [
        { type: "dns", value: "localhost" },
        { type: "ip", value: "127.0.0.1" },
      ] as const;
      const issued = await X509CertificateGenerator.create({
        ...common,
        notBefore: new Date(nowMs - DAY_MS * (1 + (endedDays ?? 0))),
        notAfter: new Date(nowMs + DAY_MS * (endedDays === undefined ? 1 : -endedDays)),
        subject: `CN=${subject}`,
        issuer: own.subject,
        publicKey,
        signingKey: keys.privateKey,
        extensions: [
          new SubjectAlternativeNameExtension([...names]),
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
        ],
      });
      return { cert: issued.toString("pem"), key: await pemOf(privateKey) };
    },
  };
}
