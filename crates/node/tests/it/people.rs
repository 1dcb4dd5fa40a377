//! People: who is known by an issuer's token, and who isn't.
//! In: tokens that are good, forged, out of time, for others; an issuer that changes its keys, lies or is down. Out: 200, 401, 403.
//! Invariant: whatever is wrong with a token reads like no token; clients' own tokens are untouched by all of it.
//! Not here: what roles may do (`access.rs`).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use stillwatch_node::access::{Role, Token, grant};
use stillwatch_node::config::Oidc;
use stillwatch_track::By;
use stillwatch_track::exchange::Right;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::authority::Authority;
use crate::issuer::{Issuer, Key, held, message};
use crate::lab::{Lab, Said, TAXII, Tested, config, envelope, some};

const SHARED: &str = "/trust/collections/shared/objects/";

/// A node that knows people, with rights for analysts and viewers.
async fn lab(issuer: &Issuer, pause: u64) -> Tested<Lab> {
    knowing(Oidc { keys_seconds: pause, ..issuer.settings() }).await
}

async fn knowing(settings: Oidc) -> Tested<Lab> {
    let mut config = config();
    config.oidc = Some(settings);
    let lab = Lab::with(config).await?;
    let right = Right { collection: lab.collections[0].number, can_read: true, can_write: true };
    let by = By { author: "ada".into(), at: 1 };
    grant(&lab.node.store, "people.analyst", Role::Analyst, &Token::make(), &[right], &by).await?;
    grant(&lab.node.store, "people.viewer", Role::Viewer, &Token::make(), &[right], &by).await?;
    lab.node.refresh().await?;
    Ok(lab)
}

async fn ask(lab: &Lab, token: &str, method: &str, path: &str, body: &str) -> Tested<Said> {
    let shown = format!("Bearer {token}");
    let headers = [("accept", TAXII), ("content-type", TAXII), ("authorization", shown.as_str())];
    lab.send(lab.request("", method, path, &headers, body)?).await
}

async fn status(lab: &Lab, token: &str) -> Tested<u16> {
    Ok(ask(lab, token, "GET", SHARED, "").await?.status.as_u16())
}

fn changed(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    if value.is_null() {
        claims.as_object_mut().map(|map| map.remove(name));
    } else {
        claims[name] = value;
    }
    claims
}

