//! Faults: what is told of objects that don't keep to STIX 2.1, with line, path and code.
//! In: valid objects with one thing wrong. Out: exactly that fault.
//! Invariant: every code that `validate` has is here, and valid objects of every type have none.
//! Not here: what others' validators say of the same objects (`peers.rs`).

use stillwatch_stix::Severity::{Error, Warning};
use stillwatch_stix::validate::{Rules, validate};

/// Common properties of a domain object.
pub(crate) fn domain(kind: &str, rest: &str) -> String {
    format!(
        r#"{{"type":"{kind}","spec_version":"2.1","id":"{kind}--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z"{}{rest}}}"#,
        if rest.is_empty() { "" } else { "," }
    )
}

/// Common properties of an observable.
pub(crate) fn observable(kind: &str, rest: &str) -> String {
    format!(r#"{{"type":"{kind}","spec_version":"2.1","id":"{kind}--8e2e2d2b-17d4-5cbf-938f-98ee46b3cd3f",{rest}}}"#)
}

const INDICATOR: &str = r#""name":"n","description":"d","pattern":"[ipv4-addr:value = '198.51.100.1']","pattern_type":"stix","valid_from":"2026-01-01T00:00:00Z""#;
const TOOL: &str = "tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";

/// Valid objects: one of every type.
pub(crate) fn valid() -> Vec<String> {
    let marking = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9";
    vec![
        domain("attack-pattern", r#""name":"n","external_references":[{"source_name":"mitre-atlas","external_id":"AML.T0024"}],"kill_chain_phases":[{"kill_chain_name":"mitre-atlas","phase_name":"exfiltration"}]"#),
        domain("campaign", r#""name":"n","first_seen":"2026-01-01T00:00:00Z","last_seen":"2026-01-01T00:00:00.000Z","labels":["a"],"confidence":0"#),
        domain("course-of-action", r#""name":"n""#),
        domain("grouping", &format!(r#""context":"suspicious-activity","object_refs":["{TOOL}"]"#)),
        domain("identity", r#""name":"n","identity_class":"organization","sectors":["technology"],"lang":"en-GB""#),
        domain("incident", r#""name":"n""#),
        domain("indicator", INDICATOR),
        domain("infrastructure", r#""name":"n","infrastructure_types":["anonymization"]"#),
        domain("intrusion-set", r#""name":"n","resource_level":"team","goals":["g"]"#),
        domain("location", r#""latitude":48.8566,"longitude":2.3522,"precision":10"#),
        domain("location", r#""region":"western-europe""#),
        domain("malware", r#""is_family":true,"name":"n","malware_types":["spyware"]"#),
        domain("malware-analysis", r#""product":"p","result":"benign""#),
        domain("note", &format!(r#""content":"c","object_refs":["{TOOL}"]"#)),
        domain("observed-data", r#""first_observed":"2026-01-01T00:00:00Z","last_observed":"2026-01-01T00:00:00Z","number_observed":1,"object_refs":["ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"]"#),
        domain("opinion", &format!(r#""opinion":"agree","object_refs":["{TOOL}"]"#)),
        domain("report", &format!(r#""name":"n","published":"2026-01-01T00:00:00Z","report_types":["campaign"],"object_refs":["{TOOL}"]"#)),
        domain("threat-actor", r#""name":"n","threat_actor_types":["unknown"]"#),
        domain("tool", r#""name":"n","tool_types":["unknown"],"external_references":[{"source_name":"s","url":"https://example.com/a","hashes":{"MD5":"1717b7fff97d37a1e1a0029d83492de1"}}]"#),
        domain("vulnerability", r#""name":"n""#),
        domain("relationship", &format!(r#""relationship_type":"uses","source_ref":"campaign--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","target_ref":"{TOOL}""#)),
        domain("sighting", &format!(r#""sighting_of_ref":"{TOOL}","count":0,"summary":true"#)),
        domain("language-content", &format!(r#""object_ref":"{TOOL}","contents":{{"de":{{"name":"n"}}}}"#)),
        format!(r#"{{"type":"marking-definition","spec_version":"2.1","id":"{marking}","created":"2017-01-20T00:00:00.000Z","definition_type":"tlp","name":"TLP:WHITE","definition":{{"tlp":"white"}}}}"#),
        r#"{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2017-01-20T00:00:00.000Z","definition_type":"statement","definition":{"statement":"s"}}"#.to_owned(),
        domain("extension-definition", r#""created_by_ref":"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","name":"n","description":"d","schema":"s","version":"1.0.0","extension_types":["property-extension"]"#),
        observable("artifact", r#""mime_type":"text/plain","payload_bin":"VBORw0KG""#),
        observable("autonomous-system", r#""number":4294967295"#),
        observable("directory", r#""path":"/tmp""#),
        observable("domain-name", r#""value":"example.com""#),
        observable("email-addr", r#""value":"a@example.com""#),
        observable("email-message", r#""is_multipart":false,"body":"b""#),
        observable("file", r#""name":"n","size":0,"hashes":{"SHA-256":"6db12788c37247f2316052e142f42f4b259d6561751e5f401a1ae2a6df9c674b"}"#),
        observable("ipv4-addr", r#""value":"198.51.100.0/24""#),
        observable("ipv6-addr", r#""value":"2001:db8::1""#),
        observable("mac-addr", r#""value":"d2:fb:49:24:37:18""#),
        observable("mutex", r#""name":"n""#),
        observable("network-traffic", r#""src_ref":"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4","src_port":1,"dst_port":443,"protocols":["tcp","http"],"extensions":{"http-request-ext":{"request_method":"post","request_value":"/v1","request_header":{"User-Agent":["a"]}}}"#),
        r#"{"type":"process","spec_version":"2.1","id":"process--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","pid":1}"#.to_owned(),
        observable("software", r#""name":"n","version":"1""#),
        observable("url", r#""value":"https://example.com/""#),
        observable("user-account", r#""user_id":"1","account_type":"unix""#),
        observable("windows-registry-key", r#""key":"HKEY_LOCAL_MACHINE\\a""#),
        observable("x509-certificate", r#""serial_number":"1""#),
    ]
}

/// Objects with one thing wrong: the object, severity, code, path below the object.
pub(crate) fn wrong() -> Vec<(String, stillwatch_stix::Severity, &'static str, &'static str)> {
    let tool = |rest: &str| domain("tool", &format!(r#""name":"n",{rest}"#));
    let indicator = |from: &str, to: &str| domain("indicator", &INDICATOR.replace(from, to));
    let tie = |tie: &str, source: &str, target: &str| {
        let id = |kind: &str| format!("{kind}--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f");
        domain(
            "relationship",
            &format!(r#""relationship_type":"{tie}","source_ref":"{}","target_ref":"{}""#, id(source), id(target)),
        )
    };
    vec![
        (domain("tool", ""), Error, "required", ""),
        (domain("tool", r#""name":7"#), Error, "type", ".name"),
        (domain("tool", r#""name":null"#), Error, "type", ".name"),
        (tool(r#""aliases":[]"#), Error, "empty", ".aliases"),
        (tool(r#""aliases":["a",1]"#), Error, "type", ".aliases[1]"),
        (tool(r#""confidence":101"#), Error, "range", ".confidence"),
        (tool(r#""confidence":1.5"#), Error, "type", ".confidence"),
        (tool(r#""revoked":"yes""#), Error, "type", ".revoked"),
        (tool(r#""lang":"english language""#), Error, "form", ".lang"),
        (tool(r#""tool_types":["hammer"]"#), Warning, "vocabulary", ".tool_types[0]"),
        (tool(r#""name2":"custom""#), Warning, "custom-property", ".name2"),
        (tool(r#""Name":"custom""#), Error, "property-name", ".Name"),
        (tool(r#""severity":"high""#), Error, "reserved", ".severity"),
        (tool(r#""created_by_ref":"tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f""#), Error, "reference", ".created_by_ref"),
        (tool(r#""created_by_ref":"identity--1""#), Error, "id", ".created_by_ref"),
        (tool(r#""object_marking_refs":["tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"]"#), Error, "reference", ".object_marking_refs[0]"),
        (tool(r#""granular_markings":[{"selectors":["name"]}]"#), Error, "required", ".granular_markings[0]"),
        (tool(r#""granular_markings":[{"selectors":["nothing.[3]"],"marking_ref":"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"}]"#), Error, "selector", ".granular_markings[0].selectors"),
        (tool(r#""external_references":[{"source_name":"s"}]"#), Error, "required", ".external_references[0]"),
        (tool(r#""external_references":[{"source_name":"cve","external_id":"1"}]"#), Error, "form", ".external_references[0].external_id"),
        (tool(r#""external_references":[{"source_name":"s","url":"https://example.com"}]"#), Warning, "recommended", ".external_references[0].url"),
        (tool(r#""kill_chain_phases":[{"kill_chain_name":"k"}]"#), Error, "required", ".kill_chain_phases[0].phase_name"),
        (tool(r#""extensions":{"my-ext":{"abc":"b"}}"#), Warning, "custom-extension", ".extensions['my-ext']"),
        (tool(r#""extensions":{"Mine":{"a":"b"}}"#), Error, "key", ".extensions.Mine"),
        (tool(r#""extensions":{"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f":{"a":"b"}}"#), Error, "required", ".extensions['extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f']"),
        (tool(r#""extensions":{"extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f":{"extension_type":"new"}}"#), Error, "enum", ".extensions['extension-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f'].extension_type"),
        (tool("").replace(",}", "}").replace("2026-01-01T00:00:00.000Z\",\"modified", "2026-01-01T00:00:00Z\",\"modified"), Error, "timestamp", ".created"),
        (tool("").replace(",}", "}").replace("\"modified\":\"2026", "\"modified\":\"2025"), Error, "order", ".modified"),
        (tool("").replace(",}", "}").replace("8e2e2d2b-17d4-4", "8e2e2d2b-17d4-1"), Warning, "uuid-version", ".id"),
        (indicator("stix", "telepathy"), Warning, "vocabulary", ".pattern_type"),
        (indicator(r#","valid_from""#, r#","valid_until":"2025-01-01T00:00:00Z","valid_from""#), Error, "order", ".valid_until"),
        (indicator(r#""2026-01-01T00:00:00Z""#, r#""2026-02-30T00:00:00Z""#), Error, "timestamp", ".valid_from"),
        (indicator(r#""description":"d","#, ""), Warning, "recommended", ""),
        (indicator("[ipv4-addr:value", "[[ipv4-addr:value"), Error, "pattern", ".pattern"),
        (tie("mitigates", "campaign", "tool"), Warning, "relationship", ""),
        (tie("uses", "campaign", "bundle"), Error, "reference", ".target_ref"),
        (tie("Uses it", "campaign", "tool"), Error, "form", ".relationship_type"),
        (domain("opinion", &format!(r#""opinion":"meh","object_refs":["{TOOL}"]"#)), Error, "enum", ".opinion"),
        (domain("location", r#""latitude":91,"longitude":0"#), Error, "range", ".latitude"),
        (domain("location", r#""region":"western-europe","longitude":0"#), Error, "required", ""),
        (domain("malware", r#""is_family":true"#), Error, "required", ""),
        (domain("sighting", r#""sighting_of_ref":"sighting--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f""#), Error, "reference", ".sighting_of_ref"),
        (domain("sighting", &format!(r#""sighting_of_ref":"{TOOL}","count":-1"#)), Error, "range", ".count"),
        (domain("language-content", &format!(r#""object_ref":"{TOOL}","contents":{{"not a tag":{{"name":"n"}}}}"#)), Error, "key", ".contents['not a tag']"),
        (domain("x-unknown", r#""a_name":"n""#), Warning, "custom-object", ""),
        (observable("ipv4-addr", r#""value":"198.51.100.256""#), Error, "form", ".value"),
        (observable("ipv6-addr", r#""value":"g::1""#), Error, "form", ".value"),
        (observable("mac-addr", r#""value":"D2:FB:49:24:37:18""#), Error, "form", ".value"),
        (observable("url", r#""value":"no url""#), Error, "form", ".value"),
        (observable("file", r#""size":1"#), Error, "required", ""),
        (observable("file", r#""hashes":{"MD5":"xyz"}"#), Error, "hash", ".hashes.MD5"),
        (observable("file", r#""hashes":{"FOO":"xyz"}"#), Warning, "vocabulary", ".hashes.FOO"),
        (observable("file", r#""name":"n","magic_number_hex":"abc""#), Error, "form", ".magic_number_hex"),
        (observable("file", r#""name":"n","parent_directory_ref":"file--8e2e2d2b-17d4-5cbf-938f-98ee46b3cd3f""#), Error, "reference", ".parent_directory_ref"),
        (observable("artifact", r#""payload_bin":"no base64!""#), Error, "form", ".payload_bin"),
        (observable("artifact", r#""payload_bin":"VBORw0KG","url":"https://example.com","hashes":{"MD5":"1717b7fff97d37a1e1a0029d83492de1"}"#), Error, "excluded", ""),
        (observable("network-traffic", r#""src_port":1,"dst_port":2,"protocols":["tcp"]"#), Error, "required", ""),
        (observable("network-traffic", r#""src_ref":"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4","src_port":1,"dst_port":70000,"protocols":["tcp"]"#), Error, "range", ".dst_port"),
        (observable("network-traffic", r#""src_ref":"ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4","src_port":1,"dst_port":2,"protocols":["tcp"],"extensions":{"http-request-ext":{"request_method":"post"}}"#), Error, "required", ".extensions['http-request-ext']"),
        (observable("email-message", r#""is_multipart":true,"body":"b""#), Error, "excluded", ".body"),
        (observable("process", r#""pid":1"#), Error, "uuid-version", ".id"),
        (r#"{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2017-01-20T00:00:00.000Z"}"#.to_owned(), Error, "required", ""),
        (r#"{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f","created":"2017-01-20T00:00:00.000Z","definition_type":"tlp","definition":{"tlp":"white"}}"#.to_owned(), Error, "tlp", ".definition"),
        // Our own extensions, by their schemas.
        (domain("campaign", &own("ef0b59c3-985c-5859-ad6f-feaa09319bf5", r#""exchanges_log10":1234567"#)), Error, "extension-schema", ".extensions['extension-definition--ef0b59c3-985c-5859-ad6f-feaa09319bf5'].exchanges_log10"),
        (domain("tool", &own("ef0b59c3-985c-5859-ad6f-feaa09319bf5", r#""exchanges_log10":3"#)), Error, "extension", ".extensions['extension-definition--ef0b59c3-985c-5859-ad6f-feaa09319bf5']"),
        (domain("course-of-action", &own("41295c47-dcc5-53cf-ad0b-e35bd1b6bc33", r#""taken":"yesterday","action":"block""#)), Error, "extension-schema", ".extensions['extension-definition--41295c47-dcc5-53cf-ad0b-e35bd1b6bc33'].taken"),
        (indicator(r#""name":"n""#, &own("acc2decd-9eae-506a-8eb6-d04f341bfba8", r#""sketch":{"algorithm":"abc","body":["xyz"]},"kind":"template","minimum_agreement":0.5"#)), Error, "extension-schema", ".extensions['extension-definition--acc2decd-9eae-506a-8eb6-d04f341bfba8'].sketch.body[0]"),
        (domain("campaign", &own("ef0b59c3-985c-5859-ad6f-feaa09319bf5", r#""exchanges_log10":3,"new_in_next_version":1"#)), Warning, "extension-property", ".extensions['extension-definition--ef0b59c3-985c-5859-ad6f-feaa09319bf5']"),
    ]
}

fn own(uuid: &str, content: &str) -> String {
    format!(
        r#""name":"n","extensions":{{"extension-definition--{uuid}":{{"extension_type":"property-extension",{content}}}}}"#
    )
}

/// Stands for the pattern parser: brackets must match.
fn pattern(text: &str) -> Result<(), String> {
    if text.matches('[').count() == text.matches(']').count() { Ok(()) } else { Err("brackets don't match".to_owned()) }
}

#[test]
fn valid_objects_of_every_type_have_no_fault() {
    let rules = Rules { pattern: Some(&pattern), ..Rules::default() };
    let text = format!(
        "{{\"type\":\"bundle\",\"id\":\"bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\"objects\":[{}]}}",
        valid().join(",\n")
    );
    let faults: Vec<_> =
        validate(text.as_bytes(), &rules).into_iter().filter(|fault| fault.code != "duplicate").collect();
    assert_eq!(faults, []);
}

#[test]
fn what_is_wrong_is_told_with_line_path_and_code() {
    let rules = Rules { pattern: Some(&pattern), ..Rules::default() };
    for (object, severity, code, path) in wrong() {
        let text = format!(
            "{{\"type\":\"bundle\",\"id\":\"bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f\",\n\"objects\":[\n{},\n{object}]}}",
            domain("vulnerability", r#""name":"n""#)
        );
        let faults = validate(text.as_bytes(), &rules);
        let told: Vec<_> = faults.iter().map(|f| (f.severity, f.code, f.path.as_str(), f.line)).collect();
        assert!(told.contains(&(severity, code, format!("$.objects[1]{path}").as_str(), 4)), "{object}\n{told:?}");
        assert!(told.iter().all(|fault| fault.3 == 4), "{object}\n{told:?}");
        assert_eq!(severity == Error, faults.iter().any(|fault| fault.severity == Error), "{object}\n{told:?}");
    }
}

/// What a person reads.
#[test]
fn faults_are_sentences() {
    let text = r#"{
  "type": "bundle",
  "id": "bundle-1",
  "spec_version": "2.1",
  "objects": [
    {
      "type": "campaign",
      "spec_version": "2.1",
      "id": "campaign--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
      "created": "2026-01-01T00:00:00.000Z",
      "modified": "2025-01-01T00:00:00.000Z",
      "first_seen": "yesterday",
      "x_note": "custom",
      "object_marking_refs": ["tlp:red"]
    },
    {"type": "campaign", "id": "campaign--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", "name": },
    {"type": "weapon", "spec_version": "2.1", "id": "tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"}
  ]
}"#;
    let told: Vec<String> = validate(text.as_bytes(), &Rules::default()).iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn bytes_that_are_no_bundle_are_told_too() {
    for (bytes, code) in [
        (&b""[..], "syntax"),
        (b"[1]", "syntax"),
        (b"\xff", "encoding"),
        (b"{\"type\":\"bundle\",\"id\":\"x\"}", "id"),
        (b"{\"type\":", "syntax"),
    ] {
        let faults = validate(bytes, &Rules::default());
        assert!(faults.iter().any(|fault| fault.code == code), "{faults:?}");
    }
}
