//! Media types: of requests, of answers, of errors.
//! In: `Accept` and `Content-Type` as real clients write them. Out: 200, 406, 415.
//! Invariant: an error has TAXII's media type, whatever was accepted.
//! Not here: the parser's own cases (`src/taxii/media.rs`).

use crate::lab::{Lab, TAXII, Tested, envelope, some};

#[tokio::test]
async fn what_a_client_accepts_is_kept_to() -> Tested {
    let lab = Lab::new().await?;
    for (accept, status) in [
        ("application/taxii+json;version=2.1", 200),
        ("application/taxii+json; version=2.1", 200),
        ("application/taxii+json", 200),
        ("text/html;q=0.9, application/taxii+json;version=2.1;q=0.5", 200),
        ("*/*", 200),
        ("application/taxii+json;version=2.0", 406),
        ("application/vnd.oasis.taxii+json; version=2.0", 406),
        ("application/taxii+json;version=2.1;q=0", 406),
        ("text/html", 406),
        ("", 406),
    ] {
        let said = lab.send(lab.request("both", "GET", "/trust/", &[("accept", accept)], "")?).await?;
        assert_eq!(said.status, status, "{accept}");
        assert_eq!(said.header("content-type"), TAXII);
    }
    let two = [("accept", "text/html"), ("accept", "application/taxii+json")];
    assert_eq!(lab.send(lab.request("both", "GET", "/trust/", &two, "")?).await?.status, 200);
    assert_eq!(lab.send(lab.request("both", "GET", "/trust/", &[], "")?).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn what_is_sent_is_said() -> Tested {
    let lab = Lab::new().await?;
    let path = "/trust/collections/shared/objects/";
    let objects = envelope(&some(2));
    let bundle = format!(r#"{{"type":"bundle","id":"bundle--8e2e2d2b-17d4-4cbf-938f-000000000000",{}"#, &objects[1..]);
    for (kind, body, status) in [
        ("application/taxii+json;version=2.1", &objects, 202),
        ("application/taxii+json ; charset=UTF-8 ; version=\"2.1\"", &objects, 202),
        ("application/taxii+json", &objects, 202),
        ("application/stix+json;version=2.1", &bundle, 202),
        ("application/stix+json; version=2.1", &bundle, 202),
        // A bundle in an envelope's place is read as one: it has the same list.
        ("application/taxii+json;version=2.1", &bundle, 202),
        ("application/stix+json;version=2.1", &objects, 422),
        ("application/stix+json;version=2.0", &bundle, 415),
        ("application/taxii+json;version=2.0", &objects, 415),
        ("application/json", &objects, 415),
        ("text/plain", &objects, 415),
        ("nonsense", &objects, 415),
    ] {
        let headers = [("accept", TAXII), ("content-type", kind)];
        let said = lab.send(lab.request("both", "POST", path, &headers, body)?).await?;
        assert_eq!(said.status, status, "{kind}: {}", said.text);
    }
    assert_eq!(lab.send(lab.request("both", "POST", path, &[("accept", TAXII)], &objects)?).await?.status, 415);
    // Nothing of what was refused is there.
    assert_eq!(lab.shared("objects/").await?.ids().len(), 2);
    Ok(())
}

#[tokio::test]
async fn methods_are_those_that_there_are() -> Tested {
    let lab = Lab::new().await?;
    lab.put(&some(1)).await?;
    let object = "/trust/collections/shared/objects/tool--8e2e2d2b-17d4-4cbf-938f-000000000000/";
    for (path, allowed, others) in [
        ("/taxii2/", "GET, HEAD, OPTIONS", &["POST", "PUT", "DELETE", "PATCH"][..]),
        ("/trust/", "GET, HEAD, OPTIONS", &["POST", "PUT", "DELETE"]),
        ("/trust/collections/shared/objects/", "GET, HEAD, POST, OPTIONS", &["PUT", "DELETE", "PATCH"]),
        ("/trust/collections/shared/manifest/", "GET, HEAD, OPTIONS", &["POST", "DELETE"]),
        (object, "GET, HEAD, DELETE, OPTIONS", &["POST", "PUT"]),
    ] {
        let accept = [("accept", TAXII)];
        let options = lab.send(lab.request("both", "OPTIONS", path, &accept, "")?).await?;
        assert_eq!((options.status.as_u16(), options.header("allow")), (204, allowed), "{path}");
        for method in others {
            let said = lab.send(lab.request("both", method, path, &accept, "")?).await?;
            assert_eq!(said.status, 405, "{method} {path}");
            let mut told: Vec<&str> = said.header("allow").split(',').map(str::trim).collect();
            let mut expected: Vec<&str> = allowed.split(", ").collect();
            told.sort_unstable();
            expected.sort_unstable();
            assert_eq!(told, expected, "{method} {path}");
        }
        let (get, head) =
            (lab.get("both", path).await?, lab.send(lab.request("both", "HEAD", path, &accept, "")?).await?);
        assert_eq!((head.status, head.text.as_str()), (get.status, ""));
        assert_eq!(head.header("content-type"), get.header("content-type"));
        assert_eq!(head.header("x-taxii-date-added-first"), get.header("x-taxii-date-added-first"));
        // The last slash may be left out.
        assert_eq!(lab.get("both", path.trim_end_matches('/')).await?.text, get.text);
    }
    Ok(())
}
