import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadConfig } from "./config.js";
import { newAuthority } from "./testing/certificates.js";

const authority = await newAuthority("ours");
const [one, two] = await Promise.all([authority.issue("one"), authority.issue("two")]);
const files: Record<string, string> = {
  "one.crt": one.cert,
  "one.key": one.key,
  "two.key": two.key,
  "ca.crt": authority.cert,
  "text.txt": "no certificate",
  "odd.crt": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
};

function load(...argv: string[]) {
  const readFile = (path: string) => {
    const content = files[path];
    if (content === undefined) throw new Error("no such file");
    return content;
  };
  return loadConfig({ argv, environment: {}, readFile });
}

function tlsOf(...argv: string[]) {
  const outcome = load(...argv);
  assert.ok("config" in outcome, JSON.stringify(outcome));
  return outcome.config.tls;
}

function refusal(...argv: string[]): string {
  const outcome = load(...argv);
  assert.ok("exitCode" in outcome && outcome.exitCode === 2, JSON.stringify(outcome));
  return outcome.output;
}

describe("the configuration of TLS", () => {
  const own = ["--tls-cert", "one.crt", "--tls-key", "one.key"];

  it("is none, a certificate, or one for each side", () => {
    assert.deepEqual([tlsOf().serving, tlsOf().asking, tlsOf().files], [undefined, {}, []]);
    assert.deepEqual(tlsOf(...own).serving, one);
    assert.deepEqual(tlsOf(...own).asking, one);
    const mutual = tlsOf(...own, "--tls-ca", "ca.crt");
    assert.deepEqual(mutual.serving, { ...one, ca: authority.cert });
    assert.deepEqual(mutual.asking, { ...one, ca: authority.cert }, "who signs clients signs replicas, too");
    assert.deepEqual(tlsOf("--peer-ca", "ca.crt").asking, { ca: authority.cert });
    assert.deepEqual(tlsOf(...own, "--peer-ca", "ca.crt").serving, one);
    assert.deepEqual(mutual.files, ["one.crt", "one.key", "ca.crt"]);
  });

  it("says which file cannot be used, and shows none of it", () => {
    assert.match(refusal("--tls-cert", "one.crt"), /--tls-cert and --tls-key belong together/);
    assert.match(refusal("--tls-ca", "ca.crt"), /--tls-ca needs --tls-cert and --tls-key/);
    const another = refusal("--tls-cert", "one.crt", "--tls-key", "two.key");
    assert.match(another, /one\.crt and two\.key cannot be used: .*key values mismatch/);
    assert.match(refusal("--tls-cert", "one.crt", "--tls-key", "text.txt"), /one\.crt and text\.txt cannot be used/);
    assert.match(refusal("--tls-cert", "text.txt", "--tls-key", "one.key"), /text\.txt: holds no certificates/);
    assert.match(refusal(...own, "--tls-ca", "text.txt"), /text\.txt: holds no certificates/);
    assert.match(refusal("--peer-ca", "odd.crt"), /odd\.crt: holds no certificates/);
    assert.match(refusal(...own, "--tls-ca", "gone.crt"), /gone\.crt: no such file/);
  });

  it("tells other replicas an address by TLS", () => {
    const outcome = load(...own, "--region", "eu", "--nats", "nats://a", "--port", "80");
    assert.ok("config" in outcome);
    assert.equal(outcome.config.cluster?.advertise, "https://127.0.0.1:80");
  });
});
