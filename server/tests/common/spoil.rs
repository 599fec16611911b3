//! Bytes spoiled as strangers spoil them, the same way in every run: for readers of what comes from outside, which must
//! neither fall over it nor believe what it says.

/// What parsers stumble over: ends, quotes, brackets, escapes, first and last values, markers of JPEG segments.
const STUMBLING: [u8; 16] = [0x00, 0xff, 0x7f, 0x80, b'"', b'<', b'>', b'&', b'%', b'/', b'\\', b'@', b'-', b'\n', 0xd9, 0xc0];

/// So many variants of these bytes, with one to four faults each: a bit is turned, a byte is one that parsers stumble over,
/// a piece is all ones or zeros, left out or said twice, or the end is cut off.
pub fn spoiled(good: &[u8], variants: usize) -> impl Iterator<Item = Vec<u8>> + '_ {
    let mut numbers = Numbers(good.len() as u64);
    (0..variants).map(move |_| spoil(good.to_vec(), &mut numbers))
}

fn spoil(mut bytes: Vec<u8>, numbers: &mut Numbers) -> Vec<u8> {
    for _ in 0..=numbers.below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = numbers.below(bytes.len());
        let piece = at..bytes.len().min(at + 1 + numbers.below(16));
        match numbers.below(8) {
            0 | 1 => bytes[at] ^= 1 << numbers.below(8),
            2 => bytes[at] = STUMBLING[numbers.below(STUMBLING.len())],
            3 => bytes[piece].fill(0xff),
            4 => bytes[piece].fill(0),
            5 => drop(bytes.drain(piece)),
            6 => {
                let twice = bytes[piece].to_vec();
                bytes.splice(at..at, twice);
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

/// The numbers of splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit as u64).unwrap_or(0)
    }
}
