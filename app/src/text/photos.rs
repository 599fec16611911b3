//! Words about the photos of a search, one or several of one person.

/// `1.2 MB. Click to choose another.`, of one or several files of so many bytes together.
pub fn chosen(photos: usize, bytes: usize) -> String {
    let others = if photos == 1 { "another" } else { "others" };
    format!("{:.1} MB. Click to choose {others}.", (bytes as f64 / 1_048_576.0).max(0.1))
}

/// On the button, while a form with so many photos is on its way.
pub fn sending(photos: usize) -> &'static str {
    if photos > 1 { "Sending your photos…" } else { "Sending your photo…" }
}

/// What is compared where there are several photos.
pub fn one_face_of(photos: usize) -> String {
    format!(
        "{photos} photos make the one face that is compared. A photo that counts less is a poorer one; one that is less similar may show somebody else."
    )
}

/// A share of 1 in percent.
pub fn weight(share: f32) -> String {
    if share.is_finite() { format!("{:.0}%", share * 100.0) } else { "unknown".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_photos_are_told_as_one_face_with_the_share_of_each() {
        assert!(one_face_of(3).starts_with("3 photos make the one face"));
        assert_eq!([weight(1.0 / 3.0), weight(0.5), weight(f32::NAN)], ["33%", "50%", "unknown"]);
        assert_eq!([sending(1), sending(2)], ["Sending your photo…", "Sending your photos…"]);
        assert_eq!(chosen(1, 10), "0.1 MB. Click to choose another.");
        assert_eq!(chosen(3, 3_500_000), "3.3 MB. Click to choose others.");
    }
}
