//! Filters: `match[…]`, alone and together, on objects, manifests, one object, its versions, and deletion.
//! In: objects of several types and versions. Out: those that were asked for.
//! Invariant: instants are compared, text is given back as sent; what is malformed is 400.
//! Not here: access (`access.rs`); all combinations against a model (`track/tests`).

use serde_json::json;

use crate::lab::{Lab, Tested, id, object};

/// A tool with three versions, of which one is written with more digits; a malware with one; a mutex with none.
async fn filled() -> Tested<Lab> {
    let lab = Lab::new().await?;
    let mutex = r#"{"type":"mutex","id":"mutex--8e2e2d2b-17d4-5cbf-938f-98ee46b3cd3f","name":"m"}"#.to_owned();
    lab.put(&[
        object("tool", 1, "2020-02-02T00:00:00.500Z"),
        object("tool", 1, "2020-01-01T00:00:00Z"),
        object("malware", 2, "2020-02-02T00:00:00.5Z"),
        object("tool", 1, "2020-03-03T00:00:00.000000001Z"),
        mutex,
    ])
    .await?;
    Ok(lab)
}

#[tokio::test]
async fn filters_pick_what_was_asked_for() -> Tested {
    let lab = filled().await?;
    let (tool, malware) = (id("tool", 1), id("malware", 2));
    let mutex = "mutex--8e2e2d2b-17d4-5cbf-938f-98ee46b3cd3f".to_owned();
    let (old, mid, new) = ("2020-01-01T00:00:00Z", "2020-02-02T00:00:00.500Z", "2020-03-03T00:00:00.000000001Z");
    let date = lab.shared("manifest/?match[type]=mutex").await?.json()["objects"][0]["date_added"].clone();
    let date = date.as_str().unwrap_or_default();
    let half = "2020-02-02T00:00:00.5Z";
    for (query, expected) in [
        ("", vec![(&malware, half), (&tool, new), (&mutex, date)]),
        ("match[version]=last", vec![(&malware, half), (&tool, new), (&mutex, date)]),
        ("match[version]=first", vec![(&tool, old), (&malware, half), (&mutex, date)]),
        ("match[version]=all", vec![(&tool, mid), (&tool, old), (&malware, half), (&tool, new), (&mutex, date)]),
        ("match[version]=first,last", vec![(&tool, old), (&malware, half), (&tool, new), (&mutex, date)]),
        // An instant, however it is written, on either side.
        ("match[version]=2020-02-02T00:00:00.50Z", vec![(&tool, mid), (&malware, half)]),
        ("match[version]=2020-01-01T00:00:00.000000000Z", vec![(&tool, old)]),
        ("match[version]=2020-03-03T00:00:00Z", vec![]),
        ("match[version]=2020-03-03T00:00:00.0000000010Z,2020-01-01T00:00:00Z", vec![(&tool, old), (&tool, new)]),
        (
            "match[version]=first,2020-02-02T00:00:00.5Z",
            vec![(&tool, mid), (&tool, old), (&malware, half), (&mutex, date)],
        ),
        (&format!("match[version]={date}"), vec![(&mutex, date)]),
        ("match[type]=tool", vec![(&tool, new)]),
        ("match[type]=tool,mutex", vec![(&tool, new), (&mutex, date)]),
        ("match[type]=tool&match[version]=first", vec![(&tool, old)]),
        ("match[type]=indicator", vec![]),
        (&format!("match[id]={malware}"), vec![(&malware, half)]),
        (&format!("match[id]={malware},{mutex}"), vec![(&malware, half), (&mutex, date)]),
        (&format!("match[id]={malware}&match[type]=tool"), vec![]),
        (
            &format!("match[id]={tool}&match[version]=all&match[type]=tool"),
            vec![(&tool, mid), (&tool, old), (&tool, new)],
        ),
        ("match[id]=tool--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", vec![]),
        ("match[spec_version]=2.1", vec![(&malware, half), (&tool, new), (&mutex, date)]),
        ("match[spec_version]=2.0,2.1&match[type]=mutex", vec![(&mutex, date)]),
        ("match[spec_version]=2.0", vec![]),
        ("somebody=else&match%5Btype%5D=mutex", vec![(&mutex, date)]),
    ] {
        let said = lab.shared(&format!("manifest/?{query}")).await?;
        assert_eq!(said.status, 200, "{query}: {}", said.text);
        let json = said.json();
        let got: Vec<(&str, &str)> = json["objects"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|o| (o["id"].as_str().unwrap_or_default(), o["version"].as_str().unwrap_or_default()))
            .collect();
        let expected: Vec<(&str, &str)> = expected.into_iter().map(|(id, version)| (id.as_str(), version)).collect();
        assert_eq!(got, expected, "{query}");
        let objects = lab.shared(&format!("objects/?{query}")).await?;
        assert_eq!(objects.ids(), expected.iter().map(|e| e.0.to_owned()).collect::<Vec<_>>(), "{query}");
        assert_eq!(expected.is_empty(), objects.text == "{}");
    }
    Ok(())
}

