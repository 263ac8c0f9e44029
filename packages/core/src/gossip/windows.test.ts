import assert from "node:assert/strict";
import { test } from "node:test";
import { MurmurationError } from "@murmuration/index";
import { assertUntil } from "@murmuration/index/conformance";
import fc from "fast-check";
import { sequenceOf, type VersionVector } from "../causality/version-vector.js";
import { areConcurrent, type CausalEvent, reorder, Site, steps } from "./history.test-support.js";
import { StitchWindows, type WindowClosing, type WindowWork } from "./windows.js";

interface WindowEvent extends CausalEvent {
  readonly insert: boolean;
  readonly closes?: WindowClosing;
}

class WindowSite extends Site<WindowEvent> {
  windows = new StitchWindows();
  begun: WindowWork | undefined;
  readonly works: WindowWork[] = [];

  override take(event: WindowEvent): void {
    super.take(event);
    apply(this.windows, event);
  }
}

function apply(windows: StitchWindows, { origin, sequence, past, insert, closes }: WindowEvent): () => void {
  if (closes !== undefined) return windows.close(closes);
  return insert ? windows.applyInsert(origin, sequence, past) : () => undefined;
}

const vector = (entries: Record<number, number>): VersionVector =>
  new Map(Object.entries(entries).map(([origin, sequence]) => [Number(origin), sequence]));

const closingOf = (owner: number, { through, foreign }: WindowWork): WindowClosing => ({
  owner,
  through,
  foreign: new Map([...foreign].map(([origin, range]) => [origin, range.through])),
});

/** Three replicas that insert, exchange and stitch at random; some forget begun work as in a crash. */
function play(moves: readonly { actor: number; kind: number; choice: number }[]) {
  const sites = [1, 2, 3].map((id) => new WindowSite(id));
  const all: WindowEvent[] = [];
  const write = (site: WindowSite, rest: Omit<WindowEvent, keyof CausalEvent>) => {
    const event = { ...site.next(), ...rest };
    all.push(event);
    site.take(event);
  };
  for (const [at, { actor, kind, choice }] of moves.entries()) {
    const site = sites[actor % 3] as WindowSite;
    // all inserts come early, so that windows also close
    if (kind < 30 && at < moves.length / 4) write(site, { insert: true });
    else if (kind < 35) write(site, { insert: false });
    else if (kind < 40) site.windows = StitchWindows.decode(JSON.parse(JSON.stringify(site.windows.encode())));
    else if (kind < 45) site.begun = undefined;
    else if (kind < 55) {
      if (site.begun === undefined) {
        site.begun = site.windows.begin(site.id);
      } else {
        site.works.push(site.begun);
        write(site, { insert: false, closes: closingOf(site.id, site.begun) });
        site.begun = undefined;
      }
    } else {
      const ready = all.filter((event) => site.canTake(event));
      const event = ready[choice % Math.max(1, ready.length)];
      if (event !== undefined) site.take(event);
    }
  }
  return { sites, all };
}

/** What is to be the same everywhere. */
function shared(windows: StitchWindows) {
  const { lastInsert, pairs, closed } = windows.encode();
  return { open: windows.isOpen(), lastInsert, closed, pairs: pairs.map(([a, b, concurrent]) => [a, b, concurrent]) };
}

