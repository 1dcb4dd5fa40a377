//! Labels: what people concluded, for calibration and training to learn from.
//! In: the store. Out: a verdict a campaign and an account; training texts where a verdict says something of a text.
//! Invariant: only what a person said; what no verdict says is left out and counted.
//! Not here: fitting (`detect`), writing files (the command line).
//!
//! A verdict is on a campaign or an account, not on a text. Of the texts in the store it therefore says one thing only: those of a
//! false positive are honest traffic, by which `stillwatch train` sets thresholds (`split: quiet`). Texts of confirmed campaigns are
//! not labelled with cues: which cue a text has is for somebody to say who reads it, and the cues that the detector saw in it
//! would only teach the detector what it believes already. Texts of benign campaigns do show cues, so they are not quiet either.

use serde::Serialize;
use sqlx::{Any, Row, Transaction};
use stillwatch_model::{Example, Signal, Verdict};

use crate::campaign::{count, verdict};
use crate::error::Result;
use crate::fold::Folded;
use crate::store::Store;

/// Version of the lines of a labels file.
pub const LABELS_VERSION: u32 = 1;

/// Accounts below this score don't take over their campaign's verdict when it says that it harvests: no guilt by association.
const BELONGS: f64 = 0.5;

/// One line of a labels file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "label", rename_all = "kebab-case")]
pub enum Label {
    /// A campaign, with what its score was made of.
    Campaign {
        /// Version of the line.
        version: u32,
        /// The campaign.
        campaign: String,
        /// What a person concluded.
        verdict: Verdict,
        /// The detector's score.
        score: f64,
        /// The signals behind it.
        signals: Vec<Signal>,
        /// Accounts.
        accounts: u64,
        /// Exchanges.
        exchanges: u64,
    },
    /// An account.
    Account {
        /// Version of the line.
        version: u32,
        /// Its campaign.
        campaign: String,
        /// The account.
        account: String,
        /// What a person concluded.
        verdict: Verdict,
        /// Whether the person said it of this account, or of its campaign.
        said: Said,
        /// The detector's score for the account.
        score: f64,
    },
}

/// Of what a person said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// Of this account.
    Account,
    /// Of its campaign.
    Campaign,
}

/// A line that `stillwatch train` reads: honest traffic, no cue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Quiet {
    /// The prompt, as short as it was kept.
    pub text: String,
    /// None: it is honest traffic.
    pub cues: Vec<String>,
    /// Where it is from.
    pub source: String,
    /// Texts of one campaign share this.
    pub group: String,
    /// What it is for.
    pub split: String,
}

/// What people concluded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Labels {
    /// Campaigns first, then accounts; by id.
    pub labels: Vec<Label>,
    /// Texts of false positives.
    pub quiet: Vec<Quiet>,
    /// Texts of confirmed and benign campaigns, which a verdict doesn't label.
    pub left_out: u64,
    /// Campaigns that nobody has judged.
    pub open: u64,
}

/// Reads them.
///
/// # Errors
/// When the store can't be read.
pub async fn labels(store: &Store) -> Result<Labels> {
    all(&mut store.read().await?).await
}

/// What people concluded, within a transaction.
pub(crate) async fn all(tx: &mut Transaction<'static, Any>) -> Result<Labels> {
    let mut out = Labels::default();
    let judged = sqlx::query(
        "SELECT id, verdict, score, body, accounts, exchanges FROM campaigns \
         WHERE absorbed IS NULL AND verdict IS NOT NULL ORDER BY id",
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut verdicts = Vec::new();
    for row in &judged {
        let Some(verdict) = verdict(row.try_get(1)?)? else { continue };
        let campaign: String = row.try_get(0)?;
        let body: Folded = serde_json::from_str(&row.try_get::<String, _>(3)?)?;
        verdicts.push((campaign.clone(), verdict));
        out.labels.push(Label::Campaign {
            version: LABELS_VERSION,
            campaign,
            verdict,
            score: row.try_get(2)?,
            signals: body.signals,
            accounts: count(row.try_get(4)?),
            exchanges: count(row.try_get(5)?),
        });
    }
    accounts(tx, &mut out).await?;
    for (campaign, verdict) in &verdicts {
        texts(tx, campaign, *verdict, &mut out).await?;
    }
    let open = sqlx::query("SELECT COUNT(*) FROM campaigns WHERE absorbed IS NULL AND verdict IS NULL");
    out.open = count(open.fetch_one(&mut **tx).await?.try_get(0)?);
    Ok(out)
}

async fn accounts(tx: &mut Transaction<'static, Any>, out: &mut Labels) -> Result<()> {
    let rows = sqlx::query(
        "SELECT m.campaign, m.account, m.verdict, c.verdict, m.score FROM members m JOIN campaigns c ON c.id = m.campaign \
         WHERE m.left_to IS NULL AND (m.verdict IS NOT NULL OR c.verdict IS NOT NULL) ORDER BY m.campaign, m.account",
    )
    .fetch_all(&mut **tx)
    .await?;
    for row in &rows {
        let score: f64 = row.try_get(4)?;
        let (own, campaigns) = (verdict(row.try_get(2)?)?, verdict(row.try_get(3)?)?);
        let (verdict, said) = match (own, campaigns) {
            (Some(verdict), _) => (verdict, Said::Account),
            (None, Some(Verdict::TruePositive)) if score < BELONGS => continue,
            (None, Some(verdict)) => (verdict, Said::Campaign),
            (None, None) => continue,
        };
        let (campaign, account) = (row.try_get(0)?, row.try_get(1)?);
        out.labels.push(Label::Account { version: LABELS_VERSION, campaign, account, verdict, said, score });
    }
    Ok(())
}

async fn texts(tx: &mut Transaction<'static, Any>, campaign: &str, verdict: Verdict, out: &mut Labels) -> Result<()> {
    let rows = sqlx::query("SELECT body FROM examples WHERE campaign = $1 ORDER BY id")
        .bind(campaign)
        .fetch_all(&mut **tx)
        .await?;
    if verdict != Verdict::FalsePositive {
        out.left_out += rows.len() as u64;
        return Ok(());
    }
    for row in &rows {
        let example: Example = serde_json::from_str(&row.try_get::<String, _>(0)?)?;
        out.quiet.push(Quiet {
            text: example.text,
            cues: Vec::new(),
            source: "false-positives".into(),
            group: campaign.to_owned(),
            split: "quiet".into(),
        });
    }
    Ok(())
}
