//! The networks' weights: which pack can be had here, under which licences, and its files prepared for both engines in
//! `data/models/<pack>/`. What a pack is stands in `models/packs.toml`; how a file is prepared is `import`'s business.

mod consent;
mod find;

use crate::{fetch::Scratch, import, places::Places};
use anyhow::{Context, Result, bail};
use models::pack::{Network, Pack, Packs};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Which packs set-up is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Standard if it can be had, else light.
    Best,
    Light,
    Standard,
    /// Both; standard may be missing.
    All,
}

impl Wanted {
    /// From `--pack NAME` or `--pack=NAME`; nothing means [`Wanted::Best`].
    pub fn from_arguments(arguments: &[&str]) -> Result<Self> {
        let name = match arguments {
            [] => return Ok(Self::Best),
            ["--pack", name] => name,
            [one] if one.starts_with("--pack=") => &one["--pack=".len()..],
            other => bail!("`{}` is not understood here: only `--pack best|light|standard|all`", other.join(" ")),
        };
        Ok(match name {
            "best" => Self::Best,
            "light" => Self::Light,
            "standard" => Self::Standard,
            "all" => Self::All,
            other => bail!("there is no pack `{other}`: choose best, light, standard or all"),
        })
    }
}

/// What is to be prepared, and what must be said about it.
#[derive(Debug, PartialEq, Eq)]
struct Choice {
    packs: Vec<&'static str>,
    note: Option<String>,
}

/// `missing`: files of the standard pack that cannot be had.
fn choose(wanted: Wanted, missing: &[String]) -> Result<Choice> {
    let lacking = format!("{} of the standard pack cannot be had; {}", missing.join(", "), find::HOW_TO_GIVE);
    let complete = missing.is_empty();
    Ok(match wanted {
        Wanted::Light => Choice { packs: vec!["light"], note: None },
        Wanted::Standard | Wanted::Best if complete => Choice { packs: vec!["standard"], note: None },
        Wanted::All if complete => Choice { packs: vec!["standard", "light"], note: None },
        Wanted::Standard => bail!("{lacking}"),
        Wanted::Best | Wanted::All => {
            Choice { packs: vec!["light"], note: Some(format!("{lacking}; the light pack takes its place, and is weaker")) }
        }
    })
}

/// The role that a pack can do without.
const BACKUP: &str = "backup_face";

/// The networks of a pack by role, in the order in which a picture meets them.
pub fn roles(pack: &Pack) -> Roles<'_> {
    let mut roles = needed(pack);
    roles.extend(pack.backup_face.as_ref().map(|network| (BACKUP, network)));
    roles
}

type Roles<'a> = Vec<(&'static str, &'a Network)>;

/// Those without which there is no pack.
fn needed(pack: &Pack) -> Roles<'_> {
    vec![("person", &pack.person), ("face", &pack.face), ("embedding", &pack.embedding)]
}

pub fn run(places: &Places, wanted: Wanted) -> Result<()> {
    let packs = Packs::built_in();
    let standard = packs.packs.get("standard").context("packs.toml has no pack `standard`")?;
    let absent = state(places, "standard", standard) == State::Absent;
    let missing: Vec<String> = if absent { find::missing(places, &packs, standard) } else { Vec::new() };
    let choice = choose(wanted, &missing)?;
    if let Some(note) = &choice.note {
        println!("models: {note}");
    }
    for name in &choice.packs {
        let pack = packs.packs.get(*name).with_context(|| format!("packs.toml has no pack `{name}`"))?;
        consent::refused_by_variable()?;
        let done = match state(places, name, pack) {
            State::Ready => {
                println!("models: pack {name} is already there");
                continue;
            }
            State::WithoutBackup => add_backup(places, &packs, name, pack),
            State::Absent => prepare(places, &packs, name, pack),
        };
        match done {
            // The standard pack is enough to run; without the light one a few tests say that they are skipped.
            Err(error) if wanted == Wanted::All && *name == "light" && choice.packs.len() > 1 => {
                println!("models: pack light could not be prepared, going on without it. {error:#}")
            }
            result => result?,
        }
    }
    Ok(())
}

