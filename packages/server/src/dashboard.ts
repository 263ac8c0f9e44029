import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";

/** Where the dashboard is served. */
const dashboardPath = "/dashboard";

/** Of the bundle: their names hold a hash of what is in them. */
const ASSETS = "assets";
const YEAR_MS = 365 * 86_400_000;

/**
 * What the page may do: load what this server serves, speak to this server, and nothing else. Nothing that stands in the page itself is run or applied, so
 * that a text from data which came to be markup would still do nothing.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const headers = {
  "content-security-policy": policy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** The folder of the dashboard's bundle, which is a package beside this one; `undefined`: it is not built. */
export function dashboardBundle(): string | undefined {
  try {
    const index = fileURLToPath(import.meta.resolve("@murmuration/dashboard/index.html"));
    return existsSync(index) ? dirname(index) : undefined;
  } catch {
    // a server without that package
    return undefined;
  }
}

const notBuilt = "The dashboard is not built here: npm run build builds it, and npm start does.";

/**
 * Serves the dashboard's files; without their folder it says that there are none. They are the same for everybody and need no key: the page asks for one, and sends it with each request for data. Its routes are
 * no part of the OpenAPI document.
 */
export async function serveDashboard(app: FastifyInstance, folder: string | undefined): Promise<void> {
  const open = { config: { right: "open" } } as const;
  if (folder === undefined) {
    const missing = (_: unknown, reply: FastifyReply) =>
      reply.code(503).headers(headers).type("text/plain; charset=utf-8").send(notBuilt);
    app.get(dashboardPath, open, missing);
    return;
  }
  await app.register(async (apart) => {
    await apart.register(fastifyStatic, { root: folder, serve: false, preCompressed: true });
    apart.addHook("onRequest", async (_, reply) => {
      reply.headers(headers);
      const vary = reply.getHeader("vary");
      reply.header("vary", vary === undefined ? "accept-encoding" : `${String(vary)}, accept-encoding`);
    });
    apart.get(dashboardPath, open, (request, reply) => {
      const [path = "", query] = request.url.split("?", 2);
      // the page's links to its files begin below it; a link without the host leads there behind a proxy, too
      if (!path.endsWith("/")) return reply.redirect(`dashboard/${query === undefined ? "" : `?${query}`}`, 308);
      return reply.header("cache-control", "no-cache").sendFile("index.html", { cacheControl: false });
    });
    apart.get<{ Params: { "*": string } }>(`${dashboardPath}/${ASSETS}/*`, open, (request, reply) =>
      reply.sendFile(`${ASSETS}/${request.params["*"]}`, { maxAge: YEAR_MS, immutable: true }),
    );
  });
}
