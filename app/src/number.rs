//! Numbers as the page writes and reads them, by way of whole numbers: what the standard library has for fractions weighs more in the
//! browser's module than any page (docs/PAGE.md). Fit for what a page shows, up to some 10^12; both sides write alike.

/// What is no number.
const NONE: &str = "NaN";

/// With so many digits after the point, halves to the even neighbour: `fixed(0.125, 2)` is `0.12`. A half is what
/// looks like one: 0.05, which in binary is a little more, becomes `0.0`. A zero has no sign.
pub fn fixed(value: impl Into<f64>, digits: u32) -> String {
    written(value.into(), digits)
}

fn written(value: f64, digits: u32) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let scale = 10_u64.pow(digits);
    // Saturates where it is too large for this.
    let whole = (value.abs() * scale as f64).round_ties_even() as u64;
    let mut out = String::new();
    if value < 0.0 && whole > 0 {
        out.push('-');
    }
    out.push_str(&(whole / scale).to_string());
    if digits > 0 {
        // A one in front keeps the zeros behind the point.
        out.push('.');
        out.push_str(&(scale + whole % scale).to_string()[1..]);
    }
    out
}

/// With no more digits than tell it from its neighbours, 12 at most after the point: `0.4`, `-0.0721`, `12`.
pub fn shortest(value: f32) -> String {
    let told = |digits: &u32| {
        let scale = 10_u64.pow(*digits) as f64;
        ((f64::from(value) * scale).round_ties_even() / scale) as f32 == value
    };
    fixed(value, (0..12).find(told).unwrap_or(12))
}

/// `0.05`, `1`, `-3.5`: digits with at most one point, and no exponent.
pub fn read(text: &str) -> Option<f64> {
    let text = text.trim();
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if whole.len() + part.len() == 0 || whole.len() + part.len() > 15 {
        return None;
    }
    let mut value = 0_u64;
    for digit in whole.bytes().chain(part.bytes()) {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(digit - b'0');
    }
    let value = value as f64 / 10_u64.pow(part.len() as u32) as f64;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_the_standard_library_writes_it() {
        for value in [0.0, 0.06, 0.125, 0.994_99, 0.5, 1.5, 2.5, 12.3456, -1.25, -7.0, 1e6, 123_456.789] {
            for digits in 0..5_u32 {
                assert_eq!(fixed(value, digits), format!("{value:.0$}", digits as usize), "{value} with {digits} digits");
            }
        }
        assert_eq!([fixed(-0.001, 2), fixed(f32::NAN, 2), fixed(f64::INFINITY, 0)], ["0.00", "NaN", "NaN"]);
        assert_eq!(fixed(f64::MAX, 1), "1844674407370955161.5", "nonsense, and no crash");
    }

    #[test]
    fn no_digit_is_written_that_tells_nothing() {
        for value in [0.0_f32, 0.4, -0.0721, 12.0, 0.342_158_68, 153.234_56, 0.000_123_456_7, 1_234_567.0] {
            assert_eq!(shortest(value), value.to_string());
            assert_eq!(shortest(value).parse(), Ok(value));
        }
        assert_eq!((shortest(1e-20), shortest(f32::NAN)), ("0.000000000000".to_owned(), "NaN".to_owned()));
    }

    #[test]
    fn what_a_form_sends_is_read_and_nothing_else() {
        for (text, value) in [("0.05", 0.05), ("1", 1.0), (".5", 0.5), ("-3.25", -3.25), (" 40 ", 40.0), ("0.40", 0.4)] {
            assert_eq!(read(text), Some(value), "{text}");
        }
        for text in ["", ".", "-", "NaN", "inf", "1e3", "1,5", "0.5.5", "1234567890123456"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
