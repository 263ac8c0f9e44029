import { decodeStoredPoint, type StoredPoint, takeNewIdentity } from "@murmuration/core";
import { encodeEdgeDelta, type PointId, type RowFile } from "@murmuration/index";
import { actsAsImpostor } from "./act-as-impostor.js";
import { brokerFaults } from "./broker.js";
import { type FaultyWorld, type Injection, shardOf, writableShardOf } from "./faulty-world.js";
import { forgeCheckpoint } from "./forged-checkpoint.js";
import { hostileMessages } from "./hostile.js";
import type { Node } from "./node.js";
import { Random } from "./random.js";
import { recordFaults } from "./record-faults.js";
import type { Fault } from "./scenario.js";

const NODES_MAX = 6;
const TWIN_ADDRESS = 1_000;
const RETRY_MS = 100;
const TRIES_MAX = 100;
const ROWS_LOST = 3;
const LINKS_LOST = 4;
const HOSTILE_TURNS = 12;
const HOSTILE_SESSION = 2 ** 40;
const FORGING_TURNS = 40;
/** Of an image of a graph (docs/files.md), behind its head and manifest. */
const VECTORS_PIECE = 5;

function isolate(world: FaultyWorld, node: Node): () => void {
  const { nodes, network } = world;
  for (const one of nodes) {
    if (one === node) continue;
    network.cut(node.address, one.address);
    network.cut(one.address, node.address);
  }
  return () => rejoin(world, node);
}

function rejoin({ nodes, network }: FaultyWorld, node: Node): void {
  for (const one of nodes) {
    network.restore(node.address, one.address);
    network.restore(one.address, node.address);
  }
}

function otherOf(world: FaultyWorld, { other }: Fault): Node {
  return world.nodes[other % world.nodes.length] as Node;
}

/**
 * A disk is lost; an older copy of it comes back under a new replica id, and the old id is evicted. A copy with operations of the old id
 * that others lack would bring them back after the eviction, when what they link to may be purged: then the new replica starts empty.
 */
function restoreUnderNewId(world: FaultyWorld, node: Node, amount: number): undefined {
  const others = world.nodes.filter((one) => one !== node && !one.isRetired);
  const copy = node.disk.copyAt(Math.floor(node.disk.transactions * amount));
  const isKnown = copy.shards().every((shard) => {
    const own = copy.frontier(shard).get(node.id) ?? 0;
    return others.every(({ disk }) => (disk.frontier(shard).get(node.id) ?? 0) >= own);
  });
  world.evict(node);
  if (!node.isRetired) return;
  node.kill();
  const id = world.nodes.length + 1;
  if (isKnown) takeNewIdentity(copy, () => id);
  world.addNode(id, (restored) => {
    if (isKnown) restored.disk = copy;
  });
}

/**
 * Positions of a log's rows of points whose operations every other node holds too: what rots there alone is not lost. A single row of an
 * operation that nobody else has is lost with the row, whatever replicas do.
 */
function rowsHeldElsewhere(world: FaultyWorld, node: Node): number[] {
  const others = world.nodes.filter((one) => one !== node && !one.isRetired);
  const isHeld = (shard: string, origin: number, sequence: number) =>
    others.every(({ disk }) => (disk.frontier(shard).get(origin) ?? 0) >= sequence);
  return [...node.disk.read(0)]
    .filter(({ shard, origin, sequence }) => shard !== "system" && isHeld(shard, origin, sequence))
    .map(({ position }) => position);
}

