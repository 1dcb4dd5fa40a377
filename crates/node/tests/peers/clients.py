"""Clients: every call of OASIS' taxii2-client, and stix2's source and sink of a TAXII collection.

In: URL of a discovery resource, a client's name and token. Out: JSON, what was done; an exception where something isn't right.
"""
import json
import sys
import warnings

import stix2
from requests.exceptions import HTTPError
from stix2 import Filter
from taxii2client.v21 import ApiRoot, Collection, Server, Status, as_pages

warnings.simplefilter("error")
url, name, token = sys.argv[1:4]
login = {"user": name, "password": token}
did = []

server = Server(url, **login)
assert server.title == "Stillwatch", server.title
did.append("discovery")

root = server.default
assert [r.url for r in server.api_roots] == [root.url]
assert root.max_content_length == 16 << 20 and root.versions == ["application/taxii+json;version=2.1"], root.versions
assert ApiRoot(root.url, **login).title == "Trust group"
did.append("api_root")

assert [(c.alias, c.can_read, c.can_write) for c in root.collections] == [("shared", True, True), ("inbox", False, True)]
did.append("collections")

shared = Collection(root.collections[0].url, **login)
assert shared.title == "The shared" and shared.media_types == ["application/stix+json;version=2.1"]
did.append("collection")

tools = [stix2.v21.Tool(name=f"tool {n}") for n in range(25)]
later = tools[0].new_version(name="newer")
status = shared.add_objects({"objects": [json.loads(t.serialize()) for t in tools + [later]]}, wait_for_completion=True)
assert (status.status, status.total_count, status.success_count, status.failure_count) == ("complete", 26, 26, 0)
assert len(status.successes) == 26
bad = shared.add_objects(json.dumps({"objects": [{"type": "tool", "id": "x"}]}).encode())
assert bad.failure_count == 1 and bad.failures[0]["message"]
did.append("add_objects")

again = root.get_status(status.id)
assert again.success_count == 26
alone = Status(f"{root.url}status/{status.id}/", **login)
assert alone.success_count == 26
did.append("status")

envelope = shared.get_objects()
assert len(envelope["objects"]) == 25 and not envelope["more"]
did.append("get_objects")

one = shared.get_object(tools[0].id)
assert [o["name"] for o in one["objects"]] == ["newer"]
assert len(shared.get_object(tools[0].id, version="all")["objects"]) == 2
did.append("get_object")

manifest = shared.get_manifest(limit=3)
assert len(manifest["objects"]) == 3 and manifest["more"] and manifest["next"]
did.append("get_manifest")

versions = shared.object_versions(tools[0].id)
assert len(versions["versions"]) == 2, versions
did.append("object_versions")

for per_request in (1, 7, 24, 25, 26):
    pages = list(as_pages(shared.get_objects, per_request=per_request))
    seen = [o["id"] for p in pages for o in p["objects"]]
    assert len(seen) == len(set(seen)) == 25, per_request
    assert len(pages) == -(-25 // per_request), (per_request, len(pages))
did.append("as_pages objects")

for per_request in (1, 7, 25):
    pages = list(as_pages(shared.get_manifest, per_request=per_request, type="tool"))
    assert len({o["id"] for p in pages for o in p["objects"]}) == 25
did.append("as_pages manifest")

date = shared.get_manifest()["objects"][9]["date_added"]
assert len(shared.get_objects(added_after=date)["objects"]) == 15
assert shared.get_objects(type="malware") == {}
assert len(shared.get_objects(id=[tools[1].id, tools[2].id], spec_version="2.1")["objects"]) == 2
assert len(shared.get_objects(version=["first", "last"], id=tools[0].id)["objects"]) == 2
assert len(shared.get_objects(version=tools[3].modified)["objects"]) >= 1
did.append("filters")

shared.delete_object(tools[24].id)
assert len(shared.get_objects()["objects"]) == 24
did.append("delete_object")

for call in (lambda: shared.get_object(tools[24].id), lambda: Collection(f"{root.url}collections/nowhere/", **login).title,
             lambda: Server(url, user=name, password="wrong").title):
    try:
        call()
    except HTTPError as error:
        assert error.response.json()["title"], error
    else:
        raise AssertionError("no error")
did.append("errors")

source = stix2.TAXIICollectionSource(shared)
assert source.get(tools[0].id).name == "newer"
did.append("stix2 get")
assert len(source.all_versions(tools[0].id)) == 2
did.append("stix2 all_versions")
assert len(source.query([Filter("type", "=", "tool")])) == 24
assert [t.name for t in source.query([Filter("type", "=", "tool"), Filter("name", "=", "tool 5")])] == ["tool 5"]
did.append("stix2 query")

malware = stix2.v21.Malware(name="wiper", is_family=False)
stix2.TAXIICollectionSink(shared).add(malware)
assert source.get(malware.id).name == "wiper"
did.append("stix2 sink")

print(json.dumps({"did": did}))
