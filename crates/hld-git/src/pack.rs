//! A pack (gitformat-pack(5)), looked at while it comes in.
//!
//! libgit2 makes room for an object of the size that somebody claims, and fills it: some kilobytes can mean more
//! memory than any machine has. So what is claimed is looked at before libgit2 sees it.

use flate2::{Decompress, FlushDecompress, Status};

use crate::error::{ErrorKind, GitError};
use crate::fetch::Limits;

/// Most bytes of one object.
const MOST_OF_OBJECT: u64 = 512 << 20;

/// Where the beginning of a delta says how large its result is: two numbers.
const LONGEST_SIZES: usize = 20;

/// What a server answers to a request for objects: lines, and in them or behind them the pack.
pub(crate) struct Watch {
    at: Place,
    pack: Pack,
}

enum Place {
    Length(Vec<u8>),
    Line {
        left: usize,
        channel: Option<u8>,
    },
    Pack,
    /// It is no protocol: libgit2 will say so.
    Nowhere,
}

impl Watch {
    pub(crate) fn new(limits: &Limits) -> Self {
        Watch { at: Place::Length(Vec::new()), pack: Pack::new(limits) }
    }

    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> Result<(), GitError> {
        while let Some((first, rest)) = bytes.split_first() {
            match &mut self.at {
                Place::Length(length) => {
                    length.push(*first);
                    bytes = rest;
                    if length.len() == 4 {
                        let length = std::mem::take(length);
                        self.begin(&length)?;
                    }
                }
                Place::Line { left, channel: channel @ None } => {
                    *channel = Some(*first);
                    *left -= 1;
                    bytes = rest;
                    self.end_line();
                }
                Place::Line { left, channel } => {
                    let (part, rest) = bytes.split_at(bytes.len().min(*left));
                    *left -= part.len();
                    bytes = rest;
                    if *channel == Some(1) {
                        self.pack.feed(part)?;
                    }
                    self.end_line();
                }
                Place::Pack => return self.pack.feed(bytes),
                Place::Nowhere => return Ok(()),
            }
        }
        Ok(())
    }

    /// What begins with these four bytes.
    fn begin(&mut self, four: &[u8]) -> Result<(), GitError> {
        if four == b"PACK" {
            self.at = Place::Pack;
            return self.pack.feed(four);
        }
        let length = std::str::from_utf8(four).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
        self.at = match length {
            Some(0 | 4) => Place::Length(Vec::new()),
            Some(length) if length > 4 => Place::Line { left: length - 4, channel: None },
            _ => Place::Nowhere,
        };
        Ok(())
    }

    fn end_line(&mut self) {
        if matches!(self.at, Place::Line { left: 0, .. }) {
            self.at = Place::Length(Vec::new());
        }
    }
}

struct Pack {
    at: Part,
    most_objects: u64,
    most_bytes: u64,
    /// What has come of the head of the pack, or of the sizes in a delta.
    start: Vec<u8>,
    n_left: u32,
    kind: u8,
    size: u64,
    n_unpacked: u64,
    inflate: Decompress,
}

/// What comes next.
enum Part {
    Head,
    Kind,
    Size {
        shift: u32,
    },
    /// Where in the pack the base of a delta is.
    Offset,
    /// Which object the base of a delta is.
    Base {
        left: usize,
    },
    Data,
    /// The checksum.
    End,
}

/// Kinds of objects that are deltas, by the place and by the name of their base.
const BY_OFFSET: u8 = 6;
const BY_NAME: u8 = 7;

impl Pack {
    fn new(limits: &Limits) -> Self {
        Pack {
            at: Part::Head,
            most_objects: limits.objects,
            most_bytes: limits.bytes.min(MOST_OF_OBJECT),
            start: Vec::new(),
            n_left: 0,
            kind: 0,
            size: 0,
            n_unpacked: 0,
            inflate: Decompress::new(true),
        }
    }

