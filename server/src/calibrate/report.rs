//! The report in Markdown: what was measured, how, how sure it is, and what it cannot say.

use super::bands::{Bands, Group, Measure};
use super::intervals::{none_seen_bound, wilson};
use super::measure::{Calibration, Operating};
use super::thresholds::{COUNTABLE, Choice, MATCH_FMR, POSSIBLE_FMR};
use super::words::{count, expected, percent, plain, rate, scientific, share, small, thousands};
use std::fmt::Write;

/// What the report says of its own making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// How the set is called.
    pub set: String,
    /// A sentence or more on what the set shows; may be empty.
    pub about: String,
    /// The command that made the report.
    pub command: String,
    /// Where the curves lie, as seen from the report: `accuracy`.
    pub curves: String,
}

/// One report on one set, of one pack or of several.
pub fn report(calibrations: &[Calibration], described: &Described) -> String {
    let mut out = String::new();
    let Some(first) = calibrations.first() else { return out };
    let _ = writeln!(out, "# Accuracy\n\nMade by `{}`; not written by hand.\n", described.command);
    in_short(&mut out, calibrations, described);
    set(&mut out, first, described);
    limits(&mut out, first, described);
    method(&mut out, first);
    for calibration in calibrations {
        pack(&mut out, calibration, described);
    }
    out
}

fn in_short(out: &mut String, calibrations: &[Calibration], described: &Described) {
    let _ = writeln!(out, "## In short\n\n{}, thresholds in force:\n", described.set);
    row(out, &["Pack", "Embedding", "Threshold", "False matches", "Missed", "EER", "d′"]);
    row(out, &["---"; 7]);
    for calibration in calibrations {
        for (name, at) in ["MATCH", "POSSIBLE"].into_iter().zip(&calibration.in_force) {
            row(
                out,
                &[
                    &calibration.subject.models.pack,
                    &calibration.subject.models.embedding,
                    &format!("{name} {:.2}", at.threshold),
                    &rate(&at.false_matches),
                    &rate(&at.missed),
                    &share(&calibration.eer),
                    &plain(&calibration.d_prime),
                ],
            );
        }
    }
    let _ = writeln!(
        out,
        "\nIn brackets, here and below: 95 % intervals. \"At most\" is the upper bound where none was seen; a number without brackets \
         was the same for all people drawn. All are too narrow rather than too wide, see below.\n"
    );
}

fn set(out: &mut String, calibration: &Calibration, described: &Described) {
    let set = &calibration.set;
    let _ = writeln!(out, "## The pictures\n");
    if !described.about.is_empty() {
        let _ = writeln!(out, "{}\n", described.about);
    }
    let _ = writeln!(
        out,
        "{} people, {} pictures, {} of them with a usable face: {} pairs of one person, {} pairs of different people (who make {} pairs of people).",
        set.people,
        set.pictures,
        set.usable,
        thousands(calibration.same.pairs as u64),
        thousands(calibration.different.pairs as u64),
        thousands(pairs_of_people(calibration)),
    );
    if !set.unusable.is_empty() {
        let listed: Vec<String> = set.unusable.iter().map(|(number, why)| format!("{number} ({why})")).collect();
        let _ = writeln!(out, "Not usable, by number in the order of the paths: {}.", listed.join(", "));
    }
    let _ = writeln!(
        out,
        "The set is known by the SHA-256 over the sorted SHA-256 of its files, one a line:\n\n```\n{}\n```\n\n\
         The pictures themselves belong to others and are no part of this repository.\n",
        set.digest
    );
}

fn pairs_of_people(calibration: &Calibration) -> u64 {
    let people = calibration.set.people as u64;
    people * people.saturating_sub(1) / 2
}

