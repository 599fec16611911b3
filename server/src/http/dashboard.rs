//! `GET /dashboard`: what runs and how fast, as a page. It is open to whoever reaches the service, as `/health` and `/metrics` are, and
//! holds no more of a person than they do: the newest searches are told by their state and times. Their ids are not, since whoever
//! knows an id may read the search and erase it.

use super::{
    alone::{Asked, respond},
    pools,
};
use crate::{clock::Moment, service::Service, store::Past};
use app::{
    alone::{Bucket, DashboardData, Newest, StageTime, Window, dashboard},
    api::RequestState,
};
use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use std::{sync::Arc, time::Duration};
use url::form_urlencoded;

/// The newest searches that are listed, and the most that the charts are made of.
const NEWEST: usize = 12;
const COUNTED: u32 = 5000;
/// A search that ends in the window may have waited for so long before it.
const WAITING: Duration = Duration::from_secs(3600);

pub async fn get(State(service): State<Arc<Service>>, request: Request) -> Response {
    let asked = Asked::of(request.uri(), request.headers());
    let query = request.uri().query().unwrap_or_default();
    let named = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "window").map(|(_, value)| value.into_owned());
    let window = Window::ALL.into_iter().find(|window| named.as_deref() == Some(window.name())).unwrap_or_default();

    let now = service.clock.now();
    let start = start(now, window);
    let since = Moment(start.0.saturating_sub(i64::try_from(WAITING.as_millis()).unwrap_or(0)));
    let running = pools::running(&service);
    let (health, counts, past, pools, metrics) = tokio::join!(
        service.health(),
        service.store.counts(),
        service.store.recent(since, COUNTED + 1),
        service.pools.reports(running.as_deref()),
        service.metrics_text(),
    );
    // What cannot be asked is left out, and the page says so.
    let past = past.ok();
    // The window may hold nothing, and the list is to show the newest all the same.
    let newest = match &past {
        Some(past) if past.len() >= NEWEST => Some(past.iter().take(NEWEST).map(newest).collect()),
        _ => service.store.recent(Moment(0), NEWEST as u32).await.ok().map(|past| past.iter().map(newest).collect()),
    };
    let counted = past.as_ref().map_or(0, Vec::len);
    let cut = (counted > COUNTED as usize).then_some(u64::from(COUNTED));
    let away = counts.is_err();
    let data = DashboardData {
        now: now.rfc3339(),
        health,
        counts: counts.ok(),
        newest,
        buckets: past.map(|past| buckets(&past, start, window)),
        window,
        cut,
        pools: pools.ok(),
        stages: stage_times(&metrics),
    };
    let status = if away { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let mut response = respond(&service, &asked, status, || dashboard(data)).await;
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    if away {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

/// The beginning of the window's first bucket; the last one is not over yet. Buckets begin at round times.
fn start(now: Moment, window: Window) -> Moment {
    let (count, seconds) = window.steps();
    let step = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000);
    let steps_before = i64::try_from(count).unwrap_or(1) - 1;
    Moment(now.0.div_euclid(step) * step - steps_before * step)
}

fn newest(past: &Past) -> Newest {
    let seconds = past.state.is_final().then(|| past.updated_at.since(past.created_at).as_secs_f64());
    Newest { state: past.state, created_at: past.created_at.rfc3339(), seconds }
}

/// Searches by when they ended.
fn buckets(past: &[Past], start: Moment, window: Window) -> Vec<Bucket> {
    let (count, seconds) = window.steps();
    let step = Duration::from_secs(seconds);
    let bucket = |place: usize| {
        let from = start.plus(step * u32::try_from(place).unwrap_or(0));
        let until = from.plus(step);
        let ended = |state: RequestState| past.iter().filter(move |p| p.state == state && p.updated_at >= from && p.updated_at < until);
        let mut times: Vec<Duration> = ended(RequestState::Completed).map(|p| p.updated_at.since(p.created_at)).collect();
        times.sort_unstable();
        Bucket {
            from: from.rfc3339(),
            completed: times.len() as u64,
            failed: ended(RequestState::Failed).count() as u64,
            median: within(&times, 50),
            slowest: within(&times, 95),
        }
    };
    (0..count).map(bucket).collect()
}

/// Seconds that so many of 100 stay within (nearest rank); `sorted` rises.
fn within(sorted: &[Duration], of_hundred: usize) -> Option<f64> {
    let rank = (sorted.len() * of_hundred).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).map(Duration::as_secs_f64)
}

