import { useCallback, useMemo, useState } from "preact/hooks";
import { Canvas, type Drawing, type Place } from "../../plot/canvas.js";
import { type Colouring, edgeColour, markOf, type Shape } from "./colours.js";

const HEIGHT = 520;
const MARGIN = 18;
const RADIUS = 4;
/** Pixels of a mark's edge, and of its lines where it has no area. */
const EDGE = 0.75;
const LINE = 1.5;
/** Pixels from a point within which the pointer means it. */
const REACH = 14;
const ZOOM_MAX = 200;

type Mark = ReturnType<typeof markOf>;

export interface ScatterProps {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  readonly colouring: Colouring;
  /** Places of points that stand out: the one that is looked at, and its neighbours. */
  readonly looked: number | undefined;
  readonly near: ReadonlySet<number>;
  readonly label: string;
  readonly onLook: (at: number | undefined) => void;
  readonly onOpen: (at: number) => void;
}

/** What is seen: a zoom around the middle, and how far it was moved, in pixels. */
interface Looking {
  readonly zoom: number;
  readonly x: number;
  readonly y: number;
}

const whole: Looking = { zoom: 1, x: 0, y: 0 };

function traceShape(context: CanvasRenderingContext2D, shape: Shape, x: number, y: number, r: number): void {
  context.beginPath();
  switch (shape) {
    case "circle":
    case "ring":
      context.arc(x, y, r, 0, 2 * Math.PI);
      break;
    case "square":
      context.rect(x - r, y - r, 2 * r, 2 * r);
      break;
    case "triangle":
      context.moveTo(x, y - r * 1.2);
      context.lineTo(x + r * 1.1, y + r * 0.8);
      context.lineTo(x - r * 1.1, y + r * 0.8);
      context.closePath();
      break;
    case "diamond":
      context.moveTo(x, y - r * 1.3);
      context.lineTo(x + r * 1.3, y);
      context.lineTo(x, y + r * 1.3);
      context.lineTo(x - r * 1.3, y);
      context.closePath();
      break;
    case "cross":
      context.moveTo(x - r, y - r);
      context.lineTo(x + r, y + r);
      context.moveTo(x + r, y - r);
      context.lineTo(x - r, y + r);
      break;
  }
}

/** A mark with a thin edge, which shows it where its own colour is nearly that of the ground. */
function drawMark(context: CanvasRenderingContext2D, { colour, shape }: Mark, edge: string, place: Place, r: number) {
  traceShape(context, shape, place.x, place.y, r);
  context.strokeStyle = edge;
  if (shape !== "cross" && shape !== "ring") {
    context.fillStyle = colour;
    context.fill();
    context.lineWidth = EDGE;
    return context.stroke();
  }
  context.lineWidth = LINE + 2 * EDGE;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = LINE;
  context.stroke();
}

const outlines: Readonly<Record<Shape, string>> = {
  circle: "M3 8a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
  ring: "M3 8a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
  square: "M3 3h10v10h-10z",
  triangle: "M8 2l6 11h-12z",
  diamond: "M8 2l6 6l-6 6l-6 -6z",
  cross: "M3 3l10 10m0 -10l-10 10",
};

/** A mark of the legend. */
export function LegendMark({ colour, shape }: { readonly colour: string; readonly shape: Shape }) {
  const isLine = shape === "cross" || shape === "ring";
  return (
    <svg class="legend-mark" viewBox="0 0 16 16" aria-hidden="true">
      <path d={outlines[shape]} fill={isLine ? "none" : colour} class={isLine ? "edge-of-line" : "edge"} />
      {isLine ? <path d={outlines[shape]} fill="none" stroke={colour} stroke-width="2" /> : null}
    </svg>
  );
}

/** Scale and offset by which coordinates become pixels. */
function frameOf(xs: Float32Array, ys: Float32Array) {
  let [left, right, low, high] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [i, x] of xs.entries()) {
    const y = ys[i] as number;
    left = Math.min(left, x);
    right = Math.max(right, x);
    low = Math.min(low, y);
    high = Math.max(high, y);
  }
  return xs.length === 0 ? { left: 0, right: 1, low: 0, high: 1 } : { left, right, low, high };
}