#[tokio::test]
async fn one_object_is_given_back_as_it_was_sent() -> Tested {
    let lab = filled().await?;
    let tool = id("tool", 1);
    let (old, mid, new) = ("2020-01-01T00:00:00Z", "2020-02-02T00:00:00.500Z", "2020-03-03T00:00:00.000000001Z");
    for (query, versions) in [
        ("", vec![new]),
        ("?match[version]=first", vec![old]),
        ("?match[version]=all", vec![mid, old, new]),
        ("?match[version]=2020-02-02T00:00:00.5Z", vec![mid]),
        ("?match[version]=2021-02-02T00:00:00.5Z", vec![]),
        ("?match[spec_version]=2.0", vec![]),
    ] {
        let said = lab.shared(&format!("objects/{tool}/{query}")).await?;
        let texts: Vec<String> = versions.iter().map(|v| object("tool", 1, v)).collect();
        let expected = if texts.is_empty() {
            "{}".to_owned()
        } else {
            format!("{{\"more\":false,\"objects\":[{}]}}", texts.join(","))
        };
        assert_eq!((said.status.as_u16(), &said.text), (200, &expected), "{query}");
    }
    let said = lab.shared(&format!("objects/{tool}/versions/")).await?;
    assert_eq!(said.json(), json!({"more": false, "versions": [mid, old, new]}));
    assert_eq!(lab.shared(&format!("objects/{tool}/versions/?match[spec_version]=2.0")).await?.text, "{}");
    Ok(())
}

#[tokio::test]
async fn what_is_malformed_is_400() -> Tested {
    let lab = filled().await?;
    let tool = id("tool", 1);
    for query in [
        "limit=0",
        "limit=-3",
        "limit=many",
        "limit=1&limit=2",
        "added_after=yesterday",
        "added_after=2020-01-01T00:00:00+01:00",
        "added_after=",
        "next=nonsense",
        "next=AQAAAAAAAAAAAAAAAAAAAAAA",
        "match[id]=x",
        "match[type]=Tool",
        "match[type]=tool,",
        "match[type]=tool&match[type]=tool",
        "match[version]=newest",
        "match[spec_version]=x",
        "match[colour]=red",
        "match[type]=%FF",
        "match[type]=%00",
    ] {
        for path in ["objects/", "manifest/"] {
            assert_eq!(lab.shared(&format!("{path}?{query}")).await?.status, 400, "{path}?{query}");
        }
    }
    for path in [
        format!("objects/{tool}/?match[id]={tool}"),
        format!("objects/{tool}/?match[type]=tool"),
        format!("objects/{tool}/versions/?match[version]=last"),
    ] {
        assert_eq!(lab.shared(&path).await?.status, 400, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_deleted_is_gone_and_nothing_else() -> Tested {
    let lab = filled().await?;
    let tool = format!("/trust/collections/shared/objects/{}/", id("tool", 1));
    let delete = async |who: &str, path: &str| -> Tested<u16> {
        Ok(lab.send(lab.request(who, "DELETE", path, &[], "")?).await?.status.as_u16())
    };
    assert_eq!(delete("both", &format!("{tool}?match[version]=newest")).await?, 400);
    assert_eq!(delete("both", &format!("{tool}?match[version]=2021-01-01T00:00:00Z")).await?, 404);
    assert_eq!(delete("both", &format!("{tool}?match[spec_version]=2.0")).await?, 404);
    // Another that may read and write sent nothing of it.
    assert_eq!(delete("hub", &tool).await?, 403);
    assert_eq!(delete("both", &format!("{tool}?match[version]=last")).await?, 200);
    let last = lab.shared(&format!("objects/{}/", id("tool", 1))).await?;
    assert!(last.text.contains("2020-02-02T00:00:00.500Z"), "{}", last.text);
    assert_eq!(delete("admin", &tool).await?, 200);
    assert_eq!(delete("admin", &tool).await?, 404);
    assert_eq!(lab.shared("objects/?match[version]=all").await?.ids().len(), 2);
    Ok(())
}
