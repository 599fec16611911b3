//! Pages for what is not there, is no more, or cannot be had now.

use super::frame::Page;
use crate::{api::ErrorDetail, text, words::say};
use leptos::prelude::*;

/// What went wrong, and where.
#[derive(Debug, Clone)]
pub struct Trouble {
    pub status: u16,
    pub error: ErrorDetail,
    /// Path of the address.
    pub path: String,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u64>,
    /// By which the operator finds it in the log.
    pub request_id: String,
}

struct Said {
    title: String,
    headline: String,
    sentence: String,
    help: Option<String>,
}

impl Trouble {
    fn said(&self) -> Said {
        let sentence = || text::refusal(&self.error);
        let of = |title: String, headline: String, sentence: String| Said { title, headline, sentence, help: None };
        let (shared, request) = (self.path.starts_with("/r/"), self.path.starts_with("/requests/"));
        match (self.status, self.error.code.as_str()) {
            (410, _) if shared => of(say!(shared_ended), say!(shared_ended_title), say!(shared_ended_why)),
            (410, _) => of(say!(problem_erased), say!(problem_erased_title), say!(problem_erased_why)),
            (404, _) if shared => of(say!(problem_not_found), say!(shared_unknown_title), say!(shared_unknown_why)),
            (400 | 404, _) if request => of(say!(problem_not_found), say!(problem_no_search), say!(problem_no_search_why)),
            (404, _) => of(say!(problem_not_found), say!(problem_no_page), say!(problem_no_page_why)),
            (403, "link_expired" | "bad_signature") => of(say!(trouble_old_link), say!(trouble_old_link_title), say!(trouble_old_link_why)),
            (503, _) => {
                let help = match self.retry_after {
                    Some(seconds) => say!(trouble_again_in, seconds = seconds),
                    None => say!(trouble_again),
                };
                Said { help: Some(help), ..of(say!(problem_out_of_reach), say!(trouble_away_title), sentence()) }
            }
            (500.., _) => {
                let help = say!(trouble_operator, id = self.request_id);
                Said { help: Some(help), ..of(say!(trouble_failed), say!(trouble_failed_title), say!(trouble_failed_why)) }
            }
            _ => of(say!(trouble_refused), say!(trouble_refused_title), sentence()),
        }
    }
}

pub fn problem(trouble: &Trouble) -> Page {
    let Said { title, headline, sentence, help } = trouble.said();
    let calm = trouble.status == 410;
    let again = trouble.status >= 500;
    // Two slashes would begin the name of another host.
    let path = if trouble.path.starts_with("//") { "/".to_owned() } else { trouble.path.clone() };
    let notice = if calm { "notice calm" } else { "notice bad" };
    let home = if again { "button quiet" } else { "button primary" };
    let body = view! {
        <section class=notice>
            <h1>{headline}</h1>
            <p class="lead">{sentence}</p>
            {help.map(|words| view! { <p>{words}</p> })}
            <p class="answers">
                {again.then(|| view! { <a class="button primary" href=path>{say!(trouble_reload)}</a> })}
                <a class=home href="/">
                    {say!(shell_new_search)}
                </a>
            </p>
        </section>
    };
    Page { indexed: false, ..Page::new(title, body.into_any()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Language, tests::reading};

    fn trouble(status: u16, code: &str, path: &str) -> Trouble {
        let error = ErrorDetail { code: code.into(), message: "The server has its own sentence.".into(), details: serde_json::Value::Null };
        Trouble { status, error, path: path.into(), retry_after: Some(5), request_id: "abc".into() }
    }

    fn shown(language: Language, trouble: &Trouble) -> String {
        reading(language, || problem(trouble).body.to_html())
    }

    #[test]
    fn a_link_that_has_ended_is_told_apart_from_an_erased_search() {
        assert!(shown(Language::English, &trouble(410, "gone", "/r/abc")).contains("This link has ended"));
        assert!(shown(Language::English, &trouble(410, "gone", "/requests/abc")).contains("This search is erased"));
        assert!(shown(Language::Spanish, &trouble(410, "gone", "/r/abc")).contains("Este enlace ha dejado de funcionar"));
    }

    #[test]
    fn what_may_pass_says_when_to_try_again_and_gives_a_way_to() {
        let html = shown(Language::English, &trouble(503, "storage_unavailable", "/pools"));
        assert!(html.contains("5 seconds") && html.contains("href=\"/pools\"") && html.contains("own sentence"), "{html}");
        let elsewhere = shown(Language::English, &trouble(503, "storage_unavailable", "//evil.example/"));
        assert!(!elsewhere.contains("evil.example"), "the way to try again leads to nobody else: {elsewhere}");
    }

    #[test]
    fn an_error_of_the_service_shows_the_id_by_which_it_is_found_and_nothing_else_of_it() {
        let html = shown(Language::English, &trouble(500, "internal_error", "/"));
        assert!(html.contains("abc") && html.contains("Something failed"), "{html}");
    }
}
