import {
  decodeEnvelope,
  encodeBatchFromRows,
  encodeEnvelope,
  type Invitation,
  type Message,
  proofOfIntroduction,
} from "@murmuration/core";
import { Violated } from "./checkers/checker.js";
import type { Network, SentMessage } from "./network.js";
import type { Node } from "./node.js";
import { Random } from "./random.js";
import { simulatedSigning } from "./signing.js";

const CLUSTER = "sim";
const OVERHEARD_MAX = 400;
/** Older ones are played again: no message that comes once takes so long in these worlds. */
const OLD_MS = 3_000;
const OFFSET_MS_MAX = 2_500;
const FAR = 1_000_000;
const STRANGER = 9_000_000;

interface Overheard {
  readonly message: SentMessage;
  readonly to: Node;
  /** Which start of the receiver took it. */
  readonly start: number;
}

/**
 * Somebody who publishes whatever they like at the broker, under any name, and hears everything; who has no member's key. They forge messages of
 * members, play old ones again, pass them to others than they were for, ask to be let in, and have got hold of an invitation that was used. Nothing
 * may come of it: what they can do is to withhold messages, which other faults do.
 */
export class Impostor {
  readonly #nodes: readonly Node[];
  readonly #network: Network;
  readonly #random: Random;
  readonly #own = simulatedSigning("impostor");
  readonly #overheard: Overheard[] = [];
  #count = 0;
  #strangers = 0;
  /** An invitation, and who was let in by it. */
  #used: { readonly invitation: Invitation; readonly by: Node } | undefined;

  constructor(seed: number, nodes: readonly Node[], network: Network) {
    this.#random = new Random(seed).fork("impostor");
    this.#nodes = nodes;
    this.#network = network;
  }

  /** A replica is let in by an invitation that the impostor comes to know. */
  noteInvited(by: Node, invitation: Invitation): void {
    this.#used = { by, invitation };
  }

  /** A message is delivered. */
  overhear(to: Node, message: SentMessage, nowMs: number): void {
    if (message.fate === "damaged" || nowMs - message.sentMs > OFFSET_MS_MAX) return;
    // who does not know the sender's key yet takes it as one that comes late
    const members = to.replica?.catalogue.members ?? [];
    if (!members.some(({ id, keys }) => id === message.from && keys !== undefined)) return;
    const overheard = { message, to, start: to.starts };
    if (this.#overheard.length < OVERHEARD_MAX) this.#overheard.push(overheard);
    else this.#overheard[this.#random.below(OVERHEARD_MAX)] = overheard;
  }

  /** Does something. */
  act(nowMs: number): void {
    const random = this.#random;
    const able = this.#nodes.filter((node) => node.isUp && !node.isRetired);
    if (able.length < 2) return;
    const [as, to] = [random.pick(able), random.pick(able)];
    if (as === to) return;
    random.pick([
      () => this.#replay(nowMs),
      () => this.#replay(nowMs),
      () => this.#misdirect(to),
      () => this.#forge(as, to, nowMs),
      () => this.#forge(as, to, nowMs),
      () => this.#knock(able, nowMs),
    ])();
  }

  #send(from: number, to: Node, bytes: Uint8Array): void {
    this.#network.send(from, to.address, bytes);
  }

