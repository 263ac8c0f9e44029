import { randomBytes } from "node:crypto";
import { setTimeout as after } from "node:timers/promises";
import { limits, type Outgoing, type Transport, type TransportCounters } from "@murmuration/core";
import { assert } from "@murmuration/index";
import type { MsgHdrs, NatsConnection } from "nats";
import type { PurgedStream } from "../engine/erasure-questions.js";
import type { WatchedFiles } from "../watched-files.js";
import { sealBy } from "./cluster-key-file.js";
import { encodeFrames, frameBytes } from "./frame.js";
import { contextHeaders } from "./frame-context.js";
import type { FrameSeal } from "./frame-seal.js";
import { Homes } from "./homes.js";
import { natsLimits } from "./nats-limits.js";
import { type NatsLog, type NatsTransportOptions, type ResolvedAddress, resolveAddresses } from "./options.js";
import { FrameReceiver } from "./receiver.js";
import { LANES, type Lane, SendQueue } from "./send-queue.js";
import { Link, type LinkCounters } from "./server-link.js";
import { type ReaderCounters, StreamReader } from "./stream-reader.js";
import { StreamWriter } from "./stream-writer.js";
import { type Subjects, subjectsOf } from "./subjects.js";
import { TokenBucket } from "./token-bucket.js";

/** The counters of a transport, and those of its links and streams. */
export interface NatsCounters extends TransportCounters {
  readonly links: readonly LinkCounters[];
  readonly readers: readonly ReaderCounters[];
  /** Live frames that the own stream has not acknowledged. */
  readonly unacknowledgedFrames: number;
  /** Publications repeated because no acknowledgement came, or the connection was lost before it did. */
  readonly retries: number;
  /** Frames that could not be read. */
  readonly malformedFrames: number;
  /** Frames dropped because too many of their sender, or of senders that are no members, waited to be unpacked. */
  readonly droppedFrames: number;
  /** Parts of long messages that wait for others, and long messages given up. */
  readonly reassemblyBytes: number;
  readonly incompleteMessages: number;
}

/** Route of the live messages to all. */
const STREAM = "stream";
/** Route of messages to a replica whose region is not known: each server gets them. */
const EVERYWHERE = "everywhere";
/** Route of messages to all other than live ones: each server gets them, the own one under another subject. */
const ALL = "all";
const routeOf = (link: Link): string => `to ${link.address.region}`;

interface Peer {
  readonly link: Link;
  readonly bucket: TokenBucket | undefined;
  reader: StreamReader | undefined;
}

/**
 * `Transport` over NATS (docs/nats.md). Live messages to all go through the own region's stream; everything else over plain subjects.
 * It only moves bytes: what is lost is asked for again by those who miss it.
 */
export class NatsTransport implements Transport {
  readonly #options: NatsTransportOptions;
  readonly #subjects: Subjects;
  readonly #log: NatsLog;
  /** Tells the frames of this process from all others, also from those of an earlier process under the same replica id. */
  readonly #instance = randomBytes(8).readBigUInt64LE();
  readonly #queue: SendQueue;
  readonly #receiver: FrameReceiver;
  readonly #seal: FrameSeal;
  readonly #sealFile: WatchedFiles | undefined;
  readonly #own: Peer;
  readonly #peers: readonly Peer[];
  readonly #writer: StreamWriter;
  /** Where replicas were last heard. */
  readonly #homes = new Homes<Peer>();
  readonly #saving: NodeJS.Timeout;
  readonly #begun = new Set<Link>();
  #take: ((bytes: Uint8Array, sender: number, context?: string) => void) | undefined;
  #isPumping = false;
  #bulkTimer: NodeJS.Timeout | undefined;
  #longMessages = 0;
  #sentMessages = 0;
  #isClosed = false;