#[tokio::test]
async fn a_person_has_a_role_by_claim_and_rights_by_role() -> Tested {
    let issuer = Issuer::new().await?;
    let keys = [("rsa", Key::rsa()?), ("ec", Key::ec()?), ("ed", Key::ed()?)];
    issuer.show(&keys.each_ref().map(|(kid, key)| key.jwk(kid)));
    let lab = lab(&issuer, 60).await?;
    let body = envelope(&some(1));
    for (kid, key) in &keys {
        let of = |role: &str| key.token(kid, &issuer.claims("ada", role));
        for (role, read, write, figures) in [
            ("watch", 200, 202, 403),
            // What the role doesn't allow, the rights of `people.viewer` don't give.
            ("look", 200, 403, 403),
            // There is no `people.auditor`.
            ("check", 404, 404, 200),
            ("run", 200, 202, 200),
            ("unheard", 401, 401, 401),
        ] {
            let token = of(role)?;
            assert_eq!(status(&lab, &token).await?, read, "{kid} {role}");
            assert_eq!(ask(&lab, &token, "POST", SHARED, &body).await?.status, write, "{kid} {role}");
            assert_eq!(ask(&lab, &token, "GET", "/metrics", "").await?.status, figures, "{kid} {role}");
        }
    }
    assert_eq!(issuer.asked(), 1);
    // Nobody becomes a client by bearing its name: what `both` sent stays its own.
    let sent = lab.post("both", "shared", &body).await?.json();
    let own = format!("/trust/status/{}/", sent["id"].as_str().unwrap_or_default());
    let named = keys[0].1.token("rsa", &issuer.claims("both", "watch"))?;
    assert_eq!(ask(&lab, &named, "GET", &own, "").await?.status, 404);
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_a_token_makes_it_none() -> Tested {
    let issuer = Issuer::new().await?;
    let (key, other) = (Key::rsa()?, Key::ec()?);
    let jwk = key.jwk("rsa");
    let shared = json!({"kty": "oct", "kid": "oct", "k": URL_SAFE_NO_PAD.encode("shared")});
    let mut sealing = other.jwk("sealing");
    sealing["use"] = "enc".into();
    issuer.show(&[jwk.clone(), other.jwk("ec"), shared, sealing, json!("nonsense"), json!({"kty": "RSA"})]);
    let lab = lab(&issuer, 0).await?;
    let good = issuer.claims("ada", "watch");
    let now = jiff::Timestamp::now().as_second();
    let stranger = ask(&lab, "nonsense", "GET", SHARED, "").await?;
    let secret = |text: &[u8], header: Value| {
        let message = message(&header, &good);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, text), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
    };
    let unsigned = |alg: &str, kid: &str| format!("{}.", message(&json!({"alg": alg, "kid": kid}), &good));
    let claims = |name: &str, value: Value| key.token("rsa", &changed(&good, name, value));
    let whole = key.token("rsa", &good)?;
    let (head, signature) = whole.rsplit_once('.').ok_or("no parts")?;
    let (_, others) = issuer_of_others(&key).await?;
    let bad: Vec<(&str, String)> = vec![
        ("expired", claims("exp", json!(now - 600))?),
        ("without an end", claims("exp", Value::Null)?),
        ("not yet", claims("nbf", json!(now + 600))?),
        ("for another", claims("aud", json!("another"))?),
        ("for others", claims("aud", json!(["another", "stillwatch2"]))?),
        ("for nobody", claims("aud", Value::Null)?),
        ("another issuer", claims("iss", json!("http://127.0.0.1:1"))?),
        ("another issuer, almost", claims("iss", json!(format!("{}/", issuer.url)))?),
        ("no issuer", claims("iss", Value::Null)?),
        ("nobody", claims("sub", Value::Null)?),
        ("no role", claims("roles", Value::Null)?),
        ("another's whole token", others),
        ("alg none", unsigned("none", "rsa")),
        ("alg None", unsigned("None", "rsa")),
        ("no signature", unsigned("RS256", "rsa")),
        (
            "HS256 with the public key's modulus",
            secret(jwk["n"].as_str().unwrap_or_default().as_bytes(), json!({"alg": "HS256", "kid": "rsa"})),
        ),
        (
            "HS256 with the public key as it is shown",
            secret(jwk.to_string().as_bytes(), json!({"alg": "HS256", "kid": "rsa"})),
        ),
        ("HS256 with a secret that the issuer shows", secret(b"shared", json!({"alg": "HS256", "kid": "oct"}))),
        ("RS384 said", key.with(&json!({"alg": "RS384", "kid": "rsa"}), &good)?),
        ("another kind than the key's", key.with(&json!({"alg": "ES256", "kid": "rsa"}), &good)?),
        ("by another key of the issuer's", other.token("rsa", &good)?),
        ("by a key for sealing", other.token("sealing", &good)?),
        ("unknown kid", key.token("unknown", &good)?),
        ("no kid", key.with(&json!({"alg": "RS256"}), &good)?),
        ("extensions", key.with(&json!({"alg": "RS256", "kid": "rsa", "crit": ["exp"]}), &good)?),
        ("its own key in the header", Key::ec()?.with(&json!({"alg": "ES256", "jwk": other.jwk("x")}), &good)?),
        ("other claims under the signature", {
            let forged = changed(&good, "roles", json!(["run"]));
            format!("{}.{signature}", message(&json!({"typ": "JWT", "alg": "RS256", "kid": "rsa"}), &forged))
        }),
        ("half a signature", format!("{head}.{}", &signature[..100])),
        ("too long", claims("pad", json!("x".repeat(9_000)))?),
        ("not JSON", "e30.e30.e30".to_owned()),
        ("dots", "..".to_owned()),
    ];
    for (what, token) in bad {
        let said = ask(&lab, &token, "GET", SHARED, "").await?;
        assert_eq!((said.status.as_u16(), &said.text), (401, &stranger.text), "{what}");
        assert_eq!(said.headers, stranger.headers, "{what}");
    }
    for (what, token) in [
        ("as it is", whole.clone()),
        ("for several", claims("aud", json!(["another", "stillwatch"]))?),
        ("clocks that differ a little", claims("nbf", json!(now + 10))?),
        ("without a beginning", claims("nbf", Value::Null)?),
        ("one role as text", claims("roles", json!("watch"))?),
    ] {
        assert_eq!(status(&lab, &token).await?, 200, "{what}");
    }
    // As HTTP Basic's password it is nothing.
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("ada:{whole}"));
    let headers = [("accept", TAXII), ("authorization", &format!("Basic {basic}"))];
    assert_eq!(lab.send(lab.request("", "GET", SHARED, &headers, "")?).await?.status, 401);
    Ok(())
}

/// A token of another issuer that has the same key under the same name.
async fn issuer_of_others(key: &Key) -> Tested<(Issuer, String)> {
    let others = Issuer::new().await?;
    let token = key.token("rsa", &others.claims("ada", "watch"))?;
    Ok((others, token))
}

