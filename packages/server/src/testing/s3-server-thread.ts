import type { AddressInfo } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import S3rver from "s3rver";

// The thread of a server for tests: whoever waits for a command in the main thread leaves it running.

const { directory, bucket } = workerData as { readonly directory: string; readonly bucket: string };
const server = new S3rver({
  address: "127.0.0.1",
  port: 0,
  silent: true,
  directory,
  configureBuckets: [{ name: bucket, configs: [] }],
});
const { port } = (await server.run()) as AddressInfo;
parentPort?.postMessage(port);
