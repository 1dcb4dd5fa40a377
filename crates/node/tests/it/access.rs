//! Access: every route for every role, and for nobody.
//! In: a table. Out: each status as it stands there.
//! Invariant: what a client may not know of reads, byte for byte, like what isn't there.
//! Not here: markings (`adding.rs`), `next` of others (`paging.rs`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use stillwatch_node::access::end;
use stillwatch_track::By;
use stillwatch_track::exchange::{Right, allow};

use crate::lab::{CLIENTS, Lab, TAXII, Tested, envelope, id, some};

/// Rows are routes, columns clients. `shared` may be read by all but `writer`, `stranger` and `nobody`; written by `analyst`, `admin`,
/// `both`, `writer` and `hub`. `OBJECT` and `STATUS` are what `both` sent.
const TABLE: &str = "
                                               viewer analyst approver auditor admin both reader writer stranger nobody hub  -
GET    /taxii2/                                 200   200     200      200     200   200  200    200    200      200    200  401
GET    /trust/                                  200   200     200      200     200   200  200    200    200      200    200  401
GET    /second/                                 404   404     404      404     200   404  404    404    200      404    404  401
GET    /nowhere/                                404   404     404      404     404   404  404    404    404      404    404  401
GET    /trust/collections/                      200   200     200      200     200   200  200    200    200      200    200  401
GET    /second/collections/                     404   404     404      404     200   404  404    404    200      404    404  401
GET    /trust/collections/shared/               200   200     200      200     200   200  200    200    404      404    200  401
GET    /trust/collections/inbox/                404   404     404      404     200   200  404    200    404      404    404  401
GET    /trust/collections/inbox/objects/        404   404     404      404     200   403  404    403    404      404    404  401
GET    /trust/collections/other/manifest/       404   404     404      404     200   404  404    404    200      404    404  401
GET    /trust/collections/shared/manifest/      200   200     200      200     200   200  200    403    404      404    200  401
GET    /trust/collections/shared/objects/       200   200     200      200     200   200  200    403    404      404    200  401
HEAD   /trust/collections/shared/objects/       200   200     200      200     200   200  200    403    404      404    200  401
GET    OBJECT                                   200   200     200      200     200   200  200    403    404      404    200  401
GET    OBJECT/versions/                         200   200     200      200     200   200  200    403    404      404    200  401
POST   /trust/collections/shared/objects/       403   202     403      403     202   202  403    202    404      404    202  401
POST   /trust/collections/other/objects/        404   404     404      404     202   404  404    404    202      404    404  401
DELETE OBJECT                                   403   403     403      403     200   200  403    403    404      404    403  401
GET    STATUS                                   404   404     404      404     200   200  404    404    404      404    404  401
GET    /metrics                                 403   403     403      200     200   403  403    403    403      403    403  401
OPTIONS /trust/collections/shared/objects/      204   204     204      204     204   204  204    204    204      204    204  401
PUT    /trust/collections/shared/objects/       405   405     405      405     405   405  405    405    405      405    405  401
GET    /trust/collections/shared/objects        200   200     200      200     200   200  200    403    404      404    200  401
GET    /second/collections/elsewhere/objects/   404   404     404      404     200   404  404    404    200      404    404  401
GET    /second/collections/shared/objects/      404   404     404      404     404   404  404    404    404      404    404  401
GET    /trust/collections/inbox/manifest/       404   404     404      404     200   403  404    403    404      404    404  401
GET    /trust/collections/other/                404   404     404      404     200   404  404    404    200      404    404  401
POST   /trust/collections/inbox/objects/        404   404     404      404     202   202  404    202    404      404    404  401
DELETE /trust/collections/shared/               405   405     405      405     405   405  405    405    405      405    405  401
DELETE /trust/collections/nowhere/              405   405     405      405     405   405  405    405    405      405    405  401
GET    /trust/nowhere/                          404   404     404      404     404   404  404    404    404      404    404  401
GET    /api/v1/me                               200   200     200      200     200   200  200    200    200      200    200  401
GET    /api/v1/openapi.json                     200   200     200      200     200   200  200    200    200      200    200  401
POST   /api/v1/acknowledgements                 200   200     200      200     200   200  200    200    200      200    200  401
GET    /api/v1/acknowledgements                 405   405     405      405     405   405  405    405    405      405    405  401
GET    /api/v1/groups                           200   200     200      200     200   200  200    200    200      200    200  401
GET    /api/v1/groups/nonsense                  404   404     404      404     404   404  404    404    404      404    404  401
GET    /api/v1/trends                           404   404     404      404     404   404  404    404    404      404    404  401
GET    /api/v1/ledger/consistency/0             404   404     404      404     404   404  404    404    404      404    404  401
POST   /api/v1/matching/lines                   404   404     404      404     404   404  404    404    404      404    404  401
POST   /api/v1/matching/lines/00                404   404     404      404     404   404  404    404    404      404    404  401
POST   /api/v1/matching/relay/x/lines           404   404     404      404     404   404  404    404    404      404    404  401
POST   /api/v1/matching/relay/x/lines/00        404   404     404      404     404   404  404    404    404      404    404  401
GET    /api/v1/nowhere                          404   404     404      404     404   404  404    404    404      404    404  401
POST   /healthz                                 405   405     405      405     405   405  405    405    405      405    405  405
GET    /healthz                                 200   200     200      200     200   200  200    200    200      200    200  200
GET    /readyz                                  200   200     200      200     200   200  200    200    200      200    200  200
";

