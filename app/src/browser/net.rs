//! The page's calls to its own server. Every refusal comes back with its code and the server's sentence.

use super::{json, window};
use crate::{
    api::{Accepted, ErrorBody, ErrorDetail, ShareReport, StatusReport},
    words::say,
};
use send_wrapper::SendWrapper;
use serde::de::DeserializeOwned;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{FormData, HtmlFormElement, RequestInit, Response};

/// Sends the upload form as it stands; fields left empty are left out.
pub async fn send(form: HtmlFormElement) -> Result<Accepted, ErrorDetail> {
    let unreadable = || problem("form", say!(problem_unreadable_form));
    let data = FormData::new_with_form(&form).map_err(|_| unreadable())?;
    for field in ["hint", "image_url", "threshold", "top_k", "max_candidates", "face"] {
        if data.get(field).as_string().is_some_and(|text| text.trim().is_empty()) {
            data.delete(field);
        }
    }
    let request = RequestInit::new();
    request.set_body(&data);
    call("POST", "/match", request).await
}

/// `GET /status/{id}`.
pub async fn status(id: String) -> Result<StatusReport, ErrorDetail> {
    SendWrapper::new(async move { call("GET", &format!("/status/{id}"), RequestInit::new()).await }).await
}

/// `DELETE /requests/{id}`.
pub async fn erase(id: String) -> Result<(), ErrorDetail> {
    fetched("DELETE", &format!("/requests/{id}"), RequestInit::new()).await.map(drop)
}

/// `POST /requests/{id}/share`: a link that ends after so many seconds.
pub async fn share(id: String, seconds: u32) -> Result<ShareReport, ErrorDetail> {
    let request = RequestInit::new();
    request.set_body(&JsValue::from_str(&["{\"expires_in\":", &seconds.to_string(), "}"].concat()));
    call("POST", &format!("/requests/{id}/share"), request).await
}

/// `DELETE /requests/{id}/share`.
pub async fn unshare(id: String) -> Result<(), ErrorDetail> {
    fetched("DELETE", &format!("/requests/{id}/share"), RequestInit::new()).await.map(drop)
}

async fn call<T: DeserializeOwned>(method: &str, address: &str, request: RequestInit) -> Result<T, ErrorDetail> {
    let body = fetched(method, address, request).await?;
    json::read(body).map_err(|_| problem("unreadable_answer", say!(problem_unreadable_answer)))
}

/// The body of an answer, as the browser parses it; undefined where it is no JSON. A refusal comes with its code.
async fn fetched(method: &str, address: &str, request: RequestInit) -> Result<JsValue, ErrorDetail> {
    let unreachable = || problem("unreachable", say!(problem_unreachable));
    request.set_method(method);
    let headers = js_sys::Object::new();
    let _ = js_sys::Reflect::set(&headers, &"accept".into(), &"application/json".into());
    request.set_headers(&headers);
    let answer = JsFuture::from(window().fetch_with_str_and_init(address, &request)).await.map_err(|_| unreachable())?;
    let answer: Response = answer.dyn_into().map_err(|_| unreachable())?;
    let body = JsFuture::from(answer.text().map_err(|_| unreachable())?).await.map_err(|_| unreachable())?;
    let body = body.as_string().and_then(|text| js_sys::JSON::parse(&text).ok()).unwrap_or(JsValue::UNDEFINED);
    if answer.ok() {
        return Ok(body);
    }
    Err(match json::read::<ErrorBody>(body) {
        Ok(refused) => refused.error,
        Err(_) => problem("http", say!(problem_answered, status = answer.status())),
    })
}

fn problem(code: &str, message: String) -> ErrorDetail {
    ErrorDetail { code: code.to_owned(), message, details: serde_json::Value::Null }
}
