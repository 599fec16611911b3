//! The standard normal distribution's tail: how rare a score so many deviations above the mean is.

use std::f64::consts::{FRAC_2_SQRT_PI, SQRT_2};

/// Share of a standard normal distribution above `x`: 0.5 at 0, 1e-6 at 4.7534.
///
/// Above 2 by Laplace's continued fraction, nearer by the series of the error function around 0 (both in Abramowitz and
/// Stegun, Handbook of Mathematical Functions, 26.2.14 and 26.2.11); the relative error stays below 1e-9.
pub fn upper_tail(x: f64) -> f64 {
    if x < 0.0 {
        return 1.0 - upper_tail(-x);
    }
    let density = FRAC_2_SQRT_PI / (2.0 * SQRT_2) * (-x * x / 2.0).exp();
    if x > 2.0 {
        return density / (1..=100).rev().fold(x, |below, k| x + f64::from(k) / below);
    }
    let (mut term, mut sum) = (x, x);
    for k in 1..=40 {
        term *= x * x / f64::from(2 * k + 1);
        sum += term;
    }
    0.5 - density * sum
}

/// The `x` above which the share `p` lies, for `p` from 1e-12 to 1 - 1e-12 (clamped to it); by bisection.
pub fn upper_quantile(p: f64) -> f64 {
    let p = p.clamp(1e-12, 1.0 - 1e-12);
    let (mut low, mut high) = (-8.0, 8.0);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if upper_tail(middle) > p { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_agrees_with_the_tables() {
        for (x, p) in [(0.0, 0.5), (1.0, 0.158_655_253_9), (1.959_963_985, 0.025), (3.0, 1.349_898_032e-3), (4.753_424_309, 1e-6)] {
            assert!((upper_tail(x) / p - 1.0).abs() < 1e-7, "{x}: {}", upper_tail(x));
            assert!((upper_quantile(p) - x).abs() < 1e-7, "{p}: {}", upper_quantile(p));
        }
        assert!((upper_tail(-1.0) - 0.841_344_746_1).abs() < 1e-9);
        assert!((upper_tail(2.0 + 1e-9) / upper_tail(2.0) - 1.0).abs() < 1e-7, "the two ways meet");
    }
}