#[tokio::test]
async fn every_route_for_every_role() -> Tested {
    let lab = Lab::new().await?;
    // A route that is added has a line there.
    let asked: Vec<&str> = TABLE.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    for route in crate::openapi::routed(&lab) {
        assert!(asked.iter().any(|path| fits(path, &route)), "`{route}` has no line");
    }
    let mut lines = TABLE.lines().filter(|line| !line.is_empty());
    let clients: Vec<&str> = lines.next().ok_or("a table")?.split_whitespace().collect();
    assert_eq!(clients.len(), CLIENTS.len() + 1);
    let objects = some(1);
    let sent = lab.post("both", "shared", &envelope(&objects)).await?.json();
    let status = format!("/trust/status/{}/", sent["id"].as_str().unwrap_or_default());
    let object = format!("/trust/collections/shared/objects/{}", id("tool", 0));
    for line in lines {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let (method, path) = (cells[0], cells[1].replace("STATUS", &status).replace("OBJECT", &object));
        assert_eq!(cells.len(), clients.len() + 2, "{line}");
        for (client, expected) in clients.iter().zip(&cells[2..]) {
            let client = if *client == "-" { "" } else { client };
            lab.put(&objects).await?;
            let headers = [("accept", TAXII), ("content-type", TAXII)];
            let body = match method {
                "POST" if path.starts_with("/api/") => "{\"objects\":[]}".to_owned(),
                "POST" => envelope(&objects),
                _ => String::new(),
            };
            let said = lab.send(lab.request(client, method, &path, &headers, &body)?).await?;
            assert_eq!(said.status.as_str(), *expected, "{method} {path} for `{client}`: {}", said.text);
        }
    }
    Ok(())
}

/// Whether a path of the table is one of a route's.
fn fits(path: &str, route: &str) -> bool {
    let path = path.replace("OBJECT", "/trust/collections/shared/objects/x").replace("STATUS", "/trust/status/x");
    let (path, route) = (path.trim_end_matches('/').split('/'), route.split('/'));
    let mut all = path.clone().zip(route.clone());
    path.count() == route.count() && all.all(|(one, other)| one == other || other.starts_with('{'))
}

