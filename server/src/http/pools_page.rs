//! The page of the pools beside their data: `GET /pools` for a browser, and what its plain forms send. Everything is done by the
//! handlers of `pools`; a form is answered by the way back to the page, or by the page with the reason in it.

use super::{
    ApiError,
    alone::{Asked, respond},
    pools, same_origin, wants_html,
};
use crate::service::Service;
use app::{
    alone::{PoolsData, Typed, pools as page},
    api::NewPool,
};
use axum::{
    body::Bytes,
    extract::{FromRequest, Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::sync::Arc;
use url::form_urlencoded;

const PAGE: &str = "/pools";

pub async fn list(State(service): State<Arc<Service>>, request: Request) -> Response {
    if !wants_html(request.headers()) {
        let mut response = pools::list(State(service)).await.into_response();
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
        return response;
    }
    let asked = Asked::of(request.uri(), request.headers());
    let done = request.uri().query().and_then(|query| one_of(query.as_bytes(), "done"));
    show(&service, &asked, StatusCode::OK, PoolsData { done, ..PoolsData::default() }).await
}

/// The page as things are now; `data` says what has just happened.
async fn show(service: &Service, asked: &Asked, status: StatusCode, data: PoolsData) -> Response {
    let pools = match service.pools.reports(pools::running(service).as_deref()).await {
        Ok(pools) => pools,
        Err(error) => return ApiError::from(error).into_response(),
    };
    let may_add = !(service.config.discovery.pool_roots.is_empty() && service.config.s3.buckets.is_empty());
    let data = PoolsData { pools, may_add, ..data };
    let mut response = respond(service, asked, status, || page(data)).await;
    // Where browsers say nothing else of where a form comes from, they say it in `Origin`, unless the page forbids even that.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// JSON of a program, or the fields `name` and `uri` of the page's form.
pub async fn create(State(service): State<Arc<Service>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let asked = Asked::of(&parts.uri, &parts.headers).at(PAGE);
    let html = wants_html(&parts.headers);
    let bytes = match Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await {
        Ok(bytes) => bytes,
        Err(refused) => return refused.into_response(),
    };
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") || !html {
        return match same_origin::check(&parts.headers) {
            Ok(()) => pools::create(State(service), bytes).await.into_response(),
            Err(refused) => refused.into_response(),
        };
    }
    let field = |name: &str| one_of(&bytes, name).unwrap_or_default().trim().to_owned();
    let typed = Typed { name: field("name"), uri: field("uri") };
    let made = async {
        same_origin::check(&parts.headers)?;
        let new = NewPool { name: typed.name.clone(), uri: typed.uri.clone() };
        let json = serde_json::to_vec(&new).map_err(|error| ApiError::internal(&error))?;
        pools::create(State(service.clone()), json.into()).await
    };
    match made.await {
        Ok(_) => back(&format!("{PAGE}?done=added#pool-{}", typed.name)),
        Err(error) => refused(&service, &asked, error, typed).await,
    }
}

pub async fn sync(State(service): State<Arc<Service>>, Path(name): Path<String>, request: Request) -> Response {
    let (asked, html, own) = sender(&request);
    let wanted = async {
        own?;
        pools::sync(State(service.clone()), Path(name.clone())).await
    };
    match wanted.await {
        // The name is one of a pool that there is: letters, digits, `-` and `_`.
        Ok(_) if html => back(&format!("{PAGE}?done=asked#pool-{name}")),
        Ok(response) => response,
        Err(error) if html => refused(&service, &asked, error, Typed::default()).await,
        Err(error) => error.into_response(),
    }
}

/// `DELETE /pools/{name}` for forms, which know no DELETE.
pub async fn delete(State(service): State<Arc<Service>>, Path(name): Path<String>, request: Request) -> Response {
    let (asked, html, own) = sender(&request);
    let deleted = async {
        own?;
        pools::delete(State(service.clone()), Path(name)).await
    };
    match deleted.await {
        Ok(_) if html => back(&format!("{PAGE}?done=deleted")),
        Ok(status) => status.into_response(),
        Err(error) if html => refused(&service, &asked, error, Typed::default()).await,
        Err(error) => error.into_response(),
    }
}

fn sender(request: &Request) -> (Asked, bool, Result<(), ApiError>) {
    let headers: &HeaderMap = request.headers();
    (Asked::of(request.uri(), headers).at(PAGE), wants_html(headers), same_origin::check(headers))
}

/// Another load of the page sends nothing again.
fn back(address: &str) -> Response {
    let Ok(address) = HeaderValue::from_str(address) else { return StatusCode::NO_CONTENT.into_response() };
    (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
}

async fn refused(service: &Service, asked: &Asked, error: ApiError, typed: Typed) -> Response {
    let (status, retry_after) = (error.status, error.retry_after);
    let data = PoolsData { typed, problem: Some(error.detail), ..PoolsData::default() };
    let mut response = show(service, asked, status, data).await;
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn one_of(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find(|(field, _)| field == name).map(|(_, value)| value.into_owned())
}
