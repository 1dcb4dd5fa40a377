//! Reappearances: campaigns that look like an earlier one that was acted on, and are kept apart from it.
//! In: a campaign that a run has just made; what a person says of two. Out: links, shown on both campaigns.
//! Invariant: what a run shows is only supposed; a person's word stays; each link has its line in both histories.
//! Not here: how alike they are (`likeness.rs`); returns that are the same campaign (`matching.rs`, `effect.rs`).

use std::collections::BTreeSet;

use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};
use stillwatch_model::effect::{Reappearance, Thought};
use stillwatch_model::{Micros, Verdict};

use crate::by::By;
use crate::campaign::verdict;
use crate::error::{Error, Result};
use crate::find;
use crate::fold::Folded;
use crate::history::{self, Entry};
use crate::likeness::{LIKE, Likeness, likeness};
use crate::matching::Known;
use crate::store::Store;
use crate::time::{DAY, instant};

/// Campaigns that were acted on and that a new one is compared with, latest first, besides those of its texts.
const COMPARED: u32 = 200;
/// How long ago these may have been seen last.
const PATIENCE: Micros = 365 * DAY;
/// Links that a run may give one campaign, likest first.
const MOST: usize = 3;
/// Bytes that a reason may have.
const LONGEST: usize = 64 * 1024;

const COLUMNS: &str =
    "campaign, earlier, score, texts, addresses, clients, habits, acted, state, run, recorded, author, because";

/// A campaign that was acted on.
struct Earlier {
    id: String,
    acted: Micros,
    folded: Folded,
}

/// Links campaigns that a run has just made with earlier ones that were acted on before they began. What they are compared with is
/// read once, however many there are.
pub(crate) async fn link(
    tx: &mut Transaction<'static, Any>,
    new: &[&str],
    (run, from): (&str, Micros),
    known: &[Known],
    by: &By,
) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let mut ids: BTreeSet<String> = known.iter().map(|one| one.id.clone()).collect();
    let sql = format!(
        "SELECT c.id FROM campaigns c WHERE c.absorbed IS NULL AND c.last_seen >= $1 AND (c.status IN ('disrupted', 'returned', \
         'closed') OR EXISTS (SELECT 1 FROM aliases a JOIN decisions d ON d.campaign = a.alias WHERE a.campaign = c.id)) \
         ORDER BY c.last_seen DESC, c.id DESC LIMIT {COMPARED}"
    );
    for row in sqlx::query(AssertSqlSafe(sql)).bind(from.saturating_sub(PATIENCE)).fetch_all(&mut **tx).await? {
        ids.insert(row.try_get(0)?);
    }
    let mut all = Vec::new();
    for id in ids {
        if let Some(acted) = acted_on(tx, &id).await? {
            all.push(Earlier { folded: folded(tx, &id).await?, id, acted });
        }
    }
    if all.is_empty() {
        return Ok(());
    }
    for id in new {
        let later = folded(tx, id).await?;
        let before: Vec<&Earlier> = all.iter().filter(|one| one.acted < later.first_seen && one.id != *id).collect();
        let compared: Vec<&Folded> = before.iter().map(|one| &one.folded).collect();
        let like = before.iter().map(|one| (likeness(&later, &one.folded, &compared), *one));
        let mut like: Vec<(Likeness, &Earlier)> = like.filter(|(likeness, _)| likeness.score >= LIKE).collect();
        like.sort_by(|(x, a), (y, b)| y.score.total_cmp(&x.score).then_with(|| a.id.cmp(&b.id)));
        for (likeness, earlier) in like.into_iter().take(MOST) {
            put(tx, (id, &earlier.id), likeness, earlier.acted, (Thought::Supposed, run, ""), by).await?;
            let became = format!(
                "looks like {} come back: likeness {:.2} (texts {:.2}, addresses {:.2}, clients {:.2})",
                earlier.id, likeness.score, likeness.texts, likeness.addresses, likeness.clients
            );
            tell(tx, (id, &earlier.id), "", became, run, by).await?;
        }
    }
    Ok(())
}

