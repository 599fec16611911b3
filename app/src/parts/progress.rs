//! Where the search stands: each stage with its count and time, and the connection to the server.

use super::cancel::Cancel;
use crate::{
    api::{StageReport, StageState},
    live::Live,
    text,
    words::{percent, say},
};
use leptos::prelude::*;

/// The stages every request goes through, so that the way ahead is seen from the start.
const STAGES: [&str; 5] = ["validate", "discover", "analyse", "rank", "artifacts"];

#[component]
pub fn Progress(live: Live) -> impl IntoView {
    let over = move || live.state.get().is_final();
    let share = Memo::new(move |_| {
        live.stages.with(|stages| {
            let analyse = stages.iter().find(|stage| stage.name == "analyse")?;
            let total = analyse.total.filter(|total| *total > 0)?;
            Some((analyse.done.min(total), total))
        })
    });
    view! {
        <div class="progress" class:over=over>
            <ol class="stages">{STAGES.into_iter().map(|name| view! { <Stage name=name live=live /> }).collect_view()}</ol>
            <Show when=move || !over()>
                <div class="bar">
                    <progress
                        aria-label=say!(stage_bar)
                        max=move || share.get().map(|(_, total)| total.to_string())
                        value=move || share.get().map(|(done, _)| done.to_string())
                    ></progress>
                    <span class="bar-numbers" aria-hidden="true">
                        {move || share.get().map(|(done, total)| percent(done as f32 / total as f32))}
                    </span>
                </div>
                <Cancel live=live />
            </Show>
            <Show when=move || live.lost.get() && !over()>
                <p class="lost">
                    <span class="pulse" aria-hidden="true"></span>
                    {say!(stage_lost)}
                </p>
            </Show>
        </div>
    }
}

#[component]
fn Stage(name: &'static str, live: Live) -> impl IntoView {
    let stage = Memo::new(move |_| live.stages.with(|stages| stages.iter().find(|stage| stage.name == name).cloned()));
    let class = move || match stage.get().map(|stage| stage.state) {
        None => "stage",
        Some(StageState::Running) => "stage running",
        Some(StageState::Done) => "stage done",
        Some(StageState::Failed) => "stage failed",
    };
    let said = move || match stage.get() {
        None => say!(stage_to_come),
        Some(stage) => numbers(&stage),
    };
    view! {
        <li class=class>
            <span class="stage-name">{text::stage(name)}</span>
            <span class="stage-numbers">{said}</span>
        </li>
    }
}

/// `18 of 21`, `21 in 1.2 s`, `42 ms`.
fn numbers(stage: &StageReport) -> String {
    let time = stage.seconds.map(text::duration);
    match (stage.state, stage.total, time) {
        (StageState::Running, Some(total), _) if total > 0 => say!(stage_done_of, done = stage.done, total = total),
        (StageState::Running, ..) => say!(stage_now),
        (StageState::Failed, _, time) => time.map_or_else(|| say!(stage_failed), |time| say!(stage_failed_after, time = time)),
        (StageState::Done, _, Some(time)) if stage.done > 0 => say!(stage_done_in, done = stage.done, time = time),
        (StageState::Done, _, Some(time)) => time,
        (StageState::Done, _, None) => say!(stage_done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_says_how_far_it_is_and_then_how_long_it_took() {
        let stage =
            |state, done, total, seconds| StageReport { name: "analyse".into(), state, started_at: String::new(), seconds, done, total };
        assert_eq!(numbers(&stage(StageState::Running, 18, Some(21), None)), "18 of 21");
        assert_eq!(numbers(&stage(StageState::Running, 0, None, None)), "now");
        assert_eq!(numbers(&stage(StageState::Done, 21, Some(21), Some(1.23))), "21 in 1.2 s");
        assert_eq!(numbers(&stage(StageState::Failed, 0, None, Some(0.04))), "failed after 40 ms");
    }
}
