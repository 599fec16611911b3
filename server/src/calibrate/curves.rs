//! The three charts of a calibration: ROC, scores, and both error rates over the threshold.

use super::chart::{Axis, Chart, Colour, Layer, Side};
use super::measure::Calibration;
use super::words::{scientific, thousands};

/// Width of a bar of the histogram, in cosine.
const BIN: f64 = 0.02;
/// The rarest false match that is drawn.
const RAREST: f64 = 1e-8;

/// `roc`, `scores` and `rates` with the charts' files.
pub fn curves(calibration: &Calibration, set: &str) -> [(&'static str, String); 3] {
    [("roc", roc(calibration, set)), ("scores", histogram(calibration, set)), ("rates", rates(calibration, set))]
        .map(|(name, chart)| (name, chart.svg()))
}

fn title(what: &str, calibration: &Calibration, set: &str) -> String {
    format!("{what}: {} pack on {set}", calibration.subject.models.pack)
}

fn roc(calibration: &Calibration, set: &str) -> Chart {
    let scores = &calibration.scores;
    let one_pair = 1.0 / calibration.different.pairs as f64;
    // A decade below the rarest that can be counted.
    let floor = 10.0_f64.powf((one_pair * 0.5).log10().floor());
    let curve: Vec<_> = scores.weighted(&scores.even()).curve().collect();
    let mut points: Vec<[f64; 2]> = curve.iter().map(|(_, rates)| [rates.fmr.max(floor), 1.0 - rates.fnmr]).collect();
    let unseen = curve.iter().filter(|(_, rates)| rates.fmr == 0.0).map(|(_, rates)| 1.0 - rates.fnmr).fold(0.0, f64::max);
    points.retain(|point| point[0] > floor);
    points.insert(0, [floor, unseen]);
    points.insert(1, [one_pair, unseen]);
    let measured = calibration.tar_at_far.iter().filter(|at| at.allowed > 0);
    let [strict, lax] = calibration.in_force.map(|at| 1.0 - at.missed.share());
    let lowest = measured.clone().map(|at| at.accepted.interval.low).fold(unseen.min(strict).min(lax), f64::min);
    let bottom = ((lowest - 0.02) * 20.0).floor().clamp(0.0, 19.0) / 20.0;
    let mut layers = vec![
        Layer::Veil { x: [floor, one_pair], label: "rarer than one pair".into() },
        Layer::Line { colour: Colour::Same, dashed: false, legend: "TAR (bars: 95 %, people resampled)".into(), points },
    ];
    layers.extend(measured.map(|at| {
        let interval = at.accepted.interval;
        Layer::Whisker { colour: Colour::Same, x: at.far, y: [interval.low, interval.high] }
    }));
    // Where the two points nearly touch, the label of MATCH goes below its point.
    let below = u8::from((lax - strict).abs() < 0.08 * (1.0 - bottom));
    for (name, at, lines) in [("MATCH", calibration.in_force[0], below), ("POSSIBLE", calibration.in_force[1], 0)] {
        let rate = at.false_matches.share();
        // One that nobody passed wrongly lies anywhere in the veil: it is drawn in its middle.
        let x = if rate > 0.0 { rate } else { (floor * one_pair).sqrt() };
        let label = format!("{name} {:.2}", at.threshold);
        layers.push(Layer::Dot { colour: Colour::Mark, at: [x, 1.0 - at.missed.share()], label, lines });
    }
    let tars = even("TAR: share of the pairs of one person that match", bottom, 1.0, (1.0 - bottom) / 5.0, |v| format!("{v:.2}"));
    Chart {
        title: title("ROC", calibration, set),
        x: decades("FMR: share of the pairs of different people that match", floor, 1.0),
        // A little air above 1, so that a perfect curve does not hide in the frame.
        y: Axis { to: 1.0 + 0.06 * (1.0 - bottom), ..tars },
        layers,
    }
}

fn histogram(calibration: &Calibration, set: &str) -> Chart {
    let (low, high) = range(calibration);
    let bins = ((high - low) / BIN).round() as usize;
    let heights = |scores: &mut dyn Iterator<Item = f32>, all: usize| {
        let mut counts = vec![0_u32; bins];
        for score in scores {
            let bin = ((f64::from(score) - low) / BIN).floor().max(0.0) as usize;
            counts[bin.min(bins - 1)] += 1;
        }
        counts.into_iter().map(|count| f64::from(count) * 100.0 / all as f64).collect::<Vec<f64>>()
    };
    let same = heights(&mut calibration.scores.same(), calibration.same.pairs);
    let different = heights(&mut calibration.scores.different(), calibration.different.pairs);
    let most = same.iter().chain(&different).copied().fold(1.0, f64::max);
    let steps = |heights: &[f64]| {
        let corners = |(bin, height): (usize, &f64)| [bin, bin + 1].map(|edge| [low + edge as f64 * BIN, *height]);
        heights.iter().enumerate().flat_map(corners).collect::<Vec<_>>()
    };
    let area = |colour, kind: &str, pairs: usize, heights: &[f64]| Layer::Area {
        colour,
        legend: format!("{kind} ({} pairs)", thousands(pairs as u64)),
        points: steps(heights),
    };
    let mut layers = vec![
        area(Colour::Different, "different people", calibration.different.pairs, &different),
        area(Colour::Same, "one person", calibration.same.pairs, &same),
    ];
    layers.extend(marks(calibration));
    let top = (most * 1.15 / 5.0).ceil() * 5.0;
    Chart {
        title: title("Scores", calibration, set),
        x: even("similarity (cosine)", low, high, 0.1, |v| format!("{v:.1}")),
        y: even("per cent of the pairs of the kind", 0.0, top, top / 5.0, |v| format!("{v:.0}")),
        layers,
    }
}

fn rates(calibration: &Calibration, set: &str) -> Chart {
    let (low, high) = range(calibration);
    let one_pair = 1.0 / calibration.different.pairs as f64;
    let scores = &calibration.scores;
    let mut curve: Vec<_> = scores.weighted(&scores.even()).curve().collect();
    curve.reverse();
    let line = |of: &dyn Fn(f64, f64) -> f64| -> Vec<[f64; 2]> {
        let points = curve.iter().map(|(threshold, rates)| [f64::from(*threshold), of(rates.fmr, rates.fnmr)]);
        // A rate of nothing has no place on a logarithmic axis: the line ends at the last that was counted.
        points.filter(|point| point[1] > 0.0).collect()
    };
    let steps = (0..=200).map(|n| low + (high - low) * f64::from(n) / 200.0);
    let tail = steps.map(|t| [t, calibration.tail.fmr(t)]).filter(|point| point[1] >= RAREST / 2.0).collect();
    let mut layers = vec![
        Layer::Horizontal { y: one_pair, label: format!("one pair of {}", thousands(calibration.different.pairs as u64)) },
        Layer::Line { colour: Colour::Different, dashed: false, legend: "FMR, counted".into(), points: line(&|fmr, _| fmr) },
        Layer::Line { colour: Colour::Different, dashed: true, legend: "FMR, normal tail (extrapolated)".into(), points: tail },
        Layer::Line { colour: Colour::Same, dashed: false, legend: "FNMR, counted".into(), points: line(&|_, fnmr| fnmr) },
    ];
    layers.extend(marks(calibration));
    Chart {
        title: title("Error rates over the threshold", calibration, set),
        x: even("threshold (cosine)", low, high, 0.1, |v| format!("{v:.1}")),
        y: decades("share of the pairs", RAREST, 1.0),
        layers,
    }
}

/// All scores, to the next tenth; a cosine is never above 1.
fn range(calibration: &Calibration) -> (f64, f64) {
    let (same, different) = (calibration.same, calibration.different);
    let tenth = |value: f64| (value * 10.0).round() / 10.0;
    let low = tenth(f64::from(same.least.min(different.least)) - 0.05);
    (low, tenth(f64::from(same.most.max(different.most)) + 0.05).clamp(low + 0.1, 1.0))
}

/// Both thresholds in force.
fn marks(calibration: &Calibration) -> [Layer; 2] {
    let thresholds = calibration.subject.thresholds;
    [("POSSIBLE", thresholds.possible, Side::Left), ("MATCH", thresholds.match_, Side::Right)].map(|(name, x, side)| Layer::Vertical {
        x: x.into(),
        label: format!("{name} {x:.2}"),
        side,
    })
}

fn decades(label: &str, from: f64, to: f64) -> Axis {
    let (first, last) = (from.log10().round() as i32, to.log10().round() as i32);
    let named = |power: i32| if power == 0 { "1".into() } else { scientific(10.0_f64.powi(power)) };
    let ticks = (first..=last).map(|power| (10.0_f64.powi(power), named(power))).collect();
    Axis { label: label.into(), from, to, logarithmic: true, ticks }
}

fn even(label: &str, from: f64, to: f64, step: f64, shown: impl Fn(f64) -> String) -> Axis {
    let count = ((to - from) / step).round().max(1.0) as u32;
    // Without a minus before what rounds to nothing.
    let value = |n: u32| Some(from + step * f64::from(n)).filter(|v| v.abs() > 1e-9).unwrap_or(0.0);
    let ticks = (0..=count).map(|n| (value(n), shown(value(n)))).collect();
    Axis { label: label.into(), from, to, logarithmic: false, ticks }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::calibrate;
    use crate::calibrate::chart::tests::well_formed;
    use crate::calibrate::measure::tests::{RESAMPLING, gallery, subject};

    #[test]
    fn three_well_formed_charts_name_pack_set_and_thresholds() {
        let measured = calibrate(subject(), &gallery(), false, RESAMPLING).expect("pairs");
        for (name, svg) in curves(&measured, "ten < people") {
            let elements = well_formed(&svg).unwrap_or_else(|why| panic!("{name}: {why}\n{svg}"));
            assert!(elements > 20, "{name}: {elements}");
            for words in ["played pack on ten &lt; people", "MATCH 0.90", "POSSIBLE 0.50"] {
                assert!(svg.contains(words), "{name}: {words} is missing in {svg}");
            }
        }
    }
}
