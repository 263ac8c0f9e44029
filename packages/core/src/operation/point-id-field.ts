import { assert, type PointId } from "@murmuration/index";

const HYPHENS = new Set([8, 13, 18, 23]);
const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function nibble(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  assert(code >= 0x61 && code <= 0x66, "a point id is canonical");
  return code - 0x61 + 10;
}

/** The 16 bytes of a canonical UUID. */
export function uuidToBytes(uuid: string): Uint8Array {
  assert(uuid.length === 36, "a point id is canonical");
  const bytes = new Uint8Array(16);
  let at = 0;
  for (let character = 0; character < 36; character += 2) {
    if (HYPHENS.has(character)) character += 1;
    bytes[at++] = (nibble(uuid.charCodeAt(character)) << 4) | nibble(uuid.charCodeAt(character + 1));
  }
  return bytes;
}

/** The canonical UUID of 16 bytes. */
export function uuidFromBytes(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < 16; at += 1) {
    if (at === 4 || at === 6 || at === 8 || at === 10) text += "-";
    text += HEX_OF_BYTE[bytes[at] as number];
  }
  return text;
}

/** An id as it travels: integers as they are, UUIDs as 16 bytes. */
export function pointIdToField(id: PointId): number | bigint | Uint8Array {
  return typeof id === "string" ? uuidToBytes(id) : id;
}

export function pointIdsToFields(ids: readonly PointId[]): (number | bigint | Uint8Array)[] {
  return ids.map(pointIdToField);
}
