import { createHash, randomBytes, randomUUID } from "node:crypto";
import { MurmurationError } from "@murmuration/index";
import { z } from "zod";
import {
  type DataKey,
  type DataKeys,
  decrypt,
  derivedKey,
  encrypt,
  KEY_BYTES,
  NONCE_BYTES,
  SALT_BYTES,
} from "./data-keys.js";
import { fingerprintOfKey, type MasterKeys } from "./master-keys.js";

/** Raised when an older reader would misread a ring. */
const ringFormatVersion = 1;

const base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);

/** The form of a ring in a file. */
export const ringSchema = z.object({
  format: z.literal(ringFormatVersion),
  /** Of which folder. */
  ring: z.uuid(),
  /** Goes up with every change: of two copies, the one with more is the later one. */
  generation: z.number().int().positive(),
  /** What tells the master key from others, and shows nothing of it. */
  master: z.string().regex(/^[0-9a-f]{16}$/),
  /** Of the key that wraps the data keys. */
  salt: base64,
  /** Is the folder still being brought to these keys? */
  isUnderWay: z.boolean(),
  /** Data keys, each encrypted under the master key; the first one is for what is new. */
  keys: z
    .array(z.object({ id: z.number().int().positive(), wrapped: base64 }))
    .min(1)
    .max(64),
});

/** A ring as it stands in a file: data keys, wrapped by a master key. */
export type WrittenRing = z.infer<typeof ringSchema>;

const written = z.object({ ring: ringSchema, sha256: z.string() });

/** An open ring. */
export interface KeyRing extends DataKeys {
  readonly generation: number;
  readonly isUnderWay: boolean;
}

const checksumOf = (ring: WrittenRing) => createHash("sha256").update(JSON.stringify(ring)).digest("hex");

/** A ring of its own, with one data key. */
export function newKeyRing(): KeyRing {
  return { ring: randomUUID(), generation: 1, isUnderWay: true, keys: [{ id: 1, secret: randomBytes(KEY_BYTES) }] };
}

function placeOf({ ring, master }: Pick<WrittenRing, "ring" | "master">, id: number): Buffer {
  return Buffer.from(`murmuration key ring ${ringFormatVersion}\n${ring}\n${master}\n${id}`);
}

/**
 * The data keys, wrapped by a master key: by AES-256-GCM under a key derived from it with a salt of this writing alone, with the number of the data key as nonce. So
 * no nonce is used twice.
 */
export function wrapRing({ ring, generation, isUnderWay, keys }: KeyRing, [masterKey]: MasterKeys): WrittenRing {
  const master = fingerprintOfKey(masterKey);
  const salt = randomBytes(SALT_BYTES);
  const wrapping = derivedKey(masterKey, salt, "murmuration key ring");
  const wrapped = keys.map(({ id, secret }) => ({
    id,
    wrapped: encrypt(wrapping, nonceOf(id), placeOf({ ring, master }, id), secret).toString("base64"),
  }));
  const format = ringFormatVersion;
  return { format, ring, generation, master, salt: salt.toString("base64"), isUnderWay, keys: wrapped };
}

function nonceOf(id: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32LE(id);
  return nonce;
}

/** The ring as text. */
export function ringText(ring: WrittenRing): string {
  return `${JSON.stringify({ ring, sha256: checksumOf(ring) }, undefined, 2)}\n`;
}

/** The ring in a text; `undefined`: it is none, or is damaged. */
export function ringFromText(text: string): WrittenRing | undefined {
  try {
    const { success, data } = written.safeParse(JSON.parse(text));
    return success && checksumOf(data.ring) === data.sha256 ? data.ring : undefined;
  } catch {
    return undefined;
  }
}

/** Opens a ring with the one of these keys that wraps it. Throws `forbidden` where none does; `where` names what is to be opened. */
export function openRing(ring: WrittenRing, masterKeys: MasterKeys, where: string): KeyRing {
  const masterKey = masterKeys.find((key) => fingerprintOfKey(key) === ring.master);
  if (masterKey === undefined) {
    const given = masterKeys.map(fingerprintOfKey).join(", ");
    throw new MurmurationError(
      "forbidden",
      `${where} is encrypted under another key (${ring.master}) than the one given (${given}): nothing was changed`,
      "encryption-key",
    );
  }
  const wrapping = derivedKey(masterKey, Buffer.from(ring.salt, "base64"), "murmuration key ring");
  const keys = ring.keys.map(({ id, wrapped }): DataKey => {
    const secret = decrypt(wrapping, nonceOf(id), placeOf(ring, id), Buffer.from(wrapped, "base64"));
    if (secret?.length !== KEY_BYTES) throw new MurmurationError("corrupt", `${where}: data key ${id} is damaged`);
    return { id, secret };
  });
  const { generation, isUnderWay } = ring;
  return { ring: ring.ring, generation, isUnderWay, keys: keys as [DataKey, ...DataKey[]] };
}
