/** A node that has a label. Pixels. */
export interface Labelled {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  /** Of its text. */
  readonly width: number;
  /** It is placed before the others, and drawn whatever is there. */
  readonly isFirst: boolean;
}

/** Where a label stands: its left end, and the middle of its line. */
export interface LabelPlace {
  readonly left: number;
  readonly middle: number;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const LINE = 15;
/** Between a node and its label. */
const GAP = 5;

const boxOf = ({ left, middle }: LabelPlace, width: number): Box => ({
  left,
  right: left + width,
  top: middle - LINE / 2,
  bottom: middle + LINE / 2,
});
const circleOf = ({ x, y, radius }: Labelled): Box => ({
  left: x - radius,
  right: x + radius,
  top: y - radius,
  bottom: y + radius,
});
const overlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

/** Beside its node, or above or below it. */
function placesOf({ x, y, radius, width }: Labelled): readonly LabelPlace[] {
  const away = radius + GAP;
  const [above, below] = [y - away - LINE / 2, y + away + LINE / 2];
  return [
    { left: x + away, middle: y },
    { left: x - away - width, middle: y },
    { left: x - width / 2, middle: above },
    { left: x - width / 2, middle: below },
    { left: x, middle: above },
    { left: x, middle: below },
    { left: x - width, middle: above },
    { left: x - width, middle: below },
  ];
}

/**
 * Places labels so that no two are written over each other: those of later nodes before those of earlier ones, which they are drawn above. `undefined`: there is no
 * room for it.
 */
export function placeLabels(labelled: readonly Labelled[], width: number, height: number): (LabelPlace | undefined)[] {
  const circles = labelled.map(circleOf);
  const taken: Box[] = [];
  const placed: (LabelPlace | undefined)[] = labelled.map(() => undefined);
  const order = [...labelled.keys()].reverse();
  order.sort((a, b) => Number(labelled[b]?.isFirst) - Number(labelled[a]?.isFirst));
  for (const i of order) {
    const one = labelled[i] as Labelled;
    const inside = placesOf(one).filter((place) => {
      const { left, right, top, bottom } = boxOf(place, one.width);
      return left >= 0 && right <= width && top >= 0 && bottom <= height;
    });
    const free = inside.filter((place) => !taken.some((box) => overlap(box, boxOf(place, one.width))));
    const isBare = (place: LabelPlace) =>
      !circles.some((circle, at) => at !== i && overlap(circle, boxOf(place, one.width)));
    const forced = one.isFirst ? (inside[0] ?? placesOf(one)[0]) : undefined;
    const place = free.find(isBare) ?? free[0] ?? forced;
    if (place === undefined) continue;
    placed[i] = place;
    taken.push(boxOf(place, one.width));
  }
  return placed;
}
