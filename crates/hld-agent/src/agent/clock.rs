//! When the loop does what. Intervals are counted on the monotonic clock (F78).

use std::hash::BuildHasher as _;
use std::time::Duration;

use tokio::time::Instant;

/// The least time between two fetches that webhooks ask for (B146).
const FETCH_GAP: Duration = Duration::from_secs(5);
/// The first pause after something failed.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause when the cluster does not answer (F55: well again within 30 s).
const CLUSTER_PAUSE: Duration = Duration::from_secs(15);
/// The longest pause when the repository, or an object, fails (F40).
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// The longest time the loop sleeps: the probes want to see it move.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// What it is time for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Fetch,
    Sweep,
    Retry,
    Nothing,
}

/// When the loop does what.
#[derive(Debug)]
pub(super) struct Clock {
    poll: Duration,
    interval: Duration,
    next_fetch: Instant,
    last_fetch: Option<Instant>,
    next_sweep: Instant,
    retry: Option<Instant>,
    look: Option<Instant>,
    n_failed_fetches: u32,
    n_failures: u32,
}

impl Clock {
    /// A clock by which the first fetch is due now.
    pub(super) fn new(poll: Duration, interval: Duration) -> Self {
        let now = Instant::now();
        Clock {
            poll,
            interval,
            next_fetch: now,
            last_fetch: None,
            next_sweep: now + interval,
            retry: None,
            look: None,
            n_failed_fetches: 0,
            n_failures: 0,
        }
    }

    /// Waits for what is due next. A fetch is not due while another one is under way.
    pub(super) async fn due(&mut self, is_fetching: bool) -> Due {
        let fetch = (!is_fetching).then_some(self.next_fetch);
        let all = [
            (fetch, Due::Fetch),
            (self.retry, Due::Retry),
            (Some(self.next_sweep), Due::Sweep),
            (self.look, Due::Nothing),
            (Some(Instant::now() + LONGEST_SLEEP), Due::Nothing),
        ];
        let next = all.into_iter().filter_map(|(when, due)| Some((when?, due))).min_by_key(|(when, _)| *when);
        let Some((when, due)) = next else { return Due::Nothing };
        tokio::time::sleep_until(when).await;
        match due {
            Due::Sweep => self.swept(),
            Due::Retry => self.retry = None,
            Due::Nothing => self.look = None,
            Due::Fetch => {}
        }
        due
    }

    /// A webhook came: the first one is heard at once, those behind it share a fetch.
    pub(super) fn fetch_soon(&mut self) {
        let soon = self.last_fetch.map_or_else(Instant::now, |last| last + FETCH_GAP);
        self.next_fetch = self.next_fetch.min(soon);
    }

    /// A person asked.
    pub(super) fn fetch_now(&mut self) {
        self.next_fetch = Instant::now();
    }

    pub(super) fn fetch_began(&mut self) {
        let now = Instant::now();
        self.last_fetch = Some(now);
        self.next_fetch = now + jittered(self.poll);
    }

    /// The fetch is done. After a failure the next one comes sooner than usual, then later and later.
    pub(super) fn fetched(&mut self, is_fine: bool) {
        self.n_failed_fetches = if is_fine { 0 } else { self.n_failed_fetches.saturating_add(1) };
        if !is_fine {
            let pause = backed_off(self.n_failed_fetches, LONGEST_PAUSE.min(self.poll.max(FIRST_PAUSE) * 8));
            self.next_fetch = Instant::now() + pause;
        }
    }

    /// A sync is done.
    pub(super) fn synced(&mut self, is_fine: bool) {
        self.n_failures = if is_fine { 0 } else { self.n_failures.saturating_add(1) };
        self.retry = (!is_fine).then(|| Instant::now() + backed_off(self.n_failures, LONGEST_PAUSE));
    }

    /// Everything was compared.
    pub(super) fn swept(&mut self) {
        self.next_sweep = Instant::now() + jittered(self.interval);
    }

    /// The cluster did not answer.
    pub(super) fn unreachable(&mut self) {
        let pause = self.pause();
        self.retry = Some(Instant::now() + pause);
    }

    /// The pause before the cluster is asked again.
    pub(super) fn pause(&mut self) -> Duration {
        self.n_failures = self.n_failures.saturating_add(1);
        backed_off(self.n_failures, CLUSTER_PAUSE)
    }

    /// The status is still to be written.
    pub(super) fn look_again(&mut self) {
        self.look = Some(Instant::now() + jittered(CLUSTER_PAUSE / 3));
    }
}

/// The pause before the n-th try: it doubles, up to `longest`.
fn backed_off(n: u32, longest: Duration) -> Duration {
    let doubled = FIRST_PAUSE * 2_u32.saturating_pow(n.saturating_sub(1).min(16));
    jittered(doubled.min(longest))
}

/// Nine to ten tenths of a time, so that agents do not march in step.
fn jittered(time: Duration) -> Duration {
    let random = foldhash::quality::RandomState::default().hash_one(time);
    let part = u32::try_from(random % 1000).unwrap_or(0);
    time - time / 10 * part / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn b146_webhooks_are_heard_at_once_and_then_together() {
        let mut clock = Clock::new(Duration::from_secs(600), Duration::from_secs(6000));
        let start = Instant::now();
        let mut fetches = Vec::new();
        assert_eq!(clock.due(false).await, Due::Fetch);
        clock.fetch_began();
        tokio::time::advance(Duration::from_secs(10)).await;
        // 20,000 webhooks a second for 11 s.
        for _ in 0..220_000 {
            clock.fetch_soon();
            if clock.next_fetch <= Instant::now() {
                assert_eq!(clock.due(false).await, Due::Fetch);
                fetches.push(start.elapsed().as_secs());
                clock.fetch_began();
            }
            tokio::time::advance(Duration::from_micros(50)).await;
        }
        assert_eq!(fetches, [10, 15, 20]);
    }

    #[tokio::test(start_paused = true)]
    async fn f40_pauses_grow_to_five_minutes_and_no_further() {
        let mut clock = Clock::new(Duration::from_secs(60), Duration::from_secs(6000));
        let mut pauses = Vec::new();
        for _ in 0..12 {
            clock.fetched(false);
            pauses.push(clock.next_fetch - Instant::now());
        }
        assert!(pauses[0] <= Duration::from_secs(1), "{pauses:?}");
        assert!(pauses.iter().all(|pause| *pause <= LONGEST_PAUSE), "{pauses:?}");
        assert!(pauses[11] >= LONGEST_PAUSE / 10 * 9, "{pauses:?}");
        clock.fetch_began();
        clock.fetched(true);
        assert!(clock.next_fetch - Instant::now() <= Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn f55_the_cluster_is_asked_again_within_half_a_minute() {
        let mut clock = Clock::new(Duration::from_secs(600), Duration::from_secs(6000));
        for _ in 0..40 {
            clock.unreachable();
            assert!(clock.retry.unwrap() - Instant::now() <= CLUSTER_PAUSE);
        }
        clock.fetch_began();
        assert_eq!(clock.due(false).await, Due::Retry);
        clock.synced(true);
        assert_eq!(clock.retry, None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_sweep_has_its_own_clock() {
        let mut clock = Clock::new(Duration::from_secs(3000), Duration::from_secs(50));
        clock.fetch_began();
        assert_eq!(clock.due(false).await, Due::Sweep);
        assert_eq!(clock.due(false).await, Due::Sweep);
    }
}