  /** What a process took before, it is given again. */
  #replay(nowMs: number): void {
    const old = this.#overheard.filter(
      ({ message, to, start }) =>
        nowMs - message.sentMs > OLD_MS && !to.isRetired && to.starts === start && to.replica !== undefined,
    );
    if (old.length === 0) return;
    // heartbeats say what time it was
    const heartbeats = old.filter(({ message }) => isHeartbeat(message.bytes));
    const { message, to } = this.#random.pick(heartbeats.length > 0 && this.#random.chance(0.7) ? heartbeats : old);
    this.#send(message.from, to, message.bytes);
  }

  /** What is for one is passed to another. */
  #misdirect(to: Node): void {
    if (this.#overheard.length === 0) return;
    const { message } = this.#random.pick(this.#overheard);
    if (message.from !== to.address && decodeEnvelope(message.bytes).to !== 0)
      this.#send(message.from, to, message.bytes);
  }

  /** A message that says to be of a member, not signed, or signed with another key. */
  #forge(as: Node, to: Node, nowMs: number): void {
    const random = this.#random;
    const shards = as.disk.shards();
    const everything = new Map(shards.map((shard) => [shard, new Map([[as.id, FAR]])] as const));
    const shard = random.pick(shards.length === 0 ? ["system"] : shards);
    const rows = [...as.disk.readOrigin(shard, as.id, 0, FAR)].map(({ bytes }) => bytes);
    const heartbeat: Message = { kind: "heartbeat", incarnation: FAR, nowMs: nowMs + 90_000, frontiers: new Map() };
    const operations: Message[] =
      rows.length === 0
        ? []
        : [
            {
              kind: "operations",
              batch: encodeBatchFromRows({ shard, origin: as.id, firstSequence: rows.length + 1, rows }),
            },
          ];
    const message = random.pick<Message>([
      heartbeat,
      heartbeat,
      { kind: "welcome", incarnation: 1, nowMs: nowMs + 90_000, frontiers: everything },
      { kind: "durable", incarnation: 0, round: 0, members: [as.id], frontiers: everything },
      { kind: "session", known: Number.MAX_SAFE_INTEGER - 1 },
      { kind: "compacted", shard, origin: as.id, upTo: FAR },
      { kind: "snapshot-word", shard, points: "", graph: "", word: "same" },
      ...operations,
    ]);
    this.#send(as.address, to, this.#sealed(as.id, message));
  }

  #sealed(from: number, message: Message): Uint8Array {
    const envelope = { cluster: CLUSTER, from, to: 0, message };
    if (this.#random.chance(0.5)) return encodeEnvelope(envelope);
    this.#count += 1;
    return encodeEnvelope(envelope, { session: 2 ** 40, count: this.#count, sign: (bytes) => this.#own.sign(bytes) });
  }

  /** Asks to be let in. */
  #knock(able: readonly Node[], nowMs: number): void {
    const from = STRANGER + ++this.#strangers;
    const used = this.#used;
    const hasJoined = used?.by.replica?.catalogue.members.some(({ id }) => id === used.by.id) === true;
    const said = {
      kind: "introduce" as const,
      keys: this.#own.publicKeys(),
      region: "elsewhere",
      url: undefined,
      invitation: hasJoined ? used.invitation.name : "",
      endsMs: hasJoined ? used.invitation.endsMs : nowMs,
    };
    const secret = hasJoined ? used.invitation.secret : new Uint8Array(8);
    const proof = proofOfIntroduction(this.#own, secret, CLUSTER, from, said);
    this.#count += 1;
    const sealing = { session: 1, count: this.#count, sign: (bytes: Uint8Array) => this.#own.sign(bytes) };
    const bytes = encodeEnvelope({ cluster: CLUSTER, from, to: 0, message: { ...said, proof } }, sealing);
    for (const to of able) this.#send(from, to, bytes);
  }

  /** Has anything come of it? Throws `Violated`. */
  check({ id, replica }: Node): void {
    for (const member of replica?.catalogue.members ?? []) {
      const node = this.#nodes.find((one) => one.id === member.id);
      if (node === undefined) this.#violated(id, `counts replica ${member.id}, which nobody let in, as a member`);
      if (member.state === "evicted" && !node.isRetired) this.#violated(id, `counts replica ${member.id} as evicted`);
    }
    for (const { id: peer, clockOffsetMs = 0, isMember } of replica?.status().peering?.peers ?? []) {
      if (isMember && Math.abs(clockOffsetMs) > OFFSET_MS_MAX)
        this.#violated(id, `believes that the clock of replica ${peer} is ${clockOffsetMs} ms ahead`);
    }
  }

  #violated(node: number, what: string): never {
    throw new Violated("impostor", `replica ${node} ${what}`, { nodes: [node] });
  }
}

function isHeartbeat(bytes: Uint8Array): boolean {
  return decodeEnvelope(bytes).message.kind === "heartbeat";
}
