import assert from "node:assert/strict";
import { test } from "node:test";
import { allowedHost, isAllowedUrl } from "./allowed-hosts.js";

test("reads are passed on to http and https at the hosts of the list and nowhere else", () => {
  const hosts = ["db-eu", "*.internal.example", "10.0.0.7", "[fd00::1]"];
  const allowed = [
    "http://db-eu:6333",
    "https://db-eu/murmuration",
    "http://DB-EU:1",
    "http://a.internal.example",
    "http://a.b.internal.example:80",
    "http://10.0.0.7:6333",
    "http://[fd00::1]:6333",
  ];
  const refused = [
    "ftp://db-eu",
    "file:///etc/passwd",
    "http://db-us:6333",
    "http://internal.example",
    "http://evilinternal.example",
    "http://db-eu.evil.example",
    "http://user@db-eu",
    "http://db-eu@evil.example",
    "http://127.0.0.1:6333",
    "http://localhost:8222",
    "http://2130706433/",
    "http://[::1]:1",
    "http://169.254.169.254/latest",
    "../../",
    "",
  ];
  for (const url of allowed) assert.ok(isAllowedUrl(url, hosts), url);
  for (const url of refused) assert.ok(!isAllowedUrl(url, hosts), url);
});

test("where one address of the loopback is named, all of it is", () => {
  for (const url of ["http://127.0.0.1:6333", "http://localhost:1", "http://[::1]:2", "http://127.0.0.2"])
    assert.ok(isAllowedUrl(url, ["127.0.0.1"]), url);
  assert.ok(!isAllowedUrl("http://10.0.0.1", ["127.0.0.1"]));
});

test("what is no host is refused", () => {
  for (const text of ["db-eu", "*.example.org", "127.0.0.1", "[::1]", "DB-EU"])
    assert.equal(allowedHost(text), text.toLowerCase());
  for (const text of ["", "*", "db:6333", "http://db", "a/b", "a b", "user@db", "*."])
    assert.throws(() => allowedHost(text), /must be a host/);
});
