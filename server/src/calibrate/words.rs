//! Numbers as a report writes them.

use super::intervals::{Estimate, Interval, Rate};

/// `4,500`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `no false match`, `1 false match`, `12 false matches`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    match number {
        0 => format!("no {one}"),
        1 => format!("1 {one}"),
        _ => format!("{} {many}", thousands(number)),
    }
}

/// A share as per cent, with as many digits as say something: `12 %`, `1.2 %`, `0.067 %`.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value == 0.0 {
        "0 %".into()
    } else if value >= 99.95 || value >= 10.0 && (value - value.round()).abs() < 1e-9 {
        format!("{value:.0} %")
    } else if value >= 1.0 {
        format!("{value:.1} %")
    } else if value >= 0.001 {
        // Two digits that count.
        let digits = (1.0 - value.log10().floor()).clamp(0.0, 6.0) as usize;
        format!("{value:.digits$} %")
    } else {
        format!("{value:.0e} %")
    }
}

/// `0.2 % to 1.9 %`.
pub fn between(interval: Interval) -> String {
    format!("{} to {}", percent(interval.low), percent(interval.high))
}

/// `3 of 450: 0.67 % (0.2 % to 1.9 %)`; of none `0 of 4,500: at most 0.067 %`.
pub fn rate(rate: &Rate) -> String {
    let of = format!("{} of {}", thousands(rate.events), thousands(rate.of));
    if rate.of == 0 {
        "no pairs".into()
    } else if rate.events == 0 {
        format!("{of}: at most {}", percent(rate.interval.high))
    } else {
        format!("{of}: {} ({})", percent(rate.share()), between(rate.interval))
    }
}

/// `1.2 % (0 % to 3.4 %)`.
pub fn share(estimate: &Estimate) -> String {
    with_interval(estimate, percent)
}

/// `4.75 (4.01 to 5.92)`.
pub fn plain(estimate: &Estimate) -> String {
    with_interval(estimate, |value| format!("{value:.2}"))
}

/// A share that may be very small: `1.2 %`, and below a thousandth a power of ten: `2e-7 (3e-9 to 4e-6)`.
pub fn small(estimate: &Estimate) -> String {
    with_interval(estimate, |value| if value < 1e-3 { scientific(value) } else { percent(value) })
}

/// `2e-7`; what is below the arithmetic's reach is `0`.
pub fn scientific(value: f64) -> String {
    if value <= 0.0 { "0".into() } else { format!("{value:.0e}") }
}

/// An interval without width is none: no draw of people showed anything else, which says nothing of other people.
fn with_interval(estimate: &Estimate, shown: impl Fn(f64) -> String) -> String {
    match estimate.interval.filter(|interval| interval.low < interval.high) {
        Some(interval) => format!("{} ({} to {})", shown(estimate.value), shown(interval.low), shown(interval.high)),
        None => shown(estimate.value),
    }
}

/// `0.3`, `12`, `3,400`: an expected number.
pub fn expected(number: f64) -> String {
    match number {
        n if n >= 10.0 => thousands(n.round() as u64),
        n if n >= 0.1 => format!("{n:.1}"),
        n if n >= 0.001 => format!("{n:.3}"),
        n => scientific(n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_a_person_writes_them() {
        assert_eq!([0, 999, 4500, 1_234_567].map(thousands), ["0", "999", "4,500", "1,234,567"]);
        assert_eq!(
            [0, 1, 1200].map(|n| count(n, "false match", "false matches")),
            ["no false match", "1 false match", "1,200 false matches"]
        );
        let shares = [0.0, 0.000_000_5, 0.000_667, 0.006_67, 0.0123, 0.123, 0.2, 0.997, 1.0];
        assert_eq!(shares.map(percent), ["0 %", "5e-5 %", "0.067 %", "0.67 %", "1.2 %", "12.3 %", "20 %", "99.7 %", "100 %"]);
        assert_eq!([2.2e-5, 0.0154, 0.42, 3.0, 4_000.4].map(expected), ["2e-5", "0.015", "0.4", "3.0", "4,000"]);
    }

    #[test]
    fn a_rate_of_none_says_what_it_may_still_be() {
        assert_eq!(rate(&Rate::new(0, 4500, None)), "0 of 4,500: at most 0.067 %");
        assert_eq!(rate(&Rate::new(3, 450, None)), "3 of 450: 0.67 % (0.23 % to 1.9 %)");
        assert_eq!(rate(&Rate::new(0, 0, None)), "no pairs");
    }

    #[test]
    fn an_estimate_shows_its_interval_where_it_has_one() {
        let estimate = |value, low, high| Estimate { value, interval: Some(Interval { low, high }) };
        assert_eq!(share(&estimate(0.012, 0.0, 0.034)), "1.2 % (0 % to 3.4 %)");
        assert_eq!(share(&estimate(0.0, 0.0, 0.0)), "0 %", "no width, no interval");
        assert_eq!(small(&estimate(2e-7, 3e-9, 0.02)), "2e-7 (3e-9 to 2.0 %)");
        assert_eq!(plain(&Estimate { value: 7.9, interval: None }), "7.90");
    }
}
