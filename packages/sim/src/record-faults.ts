import type { StoredPoint } from "@murmuration/core";
import type { PointId } from "@murmuration/index";
import { type FaultyWorld, type Injection, shardOf, writableShardOf } from "./faulty-world.js";
import { BrokenByHalf, type Node } from "./node.js";
import { Random } from "./random.js";

const ROWS_ROTTEN = 3;
const noBytes = new Uint8Array(0);
/** What no setting has in it: it takes the place of one character. */
const ROTTEN_CHARACTER = "\u0018";

/** A process ends, something on its disk is not what it was, and it is started again. */
function damaged(world: FaultyWorld, node: Node, damage: (random: Random, shard: string) => void, amount: number) {
  const shard = shardOf(node);
  // what another one lost of payloads has to come back from here
  if (shard === undefined || world.nodes.some(({ disk }) => disk.hasDamagedPayloads)) return;
  node.kill();
  damage(new Random(Math.floor(amount * 2 ** 32)), shard);
  world.restart(node);
}

/** Single bits of rows of points flip. The log has what the rows are made from. */
function rotRows({ disk }: Node, shard: string, random: Random): void {
  const rows = [...disk.rows(shard)];
  const damage = new Map<PointId, StoredPoint>();
  for (let i = 0; i < Math.min(ROWS_ROTTEN, rows.length); i++) {
    const [id, point] = random.pick(rows);
    damage.set(id, { ...point, state: withBitFlipped(point.state, random) });
  }
  disk.damage(shard, damage, true);
}

/** The same for payloads; some are lost. An operation that wrote one has lost it too: another replica has to have it. */
function rotPayloads(world: FaultyWorld, node: Node, shard: string, random: Random): void {
  const others = world.nodes.filter((one) => one !== node && !one.isRetired && !one.isTwin && !one.isHostile);
  const rowsOfOthers = others.map(({ disk }) => disk.rows(shard));
  const payloads = Array.from(node.disk.rows(shard)).flatMap(([id, { state, payload }]) => {
    const isElsewhere = rowsOfOthers.some((rows) => Buffer.compare(rows.get(id)?.state ?? noBytes, state) === 0);
    return isElsewhere && payload !== undefined ? [payload] : [];
  });
  if (payloads.length > 0) world.damage(node);
  for (let i = 0; i < Math.min(ROWS_ROTTEN, payloads.length); i++) {
    const { key, bytes } = random.pick(payloads);
    node.disk.damagePayload(shard, key, random.below(4) === 0 ? undefined : withBitFlipped(bytes, random));
  }
}

/** Has it operations of a snapshot that nobody else confirms, or none that it can apply? */
function hasLostOperations({ replica }: Node): boolean {
  if (replica === undefined) return false;
  return replica.quarantined().length > 0 || (replica.status().peering?.unconfirmedSnapshots ?? []).length > 0;
}

function withBitFlipped(bytes: Uint8Array, random: Random): Uint8Array {
  const rotten = bytes.slice();
  const at = random.below(rotten.length);
  rotten[at] = (rotten[at] as number) ^ (1 << random.below(8));
  return rotten;
}

/** A character of a setting cannot be read any more. */
function rotSetting({ disk }: Node, shard: string, random: Random): void {
  const ofShards = ["system", shard].map((one) => `causality.${one}`);
  const names = ["replica.id", "replica.clock", "replica.incarnation", ...ofShards, `checkpoint.${shard}`];
  const name = random.pick(names.filter((one) => (disk.setting(one) ?? "") !== ""));
  const text = disk.setting(name) ?? "";
  const at = random.below(text.length);
  disk.damageSetting(name, text.slice(0, at) + ROTTEN_CHARACTER + text.slice(at + 1));
}

/** A frontier counts more or less than what is there, or does not know an origin. */
function rotFrontier({ disk }: Node, shard: string, random: Random): void {
  const which = random.pick(["system", shard]);
  const frontier = new Map(disk.frontier(which));
  if (frontier.size === 0) return;
  const [origin, sequence] = random.pick([...frontier]);
  frontier.delete(origin);
  const other = Math.max(0, sequence + random.pick([-3, -1, 1, 64, -sequence]));
  if (other > 0) frontier.set(origin, other);
  disk.damageFrontier(which, frontier);
}

/** Faults of single records, and of single steps of a process: what comes of them is the replica's to see. */
export const recordFaults = {
  "rot-row": (world, node, { amount }) => {
    damaged(world, node, (random, shard) => rotRows(node, shard, random), amount);
    return undefined;
  },
  "rot-payload": (world, node, { amount }) => {
    // it comes back from another one, which must not be lost as well
    if (world.nodes.some((one) => one.isDamaged || one.isBroken || one.isRetired || hasLostOperations(one)))
      return undefined;
    damaged(world, node, (random, shard) => rotPayloads(world, node, shard, random), amount);
    return undefined;
  },
  "rot-setting": (world, node, { amount }) => {
    damaged(world, node, (random, shard) => rotSetting(node, shard, random), amount);
    return undefined;
  },
  "rot-frontier": (world, node, { amount }) => {
    damaged(world, node, (random, shard) => rotFrontier(node, shard, random), amount);
    return undefined;
  },
  /** The next operation of a shard is applied by half: the frontier does not move with the rest, or moves and is all that is noted. */
  half: ({ nodes }, node, { amount }) => {
    const shard = writableShardOf(node)?.shard;
    if (shard === undefined || nodes.some(({ disk }) => disk.hasDamagedPayloads)) return undefined;
    const [broken, step] = amount < 0.5 ? [shard.causality, "advance"] : [shard, "apply"];
    const whole = Reflect.get(broken, step) as (...parameters: unknown[]) => unknown;
    const byHalf = (...parameters: unknown[]) => {
      Reflect.deleteProperty(broken, step);
      if (amount >= 0.5) Reflect.apply(whole, broken, parameters);
      throw new BrokenByHalf();
    };
    Object.defineProperty(broken, step, { configurable: true, value: byHalf });
    return undefined;
  },
} as const satisfies { readonly [kind: string]: Injection };
