//! The page's calls to its own server. Every refusal comes back with its code and the server's sentence.

use super::window;
use crate::{
    api::{Accepted, ErrorBody, ErrorDetail, Health, StatusReport},
    words::say,
};
use send_wrapper::SendWrapper;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{FormData, HtmlFormElement, RequestInit, Response};

/// Sends the upload form as it stands; fields left empty are left out.
pub async fn send(form: HtmlFormElement) -> Result<Accepted, ErrorDetail> {
    let unreadable = || problem("form", say!("problem.unreadable_form"));
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

/// `GET /health`.
pub async fn health() -> Result<Health, ErrorDetail> {
    SendWrapper::new(async { call("GET", "/health", RequestInit::new()).await }).await
}

/// `DELETE /requests/{id}`.
pub async fn erase(id: String) -> Result<(), ErrorDetail> {
    text("DELETE", &format!("/requests/{id}"), RequestInit::new()).await.map(drop)
}

async fn call<T: DeserializeOwned>(method: &str, address: &str, request: RequestInit) -> Result<T, ErrorDetail> {
    let body = text(method, address, request).await?;
    serde_json::from_str(&body).map_err(|_| problem("unreadable_answer", say!("problem.unreadable_answer")))
}

async fn text(method: &str, address: &str, request: RequestInit) -> Result<String, ErrorDetail> {
    let unreachable = || problem("unreachable", say!("problem.unreachable"));
    request.set_method(method);
    let headers = js_sys::Object::new();
    let _ = js_sys::Reflect::set(&headers, &"accept".into(), &"application/json".into());
    request.set_headers(&headers);
    let answer = JsFuture::from(window().fetch_with_str_and_init(address, &request)).await.map_err(|_| unreachable())?;
    let answer: Response = answer.dyn_into().map_err(|_| unreachable())?;
    let body = match answer.text() {
        Ok(body) => JsFuture::from(body).await.ok().and_then(|body| body.as_string()),
        Err(_) => None,
    };
    let body = body.ok_or_else(unreachable)?;
    // A degraded health answer is a 503 with the report as its body, not an error of ours.
    if answer.ok() || (address == "/health" && !body.contains("\"error\"")) {
        return Ok(body);
    }
    Err(match serde_json::from_str::<ErrorBody>(&body) {
        Ok(refused) => refused.error,
        Err(_) => problem("http", say!("problem.answered", status = answer.status())),
    })
}

fn problem(code: &str, message: String) -> ErrorDetail {
    ErrorDetail { code: code.to_owned(), message, details: serde_json::Value::Null }
}
