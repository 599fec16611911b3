//! Faces inside people: which person a face belongs to.

use models::{BBox, Person};

/// The index of the smallest person whose box holds the face's centre (of two equally small ones, the surer): where
/// people overlap, the smaller box is the tighter fit. None for a face outside every person.
pub fn person_of(face: &BBox, people: &[Person]) -> Option<usize> {
    let holds = |person: &Person| person.bbox.contains(face.centre());
    let by_fit =
        |&(_, a): &(usize, &Person), &(_, b): &(usize, &Person)| a.bbox.area().total_cmp(&b.bbox.area()).then(b.score.total_cmp(&a.score));
    people.iter().enumerate().filter(|(_, person)| holds(person)).min_by(by_fit).map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(bbox: [f32; 4], score: f32) -> Person {
        let [x1, y1, x2, y2] = bbox;
        Person { bbox: BBox::new(x1, y1, x2, y2), score }
    }

    #[test]
    fn a_face_belongs_to_the_smallest_person_around_its_centre() {
        let people = [person([0.0, 0.0, 100.0, 200.0], 0.9), person([40.0, 0.0, 90.0, 100.0], 0.5), person([200.0, 0.0, 210.0, 10.0], 0.9)];
        assert_eq!(person_of(&BBox::new(50.0, 10.0, 70.0, 30.0), &people), Some(1));
        assert_eq!(person_of(&BBox::new(5.0, 10.0, 25.0, 30.0), &people), Some(0));
        assert_eq!(person_of(&BBox::new(120.0, 10.0, 140.0, 30.0), &people), None, "outside every person");
    }

    #[test]
    fn of_two_equally_small_people_the_surer_is_taken() {
        let people = [person([0.0, 0.0, 10.0, 10.0], 0.4), person([0.0, 0.0, 10.0, 10.0], 0.8)];
        assert_eq!(person_of(&BBox::new(2.0, 2.0, 4.0, 4.0), &people), Some(1));
    }
}
