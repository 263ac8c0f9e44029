/** Where a message stands, by its consumer and its stream. */
export interface Delivery {
  readonly consumerSequence: number;
  readonly streamSequence: number;
}

/**
 * Reads the subject to which a message of a consumer would be acknowledged (NATS ADR-15): `$JS.ACK.stream.consumer.delivered.stream
 * sequence.consumer sequence.time.pending`, with domain and account behind `ACK` on newer servers and perhaps more at the end.
 */
export function parseDelivery(reply: string): Delivery | undefined {
  const tokens = reply.split(".");
  if (tokens[0] !== "$JS" || tokens[1] !== "ACK" || tokens.length < 9) return undefined;
  const [streamSequence, consumerSequence] = tokens.slice(tokens.length >= 11 ? 7 : 5).map(Number);
  if (!Number.isSafeInteger(streamSequence) || !Number.isSafeInteger(consumerSequence)) return undefined;
  return { consumerSequence: consumerSequence as number, streamSequence: streamSequence as number };
}