test("windows are the same after any causal order, and say what is concurrent", () => {
  let open = 0;
  let closed = 0;
  assertUntil(
    () => ({ open: [open, 20], closed: [closed, 2] }),
    fc.property(steps(300), fc.array(fc.nat(99), { minLength: 1, maxLength: 50 }), (moves, choices) => {
      const { all } = play(moves);
      const [first, second] = [all, reorder(all, choices)].map((events) => {
        const windows = new StitchWindows();
        for (const event of events) apply(windows, event);
        return windows;
      }) as [StitchWindows, StitchWindows];
      assert.deepEqual(shared(second), shared(first));
      if (first.isOpen()) open += 1;
      else if (first.encode().pairs.length > 0) closed += 1;
      const inserts = all.filter(({ insert }) => insert);
      for (const a of [1, 2, 3]) {
        for (const b of [1, 2, 3]) {
          const ofA = inserts.filter(
            (event) => event.origin === a && a !== b && inserts.some((y) => y.origin === b && areConcurrent(event, y)),
          );
          assert.equal(first.concurrent(a, b), Math.max(0, ...ofA.map(({ sequence }) => sequence)));
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("every pair of concurrent inserts was in the work of both owners when no window is open", () => {
  let checked = 0;
  assertUntil(
    () => ({ checked: [checked, 5000] }),
    fc.property(steps(300), (moves) => {
      const { sites, all } = play(moves);
      const exchange = () => {
        for (let moved = true; moved; ) {
          moved = false;
          for (const site of sites) {
            for (const event of all) {
              if (!site.canTake(event)) continue;
              site.take(event);
              moved = true;
            }
          }
        }
      };
      exchange();
      for (const site of sites) {
        for (
          let work = site.begun ?? site.windows.begin(site.id);
          work !== undefined;
          work = site.windows.begin(site.id)
        ) {
          site.works.push(work);
          const event = { ...site.next(), insert: false, closes: closingOf(site.id, work) };
          all.push(event);
          site.take(event);
        }
      }
      exchange();
      for (const site of sites) {
        assert.equal(site.windows.isOpen(), false);
        for (const x of all.filter(({ insert, origin }) => insert && origin === site.id)) {
          for (const y of all.filter((event) => event.insert && event.origin !== site.id && areConcurrent(x, event))) {
            checked += 1;
            const isLinked = site.works.some(({ from, through, foreign }) => {
              const range = foreign.get(y.origin);
              const own = x.sequence > from && x.sequence <= through;
              return own && range !== undefined && y.sequence > range.from && y.sequence <= range.through;
            });
            assert.ok(isLinked, `${x.origin}:${x.sequence} to ${y.origin}:${y.sequence}`);
          }
        }
      }
    }),
    { numRuns: 200 },
  );
});

test("a change that is taken back leaves nothing", () => {
  fc.assert(
    fc.property(steps(80), (moves) => {
      const windows = new StitchWindows();
      for (const event of play(moves).all) {
        const before = windows.encode();
        const wasOpen = windows.isOpen();
        apply(windows, event)();
        assert.deepEqual(windows.encode(), before);
        assert.equal(windows.isOpen(), wasOpen);
        apply(windows, event);
      }
    }),
  );
});

test("a window opens by concurrent inserts and closes when both owners have said so", () => {
  const windows = new StitchWindows();
  windows.applyInsert(1, 1, new Map());
  windows.applyInsert(2, 1, vector({ 1: 1 }));
  assert.equal(windows.isOpen(), false);
  assert.equal(windows.begin(1), undefined);
  windows.applyInsert(1, 2, vector({ 1: 1 }));
  windows.applyInsert(1, 5, vector({ 1: 4 }));
  windows.applyInsert(2, 3, vector({ 2: 2, 1: 1 }));
  assert.equal(windows.isOpen(), true);
  assert.deepEqual(windows.begin(1), { from: 1, through: 5, foreign: new Map([[2, { from: 0, through: 3 }]]) });
  windows.close({ owner: 1, through: 5, foreign: vector({ 2: 3 }) });
  assert.equal(windows.isOpen(), true);
  assert.equal(windows.begin(1), undefined);
  windows.close({ owner: 2, through: 3, foreign: vector({ 1: 4 }) });
  assert.equal(windows.isOpen(), true, "the last insert of replica 1 is not linked");
  windows.close({ owner: 2, through: 3, foreign: vector({ 1: 5 }) });
  assert.equal(windows.isOpen(), false);
  windows.close({ owner: 2, through: 1, foreign: vector({ 1: 2 }) });
  assert.equal(windows.isOpen(), false, "what is closed stays closed");
});

test("an older closing does not lose the work of who took over", () => {
  const windows = new StitchWindows();
  for (const sequence of [1, 2, 3]) windows.applyInsert(1, sequence, vector({ 1: sequence - 1 }));
  windows.applyInsert(2, 1, vector({ 1: 1 }));
  const work = windows.begin(1);
  assert.equal(work?.from, 1);
  windows.close({ owner: 1, through: 2, foreign: vector({ 2: 1 }) });
  assert.deepEqual(StitchWindows.decode(windows.encode()).begin(1), work);
  assert.equal(sequenceOf(closingOf(1, work as WindowWork).foreign, 2), 1);
});

test("damaged stored windows are refused", () => {
  const good = { lastInsert: [[1, 2]], pairs: [[1, 2, 3, 0, 0]], closed: [[1, 2, [[2, 3]]]] };
  assert.deepEqual(StitchWindows.decode(good).encode(), good);
  const damaged: unknown[] = [
    undefined,
    null,
    7,
    {},
    { ...good, pairs: [[1, 2, 3]] },
    { ...good, lastInsert: [[0, 1]] },
    { ...good, lastInsert: { length: 1 } },
    { ...good, closed: [[1, -1, []]] },
    { ...good, closed: [[1, 1, [[1]]]] },
  ];
  for (const data of damaged) {
    assert.throws(
      () => StitchWindows.decode(data),
      (error) => error instanceof MurmurationError && error.code === "corrupt",
    );
  }
});