/// When something was first done about a campaign: a decision that does something, or a status that ended it. Not of what a person
/// found to be none, nor of what is another one by now.
async fn acted_on(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Option<Micros>> {
    let sql = format!(
        "SELECT c.verdict, c.absorbed, c.ended, \
         (SELECT MIN(h.recorded) FROM history h WHERE h.campaign = c.id AND h.what = 'status' AND h.became IN ('disrupted', 'closed')), \
         (SELECT MIN(h.recorded) FROM ({}) AS meant JOIN decisions d ON d.id = meant.id \
          JOIN decision_history h ON h.decision = d.id AND h.place = 0 WHERE d.body NOT LIKE '%\"action\":\"allow\"%') \
         FROM campaigns c WHERE c.id = $1",
        crate::effects::MEANT
    );
    let row = sqlx::query(AssertSqlSafe(sql)).bind(id).fetch_one(&mut **tx).await?;
    if matches!(verdict(row.try_get(0)?)?, Some(Verdict::FalsePositive | Verdict::Benign))
        || row.try_get::<Option<String>, _>(1)?.is_some()
    {
        return Ok(None);
    }
    let mut first: Option<Micros> = None;
    for at in 2..5 {
        first = first.into_iter().chain(row.try_get::<Option<Micros>, _>(at)?).min();
    }
    Ok(first)
}

async fn folded(tx: &mut Transaction<'static, Any>, id: &str) -> Result<Folded> {
    let row = sqlx::query("SELECT body FROM campaigns WHERE id = $1").bind(id).fetch_one(&mut **tx).await?;
    Ok(serde_json::from_str(&row.try_get::<String, _>(0)?)?)
}

async fn put(
    tx: &mut Transaction<'static, Any>,
    (campaign, earlier): (&str, &str),
    likeness: Likeness,
    acted: Micros,
    (thought, run, because): (Thought, &str, &str),
    by: &By,
) -> Result<()> {
    let sql = format!(
        "INSERT INTO reappearances ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (campaign, earlier) DO NOTHING"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(campaign)
        .bind(earlier)
        .bind(likeness.score)
        .bind(likeness.texts)
        .bind(likeness.addresses)
        .bind(likeness.clients)
        .bind(likeness.habits)
        .bind(acted)
        .bind(thought.name())
        .bind(run)
        .bind(by.at)
        .bind(&by.author)
        .bind(because)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

async fn tell(
    tx: &mut Transaction<'static, Any>,
    (campaign, earlier): (&str, &str),
    was: &str,
    became: String,
    because: &str,
    by: &By,
) -> Result<()> {
    let there = format!("{campaign} {became}");
    for (campaign, became) in [(campaign, became), (earlier, there)] {
        let entry = Entry { campaign, what: "reappears", was: was.to_owned(), became, because };
        history::write(tx, by, entry).await?;
    }
    Ok(())
}

/// A person says that a campaign is an earlier one come back (`Confirmed`), or that it isn't (`Refused`). Returns both ids for good.
/// Where no run showed it, figures are worked out now.
///
/// # Errors
/// When there is no such campaign, both are one, that was said already, the later one began first, or the store can't be written.
pub async fn say(
    store: &Store,
    campaign: &str,
    earlier: &str,
    thought: Thought,
    because: &str,
    by: &By,
) -> Result<(String, String)> {
    if because.len() > LONGEST || because.contains('\0') {
        return Err(Error::refused(
            format!("a reason has at most {LONGEST} bytes, and no character U+0000"),
            "shorten it",
        ));
    }
    let mut tx = store.write().await?;
    let (campaign, earlier) = (find::campaign(&mut tx, campaign).await?, find::campaign(&mut tx, earlier).await?);
    if campaign == earlier {
        return Err(Error::refused(
            format!("both ids mean `{campaign}`"),
            "what came back as the same campaign is shown by `stillwatch campaigns show`",
        ));
    }
    let was = known(&mut tx, &campaign, &earlier).await?;
    if was.as_deref() == Some(thought.name()) {
        return Err(Error::refused(format!("that is {} already", thought.name()), "nothing is to be done"));
    }
    if was.is_none() {
        let (mine, theirs) = (folded(&mut tx, &campaign).await?, folded(&mut tx, &earlier).await?);
        if theirs.first_seen > mine.first_seen {
            return Err(Error::refused(
                format!("`{earlier}` was first seen after `{campaign}`"),
                "name the later campaign first",
            ));
        }
        let likeness = likeness(&mine, &theirs, &[&theirs]);
        let acted = acted_on(&mut tx, &earlier).await?.unwrap_or(theirs.last_seen);
        put(&mut tx, (&campaign, &earlier), likeness, acted, (thought, "", because), by).await?;
    }
    sqlx::query(
        "UPDATE reappearances SET state = $3, recorded = $4, author = $5, because = $6 WHERE campaign = $1 AND earlier = $2",
    )
    .bind(&campaign)
    .bind(&earlier)
    .bind(thought.name())
    .bind(by.at)
    .bind(&by.author)
    .bind(because)
    .execute(&mut *tx)
    .await?;
    let word = if thought == Thought::Refused { "isn't" } else { "is" };
    let became = format!("{}: {word} {earlier} come back", thought.name());
    tell(&mut tx, (&campaign, &earlier), was.as_deref().unwrap_or_default(), became, because, by).await?;
    tx.commit().await?;
    Ok((campaign, earlier))
}

async fn known(tx: &mut Transaction<'static, Any>, campaign: &str, earlier: &str) -> Result<Option<String>> {
    let row = sqlx::query("SELECT state FROM reappearances WHERE campaign = $1 AND earlier = $2")
        .bind(campaign)
        .bind(earlier)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// What a campaign is said to be come back from, and what is said to have come back from it, refused ones too; likest first.
///
/// # Errors
/// When there is no such campaign, or the store can't be read.
pub async fn of(store: &Store, id: &str) -> Result<Vec<Reappearance>> {
    let mut tx = store.read().await?;
    let id = find::campaign(&mut tx, id).await?;
    let sql = format!(
        "SELECT {COLUMNS}, (SELECT c.first_seen FROM campaigns c WHERE c.id = r.campaign) FROM reappearances r \
         WHERE r.campaign = $1 OR r.earlier = $1 ORDER BY r.score DESC, r.campaign, r.earlier"
    );
    let rows = sqlx::query(AssertSqlSafe(sql)).bind(&id).fetch_all(&mut *tx).await?;
    rows.iter().map(read).collect()
}

fn read(row: &AnyRow) -> Result<Reappearance> {
    let state: String = row.try_get(8)?;
    let (acted, first): (Micros, Micros) = (row.try_get(7)?, row.try_get(13)?);
    Ok(Reappearance {
        campaign: row.try_get(0)?,
        earlier: row.try_get(1)?,
        score: row.try_get(2)?,
        texts: row.try_get(3)?,
        addresses: row.try_get(4)?,
        clients: row.try_get(5)?,
        habits: row.try_get(6)?,
        days: first.saturating_sub(acted) as f64 / DAY as f64,
        state: Thought::ALL.into_iter().find(|one| one.name() == state).ok_or_else(|| {
            Error::failed(
                format!("the store has an unknown word `{state}`"),
                "use the newer `stillwatch` that wrote it",
            )
        })?,
        run: row.try_get(9)?,
        at: instant(row.try_get(10)?),
        author: row.try_get(11)?,
        because: row.try_get(12)?,
    })
}

/// Links of a campaign that was absorbed are those of the one that it is now; one between the two is none any more.
pub(crate) async fn moved(tx: &mut Transaction<'static, Any>, into: &str, other: &str) -> Result<()> {
    let rest = COLUMNS.trim_start_matches("campaign, earlier, ");
    for sql in [
        "DELETE FROM reappearances WHERE (campaign = $1 AND earlier = $2) OR (campaign = $2 AND earlier = $1)"
            .to_owned(),
        format!(
            "INSERT INTO reappearances ({COLUMNS}) SELECT $1, earlier, {rest} FROM reappearances WHERE campaign = $2 \
             ON CONFLICT (campaign, earlier) DO NOTHING"
        ),
        format!(
            "INSERT INTO reappearances ({COLUMNS}) SELECT campaign, $1, {rest} FROM reappearances WHERE earlier = $2 \
             ON CONFLICT (campaign, earlier) DO NOTHING"
        ),
        "DELETE FROM reappearances WHERE campaign <> $1 AND earlier <> $1 AND (campaign = $2 OR earlier = $2)"
            .to_owned(),
    ] {
        sqlx::query(AssertSqlSafe(sql)).bind(into).bind(other).execute(&mut **tx).await?;
    }
    Ok(())
}