/** What each kind of fault does at its time; what it returns ends it. */
const injections: { readonly [Kind in Fault["kind"]]?: Injection } = {
  partition: (world, node) => isolate(world, node),
  "one-way": (world, node, fault) => {
    const other = otherOf(world, fault);
    world.network.cut(node.address, other.address);
    return () => world.network.restore(node.address, other.address);
  },
  clog: (world, node, fault) => {
    const other = otherOf(world, fault);
    world.network.clog(node.address, other.address, 200 + 4_000 * fault.amount);
    return () => world.network.restore(node.address, other.address);
  },
  crash: (world, node, { amount }) => {
    if (amount < 0.5) node.kill();
    else node.disk.writesToCrash = Math.floor((amount - 0.5) * 40);
    return () => world.restart(node);
  },
  pause: (world, node, { forMs }) => {
    node.pausedUntilMs = world.queue.nowMs + forMs;
    return undefined;
  },
  "full-disk": (_, node) => {
    node.disk.isFull = true;
    return () => {
      node.disk.isFull = false;
    };
  },
  skew: (_, node, { amount }) => {
    node.clockWasSet = true;
    node.skewMs = Math.round((amount - 0.5) * 40_000);
    return undefined;
  },
  "clock-jump": (_, node, { amount }) => {
    node.clockWasSet = true;
    node.skewMs = Math.round((amount - 0.3) * 130_000);
    return () => {
      node.skewMs = 0;
    };
  },
  join: (world) => {
    if (world.nodes.length < NODES_MAX) world.addNode(world.nodes.length + 1);
    return undefined;
  },
  evict: (world, node) => {
    world.evict(node);
    return undefined;
  },
  "evict-unheard": (world, node, fault) => {
    const { network, queue, nodes } = world;
    const host = otherOf(world, fault);
    const deafen = (one: Node) => {
      for (const from of nodes) if (from !== one) network.cut(from.address, one.address);
    };
    // hears nobody, and is heard by all but the one that gives it up
    deafen(node);
    network.cut(node.address, host.address);
    // what others come to hold of it from now on is told to that one no more
    queue.after(Math.floor(fault.forMs * 0.6 * fault.amount), () => deafen(host));
    queue.after(Math.floor(fault.forMs * (0.6 * fault.amount + 0.2)), () => world.evict(node));
    return () => {
      rejoin(world, node);
      rejoin(world, host);
    };
  },
  restore: (world, node, { amount }) => restoreUnderNewId(world, node, amount),
  flap: (world, node, { forMs, amount }) => {
    const periodMs = 20 + Math.floor(400 * amount);
    const endMs = world.queue.nowMs + forMs;
    const turn = (isCut: boolean) => {
      if (isCut) isolate(world, node);
      else rejoin(world, node);
      if (world.queue.nowMs < endMs) world.queue.after(periodMs, () => turn(!isCut));
      else rejoin(world, node);
    };
    turn(true);
    return () => rejoin(world, node);
  },
  "clock-freeze": (_, node) => {
    node.clockWasSet = true;
    node.frozenMs = node.nowMs() - node.skewMs;
    return () => {
      node.frozenMs = undefined;
    };
  },
  broker: ({ broker }, node, { amount }) => {
    const fault = brokerFaults[Math.floor(amount * brokerFaults.length)];
    return fault === undefined ? undefined : broker?.fail(node.address, fault, (amount * 37) % 1);
  },
  rot: (world, node, { amount }) => {
    const rows = rowsHeldElsewhere(world, node);
    const position = rows[Math.floor(rows.length * amount)];
    if (position === undefined) return undefined;
    node.disk.rotten = position;
    return () => world.restart(node);
  },
  "rot-checkpoint": (world, node, { amount }) => {
    const shard = node.disk.shards().find((one) => node.disk.checkpointParts(one, "current").length > 0);
    if (shard === undefined) return undefined;
    node.disk.rottenPart = Math.floor(node.disk.checkpointParts(shard, "current").length * amount);
    return () => world.restart(node);
  },
  wipe: (world, node) => {
    world.evict(node);
    if (!node.isRetired) return undefined;
    node.kill();
    return () => void world.addNode(world.nodes.length + 1);
  },
  clone: (world, node) => {
    if (node.replica === undefined) return undefined;
    const disk = node.disk.copyAt(node.disk.transactions);
    const twin = world.addNode(node.id, (added) => {
      added.disk = disk;
      added.address = TWIN_ADDRESS + node.id;
      added.isTwin = true;
    });
    return () => world.endTwin(node, twin);
  },
  "old-copy": (world, node, { amount }) => {
    node.kill();
    world.giveUp(node);
    const known = Math.max(...world.nodes.map((one) => (one === node ? 0 : heldOf(one, node.id))));
    node.disk = node.disk.copyAt(Math.floor(node.disk.transactions * amount));
    // at least one of those that it can reach holds all that anybody does: nobody else could know
    const restart = () => {
      const others = world.nodes.filter((one) => one !== node && !one.isRetired && one.isUp);
      if (others.some((one) => heldOf(one, node.id) >= known)) world.restart(node);
      else world.queue.after(RETRY_MS, restart);
    };
    return restart;
  },
  "lose-row": (world, node, { amount }) => {
    const shard = shardOf(node);
    if (shard === undefined) return undefined;
    node.kill();
    world.damage(node);
    // of what the disk still has without power
    const ids = [...node.disk.rows(shard).keys()];
    const from = Math.floor(ids.length * amount);
    const earlier = earlierRows(node, shard);
    const damaged = new Map<PointId, StoredPoint | undefined>(earlier);
    for (const id of ids.slice(from, from + ROWS_LOST)) if (!earlier.has(id)) damaged.set(id, undefined);
    node.disk.damage(shard, damaged, false);
    world.restart(node);
    return undefined;
  },
  "old-row": (world, node, { amount }) => {
    const shard = shardOf(node);
    if (shard === undefined) return undefined;
    node.kill();
    world.damage(node);
    const before = [...node.disk.copyAt(Math.floor(node.disk.transactions * amount)).rows(shard)];
    const from = Math.floor(before.length * ((amount * 7) % 1));
    node.disk.damage(shard, new Map(before.slice(from, from + ROWS_LOST)), true);
    world.restart(node);
    return undefined;
  },
  ...recordFaults,
  "lose-link": (world, node, { amount }) => {
    loseLinks(world, node, amount, TRIES_MAX);
    return undefined;
  },
  hostile: (world, node, { amount, forMs }) => {
    // the others must be enough to give it up
    if (node.replica === undefined || world.nodes.some((one) => one !== node && one.isHostile)) return undefined;
    node.kill();
    node.isHostile = true;
    node.isBroken = true;
    const random = new Random(Math.floor(amount * 2 ** 32));
    let count = 0;
    // it has its own key, and none of the others'
    const sealing = () => {
      const sign = (bytes: Uint8Array) => node.signing.sign(bytes);
      return node.signs ? { session: HOSTILE_SESSION, count: ++count, sign } : undefined;
    };
    for (let turn = 0; turn < HOSTILE_TURNS; turn++) {
      world.queue.after(Math.floor((turn * forMs) / HOSTILE_TURNS), () => {
        if (!node.isRetired) world.forge(node, hostileMessages(node.disk, node.id, world.queue.nowMs, random, sealing));
      });
    }
    return () => world.replace(node);
  },
  impostor: actsAsImpostor,
  "forge-checkpoint": (world, node, { amount, forMs }) => {
    if (node.replica === undefined || world.nodes.some((one) => one !== node && one.isHostile)) return undefined;
    // it goes on, until it is found out: its own disk would not bring it back
    node.isHostile = true;
    node.isBroken = true;
    const random = new Random(Math.floor(amount * 2 ** 32));
    let forged: number | undefined;
    for (let turn = 0; turn < FORGING_TURNS; turn++) {
      world.queue.after(Math.floor((turn * forMs) / FORGING_TURNS), () => {
        if (node.isRetired || node.replica === undefined) return;
        forged = forgeCheckpoint(node.disk, node.replica, random, forged) ?? forged;
        if (forged !== undefined) world.noteForged(node, forged);
      });
    }
    return () => world.replace(node);
  },
  "rot-vector": (world, node, { amount }) => {
    const index = writableShardOf(node)?.indexes.get("");
    if (index?.kind !== "dense") return undefined;
    const { reader } = index;
    const visible = Array.from({ length: reader.slotCount }, (_, slot) => slot).filter((slot) =>
      reader.isVisible(slot),
    );
    const slot = visible[Math.floor(visible.length * amount)];
    if (slot === undefined) return undefined;
    world.damage(node);
    const { rows } = index.handle();
    if (rows !== undefined) return rotInFile(node.vectorFiles.open(rows), slot, index.options.dimensions);
    const vectors = index.image("")[VECTORS_PIECE] as Uint8Array;
    const at = (vectors.byteLength / reader.slotCount) * slot + 2;
    vectors[at] = (vectors[at] as number) ^ 0x40;
    return undefined;
  },
};

