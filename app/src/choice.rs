//! Which of the compared faces are shown, and in which order. The choice stands in the query of the page's address, so that it
//! survives a reload, travels with a copied link, and can be made by a plain form without JavaScript.

use crate::{
    api::{MatchReport, MatchStatus},
    number, words,
};
use std::cmp::Ordering;

/// The names of the query.
pub const SHOW: &str = "show";
pub const LEAST: &str = "min";
pub const SOURCE: &str = "source";
pub const LICENCE: &str = "licence";
pub const ORDER: &str = "sort";

/// As a licence: none is stated.
pub const NOT_STATED: &str = "-";

/// What stands first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// As the result ranks them; while faces arrive, the most similar.
    #[default]
    Similarity,
    /// In the order in which the pictures were discovered.
    Found,
    /// By provider, then by site.
    Source,
    /// The best face to compare.
    Quality,
}

impl Order {
    pub const ALL: [Self; 4] = [Self::Similarity, Self::Found, Self::Source, Self::Quality];

    /// As the address spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Similarity => "similarity",
            Self::Found => "found",
            Self::Source => "source",
            Self::Quality => "quality",
        }
    }

    pub fn of(text: &str) -> Self {
        Self::ALL.into_iter().find(|order| order.as_str() == text).unwrap_or_default()
    }

    /// Equal ones stay as they stand.
    pub fn compare(self, a: &MatchReport, b: &MatchReport) -> Ordering {
        match self {
            Self::Similarity => Ordering::Equal,
            Self::Found => a.discovered.cmp(&b.discovered),
            Self::Source => (&a.provider, &a.source_domain).cmp(&(&b.provider, &b.source_domain)),
            Self::Quality => {
                // A picture without a face, and a NaN, stand last.
                let overall = |report: &MatchReport| report.face.quality.as_ref().map_or(f32::NAN, |quality| quality.overall);
                let (a, b) = (overall(a), overall(b));
                a.is_nan().cmp(&b.is_nan()).then_with(|| b.total_cmp(&a))
            }
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    pub status: Option<MatchStatus>,
    /// The least similarity in hundredths, 100 at most. 0 leaves out nothing, not even what is below it.
    pub least: u8,
    /// The provider that must have named the picture; empty: any.
    pub source: String,
    /// The licence that must be stated for it, or [`NOT_STATED`]; empty: any.
    pub licence: String,
    pub order: Order,
}

/// `match`, `possible`, `no-match`: in the address, and on the cards for the style.
pub fn status_name(status: MatchStatus) -> &'static str {
    match status {
        MatchStatus::Match => "match",
        MatchStatus::Possible => "possible",
        MatchStatus::NoMatch => "no-match",
    }
}

/// Providers and licences of every place of a picture.
pub fn named(report: &MatchReport) -> impl Iterator<Item = (&str, &str)> {
    let first = (report.provider.as_str(), report.license.as_deref());
    let others = report.provenances.iter().map(|place| (place.provider.as_str(), place.license.as_deref()));
    std::iter::once(first).chain(others).map(|(provider, licence)| (provider, licence.unwrap_or(NOT_STATED)))
}

impl Choice {
    /// What the address of the page at hand asks for.
    pub fn asked() -> Self {
        Self::of(&words::address())
    }

    /// What is not understood asks for nothing.
    pub fn of(address: &str) -> Self {
        let mut choice = Self::default();
        for (name, value) in pairs(address) {
            let value = decoded(value);
            match name {
                SHOW => {
                    let all = [MatchStatus::Match, MatchStatus::Possible, MatchStatus::NoMatch];
                    choice.status = all.into_iter().find(|status| status_name(*status) == value);
                }
                LEAST => choice.least = least(&value),
                SOURCE => choice.source = value,
                LICENCE => choice.licence = value,
                ORDER => choice.order = Order::of(&value),
                _ => {}
            }
        }
        choice
    }

