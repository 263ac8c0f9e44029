import { type DestinationStream, type Logger, pino } from "pino";

const STDERR = 2;

/** Where a log goes, and to whom. */
export interface LogTarget {
  /** For people: readable lines; else a JSON object each. */
  readonly isTerminal: boolean;
  readonly hasColours: boolean;
  /** File descriptor, or what takes the lines. */
  readonly destination: number | NodeJS.WritableStream;
}

/** The target that stderr is. */
export function stderrTarget(): LogTarget {
  const isTerminal = process.stderr.isTTY === true;
  return { isTerminal, hasColours: isTerminal && process.stderr.hasColors(), destination: STDERR };
}

async function streamOf({ isTerminal, hasColours, destination }: LogTarget): Promise<DestinationStream> {
  if (!isTerminal)
    return typeof destination === "number" ? pino.destination({ dest: destination, sync: true }) : destination;
  const { PinoPretty } = await import("pino-pretty");
  return PinoPretty({
    destination,
    sync: true,
    colorize: hasColours,
    singleLine: true,
    translateTime: "SYS:HH:MM:ss",
    ignore: "pid,hostname",
  });
}

/** A request as lines of the HTTP library show it: without its query, which may hold a key, and without headers. */
function shownRequest({ method, url }: { readonly method?: string; readonly url?: string }) {
  return { method, path: url?.split("?", 1)[0] };
}

/** The server's log: each line is written before the call returns, so that none is lost when the process ends. */
export async function openLog(level: string, target: LogTarget = stderrTarget()): Promise<Logger> {
  return pino({ level, serializers: { req: shownRequest } }, await streamOf(target));
}
