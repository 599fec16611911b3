//! Random vectors for the tests of this folder.

/// SplitMix64 (Steele, Lea, Flood 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// About normally distributed: the sum of twelve uniform numbers.
    pub fn normal(&mut self) -> f32 {
        (0..12).map(|_| (self.next() >> 40) as f32 / (1u64 << 24) as f32).sum::<f32>() - 6.0
    }

    pub fn unit(&mut self, dimension: usize) -> Vec<f32> {
        normalised((0..dimension).map(|_| self.normal()).collect())
    }

    /// As far from `centre` as another picture of the same face: noise of about this length.
    pub fn near(&mut self, centre: &[f32], noise: f32) -> Vec<f32> {
        let each = noise / (centre.len() as f32).sqrt();
        normalised(centre.iter().map(|&component| component + each * self.normal()).collect())
    }
}

pub fn normalised(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|&component| f64::from(component).powi(2)).sum::<f64>().sqrt();
    if length < 1e-6 {
        vector.iter_mut().for_each(|component| *component = 0.0);
        vector[0] = 1.0;
    } else {
        vector.iter_mut().for_each(|component| *component = (f64::from(*component) / length) as f32);
    }
    vector
}
