//! Adding: bodies of requests, whole and broken, packed and not.
//! In: what clients send. Out: 202 and a status, or a 4xx and nothing changed.
//! Invariant: one bad object doesn't lose the others; every object given back is the bytes that came, with their sender on record.
//! Not here: media types (`media.rs`), sizes (`limits.rs`).

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use stillwatch_node::publish::publish;

use crate::lab::{Lab, TAXII, Tested, envelope, id, object, some};

#[tokio::test]
async fn bodies_that_are_no_envelope_are_refused() -> Tested {
    let lab = Lab::new().await?;
    let one = &some(1)[0];
    for (body, status) in [
        ("", 400),
        ("nonsense", 400),
        ("[]", 400),
        ("\"x\"", 400),
        ("{\"objects\":[", 400),
        ("{\"objects\":[]} behind", 400),
        ("{\"objects\":[{}]", 400),
        ("{}", 422),
        ("{\"objects\":[]}", 422),
        ("{\"objects\":{}}", 422),
        ("{\"objects\":null}", 422),
        ("{\"more\":true}", 422),
        (one.as_str(), 422),
        (&format!("{{\"objects\":[{one}],\"objects\":[{one}]}}"), 400),
    ] {
        let said = lab.post("both", "shared", body).await?;
        assert_eq!(said.status, status, "{body}: {}", said.text);
    }
    assert_eq!(lab.shared("objects/").await?.text, "{}");
    Ok(())
}

#[tokio::test]
async fn packed_bodies_are_unpacked() -> Tested {
    let lab = Lab::new().await?;
    let pack = |text: &str| -> Tested<Vec<u8>> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(text.as_bytes())?;
        Ok(gzip.finish()?)
    };
    let path = "/trust/collections/shared/objects/";
    let send = async |encoding: &str, bytes: Vec<u8>| -> Tested<u16> {
        let headers = [("accept", TAXII), ("content-type", TAXII), ("content-encoding", encoding)];
        let request = lab.request("both", "POST", path, &headers, "")?.map(|_| axum::body::Body::from(bytes));
        Ok(lab.send(request).await?.status.as_u16())
    };
    assert_eq!(send("gzip", pack(&envelope(&some(2)))?).await?, 202);
    assert_eq!(send("br", pack(&envelope(&some(2)))?).await?, 415);
    assert_eq!(send("gzip", b"no gzip".to_vec()).await?, 400);
    let mut cut = pack(&envelope(&some(2)))?;
    cut.truncate(cut.len() / 2);
    assert_eq!(send("gzip", cut).await?, 400);
    // Sixty-four megabytes in sixty-four kilobytes.
    let bomb = pack(&format!("{{\"objects\":[\"{}\"]}}", " ".repeat(64 << 20)))?;
    assert!(bomb.len() < 100_000);
    assert_eq!(send("gzip", bomb).await?, 413);
    // Answers are packed for who asks, and say the same.
    let headers = [("accept", TAXII), ("accept-encoding", "gzip")];
    let packed = lab.app.clone();
    let response = tower::ServiceExt::oneshot(packed, lab.request("both", "GET", path, &headers, "")?).await?;
    assert_eq!(response.headers().get("content-encoding").map(|v| v.as_bytes()), Some(&b"gzip"[..]));
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await?;
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(bytes.as_ref()), &mut text)?;
    assert_eq!(text, lab.shared("objects/").await?.text);
    Ok(())
}

