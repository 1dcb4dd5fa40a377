"""Runs a TAXII 2.1 server by others, on loopback: `servers.py medallion|opentaxii FOLDER PORT`.

Prints a line of JSON with where it is, then serves until it is killed. User `ada`, password `secret`; one collection, empty.
"""

import json
import os
import sys
import uuid

COLLECTION = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"


def medallion(folder, port):
    data = os.path.join(folder, "data.json")
    with open(data, "w", encoding="utf-8") as file:
        json.dump(
            {
                "/discovery": {"title": "medallion", "default": f"http://127.0.0.1:{port}/trust/", "api_roots": [f"http://127.0.0.1:{port}/trust/"]},
                "trust": {
                    "information": {"title": "Trust", "versions": ["application/taxii+json;version=2.1"], "max_content_length": 104857600},
                    "status": [],
                    "collections": [
                        {
                            "id": COLLECTION,
                            "title": "Shared",
                            "can_read": True,
                            "can_write": True,
                            "media_types": ["application/stix+json;version=2.1"],
                            "objects": [],
                            "manifest": [],
                        }
                    ],
                },
            },
            file,
        )
    config = os.path.join(folder, "config.json")
    with open(config, "w", encoding="utf-8") as file:
        json.dump(
            {
                "backend": {"module": "medallion.backends.memory_backend", "module_class": "MemoryBackend", "filename": data},
                "users": {"ada": "secret"},
                "taxii": {"max_page_size": 5},
            },
            file,
        )
    from medallion.scripts import run

    print(json.dumps({"url": f"http://127.0.0.1:{port}/taxii2/", "collection": COLLECTION}), flush=True)
    sys.argv = ["medallion", "--port", str(port), "--log-level", "ERROR", config]
    run.main()


def opentaxii(folder, port):
    config = os.path.join(folder, "opentaxii.yml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(
            f"""
domain: "127.0.0.1:{port}"
support_basic_auth: yes
auth_api:
  class: opentaxii.auth.sqldb.SQLDatabaseAPI
  parameters:
    db_connection: sqlite:///{folder}/auth.db
    create_tables: yes
    secret: {uuid.uuid4()}
taxii1:
taxii2:
  contact: "ada"
  description: "a server"
  max_content_length: 9765625
  title: "OpenTAXII"
  public_discovery: false
  allow_custom_properties: true
  persistence_api:
    class: opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI
    parameters:
      db_connection: sqlite:///{folder}/data.db
      create_tables: yes
logging:
  opentaxii: error
  root: error
"""
        )
    os.environ["OPENTAXII_CONFIG"] = config
    # OpenTAXII 0.9.3 has ids as `UUID` on SQLite, which it can't write as JSON: without this every list of collections is a 500.
    json.JSONEncoder.default = lambda self, value: str(value)
    from werkzeug.serving import run_simple

    from opentaxii.http import app

    server = app.taxii_server
    with app.app_context():
        server.auth.api.create_account("ada", "secret", is_admin=True)
        api = server.servers.taxii2.persistence.api
        api.add_api_root(title="Trust", default=True)
        root = str(api.get_api_roots()[0].id)
        api.add_collection(api_root_id=root, title="Shared", is_public=True, is_public_write=True)
        collection = str(api.get_collections(root)[0].id)
    print(json.dumps({"url": f"http://127.0.0.1:{port}/taxii2/", "collection": collection}), flush=True)
    run_simple("127.0.0.1", port, app, threaded=False)


if __name__ == "__main__":
    {"medallion": medallion, "opentaxii": opentaxii}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
