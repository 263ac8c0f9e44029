export { connectNatsTransport, type NatsCounters, NatsTransport } from "./nats-transport.js";
export type {
  NatsAddress,
  NatsAuth,
  NatsLog,
  NatsPeer,
  NatsPositions,
  NatsTls,
  NatsTransportOptions,
} from "./options.js";
export type { LinkCounters } from "./server-link.js";
export type { ReaderCounters } from "./stream-reader.js";
