/** Gives out keys for payloads of a shard, none twice. A log does: `OpLog.newPayloadKey`. */
export interface PayloadKeys {
  newPayloadKey(shard: string): number;
}

/** Keys from 1 on, for a table that nothing is written from. */
export function countedPayloadKeys(): PayloadKeys {
  let last = 0;
  return {
    newPayloadKey: () => {
      last += 1;
      return last;
    },
  };
}
