//! Pooled by the command line: a hub and three labs, from a key to what enough of them reported.
//! In: arguments, files of addresses. Out: exit codes and what is printed.
//! Invariant: each verb's words are kept as they are; the ledgers name no address.
//! Not here: those who cheat (`node`'s own tests).

use crate::matching::Lab;

type Done<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// What changes from run to run.
fn masked(text: &str) -> String {
    let instant = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
        .map(|r| r.replace_all(text, "MINUTE          UTC").into_owned())
        .unwrap_or_default();
    regex::Regex::new(r"[0-9a-f]{16}…|[0-9a-f]{64}")
        .map(|r| r.replace_all(&instant, "HASH").into_owned())
        .unwrap_or_default()
}

#[test]
fn a_pool_by_the_command_line() -> Done {
    let all = tempfile::tempdir()?;
    let hub = Lab::with(all.path(), "hub", "lab-one")?;
    let file = hub.folder.join("node.toml");
    let settings = std::fs::read_to_string(&file)?;
    std::fs::write(&file, settings.replace("# role = \"member\"", "role = \"hub\""))?;
    let labs = [
        Lab::with(all.path(), "lab-one", "hub")?,
        Lab::with(all.path(), "lab-two", "hub")?,
        Lab::with(all.path(), "lab-three", "hub")?,
    ];
    let names = ["lab-one", "lab-two", "lab-three"];
    let (mut serving, at_hub) = hub.serve()?;
    let mut all_serving = Vec::new();
    for lab in &labs {
        let (child, address) = lab.serve()?;
        all_serving.push(child);
        hub.knows(lab, &address)?;
        lab.knows(&hub, &at_hub)?;
        hub.heard(lab, &address)?;
        lab.heard(&hub, &at_hub)?;
    }
    for (lab, own) in labs.iter().zip(names) {
        for (other, name) in labs.iter().zip(names).filter(|(_, name)| *name != own) {
            lab.done(&["match", "member", "add", name, "--public-key", &other.key, "--through", "hub"])?;
        }
    }
    // Ten addresses are everyone's, ten more the first two's.
    for (lab, (common, from)) in labs.iter().zip([(20, 1_000), (20, 2_000), (10, 3_000)]) {
        let lines: Vec<String> =
            (0..common).chain(from..from + 30).map(|n| format!("11.2.{}.{}", n / 250, n % 250)).collect();
        std::fs::write(lab.folder.join("addresses.txt"), lines.join("\n"))?;
        let agree = "match agree hub --namespace address --from addresses.txt --budget 1000 --profile conservative --policy-key signer.pem.pub";
        lab.done(&agree.split(' ').collect::<Vec<_>>())?;
        lab.done(&["match", "approve", "hub", "--namespace", "address", "--author", "ben"])?;
    }
    let of = |verb: &'static str| -> Vec<&'static str> { verb.split(' ').chain(["--namespace", "address"]).collect() };
    let mut said = String::new();
    let mut tell = |who: &str, lab: &Lab, arguments: &[&str]| -> Done<i32> {
        let (code, out, words) = lab.run(arguments)?;
        said.push_str(&masked(&format!("{who}$ stillwatch {}\n{words}{out}[{code}]\n\n", arguments.join(" "))));
        Ok(code)
    };
    assert_eq!(tell("lab-one", &labs[0], &of("match contribute"))?, 2);
    let open =
        "match epoch open --namespace address --members lab-one,lab-two,lab-three --quorum 2 --threshold 3 --budget";
    let open = |budget: &'static str| -> Vec<&'static str> { open.split(' ').chain([budget]).collect() };
    assert_eq!(tell("hub", &hub, &open("5000"))?, 2);
    assert_eq!(tell("hub", &hub, &open("200"))?, 0);
    assert_eq!(tell("hub", &hub, &["match", "epoch", "list"])?, 0);
    for (lab, name) in labs.iter().zip(names) {
        assert_eq!(tell(name, lab, &of("match contribute"))?, 0);
    }
    assert_eq!(tell("lab-one", &labs[0], &["match", "check", "--namespace", "address", "11.2.0.15"])?, 2);
    assert_eq!(tell("hub", &hub, &of("match epoch publish"))?, 0);
    let check = ["match", "check", "--namespace", "address", "11.2.0.5", "11.2.0.15", "11.2.200.1"];
    assert_eq!(tell("lab-one", &labs[0], &check)?, 0);
    assert_eq!(tell("lab-one", &labs[0], &["match", "check", "--namespace", "address", "11.2.200.1"])?, 1);
    assert_eq!(tell("lab-one", &labs[0], &of("match epoch show"))?, 0);
    assert_eq!(tell("lab-one", &labs[0], &of("match pool report"))?, 2);
    assert_eq!(tell("hub", &hub, &of("match epoch close"))?, 0);
    assert_eq!(tell("lab-one", &labs[0], &check)?, 2);
    for (lab, name) in labs.iter().zip(names) {
        assert_eq!(tell(name, lab, &of("match pool report"))?, 0);
    }
    assert_eq!(tell("hub", &hub, &of("match pool open"))?, 0);
    insta::assert_snapshot!(said);
    // Ten opened, of which each lab sees all three reports.
    for lab in &labs {
        let shown = lab.done(&[of("match pool show"), vec!["--format", "json"]].concat())?.0;
        let shown: serde_json::Value = serde_json::from_str(&shown)?;
        let shown = shown.as_array().ok_or("a list")?;
        let elements: Vec<&str> = shown.iter().filter_map(|one| one["element"].as_str()).collect();
        let expected: Vec<String> = (0..10).map(|n| format!("11.2.0.{n}")).collect();
        assert_eq!(elements, expected);
        assert!(shown.iter().all(|one| one["reports"].as_array().is_some_and(|all| all.len() == 3)));
    }
    for lab in labs.iter().chain([&hub]) {
        let shown = lab.done(&["ledger", "show", "record", "--public", "record.pub"])?.0;
        assert!(shown.contains("closed with hub, lab-one, lab-three, lab-two: address"), "{shown}");
        assert!(!shown.contains("11.2."), "{shown}");
    }
    for child in all_serving.iter_mut().chain([&mut serving]) {
        child.kill()?;
        child.wait()?;
    }
    Ok(())
}
