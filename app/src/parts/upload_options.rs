//! The options of a search: everything that has a good default.

use super::sources::Sources;
use crate::{
    api::{Health, MatchOptions, QualityGate},
    quality, text,
    words::say,
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
    let threshold_hint = health.as_ref().map_or_else(String::new, |health| text::threshold_hint(health.thresholds));
    view! {
        <details class="options" open=face.is_some()>
            <summary>{say!(options_title)}</summary>
            <div class="options-body">
                <label class="field">
                    <span>{say!(options_face)}</span>
                    <select name="face">
                        <option value="">{say!(options_largest)}</option>
                        {(1..FACES)
                            .map(|index| {
                                view! {
                                    <option value=index.to_string() selected=face == Some(index)>
                                        {say!(options_face_by_size, n = index + 1)}
                                    </option>
                                }
                            })
                            .collect_view()}
                    </select>
                </label>
                <label class="field">
                    <span>{say!(options_words)}</span>
                    <input name="hint" type="text" maxlength="200" autocomplete="off" placeholder=say!(options_words_example) />
                </label>
                <label class="field">
                    <span>{say!(options_addresses)}</span>
                    <textarea name="urls" rows="3" autocomplete="off" spellcheck="false" placeholder=say!(options_addresses_example)></textarea>
                </label>
                <label class="field">
                    <span>{say!(options_threshold)}</span>
                    <input name="threshold" type="number" min="-1" max="1" step="0.01" placeholder=say!(options_threshold_none) />
                    <span class="hint">{threshold_hint}</span>
                </label>
                <label class="field">
                    <span>{say!(options_poor)}</span>
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
                    <span class="hint">{say!(options_poor_hint)}</span>
                </label>
                <label class="field">
                    <span>{say!(options_most_faces)}</span>
                    <input name="top_k" type="number" min="1" max="1000" value=usual.top_k.to_string() />
                </label>
                <label class="field">
                    <span>{say!(options_most_pictures)}</span>
                    <input name="max_candidates" type="number" min="1" max="10000" value=usual.max_candidates.to_string() />
                </label>
                {(!providers.is_empty()).then(|| view! { <Sources providers=providers /> })}
            </div>
        </details>
    }
}
