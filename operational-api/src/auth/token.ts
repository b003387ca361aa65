import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { z } from "zod";

/** What a token says: who, by which session, and which scope they had when it was made. Never the scope itself. */
const claimsSchema = z.object({ sub: z.string(), sid: z.string(), scopeVersion: z.string() });
export type TokenClaims = z.infer<typeof claimsSchema>;

/**
 * The claims of a token that we signed, for this origin, and that has not run out; null for any other text.
 * `issuer` is KEHU_URL; `jwks` is what `GET /api/auth/jwks` answers, or a function that finds the key. Throws only when that function can't ask.
 */
export async function verifyToken(
  token: string,
  options: { jwks: JSONWebKeySet | JWTVerifyGetKey; issuer: string },
): Promise<TokenClaims | null> {
  const key = typeof options.jwks === "function" ? options.jwks : createLocalJWKSet(options.jwks);
  try {
    const { payload } = await jwtVerify(token, key, {
      issuer: options.issuer,
      audience: options.issuer,
      algorithms: ["EdDSA"],
      requiredClaims: ["exp"],
    });
    return claimsSchema.parse(payload);
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) return null;
    throw error;
  }
}

/** A key set that is fetched when first needed, and again (at most once a second) when a token names a key it lacks. */
export function createKeySource(fetchKeys: () => Promise<JSONWebKeySet>): JWTVerifyGetKey {
  let keys: JWTVerifyGetKey | undefined;
  let fetchedAt = -Infinity;
  const refresh = async (): Promise<JWTVerifyGetKey> => {
    fetchedAt = performance.now();
    return (keys = createLocalJWKSet(await fetchKeys()));
  };
  return async (header, token) => {
    try {
      return await (keys ?? (await refresh()))(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || performance.now() - fetchedAt < 1_000) throw error;
      return (await refresh())(header, token);
    }
  };
}
