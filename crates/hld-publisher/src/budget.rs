//! How long a race for a branch may go on (settled question 12).

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// The shortest window that a loser waits in.
const SHORTEST: Duration = Duration::from_millis(20);

/// The longest one.
const LONGEST: Duration = Duration::from_secs(4);

/// The time that is left, and what was lost so far.
pub(crate) struct Budget {
    deadline: Instant,
    n_losses: u32,
}

impl Budget {
    pub(crate) fn new(time: Duration) -> Self {
        Budget { deadline: Instant::now() + time, n_losses: 0 }
    }

    /// Waits after another loss; `false` when the time is used up.
    ///
    /// The wait is random in a window that doubles with every loss: the more writers there are, the
    /// more often each loses, and the further apart they come.
    pub(crate) fn wait(&mut self) -> bool {
        let window = SHORTEST.saturating_mul(1 << self.n_losses.min(16)).min(LONGEST);
        self.n_losses += 1;
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        std::thread::sleep(window.mul_f64(chance()).min(left));
        true
    }

    /// How often somebody else was faster.
    pub(crate) fn n_losses(&self) -> u32 {
        self.n_losses
    }
}

/// A number from 0 to 1 that differs between processes and calls: std seeds its hashers at random.
fn chance() -> f64 {
    let random = RandomState::new().hash_one(Instant::now());
    f64::from((random >> 32) as u32) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_that_is_used_up_does_not_wait() {
        let mut budget = Budget::new(Duration::ZERO);
        assert!(!budget.wait());
        assert_eq!(budget.n_losses(), 1);
    }

    #[test]
    fn chances_differ() {
        let chances = [chance(), chance(), chance()];
        assert!(chances.iter().all(|chance| (0.0..=1.0).contains(chance)));
        assert!(chances[0] != chances[1] || chances[1] != chances[2]);
    }
}
