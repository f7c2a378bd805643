//! A sequence of things that happen, as bytes: from a seed, from a fuzzer, and with steps left out.
//!
//! Not here: what the bytes mean (world).

/// Bytes of one step.
pub const STEP_BYTES: usize = 40;
/// Bytes of what a world is before its first step.
pub const SETUP_BYTES: usize = 128;

/// What a world is, and what happens in it. Every sequence of bytes means something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sequence {
    pub setup: [u8; SETUP_BYTES],
    pub steps: Vec<[u8; STEP_BYTES]>,
}

/// Numbers out of bytes; zeros where they have run out.
pub struct Draw<'a> {
    bytes: &'a [u8],
}

/// A stream of numbers (SplitMix64, Steele and others 2014).
pub struct Stream(pub u64);

impl Stream {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From −1 to 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
    }
}

impl Sequence {
    /// The sequence of `seed`, with so many steps.
    pub fn of_seed(seed: u64, steps: usize) -> Sequence {
        let mut stream = Stream(seed.wrapping_mul(0xd134_2543_de82_ef95));
        let mut sequence = Sequence { setup: [0; SETUP_BYTES], steps: vec![[0; STEP_BYTES]; steps] };
        stream.fill(&mut sequence.setup);
        sequence.steps.iter_mut().for_each(|step| stream.fill(step));
        sequence
    }

    /// The sequence that `bytes` are, the last step filled up with zeros.
    pub fn of_bytes(bytes: &[u8]) -> Sequence {
        let (head, tail) = bytes.split_at(bytes.len().min(SETUP_BYTES));
        let mut sequence = Sequence { setup: [0; SETUP_BYTES], steps: Vec::new() };
        sequence.setup[..head.len()].copy_from_slice(head);
        for chunk in tail.chunks(STEP_BYTES) {
            let mut step = [0; STEP_BYTES];
            step[..chunk.len()].copy_from_slice(chunk);
            sequence.steps.push(step);
        }
        sequence
    }
}

impl<'a> Draw<'a> {
    pub fn new(bytes: &'a [u8]) -> Draw<'a> {
        Draw { bytes }
    }

    fn take(&mut self, count: usize) -> u64 {
        let (taken, rest) = self.bytes.split_at(count.min(self.bytes.len()));
        self.bytes = rest;
        taken.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// `low` to `high`, both included; as few bytes as the range needs.
    pub fn within(&mut self, low: i64, high: i64) -> i64 {
        let range = (high - low) as u64;
        let bytes = match range {
            0 => 0,
            1..=0xff => 1,
            0x100..=0xffff => 2,
            _ => 5,
        };
        low + (self.take(bytes) % (range + 1)) as i64
    }

    /// True in about `parts` of a hundred.
    pub fn is(&mut self, parts: i64) -> bool {
        self.within(0, 255) * 100 >= (100 - parts) * 256
    }

    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.within(0, all.len() as i64 - 1) as usize]
    }

    /// A share of `whole` between nothing and all of it.
    pub fn part(&mut self, whole: i128) -> i128 {
        whole * i128::from(self.within(0, 0xffff)) / 0xffff
    }
}
