import type { Json } from "./json.js";

/**
 * A date, alone or with a time after `T` or a space, and a zone after that: RFC 3339, and the shorter spellings of the dialect. Each part has
 * a fixed place, so that matching takes one pass.
 */
const DATETIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,30}))?)?(?:([Zz])|([+-])(\d{2}):?(\d{2}))?)?$/;
const LENGTH_MAX = 64;

const MS_PER_MINUTE = 60_000;
const MICROS_PER_MS = 1_000n;

const MS_PER_DAY = 86_400_000;
const DAYS_OF_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days from 1970 to a date of the Gregorian calendar (Hinnant, "chrono-compatible low-level date algorithms"); `undefined`: there is no such day. */
function daysTo(year: number, month: number, day: number): number | undefined {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = month === 2 && !isLeap ? 28 : DAYS_OF_MONTHS[month - 1];
  if (last === undefined || day < 1 || day > last) return undefined;
  // years from March on, so that the odd day comes last; 400 of them have 146,097 days
  const from = month > 2 ? year : year - 1;
  const era = Math.floor(from / 400);
  const inEra = from - era * 400;
  const inYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146_097 + inEra * 365 + Math.floor(inEra / 4) - Math.floor(inEra / 100) + inYear - 719_468;
}

/**
 * Microseconds since 1970 of a datetime in one of the dialect's spellings: `YYYY-MM-DD`, or that and `HH:MM[:SS[.f]]` after `T` or a space,
 * with `Z` or an offset behind; without one it is UTC. Digits beyond microseconds are cut off; second 60 is the first one of the next minute.
 * A `number` where that is exact, else a `bigint`. `undefined` for any other text.
 */
export function parseDatetime(text: string): number | bigint | undefined {
  if (text.length > LENGTH_MAX) return undefined;
  const parts = DATETIME.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = "", , sign, zoneHour, zoneMinute] =
    parts;
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)];
  const [offsetHours, offsetMinutes] = [Number(zoneHour ?? 0), Number(zoneMinute ?? 0)];
  if (hours > 23 || minutes > 59 || seconds > 60 || offsetHours > 23 || offsetMinutes > 59) return undefined;
  const days = daysTo(Number(year), Number(month), Number(day));
  if (days === undefined) return undefined;
  const offset = (offsetHours * 60 + offsetMinutes) * (sign === "-" ? -1 : 1);
  const ms = days * MS_PER_DAY + (hours * 60 + minutes - offset) * MS_PER_MINUTE + seconds * 1_000;
  const micros = Number(fraction.slice(0, 6).padEnd(6, "0"));
  const whole = ms * 1_000 + micros;
  return Number.isSafeInteger(whole) ? whole : BigInt(ms) * MICROS_PER_MS + BigInt(micros);
}

/** The same for any value: only texts are datetimes. */
export function datetimeOf(value: Json): number | bigint | undefined {
  return typeof value === "string" ? parseDatetime(value) : undefined;
}
