//! What a page reads before it is rendered: on the server through [`crate::server::RequestReader`], in the browser
//! (only where the server's answer is not in the page already) over HTTP.

use crate::api::{ErrorDetail, Health, StatusReport};
#[cfg(feature = "ssr")]
use crate::server::{FormProblem, RequestReader, StatusSetter};
#[cfg(feature = "ssr")]
use leptos::prelude::use_context;
use serde::{Deserialize, Serialize};

/// What the home page shows beside the form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HomeData {
    pub health: Option<Health>,
    /// Why the form just sent was refused (sent without JavaScript).
    pub problem: Option<ErrorDetail>,
}

/// What the page of one request shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestData {
    pub report: StatusReport,
    pub health: Health,
}

#[cfg(feature = "ssr")]
fn no_reader() -> ErrorDetail {
    ErrorDetail {
        code: "internal".to_owned(),
        message: "The page cannot read requests: the server provides no reader.".to_owned(),
        details: serde_json::Value::Null,
    }
}

#[cfg(feature = "ssr")]
pub async fn home() -> HomeData {
    let problem = use_context::<FormProblem>().map(|FormProblem(problem)| problem);
    let health = match use_context::<std::sync::Arc<dyn RequestReader>>() {
        Some(reader) => Some(reader.health().await),
        None => None,
    };
    HomeData { health, problem }
}

#[cfg(not(feature = "ssr"))]
pub async fn home() -> HomeData {
    HomeData { health: crate::browser::health().await.ok(), problem: None }
}

#[cfg(feature = "ssr")]
pub async fn request(id: String) -> Result<RequestData, ErrorDetail> {
    let (reader, setter) = (use_context::<std::sync::Arc<dyn RequestReader>>(), use_context::<StatusSetter>());
    let reader = reader.ok_or_else(no_reader);
    let found = match reader {
        Ok(reader) => match reader.status(id).await {
            Ok(report) => Ok(RequestData { report, health: reader.health().await }),
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    if let Some(StatusSetter(set)) = setter {
        match &found {
            Ok(data) if data.report.status == crate::api::RequestState::Expired => set(410),
            Ok(_) => {}
            Err(error) => set(crate::text::page_status(error)),
        }
    }
    found
}

#[cfg(not(feature = "ssr"))]
pub async fn request(id: String) -> Result<RequestData, ErrorDetail> {
    let report = crate::browser::status(id).await?;
    Ok(RequestData { report, health: crate::browser::health().await? })
}

/// Tells the server that the page being rendered is not one that exists.
pub fn not_found() {
    #[cfg(feature = "ssr")]
    if let Some(StatusSetter(set)) = use_context::<StatusSetter>() {
        set(404);
    }
}