fn limits(out: &mut String, calibration: &Calibration, described: &Described) {
    let (pairs, people) = (calibration.different.pairs as u64, pairs_of_people(calibration));
    let bound = none_seen_bound(pairs);
    let _ = writeln!(out, "## What such a set cannot show\n");
    let mut say = |text: String| {
        let _ = writeln!(out, "* {text}");
    };
    say(format!(
        "**Rare errors.** {} pairs of different people: a false match rarer than one in {} does not show here. Where none was seen, the rate may \
         still be {} if all pairs were independent (nearly three divided by their number, the rule of three). They are not: each photo \
         is in many pairs and each person in many photos. Counting every two people once, {} trials, the bound is {}. No digit behind \
         that is evidence; what the tables call *normal tail* is an extrapolation.",
        thousands(pairs),
        thousands(pairs),
        percent(bound),
        thousands(people),
        percent(none_seen_bound(people)),
    ));
    say(format!(
        "**Other people.** {} people say nothing about those they do not resemble. Networks of this kind err more often for some groups (by age, sex, \
         skin) than for others, and children, siblings and people who look alike are the hard cases. Whoever searches among \
         other people should calibrate on pictures of such people.",
        calibration.set.people
    ));
    say("**Other pictures.** Several pictures of one person from one event are easier than pictures years apart. The sections on damaged pictures \
         below show the direction, not the rates of real cameras, masks or poses."
        .into());
    say(
        "**Many candidates.** A rate is per comparison. A search over N strangers shows N × FMR of them wrongly on average, so what never \
         happens here happens in a large enough search. Each pack's section has the numbers."
            .into(),
    );
    say("**Labels.** A picture in the wrong folder counts as an error of the network. The pairs to look at first are named in each pack's section."
        .into());
    let _ = writeln!(
        out,
        "\nTo calibrate on pictures of your own, one folder per person: `face-engine calibrate DIR --out FOLDER`. The numbers here are those of {}.\n",
        described.set
    );
}

fn method(out: &mut String, calibration: &Calibration) {
    let resampling = calibration.resampling;
    let example = wilson(3, 450);
    let _ = writeln!(
        out,
        "## How it is measured\n\n\
         Each picture goes through the product's own pipeline; the largest face around its middle is the person's. Every photo is compared with \
         every other by the cosine of their embeddings. At a threshold, FMR is the share of pairs of different people at or above it (the FAR \
         of one comparison), FNMR the share of pairs of one person below it, TAR = 1 - FNMR; EER is where FMR and FNMR are equal, d′ the distance of the \
         two means in common standard deviations. Precision at k: of the first k of each photo's ranking of all others, how many show the person, as a \
         share of how many could.\n\n\
         **Intervals.** Pairs share people and photos, so treating them as independent would feign certainty. People are resampled instead: as many as \
         there are, drawn with replacement, {} times (seed {}), everything computed anew, and the 2.5th and 97.5th percentile taken. With few people \
         such an interval is still too narrow. A rate never gets a narrower one than independent pairs would have (Wilson: 3 of 450 is {} to {}), and \
         where no error was seen the bound is the p with (1 - p)^n = 0.05.\n\n\
         **The rule for the thresholds.** Set by what strangers may do, not by what it costs: POSSIBLE lets through {} of the pairs of strangers, \
         MATCH {}. Where a set is so large that {} false matches are expected at that rate, they are counted; else the strangers' scores are taken for \
         normal, with the larger of two deviations, that of all scores and the one that fits their 99th percentile. The estimate is rounded to 0.05 where its \
         interval is wider than 0.02, else to 0.01: MATCH always up, because a wrong MATCH misleads; POSSIBLE to the nearest, because a person looks at what \
         is shown and never sees what is not. Neither lies at or below a score that two different people reached, unless that was counted. The interval is \
         told, not built in: where a false match is graver than several missed ones, take its upper end as the `threshold` of a search. (Targets and tail were \
         settled before anything was measured, the rounding with the numbers of the first packs at hand.)\n",
        thousands(resampling.replicates as u64),
        resampling.seed,
        percent(example.low),
        percent(example.high),
        scientific(POSSIBLE_FMR),
        scientific(MATCH_FMR),
        COUNTABLE,
    );
}

fn pack(out: &mut String, calibration: &Calibration, described: &Described) {
    let subject = &calibration.subject;
    let pack = &subject.models.pack;
    let _ = writeln!(
        out,
        "## Pack {pack}\n\nEngine {}; networks {}, {}, {}; contract of the embeddings `{}`.\n",
        subject.engine, subject.models.person, subject.models.face, subject.models.embedding, subject.contract
    );
    for (file, alt) in [("roc", "ROC"), ("scores", "histogram of the scores"), ("rates", "error rates over the threshold")] {
        let _ = writeln!(out, "![{pack}: {alt}]({}/{pack}-{file}.svg)\n", described.curves);
    }
    chosen(out, calibration, described);
    rates_table(out, calibration);
    candidates(out, calibration);
    if let Some(bands) = &calibration.bands {
        by_band(out, bands);
    }
}

