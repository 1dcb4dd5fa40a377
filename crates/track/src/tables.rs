//! Tables: their columns and keys, as a backup writes and reads them.
//! In: nothing. Out: a list.
//! Invariant: every table and column of the schema stands here (tested against it).
//! Not here: the schema (`migrations/`).

use crate::rows::Kind;

/// A table.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// By which its rows are ordered.
    pub(crate) key: &'static str,
    /// `column:type`, in the order of the schema.
    spec: &'static str,
}

impl Table {
    /// The columns with their types.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (&'static str, Kind)> + use<> {
        self.spec.split_whitespace().map(|column| match column.split_once(':') {
            Some((name, "int")) => (name, Kind::Int),
            Some((name, "real")) => (name, Kind::Real),
            Some((name, _)) => (name, Kind::Text),
            None => (column, Kind::Text),
        })
    }
}

/// All tables.
pub(crate) const TABLES: [Table; 71] = [
    Table {
        name: "runs",
        key: "run",
        spec: "run:text window_from:int window_to:int exchanges:int accounts:int campaigns:int saved:int \
                  author:text",
    },
    Table {
        name: "campaigns",
        key: "id",
        spec: "id:text absorbed:text name:text technique:text status:text ended:int verdict:text \
                  assignee:text score:real severity:int actionable:int first_seen:int last_seen:int \
                  created:int modified:int accounts:int exchanges:int techniques:text capabilities:text \
                  body:text",
    },
    Table {
        name: "traits",
        key: "kind, value, last_seen, campaign",
        spec: "kind:text value:text last_seen:int campaign:text",
    },
    Table { name: "aliases", key: "alias", spec: "alias:text campaign:text" },
    Table { name: "apart", key: "one, other", spec: "one:text other:text" },
    Table {
        name: "sightings",
        key: "run, finding",
        spec: "run:text finding:text campaign:text window_from:int window_to:int exchanges:int \
                  accounts:int body:text expires:int",
    },
    Table {
        name: "sighting_accounts",
        key: "run, finding, account",
        spec: "run:text finding:text account:text exchanges:int score:real",
    },
    Table {
        name: "members",
        key: "campaign, account",
        spec: "campaign:text account:text first_from:int first_to:int first_run:text last_to:int \
                  score:real because:text left_to:text verdict:text",
    },
    Table { name: "text_keys", key: "slot, campaign", spec: "slot:int campaign:text" },
    Table {
        name: "evidence",
        key: "id",
        spec: "id:text campaign:text factor:text basis:text statement:text source:text recorded:int \
                  expires:int deleted:int",
    },
    Table {
        name: "examples",
        key: "id",
        spec: "id:text campaign:text run:text account:text body:text recorded:int expires:int",
    },
    Table {
        name: "claims",
        key: "id",
        spec: "id:text campaign:text actor:text likelihood:text source:text author:text reason:text \
                  recorded:int withdrawn:int",
    },
    Table { name: "notes", key: "id", spec: "id:text campaign:text author:text said:text recorded:int" },
    Table {
        name: "history",
        key: "place",
        spec: "place:int campaign:text recorded:int author:text what:text was:text became:text \
                  because:text",
    },
    Table {
        name: "tombstones",
        key: "id",
        spec: "id:text campaign:text kind:text hash:text rule:text recorded:int author:text",
    },
    Table { name: "retention", key: "kind", spec: "kind:text days:int" },
    Table {
        name: "objects",
        key: "id, version, source",
        spec: "id:text version:text source:text type:text received:int json:text",
    },
    Table {
        name: "profiles",
        key: "name, version",
        spec: "name:text version:int digest:text files:text adopted:int author:text",
    },
    Table {
        name: "releases",
        key: "id",
        spec: "id:text place:int state:text subject:text revokes:text profile:text version:int digest:text \
                  purpose:text legal_basis:text needed:int content:text author:text proposed:int lapses:int \
                  settled:int",
    },
    Table {
        name: "release_items",
        key: "release, recipient, object",
        spec: "release:text recipient:text object:text place:int kind:text version:text fate:text body:text \
                  hash:text tlp:text pap:text until:int because:text notes:text owed:int",
    },
    Table { name: "approvals", key: "release, author", spec: "release:text author:text recorded:int" },
    Table {
        name: "deliveries",
        key: "id",
        spec: "id:text release:text recipient:text state:text attempts:int changed:int because:text",
    },
    Table {
        name: "release_history",
        key: "place",
        spec: "place:int release:text recorded:int author:text what:text because:text",
    },
    Table { name: "owed", key: "place", spec: "place:int about:text body:text since:int entry:int" },
    Table { name: "cursors", key: "name", spec: "name:text place:int" },
    Table {
        name: "collections",
        key: "number",
        spec: "number:int id:text root:text alias:text title:text description:text can_read:int can_write:int \
                  profile:text most_tlp:int most_pap:int made:int",
    },
    Table {
        name: "collection_objects",
        key: "date_added",
        spec: "date_added:int collection:int id:text version:text instant:text type:text source:text tlp:int \
                  pap:int stands:int json:text",
    },
    Table { name: "statuses", key: "id", spec: "id:text root:text client:text asked:int body:text" },
    Table { name: "clients", key: "name", spec: "name:text role:text token:text made:int revoked:int" },
    Table {
        name: "client_rights",
        key: "client, collection",
        spec: "client:text collection:int can_read:int can_write:int",
    },
    Table { name: "exchange_clock", key: "place", spec: "place:int last:int changes:int" },
    Table {
        name: "peers",
        key: "name",
        spec: "name:text url:text username:text token_file:text ca:text certificate:text key:text hourly:int \
                  overlap:int acknowledges:int leaves_out:text ledger:text checkpoint:text made:int author:text",
    },
    Table {
        name: "feeds",
        key: "peer, collection",
        spec: "peer:text collection:text added_after:text next:text last:text hour:int taken:int synced:int \
                  failures:int retry:int because:text held:text",
    },
    Table {
        name: "routes",
        key: "recipient",
        spec: "recipient:text peer:text collection:text seal_to:text failures:int retry:int because:text",
    },
    Table {
        name: "received",
        key: "place",
        spec: "place:int peer:text collection:text id:text version:text type:text date_added:text recorded:int \
                  what:text",
    },
    Table {
        name: "quarantine",
        key: "place",
        spec: "place:int peer:text collection:text id:text hash:text json:text because:text recorded:int \
                  decided:int author:text outcome:text",
    },
    Table { name: "acknowledged", key: "recipient, hash", spec: "recipient:text hash:text recorded:int" },
    Table {
        name: "indicators",
        key: "id, peer",
        spec: "id:text peer:text version:text instant:int created:int producer:text name:text pattern:text pattern_type:text kind:text confidence:int tlp:text pap:text unread:int valid_from:int valid_until:int revoked:int gone:int first_received:int last_received:int",
    },
    Table {
        name: "indicator_values",
        key: "what, value, indicator, peer",
        spec: "what:text value:text indicator:text peer:text",
    },
    Table {
        name: "remarks",
        key: "id, peer, about",
        spec: "id:text peer:text about:text what:text version:text instant:int producer:text word:text count:int first_seen:int last_seen:int tlp:text pap:text revoked:int gone:int received:int",
    },
    Table {
        name: "hits",
        key: "id",
        spec: "id:text indicator:text state:text strength:int because:text made:int changed:int release:text",
    },
    Table {
        name: "hit_hunts",
        key: "hit, first_seen, last_seen, count",
        spec: "hit:text first_seen:int last_seen:int count:int",
    },
    Table { name: "hit_accounts", key: "hit, account", spec: "hit:text account:text" },
    Table {
        name: "verdicts",
        key: "indicator",
        spec: "indicator:text word:text code:text author:text recorded:int state:text release:text",
    },
    Table {
        name: "intel_history",
        key: "place",
        spec: "place:int indicator:text recorded:int author:text what:text because:text",
    },
    Table {
        name: "sharing_groups",
        key: "id",
        spec: "id:text name:text collection:int made:int ended:int changes:int",
    },
    Table {
        name: "group_members",
        key: "group_id, client, joined",
        spec: "group_id:text client:text joined:int departed:int",
    },
    Table { name: "seal_keys", key: "client", spec: "client:text recipient:text" },
    Table {
        name: "peer_groups",
        key: "peer, group_id",
        spec: "peer:text group_id:text name:text changes:int digest:text learned:int lost:int",
    },
    Table {
        name: "peer_group_members",
        key: "peer, group_id, member, joined",
        spec: "peer:text group_id:text member:text joined:int departed:int seal_to:text",
    },
    Table { name: "trend_weeks", key: "week", spec: "week:int settled:int" },
    Table {
        name: "trends",
        key: "week, collection, what, name",
        spec: "week:int collection:int what:text name:text objects:int",
    },
    Table { name: "client_certificates", key: "certificate", spec: "certificate:text client:text recorded:int" },
    Table { name: "match_members", key: "name", spec: "name:text key:text peer:text relayed:int made:int author:text" },
    Table {
        name: "agreements",
        key: "member, namespace",
        spec: "member:text namespace:text source:text two_sided:int budget:int profile:text version:int \
                  digest:text may:text needed:int until:int state:text made:int author:text",
    },
    Table {
        name: "agreement_approvals",
        key: "member, namespace, author",
        spec: "member:text namespace:text author:text recorded:int",
    },
    Table {
        name: "match_hours",
        key: "member, namespace, hour",
        spec: "member:text namespace:text hour:int asked:int",
    },
    Table {
        name: "rounds",
        key: "id",
        spec: "id:text member:text namespace:text side:text terms:text own:int theirs:int profile:text \
                  state:text because:text begun:int ended:int found:int",
    },
    Table {
        name: "round_matches",
        key: "round, element, campaign",
        spec: "round:text element:text value:text campaign:text first_seen:int last_seen:int \
                  confidence:int magnitude:int likeness:real",
    },
    Table {
        name: "epochs",
        key: "id",
        spec: "id:text hub:text namespace:text number:int state:text setup:text terms:text profile:text public:text begun:int ends:int settled:int because:text round:int",
    },
    Table { name: "epoch_holders", key: "epoch", spec: "epoch:text state:text" },
    Table { name: "epoch_hours", key: "epoch, member, hour", spec: "epoch:text member:text hour:int asked:int" },
    Table {
        name: "epoch_alarms",
        key: "epoch, member, what",
        spec: "epoch:text member:text what:text told:text recorded:int",
    },
    Table {
        name: "epoch_commitments",
        key: "epoch, member",
        spec: "epoch:text member:text root:text size:int recorded:int",
    },
    Table {
        name: "epoch_files",
        key: "epoch, member, what",
        spec: "epoch:text member:text what:text bytes:int hash:text recorded:int",
    },
    Table {
        name: "decisions",
        key: "id",
        spec: "id:int kind:text value:text made_by:text author:text campaign:text state:text expires:int body:text",
    },
    Table {
        name: "decision_history",
        key: "decision, place",
        spec: "decision:int place:int recorded:int author:text what:text because:text",
    },
    Table { name: "decision_changes", key: "number", spec: "number:int decision:int done:text recorded:int" },
    Table { name: "decision_clock", key: "place", spec: "place:int last:int changed:int seen:int" },
    Table { name: "gate_kept", key: "name", spec: "name:text body:text" },
    Table {
        name: "reappearances",
        key: "campaign, earlier",
        spec: "campaign:text earlier:text score:real texts:real addresses:real clients:real habits:real acted:int state:text run:text recorded:int author:text because:text",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// A table or column that is added to the schema and forgotten here would be missing from every backup.
    #[test]
    fn nothing_of_the_schema_is_missing() {
        let schema = crate::store::MIGRATIONS.map(|(_, _, sql)| sql).concat();
        let mut told = Vec::new();
        for table in schema.split("CREATE TABLE ").skip(1) {
            let (name, rest) = table.split_once(" (\n").unwrap_or_default();
            let columns = rest.split("\n);").next().unwrap_or_default().lines();
            let columns = columns.filter(|line| !line.trim_start().starts_with("PRIMARY KEY")).map(|line| {
                let mut words = line.split_whitespace();
                let kind = |sql: &str| match sql.trim_end_matches(',') {
                    "BIGINT" | "INTEGER" => "int",
                    "DOUBLE" => "real",
                    _ => "text",
                };
                format!("{}:{}", words.next().unwrap_or_default(), kind(words.next().unwrap_or_default()))
            });
            told.push((name, columns.collect::<Vec<_>>()));
        }
        let here: Vec<_> =
            TABLES.iter().map(|t| (t.name, t.spec.split_whitespace().map(str::to_owned).collect::<Vec<_>>())).collect();
        assert_eq!(told, here);
    }
}
