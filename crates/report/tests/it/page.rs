//! Page: the HTML page is well-formed, escapes strangers, loads nothing, and says what its pictures show.
//! In: `fixture`. Out: checks.
//! Invariant: holds for the sample, the quiet, the empty and the hostile report alike.
//! Not here: looks; `examples/sample.rs` writes the page for eyes.

use stillwatch_model::Report;
use stillwatch_report::html;

use crate::fixture;

/// HTML elements that have no end tag.
const VOID: [&str; 3] = ["meta", "br", "!DOCTYPE"];

fn pages() -> Vec<String> {
    [fixture::sample(), fixture::quiet(), fixture::empty(), fixture::hostile(), Report::default()]
        .iter()
        .map(|report| html(report, "March & <b>April</b>"))
        .collect()
}

#[test]
fn is_well_formed() {
    for page in pages() {
        let mut open: Vec<&str> = Vec::new();
        let body = page.replace("&", " ");
        let mut rest = strip_style(&body);
        while let Some(start) = rest.find('<') {
            let length = rest[start..].find('>');
            assert!(length.is_some(), "a tag without an end");
            let end = start + length.unwrap_or_default();
            let tag = &rest[start + 1..end];
            assert!(!tag.contains('<'), "a tag inside a tag: {tag}");
            assert_eq!(tag.matches('"').count() % 2, 0, "an open quote: {tag}");
            let name = tag.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default();
            if let Some(closed) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(closed), "before {}", &rest[start..(end + 40).min(rest.len())]);
            } else if !VOID.contains(&name) {
                open.push(name);
            }
            rest = &rest[end + 1..];
        }
        assert_eq!(open, Vec::<&str>::new());
    }
}

#[test]
fn strangers_are_escaped() {
    let page = html(&fixture::hostile(), "<script>alert(2)</script>");
    assert!(!page.contains("<script"), "a script got in");
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'), "a control or direction character got in");
    let escaped = page.matches("&lt;script&gt;alert(1)&lt;/script&gt;").count();
    assert!(escaped > 40, "the stranger's words are missing: {escaped}");
}

#[test]
fn loads_nothing() {
    for page in pages() {
        for way in [
            "http://",
            "https://",
            "src=",
            "url(",
            "@import",
            "<link",
            "<script",
            "<img",
            "<iframe",
            "javascript:",
            "style=\"",
        ] {
            assert!(!page.contains(way), "the page contains `{way}`");
        }
        assert!(page.contains(r#"http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:;"#));
    }
}

#[test]
fn nothing_is_drawn_at_no_place() {
    for page in pages() {
        for wrong in ["\"NaN", "\"inf\"", "\"-inf\"", "width=\"-", "height=\"-"] {
            assert!(!page.contains(wrong), "the page contains `{wrong}`");
        }
    }
}

#[test]
fn pictures_say_what_they_show_and_anchors_lead_somewhere() {
    let page = html(&fixture::sample(), "Sample");
    for svg in page.split("<svg ").skip(1) {
        let tag = svg.split('>').next().unwrap_or_default();
        assert!(tag.contains("aria-label=") || tag.contains("aria-hidden"), "{tag}");
    }
    let anchors: Vec<&str> = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(anchors.len(), 3);
    for anchor in anchors {
        assert!(page.contains(&format!("id=\"{anchor}\"")), "{anchor}");
    }
}

#[test]
fn many_campaigns_stay_readable() {
    let mut report = fixture::sample();
    let (campaign, case) = (report.findings.campaigns[2].clone(), report.cases[2].clone());
    for number in 0..80 {
        let id = format!("campaign--{number:08}");
        report.findings.campaigns.push(stillwatch_model::Campaign { id: id.clone(), ..campaign.clone() });
        report.cases.push(stillwatch_model::Case { id, ..case.clone() });
    }
    let page = html(&report, "Sample");
    assert_eq!(page.matches("<article").count(), 50);
    assert!(page.contains("The strongest 50 are described below") && page.contains("00000079"));
    assert!(page.contains("class=\"key others\""));
}

#[test]
fn observed_and_inferred_are_apart() {
    let page = html(&fixture::sample(), "Sample");
    assert_eq!(page.matches("<section class=\"observed\">").count(), 3);
    assert_eq!(page.matches("<section class=\"inferred\">").count(), 3);
}

#[test]
fn is_the_same_twice() {
    assert_eq!(html(&fixture::sample(), "Sample"), html(&fixture::sample(), "Sample"));
}

/// The page's words, tables and pictures, tags taken out; a readable snapshot of what it says.
#[test]
fn says() {
    let page = html(&fixture::sample(), "Sample");
    let mut text = String::new();
    for part in strip_style(&page).split('<').skip(1) {
        let (tag, words) = part.split_once('>').unwrap_or_default();
        let is_mark = ["title", "/title", "rect", "text", "circle", "line"].iter().any(|mark| tag.starts_with(mark));
        if !is_mark && !words.trim().is_empty() {
            text.push_str(words.trim());
            text.push('\n');
        }
    }
    insta::assert_snapshot!(text);
}

fn strip_style(page: &str) -> &str {
    page.split_once("</style>")
        .map_or(page, |(_, rest)| rest.split_once("</head>").map_or(rest, |(_, body)| body.trim_end_matches("</html>")))
}
