import { Presets, SingleBar } from "cli-progress";

/** A bar on a terminal; in a pipe, nothing. */
export interface ProgressBar {
  begin(from: number): void;
  /** `share`: how much of all that is, from 0 to 1, where the number of all is not known. */
  update(value: number, remark: string, share?: number | undefined): void;
  end(): void;
}

const none: ProgressBar = { begin: () => undefined, update: () => undefined, end: () => undefined };

/** Of a bar that goes by shares. */
const STEPS = 10_000;

/** A progress bar on stderr where that is a terminal and one is wanted; `total`: a number of all, or `undefined`: nobody knows it; "shares": each update says its share. */
export function progressBar(unit: string, total: number | "shares" | undefined, isWanted: boolean): ProgressBar {
  if (!isWanted || !process.stderr.isTTY) return none;
  const count = total === "shares" ? "{done}" : total === undefined ? "{value}" : "{value}/{total}";
  const shape =
    total === undefined
      ? `${count} ${unit} | {duration_formatted} {remark}`
      : `{bar} {percentage}% | ${count} ${unit} | {eta_formatted} {remark}`;
  const bar = new SingleBar(
    { format: shape, hideCursor: true, etaBuffer: 50, stream: process.stderr },
    Presets.shades_classic,
  );
  const steps = (share: number) => Math.round(STEPS * Math.min(1, Math.max(0, share)));
  return {
    begin: (from) => {
      const payload = { remark: "", done: from };
      if (total === "shares") bar.start(STEPS, 0, payload);
      else bar.start(total ?? 0, from, payload);
    },
    update: (value, remark, share = 0) => {
      bar.update(total === "shares" ? steps(share) : value, { remark, done: value });
    },
    end: () => bar.stop(),
  };
}