  constructor(options: NatsTransportOptions) {
    this.#options = options;
    this.#subjects = subjectsOf(options.cluster);
    this.#log = options.log ?? (() => undefined);
    this.#queue = new SendQueue(options.queueBytesMax ?? limits.transportQueueBytesMax);
    [this.#seal, this.#sealFile] = sealBy(options.clusterKeyFile, options.cluster, this.#log);
    this.#receiver = new FrameReceiver({
      seal: this.#seal,
      subjects: this.#subjects,
      replicaId: options.replicaId,
      instance: this.#instance,
      isMember: options.isMember ?? (() => true),
      // the same came from its own broker
      isWanted: (sender, way) => way !== "visit" || !this.#homes.isHeardAtHome(sender, performance.now()),
      deliver: (message, sender, context) => this.#take?.(message, sender, context),
      log: this.#log,
    });
    const [own, ...others] = resolveAddresses(options);
    this.#own = this.#peerAt(own);
    this.#peers = [this.#own, ...others.map((address) => this.#peerAt(address))];
    // The own stream holds what this replica itself has sent, unless there are others: with one address there are.
    for (const peer of this.#peers) if (peer !== this.#own || others.length === 0) peer.reader = this.#readerOf(peer);
    this.#writer = new StreamWriter(
      {
        name: this.#subjects.stream,
        subject: this.#subjects.live,
        bytesMax: options.streamBytesMax ?? natsLimits.streamBytesMax,
        ageMsMax: options.streamAgeMsMax ?? natsLimits.streamAgeMsMax,
      },
      this.#subjects.of("live", options.replicaId),
      this.#instance.toString(16),
      this.#log,
      () => this.#pumpSoon(),
    );
    this.#saving = setInterval(() => this.#savePositions(), natsLimits.savePositionMs);
    this.#saving.unref();
    for (const { link } of this.#peers) void link.run();
  }

  /** Whether every server is connected and listened to. */
  isReady(): boolean {
    return this.#peers.every(({ link }) => this.#begun.has(link));
  }

