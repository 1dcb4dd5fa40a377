//! Groups: sharing groups over HTTP: who sees them, who may use their collections.
//! In: a table; groups whose members come and go. Out: each status as it stands there; what members are told.
//! Invariant: a group that a client isn't in reads, byte for byte, like one that isn't there.
//! Not here: rows (`track/tests`), trends (`trends.rs`).

use stillwatch_node::access::{end, group};
use stillwatch_node::api::groups::read;
use stillwatch_track::By;
use stillwatch_track::exchange::{Right, allow, seal_to};
use stillwatch_track::groups::{self, Group, NewGroup};

use crate::hub::{hub, marked};
use crate::lab::{CLIENTS, Lab, Tested, envelope};
use stillwatch_stix::marking::Tlp;

fn by(at: i64) -> By {
    By { author: "ada".into(), at }
}

pub(crate) async fn made(lab: &Lab, alias: &str, members: &[&str]) -> Tested<Group> {
    let new = NewGroup {
        id: None,
        name: format!("The {alias}"),
        root: "trust".into(),
        alias: Some(alias.into()),
        most_tlp: 2,
        most_pap: 3,
    };
    let made = groups::make(&lab.node.store, &new, 10).await?;
    for (at, member) in (20..).zip(members) {
        group::join(&lab.node.store, &made.id, member, &by(at)).await?;
    }
    lab.node.refresh().await?;
    Ok(made)
}

/// `GROUP` is the path of a group with the members `both` and `hub`; its collection is `three`.
const TABLE: &str = "
                                           viewer analyst approver auditor admin both reader writer stranger nobody hub  -
GET     /api/v1/groups                      200   200     200      200     200   200  200    200    200      200    200  401
GET     GROUP                               404   404     404      200     200   200  404    404    404      404    200  401
HEAD    GROUP                               404   404     404      200     200   200  404    404    404      404    200  401
GET     /api/v1/groups/nonsense             404   404     404      404     404   404  404    404    404      404    404  401
POST    GROUP                               405   405     405      405     405   405  405    405    405      405    405  401
GET     /trust/collections/three/           404   404     404      404     200   200  404    404    404      404    200  401
GET     /trust/collections/three/objects/   404   404     404      404     200   200  404    404    404      404    200  401
POST    /trust/collections/three/objects/   404   404     404      404     202   202  404    404    404      404    202  401
GET     /api/v1/trends                      403   403     403      200     200   200  200    200    200      200    403  401
GET     /api/v1/trends?from=x               403   403     403      400     400   400  400    400    400      400    403  401
POST    /api/v1/trends                      405   405     405      405     405   405  405    405    405      405    405  401
GET     /api/v1/nothing                     404   404     404      404     404   404  404    404    404      404    404  401
";

#[tokio::test]
async fn every_route_for_every_role() -> Tested {
    let lab = Lab::with(hub()).await?;
    let group = made(&lab, "three", &["both", "hub"]).await?;
    let path = format!("/api/v1/groups/{}", group.id);
    let mut lines = TABLE.lines().filter(|line| !line.is_empty());
    let clients: Vec<&str> = lines.next().ok_or("a table")?.split_whitespace().collect();
    assert_eq!(clients.len(), CLIENTS.len() + 1);
    for line in lines {
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells.len(), clients.len() + 2, "{line}");
        let (method, path) = (cells[0], cells[1].replace("GROUP", &path));
        for (client, expected) in clients.iter().zip(&cells[2..]) {
            let client = if *client == "-" { "" } else { client };
            let headers = [("accept", "*/*"), ("content-type", "application/taxii+json")];
            let body = envelope(&[marked(1, &[Tlp::Green.id()])]);
            let said = lab.send(lab.request(client, method, &path, &headers, &body)?).await?;
            assert_eq!(said.status.as_str(), *expected, "{method} {path} for `{client}`: {}", said.text);
        }
    }
    // A program that asks for JSON gets it.
    let said = lab.send(lab.request("both", "GET", &path, &[("accept", "application/json")], "")?).await?;
    assert_eq!((said.status.as_u16(), said.header("content-type")), (200, "application/json"));
    Ok(())
}

