"""The same as rag.py with the official package: pip install qdrant-client."""

import os
import pathlib
import sys
import uuid

from qdrant_client import QdrantClient, models

from rag import chunks_of, id_of

COLLECTION = os.environ.get("COLLECTION", "rag-example-with-client")
FOLDER = str(pathlib.Path(__file__).parent.absolute() / "texts")


def document(text):
    return models.Document(text=text, model="qdrant/bm25")


def main():
    question = " ".join(sys.argv[1:])
    if not question:
        raise SystemExit('usage: python3 rag_with_client.py "QUESTION"')
    url = os.environ.get("MURMUR_URL", "http://127.0.0.1:6333")
    # cloud_inference: documents are sent as they are, and the server makes vectors of them
    client = QdrantClient(url=url, api_key=os.environ.get("MURMUR_API_KEY"), cloud_inference=True)
    if not client.collection_exists(COLLECTION):
        words = models.SparseVectorParams(modifier=models.Modifier.IDF)
        client.create_collection(COLLECTION, vectors_config={}, sparse_vectors_config={"words": words})
    run = str(uuid.uuid4())
    points = [
        models.PointStruct(
            id=id_of(FOLDER, file.name, at),
            vector={"words": document(text)},
            payload={"folder": FOLDER, "file": file.name, "at": at, "text": text, "run": run},
        )
        for file in sorted(pathlib.Path(FOLDER).iterdir())
        for at, text in enumerate(chunks_of(file.read_text(encoding="utf-8")))
    ]
    client.upsert(COLLECTION, points, wait=True)
    in_folder = models.FieldCondition(key="folder", match=models.MatchValue(value=FOLDER))
    of_run = models.FieldCondition(key="run", match=models.MatchValue(value=run))
    # what earlier runs wrote of this folder, and this one did not, is in no file any more
    older = models.Filter(must=[in_folder], must_not=[of_run])
    client.delete(COLLECTION, models.FilterSelector(filter=older), wait=True)
    found = client.query_points(
        COLLECTION,
        query=document(question),
        using="words",
        query_filter=models.Filter(must=[in_folder]),
        limit=3,
        with_payload=True,
    )
    for number, point in enumerate(found.points, 1):
        print(f"[{number}] {point.payload['file']}, chunk {point.payload['at'] + 1} (score {point.score:.2f})")
        print(point.payload["text"] + "\n")


if __name__ == "__main__":
    main()