#[tokio::test]
async fn keys_change_and_the_issuer_is_not_asked_more_often_for_it() -> Tested {
    let issuer = Issuer::new().await?;
    let (old, new) = (Key::ec()?, Key::ed()?);
    issuer.show(&[old.jwk("old")]);
    let claims = issuer.claims("ada", "watch");
    let (olds, news) = (old.token("old", &claims)?, new.token("new", &claims)?);
    let eager = lab(&issuer, 0).await?;
    assert_eq!((status(&eager, &olds).await?, status(&eager, &news).await?), (200, 401));
    issuer.show(&[new.jwk("new")]);
    assert_eq!((status(&eager, &news).await?, status(&eager, &olds).await?), (200, 401));
    // With a pause of a minute, a flood of names that nobody has asks once.
    let calm = lab(&issuer, 60).await?;
    let before = issuer.asked();
    assert_eq!(status(&calm, &news).await?, 200);
    for n in 0..50 {
        assert_eq!(status(&calm, &new.token(&format!("k{n}"), &claims)?).await?, 401);
    }
    assert_eq!((status(&calm, &news).await?, issuer.asked() - before), (200, 1));
    Ok(())
}

#[tokio::test]
async fn an_issuer_that_is_down_or_lies_keeps_no_client_out() -> Tested {
    let issuer = Issuer::new().await?;
    let key = Key::ec()?;
    issuer.show(&[key.jwk("ec")]);
    let token = key.token("ec", &issuer.claims("ada", "watch"))?;
    issuer.down(true);
    let lab = lab(&issuer, 0).await?;
    assert_eq!(status(&lab, &token).await?, 401);
    assert_eq!(lab.get("both", SHARED).await?.status, 200);
    issuer.down(false);
    assert_eq!(status(&lab, &token).await?, 200);
    // Down again: what was known holds.
    issuer.down(true);
    assert_eq!((status(&lab, &token).await?, lab.get("both", SHARED).await?.status.as_u16()), (200, 200));
    issuer.down(false);
    for lie in [
        json!({"issuer": "https://another.example", "jwks_uri": format!("{}/keys", issuer.url)}),
        json!({"issuer": issuer.url, "jwks_uri": "http://login.example/keys"}),
        json!({"issuer": issuer.url}),
        json!({"issuer": issuer.url, "jwks_uri": format!("{}/keys", issuer.url), "pad": "x".repeat(300_000)}),
        json!([]),
    ] {
        *held(&issuer.shown.discovery) = lie.clone();
        let lab = self::lab(&issuer, 0).await?;
        assert_eq!(status(&lab, &token).await?, 401, "{}", lie.to_string().chars().take(100).collect::<String>());
        assert_eq!(lab.get("both", SHARED).await?.status, 200);
    }
    Ok(())
}

/// An issuer over TLS: answers each request with what stands under its path.
async fn over_tls(authority: &Authority, keys: Value) -> Tested<(String, JoinHandle<()>)> {
    let own = authority.issue(1, "localhost", 2090)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.key.serialize_der()));
    let settings = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![own.der], key)?;
    let acceptor = TlsAcceptor::from(Arc::new(settings));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("https://localhost:{}", listener.local_addr()?.port());
    let discovery = json!({"issuer": url, "jwks_uri": format!("{url}/keys")}).to_string();
    let keys = json!({"keys": [keys]}).to_string();
    let runs = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = [0u8; 4_096];
            let read = stream.read(&mut head).await.unwrap_or_default();
            let is_keys = head.get(..read).is_some_and(|head| head.starts_with(b"GET /keys "));
            let body = if is_keys { &keys } else { &discovery };
            let said = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
            let _ = stream.write_all(said.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    Ok((url, runs))
}

#[tokio::test]
async fn an_issuer_is_believed_by_its_authority_only() -> Tested {
    let (authority, other) = (Authority::new("login")?, Authority::new("other")?);
    let key = Key::ec()?;
    let (url, runs) = over_tls(&authority, key.jwk("ec")).await?;
    let folder = tempfile::tempdir()?;
    let issuer = Issuer::new().await?;
    let claims = changed(&issuer.claims("ada", "watch"), "iss", json!(url));
    let token = key.token("ec", &claims)?;
    for (ca, expected) in [(&authority, 200), (&other, 401)] {
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, &ca.pem)?;
        let settings = Oidc { issuer: url.clone(), ca: Some(file), ..issuer.settings() };
        let lab = knowing(settings).await?;
        assert_eq!((status(&lab, &token).await?, lab.get("both", SHARED).await?.status.as_u16()), (expected, 200));
    }
    runs.abort();
    Ok(())
}
