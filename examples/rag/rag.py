"""Questions to a folder of texts: what the server finds by qdrant/bm25, and what a language model makes of it where there is one."""

import argparse
import hashlib
import json
import os
import pathlib
import re
import urllib.error
import urllib.parse
import urllib.request
import uuid

URL = os.environ.get("MURMUR_URL", "http://127.0.0.1:6333")
API_KEY = os.environ.get("MURMUR_API_KEY")


def post(url, body, headers=None, method="POST"):
    """Sends JSON, answers JSON. Raises with what the server says."""
    request = urllib.request.Request(url, method=method, headers={"content-type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, json.dumps(body).encode() if body is not None else None) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method} {url}: {error.code} {error.read(500).decode(errors='replace')}") from None
    except urllib.error.URLError as error:
        parts = urllib.parse.urlsplit(url)
        raise SystemExit(f"{parts.scheme}://{parts.netloc} does not answer: {error.reason}") from None


def ask(method, path, body=None):
    return post(URL + path, body, {"api-key": API_KEY} if API_KEY else {}, method)["result"]


def document(text):
    return {"text": text, "model": "qdrant/bm25"}


def chunks_of(text):
    """Whole paragraphs, so many together as fit into 400 characters; each begins with the first line of its file, which says what it is about."""
    title, *paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text)]
    chunks = []
    for paragraph in paragraphs:
        if chunks and len(chunks[-1]) + len(paragraph) < 400:
            chunks[-1] += "\n" + paragraph
        else:
            chunks.append(title.lstrip("# ") + "\n" + paragraph)
    return chunks or [title]


def id_of(folder, file, at):
    """The same chunk has the same id in every run: a UUID made of what it is."""
    return str(uuid.UUID(hashlib.sha256(f"{folder}\n{file}\n{at}".encode()).hexdigest()[:32]))


def in_folder(folder):
    """The collection may hold other folders too, and what somebody else wrote."""
    return {"key": "folder", "match": {"value": folder}}


def index(collection, folder):
    run = str(uuid.uuid4())
    points = [
        {
            "id": id_of(folder, file.name, at),
            "vector": {"words": document(text)},
            "payload": {"folder": folder, "file": file.name, "at": at, "text": text, "run": run},
        }
        for file in sorted(pathlib.Path(folder).iterdir())
        if file.suffix in (".md", ".txt")
        for at, text in enumerate(chunks_of(file.read_text(encoding="utf-8")))
    ]
    if not points:
        raise SystemExit(f"{folder} has no text (.md, .txt): nothing was indexed and nothing deleted")
    path = "/collections/" + urllib.parse.quote(collection, safe="")
    if not ask("GET", path + "/exists")["exists"]:
        ask("PUT", path, {"sparse_vectors": {"words": {"modifier": "idf"}}})
    ask("PUT", path + "/index?wait=true", {"field_name": "folder", "field_schema": "keyword"})
    for first in range(0, len(points), 100):
        ask("PUT", path + "/points?wait=true", {"points": points[first : first + 100]})
    # what earlier runs wrote of this folder, and this one did not, is in no file any more
    older = {"must": [in_folder(folder)], "must_not": [{"key": "run", "match": {"value": run}}]}
    ask("POST", path + "/points/delete?wait=true", {"filter": older})
    return path, len(points)


def written(question, passages):
    """What a model writes from the passages, over an endpoint of OpenAI's dialect."""
    sources = "\n\n".join(f"[{i}] {point['payload']['text']}" for i, point in enumerate(passages, 1))
    key = os.environ.get("OPENAI_API_KEY")
    rules = "Answer from these passages alone, and name them by their numbers. Say so if they do not tell."
    answer = post(
        os.environ["OPENAI_BASE_URL"].rstrip("/") + "/chat/completions",
        {
            "model": os.environ.get("OPENAI_MODEL", "gpt-4o-mini"),
            "messages": [
                {"role": "system", "content": rules},
                {"role": "user", "content": f"{sources}\n\nQuestion: {question}"},
            ],
        },
        {"authorization": f"Bearer {key}"} if key else {},
    )
    return answer["choices"][0]["message"]["content"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("question", nargs="+")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(__file__).parent / "texts")
    parser.add_argument("--collection", default="rag-example")
    parser.add_argument("--limit", type=int, default=3)
    args = parser.parse_args()
    question = " ".join(args.question)
    folder = os.path.abspath(args.folder)
    path, count = index(args.collection, folder)
    query = {"query": document(question), "using": "words", "limit": args.limit, "with_payload": True}
    query["filter"] = {"must": [in_folder(folder)]}
    points = ask("POST", path + "/points/query", query)["points"]
    print(f"{count} chunks are indexed.\n")
    if not points:
        print("No text has a word of the question.")
    elif os.environ.get("OPENAI_BASE_URL"):
        print(written(question, points) + "\n")
    for number, point in enumerate(points, 1):
        payload = point["payload"]
        print(f"[{number}] {payload['file']}, chunk {payload['at'] + 1} (score {point['score']:.2f})")
        if not os.environ.get("OPENAI_BASE_URL"):
            print(payload["text"] + "\n")


if __name__ == "__main__":
    main()
