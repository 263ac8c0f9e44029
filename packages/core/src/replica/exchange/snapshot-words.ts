import type { VersionVector } from "../../causality/version-vector.js";
import { type CheckpointManifest, frontierOf } from "../../checkpoint/manifest.js";
import type { Message, SnapshotQuestionMessage, SnapshotWord, SnapshotWordMessage } from "../../gossip/message.js";
import { limits } from "../../limits.js";
import { mark } from "../../marks.js";
import { isPlanted } from "../../planted.js";
import { areOfSameVectors } from "../../state/digest.js";
import type { Exchange, ExchangeContext } from "./exchange.js";
import type { Digests, KnownDigests } from "./known-digests.js";
import type { Reconciliation } from "./reconciliation.js";
import type { UnconfirmedSnapshots } from "./unconfirmed-snapshots.js";

/** What is to be done with a snapshot after what others say of it. */
export type Verdict =
  | { readonly kind: "wait" }
  /** `isConfirmed`: by another member, or there is nobody who could. */
  | { readonly kind: "install"; readonly isConfirmed: boolean }
  | { readonly kind: "refuse"; readonly reason: string };

/** A snapshot that others are asked about. */
interface Question extends Digests {
  /** Replica that gave it. */
  readonly source: number;
  readonly frontier: VersionVector;
  readonly words: Map<number, SnapshotWord>;
  /** Who has answered since it was asked. */
  readonly answered: Set<number>;
  asked: number;
  askedMs: number;
  /** What the words came to, where the snapshot is to be installed when all of it is here. */
  verdict: Verdict | undefined;
}

/** Whose words stand against a snapshot, and whose for it. */
interface Dispute extends Digests {
  readonly against: readonly number[];
  readonly inFavour: readonly number[];
}

/**
 * Is a snapshot what its cluster held? Its contents give the digests that it names (`restoreForeignCheckpoint`), but only members that were
 * at its frontier know whether they are right. So the others are asked, and the majority of those who know decides, its source being one of
 * them. Where words stand against each other and nobody decides it, nothing that one of the two gives is installed.
 */
export class SnapshotWords implements Exchange {
  readonly kinds = ["snapshot-question", "snapshot-word"] as const;
  readonly #context: ExchangeContext;
  readonly #digests: KnownDigests;
  readonly #unconfirmed: UnconfirmedSnapshots;
  readonly #reconciliation: Reconciliation;
  readonly #questions = new Map<string, Question>();
  /** By shard, then by who gave the snapshot. */
  readonly #disputes = new Map<string, Map<number, Dispute>>();
  /** Snapshots of a shard that were refused since the last that was not. */
  readonly #refusals = new Map<string, number>();

  constructor(
    context: ExchangeContext,
    digests: KnownDigests,
    unconfirmed: UnconfirmedSnapshots,
    reconciliation: Reconciliation,
  ) {
    this.#context = context;
    this.#digests = digests;
    this.#unconfirmed = unconfirmed;
    this.#reconciliation = reconciliation;
  }

  take(from: number, message: Message, nowMs: number): void {
    if (message.kind === "snapshot-question") this.#answer(from, message, nowMs);
    else if (message.kind === "snapshot-word") {
      this.#unconfirmed.noteWord(from, message);
      this.#note(from, message);
    }
  }

  tick(): void {
    this.#digests.tidy();
    this.#unconfirmed.tidy();
  }

  // ---- as who is asked

