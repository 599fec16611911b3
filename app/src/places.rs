//! The places that a picture stands in, each told once: two providers that name one page, or one address, name one place.

use crate::api::{MatchReport, ProvenanceReport};

/// One place, with all that anybody said of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// Who named it, the first first.
    pub providers: Vec<String>,
    pub image_uri: String,
    pub page_url: Option<String>,
    pub title: Option<String>,
    /// Host name of the page or picture.
    pub source_domain: Option<String>,
    pub license: Option<String>,
    pub license_url: Option<String>,
    pub attribution: Option<String>,
}

/// Every place of the picture; that of [`MatchReport::image_uri`] is the first, and always there.
pub fn places(report: &MatchReport) -> Vec<Place> {
    let mut places = vec![lead(report)];
    for provenance in &report.provenances {
        match places.iter_mut().find(|place| place.is(provenance)) {
            Some(place) => place.hear(provenance),
            None => places.push(Place::of(provenance)),
        }
    }
    for address in &report.duplicates {
        if report.provenances.iter().all(|provenance| provenance.image_uri != *address) {
            places.push(Place { image_uri: address.clone(), ..Place::default() });
        }
    }
    places
}

fn lead(report: &MatchReport) -> Place {
    Place {
        providers: vec![report.provider.clone()],
        image_uri: report.image_uri.clone(),
        page_url: report.page_url.clone(),
        title: report.title.clone(),
        source_domain: report.source_domain.clone(),
        license: report.license.clone(),
        license_url: report.license_url.clone(),
        attribution: report.attribution.clone(),
    }
}

impl Place {
    fn of(provenance: &ProvenanceReport) -> Self {
        let mut place = Self { image_uri: provenance.image_uri.clone(), ..Self::default() };
        place.hear(provenance);
        place
    }

    /// Two pools may hold files of one name: a path is a place of its pool alone.
    fn is(&self, provenance: &ProvenanceReport) -> bool {
        if !self.image_uri.contains("://") {
            return self.image_uri == provenance.image_uri && self.providers.contains(&provenance.provider);
        }
        match (&self.page_url, &provenance.page_url) {
            (Some(page), Some(other)) => page == other,
            _ => self.image_uri == provenance.image_uri,
        }
    }

    /// What was said first stands; what is new is added.
    fn hear(&mut self, provenance: &ProvenanceReport) {
        if !self.providers.contains(&provenance.provider) {
            self.providers.push(provenance.provider.clone());
        }
        // A licence, its address and whom to name belong together.
        if self.license.is_none() {
            self.license.clone_from(&provenance.license);
            self.license_url.clone_from(&provenance.license_url);
            self.attribution.clone_from(&provenance.attribution);
        }
        for (known, said) in [
            (&mut self.page_url, &provenance.page_url),
            (&mut self.title, &provenance.title),
            (&mut self.source_domain, &provenance.source_domain),
        ] {
            if known.is_none() {
                known.clone_from(said);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::tests::face;

    fn named(provider: &str, image: &str, page: Option<&str>) -> ProvenanceReport {
        ProvenanceReport {
            provider: provider.into(),
            image_uri: image.into(),
            page_url: page.map(Into::into),
            title: None,
            source_domain: None,
            license: None,
            license_url: None,
            attribution: None,
            provider_rank: 0,
            provider_score: None,
        }
    }

    fn told(report: &MatchReport) -> Vec<String> {
        places(report).iter().map(|place| format!("{} by {}", place.image_uri, place.providers.join("+"))).collect()
    }

    #[test]
    fn a_place_that_two_providers_name_is_one_place() {
        let mut report = face("a", 0.0, 0.5, 1);
        report.image_uri = "https://a.example/1.jpg".into();
        report.provider = "openverse".into();
        report.provenances = vec![
            named("openverse", "https://a.example/1.jpg", None),
            ProvenanceReport {
                license: Some("CC BY 4.0".into()),
                attribution: Some("Ada".into()),
                ..named("wikimedia", "https://a.example/1.jpg", Some("https://a.example/page"))
            },
            named("brave", "https://cdn.example/other.jpg", Some("https://a.example/page")),
            named("brave", "https://b.example/copy.jpg", None),
        ];
        report.duplicates = vec!["https://cdn.example/other.jpg".into(), "https://b.example/copy.jpg".into()];
        let shown = places(&report);
        assert_eq!(shown[0].providers, ["openverse", "wikimedia", "brave"]);
        assert_eq!((shown[0].license.as_deref(), shown[0].attribution.as_deref()), (Some("CC BY 4.0"), Some("Ada")));
        assert_eq!(shown[0].page_url.as_deref(), Some("https://a.example/page"));
        assert_eq!(told(&report)[1..], ["https://b.example/copy.jpg by brave"]);
    }

    #[test]
    fn files_of_one_name_in_two_pools_are_two_places_and_old_results_have_at_least_their_duplicates() {
        let mut report = face("a", 0.0, 0.5, 1);
        report.image_uri = "file:1.jpg".into();
        report.provider = "archive".into();
        report.provenances = vec![named("archive", "file:1.jpg", None), named("scans", "file:1.jpg", None)];
        assert_eq!(told(&report), ["file:1.jpg by archive", "file:1.jpg by scans"]);
        report.provenances.clear();
        report.duplicates = vec!["file:2.jpg".into()];
        assert_eq!(told(&report), ["file:1.jpg by archive", "file:2.jpg by "]);
    }
}
