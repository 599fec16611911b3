//! What a job remembers of itself, so that whoever takes it over goes on where it stood: no provider that is paid for is asked
//! twice, no candidate is fetched or computed twice, and nobody is told anything twice.
//!
//! | Key | Holds | Kept |
//! |---|---|---|
//! | `asked/<round>/<phrase>/<provider>` | nothing: that it is there says that a metered provider was asked | durably, before it is asked |
//! | `answer/<round>/<phrase>/<provider>` | what it answered, until `gathered` holds it | a metered one's durably |
//! | `phrases` | what the second round asks for, until `gathered` is there | before the second round |
//! | `gathered` | the candidates in their order, and what was counted while they were gathered | when discovery ends |
//! | `comparison` | which comparison is going on, on which networks, and what they saw in the query | when the query was seen, and when one begins anew |
//! | `query/<photo>` | links to the crops of one photo of the query | when they are stored |
//! | `seen/<candidate>` | how a candidate ended | with its `candidate` event |
//! | `match/<candidate>` | links to its crops | with its `match` event |
//!
//! A value is its [`VERSION`] and JSON. One of another version, or one that cannot be read, is as good as none: the work is done
//! again. The key `asked/...` alone counts unless its value is empty: rather too little is asked than twice. Numbers of networks are
//! kept bit for bit ([`numbers`]), so that a result does not show whether its job was interrupted.
//!
//! A comparison has a number, and so has all that was found in it. Where it begins anew (other networks have taken over, or run
//! where the job goes on) the next number begins, the page is told, and what was kept under the one before counts no more.

mod calls;
mod comparison;
mod numbers;
mod pictures;
#[cfg(test)]
mod tests;

pub use calls::Call;
pub use comparison::{Before, Comparison, KeptLinks, MadeBy, Notes};

use super::{MatchJob, Progress};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Of all values; to be raised with every change of what they hold.
const VERSION: &str = "1 ";

/// What earlier runs of a job have kept, and the way to keep more.
pub struct Memory<'a> {
    kept: &'a BTreeMap<String, String>,
    progress: &'a dyn Progress,
    /// Keys of values that are needed no longer than until the candidates are gathered.
    passing: Mutex<BTreeSet<String>>,
}

impl<'a> Memory<'a> {
    pub fn of(job: &'a MatchJob, progress: &'a dyn Progress) -> Self {
        let passing = job.kept.iter().filter(|(key, value)| calls::is_passing(key) && !value.is_empty());
        let passing = Mutex::new(passing.map(|(key, _)| key.clone()).collect());
        Self { kept: &job.kept, progress, passing }
    }

    /// Nothing was kept: no earlier run came to anything.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// None where it is not there, not of this version, or not readable.
    fn read<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        serde_json::from_str(self.kept.get(key)?.strip_prefix(VERSION)?).ok()
    }

    /// What cannot be written is not kept, and found out once more by the next run.
    fn keep(&self, key: &str, value: &impl Serialize) {
        if let Some(value) = written(value) {
            self.progress.keep(key, value);
        }
    }

    /// Notes that the value is needed no longer than until the candidates are gathered.
    fn passes(&self, key: &str) {
        self.passing.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned());
    }

    fn forget_what_passes(&self) {
        let passing = std::mem::take(&mut *self.passing.lock().unwrap_or_else(PoisonError::into_inner));
        passing.iter().for_each(|key| self.progress.keep(key, String::new()));
    }
}

fn written(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok().map(|json| format!("{VERSION}{json}"))
}
