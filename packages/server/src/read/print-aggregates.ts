import {
  type FacetQuery,
  type GroupsQuery,
  type PointGroup,
  printJson,
  type ReadWatch,
  type Sliced,
  type Snapshot,
} from "@murmuration/index";
import type { AnswerText } from "./answer-text.js";
import { pointParts, printFloat32, printId, putInSlices, recordPrinter, scoredPrinter } from "./print-points.js";
import type { MatrixReading } from "./reading.js";

/** Rows of a matrix, and values, that are printed in one go. */
const PART_SIZE = 64;

function* groupParts(group: PointGroup, { selection, lookup }: GroupsQuery): Generator<string, void, void> {
  yield '{"hits":[';
  let separator = "";
  for (const hit of group.hits) {
    yield separator;
    yield* pointParts(hit, selection, scoredPrinter);
    separator = ",";
  }
  yield `],"id":${printJson(group.id)}`;
  if (group.lookup !== undefined && lookup !== undefined) {
    yield ',"lookup":';
    yield* pointParts(group.lookup, lookup.selection, recordPrinter);
  }
  yield "}";
}

/** Points in groups. Returns whether it is exactly what all replicas answer at its frontier. */
export function* writeGroups(
  views: readonly Snapshot[],
  query: GroupsQuery,
  text: AnswerText,
  watch?: ReadWatch,
): Sliced<boolean | undefined> {
  const view = views[0] as Snapshot;
  let separator = '{"groups":[';
  const waiting: PointGroup[] = [];
  const work = view.groups(query, (group) => waiting.push(group), views);
  try {
    for (;;) {
      const step = work.next();
      if (step.done !== true) yield step.value;
      for (const group of waiting.splice(0)) {
        text.put(separator);
        separator = ",";
        watch?.enter("render");
        yield* putInSlices(text, groupParts(group, query));
      }
      if (step.done !== true) continue;
      text.put(separator === "," ? "]}" : '{"groups":[]}');
      return step.value.isSettled;
    }
  } finally {
    work.return(undefined as never);
  }
}

/** Puts a list, some of it at a time. */
function* putList<Item>(
  text: AnswerText,
  items: readonly Item[],
  print: (item: Item, at: number) => string,
): Sliced<void> {
  text.put("[");
  for (let from = 0; from < items.length; from += PART_SIZE) {
    const part = items.slice(from, from + PART_SIZE).map((item, i) => print(item, from + i));
    text.put((from === 0 ? "" : ",") + part.join(","));
    yield "pause";
  }
  text.put("]");
}

/** Values of a path by how many points have them. */
export function* writeFacet(view: Snapshot, query: FacetQuery, text: AnswerText): Sliced<void> {
  const hits = yield* view.facet(query);
  text.put('{"hits":');
  yield* putList(text, hits, ({ value, count }) => `{"value":${printJson(value)},"count":${count}}`);
  text.put("}");
}

/** The nearest others of each point of a sample. */
export function* writeMatrix(view: Snapshot, { query, shape }: MatrixReading, text: AnswerText): Sliced<void> {
  const { ids, rows } = yield* view.matrix(query);
  const cells = rows.flatMap((row, at) => row.map((cell) => ({ ...cell, row: at })));
  const idAt = (place: number) => printId(ids[place] as (typeof ids)[number]);
  if (shape === "pairs") {
    text.put('{"pairs":');
    yield* putList(
      text,
      cells,
      ({ row, column, score }) => `{"a":${idAt(row)},"b":${idAt(column)},"score":${printFloat32(score)}}`,
    );
    text.put("}");
    return;
  }
  text.put('{"offsets_row":');
  yield* putList(text, cells, ({ row }) => `${row}`);
  text.put(',"offsets_col":');
  yield* putList(text, cells, ({ column }) => `${column}`);
  text.put(',"scores":');
  yield* putList(text, cells, ({ score }) => printFloat32(score));
  text.put(',"ids":');
  yield* putList(text, ids, printId);
  text.put("}");
}
