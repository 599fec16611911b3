//! The networks of one run: taken at its start, and replaced once where they fail in its middle and a backup stands by.

use super::{PipelineContext, PipelineError, StageError};
use crate::fetch::Shelf;
use crate::vision::{Chosen, Visions};
use std::sync::Arc;

pub struct Networks {
    visions: Option<Arc<Visions>>,
    chosen: Chosen,
}

impl Networks {
    /// Those that do a job that starts now.
    pub async fn of(ctx: &PipelineContext) -> Result<Self, PipelineError> {
        let chosen = match &ctx.visions {
            Some(visions) => visions.choose().await.map_err(|error| PipelineError::Engine(StageError::model("load", &error)))?,
            None => Chosen { vision: Arc::clone(&ctx.vision), backup: None },
        };
        Ok(Self { visions: ctx.visions.clone(), chosen })
    }

    /// Others could take over.
    pub fn may_be_replaced(&self) -> bool {
        self.visions.as_ref().is_some_and(|visions| visions.may_replace(&self.chosen))
    }

    /// Why the backup pack does the work, where it does.
    pub fn backup(&self) -> Option<&'static str> {
        self.chosen.backup
    }

    /// What the run works with. Where it may have to begin again, it keeps what it fetches.
    pub fn context(&self, shared: &PipelineContext) -> PipelineContext {
        let mut ctx = PipelineContext { vision: Arc::clone(&self.chosen.vision), ..shared.clone() };
        if self.may_be_replaced() {
            ctx.fetcher = Arc::new(Shelf::over(ctx.fetcher, ctx.downloads_folder.clone()));
        }
        ctx
    }

    /// Goes over to the backup after this failure; its diagnostic kind. The failure itself, where it does not speak against
    /// the networks, or where nothing stands by.
    pub async fn replace(&mut self, ctx: &mut PipelineContext, failure: PipelineError) -> Result<&'static str, PipelineError> {
        let PipelineError::Engine(error) = &failure else { return Err(failure) };
        let Some(visions) = self.visions.as_ref().filter(|_| error.is_of_the_engine()) else { return Err(failure) };
        let kind = error.kind;
        let Some(chosen) = visions.instead(&self.chosen, kind).await else { return Err(failure) };
        ctx.vision = Arc::clone(&chosen.vision);
        self.chosen = chosen;
        Ok(kind)
    }
}