    fn feed(&mut self, mut bytes: &[u8]) -> Result<(), GitError> {
        while let Some((first, rest)) = bytes.split_first() {
            let first = *first;
            match &mut self.at {
                Part::Data => {
                    let n_used = self.unpack(bytes)?;
                    bytes = &bytes[n_used..];
                    continue;
                }
                Part::End => return Ok(()),
                Part::Head => self.head(first)?,
                Part::Kind => {
                    self.kind = first >> 4 & 7;
                    if matches!(self.kind, 0 | 5) {
                        return Err(damaged());
                    }
                    self.size = u64::from(first & 15);
                    self.size_goes_on(first, 4)?;
                }
                Part::Size { shift } => {
                    let shift = *shift;
                    // More would not fit into the number, nor anywhere else.
                    if shift > 56 {
                        return Err(self.too_large());
                    }
                    self.size |= u64::from(first & 0x7f) << shift;
                    self.size_goes_on(first, shift + 7)?;
                }
                Part::Offset if first & 0x80 != 0 => {}
                Part::Base { left } if *left > 1 => *left -= 1,
                Part::Offset | Part::Base { .. } => self.at = Part::Data,
            }
            bytes = rest;
        }
        Ok(())
    }

    fn head(&mut self, byte: u8) -> Result<(), GitError> {
        self.start.push(byte);
        let Some(number) = self.start.get(8..12) else { return Ok(()) };
        self.n_left = number.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
        if u64::from(self.n_left) > self.most_objects {
            let words = format!(
                "{} objects are more than {} (limit of fetched objects)",
                self.n_left, self.most_objects
            );
            return Err(GitError::new(ErrorKind::Limit, words));
        }
        self.next();
        Ok(())
    }

    /// The next object, or the end.
    fn next(&mut self) {
        self.start.clear();
        self.n_unpacked = 0;
        self.inflate.reset(true);
        self.at = if self.n_left == 0 { Part::End } else { Part::Kind };
    }

    fn size_goes_on(&mut self, byte: u8, shift: u32) -> Result<(), GitError> {
        if self.size > self.most_bytes {
            return Err(self.too_large());
        }
        self.at = match (byte & 0x80, self.kind) {
            (0, BY_OFFSET) => Part::Offset,
            (0, BY_NAME) => Part::Base { left: 20 },
            (0, _) => Part::Data,
            _ => Part::Size { shift },
        };
        Ok(())
    }

    /// Unpacks data of an object, and forgets it: how much of the bytes was used.
    fn unpack(&mut self, bytes: &[u8]) -> Result<usize, GitError> {
        let mut buffer = [0; 16 * 1024];
        let (n_in, n_out) = (self.inflate.total_in(), self.inflate.total_out());
        let status = self.inflate.decompress(bytes, &mut buffer, FlushDecompress::None);
        let status = status.map_err(|_| damaged())?;
        let n_used = usize::try_from(self.inflate.total_in() - n_in).unwrap_or(bytes.len());
        let n_new = usize::try_from(self.inflate.total_out() - n_out).unwrap_or(0);
        self.n_unpacked += n_new as u64;
        if self.n_unpacked > self.size || (n_used == 0 && n_new == 0 && status != Status::StreamEnd) {
            return Err(damaged());
        }
        let is_delta = matches!(self.kind, BY_OFFSET | BY_NAME);
        if is_delta && self.start.len() < LONGEST_SIZES {
            let n = n_new.min(LONGEST_SIZES - self.start.len());
            self.start.extend_from_slice(&buffer[..n]);
            if sizes_of_delta(&self.start).into_iter().flatten().any(|size| size > self.most_bytes) {
                return Err(self.too_large());
            }
        }
        if status == Status::StreamEnd {
            self.n_left -= 1;
            self.next();
        }
        Ok(n_used)
    }

    fn too_large(&self) -> GitError {
        let words = format!("an object has more than {} bytes (limit of an object)", self.most_bytes);
        GitError::new(ErrorKind::Limit, words)
    }
}

fn damaged() -> GitError {
    GitError::new(ErrorKind::Corrupt, "the pack that the server sends is damaged")
}

/// The sizes of the base and of the result, as far as they are there; of one that no number holds, the largest.
fn sizes_of_delta(start: &[u8]) -> [Option<u64>; 2] {
    let mut bytes = start.iter();
    let mut size = || {
        let mut size: u64 = 0;
        for (n, byte) in bytes.by_ref().enumerate() {
            if n > 8 {
                return Some(u64::MAX);
            }
            size |= u64::from(byte & 0x7f) << (7 * n);
            if byte & 0x80 == 0 {
                return Some(size);
            }
        }
        None
    };
    [size(), size()]
}