    /// The address with this choice in its query; whatever else it asks for is kept.
    pub fn in_address(&self, address: &str) -> String {
        let (page, _) = address.split_once('#').unwrap_or((address, ""));
        let (path, _) = page.split_once('?').unwrap_or((page, ""));
        let own = [SHOW, LEAST, SOURCE, LICENCE, ORDER];
        let kept = pairs(address).filter(|(name, _)| !own.contains(name)).map(|(name, value)| [name, "=", value].concat());
        let said = [
            (SHOW, self.status.map(status_name).unwrap_or_default().to_owned()),
            (LEAST, if self.least == 0 { String::new() } else { hundredths(self.least) }),
            (SOURCE, encoded(&self.source)),
            (LICENCE, encoded(&self.licence)),
            (ORDER, if self.order == Order::default() { String::new() } else { self.order.as_str().to_owned() }),
        ];
        let said = said.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| [name, "=", value].concat());
        let query: Vec<String> = kept.chain(said).collect();
        if query.is_empty() { path.to_owned() } else { [path, "?", &query.join("&")].concat() }
    }

    pub fn shows(&self, report: &MatchReport) -> bool {
        self.status.is_none_or(|status| report.match_status == status)
            && (self.least == 0 || report.similarity >= f32::from(self.least) / 100.0)
            && (self.source.is_empty() || named(report).any(|(provider, _)| provider == self.source))
            && (self.licence.is_empty() || named(report).any(|(_, licence)| licence == self.licence))
    }

    /// Something may be left out.
    pub fn leaves_out(&self) -> bool {
        *self != Self { order: self.order, ..Self::default() }
    }

    /// Everything, in the order that it has.
    pub fn clear(&mut self) {
        *self = Self { order: self.order, ..Self::default() };
    }
}

/// `0.05` in hundredths, 100 at most; what is no number, and NaN, is 0.
pub fn least(text: &str) -> u8 {
    number::read(text).map_or(0, |least| (least.clamp(0.0, 1.0) * 100.0).round() as u8)
}

/// `0.05`
pub fn hundredths(n: u8) -> String {
    let digits = (100 + u16::from(n)).to_string();
    if n >= 100 { "1.00".to_owned() } else { ["0.", &digits[1..]].concat() }
}