#[tokio::test]
async fn what_one_is_not_in_reads_like_nothing() -> Tested {
    let lab = Lab::with(hub()).await?;
    let group = made(&lab, "three", &["both"]).await?;
    let there = lab.get("reader", &format!("/api/v1/groups/{}", group.id)).await?;
    let nowhere = lab.get("reader", "/api/v1/groups/8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f").await?;
    let nonsense = lab.get("reader", "/api/v1/groups/x").await?;
    assert_eq!((there.status, &there.text), (nowhere.status, &nowhere.text));
    assert_eq!((there.status, &there.text), (nonsense.status, &nonsense.text));
    assert_eq!(there.headers, nowhere.headers);
    // The list neither, nor its tag: it is that of a hub without groups.
    let list = lab.get("reader", "/api/v1/groups").await?;
    let empty = Lab::with(hub()).await?.get("reader", "/api/v1/groups").await?;
    assert_eq!((list.text.as_str(), list.header("etag")), ("{\"groups\":[]}", empty.header("etag")));
    // A tag of another's doesn't open it.
    let tag = lab.get("both", &format!("/api/v1/groups/{}", group.id)).await?.header("etag").to_owned();
    let headers = [("if-none-match", tag.as_str())];
    let path = format!("/api/v1/groups/{}", group.id);
    assert_eq!(lab.send(lab.request("reader", "GET", &path, &headers, "")?).await?.status, 404);
    let headers = [("if-none-match", "*")];
    assert_eq!(lab.send(lab.request("reader", "GET", &path, &headers, "")?).await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn a_member_that_leaves_is_out() -> Tested {
    let lab = Lab::with(hub()).await?;
    let group = made(&lab, "three", &["both", "stranger"]).await?;
    let (path, objects) = (format!("/api/v1/groups/{}", group.id), "/trust/collections/three/objects/");
    let one = envelope(&[marked(1, &[Tlp::Green.id()])]);
    assert_eq!(lab.post("stranger", "three", &one).await?.json()["success_count"], 1);
    assert_eq!(lab.get("both", objects).await?.ids().len(), 1);
    // What is granted besides doesn't count: it is refused, and were it there it would be passed over.
    let number = lab.node.book().collection("trust", "three").ok_or("a collection")?.number;
    let right = Right { collection: number, can_read: true, can_write: true };
    assert!(allow(&lab.node.store, "stranger", right).await.is_err());

    group::leave(&lab.node.store, &group.id, "stranger", &by(60)).await?;
    // What `serve` does every second.
    lab.node.refresh().await?;
    for path in [objects, "/trust/collections/three/", &path] {
        assert_eq!(lab.get("stranger", path).await?.status, 404, "{path}");
    }
    assert_eq!(lab.post("stranger", "three", &one).await?.status, 404);
    let list = lab.get("stranger", "/trust/collections/").await?.text;
    assert!(!list.contains(&group.collection) && !list.contains("three"), "{list}");
    // What it sent stays, and who is in it hears that it left.
    assert_eq!(lab.get("both", objects).await?.ids().len(), 1);
    let told = lab.get("both", &path).await?.json();
    assert_eq!(told["left"][0]["name"], "stranger");
    assert_eq!(told["left"][0]["left"], "1970-01-01T00:00:00.00006Z");
    assert_eq!(told["members"].as_array().map(Vec::len), Some(1));

    end(&lab.node.store, "both", &by(70)).await?;
    group::end(&lab.node.store, &group.id, &by(80)).await?;
    lab.node.refresh().await?;
    assert_eq!(lab.get("auditor", &path).await?.json()["left"].as_array().map(Vec::len), Some(2));
    assert!(group::join(&lab.node.store, &group.id, "hub", &by(90)).await.is_err());
    Ok(())
}

#[tokio::test]
async fn only_organisations_join() -> Tested {
    let lab = Lab::with(hub()).await?;
    let group = made(&lab, "three", &[]).await?;
    for name in ["viewer", "analyst", "approver", "auditor", "admin"] {
        let error = group::join(&lab.node.store, &group.id, name, &by(30)).await.err().ok_or("joined")?;
        assert!(error.to_string().contains("groups are of organisations"), "{error}");
    }
    assert!(group::join(&lab.node.store, &group.id, "lab-nine", &by(30)).await.is_err());
    Ok(())
}

#[tokio::test]
async fn changes_are_told_and_what_did_not_change_is_not_sent_again() -> Tested {
    let lab = Lab::with(hub()).await?;
    let group = made(&lab, "three", &["both"]).await?;
    made(&lab, "two", &["both", "hub"]).await?;
    let path = format!("/api/v1/groups/{}", group.id);
    let ask =
        async |path: &str, tag: &str| lab.send(lab.request("both", "GET", path, &[("if-none-match", tag)], "")?).await;
    for path in [path.as_str(), "/api/v1/groups"] {
        let first = ask(path, "W/\"x\"").await?;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with("W/\"") && first.status == 200 && first.header("cache-control").contains("no-cache"));
        for tag in [tag.clone(), format!("\"x\", {tag}"), tag.trim_start_matches("W/").to_owned(), "*".into()] {
            let again = ask(path, &tag).await?;
            assert_eq!(
                (again.status.as_u16(), again.text.as_str(), again.header("etag")),
                (304, "", first.header("etag"))
            );
        }
    }
    // Each change is a change of the tag and of the counter.
    let mut seen = Vec::new();
    let key = stillwatch_node::seal::Identity::make().recipient().to_string();
    for step in 0..5 {
        match step {
            1 => group::join(&lab.node.store, &group.id, "hub", &by(50)).await?,
            2 => seal_to(&lab.node.store, "hub", Some(&key)).await?,
            3 => group::leave(&lab.node.store, &group.id, "hub", &by(60)).await?,
            4 => end(&lab.node.store, "stranger", &by(70)).await?,
            _ => {}
        }
        let said = lab.get("both", &path).await?;
        seen.push((said.header("etag").to_owned(), said.json()["changes"].as_i64()));
        if step == 2 {
            assert_eq!(said.json()["members"][1]["seal_to"], key.as_str(), "{}", said.text);
        }
    }
    assert_eq!(seen.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [Some(2), Some(3), Some(4), Some(5), Some(5)]);
    let mut tags: Vec<_> = seen.iter().map(|(tag, _)| tag).collect();
    tags.dedup();
    assert_eq!(tags.len(), 4, "{seen:?}");

    // A member's node reads and keeps it.
    let list = lab.get("both", "/api/v1/groups").await?.text;
    let told = read(list.as_bytes())?;
    let member = Lab::new().await?;
    groups::learn(&member.node.store, "the-hub", &told, 100).await?;
    let named: Vec<String> =
        groups::members(&member.node.store, &group.id).await?.into_iter().map(|m| m.name).collect();
    assert_eq!(named, ["both"]);
    Ok(())
}

#[tokio::test]
async fn a_member_node_has_no_trends() -> Tested {
    let lab = Lab::new().await?;
    let (there, nowhere) = (lab.get("admin", "/api/v1/trends").await?, lab.get("admin", "/api/v1/nothing").await?);
    assert_eq!((there.status.as_u16(), there.text), (404, nowhere.text));
    Ok(())
}
