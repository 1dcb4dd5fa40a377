//! Place: where new versions of an object stand among those that are there.
//! In: versions of one object by instant. Out: how each stands; which of those that were there stand otherwise now.
//! Invariant: pure; of an object that is shown exactly one version is the first and one the newest, and these may be the same.
//! Not here: rows (`add.rs`, `remove.rs`).

use stillwatch_model::Micros;

/// How a version stands among those that are shown; its numbers are in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stands {
    /// It isn't shown: its marking is stricter than its collection, or another source's copy is shown.
    Hidden = 0,
    /// Neither first nor newest.
    Between = 1,
    /// The first of several.
    First = 2,
    /// The newest of several.
    Newest = 3,
    /// The only one.
    Only = 4,
}

/// A version that is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) date_added: Micros,
    pub(crate) instant: String,
    /// How it stood; `None` for a new one.
    pub(crate) stood: Option<i64>,
}

/// How each of the versions stands, for those that are new or stand otherwise than they did. What stands between the first and the
/// newest and isn't given stays as it is.
pub(crate) fn stand(versions: &[Version]) -> Vec<(Micros, Stands)> {
    let first = versions.iter().min_by(|a, b| a.instant.cmp(&b.instant)).map(|v| v.date_added);
    let newest = versions.iter().max_by(|a, b| a.instant.cmp(&b.instant)).map(|v| v.date_added);
    versions
        .iter()
        .map(|version| {
            let stands = match (Some(version.date_added) == first, Some(version.date_added) == newest) {
                (true, true) => Stands::Only,
                (true, false) => Stands::First,
                (false, true) => Stands::Newest,
                (false, false) => Stands::Between,
            };
            (version, stands)
        })
        .filter(|(version, stands)| version.stood != Some(*stands as i64))
        .map(|(version, stands)| (version.date_added, stands))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(date_added: Micros, instant: &str, stood: Option<i64>) -> Version {
        Version { date_added, instant: instant.to_owned(), stood }
    }

    #[test]
    fn a_newer_one_takes_the_place_of_the_newest() {
        assert_eq!(stand(&[version(1, "a", None)]), [(1, Stands::Only)]);
        let two = [version(1, "a", Some(4)), version(2, "b", None)];
        assert_eq!(stand(&two), [(1, Stands::First), (2, Stands::Newest)]);
        // An older one that comes late is the first.
        let late = [version(1, "b", Some(2)), version(2, "c", Some(3)), version(3, "a", None)];
        assert_eq!(stand(&late), [(1, Stands::Between), (3, Stands::First)]);
        assert_eq!(stand(&[]), []);
    }
}
