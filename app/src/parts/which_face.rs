//! Where the photo shows several faces: which one was compared, and another search with another one. A plain form: the faces are
//! outlined on the photo, and each outline is a radio button, so that mouse, keyboard and screen reader choose as they always do.

use crate::{
    api::{FaceReport, ProbeReport},
    live::Live,
    number::fixed,
    words::{count, say},
};
use leptos::prelude::*;

/// Nothing, where there is one face or the result is not there yet.
#[component]
pub fn WhichFace(live: Live) -> impl IntoView {
    let several = Memo::new(move |_| {
        let probe = live.result.with(|result| result.as_ref().and_then(|result| result.result.first().cloned()));
        probe.filter(|probe| probe.faces.len() > 1).map(|probe| ProbeReport { matches: Vec::new(), ..probe })
    });
    let id = live.report.with_value(|report| report.request_id.clone());
    view! { {move || several.get().map(|probe| view! { <Choose probe=probe id=id.clone() /> })} }
}

#[component]
fn Choose(probe: ProbeReport, id: String) -> impl IntoView {
    let total = probe.faces.len();
    let chosen = probe.face_index;
    let face = move |place: usize| {
        view! {
            <label class="face-box">
                <input type="radio" name="face" value=place.to_string() checked=place == chosen />
                <span class="face-number" aria-hidden="true">{place + 1}</span>
                <span class="unseen">{say!(which_face, n = place + 1, total = total)}</span>
            </label>
        }
    };
    let faces = match (probe.annotated.clone(), probe.picture_size.filter(|size| !size.contains(&0))) {
        (Some(address), Some(size)) => view! {
            <div class="face-map">
                <img src=address alt=say!(which_photo, n = total) />
                <svg>
                    {probe
                        .faces
                        .iter()
                        .map(|face| outline(face, size))
                        .enumerate()
                        .map(|(place, [x, y, width, height])| {
                            view! {
                                <foreignObject x=x y=y width=width height=height>
                                    {face(place)}
                                </foreignObject>
                            }
                        })
                        .collect_view()}
                </svg>
            </div>
        }
        .into_any(),
        // The picture is gone, or the result is an old one.
        _ => view! { <div class="face-list">{(0..total).map(face).collect_view()}</div> }.into_any(),
    };
    view! {
        <form class="which-face" action="/match" method="post" enctype="multipart/form-data">
            <input type="hidden" name="photo_of" value=id />
            <fieldset>
                <legend>{count!(probe_faces, total, chosen = chosen + 1)}</legend>
                {faces}
            </fieldset>
            <div class="which-words">
                <p>{say!(which_how)}</p>
                <label class="tick consent">
                    <input type="checkbox" name="consent" value="true" required=true />
                    <span>
                        {say!(upload_consent)}
                        <span class="hint">{say!(which_kept)}</span>
                    </span>
                </label>
                <button class="button primary" type="submit">
                    {say!(which_search)}
                </button>
            </div>
        </form>
    }
}

/// Left, top, width and height of a face in parts of the picture, as SVG writes them.
fn outline(face: &FaceReport, [width, height]: [u32; 2]) -> [String; 4] {
    let share = |from: f32, to: f32, of: u32| {
        let place = |at: f32| if at.is_finite() { at.clamp(0.0, of as f32) * 100.0 / of as f32 } else { 0.0 };
        let (from, to) = (place(from), place(to));
        [percent(from), percent((to - from).max(0.0))]
    };
    let [x1, y1, x2, y2] = face.bbox;
    let ([x, width], [y, height]) = (share(x1, x2, width), share(y1, y2, height));
    [x, y, width, height]
}

fn percent(share: f32) -> String {
    fixed(share, 2) + "%"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::tests::face;

    #[test]
    fn a_face_is_outlined_where_it_is_however_large_the_picture_is_shown() {
        let at = |bbox, size| outline(&FaceReport { bbox, ..face("a", 0.0, 0.5, 1).face }, size);
        assert_eq!(at([50.0, 20.0, 150.0, 60.0], [200, 80]), ["25.00%", "25.00%", "50.00%", "50.00%"]);
        assert_eq!(at([-10.0, 0.0, 250.0, 80.0], [200, 80]), ["0.00%", "0.00%", "100.00%", "100.00%"], "what lies outside is cut off");
        assert_eq!(at([f32::NAN, 60.0, 20.0, 10.0], [200, 80]), ["0.00%", "75.00%", "10.00%", "0.00%"], "no box is turned inside out");
    }
}
