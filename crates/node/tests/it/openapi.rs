//! OpenAPI: the document that the node tells of itself, held against what it does.
//! In: the document, the router. Out: both have the same paths and methods; every answer is one that the document knows.
//! Invariant: a route that is added and not written down fails here.
//! Not here: made-up requests (`schemathesis.rs`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::lab::{CLIENTS, Lab, Tested, some};

async fn document(lab: &Lab) -> Tested<Value> {
    let said =
        lab.send(lab.request("nobody", "GET", "/api/v1/openapi.json", &[("accept", "application/json")], "")?).await?;
    assert_eq!((said.status.as_u16(), said.header("content-type")), (200, "application/json"));
    Ok(said.json())
}

/// Paths of a router: axum tells them to those who debug.
pub(crate) fn routed(lab: &Lab) -> BTreeSet<String> {
    let told = format!("{:?}", lab.app);
    let quoted = told.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/'));
    quoted
        .filter(|path| !path.contains('*'))
        .map(|path| path.trim_end_matches('/').to_owned())
        .filter(|path| !path.is_empty())
        .collect()
}

/// A path with its parameters' examples.
fn filled(document: &Value, path: &str) -> String {
    let parameters = document["components"]["parameters"].as_object().into_iter().flatten();
    parameters.fold(path.to_owned(), |path, (name, told)| {
        path.replace(&format!("{{{name}}}"), told["example"].as_str().unwrap_or_default())
    })
}

#[tokio::test]
async fn the_document_has_every_route_and_no_other() -> Tested {
    let lab = Lab::new().await?;
    let document = document(&lab).await?;
    assert_eq!(document["openapi"], "3.1.0");
    let paths = document["paths"].as_object().ok_or("no paths")?;
    let written: BTreeSet<String> = paths.keys().map(|path| path.trim_end_matches('/').to_owned()).collect();
    let routed = routed(&lab);
    assert!(routed.len() > 10, "{routed:?}");
    assert_eq!(written, routed);
    for (path, told) in paths {
        let said = lab.send(lab.request("admin", "PATCH", &filled(&document, path), &[], "")?).await?;
        assert_eq!(said.status, 405, "{path}");
        let allow = said.header("allow");
        let allowed: BTreeSet<String> = allow.split(',').map(|method| method.trim().to_ascii_lowercase()).collect();
        let methods = told.as_object().into_iter().flatten().map(|(name, _)| name.clone());
        let methods: BTreeSet<String> = methods.filter(|name| name != "parameters").collect();
        let others = ["head", "options"].map(str::to_owned).into();
        assert_eq!(methods, &allowed - &others, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn every_answer_is_one_that_the_document_knows() -> Tested {
    let lab = Lab::new().await?;
    lab.put(&some(1)).await?;
    let document = document(&lab).await?;
    let mut seen: BTreeMap<u16, usize> = BTreeMap::new();
    for (path, told) in document["paths"].as_object().into_iter().flatten() {
        for method in ["get", "post", "delete"].into_iter().filter(|method| told.get(method).is_some()) {
            let known = &told[method]["responses"];
            for client in CLIENTS.iter().map(|(name, ..)| *name).chain([""]) {
                for headers in [&[][..], &[("accept", "text/html")], &[("content-type", "application/taxii+json")]] {
                    let path = filled(&document, path);
                    let request = lab.request(client, &method.to_ascii_uppercase(), &path, headers, "{}")?;
                    let said = lab.send(request).await?;
                    let status = said.status.as_u16();
                    let known = &known[said.status.as_str()];
                    assert!(known.is_object(), "{method} {path} for `{client}`: {status} isn't written down");
                    let target =
                        known["$ref"].as_str().map_or_else(String::new, |at| at.trim_start_matches('#').to_owned());
                    let known =
                        if target.is_empty() { known } else { document.pointer(&target).ok_or("a dangling $ref")? };
                    let media: Vec<&String> =
                        known["content"].as_object().into_iter().flatten().map(|(m, _)| m).collect();
                    let said = said.header("content-type").to_ascii_lowercase();
                    assert!(
                        media.iter().any(|media| said.starts_with(media.as_str())),
                        "{method} {path}: `{said}` {media:?}"
                    );
                    *seen.entry(status).or_default() += 1;
                }
            }
        }
    }
    // Of each sort there were some.
    for status in [200, 400, 401, 403, 404, 406, 415, 422] {
        assert!(seen.contains_key(&status), "{seen:?}");
    }
    Ok(())
}
