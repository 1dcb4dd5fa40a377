//! Came back: what a node hands out after a release, read by others' programs from end to end.
//! In: a release in a collection of a node that listens. Out: the verdicts of taxii2-client, stix2-validator, stix2 and misp-stix.
//! Invariant: skipped, and told so, where the programs aren't there; `STILLWATCH_REQUIRE_TOOLS=1` makes that a failure.
//! Not here: every call of a client (`peers.rs`), every object that we write (the crate `stix`).

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use stillwatch_node::peer::push;
use stillwatch_node::release::{settle, withdraw};
use stillwatch_track::Place;

use crate::handing::{ONE, publishes, ready, serve_world};
use crate::lab::Tested;
use crate::peers::python;
use crate::world::{World, who};

fn run(python: &Path, arguments: &[String]) -> Tested<String> {
    let output = Command::new(python).args(arguments).output()?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() { Ok(out.into_owned()) } else { Err(err.into_owned().into()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_comes_back_is_valid_and_converts() -> Tested {
    let Some(python) = python("stix2validator, misp_stix_converter")? else { return Ok(()) };
    let folder = tempfile::tempdir()?;
    let place = Place::Folder(folder.path().join("data"));
    let world = World::new(&place).await?;
    let release = ready(&world).await?;
    let collection = publishes(&world, ONE, "for-one").await?;
    push(&world.store, &world.record, "harbor", Some(ONE), &who("ada", 9)).await?;
    let (address, token, runs) = serve_world(&world, &place, collection.number).await?;
    let url = format!("http://{address}/trust/collections/{}/", collection.id);
    let before = check(&python, folder.path(), &url, &token).await?;
    // What takes it back is valid too.
    withdraw(&world.store, &release, "T-1", &who("ben", 20)).await?;
    settle(&world.store, &world.record, &who("ada", 21)).await?;
    push(&world.store, &world.record, "harbor", Some(ONE), &who("ada", 22)).await?;
    let after = check(&python, folder.path(), &url, &token).await?;
    assert!(before > 5 && after >= before, "{before} {after}");
    runs.abort();
    Ok(())
}

/// How many objects came, of which every program said that they are as the standards want them.
async fn check(python: &Path, folder: &Path, url: &str, token: &str) -> Tested<usize> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (fetch, check) = (here.join("tests/peers/came_back.py"), here.join("../stix/tests/peers/check.py"));
    let file = folder.join("came.json");
    let text = |path: &Path| path.display().to_string();
    let (python, file): (PathBuf, String) = (python.to_owned(), text(&file));
    let arguments = [text(&fetch), url.to_owned(), ONE.to_owned(), token.to_owned(), file.clone()];
    let modes = ["validate", "parse", "misp"].map(|mode| vec![text(&check), mode.to_owned(), file.clone()]);
    let told = tokio::task::spawn_blocking(move || -> Result<(usize, Vec<Value>), String> {
        let failed = |e: &dyn std::fmt::Display| e.to_string();
        let count = run(&python, &arguments).map_err(|e| failed(&e))?.trim().parse().map_err(|e| failed(&e))?;
        let mut all = Vec::new();
        for mode in &modes {
            let said = run(&python, mode).map_err(|e| failed(&e))?;
            let said: Value = serde_json::from_str(&said).map_err(|e| failed(&e))?;
            all.push(said.get(&file).cloned().unwrap_or_default());
        }
        Ok((count, all))
    });
    let (count, told) = told.await??;
    let [valid, parsed, misp] = told.as_slice() else { return Err("a verdict is missing".into()) };
    assert_eq!(valid["errors"], json!([]), "{valid:#}");
    // Descriptions are free text, which the profile `conservative` drops: that they should be there is all that is missed.
    let strict = valid["strict"].as_array().cloned().unwrap_or_default();
    assert!(strict.iter().all(|one| one.as_str().is_some_and(|one| one.contains("{303}"))), "{valid:#}");
    assert_eq!(parsed["lost"], json!([]), "{parsed:#}");
    assert!(misp["attributes"].as_array().is_some_and(|a| !a.is_empty()), "{misp:#}");
    Ok(count)
}
