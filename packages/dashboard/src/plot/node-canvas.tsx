import { useCallback, useRef } from "preact/hooks";
import { Canvas, type Drawing, type Place } from "./canvas.js";
import { placeLabels } from "./place-labels.js";

/** A node: where it is from −1 to 1, and how it is drawn. Colours are custom properties of the theme. */
export interface DrawnNode {
  readonly x: number;
  readonly y: number;
  /** Pixels. */
  readonly radius: number;
  readonly colour: string;
  readonly isHollow?: boolean;
  readonly label?: string;
  /** Its label is written whatever is there; others are where there is room for them. */
  readonly isNamed?: boolean;
}

/** A line between two nodes, by their places in the list. */
export interface DrawnEdge {
  readonly from: number;
  readonly to: number;
  readonly colour: string;
  readonly width: number;
}

export interface NodeCanvasProps {
  readonly label: string;
  readonly height: number;
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
  readonly onPress?: (node: number) => void;
  readonly onPoint?: (node: number | undefined) => void;
  readonly onKey?: (event: KeyboardEvent) => void;
}

const MARGIN = 26;
const REACH = 12;
const LABEL_CHARACTERS = 18;

/** Nodes and lines on a canvas. What is later in the list is drawn above. */
export function NodeCanvas(props: NodeCanvasProps) {
  const { label, height, nodes, edges, onPress, onPoint, onKey } = props;
  const shownWidth = useRef(0);
  const placeOf = (node: DrawnNode, width: number): Place => {
    const scale = Math.min(width, height) / 2 - MARGIN;
    const across = width / 2 - MARGIN;
    // wider than high, where there is room: labels are beside nodes
    return { x: width / 2 + node.x * Math.min(across, scale * 1.5), y: height / 2 + node.y * scale };
  };
  const draw = useCallback(
    ({ context, width, colour }: Drawing) => {
      shownWidth.current = width;
      const places = nodes.map((node) => placeOf(node, width));
      for (const edge of edges) {
        const [from, to] = [places[edge.from], places[edge.to]];
        if (from === undefined || to === undefined) continue;
        context.strokeStyle = colour(edge.colour);
        context.lineWidth = edge.width;
        context.beginPath();
        context.moveTo(from.x, from.y);
        context.lineTo(to.x, to.y);
        context.stroke();
      }
      const ground = colour("--surface");
      for (const [i, node] of nodes.entries()) {
        const { x, y } = places[i] as Place;
        context.fillStyle = node.isHollow === true ? ground : colour(node.colour);
        context.strokeStyle = colour(node.colour);
        context.lineWidth = 2;
        context.beginPath();
        context.arc(x, y, node.radius, 0, 2 * Math.PI);
        context.fill();
        context.stroke();
      }
      context.font = `12px ${colour("--font") || "sans-serif"}`;
      context.textBaseline = "middle";
      context.lineWidth = 3;
      context.textAlign = "left";
      const labels = nodes.flatMap(({ label, radius, isNamed = false }, i) => {
        if (label === undefined) return [];
        const text = label.length > LABEL_CHARACTERS ? `${label.slice(0, LABEL_CHARACTERS)}…` : label;
        return [{ ...(places[i] as Place), radius, text, width: context.measureText(text).width, isFirst: isNamed }];
      });
      for (const [i, place] of placeLabels(labels, width, height).entries()) {
        if (place === undefined) continue;
        const { text = "" } = labels[i] ?? {};
        context.strokeStyle = ground;
        context.strokeText(text, place.left, place.middle);
        context.fillStyle = colour("--text");
        context.fillText(text, place.left, place.middle);
      }
    },
    [nodes, edges, height],
  );
  const nodeAt = (place: Place): number | undefined => {
    let best: number | undefined;
    let bestDistance = Number.POSITIVE_INFINITY;
    for (const [i, node] of nodes.entries()) {
      const { x, y } = placeOf(node, shownWidth.current);
      const distance = Math.hypot(x - place.x, y - place.y);
      if (distance <= node.radius + REACH && distance < bestDistance) [best, bestDistance] = [i, distance];
    }
    return best;
  };
  return (
    <Canvas
      label={label}
      height={height}
      draw={draw}
      {...(onKey === undefined ? {} : { onKey })}
      onPoint={(place) => onPoint?.(place && nodeAt(place))}
      onPress={(place) => {
        const node = nodeAt(place);
        if (node !== undefined) onPress?.(node);
      }}
    />
  );
}
