//! Sample pictures, so that the first search needs nobody's own: photos that three packages of PyPI carry, taken out at
//! set-up and never part of this repository.
//!
//! The query is Marie Curie, cut out of the group photograph of the Solvay conference of 1927, enlarged and mirrored.
//! She is in two pictures of the pool: that photograph, and a copy of it with boxes and points drawn over the faces.
//! Nobody in the other pictures is her; one of them shows no face at all.

use crate::{digest, fetch::Archive, fetch::Registry, fetch::Scratch, places::Places};
use anyhow::{Context, Result};
use image::{DynamicImage, codecs::jpeg::JpegEncoder, imageops::FilterType};
use std::path::Path;

const INSIGHTFACE: Archive = Archive {
    registry: Registry::Pypi,
    package: "insightface",
    version: "2.1",
    file: "insightface-2.1-py3-none-any.whl",
    sha256: "dcd58ee79d99d689572477315f3149353afd65a36dc575f597cbb217a7bde399",
};
const ULTRALYTICS: Archive = Archive {
    registry: Registry::Pypi,
    package: "ultralytics",
    version: "8.4.190",
    file: "ultralytics-8.4.190-py3-none-any.whl",
    sha256: "bd309728efa168af64d39040136828edd2dbcb4aeceb4510bdff4f3ca0ea01b8",
};
const SCRFD: Archive = Archive {
    registry: Registry::Pypi,
    package: "scrfd",
    version: "0.3.0",
    file: "scrfd-0.3.0.tar.gz",
    sha256: "35855c664d565492aab0068f1c64b4957a15ca6cd106b9c8b1642d67cfeeb5fc",
};

struct Sample {
    archive: Archive<'static>,
    member: &'static str,
    /// Name in the pool.
    name: &'static str,
    sha256: &'static str,
}

const GROUP: &str = "solvay-1927.jpg";

const POOL: [Sample; 10] = [
    Sample {
        archive: SCRFD,
        member: "images/solvay_conference_1927.jpg",
        name: GROUP,
        sha256: "ae76a5be54f53cca50074a0d1ac8653187154d264fc58ed928e1b92c27e17e2a",
    },
    Sample {
        archive: SCRFD,
        member: "images/readme.jpg",
        name: "solvay-1927-marked.jpg",
        sha256: "6c7d1110b3367d30eca1ea0af3052258f48f44c015497736d11881e205f1cda8",
    },
    Sample {
        archive: SCRFD,
        member: "images/gauss.png",
        name: "gauss.png",
        sha256: "0ecd92b4e17755deedabd46f416558c15abf06f6385d50be4486d45987c95f9e",
    },
    Sample {
        archive: SCRFD,
        member: "draw_result.jpg",
        name: "gauss-marked.jpg",
        sha256: "9a730a53b61a5f7ee6cd7343dc12ab9aa89d8fc9152f3c522d0f88258bdd18cb",
    },
    Sample {
        archive: SCRFD,
        member: "images/newton.png",
        name: "newton.png",
        sha256: "91f24ec62161d131632ea78038f5fda8319abec1c78b82795be891f349e9c05a",
    },
    Sample {
        archive: INSIGHTFACE,
        member: "insightface/data/images/t1.jpg",
        name: "table.jpg",
        sha256: "47f682e945b659f93a9e490b9c9c4a2a864abe64dace9e1a2893845ddfd69489",
    },
    Sample {
        archive: INSIGHTFACE,
        member: "insightface/data/images/Tom_Hanks_54745.png",
        name: "portrait-112.png",
        sha256: "8545da294e8c7c79911169c3915fed8528f1960cd0ed99b92453788ca4275083",
    },
    Sample {
        archive: INSIGHTFACE,
        member: "insightface/data/images/mask_blue.jpg",
        name: "mask.jpg",
        sha256: "a55ec2b181de4143af27c441852ebb4bbd364fb0e0b9c46bb17631c59bc4c840",
    },
    Sample {
        archive: ULTRALYTICS,
        member: "ultralytics/assets/zidane.jpg",
        name: "touchline.jpg",
        sha256: "16d73869e3267a7d4ed00de8e860833bd1657c1b252e94c0c348277adc7b6edb",
    },
    Sample {
        archive: ULTRALYTICS,
        member: "ultralytics/assets/bus.jpg",
        name: "bus.jpg",
        sha256: "c02019c4979c191eb739ddd944445ef408dad5679acab6fd520ef9d434bfbc63",
    },
];