  #answer(to: number, { shard, frontier, points, graph }: SnapshotQuestionMessage, nowMs: number): void {
    const word = this.#wordOn(shard, frontier, { points, graph }, nowMs);
    this.#context.send(to, "control", { kind: "snapshot-word", shard, points, graph, word });
  }

  #wordOn(shard: string, frontier: VersionVector, { points, graph }: Digests, nowMs: number): SnapshotWord {
    const { shards, snapshotsWanted } = this.#context.store;
    const target = shards.get(shard);
    // what is known to be damaged, or from hearsay, is no word
    if (target === undefined || snapshotsWanted.has(shard)) return "unknown";
    if (this.#unconfirmed.sourceOf(shard) !== undefined) return "unknown";
    const known = this.#digests.at(target, frontier);
    if (known === undefined) {
      // it may be asked again
      this.#reconciliation.prepare(target, frontier, nowMs);
      return "unknown";
    }
    if (!areOfSameVectors(known.graph, graph)) return "unknown";
    return known.points === points && known.graph === graph ? "same" : "different";
  }

  // ---- as who asks

  #note(from: number, { shard, points, graph, word }: SnapshotWordMessage): void {
    const question = this.#questions.get(shard);
    if (question === undefined || question.points !== points || question.graph !== graph) return;
    if (!this.#othersThan(question.source).includes(from)) return;
    question.words.set(from, word);
    question.answered.add(from);
  }

  /** Asks the others about a snapshot, or asks again, and says what their words come to so far. */
  judge(source: number, manifest: CheckpointManifest, nowMs: number): Verdict {
    if (isPlanted("snapshot-contents-believed")) return { kind: "install", isConfirmed: true };
    const { shard } = manifest;
    const question = this.#questionOf(source, manifest);
    if (question.verdict !== undefined) return question.verdict;
    const others = this.#othersThan(source);
    const isAnswered = (id: number) => question.answered.has(id) && question.words.get(id) !== "unknown";
    const open = others.filter((id) => !isAnswered(id) && this.#isHeard(id, nowMs));
    if (open.length > 0) {
      if (Math.abs(nowMs - question.askedMs) < limits.requestRetryMs) return { kind: "wait" };
      if (question.asked < limits.snapshotQuestionsMax) {
        question.asked++;
        question.askedMs = nowMs;
        const { frontier, points, graph } = question;
        for (const to of open)
          this.#context.send(to, "control", { kind: "snapshot-question", shard, frontier, points, graph });
        return { kind: "wait" };
      }
    }
    const verdict = this.#decide(shard, question, others);
    if (verdict.kind === "install") question.verdict = verdict;
    else this.#questions.delete(shard);
    return verdict;
  }

  #decide(shard: string, question: Question, others: readonly number[]): Verdict {
    const { source, words, points, graph } = question;
    const saying = (word: SnapshotWord) => others.filter((id) => words.get(id) === word);
    const [inFavour, against] = [saying("same"), saying("different")];
    const disputes = this.#disputes.get(shard) ?? new Map<number, Dispute>();
    disputes.delete(source);
    if (against.length > 0) {
      mark("snapshot disputed");
      // the source has given its word, too
      if (inFavour.length >= against.length) {
        const detail = `${contradiction(shard, source, against)}, and has those known to ${listed(inFavour)}`;
        this.#context.refuse("snapshot disputed", detail);
        return { kind: "install", isConfirmed: true };
      }
      disputes.set(source, { points, graph, against, inFavour });
      return this.#refuse(shard, disputes, contradiction(shard, source, against));
    }
    if (inFavour.length > 0 || others.length === 0) return { kind: "install", isConfirmed: true };
    if (this.#isDisputed(disputes, source)) {
      const reason = `the snapshot of shard ${shard} from replica ${source}, whose word is disputed, is confirmed by nobody`;
      return this.#refuse(shard, disputes, reason);
    }
    mark("snapshot unconfirmed");
    return { kind: "install", isConfirmed: false };
  }

  #refuse(shard: string, disputes: Map<number, Dispute>, reason: string): Verdict {
    this.#disputes.set(shard, disputes);
    this.#refusals.set(shard, (this.#refusals.get(shard) ?? 0) + 1);
    return { kind: "refuse", reason };
  }

  /** How long to wait before another snapshot is asked for: the longer, the more were refused. */
  pauseMs(shard: string): number {
    return Math.min(limits.requestRetryMs * 2 ** (this.#refusals.get(shard) ?? 0), limits.requestRetryMsMax);
  }

  /** A shard needs no snapshot any more. */
  end(shard: string): void {
    this.#questions.delete(shard);
    this.#disputes.delete(shard);
    this.#refusals.delete(shard);
  }

  /** For people: why a shard is not taken over, as far as words stand against each other. */
  disputeOver(shard: string): string | undefined {
    const { store } = this.#context;
    const texts: string[] = [];
    for (const [source, dispute] of this.#disputes.get(shard) ?? []) {
      const against = this.#active(dispute.against);
      if (against.length > 0 && this.#active([source]).length > 0)
        texts.push(`the snapshot of replica ${source} is contradicted by ${listed(against)}`);
    }
    if (texts.length === 0) return undefined;
    const name = store.catalogue.collections[shard]?.name ?? shard;
    const what = "and no other member decides it: evict the replica that is wrong";
    return `collection "${name}" cannot be taken over: ${texts.join("; ")}, ${what}`;
  }

  #questionOf(source: number, manifest: CheckpointManifest): Question {
    const { shard, pointsDigest: points, graphDigest: graph } = manifest;
    const known = this.#questions.get(shard);
    if (known?.source === source && known.points === points && known.graph === graph) return known;
    const words = new Map<number, SnapshotWord>();
    // who has contradicted it and is silent now has not taken it back
    const before = this.#disputes.get(shard)?.get(source);
    if (before?.points === points && before.graph === graph)
      for (const id of before.against) words.set(id, "different");
    const frontier = frontierOf(manifest);
    const unasked = { answered: new Set<number>(), asked: 0, askedMs: Number.NEGATIVE_INFINITY, verdict: undefined };
    const made: Question = { source, frontier, points, graph, words, ...unasked };
    this.#questions.set(shard, made);
    return made;
  }

  /** Does the word of a replica stand against another's, and nobody has decided between them? */
  #isDisputed(disputes: ReadonlyMap<number, Dispute>, replica: number): boolean {
    for (const [source, dispute] of disputes) {
      const against = this.#active(dispute.against);
      if (against.length === 0 || this.#active([source]).length === 0) continue;
      if (source === replica) return true;
      const inFavour = this.#active(dispute.inFavour);
      const isUndecided = against.length <= 1 + inFavour.length;
      if (isUndecided && (against.includes(replica) || inFavour.includes(replica))) return true;
    }
    return false;
  }

  #othersThan(source: number): number[] {
    const { store, members } = this.#context;
    return members.active().filter((id) => id !== store.id && id !== source);
  }

  #active(ids: readonly number[]): number[] {
    return ids.filter((id) => this.#context.members.isActive(id));
  }

  #isHeard(id: number, nowMs: number): boolean {
    return nowMs - (this.#context.heardMs(id) ?? Number.NEGATIVE_INFINITY) <= limits.suspectMs;
  }
}

function contradiction(shard: string, source: number, against: readonly number[]): string {
  return `the snapshot of shard ${shard} from replica ${source} does not have the digests known to ${listed(against)}`;
}

function listed(replicas: readonly number[]): string {
  return `${replicas.length === 1 ? "replica" : "replicas"} ${replicas.join(", ")}`;
}
