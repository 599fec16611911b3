//! The query as a stage: from the photos of one person to the vector that candidates are compared with.
//!
//! The first photo says who is meant: the face that was asked for, or its largest. In every other photo the face most like
//! that one is taken. What is compared is their template, the normalised mean of the photos' vectors, each with its quality
//! as weight: what is peculiar to one photo (light, pose, grain) averages out. It is the usual pooling for sets of photos of
//! one person (Cao et al., VGGFace2, 2018). The vector of a single photo is taken as it is.

use super::analyse::{AnalysedFace, Analysis, Role};
use super::artifacts::{self, Links, PictureEmbeddings, Rendered, Side, TemplateEmbedding, TemplatePart};
use super::candidate::{Seen, most_similar, on_a_core};
use super::kept::Notes;
use super::photos::QueryPhoto;
use super::quality::{Verdict, refusal};
use super::remembered::Remembered;
use super::validate::hex;
use super::{
    Diagnostics, MatchJob, PipelineContext, PipelineError, Progress, Stage, StageError, StageTimes, ValidateError, decode, report,
};
use app::api::{MatchReport, ProbePhoto, ProbeReport, QualityReport, Thresholds};
use futures::future::join_all;
use models::{BBox, Caller, Embedding};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Faces that overlap more than this (IoU) are one face.
const SAME_FACE: f32 = 0.4;
/// The least that a photo weighs: a poor one says little, and is not silenced.
const LEAST_WEIGHT: f32 = 0.05;

/// The query, seen.
pub struct Query {
    /// In the order in which they were given; never empty.
    photos: Vec<Photo>,
    /// What candidates are compared with.
    pub probe: Embedding,
}

/// One photo, seen.
struct Photo {
    /// Its `similarity` is that to the probe.
    seen: Seen,
    /// Its share in the probe, 0..1.
    weight: f32,
}

/// The crops of one photo, to be stored.
pub struct Drawn {
    /// The photo's name within the request.
    pub name: String,
    pub rendered: Result<Rendered, StageError>,
}

/// The crops of the photos: links to those that are stored, and those that are to be.
pub struct QueryPictures {
    /// Of each photo, in their order.
    pub links: Vec<Links>,
    /// Each with the place of its photo.
    pub to_store: Vec<(usize, Drawn)>,
}

/// Which face of a photo is meant.
enum Which {
    /// By size, 0 the largest.
    Place(usize),
    /// The one in this place, which other networks have found before: a face elsewhere is another person's.
    Where(BBox),
    MostLike(Arc<Embedding>),
}

/// Decodes the photos, finds their faces, settles which of them are compared, and draws them where there is a store. Their
/// pixels are given up: photos are small to keep and large to hold.
///
/// `before`: the face that was compared when other networks looked at the query, which may list its faces in another order:
/// the same one is compared again. Where these do not find it there is no face, rather than another person's.
pub async fn look_at_query(
    ctx: &PipelineContext,
    job: &MatchJob,
    before: Option<BBox>,
    caller: &Caller,
    times: &StageTimes,
) -> Result<(Query, QueryPictures), PipelineError> {
    let count = job.query.count();
    let known = Remembered::by(ctx, job.request_id);
    let look = |place: usize, photo: &QueryPhoto, which| {
        look_at(ctx, photo.clone(), (place, count), which, known.clone(), caller.clone(), times.clone())
    };
    let place = job.options.face.unwrap_or(0);
    let first = look(0, job.query.first(), before.map_or(Which::Place(place), Which::Where)).await?;
    let meant = Arc::new(chosen(&first.0).embedding.clone());
    let others = job.query.others().iter().enumerate();
    let others = join_all(others.map(|(place, photo)| look(place + 1, photo, Which::MostLike(Arc::clone(&meant))))).await;
    let mut seen = vec![first];
    for other in others {
        // Of several bad photos the first is told.
        seen.push(other?);
    }
    let (seen, drawn): (Vec<Seen>, Vec<Option<Drawn>>) = seen.into_iter().unzip();
    let query = Query::of(seen)?;
    let reasons = refusal(job.options.quality, query.quality());
    if !reasons.is_empty() {
        return Err(PipelineError::LowQuality { reasons });
    }
    let to_store = drawn.into_iter().enumerate().filter_map(|(place, drawn)| Some((place, drawn?))).collect();
    Ok((query, QueryPictures { links: vec![Links::default(); count], to_store }))
}

/// The query as an earlier run has seen it. Photos whose crops were not stored yet are drawn again; no network is asked.
pub async fn recall_query(
    ctx: &PipelineContext,
    job: &MatchJob,
    photos: Vec<Seen>,
    notes: &Notes<'_>,
    diagnostics: &mut Diagnostics,
    times: &StageTimes,
) -> Result<(Query, QueryPictures), PipelineError> {
    let mut pictures = QueryPictures { links: Vec::with_capacity(photos.len()), to_store: Vec::new() };
    for (place, (photo, seen)) in job.query.iter().zip(&photos).enumerate() {
        match notes.query_links(place) {
            Some(known) => pictures.links.push(known.counted(diagnostics)),
            None => {
                pictures.links.push(Links::default());
                if ctx.objects.is_some() {
                    pictures.to_store.push((place, draw_again(ctx, photo, seen, times).await));
                }
            }
        }
    }
    Ok((Query::of(photos)?, pictures))
}