  send(outgoing: readonly Outgoing[]): void {
    if (this.#isClosed) return;
    for (const message of outgoing) {
      if (message.to === this.#options.replicaId) continue;
      this.#queue.push(this.#routeFor(message), message);
    }
    this.#pumpSoon();
  }

  /** Streams are read from the first taker on: what they hold is not lost to a replica that is still starting. */
  onMessage(take: (bytes: Uint8Array, sender: number, context?: string) => void): void {
    if (this.#isClosed) return;
    const isFirst = this.#take === undefined;
    this.#take = take;
    if (isFirst) for (const peer of this.#peers) this.#read(peer);
  }

  counters(): NatsCounters {
    return {
      sentMessages: this.#sentMessages,
      droppedMessages: this.#queue.dropped,
      queuedBytes: this.#queue.bytes,
      links: this.#peers.map(({ link }) => link.counters()),
      readers: this.#peers.flatMap(({ reader }) => (reader === undefined ? [] : [reader.counters()])),
      unacknowledgedFrames: this.#writer.unacknowledged,
      retries: this.#writer.retries,
      ...this.#receiver.counters(),
    };
  }

  purgeStream(): Promise<PurgedStream> {
    return this.#writer.purge();
  }

  /** Takes nothing more and sends what waits, up to a deadline; then closes. */
  async drain(deadlineMs: number = natsLimits.drainMs): Promise<void> {
    this.#take = undefined;
    const endMs = performance.now() + deadlineMs;
    const isBusy = () =>
      !this.#queue.isEmpty() ||
      this.#writer.unacknowledged > 0 ||
      this.#peers.some(({ link }) => link.inFlightBytes > 0);
    while (!this.#isClosed && isBusy() && performance.now() < endMs) await after(5);
    this.close();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#take = undefined;
    this.#savePositions();
    clearInterval(this.#saving);
    clearTimeout(this.#bulkTimer);
    this.#queue.clear();
    this.#receiver.close();
    this.#sealFile?.close();
    this.#writer.detach();
    for (const { link, reader } of this.#peers) {
      reader?.detach();
      link.close();
    }
  }

  // ---- sending

  #routeFor({ to, lane }: Outgoing): string {
    if (to === undefined) return lane === "live" ? STREAM : ALL;
    if (this.#peers.length === 1) return routeOf(this.#own.link);
    const home = this.#homes.get(to);
    return home === undefined ? EVERYWHERE : routeOf(home.link);
  }

  /** Whoever lives in a region hears `all` there; who is there for others' sake, and who does not know this replica's broker, hears `visit`. */
  #subjectFor({ to }: Outgoing, link: Link): string {
    const { replicaId } = this.#options;
    if (to !== undefined) return this.#subjects.to(to, replicaId);
    return this.#subjects.of(link === this.#own.link ? "all" : "visit", replicaId);
  }

  /** Once the running code is through: what it sends together goes out together. */
  #pumpSoon(): void {
    if (this.#isPumping || this.#isClosed) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      if (!this.#isClosed) this.#pump();
    });
  }

  #pump(): void {
    while (this.#writer.hasRoom() && this.#queue.has(STREAM, "live")) {
      const { frames, contexts } = this.#frames(STREAM, "live", this.#own.link.frameBytesMax);
      const headers = contextHeaders(contexts, this.#seal, this.#options.replicaId);
      for (const frame of frames) this.#writer.publish(frame, headers);
    }
    for (const route of [ALL, EVERYWHERE]) {
      for (const lane of LANES) while (this.#queue.has(route, lane)) this.#publishEverywhere(route, lane);
    }
    for (const peer of this.#peers) this.#pumpLink(peer);
  }

  #publishEverywhere(route: string, lane: Lane): void {
    const links = this.#peers
      .filter((peer) => peer.link.connection !== undefined && this.#mayPublish(peer, "control"))
      .map(({ link }) => link);
    if (links.length === 0) return this.#queue.dropRoute(route);
    const bytesMax = Math.min(...links.map((link) => link.frameBytesMax));
    const { first, frames } = this.#frames(route, lane, bytesMax);
    for (const frame of frames) for (const link of links) link.publish(this.#subjectFor(first, link), frame);
  }

  #pumpLink(peer: Peer): void {
    const route = routeOf(peer.link);
    // It would be stale when the connection is back, and is asked for again: the op-log is the queue.
    if (peer.link.connection === undefined) return this.#queue.dropRoute(route);
    for (const lane of LANES) {
      while (this.#queue.has(route, lane) && this.#mayPublish(peer, lane)) {
        const { first, frames } = this.#frames(route, lane, peer.link.frameBytesMax);
        for (const frame of frames) {
          peer.link.publish(this.#subjectFor(first, peer.link), frame);
          if (lane === "bulk") peer.bucket?.spend(frame.byteLength, performance.now());
        }
      }
    }
  }

  #mayPublish(peer: Peer, lane: Lane): boolean {
    const { link, bucket } = peer;
    if (lane !== "live" && link.breaker.isOpen && peer !== this.#own) return false;
    if (lane !== "bulk") return link.inFlightBytes < natsLimits.windowBytesMax;
    if (link.inFlightBytes >= natsLimits.bulkWindowBytesMax) return false;
    const waitMs = bucket?.waitMs(performance.now()) ?? 0;
    if (waitMs === 0) return true;
    this.#bulkTimer ??= setTimeout(() => {
      this.#bulkTimer = undefined;
      this.#pumpSoon();
    }, waitMs);
    return false;
  }

  /** Takes what goes next on a route, as frames. */
  #frames(route: string, lane: Lane, bytesMax: number) {
    const room = bytesMax - this.#seal.addedBytes;
    const target = Math.min(natsLimits.frameBytesTarget, room) - frameBytes(0, 0);
    const perMessage = frameBytes(1, 0) - frameBytes(0, 0);
    const messages = this.#queue.take(route, lane, target, perMessage, natsLimits.frameMessagesMax);
    const [first] = messages;
    assert(first !== undefined, "something waits on the route");
    this.#sentMessages += messages.length;
    const bytes = messages.map((message) => message.bytes);
    const frames = encodeFrames(this.#instance, bytes, room, () => this.#longMessages++);
    const contexts = messages.map(({ context }) => context);
    return { first, contexts, frames: frames.map((frame) => this.#seal.seal(frame, this.#options.replicaId)) };
  }

  // ---- receiving

  #peerAt(address: ResolvedAddress): Peer {
    const { cluster, replicaId, region, bulkBytesPerSecondMax: rate } = this.#options;
    const link: Link = new Link(address, `murmuration ${cluster} ${region} ${replicaId}`, this.#log, {
      onSession: (connection) => this.#begin(peer, connection),
      onEnd: () => this.#end(peer),
      onProgress: () => this.#pumpSoon(),
    });
    const bucket = rate === undefined ? undefined : new TokenBucket(rate, performance.now());
    const peer: Peer = { link, bucket, reader: undefined };
    return peer;
  }

  #readerOf({ link }: Peer): StreamReader {
    const { region } = link.address;
    const { positions } = this.#options;
    const take = (subject: string, frame: Uint8Array, headers?: MsgHdrs) =>
      this.#receive(this.#peerOf(link), subject, frame, headers);
    return new StreamReader(region, this.#subjects.stream, positions, take, this.#log);
  }

  #peerOf(link: Link): Peer {
    const peer = this.#peers.find((one) => one.link === link);
    assert(peer !== undefined, "every link is of a peer");
    return peer;
  }

  async #begin(peer: Peer, connection: NatsConnection): Promise<void> {
    const subscribe = (subject: string) =>
      connection.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) this.#receive(peer, message.subject, message.data);
          else this.#log("error", "NATS refuses a subscription", { subject, why: error.message });
        },
      });
    for (const subject of [this.#subjects.all, this.#subjects.visit]) subscribe(subject);
    // everywhere: who does not know this replica's broker answers over one that both know
    subscribe(this.#subjects.toMe(this.#options.replicaId));
    await connection.flush();
    if (peer === this.#own) await this.#writer.attach(connection);
    if (connection !== peer.link.connection) return;
    this.#begun.add(peer.link);
    this.#read(peer);
    this.#pumpSoon();
  }

  /** Begins to read a peer's stream, if there is someone to take what is in it. */
  #read({ link, reader }: Peer): void {
    const { connection } = link;
    if (this.#take !== undefined && connection !== undefined && this.#begun.has(link)) reader?.attach(connection);
  }

  #end(peer: Peer): void {
    this.#begun.delete(peer.link);
    peer.reader?.detach();
    if (peer === this.#own) this.#writer.detach();
    this.#pumpSoon();
  }

  #receive(peer: Peer, subject: string, bytes: Uint8Array, headers?: MsgHdrs): void {
    if (this.#isClosed) return;
    const from = this.#receiver.take(peer, subject, bytes, headers);
    if (from === undefined || from.way === "to") return;
    this.#homes.note(from.sender, peer, from.way !== "visit", performance.now());
    if (from.way === "visit" || peer !== this.#own || peer.reader !== undefined) return;
    // another replica in this region: what it writes is in the own stream
    peer.reader = this.#readerOf(peer);
    this.#read(peer);
  }

  #savePositions(): void {
    for (const { reader } of this.#peers) reader?.save();
  }
}

/**
 * Connects a replica to the NATS of its region and of its peers. Waits for them up to `startWaitMs`, then goes on without those that do
 * not answer: they are tried again until `close`. Throws `validation` for options that cannot be right.
 */
export async function connectNatsTransport(options: NatsTransportOptions): Promise<NatsTransport> {
  const transport = new NatsTransport(options);
  const endMs = performance.now() + (options.startWaitMs ?? natsLimits.startWaitMs);
  while (!transport.isReady() && performance.now() < endMs) await after(5);
  return transport;
}
