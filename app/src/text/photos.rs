//! Words about the photos of a search, one or several of one person.

use crate::{
    number::fixed,
    words::{decimal, percent, say},
};

/// `1.2 MB. Click to choose another.`, of one or several files of so many bytes together.
pub fn chosen(photos: usize, bytes: usize) -> String {
    let mb = decimal(&fixed((bytes as f64 / 1_048_576.0).max(0.1), 1));
    if photos == 1 { say!(pick_size_one, mb = mb) } else { say!(pick_size_several, mb = mb) }
}

/// On the button, while a form with so many photos is on its way.
pub fn sending(photos: usize) -> String {
    if photos > 1 { say!(upload_sending_several) } else { say!(upload_sending_one) }
}

/// What share of the one face a photo makes.
pub fn weight(share: f32) -> String {
    say!(probe_weight, share = if share.is_finite() { percent(share) } else { say!(number_unknown) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photos_are_told_with_their_size_and_the_share_of_each() {
        assert_eq!([weight(1.0 / 3.0), weight(0.5), weight(f32::NAN)], ["weight 33%", "weight 50%", "weight unknown"]);
        assert_eq!([sending(1), sending(2)], ["Sending your photo…", "Sending your photos…"]);
        assert_eq!(chosen(1, 10), "0.1 MB. Click to choose another.");
        assert_eq!(chosen(3, 3_500_000), "3.3 MB. Click to choose others.");
    }
}
