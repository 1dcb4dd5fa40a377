//! Merge: two campaigns that turn out to be one.
//! In: two ids. Out: one campaign with the sightings, members, evidence, notes and claims of both.
//! Invariant: the absorbed id stays an alias; its row, name and history stay readable; nothing is counted twice.
//! Not here: deciding that they are one (`matching.rs`, or a person).

use sqlx::{Any, Transaction};

use crate::by::By;
use crate::campaign::{refold, standing};
use crate::error::{Error, Result};
use crate::history::{self, Entry};
use crate::save::MEET;
use crate::store::Store;

/// A person says that `others` are `into`. Returns the ids for good: what they became, and what was absorbed.
///
/// # Errors
/// When there is no such campaign, two of them are the same, or the store can't be written.
pub async fn merge(
    store: &Store,
    into: &str,
    others: &[String],
    because: &str,
    by: &By,
) -> Result<(String, Vec<String>)> {
    let mut tx = store.write().await?;
    let into = crate::find::campaign(&mut tx, into).await?;
    let mut absorbed = Vec::new();
    for other in others {
        let other = crate::find::campaign(&mut tx, other).await?;
        if other == into || absorbed.contains(&other) {
            return Err(Error::refused(format!("`{other}` is already `{into}`"), "name each campaign once"));
        }
        absorb(&mut tx, by, &into, &other, because).await?;
        // A person's word undoes an earlier one.
        sqlx::query("DELETE FROM apart WHERE (one = $1 AND other = $2) OR (one = $2 AND other = $1)")
            .bind(&into)
            .bind(&other)
            .execute(&mut *tx)
            .await?;
        absorbed.push(other);
    }
    refold(&mut tx, store.dialect(), &into, by.at).await?;
    tx.commit().await?;
    Ok((into, absorbed))
}

/// Moves all that `other` has to `into`. The caller folds `into` anew.
pub(crate) async fn absorb(
    tx: &mut Transaction<'static, Any>,
    by: &By,
    into: &str,
    other: &str,
    because: &str,
) -> Result<()> {
    let (mine, theirs) = (standing(tx, into).await?, standing(tx, other).await?);
    for table in [
        "UPDATE sightings SET campaign = $1 WHERE campaign = $2",
        "UPDATE evidence SET campaign = $1 WHERE campaign = $2",
        "UPDATE examples SET campaign = $1 WHERE campaign = $2",
        "UPDATE notes SET campaign = $1 WHERE campaign = $2",
        "UPDATE claims SET campaign = $1 WHERE campaign = $2",
        "UPDATE tombstones SET campaign = $1 WHERE campaign = $2",
        "UPDATE aliases SET campaign = $1 WHERE campaign = $2",
        "UPDATE members SET left_to = $1 WHERE left_to = $2",
    ] {
        sqlx::query(table).bind(into).bind(other).execute(&mut **tx).await?;
    }
    let members = format!(
        "INSERT INTO members (campaign, account, first_from, first_to, first_run, last_to, score, because, left_to, verdict) \
         SELECT $1, account, first_from, first_to, first_run, last_to, score, because, left_to, verdict \
         FROM members WHERE campaign = $2 {MEET}"
    );
    sqlx::query(sqlx::AssertSqlSafe(members)).bind(into).bind(other).execute(&mut **tx).await?;
    for emptied in [
        "DELETE FROM members WHERE campaign = $1",
        "DELETE FROM traits WHERE campaign = $1",
        "DELETE FROM text_keys WHERE campaign = $1",
    ] {
        sqlx::query(emptied).bind(other).execute(&mut **tx).await?;
    }
    crate::reappearances::moved(tx, into, other).await?;
    // Those kept apart from it are kept apart from what it is now.
    sqlx::query(
        "INSERT INTO apart (one, other) SELECT $1, a.other FROM apart a WHERE a.one = $2 AND a.other <> $1 \
         ON CONFLICT DO NOTHING",
    )
    .bind(into)
    .bind(other)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO apart (one, other) SELECT a.one, $1 FROM apart a WHERE a.other = $2 AND a.one <> $1 \
         ON CONFLICT DO NOTHING",
    )
    .bind(into)
    .bind(other)
    .execute(&mut **tx)
    .await?;
    sqlx::query("UPDATE campaigns SET absorbed = $1, modified = $3 WHERE id = $2")
        .bind(into)
        .bind(other)
        .bind(by.at)
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "UPDATE campaigns SET name = $2, assignee = $3, created = CASE WHEN created < $4 THEN created ELSE $4 END WHERE id = $1",
    )
    .bind(into)
    .bind(mine.name.clone().or_else(|| theirs.name.clone()))
    .bind(mine.assignee.clone().or_else(|| theirs.assignee.clone()))
    .bind(created(tx, other).await?)
    .execute(&mut **tx)
    .await?;
    let was = |s: &crate::campaign::Standing| match &s.name {
        Some(name) => format!("{} ({name})", s.status.name()),
        None => s.status.name().to_owned(),
    };
    let what = [
        Entry {
            campaign: into,
            what: "merged",
            was: was(&mine),
            became: format!("with {other}, {}", was(&theirs)),
            because,
        },
        Entry { campaign: other, what: "absorbed", was: was(&theirs), became: into.to_owned(), because },
    ];
    for entry in what {
        history::write(tx, by, entry).await?;
    }
    Ok(())
}

async fn created(tx: &mut Transaction<'static, Any>, id: &str) -> Result<i64> {
    use sqlx::Row;
    Ok(sqlx::query("SELECT created FROM campaigns WHERE id = $1").bind(id).fetch_one(&mut **tx).await?.try_get(0)?)
}