fn prepare(places: &Places, packs: &Packs, name: &str, pack: &Pack) -> Result<()> {
    consent::ask(name, pack)?;
    let begun = Instant::now();
    let parent = places.data.join("models");
    std::fs::create_dir_all(&parent).with_context(|| format!("cannot make {}", parent.display()))?;
    let scratch = Scratch::new(&parent)?;
    let mut prepared = needed(pack);
    for (role, network) in &prepared {
        prepare_network(places, packs, name, role, network, &scratch.0)?;
    }
    if let Some(network) = &pack.backup_face {
        match prepare_network(places, packs, name, BACKUP, network, &scratch.0) {
            Ok(()) => prepared.push((BACKUP, network)),
            Err(error) => println!("{}", no_backup(name, &error)),
        }
    }
    std::fs::write(scratch.0.join("LICENCES.txt"), consent::table(pack))?;
    std::fs::write(scratch.0.join("READY"), stamp(&prepared))?;
    let folder = parent.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot replace {}", folder.display()))?;
    }
    std::fs::rename(&scratch.0, &folder).with_context(|| format!("cannot make {}", folder.display()))?;
    println!("models: pack {name} ({}) is ready, {:.1?}", pack.description, begun.elapsed());
    Ok(())
}

/// One network's files into the folder `into`.
fn prepare_network(places: &Places, packs: &Packs, pack: &str, role: &str, network: &Network, into: &Path) -> Result<()> {
    let raw = find::raw_file(places, packs, network)?;
    let step = Instant::now();
    import::prepare(network, role, &raw, into).with_context(|| format!("preparing {} for pack {pack}", network.file))?;
    println!("models: {pack}/{role}: {} prepared in {:.1?}", network.label(), step.elapsed());
    Ok(())
}

/// A pack that is there without its backup face detector gets it, where that can be had.
fn add_backup(places: &Places, packs: &Packs, name: &str, pack: &Pack) -> Result<()> {
    let Some(network) = &pack.backup_face else { return Ok(()) };
    consent::ask(name, pack)?;
    let parent = places.data.join("models");
    let scratch = Scratch::new(&parent)?;
    if let Err(error) = prepare_network(places, packs, name, BACKUP, network, &scratch.0) {
        println!("{}", no_backup(name, &error));
        return Ok(());
    }
    let folder = parent.join(name);
    for file in files(BACKUP) {
        std::fs::rename(scratch.0.join(&file), folder.join(&file))
            .with_context(|| format!("cannot put {file} into {}", folder.display()))?;
    }
    std::fs::write(folder.join("LICENCES.txt"), consent::table(pack))?;
    std::fs::write(folder.join("READY"), stamp(&roles(pack)))?;
    println!("models: pack {name} has its backup face detector");
    Ok(())
}

fn no_backup(name: &str, error: &anyhow::Error) -> String {
    format!("models: pack {name} goes without a backup face detector (the next set-up tries again). {error:#}")
}

fn files(role: &str) -> [String; 2] {
    ["onnx", "bpk"].map(|kind| format!("{role}.{kind}"))
}

