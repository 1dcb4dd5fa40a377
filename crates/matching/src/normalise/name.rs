//! Name: domain names and e-mail addresses.
//! In: text. Out: ASCII in lower case.
//! Invariant: one name, however it is written (UTS 46, without transitional mapping), is one element.
//! Not here: whether a name exists.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

type Canonical = std::result::Result<String, &'static str>;

pub(super) fn domain(value: &str) -> Canonical {
    let value = value.strip_suffix(['.', '。']).unwrap_or(value);
    let ascii = Uts46::new()
        .to_ascii(value.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| "it is no domain name")?
        .into_owned();
    let Some((_, last)) = ascii.rsplit_once('.') else { return Err("it has one label only") };
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("its last label is a number, as an address's would be");
    }
    Ok(ascii)
}

/// Providers that ignore dots in local parts, with the domain that their other domains stand for. Documented by them; a new
/// line here is a new version of the table.
const DOTLESS: [(&str, &str); 2] = [("gmail.com", "gmail.com"), ("googlemail.com", "gmail.com")];

/// Lower case, without a subaddress (RFC 5233: what follows `+`), dots removed where the provider ignores them. RFC 5321 lets
/// providers tell `A@` from `a@`; none of size does, and registrants count on that when they vary an address.
pub(super) fn email(value: &str) -> Canonical {
    let (local, host) = value.rsplit_once('@').ok_or("it has no `@`")?;
    let host = domain(host)?;
    let local = local.to_lowercase();
    let local = local.split_once('+').map_or(local.as_str(), |(before, _)| before);
    if local.is_empty() || local.len() > 64 {
        return Err("its part before `@` is empty, or longer than 64 bytes");
    }
    if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err("its part before `@` has a dot out of place");
    }
    // `atext` of RFC 5322, and letters of RFC 6531; quoted forms aren't given out by anyone.
    if !local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*/=?^_`{|}~.-".contains(c)) {
        return Err("its part before `@` has characters that no provider gives out");
    }
    Ok(match DOTLESS.iter().find(|(provider, _)| *provider == host) {
        Some((_, stands_for)) => format!("{}@{stands_for}", local.replace('.', "")),
        None => format!("{local}@{host}"),
    })
}
