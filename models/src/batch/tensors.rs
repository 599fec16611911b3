//! Parting and joining along the first axis.

use crate::ModelError;
use crate::engine::Tensor;

/// An input in parts of at most `most` along its first axis; as it is where it holds no more.
pub fn part(input: Tensor, most: usize) -> Result<Vec<Tensor>, ModelError> {
    let [inputs, rest @ ..] = input.shape.as_slice() else { return Err(misshapen("an input", &input)) };
    let size: usize = rest.iter().product();
    if rest.len() != 3 || *inputs == 0 || size == 0 || input.data.len() != inputs * size {
        return Err(misshapen("an input", &input));
    }
    if *inputs <= most {
        return Ok(vec![input]);
    }
    let parts = input.data.chunks(most * size);
    Ok(parts.map(|data| Tensor { shape: [&[data.len() / size][..], rest].concat(), data: data.to_vec() }).collect())
}

/// Inputs of one size as one.
pub fn join<'a>(inputs: impl Iterator<Item = &'a Tensor>) -> Tensor {
    let mut joined = Tensor { shape: Vec::new(), data: Vec::new() };
    for input in inputs {
        match (joined.shape.first_mut(), input.shape.first()) {
            (Some(all), Some(more)) => *all += more,
            _ => joined.shape = input.shape.clone(),
        }
        joined.data.extend_from_slice(&input.data);
    }
    joined
}

/// Every output has one row per input.
pub fn check(outputs: &[Tensor], inputs: usize) -> Result<(), ModelError> {
    let fits = |output: &Tensor| output.shape.first() == Some(&inputs) && output.data.len() == output.shape.iter().product::<usize>();
    match outputs.iter().find(|output| !fits(output)) {
        Some(output) => Err(misshapen(&format!("an output for {inputs} input(s)"), output)),
        None => Ok(()),
    }
}

/// The outputs of a joined call, for each of its parts; `counts`: inputs of each part, together what [`check`] saw.
pub fn part_outputs(outputs: &[Tensor], counts: &[usize]) -> Vec<Vec<Tensor>> {
    let mut from = 0;
    let mut parts = Vec::with_capacity(counts.len());
    for count in counts {
        let rows = |output: &Tensor| {
            let rest = output.shape.get(1..).unwrap_or_default();
            let size: usize = rest.iter().product();
            let data = output.data.get(from * size..(from + count) * size).unwrap_or_default();
            Tensor { shape: [&[*count][..], rest].concat(), data: data.to_vec() }
        };
        parts.push(outputs.iter().map(rows).collect());
        from += count;
    }
    parts
}

/// The outputs of a call's parts, one after the other, as one call gives them.
pub fn join_outputs(mut parts: Vec<Vec<Tensor>>) -> Result<Vec<Tensor>, ModelError> {
    if parts.len() == 1 {
        return Ok(parts.remove(0));
    }
    let outputs = parts.first().map_or(0, Vec::len);
    let rest = |part: &[Tensor], at: usize| part.get(at).and_then(|output| output.shape.get(1..)).map(<[usize]>::to_vec);
    if parts.iter().any(|part| part.len() != outputs || (0..outputs).any(|at| rest(part, at) != rest(&parts[0], at))) {
        return Err(ModelError::Output("the parts of one call have outputs of different shapes".into()));
    }
    Ok((0..outputs).map(|at| join(parts.iter().filter_map(|part| part.get(at)))).collect())
}

fn misshapen(what: &str, tensor: &Tensor) -> ModelError {
    ModelError::Output(format!("{what} cannot have the shape {:?} and {} values", tensor.shape, tensor.data.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(shape: &[usize]) -> Tensor {
        Tensor { shape: shape.to_vec(), data: (0..shape.iter().product()).map(|v: usize| v as f32).collect() }
    }

    #[test]
    fn what_was_parted_comes_together_again() {
        let whole = tensor(&[5, 3, 2, 1]);
        let parts = part(whole.clone(), 2).expect("parts");
        assert_eq!(parts.iter().map(|p| p.shape[0]).collect::<Vec<_>>(), [2, 2, 1]);
        assert_eq!(join(parts.iter()), whole);
        assert_eq!(join_outputs(parts.into_iter().map(|p| vec![p]).collect()), Ok(vec![whole]));
    }

    #[test]
    fn each_part_gets_its_rows_of_every_output() {
        let parts = part_outputs(&[tensor(&[3, 2]), tensor(&[3, 1, 1])], &[1, 2]);
        let expected = |first: &[f32], second: &[f32]| {
            let rows = second.len();
            [Tensor { shape: vec![rows, 2], data: first.to_vec() }, Tensor { shape: vec![rows, 1, 1], data: second.to_vec() }]
        };
        assert_eq!(parts, [expected(&[0.0, 1.0], &[0.0]), expected(&[2.0, 3.0, 4.0, 5.0], &[1.0, 2.0])]);
    }

    #[test]
    fn shapes_that_make_no_sense_are_errors() {
        for shape in [&[][..], &[2], &[0, 3, 1, 1], &[1, 3, 0, 1], &[1, 3, 1]] {
            assert!(part(tensor(shape), 8).is_err(), "{shape:?}");
        }
        assert!(part(Tensor { shape: vec![2, 3, 1, 1], data: vec![0.0; 5] }, 8).is_err(), "a value is missing");
        assert!(check(&[tensor(&[2, 4])], 2).is_ok());
        assert!(check(&[tensor(&[2, 4]), tensor(&[4, 2])], 2).is_err(), "the batch was merged into another axis");
        assert!(join_outputs(vec![vec![tensor(&[1, 4])], vec![tensor(&[1, 5])]]).is_err());
    }
}