/** Points on a canvas: moved by dragging, zoomed by the wheel, by buttons and by keys. */
export function Scatter({ xs, ys, colouring, looked, near, label, onLook, onOpen }: ScatterProps) {
  const [looking, setLooking] = useState(whole);
  const [size, setSize] = useState({ width: 0, height: HEIGHT });
  const frame = useMemo(() => frameOf(xs, ys), [xs, ys]);

  const placeOf = useCallback(
    (at: number, width: number, height: number): Place => {
      const { left, right, low, high } = frame;
      // one scale for both: distances are what is looked at
      const scale = Math.min((width - 2 * MARGIN) / (right - left || 1), (height - 2 * MARGIN) / (high - low || 1));
      const x = ((xs[at] as number) - (left + right) / 2) * scale * looking.zoom;
      const y = ((ys[at] as number) - (low + high) / 2) * scale * looking.zoom;
      return { x: width / 2 + looking.x + x, y: height / 2 + looking.y - y };
    },
    [frame, xs, ys, looking],
  );

  const draw = useCallback(
    ({ context, width, height, colour }: Drawing) => {
      setSize((before) => (before.width === width && before.height === height ? before : { width, height }));
      const text = colour("--text");
      const edge = colour(edgeColour);
      const isDimmed = looked !== undefined;
      const put = (at: number, radius: number) => {
        const place = placeOf(at, width, height);
        const { x, y } = place;
        if (x < -radius || y < -radius || x > width + radius || y > height + radius) return;
        drawMark(context, markOf(colouring, at), edge, place, radius);
      };
      context.globalAlpha = isDimmed ? 0.35 : 0.85;
      for (let at = 0; at < xs.length; at++) put(at, RADIUS);
      context.globalAlpha = 1;
      if (looked === undefined) return;
      const here = placeOf(looked, width, height);
      context.strokeStyle = text;
      context.lineWidth = LINE;
      for (const at of near) {
        const there = placeOf(at, width, height);
        context.globalAlpha = 0.5;
        context.beginPath();
        context.moveTo(here.x, here.y);
        context.lineTo(there.x, there.y);
        context.stroke();
        context.globalAlpha = 1;
      }
      for (const at of near) put(at, RADIUS + 1);
      put(looked, RADIUS + 2);
      context.strokeStyle = text;
      context.lineWidth = LINE;
      context.beginPath();
      context.arc(here.x, here.y, RADIUS + 5, 0, 2 * Math.PI);
      context.stroke();
    },
    [placeOf, xs, colouring, looked, near],
  );

  const nearestTo = (place: Place): number | undefined => {
    let best: number | undefined;
    let bestDistance = REACH;
    for (let at = 0; at < xs.length; at++) {
      const { x, y } = placeOf(at, size.width, size.height);
      const distance = Math.hypot(x - place.x, y - place.y);
      if (distance < bestDistance) [best, bestDistance] = [at, distance];
    }
    return best;
  };
  const zoomBy = (factor: number, around: Place = { x: size.width / 2, y: size.height / 2 }) =>
    setLooking(({ zoom, x, y }) => {
      const next = Math.min(ZOOM_MAX, Math.max(0.5, zoom * factor));
      const by = next / zoom;
      const [fromX, fromY] = [around.x - size.width / 2, around.y - size.height / 2];
      return { zoom: next, x: fromX - (fromX - x) * by, y: fromY - (fromY - y) * by };
    });
  const moveBy = (x: number, y: number) => setLooking((one) => ({ ...one, x: one.x + x, y: one.y + y }));
  const keys: Readonly<Record<string, () => void>> = {
    "+": () => zoomBy(1.3),
    "=": () => zoomBy(1.3),
    "-": () => zoomBy(1 / 1.3),
    "0": () => setLooking(whole),
    ArrowLeft: () => moveBy(40, 0),
    ArrowRight: () => moveBy(-40, 0),
    ArrowUp: () => moveBy(0, 40),
    ArrowDown: () => moveBy(0, -40),
  };
  return (
    <div class="scatter">
      <div class="row scatter-zoom">
        <button type="button" class="small" aria-label="Nearer" onClick={() => zoomBy(1.3)}>
          +
        </button>
        <button type="button" class="small" aria-label="Farther" onClick={() => zoomBy(1 / 1.3)}>
          −
        </button>
        <button type="button" class="small" onClick={() => setLooking(whole)}>
          All
        </button>
      </div>
      <Canvas
        label={label}
        height={HEIGHT}
        draw={draw}
        onPoint={(place) => onLook(place && nearestTo(place))}
        onPress={(place) => {
          const at = nearestTo(place);
          if (at !== undefined) onOpen(at);
        }}
        onDrag={({ x, y }) => moveBy(x, y)}
        onZoom={zoomBy}
        onKey={(event) => {
          const act = keys[event.key];
          if (act === undefined) return;
          event.preventDefault();
          act();
        }}
      />
    </div>
  );
}
