//! Of discovery: who was asked, what they answered, and the candidates in the end.

use super::{Memory, VERSION, written};
use crate::discovery::{Candidate, Cost, Found, Provider, ProviderError};
use crate::pipeline::{Diagnostics, KeepError};
use app::api::Diagnostic;
use serde::{Deserialize, Serialize};

type Answer = Result<Found, ProviderError>;

/// One question to one provider.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// 1 or 2.
    pub round: u8,
    /// Place of the phrase among those of the round.
    pub phrase: usize,
    pub provider: &'a dyn Provider,
}

impl Call<'_> {
    fn key(&self, what: &str) -> String {
        format!("{what}/{}/{}/{}", self.round, self.phrase, self.provider.name())
    }
}

const ASKED: &str = "asked";
const ANSWER: &str = "answer";
const PHRASES: &str = "phrases";
const GATHERED: &str = "gathered";

pub(super) fn is_passing(key: &str) -> bool {
    key == PHRASES || key.starts_with("answer/")
}

/// What discovery ends with.
#[derive(Debug, Serialize, Deserialize)]
pub struct Gathered {
    /// In the order in which they are looked at.
    pub candidates: Vec<Candidate>,
    diagnostics: Vec<Diagnostic>,
}

impl Gathered {
    pub fn diagnostics(&self) -> Diagnostics {
        Diagnostics::of(self.diagnostics.clone())
    }
}

#[derive(Serialize)]
struct GatheredRef<'a> {
    candidates: &'a [Candidate],
    diagnostics: Vec<Diagnostic>,
}

impl Memory<'_> {
    /// What an earlier run was answered; [`ProviderError::Interrupted`] where it has asked a metered provider and knows of no
    /// answer. None: the provider may be asked.
    pub fn answer(&self, call: Call<'_>) -> Option<Answer> {
        let known: Option<Answer> = self.read(&call.key(ANSWER));
        let asked = || self.kept.get(&call.key(ASKED)).filter(|note| !note.is_empty()).map(|_| Err(ProviderError::Interrupted));
        known.or_else(asked)
    }

    /// To be done before a provider is asked. An error: it must not be asked.
    pub async fn will_ask(&self, call: Call<'_>) -> Result<(), KeepError> {
        match call.provider.cost() {
            Cost::Free => Ok(()),
            Cost::Metered => {
                let noted = self.progress.keep_now(&call.key(ASKED), VERSION.to_owned()).await;
                if let Err(KeepError::Unreachable(_)) = noted {
                    // The note may be written yet, and the provider is not asked: the next run may ask it.
                    self.progress.keep(&call.key(ASKED), String::new());
                }
                noted
            }
        }
    }

    /// Keeps an answer. An error: the job is another worker's.
    pub async fn was_answered(&self, call: Call<'_>, answer: &Answer) -> Result<(), KeepError> {
        let key = call.key(ANSWER);
        let Some(value) = written(answer) else { return Ok(()) };
        self.passes(&key);
        match call.provider.cost() {
            Cost::Free => {
                self.progress.keep(&key, value);
                Ok(())
            }
            Cost::Metered => match self.progress.keep_now(&key, value).await {
                // It is here, and is written with what comes next.
                Err(KeepError::Unreachable(_)) | Ok(()) => Ok(()),
                Err(KeepError::TakenAway) => Err(KeepError::TakenAway),
            },
        }
    }

    /// What the second round asks for: what it has asked for already, whatever the answers are this time.
    pub fn phrases(&self, guessed: Vec<String>) -> Vec<String> {
        self.read(PHRASES).unwrap_or_else(|| {
            if !guessed.is_empty() {
                self.passes(PHRASES);
                self.keep(PHRASES, &guessed);
            }
            guessed
        })
    }

    /// Discovery has ended: single answers are needed no more.
    pub fn keep_gathered(&self, candidates: &[Candidate], diagnostics: &Diagnostics) {
        let Some(value) = written(&GatheredRef { candidates, diagnostics: diagnostics.list() }) else { return };
        self.progress.keep(GATHERED, value);
        self.forget_what_passes();
    }

    pub fn gathered(&self) -> Option<Gathered> {
        self.read(GATHERED)
    }
}