/// The one face of the group photograph that the query shows: left, top, side of a square, in pixels.
const FACE: (u32, u32, u32) = (800, 1082, 204);
/// Side of the query in pixels.
const QUERY_SIDE: u32 = 480;

pub fn run(places: &Places) -> Result<()> {
    let folder = places.data.join("samples");
    let files = POOL.map(|s| format!("{}{}", s.name, s.sha256)).concat();
    let stamp = format!("{}\n", digest::hex(format!("{files}{FACE:?}{QUERY_SIDE}").as_bytes()));
    let there = folder.join("query.jpg").is_file() && POOL.iter().all(|s| folder.join("pool").join(s.name).is_file());
    if there && std::fs::read_to_string(folder.join("READY")).is_ok_and(|kept| kept == stamp) {
        println!("samples: {} pictures are already there", POOL.len());
        return Ok(());
    }
    std::fs::create_dir_all(&places.data)?;
    let scratch = Scratch::new(&places.data)?;
    let pool = scratch.0.join("pool");
    std::fs::create_dir_all(&pool)?;
    for sample in &POOL {
        let bytes = sample.archive.member(places, sample.member)?;
        digest::check(&format!("{} of {}", sample.member, sample.archive.file), sample.sha256, &digest::hex(&bytes))?;
        std::fs::write(pool.join(sample.name), bytes)?;
    }
    write_query(&pool.join(GROUP), &scratch.0.join("query.jpg"))?;
    std::fs::write(scratch.0.join("READY"), stamp)?;
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("cannot replace {}", folder.display()))?;
    }
    std::fs::rename(&scratch.0, &folder).with_context(|| format!("cannot make {}", folder.display()))?;
    println!("samples: {} pictures and a query in {}", POOL.len(), folder.display());
    Ok(())
}

fn write_query(group: &Path, to: &Path) -> Result<()> {
    let photograph = image::open(group).with_context(|| format!("cannot read {}", group.display()))?;
    let mut file = std::io::BufWriter::new(std::fs::File::create(to)?);
    query(&photograph).to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut file, 92)).context("cannot write the query")
}

fn query(photograph: &DynamicImage) -> DynamicImage {
    let (left, top, side) = FACE;
    photograph.crop_imm(left, top, side, side).resize_exact(QUERY_SIDE, QUERY_SIDE, FilterType::CatmullRom).fliph()
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgb, RgbImage};

    #[test]
    fn pool_names_are_unique_and_digests_are_whole() {
        let mut names: Vec<&str> = POOL.iter().map(|s| s.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), POOL.len());
        assert!(POOL.iter().all(|s| s.sha256.len() == 64));
    }

    #[test]
    fn the_query_is_the_cut_out_mirrored() {
        // Left half of the face red, right half blue.
        let (left, _, side) = FACE;
        let picture = RgbImage::from_fn(3000, 2171, |x, _| if x < left + side / 2 { Rgb([255, 0, 0]) } else { Rgb([0, 0, 255]) });
        let query = query(&DynamicImage::ImageRgb8(picture)).to_rgb8();
        assert_eq!(query.dimensions(), (QUERY_SIDE, QUERY_SIDE));
        assert_eq!(query.get_pixel(10, 240), &Rgb([0, 0, 255]));
        assert_eq!(query.get_pixel(470, 240), &Rgb([255, 0, 0]));
    }
}