fn chosen(out: &mut String, calibration: &Calibration, described: &Described) {
    let _ = writeln!(out, "### Thresholds by the rule\n");
    row(out, &["", "FMR aimed at", "Found by", "Estimate", "95 % interval", "Rounded to", "By the rule", "In force"]);
    row(out, &["---"; 8]);
    let in_force = calibration.subject.thresholds;
    let line = |out: &mut String, name: &str, choice: &Choice, in_force: f32| {
        let interval = choice.interval.map_or_else(|| "-".into(), |i| format!("{:.3} to {:.3}", i.low, i.high));
        row(
            out,
            &[
                name,
                &scientific(choice.fmr),
                if choice.counted { "counting" } else { "the normal tail" },
                &format!("{:.3}", choice.estimate),
                &interval,
                &format!("{:.2}", choice.step),
                &format!("**{:.2}**", choice.threshold),
                &format!("{in_force:.2}"),
            ],
        );
    };
    line(out, "MATCH", &calibration.match_, in_force.match_);
    line(out, "POSSIBLE", &calibration.possible, in_force.possible);
    let verdict = if calibration.agrees() {
        "The pack's thresholds are those of the rule."
    } else {
        "**The pack's thresholds are not those that the rule gives on this set.**"
    };
    let by_rule = calibration.by_rule();
    let _ = writeln!(
        out,
        "\nHighest score of two different people: {:.3} (pictures {} and {}); lowest of one person: {:.3} (pictures {} and {}). {verdict} As \
         `models/packs.toml` has them:\n\n```toml\nthresholds = {{ match = {:.2}, possible = {:.2} }}\ncalibration = \"{}\"\n```\n",
        calibration.different.most,
        calibration.most_alike[0],
        calibration.most_alike[1],
        calibration.same.least,
        calibration.least_alike[0],
        calibration.least_alike[1],
        by_rule.match_,
        by_rule.possible,
        calibration.sentence(&described.set, by_rule),
    );
    let tail = &calibration.tail;
    let _ = writeln!(
        out,
        "Is the tail normal? Scores of different people have mean {:.3} and deviation {:.3}; the tail is drawn with {:.3}. Pairs at or above:\n",
        calibration.different.mean, calibration.different.sd, tail.sd
    );
    row(out, &["Deviations above the mean", "Score", "Expected", "Counted"]);
    row(out, &["---"; 4]);
    for check in &calibration.tail_checks {
        let cells =
            [format!("{:.1}", check.deviations), format!("{:.3}", check.threshold), expected(check.expected), thousands(check.counted)];
        row(out, &cells.each_ref().map(String::as_str));
    }
    out.push('\n');
}

fn rates_table(out: &mut String, calibration: &Calibration) {
    let _ = writeln!(out, "### Error rates\n");
    row(out, &["Threshold", "False matches (FMR)", "FMR by the normal tail", "Missed (FNMR)"]);
    row(out, &["---"; 4]);
    let mut all: Vec<(String, &Operating)> = calibration.operating.iter().map(|at| (format!("{:.2}", at.threshold), at)).collect();
    let named = ["MATCH", "POSSIBLE"].into_iter().zip(&calibration.in_force);
    for (name, at) in named {
        let label = format!("{:.2} **{name}**", at.threshold);
        match all.iter_mut().find(|(_, known)| (known.threshold - at.threshold).abs() < 1e-4) {
            Some(known) => known.0 = label,
            None => all.push((label, at)),
        }
    }
    all.sort_by(|a, b| a.1.threshold.total_cmp(&b.1.threshold));
    for (label, at) in all {
        row(out, &[&label, &rate(&at.false_matches), &small(&at.by_tail), &rate(&at.missed)]);
    }
    let _ = writeln!(out, "\nTAR at a given FAR:\n");
    row(out, &["FAR", "Threshold", "TAR", ""]);
    row(out, &["---"; 4]);
    for at in &calibration.tar_at_far {
        let allowed = match at.allowed {
            0 => format!("not measurable with {} pairs: TAR where none of them matches", thousands(calibration.different.pairs as u64)),
            n => format!("{} allowed", count(n, "false match", "false matches")),
        };
        row(out, &[&scientific(at.far), &format!("{:.3}", at.threshold), &rate(&at.accepted), &allowed]);
    }
    let precision: Vec<String> = calibration.precision.iter().map(|at| format!("at {}: {}", at.k, share(&at.share))).collect();
    let _ = writeln!(out, "\nEER {}; d′ {}. Precision {}.\n", share(&calibration.eer), plain(&calibration.d_prime), precision.join(", "));
}