/// From the text of `GET /metrics`, in the order of the work.
fn stage_times(metrics: &str) -> Vec<StageTime> {
    let value = |of: &str, stage: &str| -> Option<f64> {
        let series = format!("face_engine_stage_duration_seconds_{of}{{stage=\"{stage}\"}} ");
        metrics.lines().find_map(|line| line.strip_prefix(&series)?.trim().parse().ok())
    };
    let stages = ["validate", "discover", "analyse", "rank", "artifacts"];
    let time = |stage: &str| {
        let (seconds, count) = (value("sum", stage)?, value("count", stage)?);
        (count >= 1.0 && seconds.is_finite()).then(|| StageTime { name: stage.to_owned(), seconds, count: count as u64 })
    };
    stages.into_iter().filter_map(time).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn past(state: RequestState, asked_ms: i64, took_ms: i64) -> Past {
        Past { state, created_at: Moment(asked_ms), updated_at: Moment(asked_ms + took_ms) }
    }

    #[test]
    fn a_search_counts_where_it_ended_and_one_that_goes_on_nowhere() {
        let now = Moment(100 * HOUR + 1);
        let start = start(now, Window::Day);
        assert_eq!(start, Moment(77 * HOUR));
        let all = [
            past(RequestState::Completed, 99 * HOUR + 10, 2000),
            past(RequestState::Completed, 100 * HOUR - 1000, 4000),
            past(RequestState::Failed, 100 * HOUR, 1),
            past(RequestState::Running, 100 * HOUR, 1),
            past(RequestState::Completed, 70 * HOUR, 5),
        ];
        let buckets = buckets(&all, start, Window::Day);
        assert_eq!(buckets.len(), 24);
        let ends: Vec<(u64, u64)> = buckets.iter().map(|bucket| (bucket.completed, bucket.failed)).collect();
        assert_eq!((&ends[22..], ends[..22].iter().all(|ended| *ended == (0, 0))), (&[(1, 0), (1, 1)][..], true));
        assert_eq!((buckets[22].median, buckets[23].median, buckets[0].median), (Some(2.0), Some(4.0), None));
        assert_eq!(buckets[23].from, "1970-01-05T04:00:00.000Z");
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let times: Vec<Duration> = (1..=20).map(Duration::from_secs).collect();
        assert_eq!((within(&times, 50), within(&times, 95)), (Some(10.0), Some(19.0)));
        assert_eq!((within(&times[..1], 50), within(&times[..1], 95), within(&[], 50)), (Some(1.0), Some(1.0), None));
    }

    #[test]
    fn stages_are_read_from_the_metrics_in_the_order_of_the_work() {
        let text = "# HELP x\nface_engine_stage_duration_seconds_sum{stage=\"analyse\"} 6.5\n\
                    face_engine_stage_duration_seconds_count{stage=\"analyse\"} 2\n\
                    face_engine_stage_duration_seconds_sum{stage=\"validate\"} 0.25\n\
                    face_engine_stage_duration_seconds_count{stage=\"validate\"} 1\n\
                    face_engine_stage_duration_seconds_sum{stage=\"rank\"} NaN\n\
                    face_engine_stage_duration_seconds_count{stage=\"rank\"} 1\n";
        let time = |name: &str, seconds, count| StageTime { name: name.into(), seconds, count };
        assert_eq!(stage_times(text), [time("validate", 0.25, 1), time("analyse", 6.5, 2)]);
    }
}
