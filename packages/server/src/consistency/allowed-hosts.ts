/** This machine, as `URL` gives a host. */
export const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** A host as `URL` gives it, in lower case, or `*.` and what its name must end in. Throws an `Error` that says what is expected. */
export function allowedHost(text: string): string {
  const host = text.toLowerCase();
  const plain = host.startsWith("*.") ? host.slice(2) : host;
  if (/^[a-z0-9.:[\]-]+$/.test(plain) && URL.canParse(`http://${plain}`)) {
    const { hostname, host: whole, pathname, username } = new URL(`http://${plain}`);
    if (hostname === plain && whole === plain && pathname === "/" && username === "") return host;
  }
  throw new Error(`"${text}" must be a host name or address without port, or *. and the end of names`);
}

/**
 * May a read be passed on to this address of another replica? Addresses come from the catalogue, where any member can write: without a list
 * one could aim requests of this server at whatever it reaches. `hosts`: as `allowedHost` gives them; one on the loopback allows all of it.
 */
export function isAllowedUrl(url: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, username, password } = new URL(url);
  if ((protocol !== "http:" && protocol !== "https:") || username !== "" || password !== "") return false;
  if (LOOPBACK.test(hostname)) return hosts.some((host) => LOOPBACK.test(host));
  return hosts.some((host) => (host.startsWith("*.") ? hostname.endsWith(host.slice(1)) : hostname === host));
}
