import { type JWTPayload, SignJWT } from "jose";
import type { AccessKeys } from "../access/guard.js";

/** Keys of no server but those of tests. */
export const testKeys: AccessKeys = {
  readWrite: ["read-write-key-of-a-test-0123456789", "alternate-key-of-a-test-0123456789"],
  readOnly: ["read-only-key-of-a-test-0123456789"],
  tokens: true,
};

/** A token with these claims, signed as clients sign theirs. */
export function signedToken(claims: JWTPayload, key = testKeys.readWrite[0] as string, alg = "HS256"): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(key));
}

/** The header that a bearer token stands in. */
export const bearing = (token: string) => ({ authorization: `Bearer ${token}` });