async fn draw_again(ctx: &PipelineContext, photo: &QueryPhoto, seen: &Seen, times: &StageTimes) -> Drawn {
    let (bytes, analysis, best) = (photo.bytes.clone(), seen.analysis.clone(), seen.best);
    let (limits, times) = (ctx.limits, times.clone());
    let work = move || {
        let unreadable = |error: ValidateError| StageError { stage: "artifacts", kind: error.code(), message: error.to_string() };
        let picture = times.time(Stage::Decode, || decode(&bytes, &limits)).map_err(unreadable)?;
        times.time(Stage::Artifacts, || artifacts::render(&picture, &analysis, &analysis.faces[best], Side::Query))
    };
    let rendered = on_a_core(ctx, "artifacts", work).await.and_then(|rendered| rendered);
    Drawn { name: photo.name.clone(), rendered }
}

type Looked = (Seen, Option<Drawn>);

/// Looks at one photo, the `place.0`th of `place.1`.
async fn look_at(
    ctx: &PipelineContext,
    photo: QueryPhoto,
    (index, photos): (usize, usize),
    which: Which,
    known: Remembered,
    caller: Caller,
    times: StageTimes,
) -> Result<Looked, PipelineError> {
    let (vision, limits, draws) = (Arc::clone(&ctx.vision), ctx.limits, ctx.objects.is_some());
    let retrieved_at = ctx.clock.now();
    let work = move || {
        let picture = times.time(Stage::Decode, || decode(&photo.bytes, &limits))?;
        let sha256 = hex(&Sha256::digest(&photo.bytes));
        let analysis = known.analyse(&*vision, &caller, (&sha256, &picture), Role::Query, &times).map_err(PipelineError::Engine)?;
        let faces = analysis.faces.len();
        let best = match &which {
            _ if faces == 0 => None,
            Which::Where(face) => same_face(&analysis, face),
            Which::Place(place) if *place >= faces => {
                return Err(PipelineError::FaceIndexOutOfRange { index: *place, faces });
            }
            Which::Place(place) => Some(*place),
            Which::MostLike(face) => most_similar(&analysis, face).map_err(PipelineError::Engine)?.map(|(place, _)| place),
        };
        let best = best.ok_or(PipelineError::NoFace { index, photos })?;
        let render = || artifacts::render(&picture, &analysis, &analysis.faces[best], Side::Query);
        let drawn = draws.then(|| Drawn { name: photo.name.clone(), rendered: times.time(Stage::Artifacts, render) });
        let verdict = Verdict::default();
        let (pool_image, hash, similarity) = (photo.name, None, 1.0);
        Ok::<Looked, PipelineError>((Seen { pool_image, sha256, retrieved_at, hash, similarity, verdict, analysis, best }, drawn))
    };
    on_a_core(ctx, "analyse", work).await.map_err(PipelineError::Engine)?
}

/// The face that overlaps this one most, and enough to be the same.
fn same_face(analysis: &Analysis, known: &BBox) -> Option<usize> {
    let overlaps = analysis.faces.iter().map(|face| face.bbox.iou(known)).enumerate();
    overlaps.filter(|(_, overlap)| *overlap > SAME_FACE).max_by(|a, b| a.1.total_cmp(&b.1)).map(|(index, _)| index)
}

/// The face of a photo that is compared.
fn chosen(seen: &Seen) -> &AnalysedFace {
    &seen.analysis.faces[seen.best]
}

fn weight(face: &AnalysedFace) -> f32 {
    // Of a NaN and a number, `max` gives the number.
    face.quality.as_ref().map_or(1.0, |quality| quality.overall.max(LEAST_WEIGHT))
}

fn compared(face: &Embedding, with: &Embedding) -> Result<f32, PipelineError> {
    let mismatch = |error: models::ContractMismatch| StageError { stage: "query", kind: "contract_mismatch", message: error.to_string() };
    face.cosine(with).map_err(|error| PipelineError::Engine(mismatch(error)))
}

impl Query {
    fn of(seen: Vec<Seen>) -> Result<Self, PipelineError> {
        let weighted: Vec<(&Embedding, f32)> = seen.iter().map(|seen| (&chosen(seen).embedding, weight(chosen(seen)))).collect();
        let probe = match &weighted[..] {
            [(only, _)] => (*only).clone(),
            // All are of one network; what is left to fail is a mean without direction.
            several => Embedding::template(several).map_err(|_| PipelineError::PhotosDisagree)?,
        };
        let total: f32 = weighted.iter().map(|(_, weight)| weight).sum();
        let shares: Vec<f32> = weighted.iter().map(|(_, weight)| weight / total).collect();
        let several = seen.len() > 1;
        let photos = seen.into_iter().zip(shares).map(|(mut seen, weight)| {
            if several {
                seen.similarity = compared(&chosen(&seen).embedding, &probe)?;
            }
            Ok(Photo { seen, weight })
        });
        Ok(Self { photos: photos.collect::<Result<_, PipelineError>>()?, probe })
    }

