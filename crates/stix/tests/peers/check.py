"""What others' programs say of a bundle, as one JSON object.

In: a mode (validate, parse, notices, misp, ids) and files. Out: JSON on stdout.
Nothing is fetched: what the validator would ask the network for it has in its own files.
"""

import json
import socket
import sys


def offline(*_args, **_kwargs):
    raise OSError("no network in tests")


socket.socket.connect = offline


def validate(path):
    """All checks of stix2-validator, with their codes: errors break a MUST, warnings a SHOULD (errors under --strict)."""
    from stix2validator import ValidationOptions, validate_file

    result = validate_file(path, ValidationOptions(version="2.1"))
    objects = result.object_results
    errors = [str(e) for o in objects for e in o.errors]
    if result.fatal:
        errors.append(str(result.fatal))
    warnings = [str(w) for o in objects for w in o.warnings or []]
    strict = validate_file(path, ValidationOptions(version="2.1", strict=True, disabled="uuid-check"))
    return {
        "errors": errors,
        "warnings": warnings,
        # The verdict of `--strict --disabled uuid-check`: ids of version 5 are what makes them the same everywhere.
        "strict": [str(e) for o in strict.object_results for e in o.errors],
    }


def parse(path):
    """Reading by the `stix2` library, custom content not allowed; and what it writes again."""
    import stix2

    with open(path, encoding="utf-8") as file:
        text = file.read()
    bundle = stix2.parse(text, allow_custom=False)
    said = json.loads(text)
    again = json.loads(bundle.serialize())
    by_id = {o["id"]: o for o in again["objects"]}
    lost = [o["id"] for o in said["objects"] if not (set(o) <= set(by_id.get(o["id"], {})))]
    return {"objects": len(bundle.objects), "lost": lost}


def notices(path):
    """The same, once the types that extension definitions add are registered, as `stix2` wants it."""
    import stix2
    from stix2 import properties as p

    with open(path, encoding="utf-8") as file:
        said = json.load(file)["objects"]
    ids = {o["name"]: o["id"] for o in said if o["type"] == "extension-definition"}
    ref = lambda kind: p.ReferenceProperty(valid_types=kind, spec_version="2.1", required=True)
    own = {
        "action-notice": [("campaign_ref", ref("campaign")), ("acts_from", p.TimestampProperty(required=True))],
        "notice-acknowledgement": [("notice_ref", ref("action-notice"))],
        "campaign-effect": [
            ("campaign_ref", ref("campaign")),
            ("volume_change_percent", p.IntegerProperty(required=True)),
        ],
    }
    for kind, properties in own.items():
        stix2.v21.CustomObject(kind, properties, ids[kind])(type(kind, (), {}))
    return parse(path)


def ids(path):
    """Ids of observables as `stix2` makes them, where they aren't ours."""
    import stix2

    with open(path, encoding="utf-8") as file:
        objects = json.load(file)["objects"]
    kinds = {"ipv4-addr": stix2.v21.IPv4Address, "ipv6-addr": stix2.v21.IPv6Address,
             "autonomous-system": stix2.v21.AutonomousSystem}
    checked, other = 0, []
    for said in objects:
        if said["type"] in kinds:
            content = {k: v for k, v in said.items() if k not in ("id", "type", "spec_version", "object_marking_refs")}
            made = kinds[said["type"]](**content).id
            checked += 1
            if made != said["id"]:
                other.append([said["id"], made])
    return {"checked": checked, "other": other}


def misp(path):
    """Conversion to a MISP event by misp-stix."""
    from misp_stix_converter import ExternalSTIX2toMISPParser

    parser = ExternalSTIX2toMISPParser()
    import stix2

    with open(path, encoding="utf-8") as file:
        parser.load_stix_bundle(stix2.parse(file.read(), allow_custom=False))
    parser.parse_stix_bundle()
    events = parser.misp_event if isinstance(parser.misp_event, list) else [parser.misp_event]
    attributes = [[a.type, a.value] for e in events for a in e.attributes]
    attributes += [[o.name, a.value] for e in events for o in e.objects for a in o.attributes]
    flat = lambda told: sorted({str(m) for ms in told.values() for m in ms})
    return {"attributes": sorted(map(lambda a: [str(x) for x in a], attributes)),
            "errors": flat(parser.errors), "warnings": flat(parser.warnings)}


if __name__ == "__main__":
    mode, *paths = sys.argv[1:]
    done = {path: {"validate": validate, "parse": parse, "notices": notices, "ids": ids, "misp": misp}[mode](path) for path in paths}
    json.dump(done, sys.stdout, indent=1, ensure_ascii=False)
