//! The options of a search: everything that has a good default.

use super::sources::Sources;
use crate::{
    api::{Health, MatchOptions, QualityGate},
    quality,
};
use leptos::prelude::*;

/// How many faces of one photo can be asked for by number.
const FACES: usize = 10;

/// `face` is chosen beforehand where a result page sent the reader here for another face.
#[component]
pub fn Options(health: Option<Health>, face: Option<usize>) -> impl IntoView {
    let usual = MatchOptions::default();
    let gate = health.as_ref().map(|health| health.quality_gate).unwrap_or_default();
    let providers = health.as_ref().map(|health| health.providers.clone()).unwrap_or_default();
    let threshold_hint = health.as_ref().map_or_else(String::new, |health| {
        format!("Match starts at {:.2}, possible at {:.2}. Empty: show all.", health.thresholds.match_, health.thresholds.possible)
    });
    view! {
        <details class="options" open=face.is_some()>
            <summary>"Options"</summary>
            <div class="options-body">
                <label class="field">
                    <span>"Face"</span>
                    <select name="face">
                        <option value="">"The largest in the photo"</option>
                        {(1..FACES)
                            .map(|index| {
                                view! {
                                    <option value=index.to_string() selected=face == Some(index)>
                                        {format!("Face {} (by size)", index + 1)}
                                    </option>
                                }
                            })
                            .collect_view()}
                    </select>
                </label>
                <label class="field">
                    <span>"Words about the picture"</span>
                    <input name="hint" type="text" maxlength="200" autocomplete="off" placeholder="optional, for sources that search by words" />
                </label>
                <label class="field">
                    <span>"Addresses of pictures to compare with"</span>
                    <textarea name="urls" rows="3" autocomplete="off" spellcheck="false" placeholder="optional, one per line"></textarea>
                </label>
                <label class="field">
                    <span>"Public address of this photo"</span>
                    <input name="image_url" type="text" inputmode="url" maxlength="2048" autocomplete="off" placeholder="optional, for sources that take nothing else" />
                </label>
                <label class="field">
                    <span>"Leave out below"</span>
                    <input name="threshold" type="number" min="-1" max="1" step="0.01" placeholder="no limit" />
                    <span class="hint">{threshold_hint}</span>
                </label>
                <label class="field">
                    <span>"Faces too poor to be sure of"</span>
                    <select name="quality">
                        {[QualityGate::Standard, QualityGate::Strict, QualityGate::Off]
                            .into_iter()
                            .map(|choice| {
                                view! {
                                    <option value=choice.as_str() selected=choice == gate>
                                        {quality::choice(choice)}
                                    </option>
                                }
                            })
                            .collect_view()}
                    </select>
                    <span class="hint">"Small, blurred, dark or covered: chance alone can make two of them alike."</span>
                </label>
                <label class="field">
                    <span>"Faces to show at most"</span>
                    <input name="top_k" type="number" min="1" max="1000" value=usual.top_k.to_string() />
                </label>
                <label class="field">
                    <span>"Pictures to look at, at most"</span>
                    <input name="max_candidates" type="number" min="1" max="10000" value=usual.max_candidates.to_string() />
                </label>
                {(!providers.is_empty()).then(|| view! { <Sources providers=providers /> })}
            </div>
        </details>
    }
}
