//! Number: figures as people read them.
//! In: counts, scores, log-odds. Out: short text with thousands separators and no false precision.
//! Invariant: a score is never printed as 0 or 1: no estimate is certain.
//! Not here: dates (`when.rs`).

pub(crate) use stillwatch_model::number::thousands;

/// A count and its noun: `1 account`, `2,000 accounts`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", thousands(count))
}

/// A probability with two decimals; `>0.99` and `<0.01` where that would claim certainty, which no estimate has.
pub(crate) fn score(score: f64) -> String {
    match format!("{score:.2}").as_str() {
        "1.00" => ">0.99".to_owned(),
        "0.00" => "<0.01".to_owned(),
        rounded => rounded.to_owned(),
    }
}

/// A probability with three decimals, for arithmetic that is shown.
pub(crate) fn exact_score(score: f64) -> String {
    match format!("{score:.3}").as_str() {
        "1.000" => ">0.999".to_owned(),
        "0.000" => "<0.001".to_owned(),
        rounded => rounded.to_owned(),
    }
}

/// Log-odds with their sign: `+3.10`, `-0.42`.
pub(crate) fn signed(value: f64) -> String {
    let rounded = format!("{value:+.2}");
    if rounded == "-0.00" { "+0.00".to_owned() } else { rounded }
}

/// A measured figure with about three significant digits.
pub(crate) fn figure(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        "-".to_owned()
    } else if size >= 1000.0 {
        let whole = thousands(size.round() as u64);
        if value < 0.0 { format!("-{whole}") } else { whole }
    } else if value.fract() == 0.0 || size >= 100.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else if size >= 0.001 {
        trimmed(format!("{value:.3}"))
    } else {
        format!("{value:.1e}")
    }
}

/// A share in per cent: `81 %`, `0.4 %`.
pub(crate) fn percent(share: f64) -> String {
    let hundred = share * 100.0;
    if hundred == 0.0 || hundred >= 9.95 { format!("{hundred:.0} %") } else { format!("{hundred:.1} %") }
}

/// A count in few characters, for tiles and axes: `48,210`, `148.2k`, `1.3M`.
pub(crate) fn compact(count: u64) -> String {
    let value = count as f64;
    if count < 100_000 {
        thousands(count)
    } else if value < 999_500.0 {
        format!("{}k", trimmed(format!("{:.1}", value / 1e3)))
    } else if value < 999_500_000.0 {
        format!("{}M", trimmed(format!("{:.1}", value / 1e6)))
    } else {
        format!("{}G", trimmed(format!("{:.1}", value / 1e9)))
    }
}

/// The logistic function, by which a sum of contributions is a score.
pub(crate) fn logistic(sum: f64) -> f64 {
    1.0 / (1.0 + (-sum).exp())
}

fn trimmed(decimal: String) -> String {
    decimal.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        let printed: Vec<String> = [0, 7, 999, 1000, 48_210, 1_204_311].into_iter().map(thousands).collect();
        assert_eq!(printed, ["0", "7", "999", "1,000", "48,210", "1,204,311"]);
    }

    #[test]
    fn certainty_is_never_claimed() {
        assert_eq!((score(0.998), score(0.001), score(0.5)), (">0.99".into(), "<0.01".into(), "0.50".into()));
        assert_eq!(
            (score(1.0), exact_score(0.9997), exact_score(1.0)),
            (">0.99".into(), ">0.999".into(), ">0.999".into())
        );
    }

    #[test]
    fn figures_have_three_digits() {
        let printed: Vec<String> =
            [0.0, 0.812, 0.5, 12.34, 412.4, 48_210.0, 0.000_03, -1500.0, 9.0].into_iter().map(figure).collect();
        assert_eq!(printed, ["0", "0.812", "0.5", "12.3", "412", "48,210", "3.0e-5", "-1,500", "9"]);
    }

    #[test]
    fn compact_counts_are_short() {
        let printed: Vec<String> = [48_210, 148_210, 999_600, 13_000_000].into_iter().map(compact).collect();
        assert_eq!(printed, ["48,210", "148.2k", "1M", "13M"]);
    }
}