#[tokio::test]
async fn markings_decide_what_is_shown() -> Tested {
    let lab = Lab::new().await?;
    // `inbox` shows up to amber. `stranger` may not see it; the admin may.
    let with = |n: usize, marking: &str| {
        let object = object("tool", n, "2020-01-02T00:00:00.000Z");
        let refs = format!(r#""object_marking_refs":["{marking}"],"type""#);
        object.replacen("\"type\"", &refs, 1)
    };
    let green = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
    let red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1";
    let own = "marking-definition--8e2e2d2b-17d4-4cbf-938f-000000000001";
    let unread = "marking-definition--8e2e2d2b-17d4-4cbf-938f-000000000002";
    let statement = format!(
        r#"{{"type":"marking-definition","spec_version":"2.1","id":"{own}","created":"2020-01-01T00:00:00.000Z","definition_type":"tlp","definition":{{"tlp":"green"}}}}"#
    );
    let granular = object("tool", 6, "2020-01-02T00:00:00.000Z")
        .replacen("\"type\"", &format!(r#""object_marking_refs":["{green}"],"granular_markings":[{{"marking_ref":"{red}","selectors":["name"]}}],"type""#), 1);
    let said = lab
        .post(
            "writer",
            "inbox",
            &envelope(&[
                with(1, green),
                with(2, red),
                object("tool", 3, "2020-01-02T00:00:00.000Z"),
                with(4, own),
                statement,
                with(5, unread),
                granular,
            ]),
        )
        .await?;
    assert_eq!(said.json()["success_count"], 7, "{}", said.text);
    // Shown: green, what its own marking calls green, and that marking. Not: red, unmarked, unread, red in a part.
    let shown = lab.get("admin", "/trust/collections/inbox/objects/").await?;
    assert_eq!(shown.ids(), [id("tool", 1), id("tool", 4), own.to_owned()]);
    for n in [2, 3, 5, 6] {
        let path = format!("/trust/collections/inbox/objects/{}/", id("tool", n));
        assert_eq!(lab.get("admin", &path).await?.status, 404);
        assert_eq!(lab.get("admin", &format!("{path}versions/")).await?.status, 404);
    }
    Ok(())
}

#[tokio::test]
async fn what_another_sent_is_not_told() -> Tested {
    let lab = Lab::new().await?;
    let (one, other) = (&some(1)[0], object("tool", 1, "2020-01-02T00:00:00.000Z").replace("é", "another"));
    // `writer` may not read: whether its words are new, the same or others', it is told the same.
    let first = lab.post("writer", "shared", &envelope(&[object("tool", 7, "2020-01-02T00:00:00.000Z")])).await?.json();
    lab.put(&some(2)).await?;
    let form = |mut json: serde_json::Value| {
        for name in ["id", "request_timestamp", "successes"] {
            json[name] = json!(null);
        }
        json
    };
    for (n, body) in [one, &other].into_iter().enumerate() {
        let said = lab.post("writer", "shared", &envelope(std::slice::from_ref(body))).await?.json();
        assert_eq!(form(said.clone()), form(first.clone()));
        assert_eq!(said["successes"], json!([{"id": id("tool", n), "version": "2020-01-02T00:00:00.000Z"}]));
    }
    // And what is shown stays what was first.
    let whole = format!("{{\"more\":false,\"objects\":[{}]}}", some(2).join(","));
    assert_eq!(lab.shared("objects/?match[type]=tool&limit=2").await?.json()["objects"][0]["name"], "é 7");
    let first = lab.shared(&format!("objects/?match[id]={},{}", id("tool", 0), id("tool", 1))).await?;
    assert_eq!(first.text, whole);
    Ok(())
}

#[tokio::test]
async fn the_node_publishes_its_own() -> Tested {
    let lab = Lab::new().await?;
    assert_eq!(publish(&lab.node.store, "this-node", "trust/shared", envelope(&some(3)).as_bytes()).await?, 3);
    assert_eq!(lab.shared("objects/").await?.ids().len(), 3);
    assert!(publish(&lab.node.store, "this-node", "trust/nowhere", b"{}").await.is_err());
    assert!(publish(&lab.node.store, "this-node", "trust/shared", b"{}").await.is_err());
    // They aren't another's to remove.
    let path = format!("/trust/collections/shared/objects/{}/", id("tool", 1));
    assert_eq!(lab.send(lab.request("both", "DELETE", &path, &[], "")?).await?.status, 403);
    Ok(())
}
