const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `1.5 MiB` */
export function bytes(count: number): string {
  if (!Number.isFinite(count)) return "–";
  let [value, unit] = [count, 0];
  while (Math.abs(value) >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** `1,234,567` */
export function count(value: number | bigint): string {
  return typeof value === "bigint" || Number.isFinite(value) ? whole.format(value) : "–";
}

/** `1.23 M`: three digits at most, for where there is little room. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  for (const [size, unit] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e4, "k"],
  ] as const) {
    if (Math.abs(value) >= size) return `${Number((value / (size === 1e4 ? 1e3 : size)).toPrecision(3))} ${unit}`;
  }
  return whole.format(value);
}

/** A rate or another small number: `0.25`, `12.3`, `1,234`. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  return size === 0 || size >= 100 ? whole.format(value) : String(Number(value.toPrecision(size < 10 ? 2 : 3)));
}

/** Seconds as `350 µs`, `12 ms`, `1.2 s`, `3 min`, `2 h`, `5 d`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "–";
  const size = Math.abs(seconds);
  const of = (value: number, unit: string) =>
    `${value < 0 ? "−" : ""}${Number(Math.abs(value).toPrecision(Math.abs(value) >= 100 ? 3 : 2))} ${unit}`;
  if (size === 0) return "0 s";
  if (size < 1e-3) return of(seconds * 1e6, "µs");
  if (size < 1) return of(seconds * 1e3, "ms");
  if (size < 120) return of(seconds, "s");
  if (size < 7_200) return `${Math.round(seconds / 60)} min`;
  if (size < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** `0.4 %` */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${Number((share * 100).toPrecision(2))} %` : "–";
}

/** A point of time for people: `2026-11-28 22:10:05`, of this machine's clock. */
export function moment(time: string | number | Date): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return String(time);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