/** A bit of the vector at a slot flips in its file; every record has a head of 16 bytes. */
function rotInFile(file: RowFile | undefined, slot: number, dimensions: number): undefined {
  const record = new Uint8Array(16 + Math.ceil(dimensions / 4) * 16);
  file?.read(record, slot * record.length, record.length);
  record[18] = (record[18] as number) ^ 0x40;
  file?.write(record, slot * record.length, record.length);
}

/** Rows as they once were, of some points that have the same vectors still. */
function earlierRows(node: Node, shard: string): Map<PointId, StoredPoint> {
  const now = node.disk.rows(shard);
  const earlier = new Map<PointId, StoredPoint>();
  for (const [id, stored] of node.disk.copyAt(Math.floor(node.disk.transactions * 0.7)).rows(shard)) {
    const current = now.get(id);
    if (current === undefined || Buffer.compare(current.state, stored.state) === 0 || earlier.size >= ROWS_LOST)
      continue;
    const [before, after] = [decodeStoredPoint(stored), decodeStoredPoint(current)];
    const sameVectors = JSON.stringify(before.vectors) === JSON.stringify(after.vectors);
    if (sameVectors && before.exists && after.exists) earlier.set(id, stored);
  }
  return earlier;
}

/** Links vanish from a node's memory, once no link has a tag: what has one may be about to go by itself. */
function loseLinks(world: FaultyWorld, node: Node, amount: number, tries: number): void {
  const index = writableShardOf(node)?.indexes.get("");
  if (index?.kind !== "dense" || index.links.counters().storedTags > 0 || index.reader.linkedCount < LINKS_LOST) {
    if (tries > 0) world.queue.after(RETRY_MS, () => loseLinks(world, node, amount, tries - 1));
    return;
  }
  const { reader } = index;
  for (let i = 0; i < LINKS_LOST; i++) {
    const slot = Math.floor(reader.slotCount * ((amount + i / LINKS_LOST) % 1));
    const [member] = reader.nodeAt(slot).linked ? reader.membersAt(slot, 0) : [];
    if (member === undefined) continue;
    world.damage(node);
    const lost = { level: 0, dot: reader.dotAt(slot), removed: [reader.dotAt(member)], added: [] };
    index.applyEdges(lost.dot, encodeEdgeDelta([lost]), new Map());
  }
}

/** How many operations of a replica a node's disk holds, over all shards. */
function heldOf(node: Node, origin: number): number {
  return node.disk.shards().reduce((sum, shard) => sum + (node.disk.frontier(shard).get(origin) ?? 0), 0);
}

/** Let a fault happen, and end when its time is over. */
export function inject(world: FaultyWorld, fault: Fault): void {
  const node = world.nodes[fault.node % world.nodes.length] as Node;
  if (node.isRetired) return;
  world.note("fault", node.id, `${fault.kind} for ${fault.forMs} ms`);
  const end = injections[fault.kind]?.(world, node, fault);
  if (end === undefined) return;
  world.queue.after(fault.forMs, () => {
    world.note("restored", node.id, fault.kind);
    end();
  });
}
