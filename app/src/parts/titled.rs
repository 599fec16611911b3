//! The title of the document: what the page shows, and whose page it is.

use leptos::prelude::*;

/// What the server writes into the head: the page being rendered leaves it here.
#[cfg(not(feature = "hydrate"))]
#[derive(Clone, Default)]
pub struct DocumentTitle(std::sync::Arc<std::sync::Mutex<String>>);

#[cfg(not(feature = "hydrate"))]
impl DocumentTitle {
    pub fn get(&self) -> String {
        self.0.lock().map(|title| title.clone()).unwrap_or_default()
    }
}

/// A title as HTML. The element takes its text whole, so what Leptos marks its texts with would stand in it.
#[cfg(not(feature = "hydrate"))]
pub fn escaped(title: &str) -> String {
    title.replace('&', "&amp;").replace('<', "&lt;")
}

fn whole(text: &str) -> String {
    if text.is_empty() { "Face Engine".to_owned() } else { [text, " · Face Engine"].concat() }
}

/// Gives the document a title, which follows its signals in the browser. Call while the page is made; `text` is empty for the
/// home page.
#[cfg(not(feature = "hydrate"))]
pub fn titled(text: impl Fn() -> String + 'static) {
    if let Some(DocumentTitle(title)) = use_context()
        && let Ok(mut title) = title.lock()
    {
        *title = whole(&untrack(text));
    }
}

/// Gives the document a title, which follows its signals in the browser. Call while the page is made; `text` is empty for the
/// home page.
#[cfg(feature = "hydrate")]
pub fn titled(text: impl Fn() -> String + 'static) {
    Effect::new(move |_| document().set_title(&whole(&text())));
}

#[cfg(all(test, not(feature = "hydrate")))]
mod tests {
    use super::*;

    #[test]
    fn the_title_names_what_is_shown_before_whose_page_it_is() {
        let owner = Owner::new();
        owner.with(|| {
            let title = DocumentTitle::default();
            provide_context(title.clone());
            titled(|| "2 matches".to_owned());
            assert_eq!(title.get(), "2 matches · Face Engine");
            titled(String::new);
            assert_eq!(title.get(), "Face Engine");
        });
    }
}