/// The query of an address, still encoded.
fn pairs(address: &str) -> impl Iterator<Item = (&str, &str)> {
    let (page, _) = address.split_once('#').unwrap_or((address, ""));
    let query = page.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// As forms and `encodeURIComponent` write it. What is not UTF-8 is replaced.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = |place: usize| after.get(place).and_then(|digit| char::from(*digit).to_digit(16));
        rest = after;
        match (first, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = &after[2..];
            }
            (b'+', ..) => bytes.push(b' '),
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// RFC 3986: everything but unreserved characters.
fn encoded(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.extend(['%', char::from(HEX[usize::from(byte >> 4)]), char::from(HEX[usize::from(byte & 15)])]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::{ProvenanceReport, QualityReport},
        live::tests::face,
    };

    fn quality(overall: f32) -> Option<QualityReport> {
        Some(QualityReport {
            overall,
            sharpness: 0.0,
            eye_distance: 0.0,
            yaw: 0.0,
            pitch: 0.0,
            roll: 0.0,
            brightness: 0.0,
            contrast: 0.0,
            occlusion: 0.0,
            score: 0.0,
            norm: 0.0,
            reasons: Vec::new(),
        })
    }

    #[test]
    fn a_choice_survives_its_way_through_the_address_and_leaves_the_rest_of_it_alone() {
        let choice = Choice {
            status: Some(MatchStatus::NoMatch),
            least: 5,
            source: "wikimedia".into(),
            licence: "CC BY-SA 4.0 & más".into(),
            order: Order::Quality,
        };
        let address = choice.in_address("https://a.example/requests/1?lang=es&show=match#main");
        assert_eq!(
            address,
            "https://a.example/requests/1?lang=es&show=no-match&min=0.05&source=wikimedia&licence=CC%20BY-SA%204.0%20%26%20m%C3%A1s&sort=quality"
        );
        assert_eq!(Choice::of(&address), choice);
        assert_eq!(Choice::default().in_address(&address), "https://a.example/requests/1?lang=es");
        assert_eq!(Choice::default().in_address("/requests/1?show="), "/requests/1");
    }

    #[test]
    fn what_a_form_sends_is_read_and_nonsense_asks_for_nothing() {
        let sent = Choice::of("/requests/1?show=&min=0&source=&licence=CC+BY%2f4.0&sort=similarity");
        assert_eq!(sent, Choice { licence: "CC BY/4.0".into(), ..Choice::default() });
        assert_eq!(Choice::of("?show=MATCH&min=NaN&sort=age&min=99").least, 100);
        assert_eq!(Choice::of("?min=NaN&show&sort"), Choice::default());
        assert_eq!(decoded("100%+%zz%C3"), "100% %zz\u{fffd}");
    }

    #[test]
    fn a_picture_is_shown_where_any_of_its_places_is_what_was_asked_for() {
        let mut report = face("a", 0.0, 0.35, 1);
        report.provider = "openverse".into();
        report.provenances = vec![ProvenanceReport {
            provider: "wikimedia".into(),
            image_uri: String::new(),
            page_url: None,
            title: None,
            source_domain: None,
            license: Some("CC0".into()),
            license_url: None,
            attribution: None,
            provider_rank: 0,
            provider_score: None,
        }];
        let shows = |query: &str| Choice::of(query).shows(&report);
        assert!(shows("?source=wikimedia&licence=CC0") && shows("?licence=-&show=possible"));
        assert!(!shows("?source=brave") && !shows("?licence=CC+BY") && !shows("?show=match"));
        assert!(shows("?min=0.35") && !shows("?min=0.36"));
    }

    #[test]
    fn where_no_least_similarity_is_asked_for_even_what_is_below_0_is_shown_and_where_one_is_no_nan_is() {
        let shows = |similarity: f32, query: &str| Choice::of(query).shows(&face("a", 0.0, similarity, 1));
        assert!(shows(-0.2, "") && shows(f32::NAN, "?min=0") && !shows(-0.2, "?min=0.01") && !shows(f32::NAN, "?min=0.01"));
        assert_eq!([hundredths(0), hundredths(7), hundredths(40), hundredths(100)], ["0.00", "0.07", "0.40", "1.00"]);
    }

    #[test]
    fn faces_are_put_in_order_by_what_was_asked_for_and_equal_ones_stay() {
        let mut faces: Vec<MatchReport> = ["a", "b", "c", "d"].map(|name| face(name, 0.0, 0.5, 1)).into();
        for (face, (provider, discovered, overall)) in
            faces.iter_mut().zip([("web", 3, 0.2), ("folder", 2, 0.9), ("web", 1, f32::NAN), ("folder", 0, 0.5)])
        {
            face.provider = provider.into();
            face.discovered = discovered;
            face.face.quality = quality(overall);
        }
        let order = |order: Order| {
            let mut faces = faces.clone();
            faces.sort_by(|a, b| order.compare(a, b));
            faces.iter().map(|face| face.pool_image.as_str()).collect::<String>()
        };
        assert_eq!([Order::Similarity, Order::Found, Order::Source, Order::Quality].map(order), ["abcd", "dcba", "bdac", "bdac"]);
        assert!(Order::ALL.into_iter().all(|order| Order::of(order.as_str()) == order));
    }

    #[test]
    fn to_clear_the_filters_keeps_the_order() {
        let mut choice = Choice::of("?show=match&sort=found");
        assert!(choice.leaves_out());
        choice.clear();
        assert!(!choice.leaves_out() && choice.order == Order::Found);
    }
}
