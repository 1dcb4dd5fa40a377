//! Certificates: by which clients are known besides their tokens.
//! In: a client's name, SHA-256 of a certificate's DER. Out: the tie between the two.
//! Invariant: a certificate is one client's only; a revoked client has none.
//! Not here: whether a certificate is valid (the node asks its authority and its list of revoked ones).

use std::collections::HashMap;

use sqlx::{Any, Row, Transaction};
use stillwatch_model::Micros;

use super::collections::changed;
use crate::error::{Error, Result};
use crate::store::Store;

/// Ties a certificate to a client, besides those that it has.
///
/// # Errors
/// When there is no such client, another client has the certificate, or the store can't be written.
pub async fn tie(store: &Store, client: &str, certificate: &str, at: Micros) -> Result<()> {
    if certificate.len() != 64 || !certificate.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(Error::refused("that is no SHA-256 of a certificate", "give 64 hexadecimal digits"));
    }
    let mut tx = store.write().await?;
    let there = sqlx::query("SELECT 1 FROM clients WHERE name = $1 AND revoked IS NULL")
        .bind(client)
        .fetch_optional(&mut *tx)
        .await?;
    if there.is_none() {
        return Err(super::clients::unknown(client));
    }
    let holder = sqlx::query("SELECT client FROM client_certificates WHERE certificate = $1")
        .bind(certificate)
        .fetch_optional(&mut *tx)
        .await?;
    if let Some(row) = holder {
        let holder: String = row.try_get(0)?;
        if holder == client {
            return Ok(());
        }
        return Err(Error::refused(
            format!("that certificate is the client `{holder}`'s"),
            "a certificate tells who somebody is: give each client one of its own",
        ));
    }
    sqlx::query("INSERT INTO client_certificates (certificate, client, recorded) VALUES ($1, $2, $3)")
        .bind(certificate)
        .bind(client)
        .bind(at)
        .execute(&mut *tx)
        .await?;
    changed(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes a certificate from a client.
///
/// # Errors
/// When it isn't that client's, or the store can't be written.
pub async fn untie(store: &Store, client: &str, certificate: &str) -> Result<()> {
    let mut tx = store.write().await?;
    let done = sqlx::query("DELETE FROM client_certificates WHERE client = $1 AND certificate = $2")
        .bind(client)
        .bind(certificate)
        .execute(&mut *tx)
        .await?;
    if done.rows_affected() == 0 {
        return Err(Error::unknown(
            format!("the client `{client}` has no certificate `{certificate}`"),
            "`stillwatch client list` shows those that it has",
        ));
    }
    changed(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes all certificates from a client that is revoked or made anew.
pub(super) async fn untie_all(tx: &mut Transaction<'static, Any>, client: &str) -> Result<()> {
    sqlx::query("DELETE FROM client_certificates WHERE client = $1").bind(client).execute(&mut **tx).await?;
    Ok(())
}

/// All certificates by client, in order.
pub(super) async fn all(tx: &mut Transaction<'static, Any>) -> Result<HashMap<String, Vec<String>>> {
    let rows =
        sqlx::query("SELECT client, certificate FROM client_certificates ORDER BY client, recorded, certificate")
            .fetch_all(&mut **tx)
            .await?;
    let mut all: HashMap<String, Vec<String>> = HashMap::new();
    for row in &rows {
        all.entry(row.try_get(0)?).or_default().push(row.try_get(1)?);
    }
    Ok(all)
}
