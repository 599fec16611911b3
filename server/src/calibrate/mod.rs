//! Calibration: how sure the two thresholds of a pack are, measured on a folder of pictures with one folder per person.
//!
//! listing → gallery (the product's own pipeline) → pairs → scores → rates with intervals, thresholds by a rule, bands of
//! quality → report and curves. Everything from the pairs on is arithmetic: the same pictures, engine and seed give the
//! same bytes.
//!
//! Knows the pipeline and the networks; nothing of jobs, requests or HTTP.

mod bands;
mod chart;
mod curves;
mod damage;
mod error;
mod gallery;
mod intervals;
mod listing;
mod measure;
mod normal;
mod pairs;
mod report;
mod scores;
mod thresholds;
mod words;

pub use bands::{Bands, Edges, Group, Measure, bands};
pub use curves::curves;
pub use damage::Damage;
pub use error::CalibrateError;
pub use gallery::{Gallery, Photo, Unusable, look_at_all, main_face};
pub use intervals::{Estimate, Interval, Rate, Resampling, none_seen_bound, wilson};
pub use listing::{Listed, Listing, MAX_PICTURES, digest_of_set};
pub use measure::{Calibration, Operating, SetReport, Subject, calibrate};
pub use pairs::{Pair, Pairs, Precision, precision};
pub use report::{Described, report};
pub use scores::{Moments, Rates, Scores, Weighted, Weights};
pub use thresholds::{Choice, MATCH_FMR, POSSIBLE_FMR, Tail};
