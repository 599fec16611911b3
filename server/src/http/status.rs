//! `GET /status/{id}` and `GET /status`.

use super::{
    ApiError,
    form::number,
    report::{self, parse_id},
};
use crate::{clock::Moment, service::Service, store::Cursor};
use app::api::{RequestPage, StatusReport};
use axum::{
    Json,
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use std::{collections::HashMap, sync::Arc};

/// Requests on a page where nothing is asked for, and at most.
const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 500;

type Parameters = Query<HashMap<String, String>>;

pub async fn one(State(service): State<Arc<Service>>, Path(id): Path<String>, Query(query): Parameters) -> Result<Response, ApiError> {
    let logs = match query.get("logs").map(String::as_str) {
        None | Some("" | "false") => false,
        Some("true") => true,
        Some(_) => return Err(ApiError::invalid_field("logs", "`true` or `false`")),
    };
    let report: StatusReport = report::status(&service, parse_id(&id)?, logs).await?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(report)).into_response())
}

pub async fn list(State(service): State<Arc<Service>>, Query(query): Parameters) -> Result<Response, ApiError> {
    let limit = query.get("limit").map_or(Ok(PAGE), |text| number("limit", text, 1..=LARGEST_PAGE))?;
    let cursor = match query.get("cursor") {
        Some(text) => Some(decode(text).ok_or_else(|| ApiError::invalid_field("cursor", "the `next_cursor` of the page before"))?),
        None => None,
    };
    // One more than asked for tells whether there is a next page.
    let mut rows = service.store.page(cursor, limit + 1).await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next_cursor = rows.last().filter(|_| more).map(|(cursor, _)| encode(*cursor));
    let requests = rows.into_iter().map(|(_, summary)| summary).collect();
    let page = RequestPage { counts: service.store.counts().await?, requests, next_cursor };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(page)).into_response())
}

/// Opaque to the client: time and id of the last request on the page, in hex.
fn encode(cursor: Cursor) -> String {
    format!("{:016x}{}", cursor.created_at.0, cursor.id.simple())
}

fn decode(text: &str) -> Option<Cursor> {
    let (at, id) = text.split_at_checked(16)?;
    if id.len() != 32 {
        return None;
    }
    Some(Cursor { created_at: Moment(i64::from_str_radix(at, 16).ok()?), id: id.parse().ok()? })
}