    /// Of the photo that says who is meant.
    pub fn first(&self) -> &Seen {
        &self.photos[0].seen
    }

    /// Where the face stands that says who is meant, in pixels of its photo.
    pub fn face(&self) -> BBox {
        chosen(self.first()).bbox
    }

    /// Of the best photo: what is compared is no worse than that.
    pub fn quality(&self) -> Option<&QualityReport> {
        let qualities = self.photos.iter().filter_map(|photo| chosen(&photo.seen).quality.as_ref());
        qualities.max_by(|a, b| a.overall.total_cmp(&b.overall))
    }

    /// Every photo, in their order.
    pub fn seen(&self) -> impl Iterator<Item = &Seen> {
        self.photos.iter().map(|photo| &photo.seen)
    }

    /// Of every photo.
    pub fn analyses(&self) -> impl Iterator<Item = &Analysis> {
        self.photos.iter().map(|photo| &photo.seen.analysis)
    }

    /// Says what was seen.
    pub fn tell(&self, progress: &dyn Progress) {
        let count = self.photos.len();
        for (place, Photo { seen, .. }) in self.photos.iter().enumerate() {
            let (faces, people) = (seen.analysis.faces.len(), seen.analysis.people.len());
            let which = if count > 1 { format!(" photo {} of {count}", place + 1) } else { String::new() };
            progress.log(format!("query{which}: {faces} face(s), {people} person(s); face {} is compared", seen.best));
        }
    }

    /// Counts what is out of the ordinary.
    pub fn count(&self, thresholds: &Thresholds, diagnostics: &mut Diagnostics) {
        for analysis in self.analyses() {
            if analysis.people.is_empty() {
                diagnostics.count("person", "no_person_in_query");
            }
        }
        for _ in 0..self.unlike_the_rest(thresholds.possible) {
            diagnostics.count("query", "photos_disagree");
        }
    }

    /// How many photos are less similar than `possible` to the template of all others. Of two photos that disagree nobody can
    /// say which is the wrong one: both count.
    fn unlike_the_rest(&self, possible: f32) -> usize {
        let weighted: Vec<(&Embedding, f32)> = self.photos.iter().map(|photo| (&chosen(&photo.seen).embedding, photo.weight)).collect();
        if weighted.len() < 2 {
            return 0;
        }
        let agrees = |place: usize| {
            let rest: Vec<_> = weighted.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, face)| *face).collect();
            let similarity = Embedding::template(&rest).ok().and_then(|rest| weighted[place].0.cosine(&rest).ok());
            similarity.is_some_and(|similarity| similarity >= possible)
        };
        (0..weighted.len()).filter(|place| !agrees(*place)).count()
    }

    /// `links`: of each photo, in their order; where artifacts are not kept, none.
    pub fn report(&self, links: &[Links], matches: Vec<MatchReport>) -> ProbeReport {
        let links = |place: usize| links.get(place).cloned().unwrap_or_default();
        let (seen, first) = (self.first(), links(0));
        let photo = |(place, photo): (usize, &Photo)| {
            let Links { crop, annotated, .. } = links(place);
            ProbePhoto {
                query_image: photo.seen.pool_image.clone(),
                face: report::face(chosen(&photo.seen)),
                weight: photo.weight,
                similarity: photo.seen.similarity,
                crop,
                annotated,
            }
        };
        let photos = if self.photos.len() > 1 { self.photos.iter().enumerate().map(photo).collect() } else { Vec::new() };
        ProbeReport {
            query_image: seen.pool_image.clone(),
            query_uri: None,
            face: report::face(chosen(seen)),
            person: report::person(&seen.analysis, chosen(seen)),
            faces: seen.analysis.faces.iter().map(report::face).collect(),
            face_index: seen.best,
            picture_size: Some([seen.analysis.width, seen.analysis.height]),
            crop: first.crop,
            aligned: first.aligned,
            annotated: first.annotated,
            fallback: seen.analysis.people.is_empty(),
            photos,
            matches,
        }
    }

    /// Name and SHA-256 of every photo.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.photos.iter().map(|photo| (photo.seen.pool_image.as_str(), photo.seen.sha256.as_str()))
    }

    /// Every face of every photo, and the template where there is one.
    pub fn embeddings(&self) -> (Option<TemplateEmbedding>, Vec<PictureEmbeddings>) {
        let of = |seen: &Seen| PictureEmbeddings::of(&seen.pool_image, &seen.sha256, &seen.analysis);
        let part = |photo: &Photo| TemplatePart { image: photo.seen.pool_image.clone(), face: photo.seen.best, weight: photo.weight };
        let template = (self.photos.len() > 1)
            .then(|| TemplateEmbedding { of: self.photos.iter().map(part).collect(), embedding: self.probe.as_slice().to_vec() });
        (template, self.photos.iter().map(|photo| of(&photo.seen)).collect())
    }
}