/// What `READY` holds: the recipe and the digest of every raw file, so that a change of either prepares anew.
fn stamp(roles: &[(&'static str, &Network)]) -> String {
    let files: String = roles.iter().map(|(role, n)| format!("{role} {} {}\n", n.network, n.sha256)).collect();
    format!("recipe {}\n{files}", import::RECIPE)
}

/// How much of a pack is prepared.
#[derive(Debug, PartialEq, Eq)]
enum State {
    Ready,
    /// All that it needs, but not the backup face detector that it may have.
    WithoutBackup,
    Absent,
}

fn state(places: &Places, name: &str, pack: &Pack) -> State {
    let folder = places.data.join("models").join(name);
    let kept = std::fs::read_to_string(folder.join("READY")).unwrap_or_default();
    let (all, needed) = (roles(pack), needed(pack));
    let there = |roles: &[(&'static str, &Network)]| roles.iter().flat_map(|(role, _)| files(role)).all(|file| folder.join(file).is_file());
    if kept == stamp(&all) && there(&all) {
        State::Ready
    } else if [stamp(&all), stamp(&needed)].contains(&kept) && there(&needed) {
        State::WithoutBackup
    } else {
        State::Absent
    }
}

/// `cargo xtask import`: the generated code of every network, anew.
pub fn import_all(places: &Places) -> Result<()> {
    let packs = Packs::built_in();
    let mut done: Vec<&str> = Vec::new();
    for (_, network) in packs.packs.values().flat_map(roles) {
        if !done.contains(&network.network.as_str()) {
            let raw: PathBuf = find::raw_file(places, &packs, network)?;
            import::regenerate(network, &raw)?;
            println!("import: models/src/networks/{}.rs", network.network);
            done.push(&network.network);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone() -> Vec<String> {
        vec!["w600k_mbf.onnx".to_string()]
    }

    #[test]
    fn the_best_pack_is_the_standard_one_where_all_of_it_can_be_had() {
        assert_eq!(choose(Wanted::Best, &[]).unwrap().packs, ["standard"]);
        assert_eq!(choose(Wanted::All, &[]).unwrap().packs, ["standard", "light"]);
        assert_eq!(choose(Wanted::Light, &[]).unwrap().packs, ["light"]);
    }

    #[test]
    fn the_light_pack_takes_its_place_and_says_why() {
        for wanted in [Wanted::Best, Wanted::All] {
            let choice = choose(wanted, &gone()).unwrap();
            assert_eq!(choice.packs, ["light"]);
            assert!(choice.note.unwrap().contains("w600k_mbf.onnx"));
        }
    }

    #[test]
    fn the_standard_pack_asked_for_by_name_is_never_replaced() {
        let error = choose(Wanted::Standard, &gone()).unwrap_err().to_string();
        assert!(error.contains("w600k_mbf.onnx") && error.contains("MODELS_DIR"), "{error}");
    }

    #[test]
    fn packs_are_asked_for_by_name() {
        assert_eq!(Wanted::from_arguments(&[]).unwrap(), Wanted::Best);
        assert_eq!(Wanted::from_arguments(&["--pack", "all"]).unwrap(), Wanted::All);
        assert_eq!(Wanted::from_arguments(&["--pack=light"]).unwrap(), Wanted::Light);
        assert!(Wanted::from_arguments(&["--pack", "heavy"]).unwrap_err().to_string().contains("heavy"));
        assert!(Wanted::from_arguments(&["light"]).is_err());
    }

    #[test]
    fn ready_changes_with_every_raw_file() {
        let mut packs = Packs::built_in();
        let pack = packs.packs.get_mut("light").unwrap();
        let before = stamp(&roles(pack));
        assert!(before.contains("backup_face") && before.contains(&pack.embedding.sha256));
        pack.embedding.sha256 = "0".repeat(64);
        assert_ne!(before, stamp(&roles(pack)));
    }

    #[test]
    fn a_pack_from_before_its_backup_is_there_and_only_lacks_the_backup() {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        let root = scratch.0.clone();
        let places = Places { data: root.join("data"), cache: root.join("cache"), target: root.join("target"), root };
        let packs = Packs::built_in();
        let standard = &packs.packs["standard"];
        assert_eq!(state(&places, "standard", standard), State::Absent);
        let folder = places.data.join("models/standard");
        std::fs::create_dir_all(&folder).unwrap();
        let write = |file: &str, text: &str| std::fs::write(folder.join(file), text).unwrap();
        needed(standard).iter().flat_map(|(role, _)| files(role)).for_each(|file| write(&file, "weights"));
        write("READY", &stamp(&needed(standard)));
        assert_eq!(state(&places, "standard", standard), State::WithoutBackup);
        // A stamp alone is no backup.
        write("READY", &stamp(&roles(standard)));
        assert_eq!(state(&places, "standard", standard), State::WithoutBackup);
        files(BACKUP).iter().for_each(|file| write(file, "weights"));
        assert_eq!(state(&places, "standard", standard), State::Ready);
        std::fs::remove_file(folder.join("face.bpk")).unwrap();
        assert_eq!(state(&places, "standard", standard), State::Absent);
    }
}
