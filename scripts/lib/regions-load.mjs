import * as http from "node:http";
import * as https from "node:https";

const SETTLE_MS = 1;

/** Sends JSON over kept-alive connections; resolves to `{status, result}`. `trust`: of servers with TLS, their authority and a key. */
export function httpClient(trust, connections = 32) {
  const { Agent, request } = trust === undefined ? http : https;
  const agent = new Agent({
    keepAlive: true,
    maxSockets: connections,
    ...(trust === undefined ? {} : { ca: trust.ca }),
  });
  const withKey = trust === undefined ? {} : { "api-key": trust.apiKey };
  const call = (address, method, path, body) =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? "" : JSON.stringify(body);
      const headers = { ...withKey, "content-type": "application/json", "content-length": Buffer.byteLength(text) };
      const sent = request(new URL(path, address), { agent, method, headers }, (answer) => {
        let received = "";
        answer.setEncoding("utf8").on("data", (chunk) => {
          received += chunk;
        });
        answer.on("end", () => {
          const { result, status } = received.startsWith("{") ? JSON.parse(received) : {};
          resolve({ status: answer.statusCode, result, error: status?.error });
        });
      });
      sent.on("error", reject);
      sent.end(text);
    });
  return { call, close: () => agent.destroy() };
}

/** Value below which a share of the numbers lies. */
export function quantile(numbers, share) {
  if (numbers.length === 0) return undefined;
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/**
 * Starts `task` so many times a second until it is stopped, whether or not earlier ones are done; each takes its place in time, so that a
 * queue that builds up shows. Counts what fails and keeps how long each took from when it was due, in milliseconds.
 */
export function atRate(perSecond, task) {
  const took = [];
  let [done, failed, started] = [0, 0, 0];
  let lastError;
  const began = performance.now();
  const running = new Set();
  const timer = setInterval(() => {
    for (; began + (started * 1_000) / perSecond <= performance.now(); started++) {
      const dueMs = began + (started * 1_000) / perSecond;
      const one = task(started).then(
        () => {
          done++;
          took.push(performance.now() - dueMs);
        },
        (error) => {
          failed++;
          lastError = error;
        },
      );
      running.add(one);
      void one.then(() => running.delete(one));
    }
  }, SETTLE_MS);
  return {
    done: () => done,
    failed: () => failed,
    lastError: () => lastError,
    /** Takes the durations since the last call. */
    takeDurations: () => took.splice(0),
    stop: async () => {
      clearInterval(timer);
      await Promise.all(running);
    },
  };
}
