"""Came back: everything in a collection, fetched by OASIS' taxii2-client, written as one bundle.

In: URL of the collection, a client's name and token, a file. Out: how many objects are in the file.
"""
import json
import sys
import uuid

from taxii2client.v21 import Collection, as_pages

url, name, token, path = sys.argv[1:5]
shared = Collection(url, user=name, password=token)
objects = [o for page in as_pages(shared.get_objects, per_request=7) for o in page.get("objects", [])]
listed = [o for page in as_pages(shared.get_manifest, per_request=7) for o in page.get("objects", [])]
assert sorted(o["id"] for o in objects) == sorted(o["id"] for o in listed)
with open(path, "w", encoding="utf-8") as file:
    json.dump({"type": "bundle", "id": f"bundle--{uuid.uuid4()}", "objects": objects}, file)
print(len(objects))