fn candidates(out: &mut String, calibration: &Calibration) {
    let _ = writeln!(
        out,
        "### False matches in a search over N strangers\n\n\
         On average N × FMR of them match; that at least one does has the probability 1 - (1 - FMR)^N. First by the normal tail (an extrapolation), then the \
         most that this set cannot exclude with 95 % confidence, if its pairs were independent.\n"
    );
    row(out, &["N", "MATCH: expected", "at least one", "not excluded", "POSSIBLE: expected", "at least one", "not excluded"]);
    row(out, &["---"; 7]);
    for n in [100_u64, 1_000, 10_000, 1_000_000] {
        let mut cells = vec![thousands(n)];
        for at in &calibration.in_force {
            let (fmr, candidates) = (at.by_tail.value, n as f64);
            // 1 - (1 - p)^n, which for a small p would be lost in rounding.
            let one = -(candidates * (-fmr).ln_1p()).exp_m1();
            cells.extend([expected(candidates * fmr), percent(one), expected(candidates * at.false_matches.interval.high)]);
        }
        row(out, &cells.iter().map(String::as_str).collect::<Vec<_>>());
    }
    out.push('\n');
}

fn by_band(out: &mut String, bands: &Bands) {
    let measured = match bands.edges.measure {
        Measure::Overall => "the quality that the pipeline tells (0 to 1)",
        Measure::Sharpness => "sharpness (variance of the Laplacian), in thirds of the photos",
    };
    let _ = writeln!(
        out,
        "### By quality\n\nPairs by the poorer of their two photos, by {measured}; damaged copies included where there are any.\n"
    );
    groups(out, "Poorer photo", &bands.by_quality);
    if !bands.by_damage.is_empty() {
        let _ = writeln!(
            out,
            "\nThe same pictures damaged on purpose, each copy against the undamaged pictures; a picture is never compared with its own copy.\n"
        );
        groups(out, "Damage", &bands.by_damage);
    }
    for (damage, lost) in &bands.lost {
        let _ = writeln!(out, "\nIn {} no face was found: {}.", count(*lost as u64, "copy", "copies"), damage.words());
    }
    out.push('\n');
}

fn groups(out: &mut String, head: &str, groups: &[Group]) {
    row(out, &[head, "Photos", "Missed at MATCH", "Missed at POSSIBLE", "False at MATCH", "False at POSSIBLE"]);
    row(out, &["---"; 6]);
    for group in groups {
        let rates = [&group.missed_at_match, &group.missed_at_possible, &group.false_at_match, &group.false_at_possible].map(rate);
        let [a, b, c, d] = rates.each_ref().map(String::as_str);
        row(out, &[&group.name, &thousands(group.photos as u64), a, b, c, d]);
    }
}

fn row(out: &mut String, cells: &[&str]) {
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::calibrate;
    use crate::calibrate::measure::tests::{RESAMPLING, gallery, subject};

    fn text() -> String {
        let measured = calibrate(subject(), &gallery(), true, RESAMPLING).expect("pairs");
        let described =
            Described { set: "Played".into(), about: "Nobody real.".into(), command: "make it".into(), curves: "curves".into() };
        report(&[measured], &described)
    }

    #[test]
    fn the_report_names_its_making_the_set_the_networks_and_what_it_cannot_show() {
        let text = text();
        for words in [
            "Made by `make it`",
            "Nobody real.",
            "3 people, 13 pictures, 12 of them with a usable face: 18 pairs of one person, 48 pairs of different people (who make 3 pairs of people)",
            "13 (no_face)",
            &"d".repeat(64),
            "Engine played; networks p@1, f@2, e@3; contract of the embeddings `0/test/2`",
            "What such a set cannot show",
            "rule of three",
            "![played: ROC](curves/played-roc.svg)",
            "| 0.90 **MATCH** | 0 of 48: at most 6.1 % |",
            "not measurable with 48 pairs",
            "In 1 copy no face was found: dark",
            "**The pack's thresholds are not those that the rule gives on this set.**",
            "calibration = \"Played: 18 pairs of one person",
        ] {
            assert!(text.contains(words), "{words} is missing in\n{text}");
        }
    }

    #[test]
    fn every_table_has_as_many_cells_in_each_row() {
        let text = text();
        for table in text.split("\n\n").filter(|part| part.starts_with('|')) {
            let cells: Vec<usize> = table.lines().map(|line| line.matches('|').count()).collect();
            assert!(cells.windows(2).all(|pair| pair[0] == pair[1]), "{table}");
        }
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
}
