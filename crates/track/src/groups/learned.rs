//! Learned: what peers told of their groups, kept.
//! In: a peer's whole list of groups. Out: what changed by it; who may be named in a group's name.
//! Invariant: an older list than the one known changes nothing; whom a peer no longer names is no member any more; where peers
//! disagree, only those whom all of them name are members.
//! Not here: asking the peer (the node).

use sha2::{Digest, Sha256};
use sqlx::{Any, Row, Transaction};
use stillwatch_model::Micros;

use super::{Group, Member};
use crate::error::Result;
use crate::store::Store;

/// What a peer's list changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Learned {
    /// Ids of groups that are new, or of which something is.
    pub changed: Vec<String>,
    /// Ids of groups of which the peer tells no longer: we aren't in them, or they ended.
    pub lost: Vec<String>,
    /// Ids of groups of which the peer told something older than before, or something else under the same count: what was known
    /// stays. A person should ask why.
    pub odd: Vec<String>,
}

/// Keeps what a peer told: all the groups of which it tells us.
///
/// # Errors
/// When the store can't be written.
pub async fn learn(store: &Store, peer: &str, told: &[Group], at: Micros) -> Result<Learned> {
    let mut learned = Learned::default();
    let mut tx = store.write().await?;
    let rows = sqlx::query("SELECT group_id, changes, digest, lost FROM peer_groups WHERE peer = $1 ORDER BY group_id")
        .bind(peer)
        .fetch_all(&mut *tx)
        .await?;
    let mut known = std::collections::BTreeMap::new();
    for row in &rows {
        let (id, digest): (String, String) = (row.try_get(0)?, row.try_get(2)?);
        known.insert(id, (row.try_get::<i64, _>(1)?, digest, row.try_get::<Option<i64>, _>(3)?));
    }
    for group in told.iter().filter(|group| group.ended.is_none()) {
        let digest = digest(group);
        match known.remove(&group.id) {
            Some((changes, before, _)) if group.changes < changes || (group.changes == changes && digest != before) => {
                learned.odd.push(group.id.clone());
            }
            Some((changes, _, None)) if group.changes == changes => {}
            _ => {
                put(&mut tx, peer, group, &digest, at).await?;
                learned.changed.push(group.id.clone());
            }
        }
    }
    for (id, (.., lost)) in known {
        if lost.is_none() {
            sqlx::query("UPDATE peer_groups SET lost = $3 WHERE peer = $1 AND group_id = $2")
                .bind(peer)
                .bind(&id)
                .bind(at)
                .execute(&mut *tx)
                .await?;
            learned.lost.push(id);
        }
    }
    tx.commit().await?;
    Ok(learned)
}

/// Writes what a peer tells of one group; who isn't named any more, nor as one who left, left now.
async fn put(tx: &mut Transaction<'static, Any>, peer: &str, group: &Group, digest: &str, at: Micros) -> Result<()> {
    sqlx::query(
        "INSERT INTO peer_groups (peer, group_id, name, changes, digest, learned) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (peer, group_id) DO UPDATE SET name = excluded.name, changes = excluded.changes, \
         digest = excluded.digest, learned = excluded.learned, lost = NULL",
    )
    .bind(peer)
    .bind(&group.id)
    .bind(&group.name)
    .bind(group.changes)
    .bind(digest)
    .bind(at)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "UPDATE peer_group_members SET departed = $3, seal_to = NULL \
         WHERE peer = $1 AND group_id = $2 AND departed IS NULL",
    )
    .bind(peer)
    .bind(&group.id)
    .bind(at)
    .execute(&mut **tx)
    .await?;
    for member in &group.members {
        sqlx::query(
            "INSERT INTO peer_group_members (peer, group_id, member, joined, departed, seal_to) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (peer, group_id, member, joined) DO UPDATE SET \
             departed = excluded.departed, seal_to = excluded.seal_to",
        )
        .bind(peer)
        .bind(&group.id)
        .bind(&member.name)
        .bind(member.joined)
        .bind(member.departed)
        .bind(member.seal_to.as_ref())
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Who is in a group now, by all that is known here: only those may be named. Nobody, where it isn't known or was lost.
/// A key to which may be sealed is told where all peers tell the same one.
///
/// # Errors
/// When the store can't be read.
pub async fn members(store: &Store, id: &str) -> Result<Vec<Member>> {
    let rows = sqlx::query(
        "SELECT m.member, MIN(m.joined), MIN(m.seal_to), COUNT(m.seal_to), COUNT(DISTINCT m.seal_to), \
         COUNT(DISTINCT m.peer) FROM peer_group_members m \
         JOIN peer_groups g ON g.peer = m.peer AND g.group_id = m.group_id AND g.lost IS NULL \
         WHERE m.group_id = $1 AND m.departed IS NULL GROUP BY m.member \
         HAVING COUNT(DISTINCT m.peer) = (SELECT COUNT(*) FROM peer_groups p WHERE p.group_id = $1 AND p.lost IS NULL) \
         ORDER BY m.member",
    )
    .bind(id)
    .fetch_all(store.pool())
    .await?;
    rows.iter()
        .map(|row| {
            let (told, different, peers): (i64, i64, i64) = (row.try_get(3)?, row.try_get(4)?, row.try_get(5)?);
            let seal_to: Option<String> = row.try_get(2)?;
            let seal_to = seal_to.filter(|_| told == peers && different == 1);
            Ok(Member { name: row.try_get(0)?, joined: row.try_get(1)?, departed: None, seal_to })
        })
        .collect()
}

/// What tells two states of a group apart.
fn digest(group: &Group) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    add(&group.name);
    let mut members: Vec<&Member> = group.members.iter().collect();
    members.sort_by_key(|m| (&m.name, m.joined));
    for member in members {
        add(&member.name);
        add(&format!("{} {:?}", member.joined, member.departed));
        add(member.seal_to.as_deref().unwrap_or_default());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
