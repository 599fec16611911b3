//! Do the networks work? Asked with a picture of no one's, so that finding out costs no user anything.

use image::RgbImage;
use models::{Caller, ModelError, Vision, align};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Runs each network once. What they find does not matter; that they answer does.
pub async fn self_check(vision: Arc<dyn Vision>) -> Result<(), ModelError> {
    let check = move || {
        let caught = catch_unwind(AssertUnwindSafe(|| run_each(vision.as_ref())));
        caught.unwrap_or_else(|_| Err(ModelError::Engine("it panicked in the self-check".into())))
    };
    let ended = tokio::task::spawn_blocking(check).await;
    ended.unwrap_or_else(|_| Err(ModelError::Engine("the self-check was interrupted".into())))
}

fn run_each(vision: &dyn Vision) -> Result<(), ModelError> {
    let nobody = Caller::new();
    let picture = shades(96);
    vision.people(&nobody, &picture)?;
    vision.faces(&nobody, &picture, vision.info().face_side)?;
    // An embedding that is no number is refused where it is made.
    let made = vision.embed(&nobody, &[shades(align::SIZE)])?.len();
    if made != 1 {
        return Err(ModelError::Output(format!("{made} embeddings for one crop")));
    }
    Ok(())
}

/// Not flat, so that an embedding of it has a direction.
fn shades(side: u32) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| image::Rgb([x as u8, y as u8, 99]))
}
