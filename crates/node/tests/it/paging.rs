//! Paging: `limit`, `more`, `next`, `added_after`, on every endpoint that has pages.
//! In: collections of known content. Out: pages that put together are the whole, at every limit.
//! Invariant: `more` and `next` are there together or not at all; a `next` is repeatable, outlives a restart, and opens nothing.
//! Not here: filters (`filters.rs`), many writers (`track/tests`).

use std::sync::Arc;

use stillwatch_node::http::{Node, router};
use stillwatch_track::{Missing, Place, Store};

use crate::lab::{Lab, Said, Tested, config, id, object, some};

fn next(said: &Said) -> Option<String> {
    let json = said.json();
    assert_eq!(json["more"].as_bool().unwrap_or(false), json["next"].is_string(), "{}", said.text);
    json["next"].as_str().map(str::to_owned)
}

/// What one page has, whatever it is a page of.
fn items(said: &Said) -> Vec<String> {
    let json = said.json();
    let versions = json["versions"].as_array().cloned().unwrap_or_default();
    let versions = versions.iter().filter_map(|v| v.as_str().map(str::to_owned));
    said.ids().into_iter().chain(versions).collect()
}

#[tokio::test]
async fn pages_put_together_are_the_whole() -> Tested {
    let lab = Lab::new().await?;
    let n = 12;
    // Twelve objects, the last of which has twelve versions.
    let mut all = some(n - 1);
    all.extend((0..n).map(|v| object("tool", 99, &format!("2020-01-02T00:00:{v:02}Z"))));
    for one in &all {
        lab.put(std::slice::from_ref(one)).await?;
    }
    let one = id("tool", 99);
    for path in
        ["objects/", "manifest/", &format!("objects/{one}/versions/"), &format!("objects/{one}/?match[version]=all")]
    {
        let path = if path.contains('?') { format!("{path}&") } else { format!("{path}?") };
        let whole = lab.shared(&path).await?;
        assert_eq!((items(&whole).len(), next(&whole)), (n, None), "{path}");
        for limit in [1, 5, 6, 11, 12, 13, 1_000_000] {
            let (mut seen, mut from, mut pages) = (Vec::new(), String::new(), 0);
            loop {
                let page = lab.shared(&format!("{path}limit={limit}{from}")).await?;
                assert_eq!(page.status, 200);
                let here = items(&page);
                assert!(here.len() <= limit && !here.is_empty());
                let dates = (page.header("x-taxii-date-added-first"), page.header("x-taxii-date-added-last"));
                assert!(dates.0 <= dates.1 && dates.0.len() == "2020-01-01T00:00:00.000000Z".len(), "{dates:?}");
                seen.extend(here);
                pages += 1;
                match next(&page) {
                    Some(next) => from = format!("&next={next}"),
                    None => break,
                }
            }
            assert_eq!((&seen, pages), (&items(&whole), n.div_ceil(limit)), "{path} by {limit}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn next_is_repeatable_and_outlives_a_restart() -> Tested {
    let lab = Lab::new().await?;
    lab.put(&some(6)).await?;
    let first = lab.shared("objects/?limit=2&match[type]=tool").await?;
    let from = next(&first).ok_or("there are more")?;
    let path = format!("objects/?limit=2&match[type]=tool&next={from}");
    let second = lab.shared(&path).await?;
    assert_eq!(second.ids(), [id("tool", 2), id("tool", 3)]);
    assert_eq!(lab.shared(&path).await?.text, second.text);
    // Another process, after this one is gone.
    let place = Place::Folder(lab.folder.path().join("data"));
    let again = Node::new(config(), Store::open(&place, Missing::Refuse).await?).await?;
    let lab = Lab { app: router(&again), node: Arc::clone(&again), ..lab };
    assert_eq!(lab.shared(&path).await?.text, second.text);
    // The limit may change, the filters may not.
    assert_eq!(lab.shared(&format!("objects/?limit=1&match[type]=tool&next={from}")).await?.ids().len(), 1);
    for other in ["objects/?", "objects/?match[type]=malware&", "manifest/?match[type]=tool&"] {
        assert_eq!(lab.shared(&format!("{other}next={from}")).await?.status, 400, "{other}");
    }
    // It opens nothing to another.
    for (who, status) in [("reader", 200), ("writer", 403), ("stranger", 404), ("nobody", 404)] {
        let said = lab.get(who, &format!("/trust/collections/shared/{path}")).await?;
        assert_eq!(said.status, status, "{who}");
    }
    // Removed meanwhile: the page is what is there now.
    let gone =
        lab.request("both", "DELETE", &format!("/trust/collections/shared/objects/{}/", id("tool", 2)), &[], "")?;
    assert_eq!(lab.send(gone).await?.status, 200);
    assert_eq!(lab.shared(&path).await?.ids(), [id("tool", 3), id("tool", 4)]);
    Ok(())
}

#[tokio::test]
async fn added_after_takes_any_number_of_digits() -> Tested {
    let lab = Lab::new().await?;
    for one in some(3) {
        lab.put(&[one]).await?;
    }
    let manifest = lab.shared("manifest/").await?.json();
    let dates: Vec<String> =
        (0..3).map(|n| manifest["objects"][n]["date_added"].as_str().unwrap_or_default().to_owned()).collect();
    assert!(dates.iter().all(|d| d.len() == 27), "{dates:?}");
    let micros = dates[1].get(..26).unwrap_or_default();
    for (after, expected) in [
        // Exactly the second object's: it isn't after itself, however finely that is said.
        (format!("{micros}Z"), vec![id("tool", 2)]),
        (format!("{micros}0Z"), vec![id("tool", 2)]),
        (format!("{micros}999Z"), vec![id("tool", 2)]),
        (format!("{}Z", dates[0].get(..26).unwrap_or_default()), vec![id("tool", 1), id("tool", 2)]),
        ("2020-01-01T00:00:00Z".to_owned(), vec![id("tool", 0), id("tool", 1), id("tool", 2)]),
        ("2100-01-01T00:00:00.1Z".to_owned(), vec![]),
    ] {
        for path in ["objects", "manifest"] {
            let said = lab.shared(&format!("{path}/?added_after={after}")).await?;
            assert_eq!((said.status.as_u16(), said.ids()), (200, expected.clone()), "{path} after {after}");
            assert_eq!(expected.is_empty(), said.header("x-taxii-date-added-last").is_empty());
        }
    }
    for digits in 0..=9 {
        let fraction = "000000000".get(..digits).unwrap_or_default();
        let dot = if digits == 0 { "" } else { "." };
        let said = lab.shared(&format!("objects/?added_after=2020-01-01T00:00:00{dot}{fraction}Z")).await?;
        assert_eq!(said.ids().len(), 3, "{digits} digits");
    }
    // A page that goes on keeps both: the later counts.
    let first = lab.shared("objects/?limit=1&added_after=2020-01-01T00:00:00Z").await?;
    let from = next(&first).ok_or("there are more")?;
    let second = lab.shared(&format!("objects/?limit=1&added_after=2020-01-01T00:00:00Z&next={from}")).await?;
    assert_eq!(second.ids(), [id("tool", 1)]);
    Ok(())
}

#[tokio::test]
async fn a_page_is_bounded_by_its_bytes_too() -> Tested {
    let mut config = config();
    config.limits.page_bytes = 1_000;
    let lab = Lab::with(config).await?;
    lab.put(&some(10)).await?;
    let (mut seen, mut from) = (Vec::new(), String::new());
    loop {
        let page = lab.shared(&format!("objects/?limit=1000{from}")).await?;
        assert!(page.text.len() < 1_200);
        seen.extend(page.ids());
        match next(&page) {
            Some(next) => from = format!("&next={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 10);
    Ok(())
}
