import { useEffect, useRef, useState } from "preact/hooks";
import { isDark } from "../theme.js";

/** What a drawing is drawn on. */
export interface Drawing {
  readonly context: CanvasRenderingContext2D;
  /** Pixels of the page. */
  readonly width: number;
  readonly height: number;
  /** The value of a custom property of the theme: `colour("--text")`. */
  readonly colour: (name: string) => string;
}

/** A place on the drawing, in its pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface CanvasProps {
  /** Says what is seen, to who does not see it, and where the same stands as text. */
  readonly label: string;
  readonly height: number;
  /** Draws all of it; called again when the size or the theme changes, and when it is another function. */
  readonly draw: (drawing: Drawing) => void;
  /** The pointer is here; `undefined`: it has left. */
  readonly onPoint?: (place: Place | undefined) => void;
  readonly onPress?: (place: Place) => void;
  /** Dragged by so much. */
  readonly onDrag?: (by: Place) => void;
  /** Zoomed by this factor around a place. */
  readonly onZoom?: (factor: number, around: Place) => void;
  readonly onKey?: (event: KeyboardEvent) => void;
}

const DRAG_MIN = 4;

/** A canvas as wide as its place, sharp on every screen, in the colours of the theme. */
export function Canvas(props: CanvasProps) {
  const { label, height, draw } = props;
  const element = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const latest = useRef(props);
  latest.current = props;
  const dark = isDark.value;

  useEffect(() => {
    const canvas = element.current;
    if (canvas === null) return;
    // its own: what is around it has margins inside, and a drawing as wide as that would be squeezed, and pressed beside what is seen
    const observer = new ResizeObserver(() => setWidth(Math.floor(canvas.clientWidth)));
    observer.observe(canvas);
    // by hand: a listener of the framework could not keep the page from scrolling
    const onWheel = (event: WheelEvent) => {
      const { onZoom } = latest.current;
      if (onZoom === undefined || !(event.ctrlKey || event.metaKey || document.activeElement === canvas)) return;
      event.preventDefault();
      onZoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, { x: event.offsetX, y: event.offsetY });
    };
    canvas.addEventListener("wheel", onWheel, { passive: false });
    return () => {
      observer.disconnect();
      canvas.removeEventListener("wheel", onWheel);
    };
  }, []);

  useEffect(() => {
    const canvas = element.current;
    const context = canvas?.getContext("2d");
    if (canvas === null || context === null || context === undefined || width === 0) return;
    const frame = requestAnimationFrame(() => {
      const ratio = Math.min(globalThis.devicePixelRatio, 3);
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      const style = getComputedStyle(document.documentElement);
      draw({ context, width, height, colour: (name) => style.getPropertyValue(name).trim() });
    });
    return () => cancelAnimationFrame(frame);
  }, [draw, width, height, dark]);

  const pressed = useRef<{ at: Place; isDrag: boolean }>(undefined);
  const placeOf = (event: PointerEvent): Place => ({ x: event.offsetX, y: event.offsetY });
  return (
    <canvas
      ref={element}
      class="plot"
      role="img"
      aria-label={label}
      tabIndex={props.onKey === undefined ? undefined : 0}
      style={{ width: "100%", height: `${height}px` }}
      onPointerDown={(event) => {
        pressed.current = { at: placeOf(event), isDrag: false };
      }}
      onPointerMove={(event) => {
        const here = placeOf(event);
        const down = pressed.current;
        if (down === undefined || props.onDrag === undefined) return props.onPoint?.(here);
        const by = { x: here.x - down.at.x, y: here.y - down.at.y };
        if (!down.isDrag && Math.hypot(by.x, by.y) < DRAG_MIN) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        pressed.current = { at: here, isDrag: true };
        props.onDrag(by);
      }}
      onPointerUp={(event) => {
        if (pressed.current?.isDrag === false) props.onPress?.(placeOf(event));
        pressed.current = undefined;
      }}
      onPointerLeave={() => {
        if (pressed.current?.isDrag !== true) pressed.current = undefined;
        props.onPoint?.(undefined);
      }}
      onKeyDown={(event) => props.onKey?.(event)}
    />
  );
}
