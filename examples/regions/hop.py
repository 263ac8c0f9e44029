"""A session that hops between regions and never reads less than it has read or written before, by the token that every answer carries."""

import json
import math
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

API_KEY = os.environ.get("MURMUR_API_KEY")
COLLECTION = os.environ.get("COLLECTION", "hop-example")
PATH = "/collections/" + urllib.parse.quote(COLLECTION, safe="")
REGIONS = sys.argv[1:] or [f"http://127.0.0.1:{port}" for port in (6333, 6343, 6353)]
STEPS = 12
# what the collection says of itself: one that does not is somebody's, and is left alone
MADE_BY = {"made_by": "examples/regions/hop"}


class Session:
    """What a client keeps between its requests, wherever it sends them."""

    def __init__(self):
        self.token = None

    def ask(self, region, method, path, body=None):
        headers = {"content-type": "application/json"}
        if API_KEY:
            headers["api-key"] = API_KEY
        if self.token:
            headers["x-murmur-token"] = self.token
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(region.rstrip("/") + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as response:
                self.token = response.headers.get("x-murmur-token", self.token)
                return json.load(response)["result"]
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError as error:
            raise SystemExit(f"{region} does not answer: {error.reason}") from None

    def count(self, region):
        return self.ask(region, "POST", PATH + "/points/count", {"exact": True})["count"]


def main():
    session = Session()
    home = REGIONS[0]
    if session.ask(home, "GET", PATH + "/exists")["exists"]:
        metadata = session.ask(home, "GET", PATH)["config"].get("metadata") or {}
        if metadata.get("made_by") != MADE_BY["made_by"]:
            raise SystemExit(f"{COLLECTION} is there already, and is not this example's: name another one by COLLECTION")
        session.ask(home, "DELETE", PATH)
    session.ask(home, "PUT", PATH, {"vectors": {"size": 2, "distance": "Dot"}, "metadata": MADE_BY})
    missed = 0
    for step in range(1, STEPS + 1):
        here = REGIONS[step % len(REGIONS)]
        there = REGIONS[(step + 1) % len(REGIONS)]
        point = {"id": step, "vector": [math.cos(step), math.sin(step)], "payload": {"step": step, "region": here}}
        session.ask(here, "PUT", PATH + "/points?wait=true", {"points": [point]})
        # somebody who has no token is answered at once, from what is there
        try:
            without = Session().count(there)
        except urllib.error.HTTPError:
            without = 0
        missed += without < step
        seen = session.count(there)
        if seen != step:
            raise SystemExit(f"step {step}: {there} shows {seen} things to a session that has seen {step}")
        print(f"{step}: written in {here}, read in {there}: {seen} with the token, {without} without")
    print(f"The session saw all it had written, {STEPS} times of {STEPS}; without its token {missed} reads were behind.")


if __name__ == "__main__":
    try:
        main()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{error.url} answers {error.code}: {error.read(500).decode(errors='replace')}") from None
