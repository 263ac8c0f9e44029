import crypto from "node:crypto";
import type { AddressInfo } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import S3rver from "s3rver";

// The thread of a server for tests: whoever waits for a command in the main thread leaves it running.

const { directory, bucket, ...tls } = workerData as {
  readonly directory: string;
  readonly bucket: string;
  readonly key?: string;
  readonly cert?: string;
};
// it encrypts the tokens of its listings with DES, which OpenSSL has no more: a list of more than a page would end with 500
const { createCipheriv, createDecipheriv } = crypto;
const twice = (bytes: unknown) => Buffer.concat([bytes as Buffer, bytes as Buffer]);
Object.assign(crypto, {
  createCipheriv: (_: string, key: unknown, iv: unknown) => createCipheriv("aes-128-cbc", twice(key), twice(iv)),
  createDecipheriv: (_: string, key: unknown, iv: unknown) => createDecipheriv("aes-128-cbc", twice(key), twice(iv)),
});

const server = new S3rver({
  address: "127.0.0.1",
  port: 0,
  silent: true,
  directory,
  ...tls,
  configureBuckets: [{ name: bucket, configs: [] }],
});
const { port } = (await server.run()) as AddressInfo;
parentPort?.postMessage(port);
