"""A page that searches by meaning, under filters: embeds texts by the vectors of their words, and asks Murmuration."""

import array
import http.server
import json
import math
import os
import pathlib
import re
import struct
import sys
import urllib.error
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).parent
URL = os.environ.get("MURMUR_URL", "http://127.0.0.1:6333")
API_KEY = os.environ.get("MURMUR_API_KEY")
PATH = "/collections/" + urllib.parse.quote(os.environ.get("COLLECTION", "places-example"), safe="")
PORT = int(os.environ.get("PORT", "8080"))
# ranks of words from which on they count at all, and for more than half
FREQUENT, RARE = 120, 1000
WORDS = os.environ.get("WORDS", HERE / "../../test/fixtures/words-10k.bin")


def ask(method, path, body=None):
    """Sends JSON to Murmuration, answers its result."""
    headers = {"content-type": "application/json", **({"api-key": API_KEY} if API_KEY else {})}
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(URL + path, data, headers, method=method)) as response:
        return json.load(response)["result"]


class Words:
    """Words by falling frequency with int8 vectors and a scale each (test/fixtures/README.md)."""

    def __init__(self, path):
        content = pathlib.Path(path).read_bytes()
        count, self.dimensions, text_bytes = struct.unpack_from("<III", content, 8)
        words = content[20 : 20 + text_bytes].decode().split("\n")
        scales = (20 + text_bytes + 3) // 4 * 4
        self.scales = struct.unpack_from(f"<{count}f", content, scales)
        self.codes = array.array("b", content[scales + 4 * count :])
        self.rows = {word: row for row, word in enumerate(words)}

    def embed(self, text):
        """The mean of the vectors of the words that are known; None: none is. A model's embedding would stand here.

        Frequent words say little of what a text is about: their part is small (Arora et al., 2017), that of "the" nothing."""
        rows = (self.rows.get(word, 0) for word in re.findall("[a-z]+", text.lower()))
        known = [row for row in rows if row >= FREQUENT]
        if not known:
            return None
        size = self.dimensions
        parts = [(row, self.scales[row] * row / (row + RARE)) for row in known]
        return [sum(part * self.codes[row * size + i] for row, part in parts) for i in range(size)]


words = Words(WORDS)


def load():
    if not ask("GET", PATH + "/exists")["exists"]:
        ask("PUT", PATH, {"vectors": {"size": words.dimensions, "distance": "Cosine"}})
        for field, schema in {"kind": "keyword", "city": "keyword", "price": "integer"}.items():
            ask("PUT", PATH + "/index?wait=true", {"field_name": field, "field_schema": schema})
    places = json.loads((HERE / "places.json").read_text(encoding="utf-8"))
    points = [{"id": place.pop("id"), "vector": words.embed(place["text"]), "payload": place} for place in places]
    ask("PUT", PATH + "/points?wait=true", {"points": points})


def search(asked):
    """Raises ValueError for what cannot be asked."""
    text = asked.get("q", "")
    if len(text) > 500:
        raise ValueError("a question has 500 characters at most")
    must = [{"key": key, "match": {"value": asked[key]}} for key in ("kind", "city") if asked.get(key)]
    if asked.get("price"):
        try:
            price = float(asked["price"])
        except ValueError:
            price = math.nan
        if not math.isfinite(price):
            raise ValueError("a price is a number")
        must.append({"key": "price", "range": {"lte": price}})
    query = words.embed(text)
    if query is None:
        raise ValueError("no word of the question is known")
    body = {"query": query, "filter": {"must": must}, "limit": 5, "with_payload": True}
    points = ask("POST", PATH + "/points/query", body)["points"]
    return {"found": [{"score": point["score"], **point["payload"]} for point in points]}


FILES = {"/": ("index.html", "text/html"), "/page.js": ("page.js", "text/javascript"), "/page.css": ("page.css", "text/css")}


class Handler(http.server.BaseHTTPRequestHandler):
    def send(self, status, kind, body):
        self.send_response(status)
        self.send_header("content-type", f"{kind}; charset=utf-8")
        policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        self.send_header("content-security-policy", policy)
        self.send_header("x-content-type-options", "nosniff")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_json(self, status, value):
        self.send(status, "application/json", json.dumps(value).encode())

    def do_GET(self):
        try:
            url = urllib.parse.urlsplit(self.path)
            if url.path in FILES:
                name, kind = FILES[url.path]
                self.send(200, kind, (HERE / name).read_bytes())
            elif url.path == "/search":
                self.send_json(200, search(dict(urllib.parse.parse_qsl(url.query))))
            else:
                self.send_json(404, {"error": "there is nothing here"})
        except ValueError as error:
            self.send_json(400, {"error": str(error)})
        except urllib.error.URLError as error:
            print(error, file=sys.stderr)
            self.send_json(502, {"error": "the database does not answer"})

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    try:
        load()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{error.url} answers {error.code}: {error.read(500).decode(errors='replace')}") from None
    except urllib.error.URLError as error:
        raise SystemExit(f"{URL} does not answer: {error.reason}") from None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
    print(f"listening on http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
