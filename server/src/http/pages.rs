//! The pages: rendered on the server by Leptos, whole (no streaming), so that they read without JavaScript and carry
//! the right status.

use super::{ApiError, envelope::POLICY, report, site};
use crate::service::Service;
use app::{
    HomeData, PageData, RequestData,
    api::ErrorDetail,
    words::{Address, LANGUAGE, Language, in_language},
};
use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use leptos::{nonce::Nonce, prelude::provide_context};
use std::sync::{Arc, Once};

pub async fn home(State(service): State<Arc<Service>>, request: Request) -> Response {
    let face = request.uri().query().and_then(|query| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(name, _)| name == "face")?.1.parse().ok()
    });
    let data = home_data(&service, face, None).await;
    render(service, request, data).await
}

async fn home_data(service: &Service, face: Option<usize>, problem: Option<ErrorDetail>) -> PageData {
    PageData::Home(Box::new(HomeData { health: service.health().await, problem, face }))
}

/// The page of a request. Where it cannot be shown, `friendly` says why.
pub async fn request(State(service): State<Arc<Service>>, Path(id): Path<String>, request: Request) -> Response {
    let report = match report::parse_id(&id) {
        Ok(id) => report::status(&service, id, false).await,
        Err(error) => Err(error),
    };
    let report = match report {
        Ok(report) => report,
        Err(error) => return error.into_response(),
    };
    let data = PageData::Request(Box::new(RequestData { report, health: service.health().await }));
    let mut response = render(service, request, data).await;
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    response
}

/// Every address that is none of ours.
pub async fn not_found() -> Response {
    StatusCode::NOT_FOUND.into_response()
}

/// What a preview of a shared link shows: the service's sign, and nothing of a result.
pub async fn preview() -> Response {
    let headers = [(header::CONTENT_TYPE, "image/png"), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, include_bytes!("../../assets/preview.png")).into_response()
}

/// Address of the style sheet.
pub async fn sheet(service: &Service) -> String {
    format!("/pkg/{}", site::bundle(&service.config.http.site_root).await.css)
}

/// In which language a page is answered.
pub fn language(uri: &Uri, headers: &HeaderMap) -> Language {
    let said = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    Language::choose(uri.query(), said(header::COOKIE), said(header::ACCEPT_LANGUAGE))
}

/// The home page again, with the sentence that says why the form was refused.
pub async fn form_refused(service: Arc<Service>, error: ApiError, language: Language) -> Response {
    let mut request = Request::new(Body::empty());
    request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/html"));
    request.headers_mut().insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(language.code()));
    let data = home_data(&service, None, Some(error.detail)).await;
    let mut response = render(service, request, data).await;
    *response.status_mut() = error.status;
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

async fn render(service: Arc<Service>, request: Request, data: PageData) -> Response {
    // Listing routes, of which Leptos has none here, is what sets the executor that it renders on.
    static EXECUTOR: Once = Once::new();
    EXECUTOR.call_once(|| drop(leptos_axum::generate_route_list(|| ())));
    let bundle = site::bundle(&service.config.http.site_root).await;
    // New for each answer: whoever can write into one page cannot know what the next one's scripts are marked with.
    let nonce = Nonce::new();
    let policy = policy(&service, &nonce).await;
    let (language, asked) = (language(request.uri(), request.headers()), Language::asked(request.uri().query()));
    let address = request.uri().path_and_query().map_or("/", |address| address.as_str());
    let address = in_language(address, None);
    let handler = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(nonce.clone());
            provide_context(language);
            provide_context(Address(address.clone()));
        },
        move || app::server::document(data.clone(), &bundle),
    );
    let mut response = handler(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.code()));
    headers.append(header::VARY, HeaderValue::from_static("accept-language, cookie"));
    // Who has asked for a language by an address reads on in it.
    if let Some(choice) = asked.map(remembered)
        && let Ok(choice) = HeaderValue::from_str(&choice)
    {
        headers.append(header::SET_COOKIE, choice);
    }
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The cookie of a chosen language: for a year, and nothing but the language in it.
pub fn remembered(language: Language) -> String {
    format!("{LANGUAGE}={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", language.code())
}

/// What a page may load, all of it from this service: its bundle, the script that starts it (by its nonce), its own data, and
/// pictures: also the asker's own before they are sent, and those that the bucket gives itself. Styles only from the sheet: no
/// element carries its own.
async fn policy(service: &Service, nonce: &str) -> String {
    let bucket = service.objects.origin().await.map(|origin| format!(" {origin}")).unwrap_or_default();
    format!(
        "{POLICY}; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
         img-src 'self' data: blob:{bucket}"
    )
}
