//! Stopping the search from its page.

use super::Live;
use crate::{browser, text};
use leptos::{prelude::*, task::spawn_local};

impl Live {
    /// Stops the search and erases it. The page shows that it is cancelled, and does not listen for what the server tells of it.
    pub fn cancel(self, busy: RwSignal<bool>, problem: RwSignal<Option<String>>) {
        busy.set(true);
        problem.set(None);
        self.ending.set_value(true);
        let stream = self.stream.get_value();
        if let Some(stream) = stream {
            stream.set_value(None);
        }
        let id = self.report.with_value(|report| report.request_id.clone());
        spawn_local(async move {
            match browser::erase(id).await {
                Ok(()) => self.cancelled.set(true),
                Err(error) if text::page_status(&error) == 410 => self.cancelled.set(true),
                Err(error) => {
                    busy.set(false);
                    problem.set(Some(text::refusal(&error)));
                    // It may go on.
                    self.refresh(stream);
                }
            }
        });
    }
}
