import { hkdfSync } from "node:crypto";
import { decodeProtectedHeader, jwtVerify, SignJWT } from "jose";
import type { Caller } from "./caller.js";
import { type Claims, claimOf, readClaims } from "./claims.js";

/** So long the token is good with which one replica asks another in somebody's name. */
const LIFE_SECONDS = 60;
const TYPE = "murmuration-peer+jwt";

/** What replicas that have this key in common sign with. It is another one, so that no token of a client is one of a replica, nor the other way around. */
export function peerKey(apiKey: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", apiKey, "", "murmuration peer token 1", 32));
}

/** Does the token say that a replica made it? */
export function isPeerToken(token: string): boolean {
  try {
    return decodeProtectedHeader(token).typ === TYPE;
  } catch {
    return false;
  }
}

/**
 * A token by which the replica `audience` lets in what `caller` may do, and no more, for a minute. The key itself does not leave this server: where others are
 * reached is written by any member.
 */
export function signPeerToken(key: Uint8Array, caller: Caller, audience: number, nowMs: number): Promise<string> {
  // whoever is asked is told for whom
  const subject = caller.subject ?? caller.name;
  const claims = { access: claimOf(caller.access), ...(subject === undefined ? {} : { sub: subject }) };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256", typ: TYPE })
    .setAudience(String(audience))
    .setExpirationTime(Math.floor(nowMs / 1000) + LIFE_SECONDS)
    .sign(key);
}

/** Its claims; `undefined`: it is not for this replica, over, or forged. */
export async function readPeerToken(
  token: string,
  key: Uint8Array,
  here: { readonly replicaId: number; readonly nowMs: number; readonly leewaySeconds: number },
): Promise<Claims | undefined> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ["HS256"],
      typ: TYPE,
      audience: String(here.replicaId),
      requiredClaims: ["exp", "access"],
      clockTolerance: here.leewaySeconds,
      currentDate: new Date(here.nowMs),
    });
    return readClaims(payload);
  } catch {
    return undefined;
  }
}
