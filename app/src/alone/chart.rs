//! Charts as SVG without words in it: the axes' words stand beside it, so that they keep their size on every screen, and every number
//! is in a table below. Nothing here is measured; it draws what it is given.

use leptos::prelude::*;

/// The drawing's own height; its width is ten for each bucket.
const HEIGHT: f64 = 100.0;
const STEP: f64 = 10.0;

/// The least of 1, 2, 5, 10, 20, ... (or of tenths, hundredths of these) that is not below the largest value: the top of an axis.
pub fn top(largest: f64, least: f64) -> f64 {
    if !largest.is_finite() || largest <= least {
        return least;
    }
    let power = 10_f64.powf(largest.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|top| *top >= largest * (1.0 - 1e-9)).unwrap_or(largest)
}

/// Two counts of each bucket, the second standing on the first.
pub fn stacked(values: &[(u64, u64)], top: f64, label: String) -> AnyView {
    let bar = |(place, (first, second)): (usize, &(u64, u64))| {
        let (first, second) = (*first as f64 / top * HEIGHT, *second as f64 / top * HEIGHT);
        let bar =
            |class: &'static str, from: f64, height: f64| (height > 0.0).then(|| rectangle(class, place, HEIGHT - from - height, height));
        view! { {bar("first", 0.0, first)} {bar("second", first, second)} }
    };
    drawing(values.len(), label, values.iter().enumerate().map(bar).collect_view().into_any())
}

/// Of each bucket a span from one value to a higher one, with a line at the lower: median and slowest, for example.
pub fn spans(values: &[Option<(f64, f64)>], top: f64, label: String) -> AnyView {
    let span = |(place, value): (usize, &Option<(f64, f64)>)| {
        value.map(|(low, high)| {
            let y = |value: f64| HEIGHT - (value / top).clamp(0.0, 1.0) * HEIGHT;
            let (low, high) = (y(low), y(high.max(low)));
            view! {
                {rectangle("span", place, high, (low - high).max(0.5))}
                {rectangle("mark", place, (low - 1.5).clamp(0.0, HEIGHT - 3.0), 3.0)}
            }
        })
    };
    drawing(values.len(), label, values.iter().enumerate().map(span).collect_view().into_any())
}

fn rectangle(class: &'static str, place: usize, y: f64, height: f64) -> impl IntoView + use<> {
    let number = |value: f64| format!("{value:.2}");
    view! { <rect class=class x=number(place as f64 * STEP + 1.0) y=number(y) width=number(STEP - 2.0) height=number(height) /> }
}

fn drawing(buckets: usize, label: String, inside: AnyView) -> AnyView {
    let view_box = format!("0 0 {} {HEIGHT}", buckets.max(1) as f64 * STEP);
    view! {
        <svg class="drawing" role="img" aria-label=label viewBox=view_box preserveAspectRatio="none">
            {inside}
        </svg>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number_that_no_value_passes() {
        for (largest, expected) in [(0.0, 1.0), (1.0, 1.0), (3.0, 5.0), (5.0, 5.0), (11.0, 20.0), (700.0, 1000.0), (f64::NAN, 1.0)] {
            assert_eq!(top(largest, 1.0), expected, "{largest}");
        }
        assert!((top(0.03, 0.01) - 0.05).abs() < 1e-12);
    }

    #[test]
    fn bars_stand_on_one_another_and_none_is_drawn_for_nothing() {
        let html = Owner::new().with(|| stacked(&[(3, 1), (0, 0), (0, 2)], 4.0, "Searches".into()).to_html());
        assert_eq!(html.matches("<rect").count(), 3, "{html}");
        assert_eq!((html.matches("class=\"first\"").count(), html.matches("class=\"second\"").count()), (1, 2), "{html}");
        assert!(html.contains("x=\"1.00\" y=\"25.00\" width=\"8.00\" height=\"75.00\""), "{html}");
        assert!(html.contains("x=\"1.00\" y=\"0.00\" width=\"8.00\" height=\"25.00\""), "{html}");
        assert!(html.contains("x=\"21.00\" y=\"50.00\""), "{html}");
        assert!(html.contains("role=\"img\"") && html.contains("aria-label=\"Searches\""), "{html}");
    }

    #[test]
    fn a_bucket_without_values_is_left_empty() {
        let html = Owner::new().with(|| spans(&[None, Some((1.0, 3.0))], 4.0, String::new()).to_html());
        assert_eq!(html.matches("<rect").count(), 2, "{html}");
        assert!(html.contains("x=\"11.00\" y=\"25.00\" width=\"8.00\" height=\"50.00\""), "{html}");
    }
}
