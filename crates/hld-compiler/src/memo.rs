//! Results that are made once and shared by threads.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock};

/// One cell a key: whoever asks first makes the value, others wait for it.
///
/// What makes a value must not wait for other threads of the pool: a thread that waits here could
/// be the one that they need.
pub(crate) struct Memo<K, V> {
    cells: Mutex<HashMap<K, Arc<OnceLock<V>>, foldhash::fast::RandomState>>,
}

impl<K: Eq + Hash, V: Clone> Memo<K, V> {
    /// The value of `key`, made by `make` if nobody has asked before.
    pub(crate) fn get(&self, key: K, make: impl FnOnce() -> V) -> V {
        let cell = {
            let mut cells = self.cells.lock().expect("nothing panics while it holds the lock");
            cells.entry(key).or_default().clone()
        };
        cell.get_or_init(make).clone()
    }
}

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Memo { cells: Mutex::default() }
    }
}
