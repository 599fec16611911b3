//! Families of metrics whose labels are named once, where they are registered.

use prometheus_client::encoding::EncodeMetric;
use prometheus_client::metrics::{MetricType, TypedMetric, counter::Counter, family::Family, gauge::Gauge, histogram::Histogram};
use prometheus_client::registry::Registry;
use std::fmt;

/// Seconds, from what a cache answers to what a long search takes.
const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];

type Labels<const N: usize> = [(&'static str, String); N];

/// One metric for each combination of `N` labels.
pub struct Of<M, const N: usize> {
    names: [&'static str; N],
    family: Family<Labels<N>, M, fn() -> M>,
}

impl<M: Clone, const N: usize> Of<M, N> {
    /// The one with these values of the labels.
    pub fn with(&self, values: [&str; N]) -> M {
        let mut place = 0;
        let labels = values.map(|value| {
            place += 1;
            (self.names[place - 1], value.to_owned())
        });
        self.family.get_or_create_owned(&labels)
    }

    /// Drops all combinations.
    pub fn clear(&self) {
        self.family.clear();
    }
}

/// What a metric is called and is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// As it is exposed, without the `_bucket`, `_sum` and `_count` of a histogram.
    pub name: String,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    pub labels: Vec<&'static str>,
}

/// Registers metrics and remembers what they are called.
pub struct Builder {
    prefix: &'static str,
    pub registry: Registry,
    pub described: Vec<Described>,
}

impl Builder {
    pub fn new(prefix: &'static str) -> Self {
        Self { prefix, registry: Registry::with_prefix(prefix), described: Vec::new() }
    }

    /// `_total` is added to its name.
    pub fn counter<const N: usize>(&mut self, name: &str, help: &str, labels: [&'static str; N]) -> Of<Counter, N> {
        self.add(name, help, labels, Counter::default)
    }

    pub fn gauge<const N: usize>(&mut self, name: &str, help: &str, labels: [&'static str; N]) -> Of<Gauge, N> {
        self.add(name, help, labels, Gauge::default)
    }

    /// Of seconds.
    pub fn histogram<const N: usize>(&mut self, name: &str, help: &str, labels: [&'static str; N]) -> Of<Histogram, N> {
        self.add(name, help, labels, || Histogram::new(SECONDS))
    }

    fn add<M, const N: usize>(&mut self, name: &str, help: &str, names: [&'static str; N], new: fn() -> M) -> Of<M, N>
    where
        M: EncodeMetric + TypedMetric + Clone + fmt::Debug + Send + Sync + 'static,
    {
        let (kind, ending) = match M::TYPE {
            MetricType::Counter => ("counter", "_total"),
            MetricType::Histogram => ("histogram", ""),
            _ => ("gauge", ""),
        };
        self.described.push(Described { name: format!("{}_{name}{ending}", self.prefix), kind, labels: names.to_vec() });
        let family = Family::new_with_constructor(new);
        // The registry ends the sentence itself.
        self.registry.register(name, help.trim_end_matches('.'), family.clone());
        let of = Of { names, family };
        if N == 0 {
            // Zero is told before anything has happened.
            let none: Vec<(&'static str, String)> = Vec::new();
            if let Ok(none) = none.try_into() {
                of.family.get_or_create_owned(&none);
            }
        }
        of
    }
}

/// A value of a label that comes from outside this module: a code or a state, never free text.
pub fn word(text: &str) -> &str {
    let fine = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'_';
    if (1..=40).contains(&text.len()) && text.bytes().all(fine) { text } else { "other" }
}
