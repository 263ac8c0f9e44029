import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NatsAuth, NatsTls } from "@murmuration/server/nats";
import { nkeys } from "nats";
import { generate } from "selfsigned";

/** A way to secure a server: its configuration, what gets in, and what does not. */
export interface Secured {
  readonly config: string;
  readonly right: { readonly auth?: NatsAuth; readonly tls?: NatsTls };
  readonly wrong: { readonly auth?: NatsAuth; readonly tls?: NatsTls };
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const seedOf = (pair: ReturnType<typeof nkeys.createUser>) => text(pair.getSeed());

/** A NATS JWT, as its `nsc` would write it. */
function jwt(signer: ReturnType<typeof nkeys.createUser>, subject: string, claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = {
    jti: subject,
    iat: Math.floor(Date.now() / 1_000),
    iss: signer.getPublicKey(),
    name: subject,
    sub: subject,
  };
  const signed = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part({ ...body, nats: { version: 2, ...claims } })}`;
  return `${signed}.${Buffer.from(signer.sign(new TextEncoder().encode(signed))).toString("base64url")}`;
}

function credentials(folder: string): Secured {
  const operator = nkeys.createOperator();
  const account = nkeys.createAccount();
  const system = nkeys.createAccount();
  const unlimited = { subs: -1, data: -1, payload: -1 };
  const storage = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };
  const limits = { ...unlimited, ...storage, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 };
  const accounts = [
    { pair: account, claims: { type: "account", limits } },
    { pair: system, claims: { type: "account", limits: { ...limits, mem_storage: 0, disk_storage: 0 } } },
  ].map(({ pair, claims }) => `${pair.getPublicKey()}: ${jwt(operator, pair.getPublicKey(), claims)}`);
  const credentialsFile = (name: string, signer: ReturnType<typeof nkeys.createUser>): NatsAuth => {
    const user = nkeys.createUser();
    const userJwt = jwt(signer, user.getPublicKey(), { type: "user", ...unlimited });
    const file = join(folder, name);
    const begin = (what: string) => `-----BEGIN ${what}-----`;
    const end = (what: string) => `------END ${what}------`;
    const [first, second] = ["NATS USER JWT", "USER NKEY SEED"] as const;
    writeFileSync(
      file,
      [begin(first), userJwt, end(first), "", begin(second), seedOf(user), end(second), ""].join("\n"),
    );
    return { kind: "credentials", file };
  };
  return {
    config: [
      `operator: ${jwt(operator, operator.getPublicKey(), { type: "operator" })}`,
      `system_account: ${system.getPublicKey()}`,
      "resolver: MEMORY",
      `resolver_preload: { ${accounts.join(", ")} }`,
    ].join("\n"),
    right: { auth: credentialsFile("right.creds", account) },
    wrong: { auth: credentialsFile("wrong.creds", nkeys.createAccount()) },
  };
}

async function tls(folder: string, isMutual: boolean): Promise<Secured> {
  const write = (name: string, content: string) => {
    const path = join(folder, `${isMutual ? "mutual" : "tls"}-${name}.pem`);
    writeFileSync(path, content);
    return path;
  };
  const options = { keyType: "ec", algorithm: "sha256" } as const;
  const authority = (name: string) =>
    generate([{ name: "commonName", value: name }], {
      ...options,
      extensions: [
        { name: "basicConstraints", cA: true, critical: true },
        { name: "keyUsage", keyCertSign: true, digitalSignature: true, critical: true },
      ],
    });
  const [trusted, other] = [await authority("trusted"), await authority("other")];
  const signed = async (name: string, by: typeof trusted) => {
    const { cert, private: key } = await generate([{ name: "commonName", value: name }], {
      ...options,
      ca: { key: by.private, cert: by.cert },
      extensions: [
        { name: "basicConstraints", cA: false },
        { name: "extKeyUsage", serverAuth: true, clientAuth: true },
        { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
      ],
    });
    return { certFile: write(`${name}-cert`, cert), keyFile: write(`${name}-key`, key) };
  };
  const server = await signed("server", trusted);
  const caFile = write("ca", trusted.cert);
  const files = `cert_file: "${server.certFile}", key_file: "${server.keyFile}", ca_file: "${caFile}"`;
  if (!isMutual) {
    const wrong = { tls: { caFile: write("other-ca", other.cert) } };
    return { config: `tls { ${files} }`, right: { tls: { caFile } }, wrong };
  }
  return {
    config: `tls { ${files}, verify: true }`,
    right: { tls: { caFile, ...(await signed("client", trusted)) } },
    wrong: { tls: { caFile, ...(await signed("stranger", other)) } },
  };
}

/** Every way to secure a server. `folder` takes the files that are needed. */
export async function securedServers(folder: string): Promise<ReadonlyMap<string, Secured>> {
  const [user, stranger] = [nkeys.createUser(), nkeys.createUser()];
  const password = (value: string): NatsAuth => ({ kind: "password", user: "ann", password: value });
  return new Map<string, Secured>([
    [
      "user and password",
      {
        config: 'authorization { user: "ann", password: "right" }',
        right: { auth: password("right") },
        wrong: { auth: password("wrong") },
      },
    ],
    [
      "a token",
      {
        config: 'authorization { token: "right" }',
        right: { auth: { kind: "token", token: "right" } },
        wrong: { auth: { kind: "token", token: "wrong" } },
      },
    ],
    [
      "an NKey",
      {
        config: `authorization { users: [ { nkey: ${user.getPublicKey()} } ] }`,
        right: { auth: { kind: "nkey", seed: seedOf(user) } },
        wrong: { auth: { kind: "nkey", seed: seedOf(stranger) } },
      },
    ],
    ["a credentials file", credentials(folder)],
    ["TLS", await tls(folder, false)],
    ["mutual TLS", await tls(folder, true)],
  ]);
}