#[tokio::test]
async fn tokens_are_shown_in_two_ways_and_no_other() -> Tested {
    let lab = Lab::new().await?;
    let token = lab.token("both").to_owned();
    let other = lab.token("hub").to_owned();
    let basic = |name: &str, token: &str| format!("Basic {}", STANDARD.encode(format!("{name}:{token}")));
    let stranger = lab.send(lab.request("", "GET", "/trust/", &[("accept", TAXII)], "")?).await?;
    for (shown, status) in [
        (format!("Bearer {token}"), 200),
        (format!("bearer  {token}"), 200),
        (basic("both", &token), 200),
        (format!("bASIC {}", STANDARD.encode(format!("both:{token}"))), 200),
        (basic("hub", &token), 401),
        (basic("", &token), 401),
        (basic("both", &other), 401),
        (basic("both", ""), 401),
        (format!("Basic {}", STANDARD.encode(&token)), 401),
        ("Basic !!!".to_owned(), 401),
        ("Bearer".to_owned(), 401),
        ("Bearer ".to_owned(), 401),
        (format!("Bearer {token}x"), 401),
        (format!("Bearer {}", token.to_uppercase()), 401),
        (format!("Bearer {}", "x".repeat(5_000)), 401),
        (format!("Digest {token}"), 401),
        (token.clone(), 401),
        // What the store keeps opens nothing.
        (format!("Bearer {}", hex::encode(stillwatch_node::access::hash(&token))), 401),
    ] {
        let headers = [("accept", TAXII), ("authorization", shown.as_str())];
        let said = lab.send(lab.request("", "GET", "/trust/", &headers, "")?).await?;
        assert_eq!(said.status, status, "{shown}");
        if status == 401 {
            assert_eq!(said.text, stranger.text, "what is wrong isn't told");
            assert_eq!(said.header("www-authenticate"), stranger.header("www-authenticate"));
        }
    }
    let two = [("authorization", format!("Bearer {token}")), ("authorization", format!("Bearer {other}"))];
    let two = two.each_ref().map(|(name, value)| (*name, value.as_str()));
    assert_eq!(lab.send(lab.request("", "GET", "/trust/", &two, "")?).await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn what_changes_counts_from_the_next_look_on() -> Tested {
    let lab = Lab::new().await?;
    let shared = lab.collections[0].number;
    assert_eq!(lab.get("reader", "/trust/collections/shared/objects/").await?.status, 200);
    // A right that a role doesn't allow is none.
    allow(&lab.node.store, "viewer", Right { collection: shared, can_read: true, can_write: true }).await?;
    allow(&lab.node.store, "reader", Right { collection: shared, can_read: false, can_write: false }).await?;
    end(&lab.node.store, "hub", &By { author: "ada".into(), at: 5 }).await?;
    lab.node.refresh().await?;
    assert_eq!(lab.post("viewer", "shared", &envelope(&some(1))).await?.status, 403);
    assert_eq!(lab.get("reader", "/trust/collections/shared/objects/").await?.status, 404);
    assert_eq!(lab.get("hub", "/trust/").await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn what_may_not_be_known_reads_like_nothing() -> Tested {
    let lab = Lab::new().await?;
    lab.put(&some(3)).await?;
    for rest in [
        "",
        "objects/",
        "manifest/?limit=nonsense",
        "objects/tool--8e2e2d2b-17d4-4cbf-938f-000000000000/",
        "objects/tool--8e2e2d2b-17d4-4cbf-938f-000000000000/versions/",
        "objects/?next=AQAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let there = lab.get("nobody", &format!("/trust/collections/shared/{rest}")).await?;
        let nowhere = lab.get("nobody", &format!("/trust/collections/nowhere/{rest}")).await?;
        let by_id = lab.get("nobody", &format!("/trust/collections/{}/{rest}", lab.collections[0].id)).await?;
        assert_eq!((there.status, &there.text), (nowhere.status, &nowhere.text), "{rest}");
        assert_eq!((there.status, &there.text), (by_id.status, &by_id.text), "{rest}");
        assert_eq!((&there.headers, &there.headers), (&nowhere.headers, &by_id.headers), "{rest}");
    }
    // Neither does a body's fault tell.
    for body in ["nonsense", "{}"] {
        let (there, nowhere) = (lab.post("nobody", "shared", body).await?, lab.post("nobody", "nowhere", body).await?);
        assert_eq!((there.status, there.text, there.headers), (nowhere.status, nowhere.text, nowhere.headers));
    }
    Ok(())
}
