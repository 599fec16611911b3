//! The pages: rendered on the server by Leptos, whole (no streaming), so that they read without JavaScript and carry
//! the right status.

use super::{ApiError, envelope::POLICY, report};
use crate::service::Service;
use app::{
    api::{ErrorDetail, Health, StatusReport},
    server::{FormProblem, RequestReader, StatusSetter},
    words::{Address, LANGUAGE, Language, in_language},
};
use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use leptos::{config::LeptosOptions, prelude::provide_context};
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Once,
        atomic::{AtomicU16, Ordering},
    },
};

/// Gives the page the same data as the API gives to a program.
struct Reader(Arc<Service>);

impl RequestReader for Reader {
    fn status(&self, id: String) -> Pin<Box<dyn Future<Output = Result<StatusReport, ErrorDetail>> + Send>> {
        let service = self.0.clone();
        Box::pin(async move {
            let id = report::parse_id(&id).map_err(|e| e.detail)?;
            report::status(&service, id, false).await.map_err(|e| e.detail)
        })
    }

    fn health(&self) -> Pin<Box<dyn Future<Output = Health> + Send>> {
        let service = self.0.clone();
        Box::pin(async move { service.health().await })
    }
}

pub fn leptos_options(service: &Service) -> LeptosOptions {
    LeptosOptions::builder()
        .output_name("face-engine")
        .site_root(service.config.http.site_root.to_string_lossy().into_owned())
        .site_pkg_dir("pkg")
        .site_addr(service.config.http.address())
        .build()
}

pub async fn home(State(service): State<Arc<Service>>, request: Request) -> Response {
    render(service, request, None).await
}

/// The page of a request. Where it cannot be shown, `friendly` says why.
pub async fn request(State(service): State<Arc<Service>>, Path(id): Path<String>, request: Request) -> Response {
    let standing = match report::parse_id(&id) {
        Ok(id) => service.store.state(id).await.map_err(ApiError::from).and_then(report::found).err(),
        Err(error) => Some(error),
    };
    if let Some(error) = standing {
        return error.into_response();
    }
    let mut response = render(service, request, None).await;
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
    let options = leptos_options(service);
    format!("/{}/{}.css", options.site_pkg_dir, options.output_name)
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
    let mut response = render(service, request, Some(error.detail)).await;
    *response.status_mut() = error.status;
    if let Some(seconds) = error.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

async fn render(service: Arc<Service>, request: Request, problem: Option<ErrorDetail>) -> Response {
    // Listing the routes is what sets the executor that Leptos renders on.
    static EXECUTOR: Once = Once::new();
    EXECUTOR.call_once(|| drop(leptos_axum::generate_route_list(app::App)));
    let options = leptos_options(&service);
    let policy = policy(&service).await;
    let (language, asked) = (language(request.uri(), request.headers()), Language::asked(request.uri().query()));
    let address = request.uri().path_and_query().map_or("/", |address| address.as_str());
    let address = in_language(address, None);
    let reader: Arc<dyn RequestReader> = Arc::new(Reader(service));
    let status = Arc::new(AtomicU16::new(StatusCode::OK.as_u16()));
    let setter = status.clone();
    let handler = leptos_axum::render_app_async_with_context(
        move || {
            provide_context(reader.clone());
            provide_context(language);
            provide_context(Address(address.clone()));
            let setter = setter.clone();
            provide_context(StatusSetter(Arc::new(move |code| setter.store(code, Ordering::SeqCst))));
            if let Some(problem) = &problem {
                provide_context(FormProblem(problem.clone()));
            }
        },
        move || app::server::document(options.clone()),
    );
    let mut response = handler(request).await;
    if let Ok(code) = StatusCode::from_u16(status.load(Ordering::SeqCst))
        && response.status() == StatusCode::OK
    {
        *response.status_mut() = code;
    }
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

/// A page shows pictures of the service, of the asker's own machine before they are sent, and of the bucket where that gives
/// them itself; none of anybody else.
async fn policy(service: &Service) -> String {
    let bucket = service.objects.origin().await.map(|origin| format!(" {origin}")).unwrap_or_default();
    format!("{POLICY}; img-src 'self' data: blob:{bucket}")
}
