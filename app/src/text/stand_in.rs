//! Words about what stands in for the usual: the backup pack, the backup detector.

use crate::{
    api::{FallbackReport, Health},
    words::{find, plain, say},
};

/// The stage of a diagnostic about the networks as a whole, rather than about one picture.
pub(super) const ENGINE: &str = "engine";

/// Why the backup pack does the work: `the usual networks ran out of memory`, by diagnostic kind.
pub(super) fn why_the_backup(reason: &str) -> String {
    find(&format!("backup_why_{reason}")).map_or_else(|| say!(backup_why_failed), plain)
}

/// What stood in for the usual, apart from what the diagnostics count by picture.
pub fn stand_in(fallback: &FallbackReport) -> Option<String> {
    match fallback.what.as_str() {
        "pack" => Some(say!(backup_pack, why = why_the_backup(&fallback.reason))),
        "face_detector" => Some(say!(backup_face_detector)),
        _ => None,
    }
}

/// The pack of a result, and that it is the backup where it is.
pub fn pack(name: &str, fallbacks: &[FallbackReport]) -> String {
    if fallbacks.iter().any(|fallback| fallback.what == "pack") { say!(backup_named, name = name) } else { name.to_owned() }
}

/// What computes, and what stands in for it where it does.
pub fn engine(health: &Health) -> String {
    match &health.backup {
        Some(backup) if backup.in_use => say!(backup_named, name = health.engine.name),
        _ => health.engine.name.clone(),
    }
}

/// Which pack does the work, and which one stands by or stands in.
pub fn packs(health: &Health) -> String {
    match &health.backup {
        Some(backup) if backup.in_use => say!(backup_pack_in_place, pack = health.models.pack, primary = backup.primary),
        Some(backup) if backup.state == "ready" => say!(backup_pack_stands_by, pack = health.models.pack, backup = backup.pack),
        _ => say!(backup_pack_is, pack = health.models.pack),
    }
}

/// Why the service is not as well as it could be; None where it is.
pub fn degraded(health: &Health) -> Option<String> {
    let in_use = health.backup.as_ref().filter(|backup| backup.in_use);
    match (health.status.as_str(), in_use) {
        ("ok", _) => None,
        (_, Some(backup)) => {
            let why = why_the_backup(backup.reason.as_deref().unwrap_or_default());
            Some(say!(backup_degraded_backup, why = why))
        }
        _ => Some(say!(backup_degraded)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{BackupReport, Diagnostic, EngineReport, ModelNames, QueueReport, Thresholds};
    use crate::text::{diagnostic, is_absence};

    #[test]
    fn that_the_backup_did_the_work_is_said_with_its_reason() {
        let said = |what: &str, reason: &str| stand_in(&FallbackReport { what: what.into(), reason: reason.into() });
        assert_eq!(said("pack", "engine_timeout").as_deref(), Some("The backup did the work, because the usual networks took too long"));
        assert_eq!(said("pack", "memory").as_deref(), Some("The backup did the work, because memory is short"));
        assert_eq!(said("pack", "panic").as_deref(), Some("The backup did the work, because the usual networks failed"));
        assert!(said("face_detector", "engine_failed").is_some_and(|words| words.contains("face detector")));
        assert_eq!((said("no_face", "no_face"), said("no_person", "no_person")), (None, None), "counted by picture");
        let fallback = FallbackReport { what: "pack".into(), reason: "memory".into() };
        assert_eq!((pack("light", &[fallback]), pack("light", &[])), ("light (the backup)".into(), "light".into()));

        let switched = Diagnostic { stage: "engine".into(), kind: "device_lost".into(), count: 1, provider: None };
        assert!(!is_absence(&switched), "no picture is missing for it");
        assert_eq!(
            diagnostic(&switched),
            "In the middle of the search the usual networks lost their device, so everything was compared again with the backup"
        );
    }

    #[test]
    fn who_does_the_work_is_said_and_what_stands_by() {
        let names = |pack: &str| ModelNames { pack: pack.into(), person: String::new(), face: String::new(), embedding: String::new() };
        let backup = BackupReport { pack: "light".into(), state: "ready".into(), primary: "standard".into(), ..BackupReport::default() };
        let well = Health {
            status: "ok".into(),
            version: String::new(),
            engine: EngineReport {
                kind: String::new(),
                name: "burn-flex (cpu)".into(),
                skipped: Vec::new(),
                warm_up: 0.0,
                networks: Vec::new(),
                stuck: 0,
            },
            models: names("standard"),
            thresholds: Thresholds { match_: 0.4, possible: 0.3 },
            quality_gate: crate::api::QualityGate::Standard,
            calibration: String::new(),
            providers: Vec::new(),
            database: "ok".into(),
            objects: "ok".into(),
            queue: QueueReport { queued: 0, running: 0, capacity: 1, workers: 1 },
            backup: None,
        };
        let said = |health: &Health| (engine(health), packs(health), degraded(health));
        assert_eq!(said(&well), ("burn-flex (cpu)".into(), "pack standard".into(), None));
        let standing_by = Health { backup: Some(backup.clone()), ..well.clone() };
        assert_eq!(said(&standing_by).1, "pack standard; light stands by");
        let in_use = BackupReport { in_use: true, reason: Some("out_of_memory".into()), ..backup };
        let standing_in = Health { status: "degraded".into(), models: names("light"), backup: Some(in_use), ..well.clone() };
        assert_eq!(
            said(&standing_in),
            (
                "burn-flex (cpu) (the backup)".into(),
                "pack light, in place of standard".into(),
                Some(
                    "The backup networks do the work, because the usual networks ran out of memory: searches may be slower or find less."
                        .into()
                )
            )
        );
        let elsewhere = Health { status: "degraded".into(), database: "not reachable".into(), ..well };
        assert!(degraded(&elsewhere).is_some_and(|words| !words.contains("backup")));
    }
}
