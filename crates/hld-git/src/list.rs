//! What a server lists, looked at while it comes in.

use crate::error::{ErrorKind, GitError};
use crate::fetch::Limits;

/// Most bytes of a list of references.
const MOST_BYTES: usize = 128 << 20;

/// The lines of a list (gitprotocol-common(5)) on their way to libgit2. They are counted, for libgit2 keeps them
/// all; and names that are no UTF-8 become others that no reference has, for git2 panics at them.
pub(crate) struct List {
    /// A line that has come in part.
    line: Vec<u8>,
    /// What may be read, and how much of it was.
    ready: Vec<u8>,
    n_given: usize,
    n_lines: usize,
    n_bytes: usize,
    /// How many ends are still to come; after them everything passes as it is.
    n_ends: usize,
}

impl List {
    /// A list after this many marks of an end.
    pub(crate) fn of(n_ends: usize) -> Self {
        List { line: Vec::new(), ready: Vec::new(), n_given: 0, n_lines: 0, n_bytes: 0, n_ends }
    }

    /// Reads from `source`.
    pub(crate) fn read<E>(
        &mut self,
        buffer: &mut [u8],
        mut source: impl FnMut(&mut [u8]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let mut chunk = [0; 16 * 1024];
        loop {
            let n_given = self.give(buffer);
            if n_given > 0 {
                return Ok(n_given);
            }
            if self.n_ends == 0 {
                return source(buffer);
            }
            match source(&mut chunk)? {
                0 => self.pass_on(),
                n_read => self.feed(&chunk[..n_read]),
            }
        }
    }

    fn give(&mut self, buffer: &mut [u8]) -> usize {
        let n = buffer.len().min(self.ready.len() - self.n_given);
        buffer[..n].copy_from_slice(&self.ready[self.n_given..self.n_given + n]);
        self.n_given += n;
        if self.n_given == self.ready.len() {
            self.ready.clear();
            self.n_given = 0;
        }
        n
    }

    fn feed(&mut self, bytes: &[u8]) {
        self.n_bytes += bytes.len();
        self.line.extend_from_slice(bytes);
        let line = std::mem::take(&mut self.line);
        let mut rest = line.as_slice();
        while self.n_ends > 0
            && let Some((length, _)) = rest.split_first_chunk::<4>()
        {
            let length = std::str::from_utf8(length).ok();
            let length = length.and_then(|length| usize::from_str_radix(length, 16).ok());
            let length = match length {
                Some(0) => 4,
                Some(length) if length >= 4 => length,
                // It is no list: libgit2 will say so.
                _ => {
                    self.n_ends = 0;
                    break;
                }
            };
            let Some((whole, after)) = rest.split_at_checked(length) else { break };
            self.n_ends -= usize::from(whole == b"0000");
            self.n_lines += 1;
            self.take(whole);
            rest = after;
        }
        self.line = rest.to_vec();
        if self.n_ends == 0 {
            self.pass_on();
        }
    }

    fn take(&mut self, line: &[u8]) {
        for chunk in line.utf8_chunks() {
            self.ready.extend_from_slice(chunk.valid().as_bytes());
            self.ready.extend(chunk.invalid().iter().map(|_| b'?'));
        }
    }

    fn pass_on(&mut self) {
        self.n_ends = 0;
        self.ready.append(&mut self.line);
    }

    /// Whether it is too much.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), GitError> {
        // A greeting and two ends are lines as well.
        if self.n_lines > limits.refs.saturating_add(3) || self.n_bytes > MOST_BYTES {
            return Err(too_many(limits));
        }
        Ok(())
    }
}

pub(crate) fn too_many(limits: &Limits) -> GitError {
    let words = format!("the remote has more than {} branches and tags (limit of references)", limits.refs);
    GitError::new(ErrorKind::Limit, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes out of a stream that comes in pieces of this size.
    fn through(list: &mut List, stream: &[u8], size: usize) -> Vec<u8> {
        let mut pieces = stream.chunks(size);
        let mut out = Vec::new();
        let mut buffer = [0; 3];
        loop {
            let read = list.read(&mut buffer, |chunk| {
                let piece = pieces.next().unwrap_or_default();
                chunk[..piece.len().min(3)].copy_from_slice(&piece[..piece.len().min(3)]);
                Ok::<_, ()>(piece.len())
            });
            match read {
                Ok(0) | Err(()) => return out,
                Ok(n_read) => out.extend_from_slice(&buffer[..n_read]),
            }
        }
    }

    #[test]
    fn lines_are_counted_and_mended_however_they_are_cut() {
        let stream = b"000cabc\xffefgh0000000aab\xc3\xbcde0000PACK\xff";
        let wanted = b"000cabc?efgh0000000aab\xc3\xbcde0000PACK\xff";
        for size in 1..=3 {
            let mut list = List::of(2);
            assert_eq!(through(&mut list, stream, size), wanted, "in pieces of {size}");
            assert_eq!(list.n_lines, 4);
        }
        for odd in [&b"zzzzabc"[..], b"0003a", b"00", b"000cab", b"0001000a\xff"] {
            assert_eq!(through(&mut List::of(2), odd, 2), odd);
        }
    }
}
